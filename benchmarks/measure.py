"""Timing two ways in turn, so that a change of the machine's speed hits both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ROUNDS = 5

# A rival that takes longer than this for one run has fewer rounds.
SLOW_S, SLOW_ROUNDS = 30.0, 3


def in_turn(ways: Mapping[str, Callable[[], object]], rounds: int = ROUNDS) -> dict[str, float]:
    """Return the median CPU seconds of each way over `rounds`, after one round unmeasured."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(rounds + 1):
        for name, way in ways.items():
            began = time.process_time()
            way()
            if turn:
                taken[name].append(time.process_time() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


def table(title: str, seconds: Mapping[str, float], work: int, *, own: str) -> None:
    """Print each way's rate and how many times as long it takes as gridmap's own."""
    print(f"\n{title} ({work:,} points, medians of {ROUNDS}, CPU seconds)")
    for name, taken in seconds.items():
        print(
            f"  {name:<44} {taken:8.3f} s {work / taken:>12,.0f}/s"
            f"   {taken / seconds[own]:5.2f} x gridmap's time"
        )


@dataclass(frozen=True)
class Way:
    """One way to do some work, and the clock that tells what it took in seconds."""

    run: Callable[[], object]
    work: int
    clock: Callable[[], float] = time.process_time


def rates(
    own: Way, rivals: Mapping[str, Way], rounds: int = ROUNDS
) -> tuple[float, dict[str, float]]:
    """Return the median rates (work a second) of gridmap's own way and of each rival.

    Own is timed just before every run of every rival. One round goes before, unmeasured; a
    rival that takes long in it has three rounds at most.
    """
    mine: list[float] = []
    taken: dict[str, list[float]] = {name: [] for name in rivals}
    rounds_of = dict.fromkeys(rivals, rounds)
    for turn in range(rounds + 1):
        for name, rival in rivals.items():
            if turn > rounds_of[name]:
                continue
            first, second = _timed(own), _timed(rival)
            if turn:
                mine.append(first)
                taken[name].append(second)
            elif second > SLOW_S:
                rounds_of[name] = min(rounds, SLOW_ROUNDS)
    return own.work / statistics.median(mine), {
        name: rivals[name].work / statistics.median(times) for name, times in taken.items()
    }


def _timed(way: Way) -> float:
    began = way.clock()
    way.run()
    return max(way.clock() - began, 1e-9)


def process_clock(*numbers: int) -> Callable[[], float]:
    """Return a clock of the CPU seconds that other processes, by number, have used."""
    # MAKE_PROCESS_CPUCLOCK of the Linux kernel, with CPUCLOCK_SCHED: all threads, in ns.
    clocks = [(~number << 3) | 2 for number in numbers]
    return lambda: sum(map(time.clock_gettime, clocks))
