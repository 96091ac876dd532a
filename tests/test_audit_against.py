"""A coverage against an outline, or another layer, of the same place."""

import itertools

import numpy as np
import pytest
import shapely
import shapely.affinity

from gridmap.areas import Area, Levels
from gridmap.coverage.auditing.against import Reference
from gridmap.coverage.auditing.audit import audit, audit_layer, has_faults, layer_reference
from gridmap.coverage.model import Coverage
from gridmap.crs import metres_per_degree, transform_geometry
from tests.layers import layer
from tests.partitions import LAT, flat_coverage, lattice, merged

CELLS = lattice(8, 8, 2, jitter=0.2)
OUTLINE = shapely.coverage_union_all(CELLS)
E, N = (1 / float(k) for k in metres_per_degree(LAT))
CODES = tuple(f"{n:04d}" for n in range(1, 65))


def outline(shape=OUTLINE, codes=None, system="wgs84"):
    shapes = np.array([shape] if isinstance(shape, shapely.Geometry) else shape, dtype=object)
    return Reference("outline", shapes, system, codes)


def compared(cells, reference):
    faults = audit(flat_coverage(np.asarray(cells, dtype=object)), against=reference)
    return [f for f in faults if f.kind not in {"enclave?", "island"}]


def test_a_coverage_that_fills_its_outline_has_no_faults():
    assert compared(CELLS, outline()) == []
    assert compared(CELLS, outline(CELLS, CODES)) == []


@pytest.mark.parametrize("system", ["bd09", "gcj02"])
def test_a_long_straight_border_stays_straight_in_a_system_that_bends_it(tmp_path, system):
    cells = lattice(16, 16, jitter=0.0)
    street = outline(shapely.box(*shapely.total_bounds(cells)))
    source = layer(
        {"code": [f"{n:03d}" for n in range(256)]},
        transform_geometry(cells, "wgs84", system),
        crs=None,
        folder=tmp_path,
    )
    assert not has_faults(audit_layer(source, coord_sys=system, against=street))
    less = shapely.box(*shapely.total_bounds(cells[:240]))
    faults = audit_layer(source, coord_sys=system, against=outline(less))
    assert {(f.kind, f.codes) for f in faults if f.severity == "warning"} == {
        ("beyond_outline", (f"{n:03d}",)) for n in range(240, 256)
    }


def test_what_is_missing_at_the_outer_border_is_a_place_with_its_neighbours():
    (fault,) = compared(np.delete(CELLS, 7), outline())
    assert (fault.kind, fault.severity) == ("missing_area", "warning")
    assert fault.geometry.equals_exact(CELLS[7], 1e-9, normalize=True)
    assert set(fault.codes) == {"0007", "0015"}
    assert fault.geometry.covers(shapely.Point(fault.lon, fault.lat))


def test_two_missing_places_are_two_faults():
    assert [f.kind for f in compared(np.delete(CELLS, [7, 63]), outline())] == ["missing_area"] * 2


def test_what_lies_beyond_is_told_by_its_area():
    west, south, east, north = OUTLINE.bounds
    less = OUTLINE.intersection(shapely.box(west, south, east - 40 * E, north))
    faults = compared(CELLS, outline(less))
    assert {f.kind for f in faults} == {"beyond_outline"}
    assert {f.codes[0] for f in faults} <= set(CODES[56:])
    cut = OUTLINE.difference(less).area / (E * N)
    assert sum(f.area_m2 for f in faults) == pytest.approx(cut, rel=1e-3)


def test_the_areas_of_a_layer_that_are_missed_are_named_and_parts_apart():
    less = CELLS[[n for n in range(64) if n not in {7, 15}]].copy()
    whole = CELLS[63]
    west, south, east, north = whole.bounds
    less[-1] = whole.intersection(shapely.box(west, south, east - 20 * E, north))
    blocks = tuple(f"b{n}" for n in range(64))
    faults = compared(less, outline(CELLS, blocks))
    assert sorted((f.kind, f.codes) for f in faults) == [
        ("missing_area", ("b15",)),
        ("missing_area", ("b7",)),
        ("partly_missing", ("b63",)),
    ]


def test_slivers_along_the_outline_are_counted_and_no_fault():
    wider = shapely.transform(
        OUTLINE, lambda xy: (xy - xy.mean(axis=0)) * (1 + 1e-6) + xy.mean(axis=0)
    )
    (fault,) = compared(CELLS, outline(wider))
    assert (fault.kind, fault.severity) == ("outline_differs", "info")


def test_codes_that_only_one_has_are_named():
    codes = (*CODES[:62], "0099", "0098")
    faults = compared(CELLS, outline(CELLS, codes))
    assert [(f.kind, f.codes[0]) for f in faults] == [
        ("code_extra", "0063"),
        ("code_extra", "0064"),
        ("code_missing", "0098"),
        ("code_missing", "0099"),
    ]


def test_codes_of_other_things_are_not_compared():
    assert compared(CELLS, outline(CELLS, tuple(f"b{n}" for n in range(64)))) == []


def test_a_reference_in_another_system_is_brought_into_the_layers_own(tmp_path):
    plane = transform_geometry(CELLS, "wgs84", "EPSG:4548")
    source = layer({"code": list(CODES)}, list(plane), crs=4548, folder=tmp_path)
    assert {f.kind for f in audit_layer(source, against=outline())} <= {"outline_differs"}
    own = layer_reference(source)
    assert compared(CELLS, own) == [] or {f.kind for f in compared(CELLS, own)} == {
        "outline_differs"
    }


QUARTERS = merged(CELLS, np.arange(64) // 16)


def _reaching(cells, row, into, share=0.5):
    """Cells of which one takes over a share of another's ground, cut along its middle."""
    west, south, east, north = cells[into].bounds
    part = cells[into].intersection(shapely.box(west, south, west + share * (east - west), north))
    out = cells.copy()
    out[row] = shapely.union_all([cells[row], part])
    out[into] = cells[into].difference(part)
    return out, part


@pytest.mark.parametrize("codes", [("A1", "A2", "A3", "A4"), None])
def test_an_area_that_reaches_into_the_next_of_a_coarser_reference_is_told(codes):
    cells, part = _reaching(CELLS, 15, 23)
    (fault,) = compared(cells, outline(QUARTERS, codes))
    assert (fault.kind, fault.severity, fault.codes) == ("straddles", "warning", ("0016",))
    assert fault.area_m2 == pytest.approx(part.area / (E * N), rel=1e-3)
    assert fault.geometry.covers(shapely.Point(fault.lon, fault.lat))
    main, other = ("A1", "A2") if codes else ("#1", "#2")
    assert fault.text.startswith(f"grid 0016 (16号) lies in {main} of outline, but ")
    assert fault.text.endswith(f", in {other}.")
    assert other in fault.said.say("zh")


def test_areas_within_those_of_a_coarser_reference_do_not_straddle():
    assert compared(CELLS, outline(QUARTERS)) == []


def test_borders_drawn_a_little_apart_do_not_straddle():
    drawn = [shapely.affinity.translate(quarter, 0.03 * E) for quarter in QUARTERS]
    assert {f.severity for f in compared(CELLS, outline(drawn))} <= {"info"}


def test_another_division_of_the_place_or_a_former_one_is_no_level_above():
    west, south, east, north = OUTLINE.bounds
    edges = np.linspace(west, east, 6)
    cut = [
        OUTLINE.intersection(shapely.box(left, south, right, north))
        for left, right in itertools.pairwise(edges)
    ]
    moved, _ = _reaching(CELLS, 15, 23)
    for reference in (cut, moved):
        assert "straddles" not in {f.kind for f in compared(CELLS, outline(reference))}


def test_a_shifted_datum_is_told_and_not_thousands_of_missing_areas():
    cells = lattice(24, 24, 4, jitter=0.25)
    shifted = transform_geometry(cells, "wgs84", "gcj02")
    reference = Reference("survey", cells, "wgs84", None)
    (fault,) = compared(shifted, reference)
    assert (fault.kind, fault.severity) == ("wrong_datum", "warning")
    assert "gcj02" in fault.text.casefold().replace("-", "")
    assert fault.level == "grid"


def test_a_parents_level_is_compared_where_its_codes_are_meant():
    areas = [Area(-1, "community", c, f"{c}社区") for c in ("A1", "A2")]
    areas += [
        Area(
            -1,
            "grid",
            f"{n:03d}",
            f"{n}号",
            parent_level="community",
            parent_code=f"A{1 + n // 32}",
        )
        for n in range(64)
    ]
    shapes = [
        shapely.coverage_union_all(CELLS[:32]),
        shapely.coverage_union_all(CELLS[32:]),
        *CELLS,
    ]
    coverage = Coverage.build("draft", Levels(["community", "grid"]), areas, shapes)
    reference = outline(shapes[:2], ("A1", "A3"))
    faults = [f for f in audit(coverage, against=reference) if f.kind.startswith("code_")]
    assert [(f.kind, f.level, f.codes[0]) for f in faults] == [
        ("code_extra", "community", "A2"),
        ("code_missing", "community", "A3"),
    ]
