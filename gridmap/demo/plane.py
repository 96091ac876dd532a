"""The metric plane the district is built in, how it is bent, and its way to lon/lat.

The plane is an affine image of lon/lat (metres east and north of an anchor), so straight
edges stay straight. Finished vertices lie on a lattice of 1e-7 degrees (about 1 cm): a
coordinate is a whole number divided by 1e7, the same float on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.demo.dice import Dice

__all__ = ["LATTICE", "Bend", "Plane"]

LATTICE = 1e7

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """Metres east and north of an anchor.

    Attributes
    ----------
    lon, lat : float
        Anchor, EPSG:4326.
    metres_per_lon, metres_per_lat : float
        Of one degree at the anchor's latitude; constants, so that no library can move a point.
    """

    lon: float
    lat: float
    metres_per_lon: float
    metres_per_lat: float

    def to_lonlat(self, xy: Floats) -> Floats:
        """Return lon/lat on the lattice for metres, both shape (n, 2)."""
        scale = np.array([self.metres_per_lon, self.metres_per_lat])
        degrees = np.array([self.lon, self.lat]) + xy / scale
        lonlat: Floats = np.rint(degrees * LATTICE) / LATTICE
        return lonlat

    def to_metres(self, lonlat: Floats) -> Floats:
        """Return metres for lon/lat, both shape (n, 2)."""
        scale = np.array([self.metres_per_lon, self.metres_per_lat])
        metres: Floats = (lonlat - np.array([self.lon, self.lat])) * scale
        return metres


class Bend:
    """A smooth one-to-one bending of the plane: straight arterials become curved ones.

    Waves of three lengths, and a turn of the old town that fades outwards. The slopes of all
    waves together stay below 1, so no two points meet.
    """

    def __init__(self, dice: Dice, *, turn: float, radius: float) -> None:
        waves = []
        for length, height, count in ((5200.0, 150.0, 3), (1700.0, 26.0, 4), (420.0, 3.5, 6)):
            for _ in range(count):
                angle = dice.between(0.0, 2 * np.pi)
                size = length * dice.between(0.8, 1.25)
                sway = height * dice.between(0.6, 1.0) / np.sqrt(count)
                across = dice.between(0.0, 2 * np.pi)
                waves.append(
                    (
                        2 * np.pi * np.cos(angle) / size,
                        2 * np.pi * np.sin(angle) / size,
                        dice.between(0.0, 2 * np.pi),
                        sway * np.cos(across),
                        sway * np.sin(across),
                    )
                )
        self._waves = np.array(waves)
        self._turn = turn
        self._radius = radius

    def __call__(self, xy: Floats) -> Floats:
        """Return the bent points, metres, shape (n, 2)."""
        turned = self._turned(xy)
        kx, ky, phase, sway_x, sway_y = self._waves.T
        wave = np.sin(np.outer(turned[:, 0], kx) + np.outer(turned[:, 1], ky) + phase)
        bent: Floats = turned + np.column_stack([wave @ sway_x, wave @ sway_y])
        return bent

    def _turned(self, xy: Floats) -> Floats:
        angle = self._turn * np.exp(-(xy**2).sum(axis=1) / self._radius**2)
        cos, sin = np.cos(angle), np.sin(angle)
        x, y = xy[:, 0], xy[:, 1]
        return np.column_stack([x * cos - y * sin, x * sin + y * cos])
