"""A plan of a draft's atoms, such as a suggestion, taken over into the draft as an edit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from gridmap.errors import Conflict
from gridmap.planning.edits import Regroup
from gridmap.planning.graph import PlanGraph
from gridmap.planning.plan import Plan
from gridmap.planning.refusing import refuse
from gridmap.planning.state import PlanState
from gridmap.planning.suggest import as_today

__all__ = ["graph_now", "immovable", "regrouping", "taken_over", "undivided"]


def graph_now(state: PlanState) -> PlanGraph:
    """Return a draft's graph with its grids as those of today.

    What is suggested from there changes little of what was drawn, and keeps the draft's codes.
    """
    return as_today(state.graph, state.plan)


def immovable(state: PlanState) -> frozenset[str]:
    """Return the codes of the grids whose atoms are no finer areas: nothing is moved there."""
    finest = state.ground.finest
    fixed = {
        state.grids[int(g)].code
        for g, one in zip(state.grid_of.tolist(), state.atoms, strict=True)
        if g >= 0 and one.level != finest
    }
    return frozenset(fixed)


def undivided(graph: PlanGraph) -> frozenset[str]:
    """Return the codes of today's grids that have no finer areas where others have some."""
    rank = graph.coverage.rank[graph.row]
    whole = (rank < rank.max(initial=0)) & (graph.today >= 0)
    return frozenset(str(code) for code in graph.grid_code[graph.today[whole]])


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
    then = np.append(plan.code, "")[plan.grid_of].tolist()
    grids = {one.code: str(code) for one, code in zip(state.atoms, then, strict=True) if code}
    titles = {
        str(code): (str(plan.title[g]), str(plan.title_en[g]))
        for g, code in enumerate(plan.code)
        if code not in state.grid_at
    }
    edit = regrouping(state, grids, source, titles)
    if edit is None:
        raise refuse("nothing", {"grid": source})
    return edit


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
