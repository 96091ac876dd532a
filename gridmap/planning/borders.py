"""Who shares how much border with whom: exact, by the segments that both sides walk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.planning.sums import summed

__all__ = ["Borders", "shared_borders"]

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Borders:
    """Common borders of polygons, each pair once.

    Attributes
    ----------
    a, b : int64 (m,)
        Rows of the two, ``a < b``, in order.
    length : float64 (m,)
        Of their common border, in the unit of the coordinates; touching in points is none.
    line : object (m,)
        The common border as a MultiLineString.
    """

    a: Rows
    b: Rows
    length: Floats
    line: Geometries


# Ends nearer than this are the same; sides that lie nearer than ten times this lie together.
_SAME_M = 0.001


def shared_borders(polygons: Geometries) -> Borders:
    """Return which polygons share a border, and how long it is.

    Segments with the same two ends, to the millimetre, are matched by a hash. What is left
    over although it lies on another's border, because the two sides have different vertices,
    is found by overlay, to the centimetre.

    Parameters
    ----------
    polygons : object (n,)
        Valid polygons or multipolygons that do not overlap, in metres of one plane; empty or
        missing ones have no border. Empty in, empty out.
    """
    ends, row = _segments(polygons)
    keys = np.sort(ends[..., 0] + 1j * ends[..., 1], axis=1)
    which = pd.MultiIndex.from_arrays([keys[:, 0], keys[:, 1]]).factorize()[0]
    order = np.argsort(which, kind="stable")
    same = np.flatnonzero(which[order][1:] == which[order][:-1])
    first, second = order[same], order[same + 1]
    matched = np.zeros(len(row), dtype=bool)
    matched[first] = matched[second] = True
    pairs = [np.sort(np.stack([row[first], row[second]], axis=1), axis=1)]
    lines = [shapely.linestrings(ends[first]) if len(first) else np.empty(0, dtype=object)]
    more, along = _by_overlay(ends[~matched], row[~matched])
    return _gathered(np.concatenate([*pairs, more]), np.concatenate([*lines, along]))


def _segments(polygons: Geometries) -> tuple[Floats, Rows]:
    """Return the ends of all border segments (k, 2, 2) and the polygon of each."""
    parts, part_row = shapely.get_parts(polygons, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy = np.rint(xy / _SAME_M) * _SAME_M + 0.0
    at = np.flatnonzero((ring[1:] == ring[:-1]) & np.any(xy[1:] != xy[:-1], axis=1))
    return np.stack([xy[at], xy[at + 1]], axis=1), part_row[ring_part[ring[at]]]


def _by_overlay(ends: Floats, row: Rows) -> tuple[Rows, Geometries]:
    """Return pairs and lines of segments that lie on one another with different ends."""
    if not len(row):
        return np.empty((0, 2), dtype=np.int64), np.empty(0, dtype=object)
    segments = shapely.linestrings(ends)
    tree = shapely.STRtree(segments)
    one, other = tree.query(segments, predicate="dwithin", distance=_SAME_M)
    apart = (one < other) & (row[one] != row[other])
    one, other = one[apart], other[apart]
    common = shapely.intersection(segments[one], segments[other], grid_size=10 * _SAME_M)
    along = shapely.length(common) > 0
    pairs = np.sort(np.stack([row[one[along]], row[other[along]]], axis=1), axis=1)
    return pairs, common[along]


def _gathered(pairs: Rows, lines: Geometries) -> Borders:
    real = pairs[:, 0] != pairs[:, 1]
    pairs, lines = pairs[real], lines[real]
    order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    pairs, lines = pairs[order], lines[order]
    begins = np.flatnonzero(np.any(np.diff(pairs, axis=0, prepend=-1) != 0, axis=1))
    group = np.cumsum(np.isin(np.arange(len(pairs)), begins)) - 1
    length = summed(group, shapely.length(lines), len(begins))
    whole = np.empty(len(begins), dtype=object)
    for at, members in enumerate(np.split(lines, begins[1:]) if len(begins) else []):
        whole[at] = shapely.multilinestrings(shapely.get_parts(members))
    return Borders(pairs[begins, 0], pairs[begins, 1], length, whole)
