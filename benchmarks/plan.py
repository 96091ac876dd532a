"""How large a run is: what `make bench`, `make bench-full` and the tests measure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["FULL", "QUICK", "TINY", "Plan"]


@dataclass(frozen=True)
class Plan:
    """Sizes of one run.

    Attributes
    ----------
    atoms : tuple of int
        Sizes of the coverages, rising.
    points : tuple of int
        Numbers of points in bulk.
    rounds : int
        Interleaved rounds of which the median counts; slow rivals have fewer.
    slow_points : int
        Points for distances, which take shapely long.
    gather_points : int
        Points where memory is what limits: the gather bound and two threads.
    single : int
        Lookups of one point.
    seconds : float
        Length of one round over HTTP.
    batches : int
        Batches of 1,000 reports in a round of the ingest.
    months : tuple of int
        Orders a month that are played, and that there are in all.
    postgis : bool
        Compare with PostGIS, and write reports into it.
    """

    atoms: tuple[int, ...]
    points: tuple[int, ...]
    rounds: int
    slow_points: int
    gather_points: int
    single: int
    seconds: float
    batches: int
    months: tuple[int, int]
    postgis: bool = True


QUICK = Plan(
    atoms=(2_623, 300_000),
    points=(1_000_000,),
    rounds=5,
    slow_points=100_000,
    gather_points=10_000_000,
    single=50_000,
    seconds=2.0,
    batches=10,
    months=(1_000, 20_000),
)
FULL = Plan(
    atoms=(2_623, 30_000, 300_000),
    points=(1_000_000, 10_000_000),
    rounds=5,
    slow_points=200_000,
    gather_points=10_000_000,
    single=200_000,
    seconds=5.0,
    batches=20,
    months=(2_500, 100_000),
)
TINY = Plan(
    atoms=(150, 400),
    points=(2_000,),
    rounds=1,
    slow_points=500,
    gather_points=2_000,
    single=200,
    seconds=0.2,
    batches=1,
    months=(30, 60),
)
