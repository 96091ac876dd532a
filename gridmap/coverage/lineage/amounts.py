"""How much of what is counted lies on the land that two areas share.

What is counted is known at points (homes at their entrances, past reports), which is exact,
or as totals of areas. A total of an area that is whole in one area of the other edition is
exact too; one that is cut is shared out by area and marked as estimated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray

from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import has_shape
from gridmap.errors import BadValue

__all__ = ["Amount", "Counted", "Points", "Totals", "atoms_at", "known_totals", "share_out"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Level -> code -> total, of the old edition.
Totals = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, eq=False)
class Points:
    """Things counted where they are.

    Attributes
    ----------
    lon, lat : float64 (n)
        EPSG:4326; NaN for what has no place, which is not counted.
    weight : float64 (n)
        Zero or more.
    """

    lon: Floats
    lat: Floats
    weight: Floats

    @classmethod
    def of(cls, lon: ArrayLike, lat: ArrayLike, weight: ArrayLike = 1.0) -> Points:
        """Return points from anything like arrays; one weight stands for all.

        Raises
        ------
        BadValue
            When they are not of one length, or a weight is negative or no number.
        """
        x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
        w = np.broadcast_to(np.asarray(weight, dtype=np.float64), x.shape)
        if x.ndim != 1 or x.shape != y.shape:
            raise BadValue("Points need as many lat as lon.", got=f"{x.shape} and {y.shape}")
        if not np.all(w >= 0) or np.isinf(w).any():
            raise BadValue("A weight must be a number of zero or more.", got=float(w.min()))
        return cls(x, y, w)


Counted = Points | Totals


@dataclass(frozen=True, eq=False)
class Amount:
    """Amounts on k pieces of land.

    Attributes
    ----------
    value : float64 (k)
        NaN where it is not known.
    estimated : bool (k)
        True where a total had to be shared out by area.
    """

    value: Floats
    estimated: Mask


def atoms_at(coverage: Coverage, points: Points) -> Rows:
    """Return the row of the atom that holds each point, -1 for none.

    Of several that touch it the one that `locate` answers: the finest, then the smallest code.
    """
    rows = coverage.atoms[has_shape(coverage.geometry[coverage.atoms])]
    out = np.full(len(points.lon), -1, dtype=np.int64)
    known = np.flatnonzero(np.isfinite(points.lon) & np.isfinite(points.lat))
    where = shapely.points(points.lon[known], points.lat[known])
    atom, hit = shapely.STRtree(where).query(coverage.geometry[rows], predicate="intersects")
    # Rows are in code order within a level: the last one written is the one that stays.
    order = np.lexsort((-rows[atom], coverage.rank[rows[atom]]))
    out[known[hit[order]]] = rows[atom[order]]
    return out


def known_totals(coverage: Coverage, totals: Totals) -> Floats:
    """Return the total by row of the coverage, NaN where none is given."""
    out = np.full(len(coverage), np.nan)
    for level, by_code in totals.items():
        if level in coverage.levels.names:
            rows = coverage.rows(level)
            out[rows] = [_number(by_code.get(code)) for code in coverage.code[rows]]
    return out


def _number(value: object) -> float:
    """A count of zero or more, else NaN: attributes are whatever a file had."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return np.nan
    return float(value) if 0 <= value < np.inf else np.nan


def share_out(
    total: Floats,
    owner: Rows,
    owner_total: Floats,
    *,
    atom: Rows,
    tie: Rows,
    area: Floats,
    old: Rows,
) -> Amount:
    """Share totals of areas out over the ties of one level.

    Parameters
    ----------
    total : float64 (n)
        By atom; NaN where it is not known.
    owner : int64 (n)
        The old area that each atom belongs to, -1 for none.
    owner_total : float64 (m)
        By old area, for those whose atoms are not all known.
    atom, tie : int64 (p)
        The pieces of land: their atom, and the tie they belong to.
    area : float64 (p)
        Their area.
    old : int64 (k)
        The old area of each tie, -1 for land that was in none: nothing is counted there.

    Returns
    -------
    Amount
    """
    spread = _spread(total, atom, tie, area, len(old))
    land = np.zeros(len(total), dtype=bool)
    land[atom] = True
    unknown = np.zeros(len(owner_total) + 1, dtype=bool)
    unknown[owner[land & np.isnan(total)]] = True
    unknown[-1] = False
    coarse = _spread(owner_total, old[tie], tie, area, len(old))
    value = np.where(unknown[old], coarse.value, spread.value)
    estimated = np.where(unknown[old], coarse.estimated, spread.estimated)
    return Amount(value, estimated & (value > 0))


def _spread(total: Floats, holder: Rows, tie: Rows, area: Floats, count: int) -> Amount:
    """Share each holder's total out over the ties by its land in them."""
    held = holder >= 0
    pair = np.column_stack([holder[held], tie[held]])
    pair, which = np.unique(pair, axis=0, return_inverse=True)
    land = np.bincount(which, weights=area[held], minlength=len(pair))
    whole = np.bincount(pair[:, 0], weights=land, minlength=len(total))
    ways = np.bincount(pair[:, 0], minlength=len(total))
    part = land / whole[pair[:, 0]]
    given = total[pair[:, 0]] * part
    value = np.bincount(pair[:, 1], weights=given, minlength=count).astype(np.float64)
    cut = np.bincount(pair[:, 1], weights=(ways[pair[:, 0]] > 1) & (given > 0), minlength=count)
    return Amount(value, cut > 0)
