"""Drafts over ground as it is: areas in several parts, and borders noded by one side alone."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gridmap.errors import EditRefused
from gridmap.planning.applying import apply_edit, replayed
from gridmap.planning.chains import chain_of
from gridmap.planning.compare import compare_plans
from gridmap.planning.drafted import level_shapes
from gridmap.planning.edits import (
    Exclusive,
    MergeAtoms,
    SplitAtom,
    SplitGrid,
    edit_from,
    edit_record,
)
from gridmap.planning.plan import today_plan
from tests.odd_towns import box, place, ring, town

SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1))
# A square with a vertex on its eastern side, or on its western one.
EAST = ((0, 0), (1, 0), (1, 0.5), (1, 1), (0, 1))
WEST = ((1, 0), (2, 0), (2, 1), (1, 1), (1, 0.5))
NEXT = ((1, 0), (2, 0), (2, 1), (1, 1))
ACROSS = (place(-0.5, 0.3), place(2.5, 0.3))


@pytest.fixture(params=["first", "second"])
def noded(request):
    """Two micro-grids of one grid: one of them has a vertex on their border, the other has not."""
    first, second = (EAST, NEXT) if request.param == "first" else (SQUARE, WEST)
    return town({"C10101": ring(*first), "C10102": ring(*second)}, {"C10101": 9, "C10102": 7})


def polygons(state, code):
    """How many polygons an atom has."""
    return shapely.get_num_geometries(state.shapes[state.atom(code)])


def same_again(state, done):
    """True when the log makes the same of an edit."""
    again = replayed(state, [edit_from(edit_record(done.edit))])
    return again.fingerprint() == done.state.fingerprint()


def test_a_grid_whose_border_inside_is_noded_by_one_side_has_its_outline(noded):
    ((_, outline),) = level_shapes(noded)
    assert outline.is_valid
    assert outline.geom_type == "Polygon"
    assert outline.area == pytest.approx(shapely.area(noded.shapes).sum())
    plan = today_plan(noded.graph)
    (compared,) = compare_plans(noded.graph, plan, plan).grids().geometry
    assert compared.equals(outline)


def test_a_grid_whose_border_inside_is_noded_by_one_side_is_divided_along_a_line(noded):
    done = apply_edit(noded, SplitGrid("C101", lines=(ACROSS,)))
    assert len(done.edit.codes) == len(done.edit.cuts) == 2
    heights = {
        tuple(shapely.total_bounds(done.state.shapes[done.state.members(grid)])[[1, 3]].tolist())
        for grid in done.state.grid_at.values()
    }
    (_, south), (_, line), (_, north) = place(0, 0), place(0, 0.3), place(0, 1)
    assert heights == {(south, line), (line, north)}
    assert same_again(noded, done)


def test_micro_grids_whose_border_is_noded_by_one_side_are_joined(noded):
    done = apply_edit(noded, MergeAtoms(("C10101", "C10102")))
    (whole,) = done.state.shapes
    assert whole.geom_type == "Polygon"
    assert whole.is_valid
    assert whole.area == pytest.approx(shapely.area(noded.shapes).sum())
    assert same_again(noded, done)


def exclave(width=0.6, community="C1"):
    """A grid C102 with a micro-grid whose exclave lies behind the grid C103, or C203."""
    parts = [box(1, 0, 2, 1), box(3, 0, 3 + width, 1)]
    return town(
        {
            "C10101": box(0, 0, 1, 2),
            "C10201": shapely.multipolygons(parts),
            "C10202": box(1, 1, 2, 2),
            f"{community}0301": box(2, 0, 3, 2),
        },
        {"C10101": 5, "C10201": 40, "C10202": 30, f"{community}0301": 20},
    )


# The exclave is the smaller part, or the larger one.
@pytest.mark.parametrize("width", [0.6, 3])
def test_a_grid_with_an_exclave_is_divided_and_the_exclave_stays(width):
    state = exclave(width)
    line = (place(0.5, 1.5), place(2.5, 1.5))
    done = apply_edit(state, SplitGrid("C102", lines=(line,)))
    assert len(done.edit.codes) == 2
    (made,) = done.edit.cuts
    assert polygons(done.state, "C10201") == 2
    grid_of = {
        one.code: done.state.grids[g].code
        for one, g in zip(done.state.atoms, done.state.grid_of.tolist(), strict=True)
    }
    assert grid_of["C10201"] in (grid_of["C10202"], grid_of[made])
    assert grid_of["C10202"] != grid_of[made]
    assert chain_of(done.state.shapes) == chain_of(state.shapes)
    assert same_again(state, done)


@pytest.mark.parametrize("width", [0.6, 3])
def test_a_grid_is_divided_through_a_micro_grid_with_an_exclave(width):
    state = exclave(width)
    line = (place(1.4, -0.5), place(1.4, 2.5))
    done = apply_edit(state, SplitGrid("C102", lines=(line,)))
    assert len(done.edit.codes) == len(done.edit.cuts) == 2
    assert sorted(shapely.get_num_geometries(done.state.shapes).tolist()) == [1] * 5 + [2]
    # The exclave in the east is with the eastern side.
    parts = shapely.get_num_geometries(done.state.shapes)
    (away,) = np.flatnonzero(parts > 1).tolist()
    mine = done.state.members(int(done.state.grid_of[away]))
    assert done.state.graph.xy[mine, 0].max() == done.state.graph.xy[away, 0]
    assert same_again(state, done)


def test_a_micro_grid_is_cut_and_its_exclave_stays_with_the_part_beside_it():
    state = exclave()
    line = (place(1.3, -0.5), place(1.3, 1.5))
    done = apply_edit(state, SplitAtom("C10201", (line,)))
    (made,) = done.edit.codes
    # The western part is the smaller one.
    assert polygons(done.state, "C10201") == 2
    assert polygons(done.state, made) == 1
    homes = done.state.graph.amount["households"]
    assert homes[done.state.atom("C10201")] + homes[done.state.atom(made)] == 40
    assert same_again(state, done)


def test_a_line_that_crosses_no_part_of_a_micro_grid_with_an_exclave_cuts_nothing():
    for line in ((place(20, -1), place(20, 3)), (place(2.5, -1), place(2.5, 3))):
        with pytest.raises(EditRefused) as refused:
            apply_edit(exclave(), SplitAtom("C10201", (line,)))
        assert refused.value.reasons[0]["kind"] == "not_across"


def test_an_outline_within_the_main_part_leaves_the_exclave_with_its_grid():
    state = exclave()
    outline = shapely.geometry.mapping(box(1.2, -0.2, 1.6, 0.8))
    done = apply_edit(state, Exclusive(outline, title="学校"))
    (made,) = done.edit.codes
    grid = done.state.grid_at[done.edit.code]
    assert len(done.state.members(grid)) == 1
    assert {polygons(done.state, "C10201"), polygons(done.state, made)} == {1, 2}
    left = done.state.members(done.state.grid_at["C102"])
    assert sum(shapely.get_num_geometries(done.state.shapes[left])) == 3
    assert same_again(state, done)


def test_an_outline_around_an_exclave_takes_it_out_as_a_whole():
    state = exclave()
    outline = shapely.geometry.mapping(box(3, 0, 3.6, 1))
    done = apply_edit(state, Exclusive(outline, title="学校"))
    (atom,) = done.state.members(done.state.grid_at[done.edit.code]).tolist()
    assert shapely.equals(done.state.shapes[atom], box(3, 0, 3.6, 1))
    assert len(done.edit.codes) == 1
    assert same_again(state, done)


def test_what_was_cut_before_is_made_again_from_its_log():
    apart = exclave(community="C2")
    cut = {
        "op": "split_atom", "atom": "C10201", "codes": ["C10203", "C10204"],
        "lines": [[list(place(1.3, -0.5)), list(place(1.3, 1.5))]],
    }  # fmt: skip
    after = replayed(apart, [edit_from(cut)])
    shapes = {code: after.shapes[after.atom(code)] for code in ("C10201", "C10203", "C10204")}
    assert {code: one.normalize() for code, one in shapes.items()} == {
        "C10201": box(1.3, 0, 2, 1).normalize(),
        "C10203": box(1, 0, 1.3, 1).normalize(),
        "C10204": box(3, 0, 3.6, 1).normalize(),
    }
    two = town({"C10101": ring(*EAST), "C10102": ring(*NEXT)}, {"C10101": 9, "C10102": 7})
    divided = {
        "op": "split_grid", "grid": "C101", "codes": ["C1-01", "C1-02", "C1-04", "C1-03"],
        "lines": [[list(p) for p in ACROSS]], "cuts": ["C10103", "C10104"],
    }  # fmt: skip
    after = replayed(two, [edit_from(divided)])
    assert set(after.grid_at) == {*divided["codes"]}
    assert shapely.area(after.shapes).sum() == pytest.approx(shapely.area(two.shapes).sum())
