"""Rivals of the optimiser: each divides one region into a number of grids.

``pip install .[rivals]`` brings spopt and GerryChain; without them only METIS is compared. What
a rival cannot divide is divided by METIS in its place, and counted; so is what takes it longer
than twenty seconds: max-p of spopt 0.7 never ends where an area may leave its region, but touches
no other.
"""

from __future__ import annotations

import signal
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from benchmarks.planning_ground import CEILING, FLOOR, Line, Part, cpu, measured
from gridmap.planning.anneal import first_draft
from gridmap.planning.engine import settle_one
from gridmap.planning.region import Region, Weights

__all__ = ["METHODS", "compared"]

Method = Callable[[Region, int], Part | None]

# How far grids may be from the mean, tried in turn, and the trees drawn for each cut.
_WIDTHS = (0.25, 0.4, 0.7)
_TREES = 5_000
_BURST, _BURSTS = 10, 30
# Of the constructions that max-p tries, and the annealings of each: 99 and 10 where not said.
_CONSTRUCTIONS, _ANNEALINGS = 20, 3
# What a method may take for one region, in seconds of the processor.
_MOST_S = 20


def compared(regions: Sequence[Region], counts: Sequence[int]) -> list[Line]:
    """Divide all regions by each method, one after another in this process."""
    lines = []
    for name, method in METHODS.items():
        began = cpu()
        try:
            with warnings.catch_warnings():
                # The rivals warn of islands, of deprecated names, of cuts that are hard to find.
                warnings.simplefilter("ignore")
                found = [_within(method, r, k) for r, k in zip(regions, counts, strict=True)]
        except ImportError as error:
            print(f"  {name}: not installed ({error.name})")
            continue
        seconds = cpu() - began
        failed = sum(one is None for one in found)
        parts = [
            first_draft(r, k) if one is None else one
            for r, k, one in zip(regions, counts, found, strict=True)
        ]
        note = f"{failed} of {len(regions)} regions not solved: METIS there" if failed else ""
        lines.append(measured(name, regions, parts, seconds, note))
        print(f"  {name}: {seconds:.1f} CPU s", flush=True)
    return lines


def _within(method: Method, region: Region, count: int) -> Part | None:
    """Return what a method finds in the time that it has, None for nothing."""
    try:
        with _limited(_MOST_S):
            return method(region, count)
    except TimeoutError:
        return None


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    """Raise TimeoutError in what takes more of the processor."""

    def end(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def by_pool(region: Region, count: int) -> Part | None:
    """Our own engine of best balance, the region by itself."""
    found = settle_one(region, FLOOR, CEILING, Weights(region.total / count, shape=0.1), count)
    return None if found is None else found.part


def metis(region: Region, count: int) -> Part:
    """METIS with one imbalance, its loose pieces mended."""
    return first_draft(region, count)


def skater(region: Region, count: int) -> Part:
    """Return the regions of spopt's SKATER over places and homes, as many as asked for."""
    from spopt.region import Skater

    model = Skater(_frame(region), _weights(region), ["x", "y"], count)
    model.solve()
    return np.asarray(model.labels_)


def max_p(region: Region, count: int) -> Part | None:
    """Return the regions of spopt's max-p above the floor: their number is its own."""
    from spopt.region import MaxPHeuristic

    if region.total < FLOOR:
        return None
    np.random.seed(0)  # What the library draws from.
    model = MaxPHeuristic(
        _frame(region), _weights(region), ["x", "y"], "homes", FLOOR,
        max_iterations_construction=_CONSTRUCTIONS, max_iterations_sa=_ANNEALINGS,
    )  # fmt: skip
    model.solve()
    return np.asarray(model.labels_) - 1


def gerrychain(region: Region, count: int) -> Part | None:
    """Return GerryChain's recursive tree partition, improved by short bursts of ReCom."""
    import random
    from functools import partial

    import networkx as nx
    from gerrychain import Graph, Partition, updaters
    from gerrychain.constraints import contiguous
    from gerrychain.optimization import SingleMetricOptimizer
    from gerrychain.partition import recursive_tree_part
    from gerrychain.proposals import recom
    from gerrychain.tree import bipartition_tree

    if count == 1:
        return np.zeros(len(region), dtype=np.int64)
    plain = nx.Graph()
    for node, homes in enumerate(region.weight.tolist()):
        plain.add_node(node, homes=homes)
    plain.add_edges_from(region.links.tolist())
    target, rng = region.total / count, random.Random(1)
    graph = Graph.from_networkx(plain)
    cut = partial(bipartition_tree, max_attempts=_TREES)
    for wide in _WIDTHS:
        try:
            start = recursive_tree_part(
                graph, range(count), target, "homes", wide, bipartition_tree_fn=cut, rng=rng
            )
        except RuntimeError:
            # No cut found in so many trees.
            continue
        break
    else:
        return None
    first = Partition(graph, dict(start), {"homes": updaters.Tally("homes", alias="homes")})
    again = partial(bipartition_tree, max_attempts=100, allow_pair_reselection=True)
    propose = partial(
        recom, pop_col="homes", pop_target=target, epsilon=wide, bipartition_tree_fn=again
    )

    def even(partition: Partition) -> float:
        return sum((h - target) ** 2 for h in partition["homes"].values())

    better = SingleMetricOptimizer(propose, [contiguous], first, even, maximize=False, rng=rng)
    for _ in better.short_bursts(_BURST, _BURSTS):
        pass
    chosen = better.best_part
    return np.array([chosen.assignment[n] for n in range(len(region))])


def _frame(region: Region) -> object:
    import geopandas as gpd

    return gpd.GeoDataFrame(
        {"homes": region.weight, "x": region.xy[:, 0], "y": region.xy[:, 1]},
        geometry=gpd.points_from_xy(*region.xy.T),
    )


def _weights(region: Region) -> object:
    from libpysal.weights import W

    start, others, _ = region.near
    near = {n: others[start[n] : start[n + 1]].tolist() for n in range(len(region))}
    return W(near, silence_warnings=True)


METHODS: dict[str, Method] = {
    "METIS alone": metis,
    "spopt SKATER": skater,
    f"spopt max-p, {_CONSTRUCTIONS} constructions, {_ANNEALINGS} annealings each": max_p,
    "GerryChain, tree + short bursts": gerrychain,
    "gridmap, pool with proof": by_pool,
}
