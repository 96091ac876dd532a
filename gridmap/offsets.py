"""GCJ-02 and BD-09: the shifted coordinates of Chinese map services, both ways.

Neither algorithm has been published by its owner; what is here are the constants that
open implementations agree on. They are an approximation for recognising and aligning
reports that arrive in such coordinates, never for making public maps. A site that holds an
authorised conversion puts it in place with :func:`use_offset`; callers do not change.

The published one-step inverses are off by up to 5.5 m. Here the forward function is
inverted by iteration: the shift changes by less than 3 % over its own length, so each pass
gains at least one and a half decimal places.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridmap.errors import UnknownCoordSys

__all__ = ["GCJ_BOX", "Floats", "Offset", "ShiftedOffset", "in_gcj_area", "offset", "use_offset"]

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]

# West, east, south, north in WGS-84 degrees; outside it the services publish plain WGS-84.
GCJ_BOX = (72.004, 137.8347, 0.8293, 55.8271)

_A = 6378245.0  # Krasovsky 1940, as all open implementations have it
_EE = 0.00669342162296594323
_BD_PI = np.pi * 3000.0 / 180.0

# A fixed count, not a tolerance: a point's answer must not depend on its neighbours in the
# array. Ten passes leave 3e-7 m within a hair of 105 E, where a square root bends the shift
# sharply, and 1e-8 m elsewhere in the box; five would do for a millimetre.
_PASSES = 10
# Longer than the largest shift in the box (BD-09, 0.018 degrees).
_REACH = 0.05
# A result this close to the edge of the box is on it: rounding must not turn a shift off.
_EDGE = 1e-9


class Offset(Protocol):
    """A coordinate system that shifts WGS-84 positions.

    Arrays are float64 of one shape, degrees, longitude first; NaN in gives NaN out, empty
    gives empty, and no warning is raised for a value in -180..180, -90..90.
    """

    def forward(self, lon: Floats, lat: Floats) -> Pair:
        """WGS-84 to the shifted system."""
        ...

    def inverse(self, x: Floats, y: Floats) -> Pair:
        """The shifted system to WGS-84."""
        ...


def in_gcj_area(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """True where a WGS-84 point is in the box in which GCJ-02 applies (edges included).

    NaN is in no box. The box is that of the open implementations; it also covers parts of
    the neighbouring countries, so it recognises nothing but that the shift is applied.
    """
    return _in_box(np.asarray(lon, np.float64), np.asarray(lat, np.float64), 0.0)


def _in_box(lon: Floats, lat: Floats, beyond: float) -> NDArray[np.bool_]:
    west, east, south, north = GCJ_BOX
    inside: NDArray[np.bool_] = (lon >= west - beyond) & (lon <= east + beyond)
    inside &= (lat >= south - beyond) & (lat <= north + beyond)
    return inside


def _gcj_shift(lon: Floats, lat: Floats) -> Pair:
    """GCJ-02 position of a WGS-84 one, without the box."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    wave = 20.0 * np.sin(6.0 * np.pi * x) + 20.0 * np.sin(2.0 * np.pi * x)
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root
    north += (
        wave
        + 20.0 * np.sin(np.pi * y)
        + 40.0 * np.sin(np.pi * y / 3.0)
        + 160.0 * np.sin(np.pi * y / 12.0)
        + 320.0 * np.sin(np.pi * y / 30.0)
    ) * (2.0 / 3.0)
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root
    east += (
        wave
        + 20.0 * np.sin(np.pi * x)
        + 40.0 * np.sin(np.pi * x / 3.0)
        + 150.0 * np.sin(np.pi * x / 12.0)
        + 300.0 * np.sin(np.pi * x / 30.0)
    ) * (2.0 / 3.0)
    phi = np.radians(lat)
    w = 1.0 - _EE * np.sin(phi) ** 2
    root_w = np.sqrt(w)
    meridian = _A * (1.0 - _EE) / (w * root_w)
    parallel = _A / root_w * np.cos(phi)
    return lon + np.degrees(east / parallel), lat + np.degrees(north / meridian)


def _bd_shift(lon: Floats, lat: Floats) -> Pair:
    """BD-09 position of a WGS-84 one, without the box: GCJ-02, then turned and stretched."""
    x, y = _gcj_shift(lon, lat)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_PI)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_PI)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


class ShiftedOffset:
    """An offset given by a smooth shift that applies inside :data:`GCJ_BOX` alone.

    At the edge of the box the system is not one to one: the shift pushes points of the box
    over its edge, where an unshifted point may already have that image. Every point of the
    box round-trips; a WGS-84 point outside it and within one shift of the edge (0.74 km for
    GCJ-02, 1.52 km for BD-09; nowhere near China's border on land) may come back as the
    point of the box that has the same image. An image in the box that no point of the box
    has (the strip along the opposite edge) gives the shift undone, as elsewhere in the box.

    Parameters
    ----------
    shift : callable
        ``shift(lon, lat) -> (x, y)`` in degrees, smooth, changing slowly.
    """

    def __init__(self, shift: Callable[[Floats, Floats], Pair]) -> None:
        self._shift = shift

    def forward(self, lon: Floats, lat: Floats) -> Pair:
        """Shift the points in the box; leave the others as they are."""
        x, y = lon.copy(), lat.copy()
        inside = _in_box(lon, lat, 0.0)
        x[inside], y[inside] = self._shift(lon[inside], lat[inside])
        return x, y

    def inverse(self, x: Floats, y: Floats) -> Pair:
        """Undo the shift by iteration (below 1e-6 m); leave points outside as they are."""
        lon, lat = x.copy(), y.copy()
        near = _in_box(x, y, _REACH)
        seen_x, seen_y = x[near], y[near]
        guess_lon, guess_lat = self._undo(seen_x, seen_y)
        came_from_box = _in_box(guess_lon, guess_lat, _EDGE)
        west, east, south, north = GCJ_BOX
        guess_lon = np.where(came_from_box, np.clip(guess_lon, west, east), guess_lon)
        guess_lat = np.where(came_from_box, np.clip(guess_lat, south, north), guess_lat)
        shifted = came_from_box | _in_box(seen_x, seen_y, 0.0)
        lon[near] = np.where(shifted, guess_lon, seen_x)
        lat[near] = np.where(shifted, guess_lat, seen_y)
        return lon, lat

    def _undo(self, x: Floats, y: Floats) -> Pair:
        lon, lat = x, y
        for _ in range(_PASSES):
            image_x, image_y = self._shift(lon, lat)
            lon, lat = lon - (image_x - x), lat - (image_y - y)
        return lon, lat


_offsets: dict[str, Offset] = {
    "gcj02": ShiftedOffset(_gcj_shift),
    "bd09": ShiftedOffset(_bd_shift),
}


def offset(name: str) -> Offset:
    """Return the offset in use for ``gcj02`` or ``bd09``; `UnknownCoordSys` for another."""
    try:
        return _offsets[name]
    except KeyError:
        raise UnknownCoordSys(
            "No shifted coordinate system has that name.", got=name, allowed=sorted(_offsets)
        ) from None


def use_offset(name: str, provider: Offset) -> Offset:
    """Put `provider` in place of the offset called `name` and return the one it replaces.

    For a site that holds an authorised conversion: call it once when the program starts.
    Stored points keep their raw coordinates and are not converted anew.
    """
    replaced = offset(name)
    _offsets[name] = provider
    return replaced
