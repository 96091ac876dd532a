"""Grids without micro-grids: cut along lines, borders moved, parts given away, and stored whole."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import shapely

from gridmap.areas import Levels
from gridmap.coverage.auditing.audit import audit, has_faults
from gridmap.errors import BadValue, EditRefused
from gridmap.planning.applying import apply_edit, replayed
from gridmap.planning.chains import chain_of
from gridmap.planning.drafted import drafted, drafted_coverage
from gridmap.planning.edits import (
    MergeGrids,
    Reassign,
    ReplaceBorder,
    SplitAtom,
    SplitGrid,
    edit_from,
    edit_record,
)
from gridmap.planning.ground import planned_level
from gridmap.planning.state import first_state
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.draft_cases import PLAIN, ground_in_parts, start
from tests.draft_doors import taken_in
from tests.planning_cases import LAT, LON, SIZE

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def state():
    return first_state(ground_in_parts())


def stored(state):
    """Code, shape and attributes of each grid as it would be stored."""
    (level,) = [one for one in drafted(state).levels if one.level == "grid"]
    return {
        area.code: (shape, held)
        for area, shape, held in zip(level.areas, level.geometry, level.attributes, strict=True)
    }


def across(shape, at=0.5):
    """A line from west to east over a shape, at a part of its height."""
    west, south, east, north = shapely.bounds(shape)
    y = float(south + at * (north - south))
    return ((float(west) - SIZE, y), (float(east) + SIZE, y))


def same_ground(shapes, whole):
    """True when shapes are a whole, but for where a vertex put on a border rounds it."""
    off = shapely.symmetric_difference(shapely.union_all(shapes), whole)
    return shapely.area(off) < 1e-9 * shapely.area(whole)


def test_a_grid_is_divided_along_a_drawn_line_and_stored_as_two(state):
    whole = state.shapes[state.atom("C0003")]
    done = apply_edit(state, SplitGrid("C0003", lines=(across(whole, 0.8),)))
    south, north = done.edit.codes
    assert {south, north} == {"C0003", "C0005"}
    after = stored(done.state)
    assert set(after) == {*(f"C000{k}" for k in (1, 2, 3, 4, 5)),
                          *(f"C100{k}" for k in (5, 6, 7, 8))}  # fmt: skip
    both = [after[code][0] for code in ("C0003", "C0005")]
    assert same_ground(both, whole)
    assert shapely.area(shapely.intersection(*both)) == 0
    homes = [after[code][1]["households"] for code in ("C0003", "C0005")]
    assert sum(homes) == state.graph.amount["households"][state.atom("C0003")]
    # More than half of the homes both ways: the larger part goes on under the code.
    assert homes[0] > homes[1]
    assert all(after[code][1]["estimated"] is True for code in ("C0003", "C0005"))
    assert "estimated" not in after["C0001"][1]
    assert {(one["code"], one["what"]) for one in done.changed} >= {
        ("C0005", "new"), ("C0003", "redrawn"), ("C0003-01", "new"),
    }  # fmt: skip
    assert not has_faults(audit(drafted_coverage(done.state, "new")))
    assert drafted_coverage(done.state, "new").levels == PLAIN


def test_a_part_that_was_cut_off_is_given_to_the_neighbour(state):
    whole = state.shapes[state.atom("C0001")]
    cut = apply_edit(state, SplitAtom("C0001", (across(whole, 0.3),)))
    part = cut.edit.codes[0]
    assert part == "C0001-01"
    assert set(stored(cut.state)) == set(stored(state))
    done = apply_edit(cut.state, Reassign("C0003", (part,)))
    before, after = stored(state), stored(done.state)
    assert set(after) == set(before)
    grown = shapely.area(after["C0003"][0]) - shapely.area(before["C0003"][0])
    assert grown == pytest.approx(shapely.area(done.state.shapes[done.state.atom(part)]))
    assert chain_of(shape for shape, _ in after.values()) == chain_of(done.state.shapes)
    numbers = done.state.numbers(done.state.grid_at["C0003"])
    assert numbers.held["households"] == after["C0003"][1]["households"]


def test_a_border_of_two_grids_is_moved_and_the_others_keep_their_own_polygon(state):
    one, other = state.atom("C0002"), state.atom("C1005")
    line = shapely.line_merge(shapely.intersection(state.shapes[one], state.shapes[other]))
    points = [tuple(p) for p in shapely.get_coordinates(line).tolist()]
    points[1] = (points[1][0] + 0.1 * SIZE, points[1][1])
    done = apply_edit(state, ReplaceBorder(("C0002", "C1005"), tuple(points)))
    before, after = stored(state), stored(done.state)
    assert shapely.area(after["C0002"][0]) > shapely.area(before["C0002"][0])
    assert all(
        after[code][0] is before[code][0] for code in after if code not in ("C0002", "C1005")
    )
    redrawn = {(one["level"], one["code"]) for one in done.changed}
    assert {("community", "C0"), ("community", "C1")} <= redrawn
    assert chain_of(shape for shape, _ in after.values()) == (
        chain_of(shape for shape, _ in before.values())
    )


def test_grids_are_merged_and_the_log_makes_them_again_to_the_byte(state):
    whole = state.shapes[state.atom("C0003")]
    edits, at = [], state
    for edit in (
        SplitGrid("C0003", lines=(across(whole),)),
        MergeGrids(("C1007", "C1008")),
        SplitAtom("C0001", (across(state.shapes[state.atom("C0001")], 0.4),)),
        Reassign("C0001", ("C0002",)),
    ):
        done = apply_edit(at, edit)
        at = done.state
        edits.append(edit_from(edit_record(done.edit)))
    assert replayed(state, edits).fingerprint() == at.fingerprint()
    assert "C0002" not in stored(at)


@pytest.mark.parametrize("line", [((LON, LAT), (LON + SIZE / 3, LAT + SIZE / 3)),
                                  ((LON - 9, LAT), (LON - 8, LAT))])  # fmt: skip
def test_a_line_that_does_not_cross_the_grid_divides_nothing(state, line):
    with pytest.raises(EditRefused) as refused:
        apply_edit(state, SplitGrid("C0003", lines=(line,)))
    assert refused.value.reasons[0]["kind"] == "not_across"
    assert refused.value.reasons[0]["codes"] == ["C0003"]


def test_a_side_that_is_too_narrow_is_told_with_its_place(state):
    whole = state.shapes[state.atom("C0003")]
    # Along the bottom, two metres above it.
    line = ((LON - SIZE, LAT + 2e-5), (LON + 6 * SIZE, LAT + 2e-5))
    with pytest.raises(EditRefused) as refused:
        apply_edit(state, SplitGrid("C0003", lines=(line,)))
    reason = refused.value.reasons[0]
    assert reason["kind"] == "too_narrow"
    assert shapely.dwithin(whole, shapely.Point(reason["lon"], reason["lat"]), 1e-9)


def test_the_sliver_is_told_that_keeps_a_grid_whole_and_not_the_wide_sides(state):
    # Over the shoulder of an L: two wide sides, and some metres of the shoulder east of them.
    y = LAT + 0.91 * SIZE
    with pytest.raises(EditRefused, match=r"would be [0-4]\.\d m wide") as refused:
        apply_edit(state, SplitGrid("C0003", lines=(((LON - SIZE, y), (LON + 4 * SIZE, y)),)))
    (reason,) = refused.value.reasons
    whole = state.shapes[state.atom("C0003")]
    assert shapely.dwithin(whole, shapely.Point(reason["lon"], reason["lat"]), 1e-9)
    assert reason["lon"] > LON + SIZE


def test_where_there_are_micro_grids_a_line_cuts_those_that_it_crosses():
    fine = start()
    grid = fine.grid_at["C0003"]
    whole = shapely.union_all(fine.shapes[fine.members(grid)])
    done = apply_edit(fine, SplitGrid("C0003", lines=(across(whole, 0.85),)))
    assert len(done.edit.cuts) == 1
    sides = [
        shapely.union_all(done.state.shapes[done.state.members(done.state.grid_at[code])])
        for code in done.edit.codes
    ]
    assert same_ground(sides, whole)
    assert len(done.state) == len(fine) + len(done.edit.cuts)
    assert chain_of(done.state.shapes) == chain_of(fine.shapes)
    again = replayed(fine, [edit_from(edit_record(done.edit))])
    assert again.fingerprint() == done.state.fingerprint()
    # So near to its border a line would leave a strip: the micro-grid goes as a whole.
    assert not apply_edit(fine, SplitGrid("C0003", lines=(across(whole, 0.7),))).edit.cuts


def test_what_is_planned_is_the_grid_or_one_of_the_two_finest_levels_that_have_areas():
    names = ("subdistrict", "community", "grid", "microgrid")
    assert planned_level(names, {"community": 2, "grid": 9, "microgrid": 30}) == "grid"
    assert planned_level(names, {"subdistrict": 1, "community": 2, "grid": 9}) == "grid"
    assert planned_level(names, {"grid": 9}) == "grid"
    assert planned_level(names, {"subdistrict": 1, "community": 2}) == "subdistrict"
    assert planned_level(("precinct", "block"), {"precinct": 3, "block": 9}) == "precinct"
    assert planned_level(names, {"community": 2, "grid": 9}, "community") == "community"
    assert planned_level(names, {"community": 2, "microgrid": 30}) == "community"
    assert planned_level(names, {"community": 2, "microgrid": 30}, "grid") == "grid"
    with pytest.raises(BadValue, match="finest level"):
        planned_level(names, {"community": 2, "grid": 9, "microgrid": 30}, "community")
    with pytest.raises(BadValue, match="finest level"):
        planned_level(names, {})


def test_parts_have_a_level_of_their_own_name():
    called = Levels(["community", "grid", "part"])
    ground = ground_in_parts(levels=called)
    assert ground.finest == "part"
    assert drafted_coverage(first_state(ground), "new").levels == called


def test_a_town_of_grids_alone_is_drawn_and_published(store_url, tmp_path):
    settings = Settings(store=store_url, secrets=tmp_path / "site.secrets")
    with open_workspace(settings=settings, clock=lambda: NOW) as workspace:
        board = ground_in_parts()
        coverage = board.graph.coverage
        workspace.set_levels(["community", "grid", "microgrid"])
        for level in ("community", "grid"):
            frame = coverage.frame(level)
            if level == "grid":
                frame["households"] = [board.grid_kept[c]["households"] for c in frame["code"]]
            taken_in(workspace, tmp_path, frame, "today", level)
        workspace.publish("today", effective_from="2026-01-01", commit=True)
        number = workspace.start_draft("划分")
        assert workspace.plan_draft(number)["level"] == "grid"
        whole = coverage.shapes[coverage.row("grid", "C0003")]
        line = [list(p) for p in across(whole, 0.8)]
        done = workspace.edit_draft(
            number, 0, {"op": "split_grid", "grid": "C0003", "lines": [line]}
        )
        assert {one.code for one in done.grids} == {"C0003", "C0005"}
        figures = workspace.draft_measures(number).whole()
        assert (figures["grids"], figures["households"]) == (
            9, sum(one["households"] for one in board.grid_kept.values()),
        )  # fmt: skip
        assert set(workspace.draft_shapes(number, "part")["parent_code"]) == {
            *workspace.draft_shapes(number)["code"]
        }
        # Asked for by name the draft says the same, and of the edition what the cut changed.
        named = workspace.plan_measures(f"draft:{number}")
        assert (len(named.frame), named.whole()["households"]) == (9, figures["households"])
        compared = workspace.plans_compared("today", f"draft:{number}")
        by_number = workspace.compare_draft(number)
        assert compared.whole() == by_number.whole()
        moved = compared.flows()
        assert set(moved[moved["from"] != moved["to"]]["from"]) == {"C0003"}
        workspace.edit_draft(number, 1, {"op": "merge_grids", "grids": ["C0003", "C0005"]})
        assert len(workspace.plan_measures(f"draft:{number}").frame) == 8
        assert len(workspace.plan_measures(f"draft:{number}@1").frame) == 9
        workspace.undo_draft(number, 2)
        outcome = workspace.publish_draft(
            number, 3, edition="2026-12", effective_from="2026-11-30", commit=True
        )
        assert outcome.areas == {"community": 2, "grid": 9, "microgrid": 0}
        new = workspace.draft_shapes(number).set_index("code").geometry["C0005"]
        spot = shapely.point_on_surface(new)
        found = [
            workspace.locate(spot.x, spot.y, at=at).areas["grid"]
            for at in ("2026-11-29", "2026-11-30")
        ]
        assert found == ["C0003", "C0005"]
        assert not workspace.store.coverage("2026-12").rows("microgrid").size
        kept = workspace.store.attributes("2026-12", "grid")
        assert sum(one["households"] for one in kept.values()) == figures["households"]
        again = workspace.start_draft("社区", level="community")
        assert workspace.draft_state(again).ground.finest == "grid"
