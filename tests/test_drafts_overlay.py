"""Two states of plans compared over the cells that are in one atom of each."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gridmap.planning.applying import apply_edit
from gridmap.planning.edits import (
    MergeGrids,
    Reassign,
    ReplaceBorder,
    SplitAtom,
    SplitGrid,
)
from gridmap.planning.overlay import common_cells, compare_states
from gridmap.planning.state import first_state
from tests.draft_cases import ground_in_parts, start
from tests.planning_cases import LAT, LON, SIZE

NAMES = ("before", "after")


def flows(found):
    return {(one["from"], one["to"]): one for one in found.flows().to_dict("records")}


def bent(state, one, other, by):
    """The state with the border of two atoms bent to one side."""
    a, b = state.atom(one), state.atom(other)
    line = shapely.line_merge(shapely.intersection(state.shapes[a], state.shapes[b]))
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    middle = ((x0 + x1) / 2 + by * SIZE, (y0 + y1) / 2)
    return apply_edit(state, ReplaceBorder((one, other), ((x0, y0), middle, (x1, y1)))).state


def test_of_a_draft_and_itself_nothing_has_moved():
    state = start()
    found = compare_states(state, state, NAMES)
    assert not found.moved.any()
    assert len(found.graph) == len(state)
    assert (found.whole()["grids_kept"], found.whole()["households_moved"]) == (8, 0)
    assert set(found.graph.code) == set(state.graph.code)


def test_what_lies_between_the_old_border_and_the_new_one_changes_grid_with_its_homes():
    state = start()
    after = bent(state, "C000202", "C100503", 0.2)
    found = compare_states(state, after, NAMES)
    strip = flows(found)["C1005", "C0002"]
    grown = after.numbers(after.grid_at["C0002"]).area_m2 - state.numbers(
        state.grid_at["C0002"]).area_m2  # fmt: skip
    assert strip["moved"]
    assert strip["area_m2"] == pytest.approx(grown, rel=1e-3)
    assert 0 < strip["households"] < state.graph.amount["households"][state.atom("C100503")]
    total = sum(one["households"] for one in flows(found).values())
    assert total == state.graph.amount["households"].sum()
    assert found.graph.area_m2.sum() == pytest.approx(state.graph.area_m2.sum(), rel=1e-9)
    back = flows(compare_states(after, state, NAMES))
    assert back["C0002", "C1005"]["area_m2"] == pytest.approx(grown, rel=1e-3)


def test_a_cut_alone_moves_nobody_and_a_part_given_away_moves_its_own_homes():
    state = start()
    west, south, east, north = shapely.bounds(state.shapes[state.atom("C000301")])
    x = (west + east) / 2
    cut = apply_edit(state, SplitAtom("C000301", (((x, south - SIZE), (x, north + SIZE)),)))
    assert not compare_states(state, cut.state, NAMES).moved.any()
    part = cut.edit.codes[0]
    to = "C0001"
    given = apply_edit(cut.state, Reassign(to, (part,))).state
    moved = [one for one in flows(compare_states(state, given, NAMES)).values() if one["moved"]]
    assert [(one["from"], one["to"]) for one in moved] == [("C0003", to)]
    assert moved[0]["households"] == given.graph.amount["households"][given.atom(part)]


def test_grids_without_micro_grids_are_compared_by_what_was_cut():
    state = first_state(ground_in_parts())
    line = ((LON - SIZE, LAT + 1.7 * SIZE), (LON + 9 * SIZE, LAT + 1.7 * SIZE))
    after = apply_edit(state, SplitGrid("C0003", lines=(line,))).state
    after = apply_edit(after, MergeGrids(("C1007", "C1008"))).state
    found = compare_states(state, after, NAMES)
    assert (found.whole()["grids_before"], found.whole()["grids_after"]) == (8, 8)
    assert {one[0] for one in flows(found) if one[0] != one[1]} >= {"C0003"}
    total = sum(one["households"] for one in flows(found).values())
    assert total == state.graph.amount["households"].sum()


def test_ground_that_only_one_of_two_plans_has_is_a_cell_without_the_other():
    state = start()
    lost = state.atom("C100601")
    fewer = np.delete(state.shapes, lost)
    cells = common_cells(state.shapes, fewer)
    assert (cells.after < 0).sum() == 1
    assert cells.before[cells.after < 0].tolist() == [lost]
    assert not (common_cells(fewer, state.shapes).after < 0).any()
    moved = state.shapes.copy()
    moved[lost] = shapely.affinity.translate(moved[lost], 3 * SIZE, 0)
    both = common_cells(state.shapes, moved)
    assert (both.before < 0).sum() == 1
    assert both.shapes[both.before < 0][0].area == pytest.approx(moved[lost].area)
