"""The quick check of segments: a yes is a proof, a no names the rows to look at."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.auditing.faces import audit_faces
from gridmap.coverage.auditing.segments import quick_check
from tests.partitions import LAT, LON, lattice, random_partition

CELLS = lattice(6, 6, 3)


def suspects(polygons):
    return quick_check(np.asarray(polygons, dtype=object)).suspects.tolist()


def moved(row, corner, by):
    ring = shapely.get_coordinates(CELLS[row])
    ring[corner] += by
    out = CELLS.copy()
    out[row] = shapely.Polygon(ring)
    return out


def test_a_clean_lattice_passes_with_its_outline():
    found = quick_check(CELLS)
    assert found
    assert found.suspects.tolist() == []
    assert found.outline.equals(shapely.coverage_union_all(CELLS))


def test_nothing_passes():
    assert quick_check(np.empty(0, dtype=object))


def test_places_apart_and_touching_in_a_point_pass():
    assert quick_check(CELLS[[0, 4, 7, 14, 35]])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 35), st.integers(1, 3), st.integers(0, 10**6))
def test_a_moved_corner_is_noticed_and_its_row_is_named(row, corner, seed):
    by = np.random.default_rng(seed).uniform(-1e-5, 1e-5, 2)
    polygons = moved(row, corner, by)
    if shapely.is_valid(polygons[row]) and np.abs(by).max() > 1e-12:
        interior = 0 < row % 6 < 5 and 0 < row // 6 < 5
        assert not interior or row in suspects(polygons)


def test_only_the_rows_around_a_fault_are_named():
    assert suspects(moved(14, 1, 1e-5)) == [13, 14, 20]
    assert suspects(np.delete(CELLS, 14)) == [8, 13, 14, 19]


def test_a_polygon_that_is_there_twice_is_noticed():
    assert 36 in suspects([*CELLS, CELLS[14]])
    assert suspects([*CELLS, *CELLS]) != []


def test_a_clean_patch_on_a_large_polygon_is_noticed():
    large = shapely.box(LON - 1, LAT - 1, LON + 1, LAT + 1)
    assert 1 in suspects([large, *CELLS])


def test_a_crossing_without_a_common_vertex_is_noticed():
    square = shapely.box(LON, LAT, LON + 0.01, LAT + 0.01)
    other = shapely.box(LON + 0.005, LAT + 0.005, LON + 0.02, LAT + 0.02)
    assert suspects([square, other]) == [0, 1]


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 8), st.integers(1, 8), st.integers(0, 10**6), st.booleans())
def test_it_never_passes_what_the_full_audit_finds(size, count, seed, spoil):
    partition = random_partition(size, size, count, seed)
    if spoil:
        rng = np.random.default_rng(seed)
        ring = shapely.get_coordinates(shapely.get_parts(partition[0])[0].exterior)
        ring[1:-1] += rng.uniform(-1e-4, 1e-4, ring[1:-1].shape)
        spoiled = shapely.Polygon(ring)
        if spoiled.is_valid:
            partition[0] = spoiled
    if quick_check(partition):
        pairs = shapely.STRtree(partition).query(partition, predicate="overlaps")
        assert pairs.shape[1] == 0
        union = shapely.union_all(partition)
        assert union.area == pytest.approx(shapely.area(partition).sum(), rel=1e-12)
        assert shapely.get_num_interior_rings(shapely.get_parts(union)).sum() == 0
        assert len(audit_faces(partition).holes) == 0
