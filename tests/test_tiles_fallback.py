"""Without numba: tiles in numpy answer the same, and the locator takes them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.locate.engines import default_engine
from gridmap.locate.locator import Locator
from gridmap.locate.tiles.fallback import NumpyTiles
from gridmap.locate.tiles.index import TileIndex
from tests.specimens import (
    Patchwork,
    Specimen,
    broken_patchworks,
    nested,
    specimens,
    telling_points,
)


def assert_alike(polygons: np.ndarray, lon: np.ndarray, lat: np.ndarray, tiles: float) -> None:
    compiled, plain = TileIndex(polygons), NumpyTiles(polygons, tiles_per_atom=tiles)
    for one, other in (
        (compiled.first(lon, lat), plain.first(lon, lat)),
        (compiled.touching(lon, lat), plain.touching(lon, lat)),
    ):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)
    assert plain.first_one(lon[0], lat[0]) == compiled.first_one(lon[0], lat[0])


@pytest.mark.parametrize("tiles", [0.5, 16.0, 500.0])
@pytest.mark.parametrize("case", specimens(), ids=str)
def test_specimens_are_touched_alike(case: Specimen, tiles: float) -> None:
    assert_alike(case.geometry, *telling_points(case.geometry), tiles)


@given(broken_patchworks(), st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_any_coverage_is_touched_alike(patchwork: Patchwork, seed: int) -> None:
    assert_alike(patchwork.polygons, *telling_points(patchwork.polygons, seed), 16.0)


def test_points_that_are_no_number_touch_nothing() -> None:
    index = NumpyTiles(specimens()[0].geometry)
    bad = np.array([np.nan, np.inf, -np.inf, 1e300])
    assert index.first(bad, np.full(4, 36.5))[0].tolist() == [-1] * 4


def test_the_engine_is_chosen_by_what_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    polygons = specimens()[0].geometry
    assert isinstance(default_engine(polygons), TileIndex)
    monkeypatch.setattr("gridmap.locate.engines.find_spec", lambda name: None)
    assert isinstance(default_engine(polygons), NumpyTiles)


def test_the_fallback_needs_no_numba() -> None:
    # A process of its own, in which numba cannot be imported and is not found.
    program = (
        "import sys; sys.modules['numba'] = None; sys.modules['llvmlite'] = None\n"
        "from gridmap.locate import engines\n"
        "engines.find_spec = lambda name: None\n"
        "import numpy, shapely\n"
        "index = engines.default_engine(numpy.array([shapely.box(0, 0, 1, 1)], object))\n"
        "print(type(index).__name__, index.first_one(0.5, 0.5))\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (run.stdout, run.returncode) == ("NumpyTiles (0, 1)\n", 0), run.stderr


def test_a_locator_answers_alike_with_either() -> None:
    coverage = nested()
    lon, lat = telling_points(coverage.geometry[coverage.atoms])
    accuracy = np.where(np.arange(len(lon)) % 2, np.nan, 12.0)
    compiled, plain = (
        Locator(coverage, engine=engine).locate(lon, lat, accuracy, margins=True)
        for engine in (TileIndex, NumpyTiles)
    )
    assert compiled.status.tolist() == plain.status.tolist()
    assert compiled.certain_level.tolist() == plain.certain_level.tolist()
    for name in coverage.levels.names:
        assert compiled.codes[name].tolist() == plain.codes[name].tolist()
    assert set(compiled.candidates) == set(plain.candidates)
    np.testing.assert_allclose(compiled.margin_m, plain.margin_m, rtol=1e-3, atol=1e-3)


def test_the_areas_at_a_point_are_those_of_its_answer() -> None:
    locator = Locator(nested())
    lon, lat = telling_points(locator.coverage.geometry[locator.coverage.atoms])
    answers = locator.locate(lon, lat)
    for i, (x, y) in enumerate(zip(lon.tolist(), lat.tolist(), strict=True)):
        codes, status = locator.areas_at(x, y)
        assert codes == tuple(answers.codes[name][i] for name in locator.coverage.levels.names)
        assert (status > 0) == (answers.status[i] != "outside")
    assert locator.areas_at(float("nan"), 0.0) == ((None,) * len(locator.coverage.levels), 0)
