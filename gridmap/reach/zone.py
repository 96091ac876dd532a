"""The area within reach: not a circle, and with exactly the nodes that are within the limit.

All streets are marked every few metres. A mark's cell is what lies nearer to it than to any
other mark (its Voronoi cell); a mark that is within the limit has minutes left, in which one
can leave the street: a disc. The area is what is common to the cells of all marks within the
limit and to their discs, united.

Why it holds exactly the right nodes: every node is a mark. A node within the limit lies inside
its own cell and in the middle of its own disc. A node beyond the limit lies inside its own
cell, which is not among those united, and the inside of one cell meets no other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from gridmap.reach.model import Floats, Rows
from gridmap.reach.network import Network, Spots

__all__ = ["mark_streets", "zone"]

_STEP_M = 30.0
# Whoever arrives with no time left still stands on the street.
_LEAST_M = 2.0


def mark_streets(network: Network) -> Spots:
    """Return marks at all nodes, and between them no more than 30 m apart; no two at one place."""
    nodes = network.node_spots()
    pieces = np.ceil(network.length_m / _STEP_M).astype(np.int64)
    edge = np.repeat(np.arange(len(network)), np.maximum(pieces - 1, 0))
    number = np.arange(len(edge)) - np.searchsorted(edge, edge) + 1
    return _with_feet(network, nodes, edge, number / pieces[edge])


def zone(network: Network, marks: Spots, sources: Spots, *, limit_m: float, aside_m: float) -> Any:
    """Return what is within reach along streets, in metres of the plane; may be empty.

    Parameters
    ----------
    marks : Spots
        From :func:`mark_streets`.
    sources : Spots
        Where one begins; where they come to the street is marked as well.
    limit_m : float
    aside_m : float
        How far from a street one goes at most.
    """
    on = sources.on
    marks = _with_feet(network, marks, sources.edge[on], sources.share[on])
    metres = network.to_spots(sources, marks, limit_m)
    within = np.flatnonzero(metres <= limit_m)
    if not len(within):
        return shapely.Polygon()
    discs = shapely.union_all(
        shapely.buffer(
            shapely.points(marks.xy[within]),
            (limit_m - metres[within]).clip(_LEAST_M, aside_m),
            quad_segs=6,
        )
    )
    return shapely.intersection(_cells(marks.xy, within, aside_m), discs)


def _with_feet(network: Network, spots: Spots, edge: Rows, share: Floats) -> Spots:
    """Return spots on streets with further ones, except where one is already."""
    feet = shapely.line_interpolate_point(network.shape[edge], share, normalized=True)
    xy = np.vstack([spots.xy, shapely.get_coordinates(feet).reshape(-1, 2)])
    # To the millimetre: streets drawn twice have their marks at the same places.
    _, first = np.unique(np.rint(xy * 1000.0), axis=0, return_index=True)
    kept = np.union1d(np.arange(len(spots)), first)
    return Spots(
        xy[kept],
        np.concatenate([spots.edge, edge])[kept],
        np.concatenate([spots.share, share])[kept],
        np.zeros(len(kept)),
    )


def _cells(xy: Floats, within: Rows, aside_m: float) -> Any:
    """Return the cells of some marks in one, exact as far as their discs reach.

    What lies on a disc is no farther from its mark than `aside_m`, so that no mark beyond
    twice that can be nearer to it. The border is what lies between a mark within and one
    that is not.
    """
    from scipy.spatial import Voronoi

    low, high = xy[within].min(axis=0), xy[within].max(axis=0)
    room = 2.0 * aside_m + 1.0
    near = np.flatnonzero(((xy >= low - room) & (xy <= high + room)).all(axis=1))
    middle, far = (low + high) / 2, 20.0 * (float((high - low).max()) + room)
    # Four marks far outside close the cells at the rim.
    frame = far * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    sites = np.vstack([xy[near] - middle, frame])
    inside = np.append(np.isin(near, within), np.zeros(4, dtype=bool))
    found = Voronoi(sites)
    border = inside[found.ridge_points].sum(axis=1) == 1
    corners = found.vertices.round(6)[np.array(found.ridge_vertices)[border]]
    corners = corners[(corners[:, 0] != corners[:, 1]).any(axis=1)]
    faces = shapely.get_parts(shapely.polygonize(shapely.linestrings(corners)))
    held = shapely.STRtree(shapely.points(sites)).nearest(shapely.point_on_surface(faces))
    return shapely.multipolygons(shapely.transform(faces[inside[held]], lambda at: at + middle))
