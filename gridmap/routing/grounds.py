"""The ground of a ruling as it is given: a polygon, a line with a width, a circle."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isfinite
from typing import Any, NoReturn

import shapely

from gridmap.errors import BadValue
from gridmap.routing.overlays import widened

__all__ = [
    "MOST_RADIUS_M",
    "MOST_WIDTH_M",
    "circle_around",
    "read_line",
    "read_polygon",
    "refuse",
]

MOST_RADIUS_M = 1000.0
MOST_WIDTH_M = 200.0
_MOST_CORNERS = 10_000

_KINDS = ("Polygon", "MultiPolygon")
_LINES = ("LineString", "MultiLineString")
_PLACE = re.compile(r"(.*)\[(\S+) (\S+)\]\Z")


def read_polygon(data: Any) -> Any:
    """Return the polygon of a GeoJSON geometry or feature (longitude, latitude).

    Raises
    ------
    BadValue
        When it is none, with the ring and position, or the longitude and latitude, at fault.
    """
    kind, parts = _parts(data, _KINDS, "polygon")
    shapes = [_part(rings, f"part {n}, " if kind != "Polygon" else "") for n, rings in
              enumerate(parts, start=1)]  # fmt: skip
    shape = shapes[0] if kind == "Polygon" else shapely.MultiPolygon(shapes)
    _need_few(shape, "polygon")
    _need_valid(shape)
    return shape


def _need_valid(shape: Any) -> None:
    if not shapely.is_valid(shape):
        reason = str(shapely.is_valid_reason(shape))
        place = _PLACE.match(reason)
        what, at = (place[1], f" at {place[2]}, {place[3]}") if place else (reason, "")
        refuse(f"The polygon is not valid{at}.", got=what, repair="Mend its ring there.")


def read_line(data: Any, width_m: Any) -> Any:
    """Return the ground on both sides of a GeoJSON line (longitude, latitude), as a polygon.

    `width_m` is its whole width in metres, half of it on either side.

    Raises
    ------
    BadValue
        When it is no line, with the part and position at fault, or the width is not usable.
    """
    wide = isinstance(width_m, (int, float)) and not isinstance(width_m, bool)
    if not wide or not 0 < width_m <= MOST_WIDTH_M:
        refuse(
            "A line needs the width of the ground along it.",
            got=width_m,
            allowed=f"width_m of more than 0, up to {MOST_WIDTH_M:g} m",
        )
    kind, parts = _parts(data, _LINES, "line")
    found = []
    for n, part in enumerate(parts, start=1):
        where = f"part {n}, " if kind != "LineString" else ""
        if not isinstance(part, list) or len(part) < 2:
            got = len(part) if isinstance(part, list) else repr(part)[:80]
            refuse(f"A line has at least two positions ({where}line).", got=got)
        spots = [_position(spot, f"{where}position {i}") for i, spot in enumerate(part, start=1)]
        if len(set(spots)) < 2:
            refuse(f"A line leads from one place to another ({where}line).", got=spots[0])
        found.append(shapely.LineString(spots))
    shape = shapely.MultiLineString(found)
    _need_few(shape, "line")
    return shapely.make_valid(widened(shape, width_m / 2))


def _parts(data: Any, kinds: tuple[str, ...], what: str) -> tuple[str, list[Any]]:
    """Return the kind of a GeoJSON geometry or feature, and the coordinates of its parts."""
    if isinstance(data, Mapping) and data.get("type") == "Feature":
        data = data.get("geometry")
    kind = data.get("type") if isinstance(data, Mapping) else None
    if kind not in kinds or not isinstance(data, Mapping):
        refuse(f"The ground is no GeoJSON {what}.", got=repr(kind), allowed=list(kinds))
    parts = data.get("coordinates")
    if kind == kinds[0]:
        parts = [parts]
    if not isinstance(parts, list) or not parts:
        refuse(f"The {what} has no coordinates.", got=type(parts).__name__)
    return str(kind), parts


def _need_few(shape: Any, what: str) -> None:
    corners = int(shapely.get_num_coordinates(shape))
    if corners > _MOST_CORNERS:
        refuse(f"The {what} has too many corners.", got=corners, allowed=_MOST_CORNERS)


def _part(rings: Any, where: str) -> Any:
    if not isinstance(rings, list) or not rings:
        refuse(f"The polygon has no ring ({where or 'part 1, '}ring 1).", got=repr(rings)[:80])
    read = [_ring(ring, f"{where}ring {n}") for n, ring in enumerate(rings, start=1)]
    return shapely.Polygon(read[0], read[1:])


def _ring(ring: Any, where: str) -> list[tuple[float, float]]:
    if not isinstance(ring, list) or len(ring) < 4:
        refuse(
            f"A ring has at least four positions ({where}).",
            got=len(ring) if isinstance(ring, list) else repr(ring)[:80],
        )
    found = [_position(spot, f"{where}, position {n}") for n, spot in enumerate(ring, start=1)]
    if found[0] != found[-1]:
        refuse(
            f"A ring ends where it begins ({where}).",
            got=f"{found[0]} and {found[-1]}",
            repair="Repeat the first position at the end.",
        )
    return found


def _position(spot: Any, where: str) -> tuple[float, float]:
    numbers = isinstance(spot, list) and len(spot) in {2, 3}
    if not numbers or not all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and isfinite(v) for v in spot
    ):
        refuse(f"A position is longitude and latitude ({where}).", got=repr(spot)[:80])
    lon, lat = float(spot[0]), float(spot[1])
    if abs(lon) > 180 or abs(lat) > 90:
        refuse(
            f"A position lies outside the earth's degrees ({where}).",
            got=f"{lon}, {lat}",
            repair="GeoJSON has the longitude first.",
        )
    return lon, lat


def circle_around(lon: float | None, lat: float | None, radius_m: float) -> Any:
    """Return the ground within a radius of a place.

    Raises
    ------
    BadValue
        When there is no place, or the radius is not usable.
    """
    if lon is None or lat is None:
        refuse("The review has no place to draw a circle around.", repair="Give a polygon.")
    if not 0 < radius_m <= MOST_RADIUS_M:
        refuse(
            "This radius is not usable.",
            got=radius_m,
            allowed=f"more than 0, up to {MOST_RADIUS_M:g} m",
        )
    return widened(shapely.Point(lon, lat), radius_m)


def refuse(
    message: str, *, got: object = None, allowed: object = None, repair: str | None = None
) -> NoReturn:
    """Raise `BadValue`."""
    raise BadValue(message, got=got, allowed=allowed, repair=repair)
