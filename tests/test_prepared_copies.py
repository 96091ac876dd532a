"""Polygons that requests share are asked by several threads at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.overlaps import overlap_shares
from gridmap.coverage.prepared import prepared_copies


def _cells(n: int = 8, corners: int = 60) -> NDArray[np.object_]:
    t = np.linspace(0, 1, corners)
    wave = 0.03 * np.sin(t * 30)
    cells = []
    for x in range(n):
        for y in range(n):
            sides = [
                np.c_[x + t, y + wave],
                np.c_[x + 1 + wave, y + t],
                np.c_[x + 1 - t, y + 1 + wave[::-1]],
                np.c_[x + wave[::-1], y + 1 - t],
            ]
            cells.append(shapely.make_valid(shapely.Polygon(np.concatenate(sides))))
    return np.array(cells, dtype=object)


def test_shares_of_polygons_that_eight_threads_compare_are_those_of_one():
    rng = np.random.default_rng(0)
    small = shapely.buffer(shapely.points(rng.uniform(0, 8, (400, 2))), 0.15, quad_segs=4)
    alone = overlap_shares(small, _cells())
    for _ in range(10):
        shared = _cells()
        with ThreadPoolExecutor(8) as pool:
            for found in pool.map(lambda _, s=shared: overlap_shares(small, s), range(8)):
                assert all(map(np.array_equal, found, alone))
        assert not shapely.is_prepared(shared).any()


def test_a_polygon_that_occurs_several_times_is_copied_once():
    a, b = shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)
    copies = prepared_copies(np.array([b, a, b], dtype=object))
    assert copies[0] is copies[2] is not b
    assert [c.bounds for c in copies] == [b.bounds, a.bounds, b.bounds]
    assert shapely.is_prepared(copies).all()
    assert not shapely.is_prepared([a, b]).any()


def test_holes_parts_empty_and_missing_shapes_stay_what_they_are():
    ring = shapely.box(0, 0, 4, 4).difference(shapely.box(1, 1, 2, 2))
    parts = shapely.union_all([ring, shapely.box(6, 0, 7, 1)])
    shapes = np.array([ring, parts, shapely.Polygon(), None], dtype=object)
    copies = prepared_copies(shapes)
    assert all(shapely.equals_identical(copies[:3], shapes[:3]))
    assert copies[3] is None
    assert len(prepared_copies(np.empty(0, dtype=object))) == 0
