"""PostGIS as an independent oracle: the same sets of areas touch the same points.

Coverages stand on a dyadic lattice here: PostGIS decides sides in plain doubles, which is
exact there and, for points a hair beside a slanting edge, nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import psycopg2
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.coverage.model import Coverage
from gridmap.locate.locator import Locator
from gridmap.locate.strtree import STRtreeIndex
from tests.specimens import (
    Patchwork,
    broken_patchworks,
    nested_coverages,
    patchworks,
    specimens,
    telling_points,
)

pytestmark = pytest.mark.postgis
# The database is only a calculator: every case brings its own rows.
CASES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


QUESTION = """
    WITH area AS (
        SELECT n, code, ST_SetSRID(shape::geometry, 4326) AS geom
        FROM unnest(%(code)s::text[], %(shape)s::text[]) WITH ORDINALITY AS a (code, shape, n)
    ), point AS (
        SELECT n, ST_SetSRID(ST_MakePoint(lon, lat), 4326) AS geom
        FROM unnest(%(lon)s::float8[], %(lat)s::float8[]) WITH ORDINALITY AS p (lon, lat, n)
    )
    SELECT p.n - 1, a.n - 1, ST_Intersects(a.geom, p.geom), ST_Covers(a.geom, p.geom),
        ST_ContainsProperly(a.geom, p.geom)
    FROM point p JOIN area a ON a.geom && p.geom
    ORDER BY p.n, convert_to(a.code, 'UTF8')
"""


class Oracle:
    """PostGIS as a calculator for areas and points; nothing is stored."""

    def __init__(self, dsn: str) -> None:
        self.connection = psycopg2.connect(dsn)

    def ask(
        self, polygons: np.ndarray, codes: list[str], lon: np.ndarray, lat: np.ndarray
    ) -> dict[str, list[tuple[int, int]]]:
        """Pairs (point, area) for each predicate, by point, then code in byte order."""
        values = {
            "code": codes,
            "shape": shapely.to_wkb(polygons, hex=True, output_dimension=2).tolist(),
            "lon": lon.tolist(),
            "lat": lat.tolist(),
        }
        with self.connection, self.connection.cursor() as cursor:
            cursor.execute(QUESTION, values)
            rows = cursor.fetchall()
        names = ("intersects", "covers", "contains_properly")
        return {name: [row[:2] for row in rows if row[i]] for i, name in enumerate(names, 2)}


@pytest.fixture
def oracle(pg_dsn: str) -> Iterator[Oracle]:
    asked = Oracle(pg_dsn)
    yield asked
    asked.connection.close()


def check(oracle: Oracle, polygons: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> None:
    index = STRtreeIndex(polygons)
    point, atom = index.touching(lon, lat)
    found = list(zip(point.tolist(), atom.tolist(), strict=True))
    border = index.on_border(lon[point], lat[point], atom)
    codes = [f"{n:04}" for n in range(len(polygons))]
    expected = oracle.ask(polygons, codes, lon, lat)
    assert found == expected["intersects"] == expected["covers"]
    inner = [pair for pair, on in zip(found, border, strict=True) if not on]
    assert inner == expected["contains_properly"]


def test_specimens(oracle: Oracle) -> None:
    for case in specimens():
        if case.valid:
            lon, lat = telling_points(case.geometry, exact=True)
            named = np.array(list(case.points.values()))
            lon, lat = np.concatenate([lon, named[:, 0]]), np.concatenate([lat, named[:, 1]])
            check(oracle, case.geometry, lon, lat)


@given(patchworks(exact=True), st.integers(0, 999))
@CASES
def test_random_coverages(oracle: Oracle, patchwork: Patchwork, seed: int) -> None:
    check(oracle, patchwork.polygons, *patchwork.points(seed))


@given(broken_patchworks(exact=True), st.integers(0, 999))
@CASES
def test_broken_coverages(oracle: Oracle, patchwork: Patchwork, seed: int) -> None:
    check(oracle, patchwork.polygons, *patchwork.points(seed))


@given(broken_patchworks(exact=True), st.integers(0, 999))
@CASES
def test_the_winner_is_the_first_in_byte_order(
    oracle: Oracle, patchwork: Patchwork, seed: int
) -> None:
    lon, lat = patchwork.points(seed)
    answers = Locator(patchwork.coverage()).locate(lon, lat)
    found = {i: code for i, code in enumerate(answers.codes["grid"]) if code is not None}
    expected: dict[int, str] = {}
    for point, area in oracle.ask(patchwork.polygons, patchwork.codes, lon, lat)["intersects"]:
        expected.setdefault(point, patchwork.codes[area])
    assert found == expected


@given(nested_coverages(broken=False, exact=True), st.integers(0, 999))
@CASES
def test_the_area_at_every_level_covers_the_point(
    oracle: Oracle, drawn: tuple[Coverage, Patchwork], seed: int
) -> None:
    coverage, patchwork = drawn
    lon, lat = patchwork.points(seed)
    answers = Locator(coverage).locate(lon, lat)
    keys = [f"{coverage.area(row).level}/{coverage.code[row]}" for row in range(len(coverage))]
    covered = oracle.ask(coverage.shapes, keys, lon, lat)["covers"]
    named = {(point, keys[area]) for point, area in covered}
    for i in range(len(lon)):
        for level, code in answers[i].areas.items():
            assert (i, f"{level}/{code}") in named
