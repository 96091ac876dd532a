"""A plan made part of a draft: the edits that lead from a draft as it stands to the plan.

Grids that share ground with one another, before or after, are merged and divided anew; at last
the rule of codes numbers them. They are edits like any other: each is checked, stands in the
log, and can be undone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue, Conflict
from gridmap.planning.applying import apply_edit
from gridmap.planning.changing import Applied
from gridmap.planning.coding import renumbered
from gridmap.planning.edits import Edit, MergeGrids, Reassign, Renumber, SplitGrid
from gridmap.planning.state import PlanState

__all__ = ["Step", "adopted"]

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Step:
    """One edit on the way: the state that it was made in, and what came of it."""

    before: PlanState
    done: Applied


def adopted(state: PlanState, grids: Mapping[str, str]) -> list[Step]:
    """Return the edits that give each atom the grid that a plan has for it.

    Parameters
    ----------
    state : PlanState
    grids : mapping of atom code to grid code
        The plan; atoms that it does not name stay where they are. Which atoms are together is
        what counts: the codes follow from the rule of succession.

    Raises
    ------
    Conflict
        When the draft has no atom of some code: it was changed since.
    EditRefused
        When an edit on the way would break the draft.
    BadValue
        When a grid would be made where there is none today.
    """
    goal = _goal(state, grids)
    steps: list[Step] = []
    containers: set[int] = set()
    for olds, news, loose in _knots(state.grid_of, goal):
        containers |= {state.grids[g].container for g in olds}
        for edit in _edits(state, goal, olds, news, loose):
            steps.append(Step(state, apply_edit(state, edit)))
            state = steps[-1].done.state
    for one in sorted(containers):
        within = str(state.graph.container_code[one]) if one >= 0 else ""
        if renumbered(state, within)[0]:
            steps.append(Step(state, apply_edit(state, Renumber(within))))
            state = steps[-1].done.state
    return steps


def _goal(state: PlanState, grids: Mapping[str, str]) -> Rows:
    """Return the number of each atom's grid under the plan; of unnamed atoms that of today's."""
    gone = [code for code in grids if code not in state.atom_at]
    if gone:
        raise Conflict(
            "The plan is of other areas than the draft has: it was changed since.",
            got=", ".join(gone[:10]),
            repair="Ask for a suggestion on the draft as it is now.",
        )
    names = {code: k for k, code in enumerate(sorted(set(grids.values())))}
    goal = np.where(state.grid_of >= 0, state.grid_of + len(names), -1)
    for atom, code in grids.items():
        goal[state.atom_at[atom]] = names[code]
    return goal


def _knots(now: Rows, goal: Rows) -> Iterator[tuple[list[int], list[int], list[int]]]:
    """Return grids before and after that hang together, where they differ.

    With each the atoms that are in no grid and get into one.
    """
    leader: dict[tuple[bool, int], tuple[bool, int]] = {}

    def lead(one: tuple[bool, int]) -> tuple[bool, int]:
        while leader.setdefault(one, one) != one:
            one = leader[one]
        return one

    held = np.flatnonzero((now >= 0) & (goal >= 0))
    for old, new in np.unique(np.column_stack([now[held], goal[held]]), axis=0).tolist():
        one, other = sorted((lead((False, old)), lead((True, new))))
        leader[other] = one
    loose = np.flatnonzero((now < 0) & (goal >= 0)).tolist()
    knots: dict[tuple[bool, int], tuple[list[int], list[int], list[int]]] = {}
    for one in sorted(leader):
        knots.setdefault(lead(one), ([], [], []))[int(one[0])].append(one[1])
    for atom in loose:
        at = lead((True, int(goal[atom])))
        if at not in knots:
            raise BadValue(
                "The plan makes a grid where there is none, and a draft begins with grids.",
                got=f"{len(loose)} areas in no grid",
                repair="Store it as an edition: gridmap plan suggest --as EDITION --commit.",
            )
        knots[at][2].append(atom)
    for olds, news, more in knots.values():
        if len(olds) > 1 or len(news) > 1 or more:
            yield olds, news, more


def _edits(
    state: PlanState, goal: Rows, olds: list[int], news: list[int], loose: list[int]
) -> Iterator[Edit]:
    codes = [state.grids[g].code for g in olds]
    # The first grid's place is what merging keeps, under whatever code.
    place, first = olds[0], codes[0]
    whole = np.flatnonzero(np.isin(goal, news)).tolist()
    names = {i: state.atoms[i].code for i in whole}
    if loose:
        yield Reassign(first, tuple(names[i] for i in loose))
    if len(olds) > 1:
        yield MergeGrids(tuple(codes), first)
    if len(news) > 1:
        parts = [tuple(names[i] for i in whole if goal[i] == g) for g in news]
        keeps = max(range(len(news)), key=lambda k: _common(state, goal, place, news[k]))
        yield SplitGrid(first, tuple(part for k, part in enumerate(parts) if k != keeps))


def _common(state: PlanState, goal: Rows, old: int, new: int) -> int:
    return int(np.sum((state.grid_of == old) & (goal == new)))
