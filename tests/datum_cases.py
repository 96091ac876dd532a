"""Layers in wrong coordinate systems, made from right ones, for tests."""

from __future__ import annotations

import numpy as np
import shapely

from gridmap.crs import metres_per_degree, transform_geometry

__all__ = ["digitised_apart", "in_system", "moved", "redrawn", "swapped", "true_shift"]


def in_system(shapes, system):
    """The shapes (EPSG:4326) in another system's coordinates."""
    return transform_geometry(shapes, "wgs84", system)


def swapped(shapes):
    return shapely.transform(shapes, lambda xy: xy[:, ::-1])


def moved(shapes, east_m, north_m):
    kx, ky = _scale(shapes)
    return shapely.transform(shapes, lambda xy: xy + np.array([east_m, north_m]) / [kx, ky])


def digitised_apart(shapes, metres, *, step_m=25.0, seed=0):
    """The same borders with other vertices, each off by so many metres; still a coverage."""
    kx, ky = _scale(shapes)
    fine = shapely.segmentize(shapes, step_m / ky)
    vertex, row = np.unique(shapely.get_coordinates(fine), axis=0, return_inverse=True)
    noise = np.random.default_rng(seed).normal(0, metres, vertex.shape) / [kx, ky]
    return shapely.set_coordinates(fine.copy(), (vertex + noise)[row.ravel()])


def redrawn(shapes, kept, seed=0):
    """Another partition of the same ground that keeps about a share of the inner borders."""
    rng = np.random.default_rng(seed)
    box = shapely.total_bounds(shapes)
    ground = shapely.union_all(shapes)
    sites = rng.uniform(box[:2], box[2:], (len(shapes) // 2, 2))
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(sites), extend_to=ground))
    old = rng.random(len(shapes)) < kept
    rest = shapely.union_all(shapes[~old])
    new = shapely.intersection(cells, rest)
    return np.concatenate([shapes[old], new[shapely.area(new) > 0]])


def true_shift(shapes, system):
    """Median (east, north) in metres by which a system's coordinates lie off as WGS-84."""
    off = shapely.get_coordinates(in_system(shapes, system)) - shapely.get_coordinates(shapes)
    return tuple(np.median(off, axis=0) * _scale(shapes))


def _scale(shapes):
    box = shapely.total_bounds(shapes)
    kx, ky = metres_per_degree((box[1] + box[3]) / 2)
    return float(kx), float(ky)
