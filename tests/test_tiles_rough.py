"""Rough places decide only what they decide for certain; the doubles decide the rest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon

from gridmap.locate.strtree import STRtreeIndex
from gridmap.locate.tiles.index import TileIndex
from gridmap.locate.tiles.raster import PER_X, PER_Y
from gridmap.locate.tiles.records import EXACT, LINE, SPECIAL
from tests.specimens import Patchwork, broken_patchworks, objects, patchworks

CASES = settings(max_examples=40, deadline=None)
TILES = st.sampled_from([2.0, 8.0, 64.0, 900.0])

# Two long triangles: edges that cross hundreds of tiles, most of them far from where they begin.
LONG = objects([Polygon([(0, 0), (10, 7), (10, 7.5)]), Polygon([(0, 0), (10, 7), (9, 0.1)])])


def assert_as_geos(index: TileIndex, polygons: np.ndarray, xy: np.ndarray) -> None:
    lon, lat = np.ascontiguousarray(xy.T)
    atom, status = index.first(lon, lat)
    by_geos, told = STRtreeIndex(polygons).first(lon, lat)
    np.testing.assert_array_equal(atom, by_geos)
    np.testing.assert_array_equal(status, told)


def step(index: TileIndex) -> np.ndarray:
    """A step of the lattice on which the vertices of a record are rounded, in degrees."""
    return 1 / index._head[[PER_X, PER_Y]] / 16384


def edges(polygons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    xy, ring = shapely.get_coordinates(
        shapely.get_rings(shapely.get_parts(polygons)), return_index=True
    )
    edge = np.flatnonzero((ring[1:] == ring[:-1]) & (xy[1:] != xy[:-1]).any(axis=1))
    return xy[edge], xy[edge + 1]


def beside_edges(polygons: np.ndarray, step: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Points on edges as well as floats can say, and a few steps and one float beside them."""
    a, b = edges(polygons)
    on = a + random.random((len(a), 1)) * (b - a)
    away = np.concatenate([[0, 0.4, 0.7, 1.1, 2, 5, 12, 30], [-0.4, -0.7, -1.1, -2, -5, -12, -30]])
    turned = random.uniform(0, 2 * np.pi, (len(away), len(on)))
    steps = np.stack([np.cos(turned), np.sin(turned)], axis=-1) * away[:, None, None] * step
    some = (on + steps).reshape(-1, 2)
    # Beside zero the next number is so small that GEOS's own arithmetic underflows.
    least = np.where(np.abs(on) < 1e-9, 1e-18, np.abs(np.spacing(on)))
    return np.concatenate([some, on + least * [1, -1], on - least])


def narrow_records(index: TileIndex) -> np.ndarray:
    """Words at which the plain narrow records of tiles begin."""
    at = -2 - index._tiles[index._tiles < -1].astype(np.int64)
    return at[index._words.view(np.uint8)[8 * at + 1] & SPECIAL == 0]


def through_vertices(index: TileIndex, random: np.random.Generator) -> np.ndarray:
    """Points about the lines from the reference point of a record through its vertices."""
    words, octets, found = index._words, index._words.view(np.uint8), [np.empty((0, 2))]
    for at in narrow_records(index):
        vertices, ids = int(octets[8 * at]), int(octets[8 * at + 1]) & 15
        c = at + 1 + (vertices + 6) // 8 + (ids + vertices + 1) // 2
        v = words[c + 2 : c + 2 + 2 * vertices].reshape(-1, 2)
        on = words[c : c + 2] + random.uniform(0, 1.6, (len(v), 1)) * (v - words[c : c + 2])
        found += [v, on, on + random.uniform(-1.5, 1.5, on.shape) * step(index)]
    return np.concatenate(found)


@given(patchworks(), TILES, st.integers(0, 999))
@CASES
def test_points_steps_and_floats_beside_edges_are_touched_as_geos_says(
    patchwork: Patchwork, tiles: float, seed: int
) -> None:
    index = TileIndex(patchwork.polygons, tiles_per_atom=tiles)
    beside = beside_edges(patchwork.polygons, step(index), np.random.default_rng(seed))
    assert_as_geos(index, patchwork.polygons, beside)


@given(broken_patchworks(), TILES, st.integers(0, 999))
@CASES
def test_points_in_line_with_a_vertex_and_the_reference_point_are_touched_as_geos_says(
    patchwork: Patchwork, tiles: float, seed: int
) -> None:
    if len(patchwork.polygons):
        index = TileIndex(patchwork.polygons, tiles_per_atom=tiles)
        asked = through_vertices(index, np.random.default_rng(seed))
        assert_as_geos(index, patchwork.polygons, asked)


@pytest.mark.parametrize("tiles", [20.0, 2_000.0, 40_000.0])
def test_edges_longer_than_the_lattice_reaches_are_touched_as_geos_says(tiles: float) -> None:
    index = TileIndex(LONG, tiles_per_atom=tiles)
    random = np.random.default_rng(4)
    asked = np.concatenate([beside_edges(LONG, step(index), random) for _ in range(200)])
    assert_as_geos(index, LONG, np.concatenate([asked, random.uniform(0, 10, (2_000, 2))]))


def test_a_lattice_is_halved_for_long_edges_and_given_up_for_longer_ones() -> None:
    found = []
    for tiles in (20.0, 40_000.0):
        index = TileIndex(LONG, tiles_per_atom=tiles)
        at, octets = narrow_records(index), index._words.view(np.uint8)
        given_up = octets[8 * at + 1] & EXACT != 0
        found.append((octets[8 * at + 3][~given_up].max(initial=0), given_up.mean()))
    (halvings, few), (_, most) = found
    assert halvings > 0
    assert few < 0.5 < most


@given(patchworks(exact=False), st.integers(0, 999))
@settings(max_examples=10, deadline=None)
def test_the_rough_places_alone_decide_most_points(patchwork: Patchwork, seed: int) -> None:
    index = TileIndex(patchwork.polygons)
    west, south, east, north = shapely.total_bounds(patchwork.polygons)
    xy = np.random.default_rng(seed).uniform([west, south], [east, north], (4_000, 2))
    expected = index.first(*xy.T)[0]
    words, octets = index._words, index._words.view(np.uint8)
    for at in narrow_records(index):
        vertices, ids = int(octets[8 * at]), int(octets[8 * at + 1]) & 15
        c = at + 1 + (vertices + 6) // 8 + (ids + vertices + 1) // 2
        words[c : c + 2 + 2 * vertices] = np.nan
    # Without the doubles all but a few points are answered as before.
    assert (index.first(*xy.T)[0] != expected).mean() < 0.03


def test_records_begin_with_a_line_of_memory(tmp_path: Path) -> None:
    polygons = objects(
        [shapely.Point(117, 36).buffer(0.01), shapely.Point(117.02, 36).buffer(0.01)]
    )
    built = TileIndex(polygons)
    built.save(tmp_path / "index", "lines")
    for index in (built, TileIndex.open(tmp_path / "index", "lines")):
        assert index._words.ctypes.data % (8 * LINE) == 0
        assert (narrow_records(index) % LINE == 0).all()
