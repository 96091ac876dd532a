"""One region, one answer: by the pool where its candidates can be listed, else by annealing.

What runs in another process: everything here takes and returns plain values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.planning.anneal import anneal_region, set_costs
from gridmap.planning.costing import Band, Candidates, candidates, packed
from gridmap.planning.pool import Master, Solved
from gridmap.planning.region import Region, Weights

__all__ = ["ANNEAL", "POOL", "Outcome", "Survey", "settle", "settle_one", "survey"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

POOL, ANNEAL = "pool", "anneal"
# Where a band cannot be kept, grids this much outside it are looked at.
_WIDER = 0.5


@dataclass(frozen=True, eq=False)
class Outcome:
    """How a region is divided.

    Attributes
    ----------
    part : int64 (n,)
        Grid of each node, from 0.
    count : int
    cost : float
    bound : float
        No plan over the candidates costs less; NaN where that is not known.
    engine : str
        ``pool`` or ``anneal``.
    whole : bool
        Every connected set in the band was a candidate.
    candidates, columns : int
        How many there were, and how many had to be weighed in the end.
    in_band : bool
    """

    part: Rows
    count: int
    cost: float
    bound: float
    engine: str
    whole: bool
    candidates: int
    columns: int
    in_band: bool

    @property
    def gap(self) -> float | None:
        """What the plan may cost more than the best, as a part of it; None if not known."""
        if np.isnan(self.bound):
            return None
        return max(self.cost - self.bound, 0.0) / max(abs(self.cost), 1e-9)


@dataclass(frozen=True)
class Survey:
    """What a number of grids costs a region at least.

    Attributes
    ----------
    cost : tuple of dict
        For each of the weights: cost by number of grids, of those that are possible.
    engine : str
    whole : bool
        What is not there is proved to be impossible.
    """

    cost: tuple[dict[int, float], ...]
    engine: str
    whole: bool


def survey(
    region: Region,
    floor: float,
    ceiling: float,
    weights: Sequence[Weights],
    counts: Sequence[int],
    seed: int = 0,
) -> Survey:
    """Return the least cost of each number of grids: a bound of the pool, else as annealed."""
    band = Band(floor, ceiling, min(counts), max(counts))
    pool = candidates(region, band)
    if pool is None:
        return _surveyed(region, band, weights, counts, seed)
    found: tuple[dict[int, float], ...] = tuple({} for _ in weights)
    if len(pool):
        master: Master | None = None
        for known, one in zip(found, weights, strict=True):
            cost = pool.cost(packed(one, region, band))
            master = _master(pool, region, cost, master)
            for count in counts:
                answer = master.relaxed(count)
                if answer is not None:
                    known[count] = answer[0]
    return Survey(found, POOL, bool(np.isinf(pool.reach)))


def _surveyed(
    region: Region, band: Band, weights: Sequence[Weights], counts: Sequence[int], seed: int
) -> Survey:
    found: tuple[dict[int, float], ...] = tuple({} for _ in weights)
    for known, one in zip(found, weights, strict=True):
        for count in counts:
            if count <= len(region):
                packed_ = packed(one, region, band)
                made = anneal_region(region, count, packed_, seed=seed, effort=0.25, starts=1)
                if _in_band(region, made.part, band):
                    known[count] = made.cost
    return Survey(found, ANNEAL, False)


def settle(
    region: Region,
    floor: float,
    ceiling: float,
    wanted: Sequence[tuple[Weights, int]],
    seed: int = 0,
    elastic: bool = False,
) -> list[Outcome | None]:
    """Return the best division found for each pair of weights and number of grids.

    Parameters
    ----------
    elastic : bool
        Grids may be outside the band, at a price that nothing else outweighs.

    Returns
    -------
    list of Outcome or None
        None: no such plan in the band was found. Never where grids may be outside it and there
        are as many nodes as grids.
    """
    counts = [count for _, count in wanted]
    band = Band(floor, ceiling, min(counts), max(counts))
    wide = band
    if elastic:
        low = min(floor * (1 - _WIDER), region.total / max(counts) * 0.8)
        high = max(ceiling * (1 + _WIDER), float(region.weight.max(initial=0.0)))
        wide = Band(low, max(high, region.total / min(counts) * 1.2), band.fewest, band.most)
    pool = candidates(region, wide)
    out: list[Outcome | None] = []
    master: Master | None = None
    for weights, count in wanted:
        coefficients = packed(weights, region, band)
        if pool is None:
            out.append(_annealed(region, count, coefficients, band, seed))
            continue
        found = None
        if len(pool):
            master = _master(pool, region, pool.cost(coefficients), master)
            found = master.solve(count)
        if found is not None:
            out.append(_pooled(region, pool, found, band))
            continue
        # The pool holds no such plan, or the search among too many was given up: a plan that is
        # near, or proof of nothing, but no reason to leave a district without any.
        made = _annealed(region, count, coefficients, band, seed)
        out.append(made if made is not None and (elastic or made.in_band) else None)
    return out


def settle_one(
    region: Region, floor: float, ceiling: float, weights: Weights, count: int, seed: int = 0
) -> Outcome | None:
    """As :func:`settle`, of one pair."""
    return settle(region, floor, ceiling, [(weights, count)], seed)[0]


def _master(pool: Candidates, region: Region, cost: Floats, known: Master | None) -> Master:
    if known is not None:
        known.recost(cost)
        return known
    return Master(pool, len(region), region.total, cost, np.empty(0, dtype=np.int64))


def _pooled(region: Region, pool: Candidates, found: Solved, band: Band) -> Outcome:
    member = pool.only(found.chosen).member(len(region))
    part = np.argmax(member, axis=0).astype(np.int64)
    return Outcome(
        part=part,
        count=len(found.chosen),
        cost=found.cost,
        bound=found.bound,
        engine=POOL,
        whole=bool(np.isinf(pool.reach)),
        candidates=len(pool),
        columns=found.columns,
        in_band=_in_band(region, part, band),
    )


def _annealed(region: Region, count: int, weights: Floats, band: Band, seed: int) -> Outcome | None:
    if count > len(region):
        return None
    made = anneal_region(region, count, weights, seed=seed)
    member = np.array([made.part == g for g in range(count)])
    return Outcome(
        part=made.part,
        count=count,
        cost=float(set_costs(region, member, weights).sum()),
        bound=float("nan"),
        engine=ANNEAL,
        whole=False,
        candidates=0,
        columns=0,
        in_band=_in_band(region, made.part, band),
    )


def _in_band(region: Region, part: Rows, band: Band) -> bool:
    held = np.bincount(part, region.weight)
    return bool(np.all((held >= band.floor - 1e-9) & (held <= band.ceiling + 1e-9)))
