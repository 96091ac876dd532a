"""Polygons as shared arcs: each border is written once, so neighbours cannot drift apart.

Coordinates are whole micro-degrees (1e-6 degree, 0.11 m), the resolution of the drawing.
A *node* is a vertex where other than two edges meet; an *arc* runs from node to node, or
around when a ring has none. An area is a list of polygons, a polygon a list of rings, a
ring a list of arc references: ``i`` forwards, ``~i`` backwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["MICRO", "Topology", "build_topology", "delta"]

MICRO = 1_000_000
_SHIFT = 32

Ints = NDArray[np.int64]
Polygons = list[list[list[int]]]


@dataclass(frozen=True)
class Topology:
    """Arcs and what is made of them.

    Attributes
    ----------
    arcs : list of int64 (k, 2)
        Longitude and latitude in micro-degrees.
    areas : list
        Polygons of each area, in the order given; an empty list for none.
    rank : list of int
        For each arc the smallest rank among the areas it bounds: its place in the
        hierarchy of borders.
    """

    arcs: list[Ints] = field(default_factory=list)
    areas: list[Polygons] = field(default_factory=list)
    rank: list[int] = field(default_factory=list)


def build_topology(geometry: Sequence[Any] | NDArray[np.object_], rank: Sequence[int]) -> Topology:
    """Cut polygons into shared arcs.

    Parameters
    ----------
    geometry : sequence of Polygon, MultiPolygon or None
        Longitude and latitude in degrees; rounded here to micro-degrees.
    rank : sequence of int
        Level of each area, 0 for the coarsest.

    Notes
    -----
    Neighbours share arcs where their vertices agree; where they do not (a faulty
    coverage), each keeps its own line and both are drawn.
    """
    rings = [[_rings(p) for p in _polygons(g)] for g in geometry]
    nodes = _nodes([ring for area in rings for polygon in area for ring in polygon])
    book = _ArcBook()
    areas = [
        [[book.refs(ring, nodes, r) for ring in polygon] for polygon in area if polygon]
        for area, r in zip(rings, rank, strict=True)
    ]
    return Topology([_unpack(a) for a in book.arcs], areas, book.rank)


def delta(points: Ints, origin: tuple[int, int]) -> list[int]:
    """Return points as one flat list: the first from `origin`, each other from the one before."""
    steps = np.diff(points, axis=0, prepend=np.array([origin], dtype=np.int64))
    flat: list[int] = steps.ravel().tolist()
    return flat


class _ArcBook:
    """Arcs by their vertices; the same line met again, either way round, is the same arc."""

    def __init__(self) -> None:
        self.arcs: list[Ints] = []
        self.rank: list[int] = []
        self._number: dict[bytes, int] = {}

    def refs(self, ring: Ints, nodes: Ints, rank: int) -> list[int]:
        """Return the arc references of one closed ring of packed vertices."""
        at = np.flatnonzero(_among(ring[:-1], nodes))
        if not len(at):
            return [self._ref(_turn(ring, int(np.argmin(ring[:-1]))), rank)]
        turned = _turn(ring, int(at[0]))
        cuts = [*(at - at[0]).tolist(), len(turned) - 1]
        return [self._ref(turned[a : b + 1], rank) for a, b in pairwise(cuts)]

    def _ref(self, line: Ints, rank: int) -> int:
        # A loop has equal ends: its second and last but one vertex tell the direction.
        ends = (line[0], line[-1]) if line[0] != line[-1] else (line[1], line[-2])
        forward = bool(ends[0] <= ends[1])
        stored = line if forward else line[::-1]
        number = self._number.setdefault(stored.tobytes(), len(self.arcs))
        if number == len(self.arcs):
            self.arcs.append(stored)
            self.rank.append(rank)
        else:
            self.rank[number] = min(self.rank[number], rank)
        return number if forward else ~number


def _polygons(geometry: Any) -> list[Any]:
    if geometry is None or geometry.is_empty:
        return []
    parts = shapely.get_parts(geometry)
    return [p for p in parts if p.geom_type == "Polygon" and not p.is_empty]


def _rings(polygon: Any) -> list[Ints]:
    """Packed vertices of the shell and the holes; rings that vanish when rounded are left out."""
    packed = [_packed(ring) for ring in (polygon.exterior, *polygon.interiors)]
    return [ring for ring in packed if len(ring) >= 4] if len(packed[0]) >= 4 else []


def _packed(ring: Any) -> Ints:
    xy = np.rint(shapely.get_coordinates(ring) * MICRO).astype(np.int64)
    keys: Ints = ((xy[:, 0] + 180 * MICRO) << _SHIFT) | (xy[:, 1] + 90 * MICRO)
    kept: Ints = keys[np.r_[True, np.diff(keys) != 0]]
    return kept


def _unpack(keys: Ints) -> Ints:
    low = (1 << _SHIFT) - 1
    return np.column_stack([(keys >> _SHIFT) - 180 * MICRO, (keys & low) - 90 * MICRO])


def _turn(ring: Ints, start: int) -> Ints:
    turned: Ints = np.r_[ring[start:-1], ring[: start + 1]]
    return turned


def _among(keys: Ints, ordered: Ints) -> NDArray[np.bool_]:
    """True where a key is in a sorted array: `np.isin` would sort the array again each time."""
    if not len(ordered):
        return np.zeros(len(keys), dtype=bool)
    near = ordered[np.minimum(np.searchsorted(ordered, keys), len(ordered) - 1)]
    found: NDArray[np.bool_] = near == keys
    return found


def _nodes(rings: list[Ints]) -> Ints:
    """Sorted vertices where other than two different edges meet."""
    if not rings:
        return np.array([], dtype=np.int64)
    heads = np.concatenate([ring[:-1] for ring in rings])
    tails = np.concatenate([ring[1:] for ring in rings])
    edges = np.unique(np.column_stack([np.minimum(heads, tails), np.maximum(heads, tails)]), axis=0)
    vertices, degree = np.unique(edges, return_counts=True)
    nodes: Ints = vertices[degree != 2]
    return nodes
