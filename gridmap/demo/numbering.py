"""Codes: numbered west to east and north to south inside the parent, prefix of the parent."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.demo.hierarchy import Hierarchy

__all__ = ["COUNTY", "FIRST_EXCLUSIVE", "Codes", "number_areas", "reading_order"]

# A prefix that no real county has.
COUNTY = "990101"

# Exclusive grids have a series of their own in each community.
FIRST_EXCLUSIVE = 901

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Codes:
    """Codes by row of the hierarchy's lists, and each grid's number inside its community."""

    subdistrict: list[str]
    community: list[str]
    grid: list[str]
    microgrid: list[str]


def reading_order(centres: Floats) -> list[int]:
    """Return rows in the order of a page: bands from north to south, in each west to east.

    `centres` are metres or degrees, shape (n, 2); bands are as high as a place is wide on
    average.
    """
    if len(centres) < 2:
        return list(range(len(centres)))
    west, south = centres.min(axis=0)
    east, north = centres.max(axis=0)
    high = max(np.sqrt((east - west) * (north - south) / len(centres)), 1e-9)
    band = np.floor((north - centres[:, 1]) / high)
    return [int(i) for i in np.lexsort((centres[:, 0], band))]


def number_areas(tree: Hierarchy, first: int, centres: dict[str, Floats]) -> Codes:
    """Return the codes: 9-digit sub-district, 12 community, 15 grid, 17 micro-grid.

    Parameters
    ----------
    tree : Hierarchy
    first : int
        Number of the first sub-district.
    centres : dict of str to Floats
        Centre of every area by level, metres.
    """
    serial = _numbered([""] * len(centres["subdistrict"]), centres["subdistrict"])
    subdistrict = [f"{COUNTY}{n + first - 1:03d}" for n in serial]
    community = [
        f"{subdistrict[p]}{n:03d}"
        for p, n in zip(
            tree.subdistrict,
            _numbered([subdistrict[p] for p in tree.subdistrict], centres["community"]),
            strict=True,
        )
    ]
    family = [
        f"{community[p]}{'x' if g in tree.exclusive else ''}" for g, p in enumerate(tree.community)
    ]
    grid = [
        f"{community[p]}{n + (FIRST_EXCLUSIVE - 1 if g in tree.exclusive else 0):03d}"
        for g, (p, n) in enumerate(
            zip(tree.community, _numbered(family, centres["grid"]), strict=True)
        )
    ]
    microgrid = [
        f"{grid[p]}{n:02d}"
        for p, n in zip(
            tree.grid, _numbered([grid[p] for p in tree.grid], centres["microgrid"]), strict=True
        )
    ]
    return Codes(subdistrict, community, grid, microgrid)


def _numbered(family: list[str], centres: Floats) -> list[int]:
    """Return each row's number, from 1, among the rows of its family."""
    members: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(family):
        members[name].append(row)
    number = [0] * len(family)
    for rows in members.values():
        for place, at in enumerate(reading_order(centres[rows])):
            number[rows[at]] = place + 1
    return number
