"""A polygon cut along lines, with the vertices that its neighbours need for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from gridmap.planning.chains import (
    Inserted,
    Point,
    Segment,
    in_order,
    rings_of,
    segments_of,
    with_points,
)

__all__ = ["Cut", "cut_area", "cut_polygon"]


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
    pieces : list of polygon
        What the lines made: the parts, without what stays with them.
    """

    parts: list[Any]
    inserted: Inserted
    loose: list[Point]
    pieces: list[Any]


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
    inserted = {s: in_order(s, found) for s, found in ends.items()}
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
    parts = list(faces[within])
    return Cut(parts, inserted, loose, parts)


def cut_area(
    shape: Any,
    lines: Sequence[Sequence[Point]],
    tolerance: float,
    side: Callable[[Any], Any] | None = None,
) -> Cut:
    """Cut an area along lines, each of its polygons by itself.

    A polygon that no line goes through, an exclave, stays with the nearest part on its side.

    Parameters
    ----------
    shape, lines, tolerance
        See :func:`cut_polygon`.
    side : callable, optional
        Returns on which side of the lines a polygon lies.
    """
    polygons = shapely.get_parts(shape).tolist()
    if len(polygons) == 1:
        return cut_polygon(shape, lines, tolerance)
    cuts = [cut_polygon(one, lines, tolerance) for one in polygons]
    loose = [place for cut in cuts for place in cut.loose]
    through = [cut for cut in cuts if len(cut.parts) > 1]
    if not through:
        return Cut([shape], {}, loose, [shape])
    pieces = [part for cut in through for part in cut.parts]
    on = side or (lambda polygon: None)
    held = [[piece] for piece in pieces]
    for polygon, cut in zip(polygons, cuts, strict=True):
        if len(cut.parts) < 2:
            away = [(on(piece) != on(polygon), shapely.distance(piece, polygon))
                    for piece in pieces]  # fmt: skip
            held[away.index(min(away))].append(polygon)
    parts = [one[0] if len(one) == 1 else shapely.multipolygons(one) for one in held]
    inserted = {s: points for cut in through for s, points in cut.inserted.items()}
    return Cut(parts, inserted, loose, pieces)


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
