"""The plain engine: shapely's STRtree for the predicates, `Borders` for the metres."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.prepared import prepared_copies
from gridmap.locate.borders import Borders, Floats, Ints

__all__ = ["STRtreeIndex"]

_BLOCK = 65_536  # points turned into geometries at once
# A prepared polygon takes about 100 bytes a vertex more; past this a process would feel it.
_PREPARED_VERTICES = 8_000_000


class STRtreeIndex:
    """An :class:`~gridmap.locate.model.AtomIndex` on GEOS alone, without compiled code.

    The tree finds atoms by their boxes; each is then asked exactly. Borders are compared in
    longitude and latitude as stored, distances are metres on the ellipsoid.

    Parameters
    ----------
    geometry : object array (n,)
        Polygon or MultiPolygon, EPSG:4326, in the order of the tie rule; None and empty
        touch nothing. Invalid ones are asked as GEOS understands them.
    """

    def __init__(self, geometry: NDArray[np.object_]) -> None:
        self._geometry = geometry.copy()
        self._tree = shapely.STRtree(self._geometry)
        self._borders = Borders(self._geometry)
        if shapely.get_num_coordinates(self._geometry).sum() <= _PREPARED_VERTICES:
            self._prepare()

    def _prepare(self) -> None:
        # A prepared polygon tells inside from outside by counting crossings over all its
        # rings, which is only the same where it is valid.
        valid = shapely.is_valid(self._geometry)
        sound = self._geometry[valid] = prepared_copies(self._geometry[valid])
        # GEOS builds the inner index at the first question, without a lock: ask it here,
        # before threads share the copies. The middle of the box is not ruled out early.
        box = shapely.bounds(sound)
        shapely.intersects_xy(sound, (box[:, 0] + box[:, 2]) / 2, (box[:, 1] + box[:, 3]) / 2)

    def first(
        self, lon: Floats, lat: Floats, *, threads: int = 1
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Winner of each point, -1 for none, and status; see `TileEngine`."""
        atom, status = np.full(len(lon), -1, np.int32), np.zeros(len(lon), np.uint8)
        known = np.flatnonzero(np.isfinite(lon) & np.isfinite(lat))
        point, touched = self.touching(lon[known], lat[known])
        count = np.bincount(point, minlength=len(known))
        # Backwards, so that the smallest number is written last.
        atom[known[point[::-1]]] = touched[::-1]
        found = known[count > 0]
        border = self.on_border(lon[found], lat[found], atom[found].astype(np.int64))
        status[found] = 1 + 2 * border + 4 * (count[count > 0] > 1)
        return atom, status

    def first_one(self, lon: float, lat: float) -> tuple[int, int]:
        """Winner and status of one point."""
        atom, status = self.first(np.array([lon], np.float64), np.array([lat], np.float64))
        return int(atom[0]), int(status[0])

    def touching(self, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        """Pairs (point, atom) that intersect, ordered by point, then atom."""
        points, atoms = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for start in range(0, len(lon), _BLOCK):
            x, y = lon[start : start + _BLOCK], lat[start : start + _BLOCK]
            point, atom = self._tree.query(shapely.points(x, y))
            hit = shapely.intersects_xy(self._geometry[atom], x[point], y[point])
            point, atom = point[hit], atom[hit]
            order = np.lexsort((atom, point))
            points.append(point[order] + start)
            atoms.append(atom[order])
        return np.concatenate(points), np.concatenate(atoms)

    def on_border(self, lon: Floats, lat: Floats, atom: Ints) -> NDArray[np.bool_]:
        """For each point and its own atom: True when the point lies exactly on the border."""
        polygons = self._geometry[atom]
        touched = shapely.intersects_xy(polygons, lon, lat)
        inside = shapely.contains_xy(polygons, lon, lat)
        border: NDArray[np.bool_] = touched & ~inside
        return border

    def margin(self, lon: Floats, lat: Floats, atom: Ints) -> Floats:
        """Metres from each point to the border of its own atom; NaN where it has none."""
        return self._borders.distance(lon, lat, atom)

    def within(self, lon: Floats, lat: Floats, radius_m: Floats) -> tuple[Ints, Ints, Floats]:
        """Triples (point, atom, metres) with distance <= radius_m, by point, then atom."""
        point, atom = self.touching(lon, lat)
        near, other, metres = self._borders.within(lon, lat, radius_m)
        away = np.concatenate([np.zeros(len(point)), metres])
        point, atom = np.concatenate([point, near]), np.concatenate([atom, other])
        # A point in an atom is at distance 0 from it, however far the border is: of a pair
        # found twice the first is taken, the one that touches.
        _, first = np.unique(point * max(len(self._geometry), 1) + atom, return_index=True)
        return point[first], atom[first], away[first]

    def nearest(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        """Nearest atom of each point and its distance; -1 and NaN when there is no atom."""
        atom, metres = self._borders.nearest(lon, lat)
        point, touched = self.touching(lon, lat)
        # Backwards, so that the smallest number is written last.
        atom[point[::-1]] = touched[::-1]
        metres[point] = 0.0
        return atom, metres
