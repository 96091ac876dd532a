"""Borders as lines: of polygons, without repetition; in metres, with what lies near them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.datum.readings import Box
from gridmap.crs import metres_per_degree

__all__ = ["Lines", "Plane", "Side", "bounds_of", "box_of", "lines_of"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAMPLES = 1500
_SLACK_M = 40.0  # a point so far outside the bounds still counts as in them


@dataclass(frozen=True, eq=False)
class Lines:
    """Borders: vertices (m, 2) without repetition, edges (k, 2) as pairs of vertices."""

    vertices: Floats
    edges: Ints

    def moved(self, vertices: Floats) -> Lines:
        """Return the lines with other vertices; edges that lost one are left out."""
        usable = np.all(np.isfinite(vertices), axis=1)
        return Lines(vertices, self.edges[usable[self.edges].all(axis=1)])


def lines_of(polygons: NDArray[np.object_]) -> Lines:
    """Return the borders of polygons, each edge once; None and empty ones have none."""
    rings = shapely.get_rings(shapely.get_parts(shapely.force_2d(polygons)))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy = xy + 0.0  # minus zero is zero
    vertices, at = np.unique(xy.view(np.complex128).ravel(), return_inverse=True)
    pairs = np.column_stack([at[:-1], at[1:]])[ring[:-1] == ring[1:]]
    pairs.sort(axis=1)
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    count = max(len(vertices), 1)
    keys = np.unique(pairs[:, 0] * count + pairs[:, 1])
    edges = np.column_stack([keys // count, keys % count])
    return Lines(vertices.view(np.float64).reshape(-1, 2), edges.astype(np.int64))


def box_of(lines: Lines) -> Box:
    """Bounds of what the edges use; all NaN when there are none."""
    if not len(lines.edges):
        return (np.nan, np.nan, np.nan, np.nan)
    return bounds_of(lines.vertices[lines.edges.ravel()])


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of a place; both layers share the little there is of error."""

    lon: float
    lat: float

    def metres(self, lonlat: Floats) -> Floats:
        """Degrees (n, 2) to metres (n, 2)."""
        return (lonlat - [self.lon, self.lat]) * self._scale

    def degrees(self, metres: Floats) -> Floats:
        """Metres (n, 2) to degrees (n, 2)."""
        return metres / self._scale + [self.lon, self.lat]

    @property
    def _scale(self) -> list[float]:
        kx, ky = metres_per_degree(self.lat)
        return [float(kx), float(ky)]


class Side:
    """One layer's borders in metres: where points on them lie, and what lies near them."""

    def __init__(self, lines: Lines, plane: Plane, window: Box) -> None:
        ends = plane.metres(lines.vertices)[lines.edges]
        low, high = ends.min(axis=1), ends.max(axis=1)
        near = ((high >= window[:2]) & (low <= window[2:])).all(axis=1)
        self.ends = ends[near]
        self.length_m = float(self._lengths.sum())
        self.box = bounds_of(self.ends.reshape(-1, 2))

    @cached_property
    def _lengths(self) -> Floats:
        out: Floats = np.hypot(*(self.ends[:, 1] - self.ends[:, 0]).T)
        return out

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Index over the edges."""
        return shapely.STRtree(shapely.linestrings(self.ends))

    @cached_property
    def samples(self) -> Floats:
        """Points evenly along the borders, metres (n, 2)."""
        return self.along(min(_SAMPLES, max(int(self.length_m), 2)))

    def along(self, count: int) -> Floats:
        """Return `count` points evenly along the borders."""
        reach = np.cumsum(self._lengths)
        if not len(reach):
            return np.empty((0, 2))
        at = (np.arange(count) + 0.5) / count * reach[-1]
        edge = np.searchsorted(reach, at)
        part = (at - reach[edge] + self._lengths[edge]) / self._lengths[edge]
        start, end = self.ends[edge, 0], self.ends[edge, 1]
        out: Floats = start + (end - start) * part[:, None]
        return out

    def nearest(self, points: Floats, within_m: float) -> tuple[Ints, Ints, Floats]:
        """Rows of points with an edge within reach, that edge, and metres to it."""
        finite = np.flatnonzero(np.isfinite(points).all(axis=1))
        found, metres = self.tree.query_nearest(
            shapely.points(points[finite]),
            max_distance=within_m,
            return_distance=True,
            all_matches=False,
        )
        return finite[found[0]], found[1], metres

    def holds(self, points: Floats) -> NDArray[np.bool_]:
        """True for points in the bounds, or hardly outside them."""
        low, high = np.array(self.box[:2]) - _SLACK_M, np.array(self.box[2:]) + _SLACK_M
        inside: NDArray[np.bool_] = np.all((points >= low) & (points <= high), axis=1)
        return inside


def bounds_of(points: Floats) -> Box:
    """Bounds of points (n, 2); of none, bounds that hold nothing."""
    if not len(points):
        return (np.inf, np.inf, -np.inf, -np.inf)
    low, high = points.min(axis=0), points.max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])
