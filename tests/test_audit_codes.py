from dataclasses import replace

import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.auditing.audit import audit
from gridmap.coverage.model import Coverage
from tests.partitions import LAT, LON, lattice

CELLS = lattice(10, 2)


def coverage(areas, geometry=None):
    levels = Levels(["community", "grid"])
    shapes = [None, *CELLS] if geometry is None else geometry
    return Coverage.build("draft", levels, areas, shapes)


def grids(codes, *, parent="990101", names=None):
    return [
        Area(
            -1,
            "grid",
            code,
            names[n] if names else f"{code}网格",
            parent_level="community",
            parent_code=parent,
            provisional="~" in code,
        )
        for n, code in enumerate(codes)
    ]


CODES = [f"990101{n:03d}" for n in range(20)]
TOP = Area(-1, "community", "990101", "历山社区")


def found(areas, geometry=None):
    return [(f.kind, f.severity, f.codes) for f in audit(coverage(areas, geometry))]


def test_proper_codes_have_no_faults():
    assert found([TOP, *grids(CODES)]) == []


def test_provisional_codes_are_told_apart_into_blank_and_duplicate():
    codes = [*CODES[:18], "~1", "990101003~2"]
    assert found([TOP, *grids(codes)]) == [
        ("blank_code", "warning", ("~1",)),
        ("duplicate_code", "warning", ("990101003~2",)),
    ]


def test_a_fault_of_a_code_is_placed_inside_its_area():
    (fault,) = audit(coverage([TOP, *grids([*CODES[:19], "~1"])]))
    assert CELLS[19].covers(shapely.Point(fault.lon, fault.lat))


def test_a_parent_that_does_not_exist_is_an_error_with_its_code():
    areas = [TOP, *grids(CODES[:19]), *grids(CODES[19:], parent="999999")]
    (fault,) = audit(coverage(areas))
    assert (fault.kind, fault.severity, fault.codes) == ("parent_unknown", "error", (CODES[19],))
    assert "999999" in fault.text


def test_a_missing_parent_is_an_error():
    areas = [TOP, *grids(CODES[:19]), Area(-1, "grid", CODES[19], "末网格")]
    assert found(areas) == [("missing_parent", "error", (CODES[19],))]


def test_without_coarser_areas_nobody_misses_a_parent():
    areas = [Area(-1, "grid", code, f"{code}网格") for code in CODES]
    assert found(areas, CELLS) == []


def test_a_code_that_is_not_its_parents_is_a_warning():
    codes = [*CODES[:19], "990102019"]
    assert found([TOP, *grids(codes)]) == [("prefix_not_parent", "warning", ("990102019",))]


def test_a_code_built_unlike_the_others_is_a_warning():
    codes = [*CODES[:19], "9901010019"]
    assert found([TOP, *grids(codes)]) == [("code_shape", "warning", ("9901010019",))]


def test_two_systems_of_codes_in_one_level_are_told_once():
    codes = [*CODES[:12], *(f"G-{n:04d}" for n in range(8))]
    (fault,) = [f for f in audit(coverage([TOP, *grids(codes)])) if f.kind != "prefix_not_parent"]
    assert (fault.kind, fault.severity) == ("two_code_systems", "warning")
    assert set(fault.codes) == set(codes[12:])


def test_codes_that_are_not_hierarchical_are_left_alone():
    top = Area(-1, "community", "1", "历山社区")
    codes = [f"9{n:03d}" for n in range(20)]
    assert found([top, *grids(codes, parent="1")]) == []


def test_areas_without_a_name_are_warnings():
    names = [f"第{n}网格" for n in range(20)]
    names[3] = names[7] = ""
    assert found([TOP, *grids(CODES, names=names)]) == [
        ("blank_name", "warning", (CODES[3],)),
        ("blank_name", "warning", (CODES[7],)),
    ]


def test_a_level_without_names_is_mentioned_once():
    (fault,) = audit(coverage([TOP, *grids(CODES, names=[""] * 20)]))
    assert (fault.kind, fault.severity, fault.level) == ("blank_name", "info", "grid")
    assert fault.text == "No area of level grid has a name (20 in all)."
    assert fault.said.say("zh") == "网格一级的20个区域都没有名称。"


def test_a_remainder_needs_no_name():
    areas = [replace(area, name="", kind="remainder") for area in grids(CODES[19:])]
    faults = audit(coverage([TOP, *grids(CODES[:19]), *areas]))
    assert "blank_name" not in {fault.kind for fault in faults}


def test_two_areas_of_one_parent_with_one_name_are_a_warning():
    names = [f"第{n}网格" for n in range(20)]
    names[7] = names[3]
    assert found([TOP, *grids(CODES, names=names)]) == [("same_name", "warning", (CODES[7],))]


def test_one_name_under_two_parents_is_no_fault():
    other = Area(-1, "community", "990102", "泉城路社区")
    first = grids(CODES[:10], names=[f"第{n}网格" for n in range(10)])
    second = grids(
        [f"990102{n:03d}" for n in range(10)],
        parent="990102",
        names=[f"第{n}网格" for n in range(10)],
    )
    assert found([TOP, other, *first, *second], [None, None, *CELLS]) == []


def test_names_that_tell_nothing_apart_are_mentioned_once():
    names = ["文化路", "泉城路"] * 10
    (fault,) = audit(coverage([TOP, *grids(CODES, names=names)]))
    assert (fault.kind, fault.severity) == ("same_name", "info")
    assert fault.text.startswith("20 areas of level grid")


@pytest.mark.parametrize("other", ["文化路社区居委会", "文化路 街道", "文化路居民委员会"])
def test_names_that_differ_by_their_ending_only_are_mentioned(other):
    names = [f"第{n}网格" for n in range(18)] + ["文化路社区", other]
    assert found([TOP, *grids(CODES, names=names)]) == [("similar_name", "info", (CODES[19],))]


def test_names_that_differ_by_their_number_are_different():
    names = [f"文化路第{n}社区" for n in range(20)]
    assert found([TOP, *grids(CODES, names=names)]) == []


def test_unrelated_codes_of_a_whole_level_are_left_alone():
    assert found([TOP, *grids([f"{n:09d}" for n in range(20)])]) == []


def test_a_broken_name_is_told_with_what_was_meant():
    names = [f"南关第{n}社区" for n in range(20)]
    names[4] = "南关社区".encode("gbk").decode("latin-1")
    names[5] = "南关\ufffd区"
    faults = audit(coverage([TOP, *grids(CODES, names=names)]))
    assert [(f.kind, f.codes) for f in faults] == [
        ("mojibake", (CODES[4],)),
        ("mojibake", (CODES[5],)),
    ]
    assert "南关社区" in faults[0].text


def test_an_atom_without_a_polygon_is_an_error():
    shapes = [None, *CELLS]
    shapes[20] = None
    assert found([TOP, *grids(CODES)], shapes) == [("empty_geometry", "error", (CODES[19],))]


@pytest.mark.parametrize("provided", [None, shapely.Polygon()])
def test_a_parent_without_a_polygon_is_no_fault(provided):
    assert found([TOP, *grids(CODES)], [provided, *CELLS]) == []


def test_an_invalid_atom_is_an_error_with_reason_and_place():
    x, y = LON + 1, LAT
    bowtie = shapely.Polygon([(x, y), (x + 0.01, y + 0.01), (x + 0.01, y), (x, y + 0.01)])
    areas = [TOP, *grids(CODES[:2])]
    faults = audit(coverage(areas, [None, CELLS[0], bowtie]))
    (fault,) = [f for f in faults if f.kind == "invalid_geometry"]
    assert (fault.severity, fault.codes) == ("error", (CODES[1],))
    assert "Self-intersection" in fault.text
    assert (fault.lon, fault.lat) == pytest.approx((x + 0.005, y + 0.005))


def test_an_invalid_atom_hides_no_other_fault():
    bowtie = shapely.Polygon([(117, 36), (117.01, 36.01), (117.01, 36), (117, 36.01)])
    square = shapely.box(117.0, 36.004, 117.001, 36.006)
    faults = audit(coverage([TOP, *grids(CODES[:2])], [None, bowtie, square]))
    assert {f.kind for f in faults} == {"invalid_geometry", "overlap"}


def test_a_ring_that_encloses_nothing_is_invalid_and_stops_nothing():
    flat = shapely.Polygon([(117, 36), (117.01, 36), (117, 36)])
    faults = audit(coverage([TOP, *grids(CODES[:2])], [None, flat, CELLS[0]]))
    assert [f.kind for f in faults] == ["invalid_geometry"]


def test_an_empty_coverage_has_no_faults():
    assert audit(coverage([], np.empty(0, dtype=object))) == []
