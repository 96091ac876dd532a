"""The compiled tiles against GEOS: the same atoms for every point, whatever the coverage."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from shapely import MultiPolygon, Polygon

from gridmap.errors import BadValue
from gridmap.locate.tiles.index import TileIndex
from tests.specimens import (
    Patchwork,
    Specimen,
    broken_patchworks,
    objects,
    patchworks,
    specimens,
    telling_points,
)

CASES = settings(max_examples=40, deadline=None)
FEW_TILES, MANY_TILES = 0.2, 900.0


def by_geos(polygons: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> list[list[int]]:
    points = shapely.points(lon, lat)
    hits = [np.asarray(shapely.intersects(polygon, points)) for polygon in polygons]
    return [[a for a, hit in enumerate(hits) if hit[p]] for p in range(len(lon))]


def assert_as_geos(
    index: TileIndex, polygons: np.ndarray, lon: np.ndarray, lat: np.ndarray
) -> None:
    expected = by_geos(polygons, lon, lat)
    point, atom = index.touching(lon, lat)
    found: list[list[int]] = [[] for _ in lon]
    for p, a in zip(point.tolist(), atom.tolist(), strict=True):
        found[p].append(a)
    assert found == expected
    won, status = index.first(lon, lat)
    assert won.tolist() == [atoms[0] if atoms else -1 for atoms in expected]
    assert (status & 1).astype(bool).tolist() == [bool(atoms) for atoms in expected]
    assert (status & 4 > 0).tolist() == [len(atoms) > 1 for atoms in expected]
    touched = np.flatnonzero(won >= 0)
    border = index.on_border(lon[touched], lat[touched], won[touched].astype(np.int64))
    assert (status[touched] & 2 > 0).tolist() == border.tolist()


@pytest.mark.parametrize("tiles", [FEW_TILES, 64.0, MANY_TILES])
@pytest.mark.parametrize("case", specimens(), ids=str)
def test_specimens_are_touched_as_geos_says_at_any_size_of_tile(
    case: Specimen, tiles: float
) -> None:
    index = TileIndex(case.geometry, tiles_per_atom=tiles)
    assert_as_geos(index, case.geometry, *telling_points(case.geometry))


@given(broken_patchworks(), st.integers(0, 999), st.sampled_from([FEW_TILES, 8.0, MANY_TILES]))
@CASES
def test_broken_coverages_are_touched_as_geos_says(
    patchwork: Patchwork, seed: int, tiles: float
) -> None:
    lon, lat = telling_points(patchwork.polygons, seed)
    index = TileIndex(patchwork.polygons, tiles_per_atom=tiles)
    assert_as_geos(index, patchwork.polygons, lon, lat)


# Corners on a small lattice: collinear borders, shared vertices, rings that cross themselves,
# holes that are not within their shell, parts that lie over each other.
corner = st.tuples(st.integers(0, 8), st.integers(0, 8))
ring = st.lists(corner, min_size=3, max_size=7)


@st.composite
def lattice_polygons(draw: st.DrawFn) -> np.ndarray:
    unit = draw(st.sampled_from([2.0**-12, 2.0**-20, 0.001, 1.0]))
    # Powers of two keep the lattice exact; a third of a degree does not.
    origin = np.array(draw(st.sampled_from([(117.0, 36.5), (0.0, 0.0), (-4 / 3, -1 / 3)])))

    def place(corners: list) -> np.ndarray:
        return np.array(corners) * unit + (origin - 4 * unit if origin[0] <= 0 else origin)

    def polygon() -> Polygon:
        holes = draw(st.lists(ring, max_size=2))
        return Polygon(place(draw(ring)), [place(hole) for hole in holes])

    found = []
    for _ in range(draw(st.integers(1, 5))):
        parts = draw(st.integers(0, 3))
        found.append(polygon() if parts < 2 else MultiPolygon([polygon() for _ in range(parts)]))
    return objects([*found, None, Polygon()])


@given(lattice_polygons(), st.sampled_from([FEW_TILES, 8.0, MANY_TILES]), st.booleans())
@settings(max_examples=60, deadline=None)
def test_invalid_polygons_on_a_lattice_are_touched_as_geos_says(
    polygons: np.ndarray, tiles: float, ulp: bool
) -> None:
    xy = shapely.get_coordinates(polygons)
    x, y = np.unique(xy[:, 0]), np.unique(xy[:, 1])
    x = np.concatenate([x, (x[1:] + x[:-1]) / 2])
    y = np.concatenate([y, (y[1:] + y[:-1]) / 2])
    lon, lat = (axis.ravel() for axis in np.meshgrid(x, y))
    if ulp:
        # Beside zero the next number is so small that GEOS's own arithmetic underflows.
        lon = np.where(np.abs(lon) < 1e-9, 1e-18, np.nextafter(lon, 999))
        lat = np.where(np.abs(lat) < 1e-9, -1e-18, np.nextafter(lat, -999))
    assert_as_geos(TileIndex(polygons, tiles_per_atom=tiles), polygons, lon, lat)


def test_more_atoms_at_one_place_than_a_mask_has_bits() -> None:
    turned = np.linspace(0, 2 * np.pi, 151)
    rim = np.stack([117 + 0.01 * np.cos(turned), 36.5 + 0.01 * np.sin(turned)], axis=1)
    slices = [Polygon([(117, 36.5), a, b]) for a, b in pairwise(rim)]
    polygons = objects([*slices, *[shapely.box(116.999, 36.499, 117.001, 36.501)] * 70])
    index = TileIndex(polygons, tiles_per_atom=0.1)
    random = np.random.default_rng(5)
    lon = np.concatenate([[117.0], 117 + random.normal(0, 0.002, 200), rim[:, 0]])
    lat = np.concatenate([[36.5], 36.5 + random.normal(0, 0.002, 200), rim[:, 1]])
    assert_as_geos(index, polygons, lon, lat)


def test_a_coast_with_many_edges_in_one_tile() -> None:
    random = np.random.default_rng(9)
    turned = np.sort(random.uniform(0, 2 * np.pi, 4000))
    radius = 0.01 * (1 + 0.3 * random.random(4000))
    coast = Polygon(np.stack([10 + radius * np.cos(turned), 50 + radius * np.sin(turned)], axis=1))
    polygons = objects([coast, shapely.box(9.0, 49.0, 11.0, 51.0).difference(coast)])
    index = TileIndex(polygons, tiles_per_atom=1)
    xy = shapely.get_coordinates(coast)[::7]
    beside = np.nextafter(xy, [999, -999])
    spread = 10 + random.normal(0, 0.01, (300, 2)) + [0, 40]
    lon, lat = np.concatenate([xy, (xy[1:] + xy[:-1]) / 2, beside, spread]).T
    assert_as_geos(index, polygons, lon.copy(), lat.copy())


@given(patchworks(), st.integers(0, 999))
@CASES
def test_one_point_is_answered_as_in_an_array(patchwork: Patchwork, seed: int) -> None:
    index = TileIndex(patchwork.polygons)
    lon, lat = telling_points(patchwork.polygons, seed)
    one = [index.first_one(x, y) for x, y in zip(lon.tolist(), lat.tolist(), strict=True)]
    assert one == list(zip(*[found.tolist() for found in index.first(lon, lat)], strict=True))


def test_threads_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gridmap.locate.tiles.index._BLOCK", 100)
    case = specimens()[2]
    lon, lat = (np.tile(axis, 9) for axis in telling_points(case.geometry))
    index = TileIndex(case.geometry)
    for found, alone in zip(index.first(lon, lat, threads=3), index.first(lon, lat), strict=True):
        np.testing.assert_array_equal(found, alone)


@pytest.mark.parametrize("threads", [1, 3])
def test_answers_are_written_into_arrays_at_hand(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridmap.locate.tiles.index._BLOCK", 100)
    case = specimens()[2]
    lon, lat = (np.tile(axis, 9) for axis in telling_points(case.geometry))
    index = TileIndex(case.geometry)
    out = np.full(len(lon), -7, np.int32), np.full(len(lon), 99, np.uint8)
    found = index.first(lon, lat, threads=threads, out=out)
    assert found[0] is out[0]
    assert found[1] is out[1]
    for written, made in zip(out, index.first(lon, lat), strict=True):
        np.testing.assert_array_equal(written, made)


@pytest.mark.parametrize(
    "out",
    [
        (np.empty(3, np.int32), np.empty(4, np.uint8)),
        (np.empty(4, np.int64), np.empty(4, np.uint8)),
        (np.empty(8, np.int32)[::2], np.empty(4, np.uint8)),
    ],
    ids=["too short", "of another type", "with steps"],
)
def test_arrays_that_cannot_take_the_answers_are_refused(
    out: tuple[NDArray[np.int32], NDArray[np.uint8]],
) -> None:
    index = TileIndex(objects([shapely.box(-10, -10, 10, 10)]))
    with pytest.raises(ValueError, match=r"out: .* \(4,\) in one piece is needed"):
        index.first(np.zeros(4), np.zeros(4), out=out)


def test_what_is_no_number_touches_nothing() -> None:
    index = TileIndex(objects([shapely.box(-10, -10, 10, 10)]))
    bad = np.array([np.nan, np.inf, -np.inf, 1e300, -1e300])
    for lon, lat in ((bad, np.zeros(5)), (np.zeros(5), bad)):
        atom, status = index.first(lon, lat)
        assert atom.tolist() == [-1] * 5
        assert status.tolist() == [0] * 5
        assert len(index.touching(lon, lat)[0]) == 0
    assert index.first_one(float("nan"), 0.0) == (-1, 0)


def test_nothing_but_missing_and_empty_atoms_is_an_index_too() -> None:
    for polygons in ([], [None], [Polygon(), None, MultiPolygon()]):
        index = TileIndex(objects(polygons))
        assert len(index) == len(polygons)
        assert index.first(np.array([0.0]), np.array([0.0]))[0].tolist() == [-1]


def test_a_polygon_without_extent_is_touched_where_it_is() -> None:
    flat = objects([Polygon([(5, 5), (6, 5), (5, 5)]), Polygon([(7, 7), (7, 7), (7, 7)])])
    index = TileIndex(flat)
    lon, lat = np.array([5.5, 5.5, 7.0, 7.1]), np.array([5.0, 5.1, 7.0, 7.0])
    assert_as_geos(index, flat, lon, lat)


def test_a_vertex_that_is_not_finite_is_refused() -> None:
    broken = objects([shapely.box(0, 0, 1, 1), Polygon([(0, 0), (np.inf, 0), (1, 1)])])
    with pytest.raises(BadValue, match="area 1"):
        TileIndex(broken)


def test_a_raster_without_tiles_is_refused() -> None:
    with pytest.raises(BadValue):
        TileIndex(objects([shapely.box(0, 0, 1, 1)]), tiles_per_atom=0)
