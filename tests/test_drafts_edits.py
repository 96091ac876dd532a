"""Each edit of a draft on a small board: what it changes, and why it is refused, and where."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gridmap.errors import BadValue, EditRefused, NotFound
from gridmap.planning.applying import apply_edit, replayed
from gridmap.planning.chains import chain_of
from gridmap.planning.drafted import drafted, drafted_coverage
from gridmap.planning.edits import (
    Describe,
    Exclusive,
    MergeAtoms,
    MergeGrids,
    MovePoints,
    Reassign,
    Recode,
    Renumber,
    ReplaceBorder,
    SplitAtom,
    SplitGrid,
    edit_from,
    edit_record,
)
from gridmap.planning.ground import Ground
from gridmap.planning.state import first_state
from tests.draft_cases import start
from tests.planning_cases import LAT, LON, SIZE, board


@pytest.fixture(scope="module")
def state():
    return start()


def small(homes, grid):
    return first_state(Ground(board(homes, grid)))


def reasons(state, edit):
    with pytest.raises(EditRefused) as caught:
        apply_edit(state, edit)
    return caught.value.reasons


def polygon(west, south, east, north):
    return shapely.geometry.mapping(
        shapely.box(LON + SIZE * west, LAT + SIZE * south, LON + SIZE * east, LAT + SIZE * north)
    )


def test_a_lasso_takes_the_atoms_whose_inner_point_it_holds(state):
    done = apply_edit(state, Reassign("C0003", lasso=polygon(-1, 1.9, 0.9, 5)))
    moved = {one["code"] for one in done.changed if one["what"] == "moved"}
    assert moved == {"C000101", "C000103"}
    assert done.edit == Reassign("C0003", done.edit.atoms)
    assert set(done.edit.atoms) == moved


def test_what_would_tear_is_told_with_the_part_that_is_cut_off(state):
    reason = reasons(state, Reassign("C0001", ("C000401",)))[0]
    assert reason["kind"] == "in_pieces"
    assert "C0001" in reason["codes"]
    x, y = reason["lon"], reason["lat"]
    assert any(shapely.contains_xy(s, x, y) for s in state.shapes)


def test_the_successor_with_more_than_half_of_the_homes_both_ways_keeps_the_code():
    ground = small([[10, 20, 300], [10, 10, 10]], [[1, 1, 1], [2, 2, 2]])
    done = apply_edit(ground, SplitGrid("C0001", (("C000102",),)))
    # The part with 300 homes goes on as the grid, and what is left of it is new.
    kept = done.state.grid_at["C0001"]
    assert [done.state.atoms[i].code for i in done.state.members(kept)] == ["C000102"]
    assert done.edit.codes == ("C0003", "C0001")


def test_of_equal_parts_none_keeps_the_code_and_new_ones_go_from_west_to_east():
    ground = small([[10, 10], [5, 5]], [[1, 1], [2, 2]])
    done = apply_edit(ground, SplitGrid("C0001", (("C000100",),)))
    assert sorted(done.state.grid_at) == ["C0002", "C0003", "C0004"]
    west = done.state.members(done.state.grid_at["C0003"])
    assert done.state.atoms[int(west[0])].code == "C000100"
    assert {"level": "grid", "code": "C0001", "what": "gone"} in done.changed


def test_merged_grids_keep_the_code_of_their_heir_and_retired_ones_never_return():
    ground = small([[90, 10], [5, 5]], [[1, 2], [1, 2]])
    done = apply_edit(ground, MergeGrids(("C0002", "C0001")))
    assert list(done.state.grid_at) == ["C0001"]
    again = apply_edit(done.state, SplitGrid("C0001", (("C000201",),)))
    assert sorted(again.state.grid_at) == ["C0001", "C0003"]
    assert reasons(again.state, Recode("grid", "C0003", "C0002"))[0]["kind"] == "taken_code"


def test_grids_that_only_meet_elsewhere_are_not_merged(state):
    assert reasons(state, MergeGrids(("C1005", "C1008")))[0]["kind"] == "not_neighbours"


def test_the_rule_numbers_grids_anew_and_says_which():
    ground = small([[10, 20, 300], [10, 10, 10]], [[1, 1, 1], [2, 2, 2]])
    taken = apply_edit(ground, Recode("grid", "C0002", "C0077")).state
    done = apply_edit(taken, Renumber())
    assert [(one["from"], one["code"]) for one in done.changed] == [("C0077", "C0002")]
    assert reasons(done.state, Renumber())[0]["kind"] == "in_order"


def test_a_legal_island_is_whole_with_what_it_belongs_to_and_goes_to_what_lies_nearest():
    homes = [[10, 10, 0, 10, 10]]
    whole = board(homes, [[1, 1, 9, 2, 2]], [[0, 0, 1, 0, 0]])
    # The east of the community lies beyond another one: it is linked to what is nearest.
    state = first_state(Ground(whole))
    done = apply_edit(state, MergeGrids(("C0001", "C0002")))
    grid = done.state.grid_at[done.edit.code]
    assert done.state.numbers(grid).pieces == 1
    moved = apply_edit(state, Reassign("C0001", ("C000203",)))
    assert moved.state.numbers(moved.state.grid_at["C0001"]).pieces == 1
    reason = reasons(state, Reassign("C0001", ("C000204",)))[0]
    assert (reason["kind"], reason["codes"][0]) == ("in_pieces", "C0001")
    # A line through the west leaves the island with the side that is nearer to it.
    line = ((LON + 0.6 * SIZE, LAT - SIZE), (LON + 0.6 * SIZE, LAT + 2 * SIZE))
    west, east = apply_edit(done.state, SplitGrid(done.edit.code, lines=(line,))).edit.codes
    split = apply_edit(done.state, SplitGrid(done.edit.code, lines=(line,))).state
    assert [len(split.members(split.grid_at[code])) for code in (west, east)] == [1, 4]
    away = ((LON + 2.5 * SIZE, LAT - SIZE), (LON + 2.5 * SIZE, LAT + 2 * SIZE))
    assert reasons(done.state, SplitGrid(done.edit.code, lines=(away,)))[0]["kind"] == "not_across"


def test_a_border_drawn_anew_is_followed_by_both_sides_and_by_the_communities(state):
    one, other = "C000202", "C100503"
    a, b = state.atom(one), state.atom(other)
    line = shapely.intersection(state.shapes[a], state.shapes[b])
    (x0, y0), (x1, y1) = (line.coords[0], line.coords[-1])
    middle = ((x0 + x1) / 2 + 0.2 * SIZE, (y0 + y1) / 2)
    done = apply_edit(state, ReplaceBorder((one, other), ((x0, y0), middle, (x1, y1))))
    assert chain_of(done.state.shapes) == chain_of(state.shapes)
    assert done.state.shapes[a].area > state.shapes[a].area
    redrawn = {(r["level"], r["code"]) for r in done.changed}
    assert {("community", "C0"), ("community", "C1"), ("grid", "C0002")} <= redrawn
    coverage = drafted_coverage(done.state, "new")
    west = coverage.shapes[coverage.row("community", "C0")]
    assert shapely.covers(west, shapely.Point(middle).buffer(1e-9).centroid)
    untouched = [i for i in range(len(state)) if i not in (a, b)]
    assert all(done.state.shapes[i] is state.shapes[i] for i in untouched)


def test_a_border_that_leaves_its_two_areas_is_refused_where_it_crosses(state):
    a, b = state.atom("C000101"), state.atom("C000102")
    line = shapely.intersection(state.shapes[a], state.shapes[b])
    (x0, y0), (x1, y1) = (line.coords[0], line.coords[-1])
    far = (LON + 4 * SIZE, LAT + 0.5 * SIZE)
    reason = reasons(state, ReplaceBorder(("C000101", "C000102"), ((x0, y0), far, (x1, y1))))[0]
    assert reason["kind"] == "crosses"
    assert reason["lon"] is not None


def test_the_end_of_a_new_border_that_lies_off_the_old_one_is_refused(state):
    away = (LON + 3 * SIZE, LAT)
    reason = reasons(state, ReplaceBorder(("C000101", "C000102"), (away, (LON, LAT))))[0]
    assert reason["kind"] == "off_border"


def test_a_junction_is_dragged_by_all_that_meet_there(state):
    corner = shapely.get_coordinates(state.shapes[state.atom("C000401")])
    inner = [tuple(p) for p in corner.tolist() if LON < p[0] < LON + 6 * SIZE and p[1] > LAT + 1e-9]
    vertex = inner[0]
    done = apply_edit(state, MovePoints(((vertex, (vertex[0] + 1e-5, vertex[1])),)))
    redrawn = [r["code"] for r in done.changed if r["what"] == "redrawn"]
    assert sum(code in state.atom_at for code in redrawn) == 4
    assert chain_of(done.state.shapes) == chain_of(state.shapes)


def test_the_outer_border_is_not_moved(state):
    reason = reasons(state, MovePoints((((LON, LAT), (LON - 1e-5, LAT)),)))[0]
    assert reason["kind"] == "outer_border"
    assert reasons(state, MovePoints((((LON + 0.4 * SIZE, LAT), (LON, LAT)),)))[0]["kind"] == (
        "no_vertex"
    )


def test_a_cut_puts_its_ends_into_the_neighbours_and_shares_the_homes_out(state):
    atom = state.atom("C000301")
    west, south, east, north = shapely.bounds(state.shapes[atom])
    line = (((west + east) / 2, south - SIZE), ((west + east) / 2 - 1e-5, north + SIZE))
    done = apply_edit(state, SplitAtom("C000301", (line,)))
    part = done.state.atom(done.edit.codes[0])
    homes, before = done.state.graph.amount["households"], state.graph.amount["households"]
    assert homes[part] + homes[done.state.atom("C000301")] == before[atom]
    assert float(homes[part]).is_integer()
    assert chain_of(done.state.shapes) == chain_of(state.shapes)
    grown = [
        i
        for i in range(len(state))
        if shapely.get_num_coordinates(done.state.shapes[i])
        > shapely.get_num_coordinates(state.shapes[i])
    ]
    assert len(grown) >= 2
    atoms = next(one for one in drafted(done.state).levels if one.level == "microgrid")
    held = dict(zip([a.code for a in atoms.areas], atoms.attributes, strict=True))
    assert held[done.edit.codes[0]]["estimated"] is True
    assert "estimated" not in held["C000201"]


def test_a_line_that_ends_within_cuts_nothing(state):
    x, y = state.place_of([state.atom("C000301")])
    reason = reasons(state, SplitAtom("C000301", (((x, y), (x + SIZE * 5, y)),)))[0]
    assert reason["kind"] == "not_across"
    assert (reason["lon"], reason["lat"]) == pytest.approx((x, y), abs=1e-6)


def test_a_part_too_narrow_to_be_meant_is_refused(state):
    west, south, _, north = shapely.bounds(state.shapes[state.atom("C000401")])
    ground = small([[10, 10]], [[1, 2]])
    line = ((LON + 2e-5, LAT - 1), (LON + 2e-5, LAT + 1))
    reason = reasons(ground, SplitAtom("C000100", (line,)))[0]
    assert reason["kind"] == "too_narrow"
    del west, south, north


def test_neighbours_in_one_grid_are_joined_and_others_are_not(state):
    done = apply_edit(state, MergeAtoms(("C000101", "C000102")))
    assert len(done.state) == len(state) - 1
    assert chain_of(done.state.shapes) == chain_of(state.shapes)
    assert reasons(state, MergeAtoms(("C000101", "C000201")))[0]["kind"] == "other_grid"


def test_an_outline_becomes_an_exclusive_grid_and_cuts_what_it_crosses(state):
    done = apply_edit(state, Exclusive(polygon(0.3, 1.4, 1.6, 2.6), title="开发区"))
    grid = done.state.grid_at[done.edit.code]
    assert done.state.grids[grid].kind == "exclusive"
    assert done.state.numbers(grid).in_limits is None
    found = shapely.union_all(done.state.shapes[done.state.members(grid)])
    outline = shapely.geometry.shape(polygon(0.3, 1.4, 1.6, 2.6))
    assert shapely.symmetric_difference(found, outline).area < 1e-6 * outline.area
    assert len(done.edit.codes) >= 3
    assert chain_of(done.state.shapes) == chain_of(state.shapes)


def test_an_outline_across_communities_is_refused(state):
    reason = reasons(state, Exclusive(polygon(2.4, 1.4, 3.6, 2.6)))[0]
    assert reason["kind"] == "other_parent"


def test_edits_are_read_back_from_the_log_as_they_were(state):
    edits = [
        SplitGrid("C0003", (("C000301",),)),
        Reassign("C0002", ("C000102",)),
        Exclusive(polygon(3.2, 0.2, 4.4, 1.2), title="学校"),
        MergeAtoms(("C000303", "C000302")),
    ]
    states, logged = [state], []
    for edit in edits:
        done = apply_edit(states[-1], edit)
        states.append(done.state)
        logged.append(edit_from(edit_record(done.edit)))
    assert replayed(state, logged).fingerprint() == states[-1].fingerprint()
    assert replayed(state, logged[:2]).fingerprint() == states[2].fingerprint()


@pytest.mark.parametrize(("level", "code"), [("grid", "C0003"), ("microgrid", "C000301")])
@pytest.mark.parametrize("name", ["name", "name_en"])
def test_a_name_that_is_taken_away_stays_away_when_the_log_is_read(state, level, code, name):
    called = apply_edit(state, Describe(level, code, name="三网格", name_en="Three")).state
    for more in ({}, {"attributes": {"phase": 2}}):
        done = apply_edit(called, Describe(level, code, **{name: ""}, **more))
        record = edit_record(done.edit)
        assert record == {
            "op": "describe", "level": level, "code": code, name: "", **more
        }  # fmt: skip
        again = replayed(called, [edit_from(record)])
        assert again.fingerprint() == done.state.fingerprint() != called.fingerprint()


def test_a_description_that_lost_what_it_took_away_in_an_older_log_changes_nothing(state):
    edit = edit_from({"op": "describe", "level": "grid", "code": "C0003"})
    assert replayed(state, [edit]).fingerprint() == state.fingerprint()
    with pytest.raises(BadValue, match="Nothing is said"):
        apply_edit(state, edit)


def test_an_untouched_grid_keeps_its_drawn_outline_and_a_touched_one_is_derived():
    from dataclasses import replace

    first = start()
    coverage = first.ground.graph.coverage
    drawn = coverage.geometry.copy()
    for row in coverage.rows("grid"):
        drawn[row] = coverage.shapes[row]
    graph = replace(first.ground.graph, coverage=replace(coverage, geometry=drawn))
    known = first_state(replace(first.ground, graph=graph))
    done = apply_edit(known, Reassign("C0002", ("C000102",)))
    grids = next(one for one in drafted(done.state).levels if one.level == "grid")
    shapes = dict(zip([a.code for a in grids.areas], grids.geometry, strict=True))
    assert shapes["C0001"] is None
    assert shapes["C0003"] is drawn[coverage.row("grid", "C0003")]


def test_atoms_take_codes_of_the_grid_that_they_are_in_when_they_are_stored(state):
    done = apply_edit(state, Reassign("C0002", ("C000102",)))
    codes = {a.code for one in drafted(done.state).levels for a in one.areas}
    assert "C000102" not in codes
    assert "C000203" in codes
    assert "C000103" in codes


def test_what_is_not_there_and_what_is_no_edit_is_told(state):
    with pytest.raises(NotFound):
        apply_edit(state, Reassign("C0009", ("C000101",)))
    with pytest.raises(NotFound):
        apply_edit(state, SplitAtom("nowhere", (((0, 0), (1, 1)),)))
    with pytest.raises(BadValue, match="no such edit"):
        edit_from({"op": "fly"})
    with pytest.raises(BadValue, match="fields"):
        edit_from({"op": "recode", "speed": 3})
    with pytest.raises(BadValue, match="polygon"):
        apply_edit(state, Reassign("C0001", lasso={"type": "Polygon", "coordinates": [[[0, 0]]]}))
    assert np.all(state.grid_of == start().grid_of)
