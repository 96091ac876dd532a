"""Building the index, its size, its file, and how near memory's own speed it comes."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.measure import Way, rates
from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.town import SETS, Town, town
from gridmap.locate.tiles.index import TILES_PER_ATOM, TileIndex

__all__ = ["run"]

_BUILD, _SIZE = Mark(0.6, 0.3, at_most=True), Mark(2.5, 1.7, at_most=True)
_GATHER, _THREADS, _CITY = Mark(8, 5, at_most=True), Mark(1.7, 1.9), Mark(0.45, 0.55)

# A run takes some hundredths of a second: in one of five a busy neighbour shows.
_PAIRS = 5


def run(plan: Plan, results: Results) -> None:
    results.begin(
        "build",
        "CPU seconds of one core, medians. Raw coordinates are 16 bytes a vertex. The gather"
        " bound is `numpy.take` of as many random int32 from a table as long as the index has"
        " tiles. Two threads are timed by the clock, each run after one of one thread"
        f" ({plan.rounds * _PAIRS} pairs), so other work on the machine counts; the CPU"
        " seconds of two threads over those of one tell what they cost each other, whatever else"
        " runs: two over that is what two free cores would give, but for what waits. They write"
        " into arrays at hand, so that the system's search for fresh pages is left out.",
    )
    for size in plan.atoms:
        place = town(size)
        _build(plan, results, place)
        _open(results, place)
        _gather(plan, results, place)
        _threads(plan, results, place)
    _flat(plan, results)


def _build(plan: Plan, results: Results, place: Town) -> None:
    place.index.first(*place.points("uniform", 10))  # compiles what is compiled at first use
    taken = statistics.median(
        _seconds(lambda: TileIndex(place.atoms), time.process_time) for _ in range(plan.rounds)
    )
    results.add("build", place.name, taken, "s")
    results.add("build per vertex", place.name, taken / place.vertices * 1e6, "us", _BUILD)
    size = place.index.nbytes
    results.add("index, bytes an atom", place.name, size / len(place.atoms))
    results.add("index over raw coordinates", place.name, size / (16 * place.vertices), "x", _SIZE)


def _open(results: Results, place: Town) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.tiles"
        place.index.save(path, "bench")
        lon, lat = (float(values[0]) for values in place.points("uniform", 1))
        for verify in (True, False):
            taken = _seconds(
                lambda verify=verify: TileIndex.open(path, "bench", verify=verify).first_one(
                    lon, lat
                ),
                time.perf_counter,
            )
            how = "checked" if verify else "unchecked"
            results.add(f"open the file ({how}) and answer", place.name, taken * 1e3, "ms")


def _gather(plan: Plan, results: Results, place: Town) -> None:
    number = plan.gather_points
    lon, lat = place.points("uniform", number)
    random = np.random.default_rng(3)
    table = np.arange(int(TILES_PER_ATOM * len(place.atoms)), dtype=np.int32)
    at = random.integers(0, len(table), number)
    own, bound = rates(
        Way(partial(place.index.first, lon, lat), number),
        {"take": Way(partial(np.take, table, at), number)},
        plan.rounds,
    )
    results.add("numpy gather bound", place.name, bound["take"] / 1e6, "M/s")
    mark = _GATHER if len(place.atoms) > 100_000 else None
    results.add("gather bound over gridmap, uniform", place.name, bound["take"] / own, "x", mark)


def _threads(plan: Plan, results: Results, place: Town) -> None:
    number = plan.gather_points
    for kind in SETS:
        lon, lat = place.points(kind, number)
        out = place.index.first(lon, lat)
        one, two = (partial(place.index.first, lon, lat, threads=n, out=out) for n in (1, 2))
        two()
        taken = [(_both(one), _both(two)) for _ in range(plan.rounds * _PAIRS)]
        case = f"{place.name}, {kind}"
        clock = statistics.median(first[0] / second[0] for first, second in taken)
        cost = statistics.median(second[1] / first[1] for first, second in taken)
        results.add("two threads over one", case, clock, "x", _THREADS)
        results.add("CPU seconds of two threads over one", case, cost, "x")
        results.add("two threads over one, by CPU seconds", case, 2 / cost, "x")


def _both(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds by the clock, and CPU seconds."""
    clock, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, max(time.process_time() - cpu, 1e-9)


def _flat(plan: Plan, results: Results) -> None:
    """Speed in the largest town over that in the smallest, in the same rounds."""
    few, many = town(min(plan.atoms)), town(max(plan.atoms))
    number = max(plan.points)
    for kind in SETS:
        small, large = (
            Way(partial(place.index.first, *place.points(kind, number)), number)
            for place in (few, many)
        )
        mine, others = rates(large, {"small": small}, plan.rounds)
        case = f"{len(many.atoms):,} / {len(few.atoms):,}, {kind}"
        results.add("speed in the city over the district", case, mine / others["small"], "", _CITY)


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return clock() - began
