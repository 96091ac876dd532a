"""What became of areas, case by case: squares of a hundred metres in a row, x to the east."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.lineage.amounts import Points
from gridmap.coverage.lineage.compute import lineage
from gridmap.coverage.lineage.identity import match_codes
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, NotFound, UnknownLevel
from tests.lineage_cases import flat, found_relations, nested
from tests.partitions import lattice
from tests.specimens import specimens

STEP = 0.001


def box(west: float, east: float, south: float = 0, north: float = 1) -> shapely.Polygon:
    return shapely.box(117 + west * STEP, 36 + south * STEP, 117 + east * STEP, 36 + north * STEP)


def relations(old: dict, new: dict, names: tuple[dict, dict] = ({}, {})) -> set:
    found = lineage(flat("old", old, names[0]), flat("new", new, names[1]))
    return set(found_relations(found.level("grid")))


ROW = {"a": box(0, 1), "b": box(1, 2), "c": box(2, 3)}


@pytest.mark.parametrize("specimen", specimens(), ids=str)
def test_any_coverage_against_itself_is_all_kept(specimen) -> None:
    coverage = specimen.coverage()
    found = lineage(coverage, coverage)
    assert found.all_kept
    assert found.level("grid").counts() == {"kept": len(coverage)}


def test_a_ring_that_begins_elsewhere_is_the_same_land() -> None:
    turned = shapely.Polygon(np.roll(shapely.get_coordinates(ROW["a"])[:-1], 2, axis=0)[::-1])
    assert relations({"a": ROW["a"]}, {"a": turned}) == {("kept", ("a",), ("a",))}


def test_another_name_or_another_code_on_the_same_land() -> None:
    names = {"a": "文化社区", "b": "历山社区"}, {"a": "文化路社区", "x": "历山社区"}
    old = {"a": ROW["a"], "b": ROW["b"]}
    new = {"a": ROW["a"], "x": ROW["b"]}
    assert relations(old, new, names) == {("renamed", ("a",), ("a",)), ("recoded", ("b",), ("x",))}


def test_codes_that_were_exchanged_follow_the_land() -> None:
    old = {"a": ROW["a"], "b": ROW["b"]}
    new = {"b": ROW["a"], "a": ROW["b"]}
    assert relations(old, new) == {("recoded", ("a",), ("b",)), ("recoded", ("b",), ("a",))}


@pytest.mark.parametrize("codes", [("a", "x"), ("x", "y")], ids=["one keeps the code", "both new"])
def test_one_that_became_two_is_a_split(codes) -> None:
    new = {codes[0]: box(0, 0.6), codes[1]: box(0.6, 1)}
    assert relations({"a": ROW["a"]}, new) == {("split", ("a",), tuple(sorted(codes)))}


@pytest.mark.parametrize("code", ["a", "x"])
def test_two_that_became_one_are_a_merger(code) -> None:
    old = {"a": box(0, 0.6), "b": box(0.6, 1)}
    assert relations(old, {code: box(0, 1)}) == {("merged", ("a", "b"), (code,))}


def test_a_border_that_moved_is_told_with_who_gained() -> None:
    old = {"a": ROW["a"], "b": ROW["b"]}
    new = {"a": box(0, 1.25), "b": box(1.25, 2)}
    found = lineage(flat("old", old), flat("new", new)).level("grid")
    assert found_relations(found) == {
        ("moved_border", ("a",), ("a",)): 1,
        ("moved_border", ("b",), ("b",)): 1,
    }
    (transfer,) = np.flatnonzero(found.kind == "transfer")
    assert (found.old_code[found.old[transfer]], found.new_code[found.new[transfer]]) == ("b", "a")
    quarter = found.amounts["area"].value[transfer]
    assert quarter == pytest.approx(0.25 * 90.2 * 111.0, rel=2e-3)
    assert found.moved_m2(found.relations[0]) == pytest.approx(quarter)


def test_an_outline_that_moved_names_no_area() -> None:
    found = lineage(flat("old", {"a": box(0, 1)}), flat("new", {"a": box(0.2, 1.1)})).level("grid")
    assert set(found_relations(found)) == {("moved_border", ("a",), ("a",))}
    links = sorted(zip(found.old.tolist(), found.new.tolist(), strict=True))
    assert links == [(-1, 0), (0, -1), (0, 0)]


def test_one_that_was_shared_out_is_abolished_and_the_others_moved_their_borders() -> None:
    new = {"a": box(0, 1.5), "c": box(1.5, 3)}
    assert relations(ROW, new) == {
        ("abolished", ("b",), ()),
        ("moved_border", ("a",), ("a",)),
        ("moved_border", ("c",), ("c",)),
    }


def test_one_made_of_parts_of_others_is_created() -> None:
    new = {"a": box(0, 0.7), "n": box(0.7, 1.3), "b": box(1.3, 2), "c": ROW["c"]}
    assert relations(ROW, new) == {
        ("created", (), ("n",)),
        ("kept", ("c",), ("c",)),
        ("moved_border", ("a",), ("a",)),
        ("moved_border", ("b",), ("b",)),
    }


def test_one_that_left_the_district_is_abolished_and_one_that_came_is_created() -> None:
    assert relations({"a": box(0, 1)}, {"z": box(8, 9)}) == {
        ("abolished", ("a",), ()),
        ("created", (), ("z",)),
    }


def test_a_strip_given_away_does_not_hide_a_split_or_a_merger() -> None:
    old = {"a": box(0, 1), "b": box(1, 2)}
    new = {"a": box(0, 0.5), "n": box(0.5, 1.03), "b": box(1.03, 2)}
    assert relations(old, new) == {
        ("split", ("a",), ("a", "n")),
        ("moved_border", ("b",), ("b",)),
    }
    assert relations(new, old) == {
        ("merged", ("a", "n"), ("a",)),
        ("moved_border", ("b",), ("b",)),
    }


def test_half_an_area_is_not_most_of_it() -> None:
    """Whichever half is the larger one by rounding: neither goes on as the whole."""
    halves = {"a": box(0, 1), "b": box(1, 2)}
    found = lineage(flat("old", halves), flat("new", {"x": box(0, 2)})).level("grid")
    assert found.heir.tolist() == [-1, -1]


def test_homes_decide_who_goes_on_where_no_code_says_so() -> None:
    """a gives 60 % of its land to x, which is mostly a; and 90 % of its homes to y."""
    old, new = {"a": box(0, 1), "b": box(1, 1.3)}, {"x": box(0, 0.6), "y": box(0.6, 1.3)}
    by_land = lineage(flat("old", old), flat("new", new)).level("grid")
    assert by_land.heir.tolist() == [0, -1]
    homes = Points.of([117.0008] * 9 + [117.0001, 117.0011], [36.0005] * 11)
    by_homes = lineage(flat("old", old), flat("new", new), counted={"households": homes})
    assert by_homes.level("grid").heir.tolist() == [1, -1]


def test_several_that_became_several_others_are_redrawn() -> None:
    old = {"a": box(0, 2, 0, 1), "b": box(0, 2, 1, 2)}
    new = {"x": box(0, 0.7, 0, 2), "y": box(0.7, 1.4, 0, 2), "z": box(1.4, 2, 0, 2)}
    assert relations(old, new) == {("redrawn", ("a", "b"), ("x", "y", "z"))}


def test_a_code_on_other_land_is_not_the_same_area() -> None:
    old = {"a": box(0, 1), "b": box(1, 2)}
    new = {"a": box(1, 2), "c": box(0, 1)}
    assert relations(old, new) == {("recoded", ("a",), ("c",)), ("recoded", ("b",), ("a",))}


def test_codes_are_compared_as_numbers_where_that_is_unique() -> None:
    assert match_codes(["101", "0102", "103.0"], ["101.0", "102", "0103"]).tolist() == [0, 1, 2]
    assert match_codes(["0101", "101"], ["101", "0101.0"]).tolist() == [1, 0]
    assert match_codes(["0101", "00101"], ["101"]).tolist() == [-1, -1]
    assert match_codes(["a1", "~1", "１０１", ""], ["A1", "~2", "101", "0"]).tolist() == [-1] * 4
    old, new = {"0101": ROW["a"], "b": ROW["b"]}, {"101.0": ROW["a"], "b": ROW["b"]}
    assert relations(old, new) == {("kept", ("0101",), ("101.0",)), ("kept", ("b",), ("b",))}


def test_areas_under_another_parent_are_told_though_they_are_kept() -> None:
    cells = lattice(3, 1)
    old = nested("old", cells, ["g1", "g1", "g2"])
    new = nested("new", cells, ["g1", "g2", "g2"])
    found = lineage(old, new)
    assert not found.all_kept
    assert found.level("microgrid").counts() == {"kept": 3}
    assert found.level("microgrid").reparented.tolist() == [False, True, False]
    assert found.level("grid").counts() == {"moved_border": 2}


def test_a_parent_that_only_got_another_code_moves_nobody() -> None:
    cells = lattice(2, 1)
    found = lineage(nested("old", cells, ["g1", "g1"]), nested("new", cells, ["g9", "g9"]))
    assert found.level("grid").counts() == {"recoded": 1}
    assert not found.level("microgrid").reparented.any()


def test_a_lost_parent_is_a_change() -> None:
    levels = Levels(["grid", "microgrid"])
    child = Area(-1, "microgrid", "m", "", parent_level="grid", parent_code="g")
    orphan = Area(-1, "microgrid", "m", "")
    grid = Area(-1, "grid", "g", "")
    old = Coverage.build("old", levels, [grid, child], [None, ROW["a"]])
    new = Coverage.build("new", levels, [grid, orphan], [None, ROW["a"]])
    found = lineage(old, new)
    assert found.level("microgrid").reparented.tolist() == [True]
    # the grid has no child left, so it is an atom without land
    assert found.level("grid").counts() == {"moved_border": 1}


def test_levels_that_one_edition_lacks_are_created_or_abolished() -> None:
    cells = lattice(2, 1)
    whole = shapely.union_all(cells)
    coarse = Coverage.build(
        "coarse", Levels(["grid", "microgrid"]), [Area(-1, "grid", "g1", "")], [whole]
    )
    fine = nested("fine", cells, ["g1", "g1"])
    found = lineage(coarse, fine)
    assert found.level("grid").counts() == {"kept": 1}
    assert found.level("microgrid").counts() == {"created": 2}
    assert lineage(fine, coarse).level("microgrid").counts() == {"abolished": 2}


def test_the_rest_of_a_parent_is_no_area_of_its_own() -> None:
    levels = Levels(["grid", "microgrid"])
    grid = Area(-1, "grid", "g", "")
    child = Area(-1, "microgrid", "m", "", parent_level="grid", parent_code="g")
    rest = Area(-1, "microgrid", "g~rest", "", parent_level="grid", parent_code="g",
                kind="remainder")  # fmt: skip
    old = Coverage.build("old", levels, [grid, child, rest], [None, ROW["a"], ROW["b"]])
    new = Coverage.build("new", levels, [grid, child], [None, ROW["a"]])
    found = lineage(old, new)
    assert found.level("microgrid").counts() == {"kept": 1}
    assert found.level("grid").counts() == {"moved_border": 1}


def test_empty_editions_have_no_levels() -> None:
    empty = Coverage.build("empty", Levels(["grid"]), [], [])
    assert lineage(empty, empty).levels == ()
    assert lineage(empty, flat("new", ROW)).level("grid").counts() == {"created": 3}
    assert lineage(flat("old", ROW), empty).level("grid").counts() == {"abolished": 3}


def test_what_cannot_be_asked_is_refused() -> None:
    found = lineage(flat("old", ROW), flat("new", ROW))
    with pytest.raises(UnknownLevel, match="Allowed: grid"):
        found.level("block")
    with pytest.raises(NotFound, match="'old' has no grid"):
        found.level("grid").old_place("zz")
    with pytest.raises(BadValue, match="tolerance"):
        lineage(flat("old", ROW), flat("new", ROW), tolerance_m=float("nan"))
