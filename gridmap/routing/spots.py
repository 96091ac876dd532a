"""Every kind of place there is for routing: which bodies and overlays meet, with an example.

An owner follows from the bodies of an area (its *seat*) and the overlays that lie at a point.
Of these combinations a district has some thousands, and they can all be listed: the overlays
cut each other and the areas into faces, and one point of each kind of face stands for it. The
points are only candidates; what lies there is asked of the same overlay map as for a report.

Registered assets are many and stand close together. Which of them meet matters only where some
item is about both: a lamp and a manhole cover at one place are asked by different items, and
each item gets its answer where either is alone. So assets are cut with the areas group by group.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, overload

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.overlaps import has_shape, polygonal
from gridmap.coverage.prepared import prepared_copies
from gridmap.routing.arrangement import (
    Pieces,
    bare_points,
    bare_under,
    joined,
    pieces,
    shown,
    within,
)
from gridmap.routing.overlays import ASSET, Overlay, OverlayMap
from gridmap.routing.territory import Territory

__all__ = ["Spot", "Spots", "claim", "spots"]

Geometries = NDArray[np.object_]
Ints = NDArray[np.int64]
_Points = tuple[Ints, Geometries]


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
        Every set of overlays that occurs somewhere, also where another one is alike; of assets
        every set that one item may be about.
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


def spots(
    territory: Territory, overlays: OverlayMap, day: date, groups: Sequence[int] | None = None
) -> Spots:
    """Return one spot for each combination of a seat and overlays that occurs on a day.

    Parameters
    ----------
    territory : Territory
    overlays : OverlayMap
    day : date
        Only overlays in force then count.
    groups : sequence of int, optional
        For each overlay a number, the same for assets that one item may be about; those of
        other kinds are not looked at. All assets are of one group when not given.

    Returns
    -------
    Spots
        Ordered by seat, then overlays; of overlays that an owner follows from alike, one. Of
        assets of several groups not every combination is among them, but each that a group
        makes with the overlays of other kinds. Empty for a coverage without polygons.
    """
    coverage = territory.coverage
    rows = coverage.atoms[has_shape(coverage.geometry[coverage.atoms])]
    atoms = prepared_copies(polygonal(coverage.geometry[rows]))
    live = np.array([i for i, o in enumerate(overlays.overlays) if o.in_force(day)], dtype=np.int64)
    live = live[has_shape(overlays.geometry[live])] if len(live) else live
    seats = np.array([territory.seat_of[row] for row in rows.tolist()], dtype=np.int64)
    claims = [claim(o) for o in overlays.overlays]
    met: set[tuple[int, ...]] = set()
    found = list(_candidates(atoms, overlays, live, seats, claims, groups, met))
    of_atom = np.concatenate([atom for atom, _ in found])
    points = np.concatenate([some for _, some in found])
    lon, lat = shapely.get_x(points), shapely.get_y(points)
    touched = overlays.around(lon, lat, compiled=False).touched
    alive = set(live.tolist())
    spot_of: dict[tuple[int, tuple[Any, ...]], Spot] = {}
    for n, atom in enumerate(of_atom.tolist()):
        there = tuple([o for o in touched[n] if o in alive])
        seat = int(seats[atom])
        met.add(there)
        key = seat, tuple([claims[o] for o in there])
        if key not in spot_of:
            spot_of[key] = Spot(int(rows[atom]), seat, there, float(lon[n]), float(lat[n]))
    ordered = sorted(spot_of.values(), key=lambda spot: (spot.seat, spot.overlays))
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
    atoms: Geometries,
    overlays: OverlayMap,
    live: Ints,
    seats: Ints,
    claims: Sequence[Hashable],
    groups: Sequence[int] | None,
    met: set[tuple[int, ...]],
) -> Iterator[_Points]:
    """Yield points with their atoms: one in every kind of place that a seat has, and one in
    every set of overlays that meet; an asset that is alone somewhere is put into `met`.
    """
    asset = np.array([overlays.overlays[o].kind == ASSET for o in live.tolist()], dtype=bool)
    areas = live[~asset]
    shapes = prepared_copies(polygonal(overlays.geometry[areas]))
    ground = pieces(shapes, [claims[o] for o in areas.tolist()])
    yield from _on_ground(atoms, seats, ground)
    yield bare_points(atoms, shapes, seats)
    tree, on_atoms = shapely.STRtree(ground.faces), shapely.STRtree(atoms)
    # Those that no other cuts are among the faces as they are: copies, which is why they may be.
    shapely.prepare(ground.faces)
    group = np.array([0 if groups is None else groups[o] for o in live[asset].tolist()])
    for one in np.unique(group).tolist():
        some = live[asset][group == one]
        found = pieces(polygonal(overlays.geometry[some]), [claims[o] for o in some.tolist()])
        of, atom = on_atoms.query(found.faces, predicate="intersects")
        met.update((int(some[row]),) for row in _alone(found, of))
        yield from _at_assets(atoms, seats, ground, tree, found, (of, atom))


def _alone(assets: Pieces, rows: Ints) -> list[int]:
    """Return the assets that are alone in one of some faces."""
    sets = [assets.sets[n] for n in np.unique(assets.together[rows]).tolist()]
    return [some[0] for some in sets if len(some) == 1]


def _on_ground(atoms: Geometries, seats: Ints, ground: Pieces) -> Iterator[_Points]:
    """Yield points where areas and overlays that are areas meet."""
    # Most faces lie in one area whole: nearly all kinds of place show at these points, and of
    # the pieces that borders cut off only those are cut that could be of a new kind.
    point, atom = within(atoms, ground.inner)
    area, face = shapely.STRtree(ground.faces).query(atoms)
    place = seats[area] * ground.kinds + ground.claimed[face]
    known = seats[atom] * ground.kinds + ground.claimed[point], ground.together[point]

    def cut(asked: Ints) -> Geometries:
        return _shared(atoms[area[asked]], ground.faces[face[asked]])

    yield atom, ground.inner[point]
    rows, points = shown((place, ground.together[face]), known, cut)
    yield area[rows], points


def _at_assets(
    atoms: Geometries,
    seats: Ints,
    ground: Pieces,
    tree: shapely.STRtree,
    assets: Pieces,
    on: tuple[Ints, Ints],
) -> Iterator[_Points]:
    """Yield points where areas, overlays that are areas, and assets of one group meet.

    `tree` is that of the ground's faces; `on` are pairs of an asset's face and an atom.
    """
    asset, face = tree.query(assets.faces, predicate="intersects")
    whole = shapely.contains_properly(ground.faces[face], assets.faces[asset])
    # Within an asset's radius the ground that no other overlay covers is a face, too.
    bare = len(ground.faces)
    some = np.setdiff1d(np.arange(len(assets.faces)), asset[whole])
    covered = np.zeros(len(some), dtype=bool)
    covered[within(ground.faces, assets.inner[some])[0]] = True
    # What shows for certain is asked first.
    order = np.argsort(np.concatenate([~whole, covered]), kind="stable")
    asset = np.concatenate([asset, some])[order]
    face = np.concatenate([face, np.full(len(some), bare)])[order]
    first, second = joined(asset, on[0])
    asset, face, atom = asset[first], face[first], on[1][second]
    claimed = np.append(ground.claimed, ground.kinds)[face]
    place = (seats[atom] * (ground.kinds + 1) + claimed) * assets.kinds + assets.claimed[asset]
    alone = [n for n, some in enumerate(assets.sets) if len(some) == 1]

    def cut(asked: Ints) -> Geometries:
        parts = _shared(atoms[atom[asked]], assets.faces[asset[asked]])
        drawn = face[asked] < bare
        parts[drawn] = _shared(ground.faces[face[asked[drawn]]], parts[drawn])
        for n in np.flatnonzero(~drawn & (shapely.area(parts) > 0)).tolist():
            near = ground.faces[tree.query(parts[n], predicate="intersects")]
            parts[n] = bare_under(parts[n], near)
        return parts

    known = np.empty(0, np.int64), np.array(alone, dtype=np.int64)
    rows, points = shown((place, assets.together[asset]), known, cut)
    yield atom[rows], points


def _shared(atoms: Geometries, faces: Geometries) -> Geometries:
    """Return what pairs of a prepared polygon and a face share."""
    whole = shapely.contains_properly(atoms, faces)
    parts = faces.copy()
    parts[~whole] = shapely.intersection(atoms[~whole], faces[~whole])
    return parts
