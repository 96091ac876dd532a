"""One point at a time from Python: codes of all levels, with margins, beside shapely."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import shapely

from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.town import town
from gridmap.locate.locator import Locator

__all__ = ["run"]

_PLAIN, _MARGINS = Mark(5, 2, at_most=True), Mark(15, 5, at_most=True)


def run(plan: Plan, results: Results) -> None:
    results.begin(
        "single",
        "Microseconds of one Python call by the clock, clustered points: the codes of all four"
        " levels and the status; with margins also the metres to the border at every level, and"
        " the same as the whole `Location` that the service answers, or by the way for arrays."
        " shapely builds its point and gives numbers of atoms, without levels or ties.",
    )
    for size in plan.atoms:
        place = town(size)
        locator = Locator(place.coverage())
        lon, lat = (values.tolist() for values in place.points("clustered", plan.single))
        tree = shapely.STRtree(place.atoms)

        def by_tree(x: float, y: float, tree: shapely.STRtree = tree) -> Any:
            return tree.query(shapely.Point(x, y), predicate="intersects")

        _report(results, "gridmap areas_at", place.name, _times(locator.areas_at, lon, lat), _PLAIN)
        some = max(1, plan.single // 10)
        taken = _times(locator.margins_at, lon, lat)
        _report(results, "gridmap margins_at", place.name, taken, _MARGINS)
        taken = _times(_located(locator), lon[:some], lat[:some])
        _report(results, "gridmap Location with margins", place.name, taken, None)
        taken = _times(_by_arrays(locator), lon[:some], lat[:some])
        _report(results, "gridmap locate of arrays of one point", place.name, taken, None)
        taken = _times(by_tree, lon[:some], lat[:some])
        _report(results, "shapely STRtree.query of one point", place.name, taken, None)


def _located(locator: Locator) -> Callable[[float, float], Any]:
    """One point as `Atlas.locate_one` asks for it."""

    def ask(lon: float, lat: float) -> Any:
        found = locator.clear_one(lon, lat)
        return locator.locate([lon], [lat], margins=True)[0] if found is None else found

    return ask


def _by_arrays(locator: Locator) -> Callable[[float, float], Any]:
    def ask(lon: float, lat: float) -> Any:
        return locator.locate([lon], [lat], margins=True)[0]

    return ask


def _times(ask: Callable[[float, float], Any], lon: list[float], lat: list[float]) -> Any:
    """Return microseconds of each call, after a tenth of the calls untimed."""
    for x, y in zip(lon[: max(1, len(lon) // 10)], lat, strict=False):
        ask(x, y)
    clock = time.perf_counter_ns
    taken = []
    for x, y in zip(lon, lat, strict=True):
        began = clock()
        ask(x, y)
        taken.append(clock() - began)
    return np.array(taken) / 1e3


def _report(results: Results, what: str, case: str, taken: Any, mark: Mark | None) -> None:
    p50, p99 = np.percentile(taken, [50, 99])
    results.add(f"{what}, p50", case, float(p50), "us", mark)
    results.add(f"{what}, p99", case, float(p99), "us")
