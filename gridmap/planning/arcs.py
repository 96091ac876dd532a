"""Arcs: what two atoms have in common of their borders, from node to node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.planning.chains import Point, Ring, polygon_of, rings_of, segments_of

__all__ = ["Arc", "arcs_between", "arcs_of", "spliced"]


@dataclass(frozen=True, slots=True)
class Arc:
    """A run of segments that two polygons share.

    Attributes
    ----------
    points : tuple of (x, y)
        As the first polygon walks it, its inside on the left. A closed one begins where it ends.
    closed : bool
        True for a whole ring: one of the two encloses the other.
    """

    points: tuple[Point, ...]
    closed: bool


def arcs_between(one: Any, other: Any) -> list[Arc]:
    """Return the arcs of two polygons: segments with exactly the same ends, walked opposite ways.

    None where they share no segment; touching in a point is no arc.
    """
    back = {(b, a) for rings in rings_of(other) for ring in rings for a, b in segments_of(ring)}
    return [arc for rings in rings_of(one) for ring in rings for arc in _runs(ring, back)]


def spliced(one: Any, other: Any, arc: Arc, path: Sequence[Point]) -> tuple[Any, Any]:
    """Return two polygons with another path in the place of an arc; None for what collapses."""
    back = Arc(arc.points[::-1], arc.closed)
    return _with_path(one, arc, path), _with_path(other, back, path[::-1])


def arcs_of(shapes: NDArray[np.object_]) -> tuple[list[Any], list[tuple[int, int]]]:
    """Return all arcs of a coverage as lines, and the polygons left and right of each.

    Right is -1 along the outer border, and where a neighbour has other vertices.
    """
    left: dict[tuple[Point, Point], int] = {}
    walks: list[tuple[int, Ring]] = []
    for i, shape in enumerate(shapes):
        for rings in rings_of(shape):
            for ring in rings:
                walks.append((i, ring))
                for segment in segments_of(ring):
                    left[segment] = i
    lines, sides = [], []
    for i, ring in walks:
        steps = segments_of(ring)
        beyond = [left.get((b, a), -1) for a, b in steps]
        cuts = [k for k in range(len(steps)) if beyond[k] != beyond[k - 1]] or [0]
        for begin, end in zip(cuts, [*cuts[1:], cuts[0] + len(steps)], strict=True):
            right = beyond[begin % len(steps)]
            if right >= 0 and right < i:
                continue
            points = [steps[k % len(steps)][0] for k in range(begin, end)]
            points.append(steps[(end - 1) % len(steps)][1])
            lines.append(shapely.LineString(points))
            sides.append((i, right))
    return lines, sides


def _runs(ring: Ring, back: set[tuple[Point, Point]]) -> list[Arc]:
    steps = segments_of(ring)
    shared = [step in back for step in steps]
    if all(shared):
        return [Arc((*ring, ring[0]), closed=True)]
    runs = []
    for k in range(len(steps)):
        if shared[k] and not shared[k - 1]:
            points = [steps[k][0]]
            at = k
            while shared[at % len(steps)]:
                points.append(steps[at % len(steps)][1])
                at += 1
            runs.append(Arc(tuple(points), closed=False))
    return runs


def _with_path(shape: Any, arc: Arc, path: Sequence[Point]) -> Any:
    """Return a polygon with the arc in its ring replaced."""
    first = (arc.points[0], arc.points[1])
    parts = []
    for rings in rings_of(shape):
        made = []
        for ring in rings:
            steps = segments_of(ring)
            if arc.closed and set(ring) == set(arc.points):
                made.append(list(path[:-1]) if path[0] == path[-1] else list(path))
            elif not arc.closed and first in steps:
                at = steps.index(first)
                turned = [*ring[at:], *ring[:at]]
                made.append([*path, *turned[len(arc.points) :]])
            else:
                made.append(ring)
        parts.append(made)
    return polygon_of(parts)
