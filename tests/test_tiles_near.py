"""Metres by tiles against the search through all borders: the same atoms, the same distances."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.locate.strtree import STRtreeIndex
from gridmap.locate.tiles.index import TileIndex
from tests.specimens import Patchwork, Specimen, broken_patchworks, objects, specimens

CASES = settings(max_examples=25, deadline=None)
TRUE = {"rtol": 1e-3, "atol": 1e-3, "equal_nan": True}


def points_about(polygons: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Points in and round a coverage, from beside it to other continents."""
    random = np.random.default_rng(seed)
    low, high = shapely.total_bounds([*polygons, None]).reshape(2, 2)
    if np.isnan(low).any():
        low, high = np.array([116.9, 36.4]), np.array([117.1, 36.6])
    shares = random.choice([0.2, 5.0, 300.0], (60, 1)) * random.uniform(-1, 1, (60, 2))
    near = (low + high) / 2 + (high - low) * shares
    far = random.uniform([-180, -90], [180, 90], (10, 2))
    lon, lat = np.clip(np.concatenate([near, far]), [-180, -90], [180, 90]).T
    return lon.copy(), lat.copy()


def assert_same_metres(polygons: np.ndarray, tiles: float, seed: int) -> None:
    index, oracle = TileIndex(polygons, tiles_per_atom=tiles), STRtreeIndex(polygons)
    lon, lat = points_about(polygons, seed)
    atom, metres = index.nearest(lon, lat)
    _, expected = oracle.nearest(lon, lat)
    np.testing.assert_allclose(metres, expected, **TRUE)
    if np.isnan(expected).all():
        assert set(atom.tolist()) == {-1}
        return
    known = np.flatnonzero(atom >= 0)
    away = np.where(
        oracle.first(lon, lat)[0] >= 0, expected, oracle.margin(lon, lat, np.maximum(atom, 0))
    )
    np.testing.assert_allclose(away[known], expected[known], **TRUE)
    for own in range(len(polygons)):
        of = np.full(len(lon), own)
        np.testing.assert_allclose(index.margin(lon, lat, of), oracle.margin(lon, lat, of), **TRUE)


def assert_same_reach(polygons: np.ndarray, tiles: float, seed: int, radius: float) -> None:
    lon, lat = points_about(polygons, seed)
    reach = np.full(len(lon), radius)
    found, expected = (
        {(p, a): m for p, a, m in zip(*map(list, engine.within(lon, lat, reach)), strict=True)}
        for engine in (TileIndex(polygons, tiles_per_atom=tiles), STRtreeIndex(polygons))
    )
    assert list(found) == sorted(found)
    for pair in found.keys() | expected.keys():
        # Within the tolerance of metres a border may lie on either side of the circle.
        metres = found.get(pair, radius), expected.get(pair, radius)
        assert metres[0] == pytest.approx(metres[1], rel=1e-3, abs=1e-3)
        assert (metres[0] == 0) == (metres[1] == 0) or radius == 0


@pytest.mark.parametrize("case", specimens(), ids=str)
def test_specimens_have_the_same_metres(case: Specimen) -> None:
    assert_same_metres(case.geometry, 64.0, 1)


@pytest.mark.parametrize("radius", [0.0, 3.0, 40.0, 5e4, 1e9])
@pytest.mark.parametrize("case", specimens(), ids=str)
def test_specimens_are_reached_alike(case: Specimen, radius: float) -> None:
    assert_same_reach(case.geometry, 64.0, 2, radius)


@given(broken_patchworks(), st.integers(0, 999), st.sampled_from([0.2, 64.0, 900.0]))
@CASES
def test_any_coverage_has_the_same_metres(patchwork: Patchwork, seed: int, tiles: float) -> None:
    assert_same_metres(patchwork.polygons, tiles, seed)


@given(
    broken_patchworks(),
    st.integers(0, 999),
    st.sampled_from([0.2, 64.0, 900.0]),
    st.sampled_from([1.0, 20.0, 300.0, 3e4]),
)
@CASES
def test_any_coverage_is_reached_alike(
    patchwork: Patchwork, seed: int, tiles: float, radius: float
) -> None:
    assert_same_reach(patchwork.polygons, tiles, seed, radius)


def test_a_coast_in_nested_tiles_has_the_same_metres() -> None:
    random = np.random.default_rng(9)
    turned = np.sort(random.uniform(0, 2 * np.pi, 1500))
    rim = 0.01 * (1 + 0.3 * random.random(1500))
    coast = shapely.Polygon(
        np.stack([10 + rim * np.cos(turned), 50 + rim * np.sin(turned)], axis=1)
    )
    polygons = objects([coast, shapely.box(9.0, 49.0, 11.0, 51.0).difference(coast)])
    assert_same_metres(polygons, 1.0, 3)
    assert_same_reach(polygons, 1.0, 3, 30.0)


def test_more_pairs_than_there_is_room_for_at_first() -> None:
    polygons = objects([shapely.box(117, 36, 117.001, 36.001)] * 300)
    lon, lat = np.full(40, 117.002), np.full(40, 36.0005)
    point, atom, metres = TileIndex(polygons).within(lon, lat, np.full(40, 500.0))
    assert point.tolist() == np.repeat(np.arange(40), 300).tolist()
    assert atom.tolist() == list(range(300)) * 40
    np.testing.assert_allclose(metres, STRtreeIndex(polygons).nearest(lon, lat)[1][0], rtol=1e-3)
