"""Metres to borders: true on the ellipsoid to 0.1 %, against a slow search along geodesics."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from gridmap.locate.strtree import STRtreeIndex
from gridmap.locate.tiles.fallback import NumpyTiles
from gridmap.locate.tiles.index import TileIndex
from tests.slow_metres import slow_distance, slow_metres
from tests.specimens import (
    Patchwork,
    Specimen,
    broken_patchworks,
    objects,
    patchworks,
    specimen,
    specimens,
)

CASES = settings(max_examples=25, deadline=None)
pytestmark = pytest.mark.parametrize("engine", [STRtreeIndex, TileIndex, NumpyTiles])
TRUE = {"rel": 1e-3, "abs": 1e-3}
GEOD = Geod(ellps="WGS84")


def some(patchwork: Patchwork, seed: int, n: int = 6) -> tuple[np.ndarray, np.ndarray]:
    lon, lat = patchwork.points(seed)
    chosen = np.random.default_rng(seed).permutation(len(lon))[:n]
    return lon[chosen], lat[chosen]


@given(patchworks(max_side=2), st.integers(0, 999))
@CASES
def test_margins_are_true(engine: type, patchwork: Patchwork, seed: int) -> None:
    index = engine(patchwork.polygons)
    lon, lat = some(patchwork, seed)
    for atom, polygon in enumerate(patchwork.polygons):
        found = index.margin(lon, lat, np.full(len(lon), atom))
        expected = [slow_metres(polygon, x, y) for x, y in zip(lon, lat, strict=True)]
        assert found.tolist() == pytest.approx(expected, **TRUE)


@given(broken_patchworks(), st.integers(0, 999), st.sampled_from([0.0, 0.5, 10.0, 60.0, 1e4]))
@CASES
def test_atoms_within_a_radius_are_those_and_only_those(
    engine: type, patchwork: Patchwork, seed: int, radius: float
) -> None:
    index = engine(patchwork.polygons)
    lon, lat = some(patchwork, seed)
    point, atom, metres = index.within(lon, lat, np.full(len(lon), radius))
    found = dict(zip(zip(point.tolist(), atom.tolist(), strict=True), metres, strict=True))
    assert list(found) == sorted(found)
    for p, (x, y) in enumerate(zip(lon, lat, strict=True)):
        for a, polygon in enumerate(patchwork.polygons):
            expected = slow_distance(polygon, x, y)
            if (p, a) in found:
                assert found[p, a] == pytest.approx(expected, **TRUE)
                assert found[p, a] <= radius
            else:
                assert expected > radius * 0.999 - 1e-3


@given(broken_patchworks(), st.integers(0, 999))
@CASES
def test_the_nearest_atom_is_nearest(engine: type, patchwork: Patchwork, seed: int) -> None:
    index = engine(patchwork.polygons)
    lon, lat = some(patchwork, seed)
    lon = lon + np.random.default_rng(seed).choice([0, 0, 0.01, 3.0], len(lon))
    atom, metres = index.nearest(lon, lat)
    for p, (x, y) in enumerate(zip(lon, lat, strict=True)):
        if not len(patchwork.polygons):
            assert (atom[p], np.isnan(metres[p])) == (-1, True)
            continue
        every = [slow_distance(polygon, x, y) for polygon in patchwork.polygons]
        assert metres[p] == pytest.approx(min(every), **TRUE)
        assert every[atom[p]] == pytest.approx(min(every), **TRUE)


@pytest.mark.parametrize("case", [s for s in specimens() if s.valid], ids=str)
def test_distances_to_specimens_are_true(engine: type, case: Specimen) -> None:
    index = engine(case.geometry)
    lon, lat = np.array(list(case.points.values())).T
    every = np.full(len(lon), 1e9)
    point, atom, metres = index.within(lon, lat, every)
    drawn = [i for i, p in enumerate(case.geometry) if p is not None and not p.is_empty]
    assert set(zip(point, atom, strict=True)) == {(p, a) for p in range(len(lon)) for a in drawn}
    for p, a, away in zip(point, atom, metres, strict=True):
        polygon = shapely.force_2d(case.geometry[a])
        assert away == pytest.approx(slow_distance(polygon, lon[p], lat[p]), **TRUE)


@pytest.mark.parametrize(
    ("lon", "lat"), [(0.3, 0.2), (117.0, 36.5), (-122.4, 60.1), (24.9, 84.0), (10.0, -89.0)]
)
@pytest.mark.parametrize("size", [1e-5, 1e-2, 1.0, 20.0])
def test_distances_hold_at_any_latitude_and_size(
    engine: type, lon: float, lat: float, size: float
) -> None:
    south = max(lat - size, -90.0)
    polygon = shapely.Polygon(
        [(lon, south), (lon + size, (lat + south) / 2), (lon + size / 2, lat), (lon - size, lat)]
    )
    index = engine(objects([polygon]))
    rng = np.random.default_rng(7)
    x = np.clip(lon + rng.uniform(-3, 3, 12) * size, -180, 180)
    y = np.clip(lat + rng.uniform(-3, 3, 12) * size, -90, 90)
    found = index.margin(x, y, np.zeros(12, np.int64))
    expected = [slow_metres(polygon, *p) for p in zip(x, y, strict=True)]
    assert found.tolist() == pytest.approx(expected, **TRUE)


def test_a_point_on_another_continent_has_the_true_distance(engine: type) -> None:
    index = engine(specimen("two_squares").geometry)
    lon, lat = np.array([-70.0, 0.0, -63.0]), np.array([-33.0, 0.0, -36.4])
    _, metres = index.nearest(lon, lat)
    polygons = specimen("two_squares").geometry
    expected = [
        min(slow_metres(polygon, *p) for polygon in polygons) for p in zip(lon, lat, strict=True)
    ]
    assert metres.tolist() == pytest.approx(expected, **TRUE)


def test_distance_is_measured_across_the_antimeridian_and_the_pole(engine: type) -> None:
    index = engine(specimen("edge_of_the_world").geometry)
    atom, metres = index.nearest(np.array([-179.99, -170.0]), np.array([0.0, 89.9999]))
    assert atom.tolist() == [0, 1]
    assert metres[0] == pytest.approx(GEOD.inv(-179.99, 0, 180, 0)[2], **TRUE)
    assert metres[1] == pytest.approx(GEOD.inv(0, 90, 0, 89.9999)[2], **TRUE)


def test_the_nearest_of_two_equally_near_is_the_first_in_the_order_of_the_tie_rule(
    engine: type,
) -> None:
    left, right = shapely.box(117, 36, 117.5, 36.5), shapely.box(117.5, 36, 118, 36.5)
    above = np.array([117.5]), np.array([36.6])
    for polygons in ([left, right], [right, left]):
        atom, metres = engine(objects(polygons)).nearest(*above)
        assert atom.tolist() == [0]
        assert metres[0] == pytest.approx(GEOD.inv(117.5, 36.6, 117.5, 36.5)[2], rel=1e-4)


def test_a_touched_atom_is_nearest_at_no_distance(engine: type) -> None:
    polygons = [shapely.box(117, 36, 118, 37), shapely.box(117.4, 36.4, 117.6, 36.6)]
    atom, metres = engine(objects(polygons)).nearest(np.array([117.5]), np.array([36.5]))
    assert (atom.tolist(), metres.tolist()) == ([0], [0.0])


def test_the_border_of_a_hole_counts(engine: type) -> None:
    case = specimen("empty_hole")
    lon, lat = case.points["hole"]
    metres = engine(case.geometry).margin(np.array([lon]), np.array([lat]), np.array([0]))
    assert metres[0] == pytest.approx(slow_metres(case.geometry[0], lon, lat), **TRUE)
    assert metres[0] < 16


def test_empty_and_missing_atoms_have_no_margin_and_are_near_nothing(engine: type) -> None:
    index = engine(specimen("nothing_at_all").geometry)
    lon, lat = np.array([117.0]), np.array([36.5])
    assert np.isnan(index.margin(lon, lat, np.array([0]))).all()
    assert len(index.within(lon, lat, np.array([1e9]))[0]) == 0
    atom, metres = index.nearest(lon, lat)
    assert (atom.tolist(), np.isnan(metres).tolist()) == ([-1], [True])


def test_no_points_give_empty_answers(engine: type) -> None:
    index = engine(specimen("two_squares").geometry)
    none, whole = np.empty(0), np.empty(0, np.int64)
    assert len(index.margin(none, none, whole)) == 0
    assert [len(x) for x in index.within(none, none, none)] == [0, 0, 0]
    assert [len(x) for x in index.nearest(none, none)] == [0, 0]


def test_many_points_in_small_blocks_give_the_same(
    engine: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    polygons = objects(
        [shapely.box(117 + i, 30 + j, 118 + i, 31 + j) for i in range(6) for j in range(6)]
    )
    index = engine(polygons)
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(115, 125, 300), rng.uniform(28, 38, 300)
    radius = rng.uniform(0, 3e5, 300)
    whole = (*index.within(lon, lat, radius), *index.nearest(lon, lat))
    monkeypatch.setattr("gridmap.locate.borders._BLOCK", 64)
    monkeypatch.setattr("gridmap.locate.borders._PAIRS", 50)
    parts = (*index.within(lon, lat, radius), *index.nearest(lon, lat))
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
