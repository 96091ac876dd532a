"""Timing two ways in turn, so that a change of the machine's speed hits both alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping

ROUNDS = 5


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
