"""Threads that ask one router at once, as requests of a service do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import shapely

from gridmap.routing import OverlayMap
from gridmap.routing.confidence import Faces
from tests.draft_cases import ground
from tests.planning_cases import LAT, LON, SIZE


def test_circles_are_compared_with_the_ground_of_the_district_in_several_threads():
    coverage = ground().graph.coverage
    rng = np.random.default_rng(0)
    n = 300
    lon = LON + SIZE * rng.uniform(-0.5, 6.5, n)
    lat = LAT + SIZE * rng.uniform(-0.5, 4.5, n)
    radius_m = np.full(n, 20.0)

    def faces() -> Faces:
        return Faces(coverage, OverlayMap([]), range(len(coverage.code)))

    alone = faces().inside(lon, lat, radius_m)
    assert 0 < alone.sum() < n
    with ThreadPoolExecutor(8) as pool:
        # Each begins with nothing made, which is when they get into each other's way.
        for _ in range(60):
            shared = faces()
            jobs = [pool.submit(shared.inside, lon, lat, radius_m) for _ in range(8)]
            assert all((job.result() == alone).all() for job in jobs)


def test_the_outline_that_others_share_is_never_the_prepared_one():
    coverage = ground().graph.coverage
    faces = Faces(coverage, OverlayMap([]), range(len(coverage.code)))
    faces.inside(np.array([LON]), np.array([LAT]), np.array([20.0]))
    assert not shapely.is_prepared(faces.outline)
    assert faces.outline.area > 0
    assert faces.outline is faces.outline
