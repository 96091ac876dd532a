"""Carrying out a plan: `shapely.coverage_clean` on the neighbourhood of the faults.

`coverage_clean` nodes all borders, makes vertices one that are nearer than the precision, and
so gives neighbours the same vertices exactly. Its habits are kept from doing harm:

- it shifts rows after a missing one: only polygons that are there go in;
- it gives an overlap to whom it likes, and a duplicate comes back empty: overlaps go in as
  rows of their own, cut out of their owners, and are put back where the plan says;
- it takes every hole of a window for a gap: it fills none (``gap_width=0``), and the gaps to
  be filled go in as rows of their own;
- it may swallow what is smaller than the precision: a row that loses most of its area is put
  back, and whatever took it;
- it rotates rings and adds nodes elsewhere: only what reaches a fault is taken over.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.auditing.faults import label
from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import has_shape
from gridmap.coverage.repair.faults import Piece, Plan
from gridmap.coverage.repair.limits import Scope
from gridmap.coverage.repair.model import Mend
from gridmap.coverage.repair.shapes import only_areas
from gridmap.coverage.repair.stitch import Patches, find_patches, stitch
from gridmap.errors import BadValue

__all__ = ["Cleaned", "carry_out"]

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]

# A degree of latitude at the poles, the longest degree there is: so many degrees are never
# more than the precision, in any direction.
_METRES_PER_DEGREE = 111_694.0
_SWALLOWED = 0.5


@dataclass(frozen=True, eq=False)
class Cleaned:
    """The atoms after the repair.

    Attributes
    ----------
    polygons : object (n,)
        As in the plan; the very same object where nothing changed.
    mends : list of Mend
        Those of the plan that could be done.
    refused : list of str
        Why the others could not.
    """

    polygons: Geometries
    mends: list[Mend]
    refused: list[str]


def carry_out(plan: Plan, coverage: Coverage, scope: Scope) -> Cleaned:
    """Return the atoms as the plan has them; without faults, as they are."""
    if not plan.zones:
        return Cleaned(plan.polygons, [], [])
    near = scope.precision_m / _METRES_PER_DEGREE
    zones = np.empty(len(plan.zones), dtype=object)
    zones[:] = plan.zones
    window = _window(plan, zones, near)
    new = _clean(plan, window, near)
    patches = find_patches(plan.polygons[window], new)
    patch, zone = patches.reaching(zones, 2 * near)
    polygons, swallowed = _take(patches, np.unique(patch))
    out = plan.polygons.copy()
    out[window] = polygons
    barred = np.isin(patch, patches.of_rows(swallowed))
    names = ", ".join(label(coverage, int(plan.atoms[window[s]])).say("en") for s in swallowed)
    return Cleaned(
        out,
        [plan.mends[z] for z in np.unique(zone[~barred]).tolist()],
        [
            f"The {plan.mends[z].kind} at {plan.mends[z].lon:.6f}, {plan.mends[z].lat:.6f} is"
            f" left: mending it would swallow {names}."
            for z in np.unique(zone[barred]).tolist()
        ],
    )


def _window(plan: Plan, zones: Geometries, near: float) -> Rows:
    """Atoms at the faults and the atoms that touch those."""
    tree = shapely.STRtree(plan.polygons)
    core = np.unique(tree.query(zones, predicate="dwithin", distance=2 * near)[1])
    ring = tree.query(plan.polygons[core], predicate="dwithin", distance=2 * near)[1]
    return np.union1d(core, ring)


def _clean(plan: Plan, window: Rows, near: float) -> Geometries:
    """Return the atoms of the window after cleaning, whole again with their pieces."""
    bases = plan.polygons[window].copy()
    place = {int(atom): at for at, atom in enumerate(window)}
    pieces = [p for p in plan.pieces if any(a in place for a in p.owners)]
    bases = _cut(bases, pieces)
    there = np.flatnonzero(has_shape(bases))
    shapes = np.empty(len(pieces), dtype=object)
    shapes[:] = [p.geometry for p in pieces]
    cleaned = _coverage_clean(np.concatenate([bases[there], shapes]), near)
    parts: dict[int, list[shapely.Geometry]] = defaultdict(list)
    for at, shape in zip(there.tolist(), cleaned[: len(there)], strict=True):
        parts[at].append(shape)
    for piece, shape in zip(pieces, cleaned[len(there) :], strict=True):
        for owner in piece.owners:
            if owner in place:
                parts[place[owner]].append(shape)
    out = np.full(len(window), shapely.Polygon(), dtype=object)
    for at, some in parts.items():
        out[at] = _joined(some)
    return out


def _cut(bases: Geometries, pieces: list[Piece]) -> Geometries:
    """Take the pieces out of the atoms they lie in."""
    shapes = np.empty(len(pieces), dtype=object)
    shapes[:] = [p.geometry for p in pieces]
    row, piece = shapely.STRtree(shapes).query(bases, predicate="intersects")
    for at in np.unique(row).tolist():
        bases[at] = shapely.difference(bases[at], shapely.union_all(shapes[piece[row == at]]))
    return only_areas(bases)


def _coverage_clean(shapes: Geometries, near: float) -> Geometries:
    try:
        return np.asarray(
            shapely.coverage_clean(shapes, snapping_distance=near, gap_width=0.0), dtype=object
        )
    except shapely.errors.GEOSException as error:
        raise BadValue(
            "The borders around the faults cannot be cleaned.",
            got=str(error),
            repair="Mend the faults by hand, or repair with another --precision.",
        ) from error


def _joined(parts: list[shapely.Geometry]) -> shapely.Geometry:
    """One polygon of parts whose common borders have the same vertices."""
    some = [p for p in parts if p is not None and not p.is_empty]
    if len(some) < 2:
        return some[0] if some else shapely.Polygon()
    joined = shapely.coverage_union_all(some)
    return joined if joined.is_valid else shapely.union_all(some)


def _take(patches: Patches, wanted: Rows) -> tuple[Geometries, Rows]:
    """Put the wanted patches in, except those that would swallow a row; name these rows."""
    former = shapely.area(patches.old)
    swallowed = np.empty(0, dtype=np.int64)
    while True:
        accepted = np.setdiff1d(wanted, patches.of_rows(swallowed))
        out = stitch(patches, accepted)
        gone = np.flatnonzero(shapely.area(out) < _SWALLOWED * former)
        if not len(gone):
            return out, swallowed
        swallowed = np.union1d(swallowed, gone)
