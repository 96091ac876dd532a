"""Metres from points to borders, for arrays, at any distance and anywhere on earth.

Borders are kept as edges between earth-centred vertices. There a straight distance orders
edges as the ellipsoid does, so no plane has to be chosen and nothing special happens at
the antimeridian, near a pole, or a continent away. Spheres round edges, runs of edges,
atoms and groups of atoms form a tree, searched tier by tier for whole arrays of points;
the few edges that remain are measured along the geodesic (Karney, by pyproj).

An edge is straight in longitude and latitude, so it bends beside the straight line between
its ends. Edges are cut into pieces of a kilometre at most, and the bend that is left counts
as part of an edge's sphere; nothing that could be nearest is dropped for it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from gridmap.crs import metres_per_degree

__all__ = ["LEAST_M", "TIE_M", "Borders", "Floats", "Ints", "expand", "group_sizes", "group_starts"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Two borders whose distances differ by less are equally near: the two copies of a shared
# border give distances that differ by rounding, a few nanometres.
TIE_M = 1e-6

# Whether a point touches a border is decided exactly, elsewhere. Here no distance is 0, not
# even where rounding would make it so: 0 is left to mean that the two do touch.
LEAST_M = 1e-9

_A, _F = 6378137.0, 1 / 298.257223563  # WGS-84
_E2 = _F * (2 - _F)
_FAN = 8  # children of a group of atoms
_RUN = 8  # edges of a run, at least
_PIECE_M = 1000.0  # longest piece of an edge ...
_PIECES = 1_000_000  # ... unless the borders are so long that they would give more than these
_BLOCK = 2048  # queries searched at once: their pairs should stay in the processor's cache
_PAIRS = 2_000_000  # pairs held at once


@dataclass(frozen=True, eq=False, slots=True)
class _Tier:
    """Spheres: node ``i`` has centre ``centre[:, i]`` and holds children of the tier below."""

    centre: Floats  # (3, n) metres
    radius: Floats
    first: Ints
    count: Ints


class Borders:
    """All border edges of an array of polygons, holes and parts included.

    Parameters
    ----------
    geometry : object array (n,)
        Polygon or MultiPolygon, EPSG:4326; None and empty have no border. Invalid polygons
        are taken as the rings they are.
    """

    def __init__(self, geometry: NDArray[np.object_]) -> None:
        self._geod = Geod(ellps="WGS84")
        lon, lat, edge_vertex, edge_atom = _edges(geometry)
        lon, lat, edge_vertex, edge_atom, bend = _cut(lon, lat, edge_vertex, edge_atom)
        self._lon, self._lat, self._vertex, self._bend = lon, lat, edge_vertex, bend
        self._xyz = earth_centred(lon, lat)
        self._atom_of_edge = edge_atom
        self._tiers, self._atom_of_node = self._grow(edge_atom)
        self._node_of_atom = np.full(len(geometry), -1, dtype=np.int64)
        self._node_of_atom[self._atom_of_node] = np.arange(len(self._atom_of_node))

    # -- building --------------------------------------------------------------------

    def _grow(self, edge_atom: Ints) -> tuple[list[_Tier], Ints]:
        """Tiers from runs of edges (0) over atoms (1) to a handful of groups (last)."""
        start, end = self._xyz[:, self._vertex], self._xyz[:, self._vertex + 1]
        centre = (start + end) / 2
        radius = _length(end - start) / 2 + self._bend
        first = group_starts(edge_atom)
        edges = group_sizes(first, len(edge_atom))
        # Long borders get long runs: testing runs and testing a run's edges then cost alike.
        long = np.maximum(_RUN, np.sqrt(edges) / 2).astype(np.int64)
        atom, within = np.repeat(np.arange(len(first)), edges), _count_up(edges)
        runs = _enclose(centre, radius, np.flatnonzero(within % long[atom] == 0))
        atoms = _enclose(runs.centre, runs.radius, group_starts(atom[runs.first]))
        order = _morton(atoms.centre)
        tiers = [runs, _taken(atoms, order)]
        while len(tiers[-1].radius) > _FAN:
            below = tiers[-1]
            tiers.append(
                _enclose(below.centre, below.radius, np.arange(0, len(below.radius), _FAN))
            )
        return tiers, edge_atom[first][order]

    # -- asking ----------------------------------------------------------------------

    def distance(self, lon: Floats, lat: Floats, atom: Ints) -> Floats:
        """Metres from each point to the border of its own atom; NaN where that has none."""
        out = np.full(len(atom), np.nan)
        node = self._node_of_atom[atom]
        known = np.flatnonzero(node >= 0)
        # Points of one atom together: their edges are then still in the cache.
        for some in _blocks(known[np.argsort(node[known], kind="stable")]):
            owner, runs = _children(self._tiers[1], np.arange(len(some)), node[some])
            _, owner, metres = self._closest(lon[some], lat[some], owner, runs, tier=0)
            out[some] = np.minimum.reduceat(metres, group_starts(owner))
        return out

    def nearest(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        """Atom with the nearest border and its distance; -1 and NaN without any border.

        Of atoms equally near (within a micrometre) the one with the smallest number.
        """
        atom, metres = np.full(len(lon), -1, dtype=np.int64), np.full(len(lon), np.nan)
        if not len(self._atom_of_node):
            return atom, metres
        for some in _blocks(np.arange(len(lon))):
            owner, node = self._roots(len(some))
            near, owner, far = self._closest(lon[some], lat[some], owner, node)
            starts = group_starts(owner)
            tied = (
                far
                <= np.repeat(np.minimum.reduceat(far, starts), group_sizes(starts, len(owner)))
                + TIE_M
            )
            order = np.lexsort((far, near, ~tied, owner))
            atom[some], metres[some] = near[order][starts], far[order][starts]
        return atom, metres

    def within(self, lon: Floats, lat: Floats, radius_m: Floats) -> tuple[Ints, Ints, Floats]:
        """Triples (point, atom, metres to its border) up to a radius, by point, then atom."""
        found: list[tuple[Ints, Ints, Floats]] = []
        waiting = list(_blocks(np.arange(len(lon))))[::-1] if len(self._atom_of_node) else []
        while waiting:
            some = waiting.pop()
            pairs = self._reached(lon[some], lat[some], radius_m[some])
            if pairs is None:
                half = len(some) // 2
                waiting += [some[half:], some[:half]]
                continue
            point, atom = some[pairs[0]], pairs[1]
            metres = self.distance(lon[point], lat[point], atom)
            keep = np.flatnonzero(metres <= radius_m[point])
            keep = keep[np.lexsort((atom[keep], point[keep]))]
            found.append((point[keep], atom[keep], metres[keep]))
        if not found:
            return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
        points, atoms, distances = zip(*found, strict=True)
        return np.concatenate(points), np.concatenate(atoms), np.concatenate(distances)

    # -- searching -------------------------------------------------------------------

    def _roots(self, points: int) -> tuple[Ints, Ints]:
        top = len(self._tiers[-1].radius)
        return np.repeat(np.arange(points), top), np.tile(np.arange(top), points)

    def _reached(self, lon: Floats, lat: Floats, radius: Floats) -> tuple[Ints, Ints] | None:
        """Pairs (point, atom) whose sphere the radius reaches; None when there are too many."""
        xyz = earth_centred(lon, lat)
        owner, node = self._roots(len(lon))
        for depth in range(len(self._tiers) - 1, 0, -1):
            tier = self._tiers[depth]
            away = _length(xyz.take(owner, axis=1) - tier.centre.take(node, axis=1))
            reached = away - tier.radius[node] <= radius[owner] + TIE_M
            owner, node = owner[reached], node[reached]
            if depth > 1:
                if len(lon) > 1 and tier.count[node].sum() > _PAIRS:
                    return None
                owner, node = _children(tier, owner, node)
        return owner, self._atom_of_node[node]

    def _closest(
        self, lon: Floats, lat: Floats, owner: Ints, node: Ints, tier: int | None = None
    ) -> tuple[Ints, Ints, Floats]:
        """Atom, owner, metres of every edge that may be the closest to its owner.

        `owner` (sorted) numbers the queries, whose points are `lon`, `lat`; each starts from
        its own nodes of one tier. Every owner keeps at least one edge.
        """
        xyz = earth_centred(lon, lat)
        for depth in range(len(self._tiers) - 1 if tier is None else tier, -1, -1):
            spheres = self._tiers[depth]
            away, radius = (
                _length(xyz.take(owner, axis=1) - spheres.centre.take(node, axis=1)),
                spheres.radius[node],
            )
            keep = _may_be_least(owner, away - radius, away + radius)
            owner, node = _children(spheres, owner[keep], node[keep])
        along, away = self._foot(xyz.take(owner, axis=1), node)
        keep = _may_be_least(owner, away - self._bend[node], away + self._bend[node])
        owner, node, along = owner[keep], node[keep], along[keep]
        at = self._vertex[node]
        foot_lon = self._lon[at] + along * (self._lon[at + 1] - self._lon[at])
        foot_lat = self._lat[at] + along * (self._lat[at + 1] - self._lat[at])
        foot_lat = np.clip(foot_lat, -90, 90)
        _, _, metres = self._geod.inv(lon[owner], lat[owner], foot_lon, foot_lat)
        return self._atom_of_edge[node], owner, np.maximum(metres, LEAST_M)

    def _foot(self, xyz: Floats, edge: Ints) -> tuple[Floats, Floats]:
        """Where along its edge (0 to 1) each point's foot lies, and the straight distance."""
        vertex = self._vertex[edge]
        start = self._xyz.take(vertex, axis=1)
        step = self._xyz.take(vertex + 1, axis=1) - start
        gap = xyz - start
        square = np.einsum("ij,ij->j", step, step)
        along = np.einsum("ij,ij->j", gap, step) / np.where(square > 0, square, 1)
        along = np.clip(along, 0, 1)
        return along, _length(gap - along * step)


def earth_centred(lon: Floats, lat: Floats) -> Floats:
    """Earth-centred coordinates (3, n) in metres of points on the WGS-84 ellipsoid."""
    phi, lam = np.radians(lat), np.radians(lon)
    prime = _A / np.sqrt(1 - _E2 * np.sin(phi) ** 2)
    flat = prime * np.cos(phi)
    return np.stack([flat * np.cos(lam), flat * np.sin(lam), prime * (1 - _E2) * np.sin(phi)])


def group_starts(owner: Ints) -> Ints:
    """Where each group of equal values begins in a sorted array."""
    new = np.ones(len(owner), dtype=bool)
    np.not_equal(owner[1:], owner[:-1], out=new[1:])
    return np.flatnonzero(new)


def group_sizes(starts: Ints, total: int) -> Ints:
    """How many members each group has, of `total` in all."""
    ends = np.full(len(starts), total, dtype=np.int64)
    ends[:-1] = starts[1:]
    return ends - starts


def expand(first: Ints, count: Ints) -> Ints:
    """Concatenate the ranges ``first[i] .. first[i] + count[i]``."""
    return np.repeat(first, count) + _count_up(count)


def _count_up(count: Ints) -> Ints:
    """0, 1, .. count[0] - 1, 0, 1, .. count[1] - 1, ..."""
    ends = np.cumsum(count)
    return np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - count, count)


def _children(tier: _Tier, owner: Ints, node: Ints) -> tuple[Ints, Ints]:
    count = tier.count[node]
    return np.repeat(owner, count), expand(tier.first[node], count)


def _may_be_least(owner: Ints, low: Floats, high: Floats) -> NDArray[np.bool_]:
    """True where a lower bound does not exceed the least upper bound of its owner."""
    starts = group_starts(owner)
    least = np.minimum.reduceat(high, starts) + 2 * TIE_M
    keep: NDArray[np.bool_] = low <= np.repeat(least, group_sizes(starts, len(owner)))
    return keep


def _length(vectors: Floats) -> Floats:
    out: Floats = np.sqrt(np.einsum("ij,ij->j", vectors, vectors))
    return out


def _blocks(rows: Ints) -> list[Ints]:
    return [rows[i : i + _BLOCK] for i in range(0, len(rows), _BLOCK)]


def _enclose(centre: Floats, radius: Floats, starts: Ints) -> _Tier:
    """Spheres round groups of consecutive spheres."""
    count = group_sizes(starts, len(radius))
    if not len(starts):
        return _Tier(np.empty((3, 0)), np.empty(0), starts, count)
    low = np.minimum.reduceat(centre - radius, starts, axis=1)
    high = np.maximum.reduceat(centre + radius, starts, axis=1)
    middle = (low + high) / 2
    reach = _length(centre - np.repeat(middle, count, axis=1)) + radius
    return _Tier(middle, np.maximum.reduceat(reach, starts), starts, count)


def _taken(tier: _Tier, order: Ints) -> _Tier:
    return _Tier(tier.centre[:, order], tier.radius[order], tier.first[order], tier.count[order])


def _morton(centre: Floats) -> Ints:
    """Order of points along a curve that keeps neighbours together (10 bits an axis)."""
    low = centre.min(axis=1, initial=np.inf, keepdims=True)
    span = (centre - low).max(initial=1.0)
    cell = ((centre - low) / span * 1023).astype(np.int64)
    code = np.zeros(centre.shape[1], dtype=np.int64)
    for bit in range(10):
        for axis in range(3):
            code |= ((cell[axis] >> bit) & 1) << (3 * bit + axis)
    return np.argsort(code, kind="stable")


def _edges(geometry: NDArray[np.object_]) -> tuple[Floats, Floats, Ints, Ints]:
    """Vertices (lon, lat), and for each edge its first vertex and its atom."""
    parts, part_atom = shapely.get_parts(geometry, return_index=True)
    rings, ring_part = shapely.get_rings(parts, return_index=True)
    vertices, ring = shapely.get_coordinates(rings, return_index=True)
    edge = np.flatnonzero(ring[1:] == ring[:-1])
    atom = part_atom[ring_part[ring[edge]]].astype(np.int64)
    return vertices[:, 0].copy(), vertices[:, 1].copy(), edge, atom


def _cut(
    lon: Floats, lat: Floats, vertex: Ints, atom: Ints
) -> tuple[Floats, Floats, Ints, Ints, Floats]:
    """Cut long edges into pieces; return the same with the bend of each piece in metres."""
    step_lon, step_lat = np.abs(np.diff(lon)), np.abs(np.diff(lat))
    # A degree of longitude is longest at the end nearer the equator.
    kx, _ = metres_per_degree(np.minimum(np.abs(lat[1:]), np.abs(lat[:-1])))
    metres = np.hypot(step_lon * kx, step_lat * 111_700.0)[vertex]
    pieces = np.ceil(metres / max(_PIECE_M, metres.sum() / _PIECES)).astype(np.int64)
    pieces = np.maximum(pieces, 1)
    steep = np.abs(np.tan(np.radians(np.maximum(np.abs(lat[1:]), np.abs(lat[:-1])))))[vertex]
    long = metres / pieces
    bend = np.minimum(long**2 / (8 * 6.33e6) * (1 + 2 * steep), long)
    if (pieces > 1).any():
        lon, lat, vertex = _cut_at(lon, lat, vertex, pieces)
        atom, bend = np.repeat(atom, pieces), np.repeat(bend, pieces)
    return lon, lat, vertex, atom, bend


def _cut_at(lon: Floats, lat: Floats, vertex: Ints, pieces: Ints) -> tuple[Floats, Floats, Ints]:
    """Put ``pieces - 1`` vertices into each edge, evenly; the last vertex of a ring stays."""
    per_vertex = np.ones(len(lon), dtype=np.int64)
    per_vertex[vertex] = pieces
    owner = np.repeat(np.arange(len(lon)), per_vertex)
    share = _count_up(per_vertex) / per_vertex[owner]
    after = np.minimum(owner + 1, len(lon) - 1)
    is_edge = np.zeros(len(lon), dtype=bool)
    is_edge[vertex] = True
    new_lon = lon[owner] + share * (lon[after] - lon[owner])
    new_lat = lat[owner] + share * (lat[after] - lat[owner])
    return new_lon, new_lat, np.flatnonzero(is_edge[owner])
