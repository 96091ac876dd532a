"""The winner of each of many points, beside every rival; all must give the same winners."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import Way, rates
from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.rivals import (
    RIVALS,
    Missing,
    PostgisJoin,
    Rival,
    ShapelyQuery,
    ShapelyRecipe,
)
from benchmarks.town import SETS, Town, town

__all__ = ["run"]

_QUERY = {"uniform": Mark(55, 80), "clustered": Mark(40, 60)}
_MARKS: dict[type[Rival], dict[str, Mark]] = {
    ShapelyQuery: _QUERY,
    ShapelyRecipe: dict.fromkeys(SETS, Mark(12, 20)),
    PostgisJoin: dict.fromkeys(SETS, Mark(100, 250)),
}


def run(plan: Plan, results: Results) -> None:
    results.begin(
        "bulk",
        "Winners by `TileIndex.first` (int32 atom and status byte) over each rival's pairs:"
        " points a CPU second of one core, medians of interleaved rounds (five; three where one"
        " run of a rival takes more than 30 s). CPU seconds are those of all threads, for PostGIS"
        " those of its backend, which sends no rows. Slow rivals are asked about some of the"
        " points and compared by their rate. Every rival was asked for the same winners,"
        " the smallest atom of each point: zero differences.",
    )
    for size in plan.atoms:
        place = town(size)
        for group in RIVALS:
            with ExitStack() as stack:
                rivals = _loaded(group, plan, place, results, stack)
                for number in plan.points:
                    for kind in SETS if rivals else ():
                        _compare(plan, results, place, rivals, kind, number)


def _loaded(
    group: tuple[type[Rival], ...], plan: Plan, place: Town, results: Results, stack: ExitStack
) -> list[Rival]:
    out: list[Rival] = []
    for rival in group:
        try:
            if rival is PostgisJoin and not plan.postgis:
                raise Missing("Left out of this run.")
            made = rival(place.atoms)
        except Missing as error:
            results.skip(f"{rival.name}, {place.name}", str(error))
        else:
            stack.callback(made.close)
            out += [made, *made.also()]
    return out


def _compare(
    plan: Plan, results: Results, place: Town, rivals: list[Rival], kind: str, number: int
) -> None:
    lon, lat = place.points(kind, number)
    won, _ = place.index.first(lon, lat)
    ways: dict[str, Way] = {}
    for rival in rivals:
        some = min(number, rival.most)
        rival.take(lon[:some], lat[:some])
        _same(rival, won[:some])
        ways[rival.name] = Way(rival.run, some, rival.clock)
    own, theirs = rates(Way(partial(place.index.first, lon, lat), number), ways, plan.rounds)
    case = f"{place.name}, {_count(number)} {kind}"
    results.add("gridmap", case, own / 1e6, "M/s")
    for rival in rivals:
        mark = _MARKS.get(type(rival), {}).get(kind)
        rate = theirs[rival.name]
        results.add(f"over {rival.name} ({rate / 1e6:.3f} M/s)", case, own / rate, "x", mark)


def _same(rival: Rival, won: NDArray[np.int32]) -> None:
    differences = int(np.count_nonzero(rival.winners() != won))
    if differences:
        raise AssertionError(f"{rival.name} gives {differences:,} other winners of {len(won):,}")


def _count(number: int) -> str:
    return f"{number // 1_000_000} M" if number >= 1_000_000 else f"{number:,}"
