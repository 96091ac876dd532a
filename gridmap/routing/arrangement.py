"""The faces into which shapes cut each other, and a point in every kind of them.

A kind is told by a number; two faces of one kind need not be looked at twice. So only so much
is cut as shows every kind once: nearly all show at points inside whole faces.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.prepared import prepared_copies

__all__ = ["Pieces", "bare_points", "bare_under", "joined", "pieces", "shown", "within"]

Geometries = NDArray[np.object_]
Ints = NDArray[np.int64]

# Square degrees, about 0.1 m²: less is the noise of noding, no place.
_NOISE = 1e-11


@dataclass(frozen=True, eq=False)
class Pieces:
    """Faces of some shapes.

    Attributes
    ----------
    faces : object (n,)
        Polygons that share no ground.
    inner : object (n,)
        A point in each.
    claimed, together : int64 (n,)
        Numbers for what is claimed in each, and for the shapes that meet there.
    sets : list of tuple of int
        The shapes that meet, by that number.
    """

    faces: Geometries
    inner: Geometries
    claimed: Ints
    together: Ints
    sets: list[tuple[int, ...]]

    @property
    def kinds(self) -> int:
        """A number above those of what is claimed."""
        return int(self.claimed.max(initial=-1)) + 1


def pieces(shapes: Geometries, claims: Sequence[Hashable]) -> Pieces:
    """Return the faces of shapes that each claim something; ground between them is none."""
    cut = _meeting(shapes)
    alone, several = np.flatnonzero(~cut), np.flatnonzero(cut)
    noded = _noded(shapes[several])
    noded = noded[shapely.area(noded) > _NOISE]
    inner = np.asarray(shapely.point_on_surface(noded), dtype=object)
    point, shape = within(shapes[several], inner)
    # What streets enclose is a face of their lines, but not of theirs.
    held = np.zeros(len(noded), dtype=bool)
    held[point] = True
    order = np.lexsort((shape, point))
    row = several[shape[order]].tolist()
    edges = np.searchsorted(point[order], np.append(np.flatnonzero(held), len(noded))).tolist()
    meeting = [tuple(row[a:b]) for a, b in pairwise(edges)]
    sets: dict[tuple[int, ...], int] = {}
    listed = [*((one,) for one in alone.tolist()), *meeting]
    together = np.array([sets.setdefault(some, len(sets)) for some in listed], dtype=np.int64)
    numbers: dict[object, int] = {}
    said = [tuple([claims[o] for o in some]) for some in sets]
    of_set = np.array([numbers.setdefault(one, len(numbers)) for one in said], dtype=np.int64)
    whole = np.asarray(shapely.point_on_surface(shapes[alone]), dtype=object)
    return Pieces(
        np.concatenate([shapes[alone], noded[held]]),
        np.concatenate([whole, inner[held]]),
        of_set[together],
        together,
        list(sets),
    )


def _meeting(shapes: Geometries) -> NDArray[np.bool_]:
    """True for each shape that shares ground with another one."""
    cut = np.zeros(len(shapes), dtype=bool)
    if len(shapes):
        one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        apart = one < other
        one, other = one[apart], other[apart]
        meet = shapely.relate_pattern(shapes[one], shapes[other], "T********")
        cut[one[meet]] = cut[other[meet]] = True
    return cut


def _noded(shapes: Geometries) -> Geometries:
    if not len(shapes):
        return shapes
    lines = shapely.node(shapely.geometrycollections(shapely.boundary(shapes)))
    return np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))), dtype=object)


def within(shapes: Geometries, points: Geometries) -> tuple[Ints, Ints]:
    """Return pairs of a point and a shape that it lies within."""
    point, shape = shapely.STRtree(shapes).query(points)
    shapes = prepared_copies(shapes)
    x, y = shapely.get_x(points[point]), shapely.get_y(points[point])
    held = shapely.contains_xy(shapes[shape], x, y)
    return point[held], shape[held]


def joined(one: Ints, other: Ints) -> tuple[Ints, Ints]:
    """Return all pairs of places in two arrays, the second ascending, that hold one number."""
    start = np.searchsorted(other, one, side="left")
    count = np.searchsorted(other, one, side="right") - start
    before = np.repeat(np.cumsum(count) - count, count)
    first = np.repeat(np.arange(len(one)), count)
    return first, np.arange(len(first)) - before + start[first]


def shown(
    kinds: Sequence[Ints],
    known: Sequence[Ints],
    cut: Callable[[Ints], Geometries],
) -> tuple[Ints, Geometries]:
    """Cut pairs of shapes until each value of some columns of kinds shows.

    Parameters
    ----------
    kinds : columns of int64 (n,)
        Of the ground that each pair may share.
    known : columns of int64
        Values of each column that need not be shown.
    cut : callable
        Returns the ground that some pairs (int64, by their place) share; empty for none.

    Returns
    -------
    int64 (k,), and object (k,)
        Pairs that share ground, and a point in it.
    """
    rows, parts = [np.empty(0, np.int64)], [np.empty(0, dtype=object)]
    new = [~np.isin(column, done) for column, done in zip(kinds, known, strict=True)]
    left, few = np.flatnonzero(np.logical_or.reduce(new)), 1
    while len(left):
        # A few pairs of each value at once, more of those that turn out to share nothing.
        now = np.zeros(len(left), dtype=bool)
        for column, some in zip(kinds, new, strict=True):
            now |= some[left] & _first(column[left], few)
        asked = left[now]
        shared = cut(asked)
        real = shapely.area(shared) > _NOISE
        rows.append(asked[real])
        parts.append(shared[real])
        for column, some in zip(kinds, new, strict=True):
            some[np.isin(column, column[asked[real]])] = False
        left, few = left[~now], few * 4
        left = left[np.logical_or.reduce([some[left] for some in new])]
    return np.concatenate(rows), np.asarray(shapely.point_on_surface(np.concatenate(parts)), object)


def _first(values: Ints, few: int) -> NDArray[np.bool_]:
    """True for each value that has occurred fewer than so many times before."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    before = np.arange(len(values)) - np.searchsorted(ordered, ordered)
    found = np.empty(len(values), dtype=bool)
    found[order] = before < few
    return found


def bare_points(atoms: Geometries, shapes: Geometries, seats: Ints) -> tuple[Ints, Geometries]:
    """Return for each seat an atom with a point that no shape covers, where there is such."""
    middle = np.asarray(shapely.point_on_surface(atoms), dtype=object)
    free = np.ones(len(atoms), dtype=bool)
    free[within(shapes, middle)[0]] = False
    rows, places = np.flatnonzero(free), middle[free]
    _, first = np.unique(seats[rows], return_index=True)
    rows, places = rows[first], places[first]
    found = list(_cut_bare(atoms, shapes, seats, np.setdiff1d(seats, seats[rows])))
    out = np.empty(len(found), dtype=object)
    out[:] = [shapely.point_on_surface(part) for _, part in found]
    more = np.array([atom for atom, _ in found], dtype=np.int64)
    return np.concatenate([rows, more]), np.concatenate([places, out])


def _cut_bare(
    atoms: Geometries, shapes: Geometries, seats: Ints, wanted: Ints
) -> Iterator[tuple[int, shapely.Geometry]]:
    """Yield for each wanted seat an atom and what of it no shape covers, where there is such."""
    tree = shapely.STRtree(shapes)
    for seat in wanted.tolist():
        for atom in np.flatnonzero(seats == seat).tolist():
            left = bare_under(atoms[atom], shapes[tree.query(atoms[atom], predicate="intersects")])
            if shapely.area(left) > _NOISE:
                yield atom, left
                break


def bare_under(shape: shapely.Geometry, covers: Geometries) -> shapely.Geometry:
    """Return what of a shape others leave uncovered; the largest of them are taken away first."""
    left = shape
    for cover in covers[np.argsort(-shapely.area(covers), kind="stable")]:
        if shapely.area(left) <= _NOISE:
            break
        left = shapely.difference(left, cover)
    return left
