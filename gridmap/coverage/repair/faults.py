"""Which faults a repair settles, and to whom each place goes.

A gap goes to a neighbour, an overlap to one of its owners:

1. an overlap that is more than half of one owner, and of no other, to that owner, who would
   else be swallowed; one that is more than half of two is left for a person;
2. else, where the declared polygon of a parent holds more than half of the place, to an area
   under that parent;
3. of those that remain, to the one with the longest shared border; equal lengths, to the
   first in the order of levels and codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.auditing.face_faults import Subject, hole_faults
from gridmap.coverage.auditing.faces import Faces, audit_faces, neighbours
from gridmap.coverage.auditing.faults import label, number, size_text
from gridmap.coverage.measure import Measured, Ruler
from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import has_shape, overlap_shares, polygonal
from gridmap.coverage.repair.limits import Scope
from gridmap.coverage.repair.model import Mend
from gridmap.coverage.repair.shapes import only_areas

__all__ = ["Piece", "Plan", "make_plan"]

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]

_HALF = 0.5


@dataclass(frozen=True, eq=False)
class Piece:
    """A place and the atoms (by number) that have it afterwards."""

    geometry: shapely.Geometry
    owners: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be done, before it is done.

    Attributes
    ----------
    atoms : int64 (n,)
        Rows of the coverage; the numbers of atoms elsewhere in the plan count these.
    polygons : object (n,)
        The atoms made valid, EPSG:4326; empty where there is none.
    pieces : list of Piece
        Gaps to be filled, and all overlaps as faces, to be settled or kept as they are.
    zones : list of geometry
        Faults to be mended, as polygons; ``mends[i]`` says what of ``zones[i]``.
    mends : list of Mend
    refused : list of str
        Faults that are left though they are of a kind that can be mended.
    """

    atoms: Rows
    polygons: Geometries
    pieces: list[Piece]
    zones: list[shapely.Geometry]
    mends: list[Mend]
    refused: list[str]


def make_plan(coverage: Coverage, scope: Scope) -> Plan:
    """Find the faults of the atoms and decide about each; nothing is changed yet."""
    atoms = coverage.atoms
    polygons = polygonal(coverage.geometry[atoms])
    subject = Subject(coverage, atoms, polygons, Ruler(), 0.0)
    faces = audit_faces(polygons)
    plan = Plan(atoms, polygons, [], [], [], [])
    _plan_overlaps(plan, subject, faces, scope)
    _plan_gaps(plan, subject, faces, scope)
    return plan


@dataclass(frozen=True, eq=False)
class _Overlaps:
    """The overlaps of pairs, in the order of the audit, and what becomes of each."""

    shapes: Geometries
    owners: list[tuple[int, int]]
    size: Measured
    left: NDArray[np.bool_]
    # Narrower than the precision: no face of its own, cleaning makes its borders one.
    thin: NDArray[np.bool_]


def _plan_overlaps(plan: Plan, subject: Subject, faces: Faces, scope: Scope) -> None:
    shapes = np.empty(len(faces.overlaps), dtype=object)
    shapes[:] = [o.geometry for o in faces.overlaps]
    size = subject.ruler.measure(shapes)
    owners = [o.owners for o in faces.overlaps]
    pair = np.array(owners, dtype=np.int64).reshape(-1, 2)
    whole = shapely.area(plan.polygons[pair])
    both = (shapely.area(shapes)[:, None] > _HALF * whole).all(axis=1)
    large = size.area_m2 > scope.overlap_area_m2
    for i in np.flatnonzero(both | large).tolist():
        plan.refused.append(_why_left(subject, owners[i], size, i, scope, swallowed=bool(both[i])))
    thin = (size.width_m < scope.precision_m) & ~large
    found = _Overlaps(shapes, owners, size, both | large, thin)
    won = _plan_faces(plan, subject.coverage, found)
    for i in np.flatnonzero(~found.left).tolist():
        to, why = won.get(i, (None, "narrower than the precision; its borders become one"))
        plan.zones.append(shapes[i])
        rows = tuple(int(plan.atoms[a]) for a in owners[i])
        taker = None if to is None else int(plan.atoms[to])
        plan.mends.append(_mend("overlap", rows, taker, why, size, i))


def _why_left(
    subject: Subject,
    owners: Sequence[int],
    size: Measured,
    i: int,
    scope: Scope,
    *,
    swallowed: bool,
) -> str:
    first, second = (label(subject.coverage, int(subject.atoms[a])).say("en") for a in owners)
    shared = size_text(size.area_m2[i], size.width_m[i]).say("en")
    text = f"{first} and {second} overlap by {shared}"
    if swallowed:
        return f"{text}, most of both: whichever gave way would be swallowed."
    return f"{text}; overlaps of more than {scope.overlap_area_m2:g} m² are left."


def _plan_faces(
    plan: Plan, coverage: Coverage, found: _Overlaps
) -> dict[int, tuple[int | None, str]]:
    """Settle the overlaps face by face; return, by overlap, the taker and the rule."""
    listed = np.flatnonzero(~found.thin)
    faces = _arranged(found.shapes[listed])
    if not len(faces):
        return {}
    point = shapely.point_on_surface(faces)
    face, which = shapely.STRtree(found.shapes[listed]).query(point, predicate="intersects")
    beside = neighbours(faces, _without(plan.polygons, faces))
    within = _declared_holding(coverage, faces)
    won: dict[int, tuple[int | None, str]] = {}
    for f in np.unique(face).tolist():
        overlaps = listed[which[face == f]].tolist()
        owners = sorted({a for i in overlaps for a in found.owners[i]})
        if found.left[overlaps].any():
            plan.pieces.append(Piece(faces[f], tuple(owners)))
            continue
        to, why = _overlap_winner(plan, coverage, faces[f], owners, beside[f], within[f])
        plan.pieces.append(Piece(faces[f], (to,)))
        for i in overlaps:
            # An overlap in several faces may have several takers.
            same = i not in won or won[i][0] == to
            won[i] = (to, why) if same else (None, "shared out face by face")
    return won


def _arranged(shapes: Geometries) -> Geometries:
    """Faces into which overlaps cut each other where three or more polygons meet."""
    if not len(shapes):
        return shapes
    lines = shapely.union_all(shapely.boundary(shapes))
    return np.asarray(shapely.get_parts(shapely.polygonize([lines])), dtype=object)


def _without(polygons: Geometries, faces: Geometries) -> Geometries:
    """Polygons less the faces that lie in them."""
    out = polygons.copy()
    row, face = shapely.STRtree(faces).query(polygons, predicate="intersects")
    for at in np.unique(row).tolist():
        out[at] = shapely.difference(polygons[at], shapely.union_all(faces[face[row == at]]))
    return only_areas(out)


def _overlap_winner(
    plan: Plan,
    coverage: Coverage,
    face: shapely.Geometry,
    owners: list[int],
    beside: list[int],
    within: set[int],
) -> tuple[int, str]:
    most = [a for a in owners if face.area > _HALF * plan.polygons[a].area]
    if len(most) == 1:
        return most[0], "it is more than half of the area that keeps it"
    ranked = [a for a in beside if a in owners]
    # An owner with nothing beside the face comes last.
    ranked += [a for a in owners if a not in ranked]
    return _preferred(plan, coverage, ranked, within)


def _preferred(
    plan: Plan, coverage: Coverage, ranked: list[int], within: set[int]
) -> tuple[int, str]:
    """The first of those with the most ancestors among the parents that hold the place."""
    held = [len(within.intersection(coverage.ancestors[plan.atoms[a]].tolist())) for a in ranked]
    best = held.index(max(held))
    if max(held) > min(held):
        return ranked[best], "the declared polygon of its parent holds the place"
    return ranked[best], "longest shared border"


def _declared_holding(coverage: Coverage, places: Geometries) -> list[set[int]]:
    """Rows of the declared parents that hold more than half of each place."""
    is_parent = np.ones(len(coverage), dtype=bool)
    is_parent[coverage.atoms] = False
    rows = np.flatnonzero(is_parent & has_shape(coverage.geometry))
    out: list[set[int]] = [set() for _ in places]
    if len(rows) and len(places):
        place, parent, share = overlap_shares(places, polygonal(coverage.geometry[rows]))
        for p, r in zip(place[share > _HALF], rows[parent[share > _HALF]], strict=True):
            out[int(p)].add(int(r))
    return out


def _plan_gaps(plan: Plan, subject: Subject, faces: Faces, scope: Scope) -> None:
    size = subject.ruler.measure(faces.holes)
    within = _declared_holding(subject.coverage, faces.holes)
    beside = neighbours(faces.holes, plan.polygons)
    # With nothing too small to be listed, there is one fault for each hole.
    for i, fault in enumerate(hole_faults(subject, faces)):
        if fault.kind == "enclave?":
            continue
        area, width = float(size.area_m2[i]), float(size.width_m[i])
        if area > scope.gap_area_m2 or width > scope.gap_width_m:
            plan.refused.append(
                f"{fault.text} Gaps of more than {scope.gap_width_m:g} m in width or"
                f" {scope.gap_area_m2:g} m² are left."
            )
            continue
        if not beside[i]:
            plan.refused.append(f"{fault.text} Nobody's border lies along it.")
            continue
        to, why = _preferred(plan, subject.coverage, beside[i], within[i])
        plan.pieces.append(Piece(faces.holes[i], (to,)))
        plan.zones.append(faces.holes[i])
        rows = tuple(int(plan.atoms[a]) for a in beside[i])
        plan.mends.append(_mend("gap", rows, int(plan.atoms[to]), why, size, i))


def _mend(
    kind: str, rows: tuple[int, ...], to: int | None, why: str, size: Measured, i: int
) -> Mend:
    lon, lat = number(size.lon[i]), number(size.lat[i])
    return Mend(
        kind, rows, to, why, float(size.area_m2[i]), float(size.width_m[i]), lon or 0.0, lat or 0.0
    )
