"""Rings made polygons: closed lines of a drawing, and the ring lists of Esri's formats.

A ring is an array of coordinates, shape (n, 2), the last equal to the first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["RingRows", "close_ring", "lines_to_polygons", "nested_rings", "oriented_rings"]

Floats = NDArray[np.float64]
Objects = NDArray[np.object_]

# A line is a ring that somebody forgot to close when its ends are this near, measured by
# its length; a street that bends back is farther from itself.
_CLOSABLE_SHARE = 0.05


@dataclass(frozen=True, eq=False)
class RingRows:
    """Lines as polygons.

    Attributes
    ----------
    geometry : object (n,)
        Polygon or MultiPolygon; None where the line is no ring.
    closed : bool (n,)
        True where the ends did not meet and were joined.
    """

    geometry: Objects
    closed: NDArray[np.bool_]


def lines_to_polygons(lines: Objects) -> RingRows:
    """Turn closed lines, and those that all but close, into polygons.

    The lines of a MultiLineString are joined end to end first; of several rings in one row,
    one within another is its hole (even-odd), as drawings have no other way to say so.

    Parameters
    ----------
    lines : object (n,)
        LineString, LinearRing or MultiLineString, two-dimensional, not empty. Empty in,
        empty out.
    """
    geometry = np.full(len(lines), None, dtype=object)
    closed = np.zeros(len(lines), dtype=bool)
    for row, line in enumerate(lines):
        merged = shapely.line_merge(line) if line.geom_type == "MultiLineString" else line
        rings = [_as_ring(part) for part in shapely.get_parts(merged)]
        if not rings or any(ring is None for ring, _ in rings):
            continue
        geometry[row] = nested_rings([ring for ring, _ in rings if ring is not None])
        closed[row] = geometry[row] is not None and any(joined for _, joined in rings)
    return RingRows(geometry, closed)


def _as_ring(line: shapely.Geometry) -> tuple[Floats | None, bool]:
    """Return the ring that a line is, and whether its ends had to be joined; None if none."""
    xy = shapely.get_coordinates(line)
    if len(xy) < 3 or not np.isfinite(xy).all():
        return None, False
    gap = float(np.hypot(*(xy[-1] - xy[0])))
    if gap == 0.0:
        return (xy, False) if len(xy) >= 4 else (None, False)
    if gap > _CLOSABLE_SHARE * line.length:
        return None, False
    return close_ring(xy), True


def close_ring(xy: Floats) -> Floats:
    """Return the ring with its first coordinate at the end, added if it is not there."""
    return xy if len(xy) and np.array_equal(xy[0], xy[-1]) else np.vstack([xy, xy[:1]])


def oriented_rings(rings: Sequence[Floats]) -> tuple[shapely.Geometry | None, bool]:
    """Put rings together as Esri defines them: clockwise outside, counter-clockwise holes.

    A hole belongs to the smallest outer ring that holds it.

    Returns
    -------
    geometry : Polygon, MultiPolygon or None
        None when no ring has an area.
    as_defined : bool
        False when a hole lies in no outer ring: whoever wrote the rings turned them
        otherwise, and they were put together as they lie, see :func:`nested_rings`.
    """
    rings = [ring for ring in map(close_ring, rings) if _has_area(ring)]
    if not rings:
        return None, True
    hole = shapely.is_ccw(np.array([shapely.LinearRing(ring) for ring in rings], dtype=object))
    around = _holders(rings)
    area = [shapely.Polygon(ring).area for ring in rings]
    holes_of: dict[int, list[Floats]] = {i: [] for i in np.flatnonzero(~hole).tolist()}
    for i in np.flatnonzero(hole).tolist():
        outer = min((j for j in around[i] if j in holes_of), key=lambda j: area[j], default=None)
        if outer is None:
            return nested_rings(rings), False
        holes_of[outer].append(rings[i])
    return _joined([shapely.Polygon(rings[i], holes) for i, holes in holes_of.items()]), True


def nested_rings(rings: Sequence[Floats]) -> shapely.Geometry | None:
    """Put rings together as they lie: a ring within an odd number of others is a hole."""
    rings = [ring for ring in map(close_ring, rings) if _has_area(ring)]
    around = _holders(rings)
    polygons = []
    for i, ring in enumerate(rings):
        if len(around[i]) % 2:
            continue
        holes = [
            rings[j]
            for j in range(len(rings))
            if len(around[j]) == len(around[i]) + 1 and i in around[j]
        ]
        polygons.append(shapely.Polygon(ring, holes))
    return _joined(polygons)


def _has_area(ring: Floats) -> bool:
    """True unless a ring is a point or a line; the halves of an 8 may cancel each other."""
    usable = len(ring) >= 4 and bool(np.isfinite(ring).all())
    return usable and bool(shapely.MultiPoint(ring).convex_hull.area > 0)


def _holders(rings: Sequence[Floats]) -> list[set[int]]:
    """Indices of the rings around each ring; of two equal ones the first is around."""
    out: list[set[int]] = [set() for _ in rings]
    polygons = np.array([shapely.Polygon(ring) for ring in rings], dtype=object)
    area = shapely.area(polygons)
    inner, outer = shapely.STRtree(polygons).query(polygons, predicate="covered_by")
    for i, j in zip(inner.tolist(), outer.tolist(), strict=True):
        if (area[j], -j) > (area[i], -i):
            out[i].add(j)
    return out


def _joined(polygons: list[shapely.Polygon]) -> shapely.Geometry | None:
    if not polygons:
        return None
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
