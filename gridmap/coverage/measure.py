"""Size and place of small polygons given in any coordinate system."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.model import STORED_CRS
from gridmap.crs import metres_per_degree, normalise_name, to_wgs84, transform_geometry

__all__ = ["Measured", "Ruler"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Measured:
    """Size and place of n polygons.

    Attributes
    ----------
    area_m2 : float64 (n,)
    width_m : float64 (n,)
        Twice the area over the perimeter: the width of a long strip, half the side of a
        square. 0 for an empty polygon.
    lon, lat : float64 (n,)
        A point inside, EPSG:4326; NaN for an empty polygon.
    """

    area_m2: Floats
    width_m: Floats
    lon: Floats
    lat: Floats


@dataclass(frozen=True)
class Ruler:
    """Measures polygons given in `coord_sys`.

    The surface around each polygon's centre is taken as a plane, with the scale of the
    ellipsoid there: exact to 1e-4 for what is smaller than a kilometre.
    """

    coord_sys: str = STORED_CRS

    @property
    def _stored(self) -> bool:
        return normalise_name(self.coord_sys) in {"wgs84", "cgcs2000"}

    def measure(self, polygons: NDArray[np.object_]) -> Measured:
        """Return size and place; empty in, empty out."""
        polygons = np.asarray(polygons, dtype=object)
        centre = shapely.get_coordinates(_points(shapely.centroid(polygons)))
        inside = shapely.get_coordinates(_points(_inside(polygons)))
        local = self._to_local_metres(polygons, centre)
        area, perimeter = shapely.area(local), shapely.length(local)
        with np.errstate(divide="ignore", invalid="ignore"):
            width = np.where(perimeter > 0, 2 * area / perimeter, 0.0)
        lon, lat = self.lonlat(inside[:, 0], inside[:, 1])
        return Measured(area, width, lon, lat)

    def lonlat(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Return positions in EPSG:4326."""
        if self._stored:
            return x, y
        lon, lat = to_wgs84(x, y, self.coord_sys)
        return lon, lat

    def stored(self, polygons: NDArray[np.object_]) -> NDArray[np.object_]:
        """Return polygons in EPSG:4326."""
        return polygons if self._stored else transform_geometry(polygons, self.coord_sys)

    def _to_local_metres(
        self, polygons: NDArray[np.object_], centre: Floats
    ) -> NDArray[np.object_]:
        """Return the polygons in metres east and north of their centres."""
        east_x, east_y, north_x, north_y = self._scale(centre[:, 0], centre[:, 1])
        xy, row = shapely.get_coordinates(polygons, return_index=True)
        dx, dy = (xy - centre[row]).T
        metres = np.column_stack(
            [east_x[row] * dx + east_y[row] * dy, north_x[row] * dx + north_y[row] * dy]
        )
        # set_coordinates writes into the array it is given
        out: NDArray[np.object_] = shapely.set_coordinates(polygons.copy(), metres)
        return out

    def _scale(self, x: Floats, y: Floats) -> tuple[Floats, Floats, Floats, Floats]:
        """Metres east and north per unit of x and of y at each place."""
        if self._stored:
            kx, ky = metres_per_degree(y)
            zero = np.zeros_like(kx)
            return kx, zero, zero, ky
        # Central differences over about a millionth of the earth's radius in any unit.
        step = 1e-4 if np.nanmax(np.abs([x, y]), initial=0.0) <= 180.0 else 10.0
        kx, ky = metres_per_degree(self.lonlat(x, y)[1])
        by_x = np.subtract(self.lonlat(x + step, y), self.lonlat(x - step, y)) / (2 * step)
        by_y = np.subtract(self.lonlat(x, y + step), self.lonlat(x, y - step)) / (2 * step)
        return by_x[0] * kx, by_y[0] * kx, by_x[1] * ky, by_y[1] * ky


def _inside(polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """A point inside the largest part of each polygon."""
    out = polygons.copy()
    many = np.flatnonzero(shapely.get_num_geometries(polygons) > 1)
    parts, owner = shapely.get_parts(polygons[many], return_index=True)
    # By owner, the largest last: what is assigned last stays.
    order = np.lexsort((shapely.area(parts), owner))
    out[many[owner[order]]] = parts[order]
    return np.asarray(shapely.point_on_surface(out), dtype=object)


def _points(points: NDArray[np.object_]) -> NDArray[np.object_]:
    """Replace missing and empty points, which have no coordinates, by NaN ones."""
    void = shapely.is_missing(points) | shapely.is_empty(points)
    out: NDArray[np.object_] = np.where(void, shapely.Point(np.nan, np.nan), points)
    return out
