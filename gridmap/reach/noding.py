"""Where streets meet: lines cut at their nodes.

A node is

- every end of a line;
- every vertex that two lines share, to the millimetre and at whatever height they are drawn:
  that is how map data say that one can change from one to the other, as at the foot of a bridge;
- every place where lines of the same height cross or touch without such a vertex, which is how
  hand-drawn streets meet. Lines of different height pass each other there;
- the place on a line that another line ends at within a metre: drawn short, or too long.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gridmap.reach.model import Floats, Rows, Shapes
from gridmap.reach.plane import Plane

__all__ = ["END_M", "Noded", "node_lines"]

# A line that ends so near to another one is meant to end at it.
END_M = 1.0

# Vertices are shared when they are equal to the millimetre, as files of text keep them.
_DECIMALS = 8


@dataclass(frozen=True, eq=False)
class Noded:
    """Lines cut at their nodes.

    Attributes
    ----------
    lonlat : float64 (n, 2)
        Places of the nodes, EPSG:4326.
    a, b : int64 (m,)
        Nodes that each edge leads from and to.
    course : float64 (k, 2)
        Vertices of all edges, one edge after the other, EPSG:4326.
    start : int64 (m + 1,)
        Where each edge begins in `course`.
    """

    lonlat: Floats
    a: Rows
    b: Rows
    course: Floats
    start: Rows


def node_lines(lines: Shapes, strata: Rows, *, crossings: bool = True) -> Noded:
    """Cut lines (EPSG:4326) at their nodes.

    Parameters
    ----------
    lines : object (n,)
        LineStrings and MultiLineStrings; other shapes and empty ones are left out.
    strata : int64 (n,)
        Height of each: 0 on the ground, more above, less below.
    crossings : bool
        False: only shared vertices and ends are nodes, as in data that are noded already.
    """
    parts, row = shapely.get_parts(_rounded(shapely.force_2d(lines)), return_index=True)
    proper = (shapely.get_type_id(parts) == 1) & (shapely.length(parts) > 0)
    parts, strata = parts[proper], np.asarray(strata, dtype=np.int64)[row[proper]]
    if not len(parts):
        none = np.empty(0, dtype=np.int64)
        return Noded(np.empty((0, 2)), none, none, np.empty((0, 2)), np.zeros(1, dtype=np.int64))
    if crossings:
        parts = _joined(*_simple(parts, strata))
    return _cut(parts)


def _rounded(shapes: Shapes) -> Shapes:
    rounded: Shapes = shapely.transform(shapes, lambda xy: xy.round(_DECIMALS))
    return rounded


def _simple(lines: Shapes, strata: Rows) -> tuple[Shapes, Rows]:
    """Return the lines, those that cross themselves in pieces."""
    crossed = ~shapely.is_simple(lines)
    if not crossed.any():
        return lines, strata
    pieces, row = shapely.get_parts(shapely.node(lines[crossed]), return_index=True)
    return (
        np.concatenate([lines[~crossed], _rounded(pieces)]),
        np.concatenate([strata[~crossed], strata[crossed][row]]),
    )


def _joined(lines: Shapes, strata: Rows) -> Shapes:
    """Return the lines with a vertex wherever they cross, touch, or one ends at another."""
    plane = Plane.around(shapely.get_coordinates(lines))
    xy, of = shapely.get_coordinates(lines, return_index=True)
    metres = plane.lines(xy, of)
    tree = shapely.STRtree(metres)
    rows, points = [], []
    a, b = tree.query(metres, predicate="intersects")
    once = (a < b) & (strata[a] == strata[b])
    a, b = a[once], b[once]
    shared, pair = _points(shapely.intersection(lines[a], lines[b]))
    rows += [a[pair], b[pair]]
    points += [shared, shared]
    ends, owner, near = _loose_ends(lines, metres, xy, tree, plane)
    rows.append(near)
    points.append(ends[owner])
    return _with_vertices(lines, plane, np.concatenate(rows), np.vstack(points))


def _points(shared: Shapes) -> tuple[Floats, Rows]:
    """Return the points of intersections, ends of common stretches too, and whose they are."""
    single, pair = shapely.get_parts(shared, return_index=True)
    ends = np.where(shapely.get_dimensions(single) == 1, shapely.boundary(single), single)
    xy, part = shapely.get_coordinates(ends, return_index=True)
    return xy.round(_DECIMALS), pair[part]


def _loose_ends(
    lines: Shapes, metres: Shapes, xy: Floats, tree: shapely.STRtree, plane: Plane
) -> tuple[Floats, Rows, Rows]:
    """Return ends that are no other line's vertex, and the lines within a metre of each."""
    ends = np.vstack([shapely.get_coordinates(shapely.get_point(lines, at)) for at in (0, -1)])
    mine = np.tile(np.arange(len(lines)), 2)
    _, place, count = np.unique(
        np.vstack([xy, ends]), axis=0, return_inverse=True, return_counts=True
    )
    # Once as a vertex of its own line, once more as an end of it.
    loose = np.flatnonzero(count[place.ravel()[len(xy) :]] == 2)
    spots = shapely.points(plane.to_metres(ends[loose]))
    owner, near = tree.query(spots, predicate="dwithin", distance=END_M)
    other = near != mine[loose[owner]]
    return ends[loose], owner[other], near[other]


def _with_vertices(lines: Shapes, plane: Plane, row: Rows, points: Floats) -> Shapes:
    """Return the lines with further vertices, each put where its line passes nearest to it."""
    xy, of = shapely.get_coordinates(lines, return_index=True)
    metres = plane.lines(xy, of)
    steps = np.hypot(*np.diff(plane.to_metres(xy), axis=0).T)
    steps[np.diff(of) != 0] = 0.0
    run = np.concatenate([[0.0], np.cumsum(steps)])
    first = np.searchsorted(of, np.arange(len(lines)))
    spots = shapely.points(plane.to_metres(points))
    at = run[first[row]] + shapely.line_locate_point(metres[row], spots)
    every, whose = np.vstack([xy, points]), np.concatenate([of, row])
    # Own vertices come before inserted ones at the same place.
    order = np.lexsort((np.arange(len(every)), np.concatenate([run, at]), whose))
    every, whose = every[order], whose[order]
    fresh = np.ones(len(every), dtype=bool)
    fresh[1:] = (whose[1:] != whose[:-1]) | (every[1:] != every[:-1]).any(axis=1)
    made: Shapes = shapely.linestrings(every[fresh], indices=whose[fresh])
    return made


def _cut(lines: Shapes) -> Noded:
    """Cut lines at their ends and at vertices that occur more than once."""
    xy, of = shapely.get_coordinates(lines, return_index=True)
    moved = np.ones(len(xy), dtype=bool)
    moved[1:] = (of[1:] != of[:-1]) | (xy[1:] != xy[:-1]).any(axis=1)
    xy, of = xy[moved], of[moved]
    places, place, count = np.unique(xy, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    last = np.append(of[1:] != of[:-1], True)
    first = np.append(True, of[1:] != of[:-1])
    node = first | last | (count[place] > 1)
    at = np.flatnonzero(node)
    begin, end = at[:-1], at[1:]
    whole = of[begin] == of[end]
    begin, end = begin[whole], end[whole]
    used, number = np.unique(np.concatenate([place[begin], place[end]]), return_inverse=True)
    sizes = end - begin + 1
    start = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    inside = np.arange(start[-1]) - np.repeat(start[:-1], sizes) + np.repeat(begin, sizes)
    return Noded(places[used], number[: len(begin)], number[len(begin) :], xy[inside], start)
