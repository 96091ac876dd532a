"""How well places serve a district: counted by area and category, and who is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridmap.coverage.model import Coverage
from gridmap.locate.locator import Locator
from gridmap.reach.model import Floats, Rows
from gridmap.reach.service import LIMITS, Homes, Served, served_within

__all__ = ["Counted", "district_gaps", "district_rows", "holder_of", "homes_in"]


@dataclass(frozen=True, eq=False)
class Counted:
    """Homes of an edition, and how far each is from each kind of place.

    Attributes
    ----------
    coverage : Coverage
    level : str
        Whose areas are counted.
    homes : Homes
    atom : int64 (n,)
        Row of the atom that holds each home, -1 outside.
    rows : int64 (k,)
        Rows of the areas of the level.
    area : int64 (n,)
        Which of them holds each home, -1 outside.
    served : dict of str to Served
        By category.
    places : dict of str to int
        How many there are of each category.
    standing : dict of str to int64 (k,)
        How many of each category stand in each of the areas.
    """

    coverage: Coverage
    level: str
    homes: Homes
    atom: Rows
    rows: Rows
    area: Rows
    served: dict[str, Served]
    places: dict[str, int]
    standing: dict[str, Rows]


def district_rows(counted: Counted) -> list[dict[str, Any]]:
    """Return one row an area and category, the whole district first."""
    coverage, homes, n = counted.coverage, counted.homes, len(counted.rows)
    inside = counted.area >= 0
    total = np.bincount(counted.area[inside], homes.households[inside], n)
    out = []
    for category, served in counted.served.items():
        within = served_within(homes, served, counted.area, n)
        by_line = inside & (served.method == "straight")
        straight = np.bincount(counted.area[by_line], homes.households[by_line], n)
        whole = (total.sum(), within.sum(axis=0), straight.sum())
        each = zip(total, within, straight, strict=True)
        for at, (households, near, line) in enumerate([whole, *each], start=-1):
            row = int(counted.rows[at]) if at >= 0 else -1
            area = (coverage.code[row], coverage.name[row], coverage.name_en[row])
            code, name, name_en = area if row >= 0 else ("", "", "")
            out.append(
                {
                    "level": counted.level if at >= 0 else "",
                    "code": code,
                    "name": name,
                    "name_en": name_en,
                    "category": category,
                    "places": counted.places[category]
                    if at < 0
                    else int(counted.standing[category][at]),
                    "households": round(float(households)),
                    **{f"within_{m}": round(float(v)) for m, v in zip(LIMITS, near, strict=True)},
                    "straight": round(float(line)),
                }
            )
    return out


def district_gaps(counted: Counted) -> list[dict[str, Any]]:
    """Return the atoms with homes that are farther than the last limit, most homes first."""
    coverage = counted.coverage
    out = []
    for category, served in counted.served.items():
        far = (counted.atom >= 0) & ~(served.minutes <= LIMITS[-1])
        sums = np.bincount(counted.atom[far], counted.homes.households[far], len(coverage))
        nearest = np.full(len(coverage), np.inf)
        np.fmin.at(nearest, counted.atom[far], served.minutes[far])
        for row in np.flatnonzero(sums).tolist():
            parent = int(coverage.ancestors[row, coverage.levels.rank(counted.level)])
            out.append(
                {
                    "category": category,
                    "level": coverage.levels[int(coverage.rank[row])].name,
                    "code": coverage.code[row],
                    "name": coverage.name[row],
                    "area_code": coverage.code[parent] if parent >= 0 else "",
                    "area_name": coverage.name[parent] if parent >= 0 else "",
                    "households": round(float(sums[row])),
                    "minutes": round(float(nearest[row]), 1) if np.isfinite(nearest[row]) else None,
                }
            )
    return sorted(out, key=lambda gap: (gap["category"], -gap["households"], gap["code"]))


def holder_of(outlines: Sequence[Any], lonlat: Floats) -> Rows:
    """Return the row of the outline that holds each place, -1 for none."""
    out = np.full(len(lonlat), -1, dtype=np.int64)
    point, row = shapely.STRtree(list(outlines)).query(shapely.points(lonlat), "intersects")
    out[point[::-1]] = row[::-1]
    return out


def homes_in(coverage: Coverage, lonlat: Floats, households: Floats) -> tuple[Floats, Floats, Rows]:
    """Return homes with the atom that holds each, -1 outside."""
    found = Locator(coverage).locate(lonlat[:, 0], lonlat[:, 1], areas_only=True).codes
    atom = np.full(len(lonlat), -1, dtype=np.int64)
    for level in coverage.levels.names:
        rows = coverage.rows(level)
        known = dict(zip(coverage.code[rows].tolist(), rows.tolist(), strict=True))
        here = np.array([known.get(code, -1) for code in found[level].tolist()], dtype=np.int64)
        atom = np.where(here >= 0, here, atom)
    return lonlat, households, atom
