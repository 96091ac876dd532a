import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.auditing.audit import audit, has_faults
from gridmap.coverage.auditing.faces import audit_faces, neighbours
from gridmap.coverage.auditing.segments import open_segments
from gridmap.crs import metres_per_degree
from tests.partitions import LAT, LON, flat_coverage, lattice, merged, random_partition, two_levels

M = 1 / metres_per_degree(LAT)[1]  # about a metre, in degrees of latitude


def audited(polygons, **options):
    return audit(flat_coverage(np.asarray(polygons, dtype=object)), **options)


def kinds(faults):
    return [(f.kind, f.severity) for f in faults]


def square_metres(polygon):
    kx, ky = metres_per_degree(shapely.centroid(polygon).y)
    return polygon.area * float(kx) * float(ky)


def stretched(cell, east, north):
    x0, y0, x1, y1 = cell.bounds
    return shapely.box(x0, y0, x1 + east, y1 + north)


def inside(fault):
    return fault.geometry.covers(shapely.Point(fault.lon, fault.lat))


def test_a_clean_lattice_has_no_faults():
    assert audited(lattice(12, 9)) == []


def test_nothing_has_no_faults():
    assert audited([]) == []
    faces = audit_faces(np.empty(0, dtype=object))
    assert len(faces.holes) == len(faces.overlaps) == 0
    assert faces.outline.is_empty


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 9), st.integers(2, 9), st.integers(1, 12), st.integers(0, 10**6))
def test_random_partitions_with_multiparts_and_holes_have_no_faults(columns, rows, count, seed):
    partition = random_partition(columns, rows, count, seed)
    assert {f.kind for f in audited(partition, min_area_m2=0.0)} <= {"island"}
    assert len(audit_faces(partition).holes) == 0


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_missing_polygon_within_is_always_a_hole_of_its_area(seed, pick):
    cells = lattice(6, 6, seed)
    inner = [i for i in range(36) if 0 < i % 6 < 5 and 0 < i // 6 < 5]
    gone = inner[pick % len(inner)]
    (fault,) = audited(np.delete(cells, gone))
    assert (fault.kind, fault.severity) == ("enclave?", "info")
    assert fault.area_m2 == pytest.approx(square_metres(cells[gone]), rel=1e-3)
    assert fault.geometry.equals_exact(cells[gone], 1e-12, normalize=True)
    assert len(fault.codes) == 4
    assert inside(fault)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0.05, 20.0))
def test_a_vertex_pulled_inwards_is_always_found(seed, pick, metres):
    # the kind of gap that coverage_is_valid passes
    cells = lattice(6, 6, seed, jitter=0.1)
    inner = [i for i in range(36) if 0 < i % 6 < 5 and 0 < i // 6 < 5]
    row = inner[pick % len(inner)]
    ring = shapely.get_coordinates(cells[row])
    centre = ring[:-1].mean(axis=0)
    away = centre - ring[1]
    ring[1] += away / np.hypot(*away) * metres * M
    pulled = shapely.Polygon(ring)
    changed = cells.copy()
    changed[row] = pulled
    (fault,) = audited(changed, min_area_m2=0.0)
    lost = cells[row].difference(pulled)
    assert fault.kind in {"gap", "sliver_gap", "enclave?"}
    assert fault.area_m2 == pytest.approx(square_metres(lost), rel=1e-3)
    assert f"{row + 1:04d}" in fault.codes


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 10**6), st.floats(0.5, 20.0))
def test_a_vertex_pushed_outwards_overlaps_its_neighbours_by_what_overlay_says(seed, pick, metres):
    cells = lattice(6, 6, seed, jitter=0.1)
    inner = [i for i in range(36) if 0 < i % 6 < 5 and 0 < i // 6 < 5]
    row = inner[pick % len(inner)]
    ring = shapely.get_coordinates(cells[row])
    away = ring[2] - ring[:-1].mean(axis=0)
    ring[2] += away / np.hypot(*away) * metres * M
    changed = cells.copy()
    changed[row] = shapely.Polygon(ring)
    faults = [f for f in audited(changed, min_area_m2=0.0) if f.kind.endswith("overlap")]
    expected = {}
    for other in range(36):
        shared = changed[row].intersection(changed[other])
        if other != row and shared.area > 0:
            expected[tuple(sorted((f"{row + 1:04d}", f"{other + 1:04d}")))] = square_metres(shared)
    assert {f.codes: f.area_m2 for f in faults} == pytest.approx(expected, rel=1e-3)
    assert all(inside(f) for f in faults)


def test_an_overlap_names_its_owners_and_says_how_large_it_is():
    cells = lattice(4, 4, jitter=0.0)
    cells[5] = stretched(cells[5], 10 * M, 0)
    (fault,) = audited(cells)
    assert (fault.kind, fault.severity, fault.level) == ("overlap", "error", "grid")
    assert fault.codes == ("0006", "0010")
    assert "0006" in fault.text
    assert "m²" in fault.text
    assert fault.area_m2 == pytest.approx(square_metres(fault.geometry), rel=1e-6)


def test_a_polygon_given_twice_overlaps_itself():
    cells = lattice(3, 3)
    (fault,) = audited([*cells, cells[4]])
    assert (fault.kind, fault.codes) == ("overlap", ("0005", "0010"))
    assert fault.area_m2 == pytest.approx(square_metres(cells[4]), rel=1e-3)


def test_a_clean_patch_that_lies_on_a_large_polygon_is_found_in_full():
    # the inner polygons of the patch have no open segment, and neither has the large one
    patch = lattice(5, 5, jitter=0.2)
    large = shapely.box(LON - 0.01, LAT - 0.01, LON + 0.02, LAT + 0.02)
    ring = shapely.box(LON - 0.02, LAT - 0.02, LON + 0.03, LAT + 0.03).difference(large)
    faults = audited([large, ring, *patch])
    assert kinds(faults) == [("overlap", "error")] * 25
    assert {f.codes for f in faults} == {("0001", f"{n:04d}") for n in range(3, 28)}


def test_three_owners_of_one_place_are_three_pairs():
    cells = lattice(3, 3, jitter=0.0)
    on_all = shapely.box(*cells[4].bounds)
    faults = audited([*cells, on_all, on_all])
    assert sorted(f.codes for f in faults) == [("0005", "0010"), ("0005", "0011"), ("0010", "0011")]


def test_a_hole_where_no_owner_was_ever_is_told_apart_by_its_shape():
    cells = lattice(6, 1, jitter=0.0)
    tall = [shapely.box(*c.bounds) for c in cells]
    x0, y0, x1, y1 = tall[2].bounds
    # a slit of 3 m between two neighbours, closed at both ends
    slit = shapely.box(x1 - 3 * M, y0 + 5 * M, x1, y1 - 5 * M)
    (narrow,) = audited([*tall[:2], tall[2].difference(slit), *tall[3:]])
    assert (narrow.kind, narrow.severity) == ("gap", "error")
    assert narrow.codes[:2] == ("0003", "0004")
    # a yard of 30 m is a place
    yard = shapely.box(x0 + 20 * M, y0 + 20 * M, x0 + 50 * M, y0 + 50 * M)
    (place,) = audited([*tall[:2], tall[2].difference(yard), *tall[3:]])
    assert (place.kind, place.severity, place.codes) == ("enclave?", "info", ("0003",))
    assert not has_faults([place])
    assert has_faults([narrow])


def test_a_long_strip_is_a_gap_however_wide():
    left, right = shapely.box(117, 36, 117.01, 36.05), shapely.box(117.0102, 36, 117.02, 36.05)
    caps = [shapely.box(117, 35.99, 117.02, 36), shapely.box(117, 36.05, 117.02, 36.06)]
    (fault,) = audited([left, right, *caps])
    assert (fault.kind, fault.severity) == ("gap", "error")
    assert fault.codes[:2] == ("0001", "0002")


def test_a_hole_inside_a_declared_parent_is_a_gap_with_the_parent_named():
    cells = lattice(6, 6)
    groups = np.repeat([0, 1], 18)
    declared = merged(cells, groups)
    keep = np.arange(36) != 14
    coverage = two_levels(cells[keep], groups[keep], declared)
    (fault,) = audit(coverage)
    assert (fault.kind, fault.severity, fault.level) == ("gap", "error", "grid")
    assert "community 100" in fault.text
    assert fault.area_m2 == pytest.approx(square_metres(cells[14]), rel=1e-3)


def test_slivers_are_told_apart_from_gaps_with_their_places():
    cells = lattice(6, 6, jitter=0.0)
    moved = cells.copy()
    for row in (14, 21):
        ring = shapely.get_coordinates(cells[row])
        ring[2] -= 0.005 * M
        moved[row] = shapely.Polygon(ring)
    faults = audited(moved)
    assert kinds(faults) == [("sliver_gap", "info")] * 2
    assert {f.codes[0] for f in faults} <= {"0015", "0016", "0021", "0022", "0027", "0028"}
    assert all(inside(f) for f in faults)
    assert kinds(audited(moved, min_area_m2=0.0)) == [("sliver_gap", "warning")] * 2


def test_rounding_is_told_in_one_line_where_it_is_everywhere():
    # the vertices on a slanted border, calculated from either side, differ in the last place
    cells = shapely.segmentize(lattice(30, 30, 3), 0.0002)
    faults = audited(cells)
    assert {f.kind for f in faults} <= {"sliver_gap", "sliver_overlap"}
    assert len(faults) <= 2
    assert not has_faults(faults)
    assert "rounding" in faults[0].text
    assert len(audited(cells, min_area_m2=0.0)) > 100


def test_a_strip_thinner_than_10_cm_is_a_warning():
    cells = lattice(6, 1, jitter=0.0)
    x0, y0, x1, y1 = cells[2].bounds
    cells[2] = shapely.box(x0, y0, x1 + 0.08 * M, y1)
    assert kinds(audited(cells)) == [("sliver_overlap", "warning")]


def test_borders_with_different_vertices_are_no_fault_where_they_coincide():
    left = shapely.box(117, 36, 117.01, 36.01)
    right = [shapely.box(117.01, 36, 117.02, 36.005), shapely.box(117.01, 36.005, 117.02, 36.01)]
    assert audited([left, *right]) == []


def test_touching_in_a_point_is_no_overlap_and_encloses_nothing():
    cells = lattice(3, 3, jitter=0.2)
    assert audited(cells[[0, 4, 8]]) == []


def test_open_segments_of_a_clean_lattice_are_its_outline():
    cells = lattice(7, 5)
    segments, rows = open_segments(cells)
    assert len(segments) == 2 * (7 + 5)
    assert shapely.union_all(segments).length == pytest.approx(
        shapely.coverage_union_all(cells).length
    )
    assert len(rows) == 2 * (7 + 5) - 4


def test_the_outline_is_filled_and_holes_are_apart():
    cells = np.delete(lattice(5, 5), 12)
    faces = audit_faces(cells)
    assert len(faces.holes) == 1
    assert faces.outline.area == pytest.approx(
        shapely.area(cells).sum() + shapely.area(faces.holes).sum()
    )


def test_the_order_of_rows_does_not_matter():
    cells = lattice(5, 5, jitter=0.0)
    cells[7] = stretched(cells[7], 9 * M, 4 * M)
    there = audited(np.delete(cells, 18))
    back = audited(np.delete(cells, 18)[::-1])
    sizes = [sorted(round(f.area_m2, 6) for f in faults) for faults in (there, back)]
    assert len(sizes[0]) == 4
    assert sizes[0] == pytest.approx(sizes[1], rel=1e-6)


def test_the_neighbours_of_many_holes_are_those_that_share_an_edge():
    cells = lattice(20, 20, 5)
    rng = np.random.default_rng(5)
    inner = [i for i in range(400) if 0 < i % 20 < 19 and 0 < i // 20 < 19]
    gone = rng.choice(inner, 40, replace=False)
    rest = np.delete(cells, gone)
    holes = audit_faces(rest).holes
    for hole, found in zip(holes, neighbours(holes, rest), strict=True):
        shared = shapely.length(shapely.intersection(shapely.boundary(hole), rest))
        expected = np.flatnonzero(shared > 1e-9)
        assert sorted(found) == expected.tolist()
        assert np.all(np.diff(shared[found]) <= 1e-12)


def test_an_island_is_told_and_a_shred_is_a_warning():
    cells = lattice(6, 6, jitter=0.0)
    island = shapely.box(LON + 0.01, LAT, LON + 0.011, LAT + 0.001)
    shred = shapely.box(LON + 0.02, LAT, LON + 0.02 + 3 * M, LAT + 3 * M)
    cells[0] = shapely.MultiPolygon([cells[0], island])
    cells[1] = shapely.MultiPolygon([shred, cells[1]])
    warning, info = audited(cells)
    assert (warning.kind, warning.severity, warning.codes) == (
        "detached_part",
        "warning",
        ("0002",),
    )
    assert warning.geometry.equals(shred)
    assert (info.kind, info.severity, info.codes) == ("island", "info", ("0001",))
    assert info.area_m2 == pytest.approx(square_metres(island), rel=1e-3)


def test_the_worst_comes_first_and_the_json_has_the_agreed_keys():
    cells = lattice(6, 6, jitter=0.0)
    cells[7] = stretched(cells[7], 9 * M, 0)
    faults = audited(np.delete(cells, 28))
    assert kinds(faults) == [("overlap", "error"), ("enclave?", "info")]
    assert list(faults[0].as_dict()) == [
        "kind",
        "severity",
        "level",
        "codes",
        "area_m2",
        "lon",
        "lat",
        "text",
    ]
