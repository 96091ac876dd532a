"""Keeping a mend where the fault is: the rest of every border as it was, bit for bit.

Cleaning a neighbourhood changes more than its faults: it adds nodes where borders meet, makes
one of two vertices that are nearly the same, and turns rings round. Each such change is a set
of border segments that went and segments that came, joined end to end: a patch. The patches
that reach a fault are taken over, for all the rows that share them; the others are left out.
A row without a patch taken over keeps its bytes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

__all__ = ["Patches", "find_patches", "stitch"]

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Edges:
    """Border segments of polygons; entry ``k`` of `row`, `low`, `high` is one of one polygon."""

    row: Rows
    low: Rows
    high: Rows


@dataclass(frozen=True, eq=False)
class Patches:
    """Where two versions of the same polygons differ.

    Attributes
    ----------
    old, new : object (n,)
        The versions; row ``i`` of both is the same area.
    place : complex128 (v,)
        Vertices, x + iy.
    before : _Edges
        Segments of the old version.
    changed : _Edges
        Segments that only one of the versions of a polygon has.
    patch : int64 (k,)
        Number of the patch that each changed segment belongs to.
    """

    old: Geometries
    new: Geometries
    place: NDArray[np.complex128]
    before: _Edges
    changed: _Edges
    patch: Rows

    def lines(self) -> Geometries:
        """The changed segments as lines."""
        return _lines(self.place, self.changed.low, self.changed.high)

    def reaching(self, zones: Geometries, within: float) -> tuple[Rows, Rows]:
        """Pairs of a patch and a zone (by number) no farther from it than `within`."""
        tree = shapely.STRtree(zones)
        near, zone = tree.query(self.lines(), predicate="dwithin", distance=within)
        pairs = np.unique(np.column_stack([self.patch[near], zone]), axis=0)
        return pairs[:, 0], pairs[:, 1]

    def of_rows(self, rows: Rows) -> Rows:
        """Numbers of the patches that change any of `rows`."""
        return np.unique(self.patch[np.isin(self.changed.row, rows)])


def find_patches(old: Geometries, new: Geometries) -> Patches:
    """Compare two versions of the same polygons, vertex by vertex, exactly.

    Parameters
    ----------
    old, new : object (n,)
        Valid polygons, multipolygons or empty ones; never None.
    """
    both = np.concatenate([old, new])
    parts, part_row = shapely.get_parts(both, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    vertex, place = pd.factorize(xy[:, 0] + 1j * xy[:, 1])
    start, end = vertex[:-1], vertex[1:]
    real = (ring[1:] == ring[:-1]) & (start != end)
    start, end, owner = start[real], end[real], part_row[ring_part[ring[:-1][real]]]
    low, high = np.minimum(start, end), np.maximum(start, end)
    first = owner < len(old)
    edges = pd.DataFrame({"row": owner % max(1, len(old)), "low": low, "high": high})
    changed = edges[~edges.duplicated(keep=False)]
    patch = _components(changed["low"].to_numpy(), changed["high"].to_numpy())
    return Patches(old, new, place, _as_edges(edges[first]), _as_edges(changed), patch)


def _as_edges(frame: pd.DataFrame) -> _Edges:
    return _Edges(*(frame[name].to_numpy(dtype=np.int64) for name in ("row", "low", "high")))


def _components(low: Rows, high: Rows) -> Rows:
    """Number of the connected set of segments that each segment is in."""
    root: dict[int, int] = {}

    def find(vertex: int) -> int:
        top = vertex
        while (above := root.setdefault(top, top)) != top:
            top = above
        while vertex != top:
            vertex, root[vertex] = root[vertex], top
        return top

    for a, b in zip(low.tolist(), high.tolist(), strict=True):
        root[find(a)] = find(b)
    tops = np.array([find(a) for a in low.tolist()], dtype=np.int64)
    return np.unique(tops, return_inverse=True)[1].astype(np.int64)


def stitch(patches: Patches, accepted: Rows) -> Geometries:
    """Return the old polygons with the accepted patches put in.

    Parameters
    ----------
    patches : Patches
    accepted : int64 (m,)
        Numbers of patches.

    Returns
    -------
    object (n,)
        The very object of the old version where nothing was put in. A MultiPolygon stays
        one.
    """
    out = patches.old.copy()
    take = np.isin(patches.patch, accepted)
    changed = patches.changed
    touched, all_taken = np.unique(changed.row[take]), np.unique(changed.row[~take])
    for row in np.setdiff1d(touched, all_taken).tolist():
        out[row] = _like(patches.old[row], patches.new[row])
    for row in np.intersect1d(touched, all_taken).tolist():
        out[row] = _like(patches.old[row], _rebuilt(patches, row, take))
    return out


def _rebuilt(patches: Patches, row: int, take: NDArray[np.bool_]) -> shapely.Geometry:
    """Make a polygon from its old segments without those that went and with those that came."""
    mine = patches.before.row == row
    patch = take & (patches.changed.row == row)
    both = pd.DataFrame(
        {
            "low": np.concatenate([patches.before.low[mine], patches.changed.low[patch]]),
            "high": np.concatenate([patches.before.high[mine], patches.changed.high[patch]]),
        }
    )
    # A changed segment that is there already is one that went: both entries drop out.
    left = both[~both.duplicated(keep=False)]
    lines = _lines(patches.place, left["low"].to_numpy(), left["high"].to_numpy())
    return shapely.build_area(shapely.multilinestrings(lines))


def _lines(place: NDArray[np.complex128], low: Rows, high: Rows) -> Geometries:
    ends = place[np.column_stack([low, high])]
    return np.asarray(shapely.linestrings(np.stack([ends.real, ends.imag], axis=-1)), dtype=object)


def _like(old: shapely.Geometry, new: shapely.Geometry) -> shapely.Geometry:
    """Return `new` as a MultiPolygon when the row was one before."""
    if old.geom_type == "MultiPolygon" and new.geom_type == "Polygon" and not new.is_empty:
        return shapely.multipolygons([new])
    return new
