"""Where an estate is left: its gates, or where streets come to its red line."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely

from gridmap.reach.model import Floats
from gridmap.reach.streets import Streets

__all__ = ["estate_gates"]

# A gate so near to a red line is one of that estate.
_GATE_M = 30.0


def estate_gates(streets: Streets, outlines: list[Any], gates: Floats) -> list[Floats]:
    """Return the gates of estates.

    Parameters
    ----------
    streets : Streets
    outlines : list of Polygon or MultiPolygon
        Red lines, EPSG:4326.
    gates : float64 (k, 2)
        Gates that are known, longitude and latitude; of any estate.

    Returns
    -------
    list of float64 (n, 2)
        Of each estate, in this order of preference: known gates within 30 m of its red line;
        places where streets cross it; the place of it that is nearest to a street; a point
        inside. Never empty.
    """
    if not outlines:
        return []
    plane = streets.plane(shapely.get_coordinates(outlines))
    shapes = shapely.transform(np.array(outlines, dtype=object), plane.to_metres)
    known = shapely.points(plane.to_metres(gates)) if len(gates) else np.empty(0, dtype=object)
    known_tree, street_tree = shapely.STRtree(known), shapely.STRtree(streets.network.shape)
    found = []
    for shape in shapes:
        line = shapely.boundary(shape)
        near = known_tree.query(line, predicate="dwithin", distance=_GATE_M)
        if len(near):
            at = shapely.get_coordinates(known[np.sort(near)])
        else:
            at = _at_streets(streets, street_tree, shape, line)
        found.append(np.asarray(plane.from_metres(at)))
    return found


def _at_streets(streets: Streets, tree: shapely.STRtree, shape: Any, line: Any) -> Floats:
    crossing = np.sort(tree.query(line, predicate="intersects"))
    met = shapely.get_coordinates(shapely.intersection(streets.network.shape[crossing], line))
    if len(met):
        return np.asarray(np.unique(met, axis=0))
    near = tree.query_nearest(line, max_distance=streets.walking.snap_m, all_matches=False)
    if len(near):
        way = shapely.shortest_line(line, streets.network.shape[near[0]])
        return np.asarray(shapely.get_coordinates(way)[:1])
    return np.asarray(shapely.get_coordinates(shapely.point_on_surface(shape)))
