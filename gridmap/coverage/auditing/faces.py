"""Face audit: exactly where a set of polygons is covered not once, but never or twice.

Every border segment that two polygons share in opposite directions cancels out (see
:mod:`gridmap.coverage.auditing.segments`). Only the segments that are left (the outline, and
whatever is wrong) are noded and polygonized, so the work grows with the dirt and not with
the coverage. The number of owners is constant within each face so made: a bounded face
with none is a hole; one with two or more lies in overlaps.

This sees what `shapely.coverage_is_valid` passes: missing polygons, gaps of any width,
vertices pulled inwards, and it needs no tolerance. Works in any plane coordinates.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.auditing.segments import OpenBorders, open_borders, proven_outline
from gridmap.coverage.overlaps import overlap_shares
from gridmap.coverage.prepared import prepared_copies

__all__ = ["Faces", "Overlap", "audit_faces", "neighbours"]

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
    bounded : object (f,)
        All bounded faces, holes included: together everything within the outer border.
    """

    holes: Geometries
    overlaps: list[Overlap]
    bounded: Geometries

    @cached_property
    def outline(self) -> shapely.Geometry:
        """Union of the coverage without its holes; empty for an empty coverage."""
        # The faces share their vertices: what does not cancel is the outer border.
        around = open_borders(self.bounded).chains
        return shapely.union_all(shapely.get_parts(shapely.polygonize(around)))


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
    found = open_borders(polygons)
    clean = proven_outline(found)
    if clean is not None:
        return Faces(np.empty(0, dtype=object), [], shapely.get_parts(clean))
    noded = shapely.union_all(found.chains)
    faces: Geometries = shapely.get_parts(shapely.polygonize([noded]))
    tree = shapely.STRtree(polygons)
    count = _owner_counts(faces, polygons, tree)
    suspects = _suspects(found, faces[count >= 2], tree)
    return Faces(faces[count == 0], _overlapping_pairs(polygons, suspects), faces)


def _owner_counts(faces: Geometries, polygons: Geometries, tree: shapely.STRtree) -> Rows:
    """Number of polygons that cover each face, by a point in it."""
    point = shapely.point_on_surface(faces)
    face, row = tree.query(point, predicate="intersects")
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


def _suspects(found: OpenBorders, doubled: Geometries, tree: shapely.STRtree) -> Rows:
    """Rows that may overlap another: along open borders, or within a face of several owners."""
    touched = tree.query(doubled, predicate="intersects")[1] if len(doubled) else found.row[:0]
    return np.union1d(found.row, touched)


def _overlapping_pairs(polygons: Geometries, suspects: Rows) -> list[Overlap]:
    """Pairs among `suspects` whose interiors meet, with what they share."""
    some = prepared_copies(polygons[suspects])
    a, b = shapely.STRtree(some).query(some)
    a, b = a[a < b], b[a < b]
    meet = shapely.relate_pattern(some[a], some[b], "T********")
    order = np.lexsort((b[meet], a[meet]))
    a, b = a[meet][order], b[meet][order]
    parts, pair = shapely.get_parts(shapely.intersection(some[a], some[b]), return_index=True)
    area = shapely.area(parts) > 0
    parts, pair = parts[area], pair[area]
    shapes = _as_wholes(parts, pair)
    first, second = suspects[a].tolist(), suspects[b].tolist()
    return [Overlap((first[i], second[i]), shapes[n]) for n, i in enumerate(np.unique(pair))]


def _as_wholes(parts: Geometries, owner: Rows) -> Geometries:
    """Parts with one owner each as one geometry: a polygon where there is but one part."""
    _, first, number = np.unique(owner, return_index=True, return_counts=True)
    out = parts[first]
    many = np.flatnonzero(number > 1)
    if len(many):
        among = np.repeat(number > 1, number)
        group = np.repeat(np.arange(len(many)), number[many])
        out[many] = shapely.multipolygons(parts[among], indices=group)
    return out


def neighbours(holes: Geometries, polygons: Geometries) -> list[list[int]]:
    """Return for each hole the rows of the polygons along it, the longest shared border first.

    Those that meet a hole in a point only are left out. A hole's edges are pieces of its
    neighbours' borders: whose they are shows at a place within each edge.
    """
    xy, hole = shapely.get_coordinates(holes, return_index=True)
    at = np.flatnonzero(hole[1:] == hole[:-1])
    step = xy[at + 1] - xy[at]
    # No middle: in regular shapes other borders end there.
    place = shapely.points(xy[at] + 0.4371 * step)
    noise = float(np.abs(xy).max(initial=0.0)) * _NOISE
    edge, row = shapely.STRtree(polygons).query(place, predicate="dwithin", distance=noise)
    pair, which = np.unique(np.stack([hole[at][edge], row], axis=1), axis=0, return_inverse=True)
    length = np.bincount(which.ravel(), weights=np.hypot(*step[edge].T), minlength=len(pair))
    order = np.lexsort((pair[:, 1], -length, pair[:, 0]))
    pair = pair[order]
    groups = np.searchsorted(pair[:, 0], np.arange(len(holes) + 1))
    return [pair[a:b, 1].tolist() for a, b in itertools.pairwise(groups)]
