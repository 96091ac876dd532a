"""Face audit: exactly where a set of polygons is covered not once, but never or twice.

Every border segment that two polygons share in opposite directions cancels out: across it
the number of owners does not change. Only the segments that are left (the outline, and
whatever is wrong) are noded and polygonized, so the work grows with the dirt and not with
the coverage. The number of owners is constant within each face so made: a bounded face
with none is a hole; one with two or more lies in overlaps.

This sees what `shapely.coverage_is_valid` passes: missing polygons, gaps of any width,
vertices pulled inwards, and it needs no tolerance. Works in any plane coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.coverage.overlaps import overlap_shares

__all__ = ["Faces", "Overlap", "audit_faces", "neighbours", "open_segments"]

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]

# Noding moves points by a few units in the last place of the largest coordinate.
_NOISE = 1e-13


@dataclass(frozen=True, eq=False)
class Overlap:
    """What two polygons both cover: their rows, the lower first, and the polygon."""

    owners: tuple[int, int]
    geometry: shapely.Geometry


@dataclass(frozen=True, eq=False)
class Faces:
    """Outcome of the face audit.

    Attributes
    ----------
    holes : object (k,)
        Polygons covered by nothing and enclosed by the coverage: gaps or enclaves.
    overlaps : list of Overlap
        One a pair of polygons that share area; what three share is in three of them.
    outline : geometry
        Union of the coverage without its holes; empty for an empty coverage.
    """

    holes: Geometries
    overlaps: list[Overlap]
    outline: shapely.Geometry


def audit_faces(polygons: Geometries) -> Faces:
    """Find the holes and overlaps of a set of polygons.

    Parameters
    ----------
    polygons : object (n,)
        Valid polygons, multipolygons or empty ones (see
        :func:`~gridmap.coverage.overlaps.polygonal`), in one plane coordinate system.

    Returns
    -------
    Faces
        Without holes and overlaps for a clean coverage, an empty one included.
    """
    segments, dirty = open_segments(polygons)
    if not len(segments):
        return Faces(np.empty(0, dtype=object), [], shapely.Polygon())
    # Chains node twice as fast as single segments.
    chains = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(segments)))
    noded = shapely.union_all(chains)
    faces: Geometries = shapely.get_parts(shapely.polygonize([noded]))
    count = _owner_counts(faces, polygons)
    # The faces are noded against each other, so the fast union is sound here.
    covered = shapely.coverage_union_all(faces[count >= 1])
    rings = shapely.get_exterior_ring(shapely.get_parts(covered))
    outline = shapely.union_all(shapely.polygons(rings))
    suspects = np.union1d(dirty, _touched(faces[count >= 2], polygons))
    return Faces(faces[count == 0], _overlapping_pairs(polygons, suspects), outline)


def open_segments(polygons: Geometries) -> tuple[Geometries, Rows]:
    """Return the border segments that do not cancel out, and the rows they belong to.

    Vertices are compared exactly. Shared borders with different vertices on them do not
    cancel; they then make faces of no or hardly any area.
    """
    oriented = shapely.orient_polygons(polygons)
    parts, part_row = shapely.get_parts(oriented, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    vertex, distinct = pd.factorize(xy[:, 0] + 1j * xy[:, 1])
    start, end = vertex[:-1], vertex[1:]
    real = (ring[1:] == ring[:-1]) & (start != end)
    start, end, row = start[real], end[real], part_row[ring_part[ring[:-1][real]]]
    low, high = np.minimum(start, end), np.maximum(start, end)
    key, which = np.unique(low * np.int64(len(distinct)) + high, return_inverse=True)
    balance = np.bincount(which, weights=np.where(start < end, 1, -1), minlength=len(key))
    left = key[balance != 0]
    a, b = distinct[left // max(1, len(distinct))], distinct[left % max(1, len(distinct))]
    ends = np.stack([np.column_stack([p.real, p.imag]) for p in (a, b)], axis=1)
    lines = shapely.linestrings(ends) if len(left) else np.empty(0, dtype=object)
    return lines, np.unique(row[balance[which] != 0])


def _owner_counts(faces: Geometries, polygons: Geometries) -> Rows:
    """Number of polygons that cover each face, by a point in it."""
    point = shapely.point_on_surface(faces)
    face, row = shapely.STRtree(polygons).query(point, predicate="intersects")
    inside = shapely.contains_properly(polygons[row], point[face])
    count = np.bincount(face[inside], minlength=len(faces))
    # A point on a border within the face (where two owners' segments cancelled) tells
    # nothing: there the mean number of owners over the whole face is taken.
    unclear = np.unique(face[~inside])
    if len(unclear):
        area = shapely.area(polygons)
        owner, which, share = overlap_shares(polygons, faces[unclear])
        total = np.bincount(which, weights=share * area[owner], minlength=len(unclear))
        count[unclear] = np.rint(total / shapely.area(faces[unclear]))
    return count


def _touched(faces: Geometries, polygons: Geometries) -> Rows:
    if not len(faces):
        return np.empty(0, dtype=np.int64)
    return np.unique(shapely.STRtree(polygons).query(faces, predicate="intersects")[1])


def _overlapping_pairs(polygons: Geometries, suspects: Rows) -> list[Overlap]:
    """Pairs among `suspects` whose interiors meet, with what they share."""
    some = polygons[suspects]
    a, b = shapely.STRtree(some).query(some, predicate="intersects")
    a, b = a[a < b], b[a < b]
    meet = shapely.relate_pattern(some[a], some[b], "T********")
    a, b = a[meet], b[meet]
    order = np.lexsort((b, a))
    a, b = a[order], b[order]
    shared = shapely.intersection(some[a], some[b])
    out = []
    for i, j, geometry in zip(suspects[a], suspects[b], shared, strict=True):
        parts = shapely.get_parts(geometry)
        parts = parts[shapely.area(parts) > 0]
        if len(parts):
            whole = parts[0] if len(parts) == 1 else shapely.multipolygons(parts)
            out.append(Overlap((int(i), int(j)), whole))
    return out


def neighbours(hole: shapely.Geometry, polygons: Geometries, tree: shapely.STRtree) -> list[int]:
    """Return the rows of the polygons along a hole, the longest shared border first.

    Those that meet it in a point only are left out, unless there are no others.
    """
    noise = float(np.abs(hole.bounds).max()) * _NOISE
    rows = tree.query(hole, predicate="dwithin", distance=noise)
    near = shapely.buffer(hole.boundary, 10 * noise, quad_segs=1)
    shared = shapely.length(shapely.intersection(shapely.boundary(polygons[rows]), near))
    order = np.lexsort((rows, -shared))
    rows, shared = rows[order], shared[order]
    along = rows[shared > 100 * noise]
    return [int(r) for r in (along if len(along) else rows)]
