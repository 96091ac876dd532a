"""The geometry of one cut: where a street or wall crosses a block, and whether it is fair."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from gridmap.demo.dice import Dice
from gridmap.demo.mesh import SNAP_M, Point, chord, ring_area

__all__ = ["Cut", "find_cut", "long_axis", "within"]


@dataclass(frozen=True)
class Cut:
    """A path across a ring.

    Attributes
    ----------
    path : list of Point
        From border to border.
    edges : (int, int)
        Edges of the ring that it starts and ends on.
    along_x : bool
        True when it runs more west to east than south to north.
    """

    path: list[Point]
    edges: tuple[int, int]
    along_x: bool


def find_cut(points: list[Point], kind: str, wander: float, dice: Dice) -> Cut | None:
    """Find a cut across the longer side of a ring; None when no fair one is found.

    Parameters
    ----------
    points : list of Point
        Counter-clockwise ring, metres.
    kind : str
        ``collector``, ``branch``, ``alley`` or ``wall``.
    wander : float
        Degrees by which it may be off the square.
    """
    area = abs(ring_area(points))
    axis, length, width, middle = long_axis(points)
    for attempt in range(9):
        turn = math.radians(wander * (1 + attempt / 2) * dice.bell())
        if length < 1.2 * width and dice.chance(0.4):
            turn += math.pi / 2
        angle = axis + math.pi / 2 + turn
        shift = length * dice.between(-0.14, 0.14)
        at = (middle[0] + shift * math.cos(axis), middle[1] + shift * math.sin(axis))
        found = chord(points, at, (math.cos(angle), math.sin(angle)))
        if found is None or found[0][1] == found[1][1]:
            continue
        (start, first), (stop, last) = found
        path = _path(points, start, stop, kind, dice)
        halves = _halves(points, path, (first, last))
        if all(_fair(half, area, attempt) for half in halves) and _apart(points, path):
            return Cut(path, (first, last), abs(math.cos(angle)) > abs(math.sin(angle)))
    return None


def _path(ring: list[Point], start: Point, stop: Point, kind: str, dice: Dice) -> list[Point]:
    """Return the cut's course: bent for a street, stepped along yards for a wall."""
    (ax, ay), (bx, by) = start, stop
    length = math.hypot(bx - ax, by - ay)
    ux, uy = (bx - ax) / length, (by - ay) / length
    marks = _marks(length, kind, dice)
    if not marks:
        return [start, stop]
    inner = [(ax + ux * s - uy * d, ay + uy * s + ux * d) for s, d in marks]
    path = [start, *inner, stop]
    return path if _clear(ring, path) else [start, stop]


def _marks(length: float, kind: str, dice: Dice) -> list[tuple[float, float]]:
    """Return the inner points of a course: (metres along, metres to the left)."""
    if kind in {"collector", "branch"}:
        bow = length * 0.03 * dice.bell()
        return [(dice.between(0.35, 0.65) * length, bow)]
    if not dice.chance(0.85 if kind == "wall" else 0.45):
        return []
    step = dice.between(0.1, 0.27) * length * (1 if dice.chance(0.5) else -1)
    at = dice.between(0.3, 0.7) * length
    if length > 70 and dice.chance(0.55):
        return [(at * 0.62, 0.0), (at * 0.62, step), (at * 1.3, step), (at * 1.3, 0.0)]
    return [(at, step * 0.5), (at, -step * 0.5)]


def _fair(half: list[Point], whole: float, attempt: int) -> bool:
    """True when one half of a cut is neither too small nor too thin."""
    area = ring_area(half)
    if area < (0.3 - 0.02 * attempt) * whole:
        return False
    around = sum(math.dist(a, b) for a, b in zip(half, half[1:] + half[:1], strict=True))
    return 4 * math.pi * area / around**2 > 0.46 - 0.025 * attempt


def _apart(ring: list[Point], path: list[Point]) -> bool:
    """True when no corner of the ring is close to the path, except one that ends it."""
    legs = list(pairwise(path))
    for corner in ring:
        if min(math.dist(corner, path[0]), math.dist(corner, path[-1])) < SNAP_M:
            continue
        if any(_near(corner, a, b) < 2.5 * SNAP_M for a, b in legs):
            return False
    return True


def _halves(
    points: list[Point], path: list[Point], edges: tuple[int, int]
) -> tuple[list[Point], list[Point]]:
    e, g = edges
    n = len(points)
    onward = [points[(e + 1 + k) % n] for k in range((g - e) % n)]
    back = [points[(g + 1 + k) % n] for k in range((e - g) % n)]
    return onward + path[::-1], back + path


def _clear(ring: list[Point], path: list[Point]) -> bool:
    """True when the inner points of a path stay 6 m inside the ring and no leg crosses it."""
    edges = list(zip(ring, ring[1:] + ring[:1], strict=True))
    for p in path[1:-1]:
        if any(_near(p, a, b) < 6.0 for a, b in edges):
            return False
    legs = list(pairwise(path))
    for number, (p, q) in enumerate(legs):
        hits = sum(_cross(p, q, a, b) for a, b in edges)
        if hits > (number == 0) + (number == len(legs) - 1):
            return False
    return True


def _near(p: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy)
    t = min(1.0, max(0.0, t))
    return math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy)


def _cross(p: Point, q: Point, a: Point, b: Point) -> bool:
    def side(u: Point, v: Point, w: Point) -> float:
        return (v[0] - u[0]) * (w[1] - u[1]) - (v[1] - u[1]) * (w[0] - u[0])

    slack = 1e-6
    s1, s2 = side(p, q, a), side(p, q, b)
    s3, s4 = side(a, b, p), side(a, b, q)
    return (s1 * s2 <= slack) and (s3 * s4 <= slack)


def long_axis(points: list[Point]) -> tuple[float, float, float, Point]:
    """Return direction, length, width and middle of the smallest rectangle around a ring."""
    best: tuple[float, float, float, float, Point] | None = None
    for a, b in zip(points, points[1:] + points[:1], strict=True):
        size = math.dist(a, b)
        if size < 12.0:
            continue
        ux, uy = (b[0] - a[0]) / size, (b[1] - a[1]) / size
        s = [x * ux + y * uy for x, y in points]
        d = [y * ux - x * uy for x, y in points]
        long, wide = max(s) - min(s), max(d) - min(d)
        if best is None or long * wide < best[0]:
            sm, dm = (max(s) + min(s)) / 2, (max(d) + min(d)) / 2
            best = (
                long * wide,
                math.atan2(uy, ux),
                long,
                wide,
                (sm * ux - dm * uy, sm * uy + dm * ux),
            )
    assert best is not None
    _, axis, long, wide, middle = best
    if wide > long:
        axis, long, wide = axis + math.pi / 2, wide, long
    return axis, long, wide, middle


def within(ring: list[Point], outer: list[Point]) -> bool:
    """True when a ring lies inside another one, 15 m and more from its border."""
    edges = list(zip(outer, outer[1:] + outer[:1], strict=True))
    if any(_near(p, a, b) < 15.0 for p in ring for a, b in edges):
        return False
    if any(
        _near(p, a, b) < 15.0 for p in outer for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
    ):
        return False
    x, y = ring[0]
    odd = False
    for (ax, ay), (bx, by) in edges:
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            odd = not odd
    return odd
