"""Grids that have no finer areas where others have some: they are left as they are."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gridmap.coverage.model import Coverage
from gridmap.errors import EditRefused
from gridmap.planning.applying import apply_edit
from gridmap.planning.changing import need_undivided
from gridmap.planning.edits import (
    Exclusive,
    MergeGrids,
    MovePoints,
    Reassign,
    Regroup,
    SplitAtom,
    SplitGrid,
)
from gridmap.planning.graph import planning_graph
from gridmap.planning.ground import Ground
from gridmap.planning.plan import named_plan
from gridmap.planning.regions import divide
from gridmap.planning.reshaping import SAME_PLACE
from gridmap.planning.rules import Rules
from gridmap.planning.state import first_state
from gridmap.planning.takeover import taken_over
from tests.draft_cases import ground, start
from tests.planning_cases import SIZE

WHOLE = "C0001"


def test_where_all_grids_are_divided_all_ground_is_planned():
    graph = ground().graph
    assert graph.loose.all()
    assert start().graph.loose.all()
    assert divide(graph, Rules(), np.ones(len(graph), dtype=bool)).fixed.tolist() == []


def mixed_graph():
    """The board's graph, one of its grids without micro-grids."""
    board = ground().graph.coverage
    areas, shapes, cells = [], [], []
    for row in range(len(board)):
        area, shape = board.area(row), board.geometry[row]
        if area.parent_code == WHOLE:
            cells.append(shape)
            continue
        areas.append(area)
        shapes.append(shape if area.level == "microgrid" else None)
    shapes[[area.code for area in areas].index(WHOLE)] = shapely.union_all(cells)
    return planning_graph(
        Coverage.build("mixed", board.levels, areas, shapes), amounts={"households": {}}
    )


def test_a_grid_without_finer_areas_has_to_stay():
    graph = mixed_graph()
    assert graph.code[~graph.loose].tolist() == [WHOLE]
    found = divide(graph, Rules(), np.ones(len(graph), dtype=bool))
    assert graph.grid_code[found.fixed].tolist() == [WHOLE]
    planned = np.concatenate([atoms for region in found.regions for atoms in region.atoms])
    assert graph.place[WHOLE] not in planned
    assert len(planned) == len(graph) - 1
    # Nor does it lose that by a border that is moved.
    state = first_state(Ground(graph))
    x, y = next(
        point
        for point in shapely.get_coordinates(state.shapes[graph.place[WHOLE]]).tolist()
        if shapely.dwithin(state.shapes, shapely.Point(point), SAME_PLACE).sum() == 4
    )
    after = apply_edit(state, MovePoints((((x, y), (x + 0.1 * SIZE, y)),))).state
    assert after.graph.row[graph.place[WHOLE]] < 0
    assert after.graph.code[~after.graph.loose].tolist() == [WHOLE]


@pytest.fixture(scope="module")
def whole():
    """A draft with a grid that is not divided, and a micro-grid of another one beside it."""
    state = first_state(Ground(mixed_graph()))
    place = state.graph.place[WHOLE]
    start, others, _ = state.graph.near
    beside = others[start[place] : start[place + 1]].tolist()
    return state, next(state.atoms[i].code for i in beside if state.grid_of[i] >= 0)


@pytest.mark.parametrize(
    "edit_of",
    [
        lambda state, atom: Reassign(WHOLE, (atom,)),
        lambda state, atom: Reassign(WHOLE, lasso=outline(state, atom)),
        lambda state, atom: Reassign(grid_of(state, atom), (WHOLE,)),
        lambda state, atom: Reassign(grid_of(state, atom), lasso=outline(state, WHOLE)),
        lambda state, atom: Regroup({WHOLE: (atom,)}),
        lambda state, atom: Regroup({grid_of(state, atom): (WHOLE,)}),
        lambda state, atom: Regroup({"C0099": (WHOLE, atom)}),
        lambda state, atom: MergeGrids((WHOLE, grid_of(state, atom))),
        lambda state, atom: MergeGrids((grid_of(state, atom), WHOLE)),
        lambda state, atom: SplitGrid(WHOLE, lines=(across(state),)),
        lambda state, atom: SplitAtom(WHOLE, (across(state),)),
        lambda state, atom: Exclusive(outline(state, WHOLE)),
        lambda state, atom: taken_over(state, joined(state, atom), "suggestion"),
    ],
)
def test_no_edit_gives_to_a_grid_without_finer_areas_or_takes_from_it(whole, edit_of):
    state, atom = whole
    with pytest.raises(EditRefused) as refused:
        apply_edit(state, edit_of(state, atom))
    reason = refused.value.reasons[0]
    assert (reason["kind"], reason["codes"]) == ("whole_grid", [WHOLE])
    at = shapely.Point(reason["lon"], reason["lat"])
    assert shapely.covers(state.shapes[state.atom(WHOLE)], at)


def test_a_log_that_gave_to_it_is_followed_and_mended_by_an_edit(whole):
    state, atom = whole
    need_undivided(state)
    grid = grid_of(state, atom)
    then = apply_edit(state, Regroup({WHOLE: (atom,)}), fresh=False).state
    with pytest.raises(EditRefused, match="nothing is moved into it") as refused:
        need_undivided(then)
    assert refused.value.reasons[0]["codes"] == [WHOLE, atom]
    need_undivided(apply_edit(then, Reassign(grid, (atom,))).state)


def grid_of(state, atom):
    """Code of the grid that an atom is in."""
    return state.grids[int(state.grid_of[state.atom(atom)])].code


def outline(state, atom):
    """The polygon of an atom, as edits have it."""
    return shapely.geometry.mapping(state.shapes[state.atom(atom)])


def across(state):
    """A line from west to east over the grid that is not divided."""
    west, south, east, north = state.shapes[state.atom(WHOLE)].bounds
    middle = (south + north) / 2
    return ((west - SIZE, middle), (east + SIZE, middle + SIZE / 10))


def joined(state, atom):
    """A plan that has an atom in the grid that is not divided."""
    places = state.graph.today.copy()
    places[state.atom(atom)] = state.graph.today[state.atom(WHOLE)]
    return named_plan(state.graph, "joined", places)
