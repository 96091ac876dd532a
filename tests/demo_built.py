"""The demo's districts, built once a test run, and a look at them in metres."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely

from gridmap.crs import metres_per_degree
from gridmap.demo import build
from tests.shared import made_once


@cache
def _built(scale):
    return made_once(f"{scale}.district", lambda: build(scale))


def district(scale="district"):
    return _built(scale)


def shapes(layer, scale="district"):
    return district(scale).layers[layer].geometry.to_numpy()


def metric(shapes):
    """Shapes in metres about their own middle latitude: true to 0.1 % over a district."""
    west, south, _, north = shapely.total_bounds(shapes)
    kx, ky = metres_per_degree((south + north) / 2)
    return shapely.transform(shapes, lambda xy: (xy - [west, south]) * [float(kx), float(ky)])


def segment_lengths(shapes):
    """Lengths of all border segments, metres."""
    rings = shapely.get_parts(shapely.boundary(shapes))
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    return np.hypot(*np.diff(xy, axis=0).T)[np.diff(ring) == 0]


def compactness(shapes):
    return 4 * np.pi * shapely.area(shapes) / shapely.length(shapes) ** 2


def hole_count(shapes):
    return np.array([shapely.get_num_interior_rings(shapely.get_parts(s)).sum() for s in shapes])
