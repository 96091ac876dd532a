"""Which atoms touch a point, and on which border it lies: exactly what GEOS says."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.locate.strtree import STRtreeIndex
from gridmap.locate.tiles.fallback import NumpyTiles
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

CASES = settings(max_examples=60, deadline=None)
pytestmark = pytest.mark.parametrize("engine", [STRtreeIndex, TileIndex, NumpyTiles])


def brute_touching(polygons: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> set:
    """Pairs (point, atom) by asking GEOS for every atom, unprepared, alone."""
    points = shapely.points(lon, lat)
    return {
        (int(p), a)
        for a, polygon in enumerate(polygons)
        for p in np.flatnonzero(shapely.intersects(polygon, points))
    }


def pairs(found: tuple[np.ndarray, np.ndarray]) -> list[tuple[int, int]]:
    return list(zip(found[0].tolist(), found[1].tolist(), strict=True))


@pytest.mark.parametrize("case", specimens(), ids=str)
def test_a_specimen_is_touched_as_its_drawing_says(engine: type, case: Specimen) -> None:
    index = engine(case.geometry)
    for name, (lon, lat) in case.points.items():
        _, atom = index.touching(np.array([lon]), np.array([lat]))
        assert {case.codes[a] for a in atom} == case.touching[name], name


@pytest.mark.parametrize("case", specimens(), ids=str)
def test_specimens_are_touched_as_geos_says(engine: type, case: Specimen) -> None:
    lon, lat = telling_points(case.geometry)
    found = pairs(engine(case.geometry).touching(lon, lat))
    assert found == sorted(brute_touching(case.geometry, lon, lat))


@given(patchworks(), st.integers(0, 999))
@CASES
def test_random_coverages_are_touched_as_geos_says(
    engine: type, patchwork: Patchwork, seed: int
) -> None:
    lon, lat = telling_points(patchwork.polygons, seed)
    found = pairs(engine(patchwork.polygons).touching(lon, lat))
    assert found == sorted(brute_touching(patchwork.polygons, lon, lat))


@given(broken_patchworks(), st.integers(0, 999))
@CASES
def test_broken_coverages_are_touched_as_geos_says(
    engine: type, patchwork: Patchwork, seed: int
) -> None:
    lon, lat = telling_points(patchwork.polygons, seed)
    found = pairs(engine(patchwork.polygons).touching(lon, lat))
    assert found == sorted(brute_touching(patchwork.polygons, lon, lat))


@given(patchworks(exact=True), st.integers(0, 999))
@CASES
def test_every_vertex_and_midpoint_of_an_edge_touches_its_own_atom(
    engine: type, patchwork: Patchwork, seed: int
) -> None:
    index = engine(patchwork.polygons)
    for atom, polygon in enumerate(patchwork.polygons):
        ends = shapely.get_coordinates(shapely.get_parts(polygon)[0].exterior)
        on = np.concatenate([ends, (ends[1:] + ends[:-1]) / 2])
        point, touched = index.touching(on[:, 0].copy(), on[:, 1].copy())
        assert set(point[touched == atom]) == set(range(len(on)))
        own = np.full(len(on), atom)
        assert index.on_border(on[:, 0].copy(), on[:, 1].copy(), own).all()


@given(broken_patchworks(), st.integers(0, 999))
@CASES
def test_on_border_is_touching_the_boundary(engine: type, patchwork: Patchwork, seed: int) -> None:
    index = engine(patchwork.polygons)
    lon, lat = telling_points(patchwork.polygons, seed)
    point, atom = index.touching(lon, lat)
    found = index.on_border(lon[point], lat[point], atom)
    points = shapely.points(lon, lat)[point]
    expected = shapely.intersects(shapely.boundary(patchwork.polygons)[atom], points)
    assert found.tolist() == expected.tolist()


def test_a_point_outside_its_atom_is_not_on_its_border(engine: type) -> None:
    index = engine(objects([shapely.box(0, 0, 1, 1)]))
    assert not index.on_border(np.array([2.0]), np.array([2.0]), np.array([0]))[0]


def test_one_ulp_beside_an_edge_is_not_on_it(engine: type) -> None:
    index = engine(objects([shapely.box(117.0, 36.0, 117.5, 36.5)]))
    east = 117.5
    lon = np.array([np.nextafter(east, 0), east, np.nextafter(east, 200)])
    point, _ = index.touching(lon, np.full(3, 36.25))
    assert point.tolist() == [0, 1]
    own = np.zeros(2, dtype=np.int64)
    assert index.on_border(lon[:2], np.full(2, 36.25), own).tolist() == [False, True]


def test_no_points_give_no_pairs(engine: type) -> None:
    index = engine(objects([shapely.box(0, 0, 1, 1)]))
    none = np.empty(0)
    assert [len(x) for x in index.touching(none, none)] == [0, 0]
    assert len(index.on_border(none, none, np.empty(0, np.int64))) == 0


def test_no_atoms_are_touched_by_nothing(engine: type) -> None:
    index = engine(objects([]))
    assert [len(x) for x in index.touching(np.array([1.0]), np.array([1.0]))] == [0, 0]


def test_more_points_than_a_block_keep_their_numbers(
    engine: type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gridmap.locate.strtree._BLOCK", 7)
    index = engine(objects([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]))
    lon = np.arange(40) % 3.0
    point, atom = index.touching(lon, np.full(40, 0.5))
    expected = {0.0: [0], 1.0: [0, 1], 2.0: [1]}
    assert pairs((point, atom)) == [(i, a) for i in range(40) for a in expected[lon[i]]]


def test_unprepared_polygons_answer_the_same(engine: type, monkeypatch: pytest.MonkeyPatch) -> None:
    case = specimens()[2]
    lon, lat = telling_points(case.geometry)
    prepared = pairs(engine(case.geometry).touching(lon, lat))
    monkeypatch.setattr("gridmap.locate.strtree._PREPARED_VERTICES", 0)
    assert pairs(engine(case.geometry).touching(lon, lat)) == prepared


def test_the_callers_array_is_not_kept(engine: type) -> None:
    polygons = objects([shapely.box(0, 0, 1, 1)])
    index = engine(polygons)
    polygons[0] = None
    assert len(index.touching(np.array([0.5]), np.array([0.5]))[0]) == 1
