"""A plan of a draft's atoms, such as a suggestion, taken over into the draft as an edit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from gridmap.planning.edits import Regroup
from gridmap.planning.graph import PlanGraph
from gridmap.planning.plan import Plan
from gridmap.planning.refusing import refuse
from gridmap.planning.state import PlanState

__all__ = ["graph_now", "immovable", "taken_over"]


def graph_now(state: PlanState) -> PlanGraph:
    """Return a draft's graph with its grids as those of today.

    What is suggested from there changes little of what was drawn, and keeps the draft's codes.
    """
    plan = state.plan
    return replace(
        state.graph,
        today=plan.grid_of,
        grid_code=plan.code,
        grid_name=plan.title,
        grid_name_en=plan.title_en,
        grid_kind=plan.kind,
        grid_container=plan.container,
    )


def immovable(state: PlanState) -> frozenset[str]:
    """Return the codes of the grids whose atoms are no finer areas: nothing is moved there."""
    finest = state.ground.finest
    fixed = {
        state.grids[int(g)].code
        for g, one in zip(state.grid_of.tolist(), state.atoms, strict=True)
        if g >= 0 and one.level != finest
    }
    return frozenset(fixed)


def taken_over(state: PlanState, plan: Plan, source: str) -> Regroup:
    """Return the edit that makes a draft's grids those of a plan of its atoms.

    Parameters
    ----------
    state : PlanState
    plan : Plan
        Of the atoms of the state, in their order; atoms in none stay where they are.
    source : str
        Whose plan it is; kept with the edit.

    Raises
    ------
    EditRefused
        When the draft's grids are the plan's already.
    """
    now = np.array([one.code for one in state.grids] + [""], dtype=object)[state.grid_of]
    then = np.append(plan.code, "")[plan.grid_of]
    moves: dict[str, list[str]] = {}
    for i in np.flatnonzero((then != "") & (now != then)).tolist():
        moves.setdefault(str(then[i]), []).append(state.atoms[i].code)
    if not moves:
        raise refuse("nothing", {"grid": source})
    titles = {
        str(code): (str(plan.title[g]), str(plan.title_en[g]))
        for g, code in enumerate(plan.code)
        if code in moves and code not in state.grid_at
    }
    listed = {code: tuple(atoms) for code, atoms in sorted(moves.items())}
    return Regroup(listed, titles or None, source)
