"""Threads that ask one router at once, as requests of a service do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from time import sleep

import numpy as np
import pytest
import shapely

from gridmap.routing import Overlay, OverlayMap
from gridmap.routing.confidence import Faces
from gridmap.routing.spots import spots
from gridmap.routing.territory import Territory
from gridmap.workspace import Workspace
from gridmap.workspace.base import Base
from tests.draft_cases import ground
from tests.planning_cases import LAT, LON, SIZE

pytest_plugins = ["tests.api_fixtures"]


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


def test_polygons_of_overlays_that_routers_share_are_never_prepared():
    rng = np.random.default_rng(3)
    shapes = np.empty(8, dtype=object)
    for n in range(6):
        shapes[n] = shapely.box(LON + n * SIZE, LAT, LON + (n + 0.5) * SIZE, LAT + SIZE)
    shapes[6:] = shapely.points(LON + SIZE * rng.random(2), LAT + SIZE * rng.random(2))
    overlays = [
        *(Overlay(code=f"E{n}", kind="estate", name="苑") for n in range(6)),
        *(Overlay(code=f"A{n}", kind="asset", name="灯", asset_type="lamp") for n in range(2)),
    ]
    coverage = ground().graph.coverage
    known = OverlayMap(overlays, shapes)
    assert len(spots(Territory(coverage), known, date(2026, 3, 1))) > 1
    known.around(np.array([LON]), np.array([LAT]))
    assert not shapely.is_prepared(shapes).any()
    assert not shapely.is_prepared(coverage.geometry).any()


def test_requests_that_need_a_router_at_once_have_one_made(
    town_workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    edition = town_workspace.atlas.locator_at(town_workspace.clock()).coverage.edition
    made = []
    make = Base._router_by

    def slowly(self, *args, **more):
        made.append(args)
        sleep(0.05)
        return make(self, *args, **more)

    monkeypatch.setattr(Base, "_router_by", slowly)
    town_workspace._drop_routers()
    with ThreadPoolExecutor(8) as pool:
        routers = set(pool.map(lambda _: town_workspace.router(edition), range(8)))
    assert len(routers) == len(made) == 1
