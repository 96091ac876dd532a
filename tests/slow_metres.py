"""Distances by a slow search along geodesics: the oracle for metres."""

from __future__ import annotations

import numpy as np
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

GEOD = Geod(ellps="WGS84")


def slow_metres(polygon: BaseGeometry, lon: float, lat: float) -> float:
    """Metres to the border: every edge cut into short pieces, each narrowed down by thirds."""
    rings = [shapely.get_coordinates(r) for r in shapely.get_rings(shapely.get_parts(polygon))]
    start = np.concatenate([r[:-1] for r in rings])
    end = np.concatenate([r[1:] for r in rings])
    cuts = np.linspace(0, 1, 9)
    low, high = np.tile(cuts[:-1], len(start)), np.tile(cuts[1:], len(start))
    start, end = np.repeat(start, 8, axis=0), np.repeat(end, 8, axis=0)

    def away(share: np.ndarray) -> np.ndarray:
        foot = start + share[:, None] * (end - start)
        here = np.full(len(foot), lon), np.full(len(foot), lat)
        return GEOD.inv(*here, foot[:, 0], foot[:, 1])[2]

    for _ in range(40):
        left, right = low + (high - low) / 3, high - (high - low) / 3
        nearer = away(left) < away(right)
        low, high = np.where(nearer, low, left), np.where(nearer, right, high)
    return float(away((low + high) / 2).min())


def slow_distance(polygon: BaseGeometry, lon: float, lat: float) -> float:
    """Metres to the polygon: 0 when it touches the point."""
    touches = shapely.intersects(polygon, shapely.Point(lon, lat))
    return 0.0 if touches else slow_metres(polygon, lon, lat)
