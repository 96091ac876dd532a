"""Borders as directed segments: what cancels out, and what is left over.

Polygons are walked with their inside on the left. A segment that two neighbours share is
then walked once each way and cancels out; across it the number of owners does not change.
What is left is the outline and whatever is wrong. Finding it takes one hash of the
vertices, so it can be done at every save.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

__all__ = ["OpenBorders", "QuickCheck", "open_borders", "open_segments", "proven_outline",
           "quick_check"]  # fmt: skip

_WORTH_A_PROOF = 10_000

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class OpenBorders:
    """Border segments that no neighbour walks the other way.

    Attributes
    ----------
    chains : object (c,)
        Lines of such segments that follow one another in one ring.
    ends : float64 (k, 2, 2)
        Start and end of each segment, walked with its polygon on the left; a segment that
        several polygons leave over is there several times.
    row : int64 (k,)
        Polygon of each segment.
    surplus : int64 (k,)
        How often the segment is walked this way more than the other, negative for less.
    walked : int
        Number of all segments, those that cancel out included.
    """

    chains: Geometries
    ends: NDArray[np.float64]
    row: Rows
    surplus: Rows
    walked: int


def open_borders(polygons: Geometries) -> OpenBorders:
    """Return the borders that do not cancel out.

    Vertices are compared exactly: shared borders with different vertices on them are left
    over although nothing is wrong. Valid polygons, multipolygons or empty ones, in one
    plane coordinate system; empty in, empty out.
    """
    oriented = shapely.orient_polygons(polygons)
    parts, part_row = shapely.get_parts(oriented, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    vertex, distinct = pd.factorize(xy[:, 0] + 1j * xy[:, 1])
    at = np.flatnonzero((ring[1:] == ring[:-1]) & (vertex[1:] != vertex[:-1]))
    start, end = vertex[at], vertex[at + 1]
    low, high = np.minimum(start, end), np.maximum(start, end)
    which, keys = pd.factorize(low * np.int64(len(distinct)) + high)
    direction = np.where(start < end, 1, -1)
    balance = np.bincount(which, weights=direction, minlength=len(keys)).astype(np.int64)
    left = np.flatnonzero(balance[which] != 0)
    walked, at = len(at), at[left]
    return OpenBorders(
        chains=_chains(xy, at),
        ends=np.stack([xy[at], xy[at + 1]], axis=1),
        row=part_row[ring_part[ring[at]]],
        surplus=balance[which[left]] * direction[left],
        walked=walked,
    )


def open_segments(polygons: Geometries) -> tuple[Geometries, Rows]:
    """Return the segments that do not cancel out, each once, and the rows they belong to."""
    found = open_borders(polygons)
    ends = np.unique(np.stack(_undirected(found.ends), axis=1), axis=0)
    points = np.stack([ends.real, ends.imag], axis=2)
    lines = shapely.linestrings(points) if len(points) else np.empty(0, dtype=object)
    return lines, np.unique(found.row)


def _chains(xy: NDArray[np.float64], at: Rows) -> Geometries:
    """Join segments ``at, at + 1`` that follow one another: lines node faster than segments."""
    if not len(at):
        return np.empty(0, dtype=object)
    begins = np.r_[True, at[1:] != at[:-1] + 1]
    run = np.cumsum(begins) - 1
    last = np.r_[begins[1:], True]
    point, line = np.r_[at, at[last] + 1], np.r_[run, run[last]]
    order = np.lexsort((point, line))
    chains: Geometries = shapely.linestrings(xy[point[order]], indices=line[order])
    return chains


@dataclass(frozen=True, eq=False)
class QuickCheck:
    """Outcome of the quick check.

    Attributes
    ----------
    suspects : int64 (k,)
        Rows to look at, ascending; none when the polygons are a coverage without gap and
        overlap.
    outline : geometry or None
        Polygon around all of them; None when there are suspects.
    """

    suspects: Rows
    outline: shapely.Geometry | None

    def __bool__(self) -> bool:
        return not len(self.suspects)


def quick_check(polygons: Geometries) -> QuickCheck:
    """Tell whether polygons cover a place without gap and overlap, by hashing their segments.

    Each directed segment must be cancelled by its reverse or lie on the outline: what is
    left over must be rings around places that do not overlap, nest or touch along a line.
    Then the number of owners is 0 outside and, as each segment changes it by one, 1 inside:
    a yes is a proof, in time that grows with the number of vertices only.

    Parameters
    ----------
    polygons : object (n,)
        Valid polygons, multipolygons or empty ones, in one plane coordinate system.

    Returns
    -------
    QuickCheck
        True for clean polygons, an empty array included.

    Notes
    -----
    A no is a suspicion, for the full audit to look into. It cannot tell a fault from a
    harmless border whose two sides have different vertices, nor a gap from an enclave, and
    names no owners and no areas. It does not see an area missing at the outer border,
    anything about parents and codes, and presumes that each polygon by itself is valid.
    """
    found = open_borders(polygons)
    faces = _loops(found)
    outline = _proven_outline(found, faces)
    suspects = found.row[:0] if outline is not None else _off_outline(found, faces)
    return QuickCheck(suspects, outline)


def proven_outline(found: OpenBorders) -> shapely.Geometry | None:
    """Return the outline when the polygons prove to be clean, else None; see `quick_check`."""
    if len(found.row) > max(_WORTH_A_PROOF, found.walked // 2):
        return None  # a proof would take its time, and most borders being open there is none
    return _proven_outline(found, _loops(found))


def _loops(found: OpenBorders) -> Geometries:
    """Faces between the open borders as they are, crossings not looked for."""
    loops: Geometries = shapely.get_parts(shapely.polygonize(found.chains))
    return loops


def _proven_outline(found: OpenBorders, loops: Geometries) -> shapely.Geometry | None:
    holes = shapely.get_num_interior_rings(loops)
    walked = shapely.get_num_coordinates(loops) - 1
    if np.any(found.surplus != 1) or holes.any() or walked.sum() != len(found.row):
        return None
    whole = shapely.multipolygons(loops)
    return whole if shapely.is_valid(whole) else None


def _off_outline(found: OpenBorders, loops: Geometries) -> Rows:
    """Rows with an open segment that is not on the shell of one loop alone, walked its way."""
    rings, loop = shapely.get_rings(shapely.orient_polygons(loops), return_index=True)
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    at = np.flatnonzero(ring[1:] == ring[:-1])
    ends = np.stack([xy[at], xy[at + 1]], axis=1)
    shell = np.r_[True, loop[1:] != loop[:-1]][ring[at]]
    a, b = shapely.STRtree(loops).query(loops, predicate="intersects")
    meet = a[(a != b) & shapely.relate_pattern(loops[a], loops[b], "T********")]
    apart = ~np.isin(loop[ring[at]], meet)
    once = ~pd.MultiIndex.from_arrays(_undirected(ends)).duplicated(keep=False)
    outer = pd.MultiIndex.from_arrays(_directed(ends[shell & apart & once]))
    off = ~pd.MultiIndex.from_arrays(_directed(found.ends)).isin(outer)
    rows: Rows = np.unique(found.row[off | (found.surplus != 1)])
    return rows


def _directed(ends: NDArray[np.float64]) -> tuple[NDArray[np.complex128], ...]:
    """Ends of segments (k, 2, 2) as complex numbers, which hash and compare as one."""
    start, end = (ends[..., 0] + 1j * ends[..., 1]).T
    return start, end


def _undirected(ends: NDArray[np.float64]) -> tuple[NDArray[np.complex128], ...]:
    """As :func:`_directed`, the smaller end first."""
    low, high = np.sort(ends[..., 0] + 1j * ends[..., 1], axis=1).T
    return low, high
