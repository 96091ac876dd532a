"""Compiled tiles beside shapely on the same answers: ``python -m benchmarks.tiles [cells]``."""

from __future__ import annotations

import sys
import time

import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks.coverages import clustered_points, coverage, uniform_points
from benchmarks.measure import in_turn
from gridmap.locate.tiles.index import TileIndex

CELLS, POINTS, RIVAL_POINTS = 2_623, 1_000_000, 50_000
RADIUS_M = 25.0
# Longer than `RADIUS_M` in no direction and shorter by little: it favours the rival.
RADIUS_DEGREES = RADIUS_M / 111_000

Points = tuple[NDArray[np.float64], NDArray[np.float64]]


def run(cells: int = CELLS, points: int = POINTS) -> None:
    atoms = coverage(cells)
    TileIndex(atoms[:100], tiles_per_atom=1)
    began = time.process_time()
    index = TileIndex(atoms)
    built = time.process_time() - began
    vertices = int(shapely.get_num_coordinates(atoms).sum())
    print(f"\n{len(atoms):,} cells, {vertices / len(atoms):.0f} vertices each")
    print(
        f"  build {built:.2f} s, {built / vertices * 1e6:.2f} us a vertex;"
        f" {index.nbytes / len(atoms):,.0f} bytes a cell,"
        f" {index.nbytes / (16 * vertices):.2f} x raw coordinates"
    )
    tree = shapely.STRtree(atoms)
    for name, (lon, lat) in {
        "uniform": uniform_points(atoms, points),
        "clustered": clustered_points(atoms, points),
    }.items():
        print(f"  {name}")
        _first(index, tree, lon, lat)
        _threads(index, lon, lat)
        _near(index, tree, lon, lat)
        _single(index, lon, lat)


def _compare(what: str, own: int, rival: int, ways: dict[str, object]) -> None:
    seconds = list(in_turn(ways).values())  # type: ignore[arg-type]
    rate, other = own / seconds[0] / 1e6, rival / seconds[1] / 1e6
    print(f"    {what:<34} {rate:8.2f} M/s   shapely {other:7.3f} M/s   {rate / other:6.1f} x")


def _first(index: TileIndex, tree: shapely.STRtree, lon: NDArray, lat: NDArray) -> None:
    some = shapely.points(lon[:RIVAL_POINTS], lat[:RIVAL_POINTS])
    point, atom = tree.query(some, predicate="intersects")
    expected = np.full(len(some), len(index), np.int64)
    np.minimum.at(expected, point, atom)
    expected[expected == len(index)] = -1
    assert (index.first(lon, lat)[0][: len(some)] == expected).all(), "the answers differ"
    _compare(
        "winner and status",
        len(lon),
        len(some),
        {
            "own": lambda: index.first(lon, lat),
            "shapely": lambda: tree.query(some, predicate="intersects"),
        },
    )


def _threads(index: TileIndex, lon: NDArray, lat: NDArray) -> None:
    taken = []
    for threads in (1, 2):
        walls = []
        for _ in range(5):
            began = time.perf_counter()
            index.first(lon, lat, threads=threads)
            walls.append(time.perf_counter() - began)
        taken.append(float(np.median(walls)))
    print(f"    two threads over one (wall clock)  {taken[0] / taken[1]:.2f} x")


def _near(index: TileIndex, tree: shapely.STRtree, lon: NDArray, lat: NDArray) -> None:
    n, m = min(len(lon), 200_000), RIVAL_POINTS // 2
    some, radius = shapely.points(lon[:m], lat[:m]), np.full(n, RADIUS_M)
    _compare(
        "candidates within 25 m",
        n,
        m,
        {
            "own": lambda: index.within(lon[:n], lat[:n], radius),
            "shapely": lambda: tree.query(some, predicate="dwithin", distance=RADIUS_DEGREES),
        },
    )
    out = np.flatnonzero(index.first(lon, lat)[0] < 0)[:n]
    far = shapely.points(lon[out[:m]], lat[out[:m]])
    _compare(
        "nearest of points outside",
        len(out),
        len(far),
        {
            "own": lambda: index.nearest(lon[out], lat[out]),
            "shapely": lambda: tree.query_nearest(far, all_matches=False),
        },
    )


def _single(index: TileIndex, lon: NDArray, lat: NDArray) -> None:
    taken = []
    for x, y in zip(lon[:20_000].tolist(), lat[:20_000].tolist(), strict=True):
        began = time.perf_counter_ns()
        index.first_one(x, y)
        taken.append(time.perf_counter_ns() - began)
    p50, p99 = np.percentile(taken, [50, 99]) / 1000
    print(f"    one point by one: p50 {p50:.2f} us, p99 {p99:.2f} us")


if __name__ == "__main__":
    run(*(int(argument) for argument in sys.argv[1:]))
