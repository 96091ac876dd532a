"""Coordinate systems: arrays in, arrays out, longitude (or easting) always first.

The store holds one system, WGS-84 longitude and latitude in degrees (EPSG:4326). CGCS2000
(EPSG:4490) is treated as equal to it: the two differ by centimetres. GCJ-02 and BD-09 are
an approximation for recognising and aligning reports, never for making public maps; see
:mod:`gridmap.offsets`. Every other system, the Gauss-Krueger zones of CGCS2000 included
(EPSG:4513-4533 with the zone number in the easting, 4534-4554 without), goes through PROJ
with ``always_xy``: EPSG declares latitude or northing first for 4490 and its zones, files
and people write it last.

A value that is missing, infinite or out of range becomes NaN in both coordinates of that
element alone, without a warning. Empty arrays give empty arrays.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod
from pyproj.enums import TransformDirection

from gridmap.coordsys import COORD_SYSTEMS, Box, normalise_name, transformer, zone_number
from gridmap.errors import BadValue
from gridmap.offsets import Floats, Pair, in_gcj_area, offset, use_offset

__all__ = [
    "COORD_SYSTEMS",
    "convert",
    "from_wgs84",
    "geodesic_m",
    "in_gcj_area",
    "in_own_zone",
    "metres_per_degree",
    "normalise_name",
    "to_wgs84",
    "transform_geometry",
    "use_offset",
    "valid_lonlat",
]

_PLAIN = ("wgs84", "cgcs2000")

# What lies in one zone may reach so far beyond the zone's own million of metres; what lies in the
# middle of the next million belongs to the next zone. The widest provinces reach there from the
# zone in their middle: they are given without the number of the zone, which says nothing there.
_SPILL_M = 100_000.0

_A = 6378137.0  # WGS-84
_E2 = 0.0066943799901413165


def to_wgs84(x: ArrayLike, y: ArrayLike, coord_sys: str) -> Pair:
    """Convert positions to WGS-84.

    Parameters
    ----------
    x, y : array_like of float
        Longitude and latitude in degrees, or easting and northing in the system's unit;
        broadcast against each other.
    coord_sys : str
        Any name that :func:`normalise_name` takes.

    Returns
    -------
    lon, lat : float64 arrays of the broadcast shape
        EPSG:4326 degrees. NaN in both where either input is NaN, infinite or out of range,
        where a plane position lies more than 10 degrees from where its system is used, and
        where an easting is of another zone than its system, see :func:`in_own_zone`.

    Raises
    ------
    UnknownCoordSys
        When there is no such system.
    BadValue
        When the input is not numeric or the shapes do not fit.

    Examples
    --------
    >>> lon, lat = to_wgs84([117.0726711], [36.6660784], "bd09")
    >>> lon.round(6), lat.round(6)
    (array([117.06]), array([36.66]))
    """
    name = normalise_name(coord_sys)
    x, y = _arrays(x, y)
    if name not in COORD_SYSTEMS:
        return _project(x, y, name, TransformDirection.FORWARD)
    x, y = _masked(x, y, valid_lonlat(x, y))
    return (x, y) if name in _PLAIN else offset(name).inverse(x, y)


def from_wgs84(lon: ArrayLike, lat: ArrayLike, coord_sys: str) -> Pair:
    """Convert WGS-84 positions to another system; the reverse of :func:`to_wgs84`.

    NaN in both results where either input is NaN, infinite or out of range, or too far from
    where a plane system is used. Shapes and errors are those of :func:`to_wgs84`.
    """
    name = normalise_name(coord_sys)
    lon, lat = _arrays(lon, lat)
    lon, lat = _masked(lon, lat, valid_lonlat(lon, lat))
    if name not in COORD_SYSTEMS:
        return _project(lon, lat, name, TransformDirection.INVERSE)
    return (lon, lat) if name in _PLAIN else offset(name).forward(lon, lat)


def convert(x: ArrayLike, y: ArrayLike, source: str, target: str) -> Pair:
    """Convert from one system to another, through WGS-84 unless they are the same.

    Shapes, NaN and errors are those of :func:`to_wgs84`.
    """
    source, target = normalise_name(source), normalise_name(target)
    if source == target and source in COORD_SYSTEMS:
        x, y = _arrays(x, y)
        return _masked(x, y, valid_lonlat(x, y))
    return from_wgs84(*to_wgs84(x, y, source), target)


def transform_geometry(
    geoms: NDArray[np.object_] | Any, source: str, target: str = "wgs84"
) -> NDArray[np.object_]:
    """Convert the vertices of geometries, once each; edges stay straight between them.

    Parameters
    ----------
    geoms : array_like of shapely geometries
        In `source`; None stays None, empty stays empty, Z and M are dropped.
    source, target : str
        Any names that :func:`normalise_name` takes.

    Returns
    -------
    object array of the same shape
        In `target`, two-dimensional. An empty array gives an empty array.

    Raises
    ------
    BadValue
        When a vertex is out of range: the declared system is then the wrong one.
    """
    plane = shapely.force_2d(np.asarray(geoms, dtype=object))
    xy, row = shapely.get_coordinates(plane, return_index=True)
    moved = np.column_stack(convert(xy[:, 0], xy[:, 1], source, target))
    lost = np.isnan(moved[:, 0])
    if lost.any():
        first = int(np.flatnonzero(lost)[0])
        raise BadValue(
            f"{int(lost.sum())} vertices in {len(np.unique(row[lost]))} geometries are out of "
            f"range for their coordinate system; the first is in row {int(row[first]) + 1}.",
            got=f"{xy[first, 0]:.10g} {xy[first, 1]:.10g}",
            repair="Declare the system the data are really in (northing and easting swapped?).",
        )
    done: NDArray[np.object_] = shapely.set_coordinates(plane, moved)
    return done


def valid_lonlat(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """True where both are finite, longitude in -180..180 and latitude in -90..90 degrees."""
    inside: NDArray[np.bool_] = np.abs(np.asarray(lon, dtype=np.float64)) <= 180.0
    return inside & (np.abs(np.asarray(lat, dtype=np.float64)) <= 90.0)


def in_own_zone(easting: ArrayLike, coord_sys: str) -> NDArray[np.bool_]:
    """True where an easting can be of the zone whose number its system writes before it.

    Parameters
    ----------
    easting : array_like of float
        Metres.
    coord_sys : str
        What :func:`normalise_name` returned. True everywhere for a system without such numbers.

    Returns
    -------
    bool array of the same shape
        False from 100 km beyond the zone's own million of metres.
    """
    easting = np.asarray(easting, dtype=np.float64)
    zone = zone_number(coord_sys)
    if zone is None:
        return np.ones(easting.shape, dtype=bool)
    from_west = easting - zone * 1e6
    return (from_west >= -_SPILL_M) & (from_west < 1e6 + _SPILL_M)


def metres_per_degree(lat: ArrayLike) -> Pair:
    """Length of one degree at a latitude on the WGS-84 ellipsoid.

    Parameters
    ----------
    lat : array_like of float
        Degrees; NaN and out of range give NaN.

    Returns
    -------
    kx, ky : float64 arrays of the same shape
        Metres per degree of longitude (prime vertical radius times the cosine) and of
        latitude (meridional radius); the error of a plane distance taken with them is
        below 1e-4 of it within 1 km.
    """
    lat = np.asarray(lat, dtype=np.float64)
    phi = np.radians(np.where(np.abs(lat) <= 90.0, lat, np.nan))
    w = 1.0 - _E2 * np.sin(phi) ** 2
    root_w = np.sqrt(w)
    return np.radians(_A / root_w * np.cos(phi)), np.radians(_A * (1.0 - _E2) / (w * root_w))


def geodesic_m(lon1: ArrayLike, lat1: ArrayLike, lon2: ArrayLike, lat2: ArrayLike) -> Floats:
    """Distance in metres on the WGS-84 ellipsoid (Karney), by element, with broadcasting.

    Degrees in; NaN where any of the four is NaN, infinite or out of range.
    """
    lon1, lat1, lon2, lat2 = np.broadcast_arrays(
        *(np.asarray(v, dtype=np.float64) for v in (lon1, lat1, lon2, lat2))
    )
    known = valid_lonlat(lon1, lat1) & valid_lonlat(lon2, lat2)
    out = np.full(lon1.shape, np.nan)
    if known.any():
        out[known] = _geod().inv(lon1[known], lat1[known], lon2[known], lat2[known])[2]
    return out


@lru_cache(maxsize=1)
def _geod() -> Geod:
    return Geod(ellps="WGS84")


def _arrays(x: ArrayLike, y: ArrayLike) -> Pair:
    try:
        x, y = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
    except (TypeError, ValueError) as error:
        raise BadValue(
            "Coordinates must be numbers, as many x as y.",
            got=str(error),
            repair="Use NaN where a coordinate is missing.",
        ) from error
    return x, y


def _masked(x: Floats, y: Floats, keep: NDArray[np.bool_]) -> Pair:
    return np.where(keep, x, np.nan), np.where(keep, y, np.nan)


def _project(x: Floats, y: Floats, name: str, direction: TransformDirection) -> Pair:
    """Run PROJ over the usable elements; what lies far from where it is used becomes NaN."""
    proj, area = transformer(name)
    out_x, out_y = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    usable = np.isfinite(x) & np.isfinite(y)
    if direction is TransformDirection.INVERSE:
        usable &= _within(x, y, area)
    else:
        usable &= in_own_zone(x, name)
    if usable.any():
        out_x[usable], out_y[usable] = proj.transform(x[usable], y[usable], direction=direction)
    if direction is TransformDirection.FORWARD:
        return _masked(out_x, out_y, valid_lonlat(out_x, out_y) & _within(out_x, out_y, area))
    found = np.isfinite(out_x) & np.isfinite(out_y) & in_own_zone(out_x, name)
    return _masked(out_x, out_y, found)


def _within(lon: Floats, lat: Floats, area: Box) -> NDArray[np.bool_]:
    west, east, south, north = area
    inside: NDArray[np.bool_] = (lon >= west) & (lon <= east)
    return inside & (lat >= south) & (lat <= north)
