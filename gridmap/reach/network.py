"""The network of streets: edges with lengths, points put onto them, shortest ways."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import shapely

from gridmap.reach.model import Floats, Rows, Shapes
from gridmap.reach.noding import Noded
from gridmap.reach.plane import Plane

__all__ = ["Network", "Spots"]

# Shorter pieces that nothing leads to are left out: courtyards, remains at the border.
_ISLAND_M = 300.0


@dataclass(frozen=True, eq=False)
class Spots:
    """Points put onto the network.

    Attributes
    ----------
    xy : float64 (n, 2)
        Where they really are, metres of the network's plane.
    edge : int64 (n,)
        The nearest edge; -1 where none is near enough.
    share : float64 (n,)
        How far along it their foot lies, 0 to 1.
    off_m : float64 (n,)
        Metres from the point to its foot; infinite where none is near enough.
    """

    xy: Floats
    edge: Rows
    share: Floats
    off_m: Floats

    @property
    def on(self) -> Any:
        """True where a street is near."""
        return self.edge >= 0

    def __len__(self) -> int:
        return len(self.edge)


class Network:
    """Edges between nodes, without direction.

    Attributes
    ----------
    plane : Plane
    lonlat : float64 (n, 2)
        The nodes, EPSG:4326.
    a, b : int64 (m,)
        Nodes of each edge.
    length_m : float64 (m,)
    shape : object (m,)
        Courses in metres of the plane.
    piece : int64 (n,)
        Nodes with the same number have a way to each other.
    """

    def __init__(self, noded: Noded) -> None:
        keep, nodes, piece = _connected(noded)
        number = np.cumsum(nodes) - 1
        self.plane = Plane.around(noded.course)
        self.lonlat = noded.lonlat[nodes]
        self.piece = piece[nodes]
        self.a, self.b = number[noded.a[keep]], number[noded.b[keep]]
        sizes = np.diff(noded.start)
        of = np.repeat(np.arange(len(sizes)), sizes)
        self.length_m = _lengths(noded)[keep]
        shapes: Shapes = (
            self.plane.lines(noded.course, of) if len(of) else np.empty(0, dtype=object)
        )
        self.shape = shapes[keep]
        self._tree = shapely.STRtree(self.shape)

    def __len__(self) -> int:
        return len(self.a)

    @cached_property
    def xy(self) -> Floats:
        """The nodes in metres of the plane, (n, 2)."""
        return self.plane.to_metres(self.lonlat)

    def snap(self, xy: Floats, most_m: float) -> Spots:
        """Put points (n, 2), metres of the plane, onto the nearest street within `most_m`."""
        edge = np.full(len(xy), -1, dtype=np.int64)
        share, off = np.zeros(len(xy)), np.full(len(xy), np.inf)
        if len(self):
            points = shapely.points(xy)
            (row, near), far = self._tree.query_nearest(
                points, max_distance=most_m, all_matches=False, return_distance=True
            )
            edge[row], off[row] = near, far
            share[row] = shapely.line_locate_point(self.shape[near], points[row], normalized=True)
        return Spots(xy, edge, share, off)

    def node_spots(self) -> Spots:
        """Return the nodes themselves as points on the network."""
        n = len(self.lonlat)
        edge, share = np.zeros(n, dtype=np.int64), np.zeros(n)
        for ends, at in ((self.b, 1.0), (self.a, 0.0)):
            edge[ends], share[ends] = np.arange(len(self)), at
        return Spots(self.xy, edge, share, np.zeros(n))

    def to_nodes(self, sources: Spots, limit_m: float = np.inf) -> Floats:
        """Return metres from the nearest source to each node (n,); infinite beyond the limit.

        Sources begin with what they are off the street; those that are not near one are left
        out. Each is joined to both ends of its edge, which is thereby cut where it stands.
        """
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        n = len(self.lonlat)
        on = np.flatnonzero(sources.on)
        if not len(on):
            return np.full(n, np.inf)
        edge, along = sources.edge[on], sources.share[on] * self.length_m[sources.edge[on]]
        ends = np.concatenate([self.a[edge], self.b[edge]])
        first = np.concatenate([along, self.length_m[edge] - along]) + np.tile(sources.off_m[on], 2)
        order = np.lexsort((first, ends))
        ends, first = ends[order], first[order]
        nearest = np.append(True, ends[1:] != ends[:-1])
        ends, first = ends[nearest], first[nearest]
        indptr, indices, data = self._rows
        graph = csr_array(
            (
                np.concatenate([data, first]),
                np.concatenate([indices, ends]),
                np.append(indptr, len(indices) + len(ends)),
            ),
            shape=(n + 1, n + 1),
        )
        found: Floats = dijkstra(graph, directed=True, indices=n, limit=limit_m)
        return found[:n]

    def to_spots(self, sources: Spots, targets: Spots, limit_m: float = np.inf) -> Floats:
        """Return metres along streets from the nearest source to each target, (n,).

        What both ends are off the street counts. Infinite without a way, and beyond the limit.
        """
        at_node = self.to_nodes(sources, limit_m)
        out = np.full(len(targets), np.inf)
        on = np.flatnonzero(targets.on)
        edge = targets.edge[on]
        along = targets.share[on] * self.length_m[edge]
        out[on] = np.minimum(
            at_node[self.a[edge]] + along, at_node[self.b[edge]] + self.length_m[edge] - along
        )
        s, t = _same_edge(sources, targets)
        apart = np.abs(sources.share[s] - targets.share[t]) * self.length_m[targets.edge[t]]
        np.minimum.at(out, t, apart + sources.off_m[s])
        out[on] += targets.off_m[on]
        out[out > limit_m] = np.inf
        return out

    @cached_property
    def _rows(self) -> tuple[Rows, Rows, Floats]:
        """The graph both ways, row by row; of parallel edges the shortest counts."""
        n = len(self.lonlat)
        i, j = np.concatenate([self.a, self.b]), np.concatenate([self.b, self.a])
        metres = np.tile(self.length_m, 2)
        order = np.lexsort((metres, j, i))
        i, j, metres = i[order], j[order], metres[order]
        first = np.ones(len(i), dtype=bool)
        first[1:] = (i[1:] != i[:-1]) | (j[1:] != j[:-1])
        i, j, metres = i[first], j[first], metres[first]
        return np.searchsorted(i, np.arange(n + 1)), j, metres


def _lengths(noded: Noded) -> Floats:
    if not len(noded.a):
        return np.empty(0)
    steps = np.append(Plane.lengths(noded.course), 0.0)
    steps[noded.start[1:] - 1] = 0.0
    return np.asarray(np.add.reduceat(steps, noded.start[:-1]), dtype=np.float64)


def _connected(noded: Noded) -> tuple[Any, Any, Rows]:
    """Return which edges and nodes are kept, small islands not, and the piece of each node."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n = len(noded.lonlat)
    if not n:
        none = np.zeros(0, dtype=bool)
        return none, none, np.zeros(0, dtype=np.int64)
    pairs = (np.ones(len(noded.a)), (noded.a, noded.b))
    _, piece = connected_components(coo_array(pairs, shape=(n, n)), directed=False)
    metres = np.bincount(piece[noded.a], _lengths(noded))
    kept = (metres >= _ISLAND_M) | (metres == metres.max())
    return kept[piece[noded.a]], kept[piece], piece.astype(np.int64)


def _same_edge(sources: Spots, targets: Spots) -> tuple[Rows, Rows]:
    """Return all pairs of a source and a target that stand on the same edge."""
    mine = np.flatnonzero(sources.on)
    order = mine[np.argsort(sources.edge[mine], kind="stable")]
    keys = sources.edge[order]
    low = np.searchsorted(keys, targets.edge, "left")
    count = np.searchsorted(keys, targets.edge, "right") - low
    count[~targets.on] = 0
    t = np.repeat(np.arange(len(targets)), count)
    first = np.repeat(low - np.cumsum(count) + count, count)
    return order[first + np.arange(len(t))], t
