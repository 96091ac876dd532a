"""Borders as chains of directed segments: the proof that redrawn areas hold the same ground.

An area's border is walked with the area on the left. Where two areas share a segment it is
walked once each way and cancels; what is left of a group of areas is the border around the
group. How often each place is covered follows from that chain alone. So when a group has the
same chain before and after an edit, and each polygon is valid by itself, every place within
it is covered exactly as often as before: an edit of a clean coverage opens no gap and makes no
overlap, and no tolerance is needed to say so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = [
    "Chain",
    "Inserted",
    "Point",
    "Ring",
    "Segment",
    "chain_of",
    "in_order",
    "lacking",
    "off_chain",
    "polygon_of",
    "rings_of",
    "segments_of",
    "with_points",
]

Point = tuple[float, float]
Ring = list[Point]
Segment = tuple[Point, Point]
# How often each directed segment is walked more than its reverse; zeros are not kept.
Chain = dict[Segment, int]
# New vertices on a border segment, both given as they stand in some polygon.
Inserted = Mapping[Segment, Sequence[Point]]

Geometries = NDArray[np.object_]


def rings_of(shape: Any) -> list[list[Ring]]:
    """Return the rings of each part of a polygon, without their closing point.

    The shell comes first and runs against the clock, holes run with it: the inside is on the
    left.
    """
    parts = shapely.get_parts(shapely.orient_polygons(shape))
    return [
        [
            [(x, y) for x, y in shapely.get_coordinates(ring)[:-1].tolist()]
            for ring in shapely.get_rings(part)
        ]
        for part in parts
    ]


def polygon_of(parts: Sequence[Sequence[Ring]]) -> Any:
    """Return the polygon of such rings, points that repeat left out; None when it collapses."""
    made = []
    for rings in parts:
        shell, *holes = ([*_distinct(ring)] for ring in rings)
        if len(shell) < 3 or any(len(hole) < 3 for hole in holes):
            return None
        made.append(shapely.Polygon(shell, holes))
    return made[0] if len(made) == 1 else shapely.MultiPolygon(made)


def segments_of(ring: Ring) -> list[Segment]:
    """Return the segments of a ring, the closing one included."""
    return list(zip(ring, [*ring[1:], ring[0]], strict=True))


def chain_of(shapes: Iterable[Any]) -> Chain:
    """Return the chain of a group of polygons."""
    out: Chain = {}
    for shape in shapes:
        for rings in rings_of(shape):
            for ring in rings:
                for segment in segments_of(ring):
                    _walk(out, segment)
    return out


def off_chain(before: Chain, after: Chain, inserted: Inserted) -> list[Segment]:
    """Return the segments in which two chains differ, apart from points put into `before`."""
    expected = dict(before)
    for (a, b), points in inserted.items():
        for segment, between in (((a, b), points), ((b, a), points[::-1])):
            times = expected.pop(segment, 0)
            path = [segment[0], *between, segment[1]]
            for step in itertools.pairwise(path):
                for _ in range(times):
                    _walk(expected, step)
    keys = expected.keys() | after.keys()
    return sorted(k for k in keys if expected.get(k, 0) != after.get(k, 0))


def lacking(shapes: Geometries, tolerance: float) -> dict[Segment, tuple[Point, ...]]:
    """Return the vertices of some polygons that lie on segments of others, in their order there.

    Parameters
    ----------
    shapes : object (n,)
    tolerance : float
        So near to a segment they lie on it, in the unit of the coordinates.
    """
    rings = [ring for shape in shapes for part in rings_of(shape) for ring in part]
    steps = [step for ring in rings for step in segments_of(ring)]
    points = np.unique(shapely.get_coordinates(shapes), axis=0)
    tree = shapely.STRtree(shapely.linestrings([list(step) for step in steps]))
    at, on = tree.query(shapely.points(points), predicate="dwithin", distance=tolerance)
    found: dict[Segment, set[Point]] = {}
    for point, (a, b) in zip(points[at].tolist(), (steps[k] for k in on.tolist()), strict=True):
        place = (point[0], point[1])
        ends = min(_apart(a, place), _apart(b, place))
        if ends > tolerance and (b, a) not in found:
            found.setdefault((a, b), set()).add(place)
    return {step: in_order(step, places) for step, places in found.items()}


def in_order(step: Segment, points: Iterable[Point]) -> tuple[Point, ...]:
    """Return points on a segment as they lie along it."""
    return tuple(sorted(points, key=lambda p: (_apart(step[0], p), p)))


def _apart(one: Point, other: Point) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def with_points(shape: Any, inserted: Inserted) -> Any:
    """Return a polygon with new vertices on those of its segments that are named, either way."""
    parts = []
    for rings in rings_of(shape):
        made: list[Ring] = []
        for ring in rings:
            grown: Ring = []
            for a, b in segments_of(ring):
                grown.append(a)
                grown.extend(inserted.get((a, b), ()))
                grown.extend(inserted.get((b, a), ())[::-1])
            made.append(grown)
        parts.append(made)
    return polygon_of(parts)


def _walk(chain: Chain, segment: Segment) -> None:
    a, b = segment
    if a == b:
        return
    back = chain.get((b, a), 0)
    if back > 1:
        chain[b, a] = back - 1
    elif back == 1:
        del chain[b, a]
    else:
        chain[segment] = chain.get(segment, 0) + 1


def _distinct(ring: Ring) -> Iterable[Point]:
    previous = ring[-1] if ring else None
    for point in ring:
        if point != previous:
            yield point
        previous = point
