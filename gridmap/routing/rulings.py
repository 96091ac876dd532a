"""Rulings of ownership reviews: the ground that one holds for, and what it may not do.

A ruling becomes an overlay of kind ``ruling``, which wins over every other layer for the items
that it names. So it is looked at before it counts: its ground lies in the district and holds
the place of the review, and no other ruling gives the same items there to somebody else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from typing import Any, NoReturn

import shapely

from gridmap.crs import metres_per_degree
from gridmap.errors import BadValue
from gridmap.routing.overlays import Overlay, widened

__all__ = [
    "MOST_RADIUS_M",
    "RULING",
    "Ruling",
    "check_ground",
    "circle_around",
    "read_polygon",
]

RULING = "ruling"
MOST_RADIUS_M = 1000.0
_MOST_CORNERS = 10_000

# Square metres: what two lines drawn of one border differ by, and no ground that is meant.
_NOISE_M2 = 1.0

_KINDS = ("Polygon", "MultiPolygon")
_PLACE = re.compile(r"(.*)\[(\S+) (\S+)\]\Z")


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the board decided.

    Attributes
    ----------
    owner : str
        Code of a party.
    items : tuple of str
        Codes of the items that it holds for, at least one.
    document : str
        The minutes or the letter that it is recorded in.
    valid_from, valid_to : date, date or None
        First day, and the first day no longer; None is open.
    ground : mapping
        How the ground was given: ``polygon``, ``radius_m``, ``overlay`` or ``area``.
    """

    owner: str
    items: tuple[str, ...]
    document: str
    valid_from: date
    valid_to: date | None
    ground: Mapping[str, Any]

    def __post_init__(self) -> None:
        if not self.items or not self.document.strip() or not self.owner:
            raise BadValue(
                "A ruling names its owner, its items and the document it is recorded in.",
                got=f"owner '{self.owner}', {len(self.items)} items, document '{self.document}'",
            )
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            raise BadValue(
                "A ruling ends after it begins.",
                got=f"{self.valid_from} to {self.valid_to}",
                repair="Leave valid_to out when it has no end.",
            )

    def overlay(self, code: str, name: str, name_en: str) -> Overlay:
        """Return the overlay that the ruling becomes."""
        return Overlay(
            code=code,
            kind=RULING,
            name=name,
            name_en=name_en,
            owner=self.owner,
            source=self.document,
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            items=self.items,
        )


def read_polygon(data: Any) -> Any:
    """Return the polygon of a GeoJSON geometry or feature (longitude, latitude).

    Raises
    ------
    BadValue
        When it is none, with the ring and position, or the longitude and latitude, at fault.
    """
    if isinstance(data, Mapping) and data.get("type") == "Feature":
        data = data.get("geometry")
    kind = data.get("type") if isinstance(data, Mapping) else None
    if kind not in _KINDS or not isinstance(data, Mapping):
        _refuse("The ground is no GeoJSON polygon.", got=repr(kind), allowed=list(_KINDS))
    parts = data.get("coordinates")
    if kind == "Polygon":
        parts = [parts]
    if not isinstance(parts, list) or not parts:
        _refuse("The polygon has no coordinates.", got=type(parts).__name__)
    shapes = [_part(rings, f"part {n}, " if kind != "Polygon" else "") for n, rings in
              enumerate(parts, start=1)]  # fmt: skip
    shape = shapes[0] if kind == "Polygon" else shapely.MultiPolygon(shapes)
    if shapely.get_num_coordinates(shape) > _MOST_CORNERS:
        _refuse(
            "The polygon has too many corners.",
            got=int(shapely.get_num_coordinates(shape)),
            allowed=_MOST_CORNERS,
        )
    if not shapely.is_valid(shape):
        reason = str(shapely.is_valid_reason(shape))
        place = _PLACE.match(reason)
        what, at = (place[1], f" at {place[2]}, {place[3]}") if place else (reason, "")
        _refuse(f"The polygon is not valid{at}.", got=what, repair="Mend its ring there.")
    return shape


def _part(rings: Any, where: str) -> Any:
    if not isinstance(rings, list) or not rings:
        _refuse(f"The polygon has no ring ({where or 'part 1, '}ring 1).", got=repr(rings)[:80])
    read = [_ring(ring, f"{where}ring {n}") for n, ring in enumerate(rings, start=1)]
    return shapely.Polygon(read[0], read[1:])


def _ring(ring: Any, where: str) -> list[tuple[float, float]]:
    if not isinstance(ring, list) or len(ring) < 4:
        _refuse(
            f"A ring has at least four positions ({where}).",
            got=len(ring) if isinstance(ring, list) else repr(ring)[:80],
        )
    found = [_position(spot, f"{where}, position {n}") for n, spot in enumerate(ring, start=1)]
    if found[0] != found[-1]:
        _refuse(
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
        _refuse(f"A position is longitude and latitude ({where}).", got=repr(spot)[:80])
    lon, lat = float(spot[0]), float(spot[1])
    if abs(lon) > 180 or abs(lat) > 90:
        _refuse(
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
        _refuse("The review has no place to draw a circle around.", repair="Give a polygon.")
    if not 0 < radius_m <= MOST_RADIUS_M:
        _refuse(
            "This radius is not usable.",
            got=radius_m,
            allowed=f"more than 0, up to {MOST_RADIUS_M:g} m",
        )
    return widened(shapely.Point(lon, lat), radius_m)


def check_ground(
    ground: Any,
    ruling: Ruling,
    *,
    district: Any,
    place: tuple[float | None, float | None],
    rulings: Iterable[Overlay],
    shapes: Sequence[Any],
) -> None:
    """Refuse ground that a ruling cannot hold for.

    Parameters
    ----------
    ground : Polygon or MultiPolygon
        EPSG:4326, valid.
    ruling : Ruling
    district : Polygon or MultiPolygon
        All ground that the district answers for.
    place : tuple of float or None
        Longitude and latitude of the review.
    rulings, shapes : overlays, and polygons in their order
        The rulings that there are.

    Raises
    ------
    BadValue
        With an example point of what is wrong, and its area.
    """
    beyond = shapely.difference(ground, district)
    if square_metres(beyond) > _NOISE_M2:
        _refuse(
            f"The ground reaches out of the district{_at(beyond)}.",
            got=f"{square_metres(beyond):,.0f} m² outside",
            repair="Draw it within the district.",
        )
    lon, lat = place
    if lon is not None and lat is not None and not shapely.intersects_xy(ground, lon, lat):
        _refuse(
            "The ground does not hold the place of the review.",
            got=f"the place is {lon:.7f}, {lat:.7f}",
            repair="Draw it around the place.",
        )
    for other, shape in zip(rulings, shapes, strict=True):
        both = _both(ruling, other)
        if both is None or shape is None:
            continue
        shared = shapely.intersection(ground, shapely.make_valid(shape))
        if square_metres(shared) > _NOISE_M2:
            _refuse(
                f"The ruling '{other.code}' gives the same to {other.owner}{_at(shared)}.",
                got=f"{square_metres(shared):,.0f} m² in common, items {', '.join(both)}",
                repair="Leave its ground out, or let it end first.",
            )


def _both(ruling: Ruling, other: Overlay) -> list[str] | None:
    """Return the items that both give away at one time, None when they do not meet."""
    if other.owner == ruling.owner:
        return None
    if other.valid_to is not None and other.valid_to <= ruling.valid_from:
        return None
    if ruling.valid_to is not None and other.valid_from and other.valid_from >= ruling.valid_to:
        return None
    both = [item for item in ruling.items if not other.items or item in other.items]
    return both or None


def square_metres(shape: Any) -> float:
    """Return the area of a geometry (EPSG:4326) in square metres, in the plane at its middle."""
    if shapely.is_empty(shape):
        return 0.0
    kx, ky = metres_per_degree(float(shapely.get_y(shapely.centroid(shape))))
    return float(shapely.area(shape) * kx * ky)


def _at(shape: Any) -> str:
    spot = shapely.point_on_surface(shape)
    return f", for example at {spot.x:.6f}, {spot.y:.6f}"


def _refuse(
    message: str, *, got: object = None, allowed: object = None, repair: str | None = None
) -> NoReturn:
    raise BadValue(message, got=got, allowed=allowed, repair=repair)
