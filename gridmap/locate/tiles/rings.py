"""Polygons as rings of members: what counts its crossings alone, see `records`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.locate.tiles.records import HOLE, PART, SHELL, WHOLE, Atoms, Kinds, Words

__all__ = ["Rings", "read_rings"]


@dataclass(frozen=True, eq=False, slots=True)
class Rings:
    """All rings of an array of polygons, one after the other, members ascending.

    Attributes
    ----------
    x, y : float64 (n,)
        Vertices; the last of a ring is its first.
    member : int32 (n,)
        Member of the edge from each vertex to the next, -1 at the last vertex of a ring.
    member_atom : int32 (members,)
    member_kind : uint8 (members,)
    """

    x: Words
    y: Words
    member: Atoms
    member_atom: Atoms
    member_kind: Kinds


def read_rings(geometry: NDArray[np.object_]) -> Rings:
    """Take polygons apart; holes follow their shell, parts follow each other.

    GEOS asks each ring alone: a point is in a polygon when it is in its shell and in none of
    its holes, and in a multipart when it is in a part. Counting crossings over all rings
    together is the same for valid polygons, and for a ring alone; the others are taken apart.

    Raises
    ------
    BadValue
        When a vertex is not finite.
    """
    several = np.flatnonzero(_rings_of(geometry) != 1)
    parts, part_of = shapely.get_parts(geometry[several], return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    ring_of = part_of[ring_part]
    # Rings of areas of one ring need not be taken out: such an area is its ring.
    count = np.ones(len(geometry), np.int64)
    count[several] = np.bincount(ring_of, minlength=len(several))
    ring_atom = np.repeat(np.arange(len(geometry), dtype=np.int32), count)
    of_several = np.repeat(np.isin(np.arange(len(geometry)), several), count)
    size = np.empty(len(ring_atom), np.int64)
    size[~of_several] = shapely.get_num_coordinates(geometry[ring_atom[~of_several]])
    size[of_several] = shapely.get_num_coordinates(rings)
    xy = shapely.get_coordinates(geometry)
    begins, kind = _begins(geometry[several], parts, part_of, ring_part)
    new, kinds = np.ones(len(ring_atom), dtype=bool), np.full(len(ring_atom), WHOLE, np.uint8)
    new[of_several], kinds[of_several] = begins, kind
    member = np.repeat((np.cumsum(new) - 1).astype(np.int32), size)
    _check_finite(xy, np.repeat(ring_atom, size))
    member[np.cumsum(size) - 1] = -1
    # Adding 0 turns -0.0 into 0.0.
    return Rings(xy[:, 0] + 0.0, xy[:, 1] + 0.0, member, ring_atom[new], kinds[new])


def _rings_of(geometry: NDArray[np.object_]) -> NDArray[np.int64]:
    """1 for areas of one ring alone, another number for all others."""
    polygon = shapely.get_type_id(geometry) == shapely.GeometryType.POLYGON
    holes = shapely.get_num_interior_rings(geometry)
    alone: NDArray[np.int64] = np.where(polygon & (holes == 0) & ~shapely.is_empty(geometry), 1, 0)
    return alone


def _check_finite(xy: Words, atom: Atoms) -> None:
    if np.isfinite(xy.sum()):
        return
    bad = ~np.isfinite(xy).all(axis=1)
    if bad.any():
        raise BadValue(
            "A border has a vertex that is not a finite number.",
            got=f"area {atom[np.argmax(bad)]} in the order of the index",
            repair="Import the area again from a sound source.",
        )


def _begins(
    geometry: NDArray[np.object_],
    parts: NDArray[np.object_],
    part_of: NDArray[np.int64],
    ring_part: NDArray[np.int64],
) -> tuple[NDArray[np.bool_], Kinds]:
    """For each ring of some areas: whether a member begins with it, and its kind."""
    rings = np.bincount(part_of[ring_part], minlength=len(geometry))
    apart = np.zeros(len(geometry), dtype=bool)
    apart[rings > 1] = ~shapely.is_valid(geometry[rings > 1])
    holes = shapely.get_num_interior_rings(parts) > 0
    doubtful = holes & apart[part_of]
    doubtful[doubtful] = ~shapely.is_valid(parts[doubtful])
    # A member begins at the first ring of an area, at every part of an area taken apart, and
    # at every ring of a doubtful part.
    owner = part_of[ring_part]
    new_part, new_area = _changes(ring_part), _changes(owner)
    begins = new_area | (new_part & apart[owner]) | doubtful[ring_part]
    kind = np.full(len(ring_part), WHOLE, np.uint8)
    kind[apart[owner]] = PART
    kind[doubtful[ring_part]] = HOLE
    kind[doubtful[ring_part] & new_part] = SHELL
    return begins, kind


def _changes(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    new = np.ones(len(values), dtype=bool)
    new[1:] = values[1:] != values[:-1]
    return new
