"""Distances in bulk: candidates within 25 m, nearest from outside, margins; beside shapely.

shapely works in a plane: it is given an azimuthal equidistant projection around the town,
true to 0.01 % there, with the projection not timed. Answers may differ where a distance is
within a thousandth of the one compared with; anything else is an error.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from benchmarks.measure import Way, rates
from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.town import SETS, Floats, Town, town

__all__ = ["run"]

RADIUS_M = 25.0
_MARK = Mark(5, 10)
_TOLERANCE, _LEAST_M = 1e-3, 1e-3


class _Plane:
    """A town's atoms in metres, in a tree of shapely."""

    def __init__(self, place: Town) -> None:
        west, south, east, north = shapely.total_bounds(place.atoms)
        self.project = Transformer.from_crs(
            "EPSG:4326",
            f"+proj=aeqd +lon_0={(west + east) / 2} +lat_0={(south + north) / 2} +datum=WGS84",
            always_xy=True,
        )
        self.atoms = shapely.transform(
            place.atoms, lambda xy: np.column_stack(self.project.transform(*xy.T))
        )
        self.tree = shapely.STRtree(self.atoms)

    def points(self, lon: Floats, lat: Floats) -> NDArray[np.object_]:
        made: NDArray[np.object_] = shapely.points(*self.project.transform(lon, lat))
        return made


def run(plan: Plan, results: Results) -> None:
    results.begin(
        "near",
        "Points a CPU second of one core; gridmap's answers hold metres on the ellipsoid,"
        " shapely's are in a plane that was projected beforehand, and `dwithin` gives no"
        " distances. Same answers, but for distances equal to a thousandth.",
    )
    for size in plan.atoms:
        place = town(size)
        plane = _Plane(place)
        for kind in SETS:
            _within(plan, results, place, plane, kind)
        lon, lat = place.points("clustered", plan.slow_points)
        won, _ = place.index.first(lon, lat)
        inside = won >= 0
        _margins(plan, results, place, plane, (lon[inside], lat[inside], won[inside]))
        lon, lat = place.points("uniform", 4 * plan.slow_points)
        outside = np.flatnonzero(place.index.first(lon, lat)[0] < 0)[: plan.slow_points]
        _nearest(plan, results, place, plane, lon[outside], lat[outside])


def _within(plan: Plan, results: Results, place: Town, plane: _Plane, kind: str) -> None:
    lon, lat = place.points(kind, plan.slow_points)
    radius = np.full(len(lon), RADIUS_M)
    points = plane.points(lon, lat)
    theirs = partial(plane.tree.query, points, predicate="dwithin", distance=RADIUS_M)
    point, atom, _ = place.index.within(lon, lat, radius)
    rows = len(place.atoms)
    odd = np.setxor1d(point * rows + atom, np.dot([rows, 1], theirs()))
    metres = shapely.distance(points[odd // rows], plane.atoms[odd % rows])
    _check("within 25 m", metres, np.full(len(odd), RADIUS_M))
    _report(
        plan, results, f"within {RADIUS_M:.0f} m over shapely dwithin", f"{place.name}, {kind}",
        Way(partial(place.index.within, lon, lat, radius), len(lon)), Way(theirs, len(lon)), _MARK,
    )  # fmt: skip


def _nearest(
    plan: Plan, results: Results, place: Town, plane: _Plane, lon: Floats, lat: Floats
) -> None:
    points = plane.points(lon, lat)
    theirs = partial(plane.tree.query_nearest, points, return_distance=True, all_matches=False)
    (point, _), far = theirs()
    atom, metres = place.index.nearest(lon, lat)
    _check("nearest", metres[point], far)
    _check("the nearest atom", shapely.distance(points, plane.atoms[atom]), metres)
    _report(
        plan, results, "nearest from outside over shapely query_nearest",
        f"{place.name}, uniform", Way(partial(place.index.nearest, lon, lat), len(lon)),
        Way(theirs, len(lon)), _MARK,
    )  # fmt: skip


def _margins(
    plan: Plan,
    results: Results,
    place: Town,
    plane: _Plane,
    found: tuple[Floats, Floats, NDArray[np.int32]],
) -> None:
    lon, lat, won = found
    points = plane.points(lon, lat)
    borders = shapely.boundary(plane.atoms)
    shapely.prepare(borders)
    theirs = partial(shapely.distance, borders[won], points)
    _check("margin", place.index.margin(lon, lat, won.astype(np.int64)), theirs())
    own = partial(place.index.margin, lon, lat, won.astype(np.int64))
    _report(
        plan, results, "margin over shapely distance, prepared borders",
        f"{place.name}, clustered", Way(own, len(lon)), Way(theirs, len(lon)), None,
    )  # fmt: skip


def _check(what: str, own: Floats, other: Floats) -> None:
    wrong = np.abs(own - other) > _LEAST_M + _TOLERANCE * other
    if wrong.any():
        raise AssertionError(f"{what}: {wrong.sum()} of {len(wrong)} distances differ")


def _report(
    plan: Plan, results: Results, what: str, case: str, own: Way, rival: Way, mark: Mark | None
) -> None:
    mine, theirs = rates(own, {what: rival}, plan.rounds)
    shown = f"{what} ({mine / 1e6:.2f} and {theirs[what] / 1e6:.3f} M/s)"
    results.add(shown, case, mine / theirs[what], "x", mark)
