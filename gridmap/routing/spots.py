"""Every kind of place there is for routing: which bodies and overlays meet, with an example.

An owner follows from the bodies of an area (its *seat*) and the overlays that lie at a point.
Of these combinations a district has few, a thousand or so, and they can all be listed: the
overlays cut each other and the areas into faces, and one point of each face stands for it.
The points are only candidates; what lies there is asked of the same overlay map as for a
report.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, overload

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.routing.overlays import Overlay, OverlayMap
from gridmap.routing.territory import Territory

__all__ = ["Spot", "Spots", "claim", "spots"]

Geometries = NDArray[np.object_]
Ints = NDArray[np.int64]

# Square degrees, about 0.1 m²: less is the noise of noding, no place.
_NOISE = 1e-11


@dataclass(frozen=True, slots=True)
class Spot:
    """A combination of bodies and overlays, and a point where it occurs.

    Attributes
    ----------
    row : int
        Row of the atom in the coverage.
    seat : int
        Number of its seat in the territory.
    overlays : tuple of int
        Rows of the overlay map, in force, in winning order.
    lon, lat : float
        EPSG:4326.
    """

    row: int
    seat: int
    overlays: tuple[int, ...]
    lon: float
    lat: float


@dataclass(frozen=True)
class Spots(Sequence[Spot]):
    """One spot for each combination of a seat and overlays that leads to owners of its own.

    Attributes
    ----------
    together : list of tuple of int
        Every set of overlays that occurs somewhere, also where another one is alike.
    """

    listed: list[Spot]
    together: list[tuple[int, ...]]

    def __len__(self) -> int:
        return len(self.listed)

    @overload
    def __getitem__(self, at: int) -> Spot: ...
    @overload
    def __getitem__(self, at: slice) -> list[Spot]: ...
    def __getitem__(self, at: int | slice) -> Spot | list[Spot]:
        return self.listed[at]


def spots(territory: Territory, overlays: OverlayMap, day: date) -> Spots:
    """Return one spot for each combination of a seat and overlays that occurs on a day.

    Parameters
    ----------
    territory : Territory
    overlays : OverlayMap
    day : date
        Only overlays in force then count.

    Returns
    -------
    Spots
        Ordered by seat, then overlays; of overlays that an owner follows from alike, one.
        Empty for a coverage without polygons.
    """
    coverage = territory.coverage
    rows = coverage.atoms[has_shape(coverage.geometry[coverage.atoms])]
    atoms = polygonal(coverage.geometry[rows])
    live = np.array([i for i, o in enumerate(overlays.overlays) if o.in_force(day)], dtype=np.int64)
    live = live[has_shape(overlays.geometry[live])] if len(live) else live
    shapes = polygonal(overlays.geometry[live])
    seats = np.array([territory.seat_of[row] for row in rows.tolist()], dtype=np.int64)
    claims = [claim(o) for o in overlays.overlays]
    of_atom, points = _candidates(atoms, shapes, seats, [claims[o] for o in live.tolist()])
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    touched = overlays.around(lon, lat).touched
    alive = set(live.tolist())
    found: dict[tuple[int, tuple[Any, ...]], Spot] = {}
    met: set[tuple[int, ...]] = set()
    for n, atom in enumerate(of_atom.tolist()):
        there = tuple(o for o in touched[n] if o in alive)
        seat = int(seats[atom])
        met.add(there)
        spot = Spot(int(rows[atom]), seat, there, float(lon[n]), float(lat[n]))
        found.setdefault((seat, tuple(claims[o] for o in there)), spot)
    ordered = sorted(found.values(), key=lambda spot: (spot.seat, spot.overlays))
    return Spots(ordered, sorted(met))


def claim(overlay: Overlay) -> tuple[Any, ...]:
    """Return what of an overlay an owner follows from: those alike lead to the same one.

    An estate stands for itself, for it may have a firm of its own.
    """
    own = overlay.code if overlay.kind == "estate" and overlay.managed and not overlay.owner else ""
    return (
        overlay.kind, overlay.owner, own, overlay.managed, overlay.items, overlay.road_class,
        overlay.asset_type,
    )  # fmt: skip


def _candidates(
    atoms: Geometries, shapes: Geometries, seats: Ints, claims: Sequence[Hashable]
) -> tuple[Ints, Geometries]:
    """Points with their atoms: one in every kind of place that a seat has, one in every set of
    overlays that meet, and one outside all overlays for every seat.

    `claims` are those of the shapes: a kind of place is a seat with what is claimed there.
    """
    faces = _faces(shapes)
    faces = faces[shapely.area(faces) > _NOISE]
    inner = np.asarray(shapely.point_on_surface(faces), dtype=object)
    claimed, together = _labels(inner, shapes, claims)
    # Most faces lie in one area whole: nearly all kinds of place show at these points, and of
    # the pieces that borders cut off only those are cut that could be of a new kind.
    point, atom = _holding(atoms, inner)
    area, face = shapely.STRtree(faces).query(atoms)
    kinds = int(claimed.max(initial=0)) + 1
    place = seats[area] * kinds + claimed[face]
    known = seats[atom] * kinds + claimed[point], together[point]
    cut, parts = _first_parts(atoms[area], faces[face], (place, together[face]), known)
    bare, left = _bare(atoms, shapes, seats)
    return (
        np.concatenate([atom, area[cut], bare]),
        np.concatenate([inner[point], shapely.point_on_surface(np.concatenate([parts, left]))]),
    )


def _labels(
    points: Geometries, shapes: Geometries, claims: Sequence[Hashable]
) -> tuple[Ints, Ints]:
    """Return for each point a number for what is claimed there, and one for the shapes there."""
    point, shape = _holding(shapes, points)
    order = np.lexsort((shape, point))
    row = shape[order].tolist()
    edges = np.searchsorted(point[order], np.arange(len(points) + 1)).tolist()
    numbers: dict[object, int] = {}
    sets = [tuple(row[a:b]) for a, b in pairwise(edges)]
    claimed = [numbers.setdefault(tuple([claims[o] for o in some]), len(numbers)) for some in sets]
    known: dict[object, int] = {}
    together = [known.setdefault(some, len(known)) for some in sets]
    return np.array(claimed, dtype=np.int64), np.array(together, dtype=np.int64)


def _holding(shapes: Geometries, points: Geometries) -> tuple[Ints, Ints]:
    """Return pairs of a point and a shape that it lies within."""
    point, shape = shapely.STRtree(shapes).query(points)
    shapely.prepare(shapes)
    x, y = shapely.get_x(points[point]), shapely.get_y(points[point])
    within = shapely.contains_xy(shapes[shape], x, y)
    return point[within], shape[within]


def _first_parts(
    atoms: Geometries, faces: Geometries, kinds: Sequence[Ints], known: Sequence[Ints]
) -> tuple[Ints, Geometries]:
    """Return pairs of an atom and a face that share ground, and what they share: enough of them
    that every value in each column of kinds, but for those that are known, is among them.
    """
    rows, parts = [np.empty(0, np.int64)], [np.empty(0, dtype=object)]
    new = [~np.isin(column, done) for column, done in zip(kinds, known, strict=True)]
    shapely.prepare(atoms)
    left, few = np.flatnonzero(np.logical_or.reduce(new)), 1
    while len(left):
        # A few pairs of each value at once, more of those that turn out to share nothing.
        now = np.zeros(len(left), dtype=bool)
        for column, some in zip(kinds, new, strict=True):
            now |= some[left] & _first(column[left], few)
        asked = left[now]
        asked = asked[shapely.intersects(atoms[asked], faces[asked])]
        shared = shapely.intersection(atoms[asked], faces[asked])
        real = shapely.area(shared) > _NOISE
        rows.append(asked[real])
        parts.append(shared[real])
        for column, some in zip(kinds, new, strict=True):
            some[np.isin(column, column[asked[real]])] = False
        left, few = left[~now], few * 4
        left = left[np.logical_or.reduce([some[left] for some in new])]
    return np.concatenate(rows), np.concatenate(parts)


def _first(values: Ints, few: int) -> NDArray[np.bool_]:
    """True for each value that has occurred fewer than so many times before."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    before = np.arange(len(values)) - np.searchsorted(ordered, ordered)
    found = np.empty(len(values), dtype=bool)
    found[order] = before < few
    return found


def _faces(shapes: Geometries) -> Geometries:
    """Return the pieces into which overlapping shapes cut each other; others as they are."""
    if not len(shapes):
        return shapes
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = one < other
    one, other = one[apart], other[apart]
    meet = shapely.relate_pattern(shapes[one], shapes[other], "T********")
    cut = np.zeros(len(shapes), dtype=bool)
    cut[one[meet]] = cut[other[meet]] = True
    return np.concatenate([shapes[~cut], _pieces(shapes[cut])])


def _pieces(shapes: Geometries) -> Geometries:
    if not len(shapes):
        return shapes
    lines = shapely.node(shapely.geometrycollections(shapely.boundary(shapes)))
    return np.asarray(shapely.get_parts(shapely.polygonize(shapely.get_parts(lines))), dtype=object)


def _bare(atoms: Geometries, shapes: Geometries, seats: Ints) -> tuple[Ints, Geometries]:
    """Return for each seat an atom and what of it no overlay covers, where there is such."""
    tree = shapely.STRtree(shapes)
    found = list(_first_bare(atoms, shapes, seats, tree))
    out = np.empty(len(found), dtype=object)
    out[:] = [part for _, part in found]
    return np.array([atom for atom, _ in found], dtype=np.int64), out


def _first_bare(
    atoms: Geometries, shapes: Geometries, seats: Ints, tree: shapely.STRtree
) -> Iterator[tuple[int, shapely.Geometry]]:
    met = np.zeros(len(atoms), dtype=bool)
    met[tree.query(atoms)[0]] = True
    for seat in np.unique(seats).tolist():
        own = np.flatnonzero(seats == seat)
        # Atoms that no overlay meets come first: nothing has to be cut away.
        for atom in own[np.argsort(met[own], kind="stable")].tolist():
            near = shapes[tree.query(atoms[atom], predicate="intersects")]
            left = shapely.difference(atoms[atom], shapely.union_all(near))
            if shapely.area(left) > _NOISE:
                yield atom, left
                break
