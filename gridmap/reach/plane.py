"""A plane around the middle of a network, in metres."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike

from gridmap.crs import metres_per_degree
from gridmap.reach.model import Floats, Shapes

__all__ = ["Plane"]


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres east and north of a place; over a district true to a thousandth.

    Lengths of streets are not measured in it: see :meth:`lengths`.
    """

    lon: float
    lat: float
    kx: float
    ky: float

    @classmethod
    def around(cls, lonlat: Floats) -> Plane:
        """Return the plane about the middle of the bounds of positions, shape (n, 2)."""
        lon, lat = (lonlat.min(axis=0) + lonlat.max(axis=0)) / 2 if len(lonlat) else (0.0, 0.0)
        kx, ky = metres_per_degree(lat)
        return cls(float(lon), float(lat), float(kx), float(ky))

    def to_metres(self, lonlat: ArrayLike) -> Floats:
        """Return positions in metres, shape (n, 2)."""
        return (np.asarray(lonlat, dtype=np.float64) - [self.lon, self.lat]) * [self.kx, self.ky]

    def from_metres(self, xy: ArrayLike) -> Floats:
        """Return longitude and latitude of positions in metres, shape (n, 2)."""
        middle = np.array([self.lon, self.lat])
        return np.asarray(np.asarray(xy, dtype=np.float64) / [self.kx, self.ky] + middle)

    def to_lonlat(self, shape: Any) -> Any:
        """Return a shape of metres in EPSG:4326."""
        return shapely.transform(shape, self.from_metres)

    def lines(self, courses: Floats, of: Any) -> Shapes:
        """Return linestrings in metres; `of` is the line of each position."""
        made: Shapes = shapely.linestrings(self.to_metres(courses), indices=of)
        return made

    @staticmethod
    def lengths(lonlat: Floats) -> Floats:
        """Return the metres between consecutive positions (n - 1,), each at its own latitude.

        The error is below a millionth for what is shorter than a kilometre.
        """
        kx, ky = metres_per_degree((lonlat[:-1, 1] + lonlat[1:, 1]) / 2)
        dx, dy = np.diff(lonlat, axis=0).T
        return np.asarray(np.hypot(dx * kx, dy * ky))
