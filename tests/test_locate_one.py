"""One point at a time, in one compiled call: to the last bit what the arrays answer."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.locate.locator import Locator, index_above
from gridmap.locate.model import TOUCHED
from gridmap.locate.tiles.index import TileIndex
from tests.specimens import Patchwork, Specimen, broken_patchworks, specimens, telling_points

CASES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None
)


def stacked(polygons: np.ndarray, seed: int) -> Coverage:
    """The polygons as cells under blocks under towns; some cells have no block, or no town."""
    dice = np.random.default_rng(seed)
    areas = [Area(-1, "town", f"T{i}", "", "", None, None) for i in range(2)]
    areas += [Area(-1, "block", f"B{i}", "", "", "town", f"T{i % 3}") for i in range(5)]
    for i in range(len(polygons)):
        level, code = [("block", f"B{dice.integers(5)}"), ("town", f"T{dice.integers(2)}")][
            i % 7 == 6
        ]
        lost = i % 11 == 10
        areas.append(
            Area(-1, "cell", f"{i:04d}", "", "", None if lost else level, None if lost else code)
        )
    shapes = [None] * 7 + list(polygons)
    return Coverage.build("stack", Levels(["town", "block", "cell"]), areas, shapes)


def assert_one_is_one_of_many(coverage: Coverage, lon: np.ndarray, lat: np.ndarray) -> None:
    locator = Locator(coverage)
    whole = locator.locate(lon, lat, margins=True)
    _, bits = locator.index.first(lon, lat)
    for i, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
        if abs(x) > 180 or abs(y) > 90:
            continue  # No place, which whoever asks has to know; areas may reach there.
        codes, status, metres = locator.margins_at(x, y)
        assert list(codes) == [whole.codes[name][i] for name in whole.levels.names]
        assert status == bits[i]
        expected = [whole.margins_m[name][i] for name in whole.levels.names]
        np.testing.assert_array_equal(metres, expected)
        alone = locator.clear_one(x, y) if np.isfinite(x + y) else None
        assert alone is None or alone == whole[i]


@pytest.mark.parametrize("case", specimens(), ids=str)
def test_specimens_are_answered_alike(case: Specimen) -> None:
    lon, lat = telling_points(case.geometry, 3)
    assert_one_is_one_of_many(stacked(case.geometry, 1), lon[:150], lat[:150])


@given(broken_patchworks(), st.integers(0, 999))
@CASES
def test_any_coverage_is_answered_alike(patchwork: Patchwork, seed: int) -> None:
    lon, lat = telling_points(patchwork.polygons, seed)
    some = np.random.default_rng(seed).permutation(len(lon))[:80]
    assert_one_is_one_of_many(stacked(patchwork.polygons, seed), lon[some], lat[some])


def test_points_far_away_and_points_that_are_no_numbers() -> None:
    squares = np.array([shapely.box(117 + i, 36, 118 + i, 37) for i in range(3)], object)
    places = [(0.0, 0.5), (-179.9, 89.0), (np.nan, 36.5), (117.5, np.inf), (120.3, 36.5)]
    places += [(118.0, 36.5), (117.0, 36.0), (117.5, 36.5), (119.2, 36.1)]
    lon, lat = np.array(places).T
    assert_one_is_one_of_many(stacked(squares, 1), lon, lat)


def test_a_point_close_to_a_border_is_sure_without_arrays() -> None:
    squares = np.array([shapely.box(117 + i, 36, 118 + i, 37) for i in range(3)], object)
    locator = Locator(stacked(squares, 1))
    found = locator.clear_one(117.5, 36.0 + 1e-6)
    assert found is not None
    assert 0 < found.margins_m["cell"] < 0.2
    assert locator.clear_one(117.5, 36.0) is None
    assert locator.margins_at(117.5, 36.0)[1] & TOUCHED


def test_areas_told_apart_by_level_have_the_same_metres() -> None:
    dice = np.random.default_rng(4)
    sites = shapely.multipoints(dice.uniform(0, 0.2, (300, 2)) + np.array([117, 36]))
    cells = shapely.get_parts(shapely.voronoi_polygons(sites))
    coverage = stacked(np.array(cells, object), 9)
    grouped = index_above(coverage)
    plain = index_above(coverage, TileIndex)
    lon, lat = dice.uniform(-0.02, 0.22, (2, 3000)) + np.array([[117], [36]])
    for number in range(len(grouped)):
        own = np.full(len(lon), number)
        np.testing.assert_array_equal(
            grouped.margin(lon, lat, own), plain.margin(lon, lat, own), strict=True
        )
