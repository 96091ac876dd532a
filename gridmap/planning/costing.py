"""Candidates for grids: sets of a region's nodes, described once, costed by any weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.planning.kernel import MOST_NODES, costs, describe, find_sets, masks_of
from gridmap.planning.region import Region, Weights

__all__ = ["FINE", "Band", "Candidates", "candidates", "described", "packed"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

# What it costs a grid to be outside the band: more than anything else can.
FINE = 40.0
# How far apart two nodes of a grid may be, in radii of the ground that fills a grid.
_REACHES = (np.inf, 3.0, 2.4, 1.9, 1.6, 1.35, 1.15)
_ROOM = 120_000
_STEPS = 6_000_000


@dataclass(frozen=True)
class Band:
    """Floor and ceiling of the measure, and how many grids a region may become."""

    floor: float
    ceiling: float
    fewest: int
    most: int


@dataclass(frozen=True, eq=False)
class Candidates:
    """Sets of nodes.

    Attributes
    ----------
    low, high : int64 (k,)
        The sets, in two words.
    numbers, marks
        See :func:`gridmap.planning.kernel.describe`.
    reach : float
        Radii within which all connected sets in the band are among them; 0 for a choice of
        sets, infinite when no set was left out.
    """

    low: Rows
    high: Rows
    numbers: Floats
    marks: Rows
    reach: float

    def __len__(self) -> int:
        return len(self.low)

    def cost(self, weights: Floats) -> Floats:
        """Return what each costs; see :func:`packed`."""
        found: Floats = costs(self.numbers, self.marks, weights)
        return found

    def member(self, nodes: int) -> NDArray[np.bool_]:
        """Return the sets as a boolean matrix (k, nodes)."""
        at = np.arange(nodes)
        low = (self.low[:, None] >> np.minimum(at, 62)) & (at < 63)
        high = (self.high[:, None] >> np.clip(at - 63, 0, 62)) & (at >= 63)
        return (low | high).astype(bool)

    def only(self, which: Rows | NDArray[np.bool_]) -> Candidates:
        """Return some of them."""
        return Candidates(
            self.low[which], self.high[which], self.numbers[which], self.marks[which], self.reach
        )


def packed(weights: Weights, region: Region, band: Band, fine: float = FINE) -> Floats:
    """Return weights as the compiled loops read them."""
    return np.array(
        [
            weights.target,
            weights.second,
            weights.second_target,
            weights.shape,
            weights.barrier,
            weights.soft,
            weights.estate,
            weights.change,
            region.hard,
            band.floor,
            band.ceiling,
            fine,
        ],
        dtype=np.float64,
    )


def described(region: Region, low: Rows, high: Rows, reach: float) -> Candidates:
    """Return sets with what they are like."""
    start, others, link = region.near
    amounts = np.column_stack(
        [region.weight, region.homes, region.second, region.area, region.edge]
    )
    estate_low, estate_high = masks_of(region.estates)
    numbers, marks = describe(
        low,
        high,
        amounts,
        start,
        others,
        link,
        region.shared,
        region.kind,
        region.today,
        region.today_homes,
        estate_low,
        estate_high,
    )
    return Candidates(low, high, numbers, marks, reach)


def candidates(region: Region, band: Band, *, whole: bool = False) -> Candidates | None:
    """Return the connected sets of a region that lie in the band, the far-flung left out.

    The first reach that gives a manageable number is taken; None when none does, or the
    region has more nodes than a set can hold.

    Parameters
    ----------
    whole : bool
        Leave no set out, however far-flung; None when there are too many.
    """
    n = len(region)
    if n > MOST_NODES:
        return None
    member = np.zeros((n, n), dtype=bool)
    member[region.links[:, 0], region.links[:, 1]] = True
    near = masks_of(member | member.T)
    away, radius = _distances(region, (band.floor + band.ceiling) / 2)
    never = np.zeros((n, n), dtype=bool)
    never[region.never[:, 0], region.never[:, 1]] = True
    never |= never.T
    for reach in (np.inf,) if whole else _REACHES:
        far = masks_of(never | (away > reach * radius))
        count, low, high = find_sets(
            region.weight,
            *near,
            *far,
            max(band.floor, 1e-9),
            band.ceiling,
            band.fewest,
            band.most,
            _ROOM,
            _STEPS,
        )
        if count >= 0:
            return described(region, low, high, reach)
    return None


def _distances(region: Region, target: float) -> tuple[Floats, Floats]:
    """Return how far nodes are apart, and the radius around either that holds a grid.

    Where homes are dense grids are small: the radius is that of a disc as large as the
    nearest nodes that fill a grid together.
    """
    apart = region.xy[:, None, :] - region.xy[None, :, :]
    away = np.hypot(apart[..., 0], apart[..., 1])
    order = np.argsort(away, axis=1, kind="stable")
    filled = np.cumsum(region.weight[order], axis=1)
    ground = np.cumsum(region.area[order], axis=1)
    enough = np.argmax(filled >= min(target, region.total), axis=1)
    radius = np.sqrt(ground[np.arange(len(region)), enough] / np.pi) * 1.25
    return away, np.maximum(radius[:, None], radius[None, :])
