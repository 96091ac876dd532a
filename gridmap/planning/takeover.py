"""A plan of a draft's atoms, such as a suggestion, taken over into the draft as an edit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from gridmap.errors import Conflict
from gridmap.planning.applying import apply_edit
from gridmap.planning.changing import regrided
from gridmap.planning.edits import Regroup
from gridmap.planning.graph import PlanGraph
from gridmap.planning.ground import Ground
from gridmap.planning.plan import Plan
from gridmap.planning.refusing import refuse
from gridmap.planning.state import PlanState, first_state
from gridmap.planning.suggest import as_today

__all__ = ["graph_now", "planned_state", "regrouping", "taken_over"]


def graph_now(state: PlanState) -> PlanGraph:
    """Return a draft's graph with its grids as those of today.

    What is suggested from there changes little of what was drawn, and keeps the draft's codes.
    """
    return as_today(state.graph, state.plan)


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
    edit = _edit_to(state, plan, source)
    if edit is None:
        raise refuse("nothing", {"grid": source})
    return edit


def planned_state(ground: Ground, plan: Plan, source: str) -> PlanState:
    """Return the draft of an edition that has the grids of a plan, as its first edit.

    Parameters
    ----------
    ground : Ground
    plan : Plan
        Of the ground's atoms, in their order; atoms in none stay where they are.
    source : str
        Whose plan it is; kept with the edit.

    Raises
    ------
    EditRefused
    """
    state = first_state(ground)
    edit = _edit_to(state, plan, source)
    if edit is None:
        return state
    state = apply_edit(state, edit).state
    # One that goes on under another code, its own being out of use, is what it was otherwise.
    place = {str(code): g for g, code in enumerate(plan.code)}
    heirs = np.append(ground.graph.grid_code, "")[plan.heir_of]
    listed = list(state.grids)
    for at, one in enumerate(state.grids):
        g = place.get(one.code, -1)
        if g >= 0 and heirs[g] and not one.origin:
            listed[at] = replace(one, kind=str(plan.kind[g]), origin=str(heirs[g]))
    return regrided(state, tuple(listed))


def _edit_to(state: PlanState, plan: Plan, source: str) -> Regroup | None:
    """Return the edit that makes a draft's grids those of a plan; None where they are."""
    then = np.append(plan.code, "")[plan.grid_of].tolist()
    grids = {one.code: str(code) for one, code in zip(state.atoms, then, strict=True) if code}
    titles = {
        str(code): (str(plan.title[g]), str(plan.title_en[g]))
        for g, code in enumerate(plan.code)
        if code not in state.grid_at
    }
    return regrouping(state, grids, source, titles)


def regrouping(
    state: PlanState,
    grids: Mapping[str, str],
    source: str,
    titles: Mapping[str, tuple[str, str]] | None = None,
) -> Regroup | None:
    """Return the edit that gives atoms the grids that a plan has for them; None where all do.

    Parameters
    ----------
    state : PlanState
    grids : mapping of atom code to grid code
        The plan; atoms that it does not name stay where they are.
    source : str
        Whose plan it is; kept with the edit.
    titles : mapping of grid code to (str, str), optional
        Names of grids that may be made, in both languages; by the pattern if not given.

    Raises
    ------
    Conflict
        When the draft has no atom of some code: it was changed since.
    """
    gone = [code for code in grids if code not in state.atom_at]
    if gone:
        raise Conflict(
            "The plan is of other areas than the draft has: it was changed since.",
            got=", ".join(gone[:10]),
            repair="Ask for a suggestion on the draft as it is now.",
        )
    moves: dict[str, list[str]] = {}
    for atom, grid in grids.items():
        held = int(state.grid_of[state.atom_at[atom]])
        if held < 0 or state.grids[held].code != grid:
            moves.setdefault(grid, []).append(atom)
    if not moves:
        return None
    listed = {code: tuple(atoms) for code, atoms in sorted(moves.items())}
    named = {code: titles[code] for code in listed if titles and code in titles}
    return Regroup(listed, named or None, source)
