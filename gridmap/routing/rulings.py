"""Rulings of ownership reviews: the ground that one holds for, and what it may not do.

A ruling becomes an overlay of kind ``ruling``, which wins over every other layer for the items
that it names. So it is looked at before it counts: its ground lies in the district and holds
the place of the review, and no other ruling gives the same items there to somebody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import shapely

from gridmap.access import Scope
from gridmap.crs import metres_per_degree
from gridmap.errors import BadValue, NotAllowed
from gridmap.routing.grounds import refuse
from gridmap.routing.overlays import Overlay

__all__ = ["RULING", "Ruling", "check_ground", "check_reach"]

RULING = "ruling"

# Square metres: what two lines drawn of one border differ by, and no ground that is meant.
_NOISE_M2 = 1.0


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
        How the ground was given: ``polygon``, ``line`` with ``width_m``, ``radius_m``,
        ``overlay`` or ``area``.
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
        refuse(
            f"The ground reaches out of the district{_at(beyond)}.",
            got=f"{square_metres(beyond):,.0f} m² outside",
            repair="Draw it within the district.",
        )
    lon, lat = place
    if lon is not None and lat is not None and not shapely.intersects_xy(ground, lon, lat):
        refuse(
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
            refuse(
                f"The ruling '{other.code}' gives the same to {other.owner}{_at(shared)}.",
                got=f"{square_metres(shared):,.0f} m² in common, items {', '.join(both)}",
                repair="Leave its ground out, or let it end first.",
            )


def check_reach(ground: Any, own: Any, scope: Scope) -> None:
    """Refuse ground beyond the areas in which somebody may rule.

    Parameters
    ----------
    ground : Polygon or MultiPolygon
        EPSG:4326, valid.
    own : Polygon or MultiPolygon
        Of those areas, together.
    scope : Scope
        Those areas, for the message.

    Raises
    ------
    NotAllowed
        With an example point that is beyond, and how much is.
    """
    beyond = shapely.difference(ground, own)
    if square_metres(beyond) > _NOISE_M2:
        raise NotAllowed(
            f"The ground reaches out of the areas in which you may rule{_at(beyond)}.",
            got=f"{square_metres(beyond):,.0f} m² outside",
            allowed=str(scope),
            repair="Draw it within, or let somebody rule who is in charge there too.",
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
