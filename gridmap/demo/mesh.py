"""A planar subdivision that is cut, never drawn: faces share their edges by construction.

Vertices are numbered points of the metric plane; a face is a counter-clockwise ring of vertex
numbers (and rings of holes). A cut puts its end points into the neighbour's ring too, so no
two neighbours ever disagree about their common border.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import pairwise

__all__ = ["SNAP_M", "Mesh", "Point", "chord", "ring_area"]

Point = tuple[float, float]

# A cut that ends this close to a corner ends in the corner.
SNAP_M = 2.0


@dataclass
class Mesh:
    """Faces over shared vertices.

    Attributes
    ----------
    xy : list of Point
        Metres in the plane before it is bent.
    ring : list of list of int
        Outer ring of every face, counter-clockwise.
    holes : dict of int to list of list of int
        Rings (clockwise) of the faces that have enclaves.
    left : dict of (int, int) to int
        Face to the left of the directed edge.
    road : dict of (int, int) to int
        Road that runs along the edge (smaller vertex first); absent for a wall.
    """

    xy: list[Point] = field(default_factory=list)
    ring: list[list[int]] = field(default_factory=list)
    holes: dict[int, list[list[int]]] = field(default_factory=dict)
    left: dict[tuple[int, int], int] = field(default_factory=dict)
    road: dict[tuple[int, int], int] = field(default_factory=dict)

    def add_point(self, point: Point) -> int:
        """Return the number of a new vertex."""
        self.xy.append(point)
        return len(self.xy) - 1

    def add_face(self, ring: list[int]) -> int:
        """Return the number of a new face with that counter-clockwise ring."""
        face = len(self.ring)
        self.ring.append(ring)
        self._claim(ring, face)
        return face

    def points(self, face: int) -> list[Point]:
        """Return the face's outer ring as points, not closed."""
        return [self.xy[v] for v in self.ring[face]]

    def area(self, face: int) -> float:
        """Return the face's area in square metres of the unbent plane."""
        total = ring_area(self.points(face))
        for hole in self.holes.get(face, []):
            total += ring_area([self.xy[v] for v in hole])
        return total

    def split_edge(self, a: int, b: int, point: Point) -> int:
        """Put a new vertex into edge a-b, in both faces, and return its number."""
        new = self.add_point(point)
        for u, v in ((a, b), (b, a)):
            face = self.left.pop((u, v), None)
            if face is None:
                continue
            for ring in (self.ring[face], *self.holes.get(face, [])):
                at = _edge_at(ring, u, v)
                if at is not None:
                    ring.insert(at + 1, new)
                    break
            self.left[u, new] = face
            self.left[new, v] = face
        road = self.road.pop((min(a, b), max(a, b)), None)
        if road is not None:
            self.road[min(a, new), max(a, new)] = road
            self.road[min(b, new), max(b, new)] = road
        return new

    def cut(self, face: int, path: list[Point], edges: tuple[int, int], road: int | None) -> int:
        """Cut a face along a path and return the new face, to the right of the path.

        `path` starts on the ring's edge number ``edges[0]`` and ends on ``edges[1]``; its inner
        points lie inside the face.
        """
        ring = self.ring[face]
        ends = [(ring[e], ring[(e + 1) % len(ring)]) for e in edges]
        start = self._end(*ends[0], path[0])
        stop = self._end(*ends[1], path[-1])
        line = [start, *(self.add_point(p) for p in path[1:-1]), stop]
        if road is not None:
            for u, v in pairwise(line):
                self.road[min(u, v), max(u, v)] = road
        ring = self.ring[face]
        i, j = ring.index(start), ring.index(stop)
        onward = ring[i:j] if i < j else ring[i:] + ring[:j]
        back = ring[j:i] if j < i else ring[j:] + ring[:i]
        self.ring[face] = back + line[:-1]
        other = self.add_face(onward + line[:0:-1])
        self._claim(self.ring[face], face)
        return other

    def enclose(self, face: int, points: list[Point]) -> int:
        """Make an enclave of the counter-clockwise points inside `face` and return it."""
        ring = [self.add_point(p) for p in points]
        hole = ring[::-1]
        self.holes.setdefault(face, []).append(hole)
        self._claim(hole, face)
        return self.add_face(ring)

    def _end(self, a: int, b: int, point: Point) -> int:
        """Return a vertex at `point` of edge a-b: an end of the edge when that is very near."""
        for v in (a, b):
            if math.dist(self.xy[v], point) < SNAP_M:
                return v
        return self.split_edge(a, b, point)

    def _claim(self, ring: list[int], face: int) -> None:
        for u, v in zip(ring, ring[1:] + ring[:1], strict=True):
            self.left[u, v] = face


def _edge_at(ring: list[int], u: int, v: int) -> int | None:
    for at, vertex in enumerate(ring):
        if vertex == u and ring[(at + 1) % len(ring)] == v:
            return at
    return None


def ring_area(points: list[Point]) -> float:
    """Return the signed area of a ring, positive when counter-clockwise."""
    total = 0.0
    x0, y0 = points[0]
    for (xa, ya), (xb, yb) in zip(points, points[1:] + points[:1], strict=True):
        total += (xa - x0) * (yb - y0) - (xb - x0) * (ya - y0)
    return total / 2.0


def chord(
    points: list[Point], through: Point, direction: Point
) -> tuple[tuple[Point, int], tuple[Point, int]] | None:
    """Return the chord of a ring along a line: (point, edge number) of its two ends.

    Of the line's pieces inside the ring the one that holds `through` is taken, or else the
    longest. None when the line passes along a vertex or misses the ring.
    """
    px, py = through
    dx, dy = direction
    side = [(x - px) * dy - (y - py) * dx for x, y in points]
    hits: list[tuple[float, Point, int]] = []
    for e, (a, b) in enumerate(zip(points, points[1:] + points[:1], strict=True)):
        sa, sb = side[e], side[(e + 1) % len(points)]
        if (sa > 0) == (sb > 0):
            continue
        t = sa / (sa - sb)
        point = (a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1]))
        hits.append(((point[0] - px) * dx + (point[1] - py) * dy, point, e))
    hits.sort()
    best = None
    length = 0.0
    for low, high in zip(hits[::2], hits[1::2], strict=False):
        holds = low[0] <= 0.0 <= high[0]
        if holds or high[0] - low[0] > length:
            best = ((low[1], low[2]), (high[1], high[2]))
            length = high[0] - low[0]
        if holds:
            break
    return best
