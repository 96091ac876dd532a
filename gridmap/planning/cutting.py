"""A polygon cut along lines, with the vertices that its neighbours need for it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridmap.planning.chains import Inserted, Point, Segment, rings_of, segments_of, with_points

__all__ = ["Cut", "cut_polygon"]


@dataclass(frozen=True, eq=False)
class Cut:
    """What a cut comes to.

    Attributes
    ----------
    parts : list of polygon
        One where nothing is cut through.
    inserted : mapping of segment to points
        Vertices that the border gets where the cut ends.
    loose : list of (x, y)
        Ends of lines within the polygon: they cut nothing.
    """

    parts: list[Any]
    inserted: Inserted
    loose: list[Point]


def cut_polygon(shape: Any, lines: Sequence[Sequence[Point]], tolerance: float) -> Cut:
    """Cut a polygon along lines.

    Parameters
    ----------
    shape : Polygon or MultiPolygon
    lines : sequence of points
        What of them lies within the polygon cuts it. They must cross its border, or end on it.
    tolerance : float
        Where a cut ends this near to a vertex it ends in it, in the unit of the coordinates.
    """
    steps = [s for rings in rings_of(shape) for ring in rings for s in segments_of(ring)]
    border = shapely.linestrings([list(step) for step in steps])
    drawn = shapely.union_all([shapely.LineString(line) for line in lines])
    inside = shapely.get_parts(shapely.line_merge(shapely.intersection(drawn, shape)))
    inside = [one for one in inside if one.geom_type == "LineString" and one.length > tolerance]
    ends: dict[Segment, set[Point]] = {}
    paths = []
    for one in _at_crossings(inside):
        points = [(x, y) for x, y in shapely.get_coordinates(one).tolist()]
        if points[0] != points[-1]:
            for k in (0, -1):
                place = _on_border(points[k], steps, border, tolerance, ends)
                if place is not None:
                    points[k] = place
        paths.append(points)
    inserted = {s: _along(s, found) for s, found in ends.items()}
    grown = with_points(shape, inserted)
    walks = [s for rings in rings_of(grown) for ring in rings for s in segments_of(ring)]
    known = {frozenset(step) for step in walks}
    cuts = [
        step
        for points in paths
        for step in itertools.pairwise(points)
        if step[0] != step[1] and frozenset(step) not in known
    ]
    faces = shapely.get_parts(
        shapely.polygonize(shapely.linestrings([list(s) for s in (*walks, *cuts)]))
    )
    within = shapely.intersects(shape, shapely.point_on_surface(faces))
    vertices = {point for step in walks for point in step}
    loose = [p for points in paths for p in (points[0], points[-1]) if p not in vertices]
    return Cut(list(faces[within]), inserted, loose)


def _at_crossings(lines: list[Any]) -> list[Any]:
    """Return lines divided where they meet."""
    if len(lines) < 2:
        return lines
    return list(shapely.get_parts(shapely.union_all(lines)))


def _on_border(
    point: Point,
    steps: Sequence[Segment],
    border: Any,
    tolerance: float,
    ends: dict[Segment, set[Point]],
) -> Point | None:
    """Return the vertex in which a cut ends, a new one if need be; None within the polygon."""
    away = shapely.distance(border, shapely.Point(point))
    nearest = int(np.argmin(away))
    if away[nearest] > tolerance / 100:
        return None
    step = steps[nearest]
    known = [*step, *ends.get(step, ())]
    best: Point = min(known, key=lambda p: (np.hypot(p[0] - point[0], p[1] - point[1]), p))
    if np.hypot(best[0] - point[0], best[1] - point[1]) <= tolerance:
        return best
    ends.setdefault(step, set()).add(point)
    return point


def _along(step: Segment, points: set[Point]) -> tuple[Point, ...]:
    (x, y), _ = step
    return tuple(sorted(points, key=lambda p: (np.hypot(p[0] - x, p[1] - y), p)))
