"""Registered objects near points: lamps, covers, cabinets, mains, each with its own radius."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.crs import metres_per_degree

__all__ = ["Objects"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# A degree of longitude is shorter at one end of a search than at the other; exact metres are
# asked afterwards.
_SLACK = 1.01
# A district has so many cells either way, each about as wide as a street.
_CELLS = 1024


class Objects:
    """Objects as drawn (points, lines, areas), asked which are within their radius of a point.

    Distances are metres in the plane that touches the earth at the object.

    Parameters
    ----------
    rows : int64 (n,)
        Numbers by which they are answered, in the order of their codes.
    drawn : object array (n,)
        EPSG:4326; None and empty are nowhere.
    radius_m : float64 (n,)
    """

    def __init__(self, rows: Ints, drawn: NDArray[np.object_], radius_m: Floats) -> None:
        there = np.array([s is not None and not s.is_empty for s in drawn], dtype=bool)
        self._rows, self._radius = rows[there].astype(np.int64), radius_m[there]
        shapes = drawn[there]
        middle = shapely.get_y(shapely.centroid(shapes)) if len(shapes) else np.zeros(0)
        self._scale = (
            np.column_stack(metres_per_degree(middle)) if len(shapes) else np.zeros((0, 2))
        )
        self._plane = np.empty(len(shapes), dtype=object)
        for i, shape in enumerate(shapes):
            scale = self._scale[i]
            self._plane[i] = shapely.transform(shape, lambda xy, scale=scale: xy * scale)
        self._box = shapely.bounds(shapes).reshape(-1, 4)
        degrees = self._radius[:, None] * _SLACK / self._scale
        wide = self._box + np.column_stack((-degrees, degrees))
        self._tree = shapely.STRtree(shapely.box(*wide.T))
        self._ground = _Ground(wide)

    def __len__(self) -> int:
        return len(self._rows)

    def around(
        self, lon: Floats, lat: Floats, more_m: Floats
    ) -> tuple[Ints, Ints, NDArray[np.bool_]]:
        """Return pairs (point, row), and which are within the object's own radius.

        Parameters
        ----------
        lon, lat : float64 (n,)
            EPSG:4326.
        more_m : float64 (n,)
            Metres by which a point's accuracy widens every radius.

        Returns
        -------
        point, row : int64 (k,)
            Ordered by point, then distance, then row.
        within : bool (k,)
        """
        point, found = self._boxes_at(lon, lat, more_m)
        at = shapely.points(np.column_stack((lon[point], lat[point])) * self._scale[found])
        metres = shapely.distance(at, self._plane[found])
        near = metres <= self._radius[found] + more_m[point]
        point, found, metres = point[near], found[near], metres[near]
        order = np.lexsort((found, metres, point))
        point, found, metres = point[order], found[order], metres[order]
        return point.astype(np.int64), self._rows[found], metres <= self._radius[found]

    def _boxes_at(self, lon: Floats, lat: Floats, more_m: Floats) -> tuple[Ints, Ints]:
        """Return pairs (point, object) that may be near enough: boxes that meet."""
        wide = np.flatnonzero(more_m > 0)
        exact = np.flatnonzero(more_m <= 0)
        exact = exact[self._ground.near(lon[exact], lat[exact])]
        # A point is a hundred times quicker made than a box of no size.
        point, found = self._tree.query(shapely.points(lon[exact], lat[exact]))
        x, y = (more_m[wide, None] * _SLACK / np.column_stack(metres_per_degree(lat[wide]))).T
        west, south, east, north = lon[wide] - x, lat[wide] - y, lon[wide] + x, lat[wide] + y
        further, other = self._tree.query(shapely.box(west, south, east, north))
        return np.concatenate([exact[point], wide[further]]), np.concatenate([found, other])


class _Ground:
    """A raster that says of most points at once that no box is there."""

    def __init__(self, boxes: Floats) -> None:
        self._busy = np.zeros((_CELLS, _CELLS), dtype=bool)
        self._corner, self._size = np.zeros(2), np.ones(2)
        if not len(boxes):
            return
        self._corner = boxes[:, :2].min(axis=0)
        self._size = np.maximum((boxes[:, 2:].max(axis=0) - self._corner) / _CELLS, 1e-12)
        for west, south, east, north in self._cells(boxes.reshape(-1, 2)).reshape(-1, 4).tolist():
            self._busy[west : east + 1, south : north + 1] = True

    def _cells(self, xy: Floats) -> Ints:
        cells = np.floor((xy - self._corner) / self._size)
        return np.clip(cells, 0, _CELLS - 1).astype(np.int64)

    def near(self, lon: Floats, lat: Floats) -> NDArray[np.bool_]:
        """False for each point that is in none of the boxes."""
        x, y = self._cells(np.column_stack((lon, lat))).T
        found: NDArray[np.bool_] = self._busy[x, y]
        return found
