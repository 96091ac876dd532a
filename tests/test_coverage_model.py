"""The coverage as arrays: order, links, atoms, ancestors, derived shapes, selections."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.areas import Area, Levels
from gridmap.coverage.model import STORED_CRS, Coverage
from gridmap.errors import BadValue, NotFound, UnknownLevel
from tests.specimens import (
    Patchwork,
    box,
    flat_coverage,
    nested,
    nested_coverages,
    objects,
    patchworks,
    specimen,
)

TWO = Levels(["community", "grid"])


def grid(code: str, parent: str | None = None, **more: object) -> Area:
    level = None if parent is None else "community"
    return Area(-1, "grid", code, code, parent_level=level, parent_code=parent, **more)


def community(code: str) -> Area:
    return Area(-1, "community", code, code)


def of(coverage: Coverage, row: int) -> str | None:
    return None if row < 0 else coverage.code[row]


def test_rows_are_ordered_by_level_then_by_code_in_bytes() -> None:
    coverage = nested()
    assert coverage.code.tolist() == ["s", "1", "2", "1001", "1002", "orphan"]
    assert coverage.rank.tolist() == [0, 1, 1, 2, 2, 2]
    codes = ["网格", "~1", "b", "B", "10", "9", "é"]
    flat = flat_coverage(codes, objects([None] * 7))
    assert flat.code.tolist() == ["10", "9", "B", "b", "~1", "é", "网格"]


def test_a_code_that_is_no_text_of_any_encoding_still_has_a_place() -> None:
    flat = flat_coverage(["b", "\udce9", "a"], objects([None] * 3))
    assert flat.code.tolist() == ["a", "b", "\udce9"]


def test_links_become_rows() -> None:
    coverage = nested()
    assert [of(coverage, p) for p in coverage.parent] == [None, "s", "s", "1", "1", None]


@pytest.mark.parametrize("parent", [("community", "9"), ("estate", "1"), (None, "1")])
def test_a_link_to_nowhere_is_no_link(parent: tuple[str | None, str]) -> None:
    area = Area(-1, "grid", "1", "1", parent_level=parent[0], parent_code=parent[1])
    coverage = Coverage.build("e", TWO, [area, community("1")], objects([None, None]))
    assert coverage.parent.tolist() == [-1, -1]


@pytest.mark.parametrize("level", ["grid", "community"])
def test_a_link_to_itself_or_to_a_finer_level_is_no_link(level: str) -> None:
    area = Area(-1, level, "1", "1", parent_level="grid", parent_code="1")
    other = Area(-1, "grid", "1", "1") if level == "community" else community("2")
    coverage = Coverage.build("e", TWO, [area, other], objects([box(0, 0, 8, 8), None]))
    assert coverage.parent.tolist() == [-1, -1]
    assert len(coverage.atoms) == 2


def test_atoms_are_the_areas_that_nobody_names_as_parent() -> None:
    coverage = nested()
    assert coverage.code[coverage.atoms].tolist() == ["2", "1001", "1002", "orphan"]


def test_ancestors_hold_the_area_itself_and_those_above() -> None:
    coverage = nested()
    table = {
        coverage.code[row]: [of(coverage, a) for a in coverage.ancestors[row]]
        for row in range(len(coverage))
    }
    assert table == {
        "s": ["s", None, None],
        "1": ["s", "1", None],
        "2": ["s", "2", None],
        "1001": ["s", "1", "1001"],
        "1002": ["s", "1", "1002"],
        "orphan": [None, None, "orphan"],
    }


def test_a_link_over_a_level_leaves_that_level_empty() -> None:
    levels = Levels(["subdistrict", "community", "grid"])
    areas = [
        Area(-1, "subdistrict", "s", "s"),
        Area(-1, "grid", "1", "1", parent_level="subdistrict", parent_code="s"),
    ]
    coverage = Coverage.build("e", levels, areas, objects([None, box(0, 0, 8, 8)]))
    assert coverage.ancestors[1].tolist() == [0, -1, 1]
    assert coverage.shapes[0].equals(box(0, 0, 8, 8))


def test_the_shape_of_a_parent_is_the_union_of_its_atoms_not_what_it_declares() -> None:
    coverage = nested()
    shape = dict(zip(coverage.code, coverage.shapes, strict=True))
    assert shape["1"].equals(box(0, 0, 64, 128))
    assert shape["s"].equals(box(0, 0, 128, 128))
    assert shape["2"] is coverage.geometry[2]
    assert shape["1001"].equals(box(0, 0, 64, 64))


def test_overlapping_atoms_are_united_all_the_same() -> None:
    for name, area in (("overlap", box(0, 0, 128, 64)), ("twins", box(0, 0, 64, 64))):
        case = specimen(name)
        areas = [community("c"), *(grid(code, "c") for code in case.codes)]
        coverage = Coverage.build("e", TWO, areas, objects([None, *case.geometry]))
        assert coverage.shapes[0].is_valid
        assert coverage.shapes[0].equals(area)


def test_borders_that_do_not_match_leave_no_seam() -> None:
    case = specimen("t_junction")
    areas = [community("c"), *(grid(code, "c") for code in case.codes)]
    coverage = Coverage.build("e", TWO, areas, objects([None, *case.geometry]))
    assert coverage.shapes[0].equals(box(0, 0, 128, 64))


def test_invalid_atoms_give_a_valid_polygonal_parent() -> None:
    case = specimen("bowtie")
    spike = shapely.Polygon([(117, 36.5), (117.001, 36.5), (117, 36.5)])
    areas = [community("c"), *(grid(code, "c") for code in (*case.codes, "spike"))]
    coverage = Coverage.build("e", TWO, areas, objects([None, *case.geometry, spike]))
    assert coverage.shapes[0].is_valid
    assert coverage.shapes[0].geom_type in ("Polygon", "MultiPolygon")
    assert coverage.shapes[0].covers(case.geometry[1])


def test_a_parent_without_any_shape_below_has_none() -> None:
    areas = [community("c"), grid("1", "c"), grid("2", "c")]
    coverage = Coverage.build("e", TWO, areas, objects([box(0, 0, 8, 8), None, shapely.Polygon()]))
    assert coverage.shapes[0] is None
    assert np.isnan(coverage.label_points[0]).all()


@given(nested_coverages(broken=False))
@settings(max_examples=40, deadline=None)
def test_every_area_has_the_shape_of_the_atoms_below_it(drawn: tuple[Coverage, Patchwork]) -> None:
    coverage, patchwork = drawn
    assert len(coverage.atoms) == len(patchwork.polygons)
    for row in range(len(coverage)):
        below = coverage.atoms[(coverage.ancestors[coverage.atoms] == row).any(axis=1)]
        assert coverage.shapes[row].is_valid
        united = shapely.union_all(coverage.geometry[below])
        assert coverage.shapes[row].equals(united)


@given(nested_coverages())
@settings(max_examples=40, deadline=None)
def test_shapes_of_broken_coverages_are_valid_and_miss_nothing(
    drawn: tuple[Coverage, Patchwork],
) -> None:
    coverage, _ = drawn
    for row in np.flatnonzero(~shapely.is_missing(coverage.shapes)):
        below = coverage.atoms[(coverage.ancestors[coverage.atoms] == row).any(axis=1)]
        united = shapely.union_all(coverage.geometry[below])
        assert coverage.shapes[row].is_valid
        difference = coverage.shapes[row].symmetric_difference(united).area
        assert difference <= 1e-9 * united.area


@given(patchworks(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_building_again_in_another_order_gives_the_same(patchwork: Patchwork, random) -> None:
    coverage = patchwork.coverage()
    rows = list(range(len(coverage)))
    random.shuffle(rows)
    again = Coverage.build(
        "specimen", coverage.levels, [coverage.area(r) for r in rows], coverage.geometry[rows]
    )
    assert again.fingerprint() == coverage.fingerprint()


def test_the_fingerprint_depends_on_vertices_codes_and_links() -> None:
    areas = [community("c"), community("d"), grid("1", "c")]
    shapes = objects([None, None, box(0, 0, 8, 8)])
    first = Coverage.build("e", TWO, areas, shapes).fingerprint()
    moved = Coverage.build("e", TWO, areas, objects([None, None, box(0, 0, 8, 9)]))
    relinked = Coverage.build("e", TWO, [*areas[:2], grid("1", "d")], shapes)
    renamed = Coverage.build("e", TWO, [*areas[:2], grid("2", "c")], shapes)
    assert len({first, *(c.fingerprint() for c in (moved, relinked, renamed))}) == 4
    assert Coverage.build("other name", TWO, areas, shapes).fingerprint() == first


def test_no_areas_make_an_empty_coverage() -> None:
    coverage = Coverage.build("e", TWO, [], objects([]))
    assert (len(coverage), len(coverage.atoms), len(coverage.shapes)) == (0, 0, 0)
    assert coverage.ancestors.shape == (0, 2)
    assert coverage.label_points.shape == (0, 2)
    assert len(coverage.frame("grid")) == 0
    assert len(coverage.only(np.zeros(0, bool))) == 0


def test_an_area_comes_back_as_it_went_in() -> None:
    area = Area(
        id=7,
        level="grid",
        code="0410",
        name="第一网格",
        name_en="Grid 1",
        parent_level="community",
        parent_code="c",
        kind="exclusive",
        provisional=True,
    )
    coverage = Coverage.build("e", TWO, [area, community("c")], objects([None, None]))
    assert coverage.area(coverage.row("grid", "0410")) == area
    assert coverage.area(coverage.row("community", "c")) == community("c")


def test_rows_of_a_level_and_of_a_code() -> None:
    coverage = nested()
    assert coverage.code[coverage.rows("grid")].tolist() == ["1001", "1002", "orphan"]
    assert coverage.row("community", "2") == 2
    with pytest.raises(NotFound, match="1001"):
        coverage.row("community", "1001")
    with pytest.raises(UnknownLevel, match="estate"):
        coverage.rows("estate")


def test_a_level_as_a_frame_has_codes_parents_and_shapes() -> None:
    frame = nested().frame("community")
    assert frame.crs == STORED_CRS
    assert frame["code"].tolist() == ["1", "2"]
    assert frame["parent_code"].tolist() == ["s", "s"]
    assert frame.geometry.iloc[0].equals(box(0, 0, 64, 128))


def test_a_label_stands_inside_its_area() -> None:
    coverage = nested()
    for row in range(len(coverage)):
        assert coverage.shapes[row].contains(shapely.Point(coverage.label_points[row]))


def test_only_some_rows_keep_their_links_among_themselves() -> None:
    coverage = nested()
    kept = coverage.only(np.isin(coverage.code, ["s", "1001", "1002", "2"]))
    assert kept.code.tolist() == ["s", "2", "1001", "1002"]
    assert [of(kept, p) for p in kept.parent] == [None, "s", None, None]
    assert kept.shapes[0].equals(box(64, 0, 128, 128))
    # What was worked out for the whole is worked out anew.
    assert coverage.shapes[0].equals(box(0, 0, 128, 128))


def test_a_mask_of_another_length_is_refused() -> None:
    with pytest.raises(BadValue):
        nested().only(np.ones(2, dtype=bool))
