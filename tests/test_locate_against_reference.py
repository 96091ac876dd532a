"""The whole answer against a plain reading of the rules, point by point, atom by atom."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.model import Coverage
from gridmap.locate.locator import Locator
from gridmap.locate.model import Location, LocationStatus, NearArea
from tests.slow_metres import slow_distance, slow_metres
from tests.specimens import Patchwork, nested_coverages

TRUE = {"rel": 1e-3, "abs": 1e-3}


class Reference:
    """The rules of locating, without arrays or an index."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self.levels = coverage.levels.names
        named = {int(p) for p in coverage.parent if p >= 0}
        self.atoms = [row for row in range(len(coverage)) if row not in named]

    def chain(self, row: int) -> dict[str, int]:
        """Row of the area at each level that the atom `row` belongs to."""
        found = {}
        while row >= 0:
            found[self.levels[self.coverage.rank[row]]] = row
            row = int(self.coverage.parent[row])
        return found

    def tie_order(self, row: int) -> tuple[int, bytes]:
        return -int(self.coverage.rank[row]), self.coverage.code[row].encode()

    def standing_for(self, row: int, level: str) -> int:
        chain = self.chain(row)
        upward = self.levels[self.levels.index(level) :: -1]
        return next((chain[name] for name in upward if name in chain), row)

    def shape(self, row: int) -> shapely.Geometry:
        members = [a for a in self.atoms if row in self.chain(a).values()]
        return shapely.union_all(self.coverage.geometry[members])

    def near(self, row: int, metres: float) -> NearArea:
        level = self.levels[self.coverage.rank[row]]
        return NearArea(level, self.coverage.code[row], metres)

    def locate(self, lon: float, lat: float, accuracy: float, level: str) -> Location:
        point, geometry = shapely.Point(lon, lat), self.coverage.geometry
        away = {row: slow_distance(geometry[row], lon, lat) for row in self.atoms}
        touching = [row for row in self.atoms if shapely.intersects(geometry[row], point)]
        touching.sort(key=self.tie_order)
        given = not math.isnan(accuracy)
        reached = [row for row in away if away[row] <= accuracy] if given else touching
        reached.sort(key=lambda row: (row not in touching[:1], self.tie_order(row)))
        near = tuple(self.near(row, away[row]) for row in reached)
        if not touching:
            nearest = min(away, key=lambda row: away[row]) if away else None
            return Location(
                lon,
                lat,
                LocationStatus.OUTSIDE,
                candidates=near,
                nearest=None if nearest is None else self.near(nearest, away[nearest]),
            )
        winner = touching[0]
        chains = [self.chain(row) for row in reached]
        shared = [n for n in self.levels if len({chain.get(n) for chain in chains}) == 1]
        shared = [n for n in shared if n in chains[0]]
        inner = [r for r in touching if not shapely.boundary(geometry[r]).intersects(point)]
        status = LocationStatus.INSIDE
        if given and len({self.standing_for(row, level) for row in reached}) > 1:
            status = LocationStatus.AMBIGUOUS
        elif not given and winner not in inner:
            status = LocationStatus.BOUNDARY
        areas = self.chain(winner)
        return Location(
            lon,
            lat,
            status,
            areas={n: self.coverage.code[areas[n]] for n in self.levels if n in areas},
            certain_level=shared[-1] if shared else None,
            margin_m=slow_metres(geometry[winner], lon, lat),
            margins_m={name: slow_metres(self.shape(row), lon, lat) for name, row in areas.items()},
            candidates=near if len(reached) > 1 else (),
            warning="overlap" if inner and len(touching) > 1 else "",
        )


def assert_same(found: Location, expected: Location) -> None:
    assert found.location_status == expected.location_status
    assert found.areas == expected.areas
    assert found.certain_level == expected.certain_level
    assert found.warning == expected.warning
    assert (found.margin_m is None) == (expected.margin_m is None)
    if expected.margin_m is not None:
        assert found.margin_m == pytest.approx(expected.margin_m, **TRUE)
    assert found.margins_m == pytest.approx(expected.margins_m, **TRUE)
    assert [(n.level, n.code) for n in found.candidates] == [
        (n.level, n.code) for n in expected.candidates
    ]
    assert [n.distance_m for n in found.candidates] == pytest.approx(
        [n.distance_m for n in expected.candidates], **TRUE
    )
    assert (found.nearest is None) == (expected.nearest is None)
    if found.nearest and expected.nearest:
        assert found.nearest.distance_m == pytest.approx(expected.nearest.distance_m, **TRUE)


@given(nested_coverages(), st.integers(0, 999), st.data())
@settings(max_examples=25, deadline=None)
def test_every_answer_follows_the_rules(
    drawn: tuple[Coverage, Patchwork], seed: int, data: st.DataObject
) -> None:
    coverage, patchwork = drawn
    level = data.draw(st.sampled_from(coverage.levels.names))
    lon, lat = patchwork.points(seed)
    some = np.random.default_rng(seed).permutation(len(lon))[:5]
    lon, lat = lon[some], lat[some]
    accuracy = np.array(
        data.draw(
            st.lists(
                st.sampled_from([math.nan, math.nan, 0.0, 3.1, 17.3, 61.7, 4000.0]),
                min_size=len(some),
                max_size=len(some),
            )
        )
    )
    found = Locator(coverage).locate(lon, lat, accuracy, level=level, margins=True)
    reference = Reference(coverage)
    for i in range(len(some)):
        assert_same(found[i], reference.locate(lon[i], lat[i], accuracy[i], level))
