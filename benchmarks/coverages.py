"""Coverages to measure on: warped, jittered Voronoi cells with shared wiggly borders; seeded.

Cells are about 75 m across in the core and 300 m outside. Every border between two cells is
one polyline of 4 to 32 segments, displaced at its midpoints and used by both sides, so cells
have about 112 vertices; the outer border is irregular. Coordinates are rounded to 1e-9
degree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["CENTRE", "clustered_points", "coverage", "uniform_points"]

CENTRE = (117.02, 36.65)
_M_LON, _M_LAT = 89_500.0, 110_960.0  # metres a degree there
_WIGGLE = 0.08  # of a segment, sideways at its middle


@dataclass(frozen=True)
class _Borders:
    """Borders between cells: ends (m, 2), and each cell's borders in order with direction."""

    corner: NDArray[np.float64]
    ends: NDArray[np.int64]
    cell: NDArray[np.int64]
    border: NDArray[np.int64]
    forward: NDArray[np.bool_]


def coverage(cells: int, seed: int = 7) -> NDArray[np.object_]:
    """Return `cells` polygons (or a few per cent more or less), EPSG:4326, in code order."""
    random = np.random.default_rng(seed)
    borders = _borders(_sites(cells, random))
    line, start = _polylines(borders, random)
    return _polygons(borders, line, start)


def _sites(cells: int, random: np.random.Generator) -> NDArray[np.object_]:
    """Voronoi polygons in metres, those near the ragged border left out."""
    side = int(np.ceil(np.sqrt(cells * 1.45))) + 4
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), axis=-1)
    sites = (grid.reshape(-1, 2) + random.uniform(-0.35, 0.35, (side * side, 2))) / side * 2 - 1
    radius = np.hypot(*sites.T)
    # Stretched outwards: cells in the core are a quarter as wide as those outside.
    step = 75.0 * side / 2
    warped = sites * (step * (0.8 + 1.4 * radius**2))[:, None]
    voronoi = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(warped), ordered=True))
    angle = np.arctan2(sites[:, 1], sites[:, 0])
    ragged = 0.9 + 0.05 * np.sin(5 * angle + 1) + 0.04 * np.sin(13 * angle)
    inside = np.flatnonzero(radius < ragged * np.sqrt(cells / (side * side * np.pi / 4 * 0.81)))
    inner = inside[(grid.reshape(-1, 2)[inside] % (side - 1) != 0).all(axis=1)]
    return voronoi[inner]


def _borders(cells: NDArray[np.object_]) -> _Borders:
    xy, cell = shapely.get_coordinates(cells, return_index=True)
    # The same corner may come out a little differently in each of its cells.
    corner, number = np.unique(np.round(xy, 3), axis=0, return_inverse=True)
    number = number.reshape(-1)
    edge = np.flatnonzero((cell[1:] == cell[:-1]) & (number[1:] != number[:-1]))
    a, b = number[edge], number[edge + 1]
    both = np.stack([np.minimum(a, b), np.maximum(a, b)], axis=1)
    key, border = np.unique(both[:, 0] * len(corner) + both[:, 1], return_inverse=True)
    ends = np.stack([key // len(corner), key % len(corner)], axis=1)
    return _Borders(corner, ends, cell[edge], border.reshape(-1), a < b)


def _polylines(
    borders: _Borders, random: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vertices of all borders without their last, and where each begins."""
    from_, to = borders.corner[borders.ends[:, 0]], borders.corner[borders.ends[:, 1]]
    length = np.hypot(*(to - from_).T)
    # Longer borders are divided more often, by their length in the middle of the lengths.
    rank = np.argsort(np.argsort(length)) / max(len(length), 1)
    halvings = np.select([rank < 0.04, rank < 0.12, rank < 0.78], [2, 3, 4], 5)
    start = np.concatenate([[0], np.cumsum(1 << halvings)])
    line = np.empty((start[-1], 2))
    for times in range(2, 6):
        some = np.flatnonzero(halvings == times)
        points = np.stack([from_[some], to[some]], axis=1)
        for _ in range(times):
            points = _halved(points, random)
        line[start[some][:, None] + np.arange(1 << times)] = points[:, :-1]
    return line, start


def _halved(points: NDArray[np.float64], random: np.random.Generator) -> NDArray[np.float64]:
    step = np.diff(points, axis=1)
    sideways = np.stack([-step[..., 1], step[..., 0]], axis=-1)
    share = random.uniform(-_WIGGLE, _WIGGLE, step.shape[:2])[..., None]
    out = np.empty((len(points), 2 * points.shape[1] - 1, 2))
    out[:, ::2] = points
    out[:, 1::2] = points[:, :-1] + step / 2 + share * sideways
    return out


def _polygons(
    borders: _Borders, line: NDArray[np.float64], start: NDArray[np.int64]
) -> NDArray[np.object_]:
    """Join the borders of each cell, every one used as it is by both sides."""
    line = np.round(line / [_M_LON, _M_LAT] + CENTRE, 9)
    corner = np.round(borders.corner / [_M_LON, _M_LAT] + CENTRE, 9)
    count = np.diff(start)[borders.border]
    offset = np.repeat(np.cumsum(count) - count, count)
    along = np.arange(count.sum()) - offset
    first, forward = np.repeat(start[borders.border], count), np.repeat(borders.forward, count)
    # Backwards a border begins with its last corner, which the polyline leaves out.
    size = np.repeat(count, count)
    xy = line[np.where(forward, first + along, first + (size - along) % size)]
    last = np.repeat(borders.ends[borders.border, 1], count)
    xy = np.where((~forward & (along == 0))[:, None], corner[last], xy)
    vertices = np.bincount(borders.cell, weights=count).astype(np.int64)
    ends = np.cumsum(vertices)
    closed = np.insert(np.arange(len(xy)), ends, ends - vertices)
    offsets = np.concatenate([[0], np.cumsum(vertices + 1)])
    rings = np.arange(len(vertices) + 1)
    made: NDArray[np.object_] = shapely.from_ragged_array(
        shapely.GeometryType.POLYGON, xy[closed], (offsets, rings)
    )
    return made


def uniform_points(
    atoms: NDArray[np.object_], number: int, seed: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Points all over the bounding box of a coverage: lon, lat."""
    west, south, east, north = shapely.total_bounds(atoms)
    random = np.random.default_rng(seed)
    return random.uniform(west, east, number), random.uniform(south, north, number)


def clustered_points(
    atoms: NDArray[np.object_], number: int, seed: int = 2
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Four in five points in 2,000 hot spots of unlike weight, one within 10 m of a border."""
    random = np.random.default_rng(seed)
    west, south, east, north = shapely.total_bounds(atoms)
    where = np.zeros((0, 2))
    xy = shapely.get_coordinates(atoms[random.integers(0, len(atoms), 4000)])
    spots = xy[random.integers(0, len(xy), 2000)]
    weight = 1 / np.arange(1, 2001)
    near_spot = spots[random.choice(2000, int(number * 0.8), p=weight / weight.sum())]
    spread = random.normal(0, 60, (len(near_spot), 2)) / [_M_LON, _M_LAT]
    border = xy[random.integers(0, len(xy), number - len(near_spot))]
    beside = random.uniform(-7, 7, border.shape) / [_M_LON, _M_LAT]
    where = np.concatenate([near_spot + spread, border + beside])
    random.shuffle(where)
    lon = np.clip(where[:, 0], west, east)
    return lon.copy(), np.clip(where[:, 1], south, north).copy()
