"""Places, organisations and rosters as a page shows them, cut down to what its reader may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.access import Actor, visible_records
from gridmap.coverage.model import STORED_CRS
from gridmap.crs import from_wgs84, valid_lonlat
from gridmap.maps.categories import GROUPS, OTHER, Category
from gridmap.maps.topology import MICRO
from gridmap.places.hours import read_closure
from gridmap.places.model import POST_ROLES
from gridmap.places.navigation import NAVIGATION
from gridmap.places.rosters import seen_posts

__all__ = ["Records", "add_photos", "people_by_area", "places_data"]

Records: TypeAlias = gpd.GeoDataFrame | Iterable[Mapping[str, Any]]

# Shown under a place's name, in this order; the rest of what may be seen stays unsaid.
_MORE = ("entrance", "floor", "home_service", "price", "wheelchair", "organiser", "booking_phone",
         "contact_name", "secretary", "member_count", "remarks",
         "checked_on", "source")  # fmt: skip


def places_data(
    records: Records,
    categories: Sequence[Category],
    *,
    actor: Actor,
    layer: str,
    areas: Mapping[tuple[str, str], int] | None = None,
    photos: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Return records for ``gridmap.addPlaces``.

    Parameters
    ----------
    records : GeoDataFrame or iterable of mappings
        ``category``, ``name``, ``lon`` and ``lat`` in degrees (or a geometry), and where
        known ``name_en``, ``address``, ``hours``, ``closures``, ``phone``, ``special_services``
        (``_en`` for English) and the other fields of the layer.
    categories : sequence of Category
        In the order of the legend; a record of another category is shown as "other".
    actor : Actor
        Fields and records the actor may not see are left out, whatever they hold.
    layer : str
        ``places`` or ``organisations``: whose policy applies.
    areas : mapping of (level, code) to int, optional
        Places of the areas in the page, for records that serve one (``level``, ``area_code``).
    photos : mapping of code to CardPhoto, optional
        Photos of the places that the actor may see; see :mod:`gridmap.maps.photos`.

    Returns
    -------
    dict
        Categories in use, places with coordinates, the number without, and how other maps are
        asked for a place: addresses, with the shift from WGS-84 into their systems.
    """
    shown = visible_records(actor, layer, _as_mappings(records))
    placed = [(r, spot) for r in shown if (spot := _spot(r))]
    known = {c.code: c for c in categories}
    used = {str(r.get("category")) for r, _ in placed}
    legend = [c for c in categories if c.code in used]
    if used - set(known):
        legend.append(OTHER)
    number = {c.code: n for n, c in enumerate(legend)}
    places = [
        _place(r, spot, number.get(str(r.get("category")), len(legend) - 1)) for r, spot in placed
    ]
    _add_ties(places, [r for r, _ in placed], areas or {})
    add_photos(places, photos or {})
    groups = {c.group for c in legend}
    return {
        "categories": [_category(c) for c in legend],
        "groups": [
            {"key": key, "zh": zh, "en": en} for key, (zh, en) in GROUPS.items() if key in groups
        ],
        "places": places,
        "unplaced": len(shown) - len(placed),
        "ways": [{"code": w.code, "system": w.coord_sys, "url": w.url} for w in NAVIGATION],
        "shift": _shifts([spot for _, spot in placed]),
    }


def add_photos(places: Sequence[dict[str, Any]], photos: Mapping[str, Mapping[str, str]]) -> None:
    """Give the places of :func:`places_data` their photos, by code."""
    for place in places:
        photo = photos.get(place.get("id", ""))
        if photo is not None and "body" not in place:
            place["photo"] = dict(photo)


def people_by_area(
    rosters: Records, *, actor: Actor
) -> dict[tuple[str, str], list[dict[str, str]]]:
    """Return the staff of each area by (level, code): role, work phone, and for staff the name.

    With the estate, for a post that is about one. What reads alike stands there once.
    """
    out: dict[tuple[str, str], list[dict[str, str]]] = {}
    for record in seen_posts(actor, _as_mappings(rosters)):
        role = _text(record.get("role"))
        label, label_en = POST_ROLES.get(role, (role, ""))
        person = {
            "role": label,
            "roleEn": label_en,
            "of": _text(record.get("estate")),
            "ofEn": _text(record.get("estate_en")),
            "name": _text(record.get("name")),
            "phone": _text(record.get("work_phone")),
        }
        line = {k: v for k, v in person.items() if v}
        people = out.setdefault((_text(record.get("level")), _text(record.get("area_code"))), [])
        if line not in people:
            people.append(line)
    return out


def _category(category: Category) -> dict[str, Any]:
    shown = {
        "code": category.code,
        "zh": category.name,
        "en": category.name_en,
        "mark": category.mark,
        "colour": category.colour,
    }
    more = ({} if category.shown else {"off": True}) | (
        {"group": category.group} if category.group else {}
    )
    return shown | more


def _add_ties(
    places: Sequence[dict[str, Any]],
    records: Sequence[Mapping[str, Any]],
    areas: Mapping[tuple[str, str], int],
) -> None:
    """Note what a record is under, and which area it serves, as numbers in the page."""
    number: dict[str, int] = {}
    for n, record in enumerate(records):
        number.setdefault(_text(record.get("code")), n)
    for place, record in zip(places, records, strict=True):
        above = number.get(_text(record.get("parent_code")))
        if above is not None and record.get("parent_code"):
            place["above"] = above
        area = areas.get((_text(record.get("level")), _text(record.get("area_code"))))
        if area is not None:
            place["area"] = area


def _shifts(spots: Sequence[tuple[int, int]]) -> dict[str, list[int]]:
    """Return, for each system that other maps read, what is added to x and y (micro-degrees)."""
    lonlat = np.array(spots, dtype=np.float64).reshape(-1, 2) / MICRO
    out = {}
    for system in sorted({way.coord_sys for way in NAVIGATION} - {"wgs84"}):
        moved = np.column_stack(from_wgs84(lonlat[:, 0], lonlat[:, 1], system))
        shift = np.rint((moved - lonlat) * MICRO).astype(np.int64)
        out[system] = shift.ravel().tolist()
    return out


def _as_mappings(records: Records) -> list[Mapping[str, Any]]:
    if not isinstance(records, gpd.GeoDataFrame):
        return list(records)
    frame = (
        records if records.crs is None or records.crs == STORED_CRS else records.to_crs(STORED_CRS)
    )
    shapes = frame.geometry.to_numpy()
    # GEOS refuses to tell where an empty point is; where None is, is NaN.
    points = shapely.point_on_surface(np.where(shapely.is_empty(shapes), None, shapes))
    rows = frame.drop(columns=frame.geometry.name).to_dict("records")
    return [
        {**{str(k): v for k, v in row.items()}, "lon": shapely.get_x(p), "lat": shapely.get_y(p)}
        for row, p in zip(rows, points, strict=True)
    ]


def _spot(record: Mapping[str, Any]) -> tuple[int, int] | None:
    try:
        lon, lat = float(record["lon"]), float(record["lat"])
    except (KeyError, TypeError, ValueError):
        return None
    return (round(lon * MICRO), round(lat * MICRO)) if bool(valid_lonlat(lon, lat)) else None


def _place(record: Mapping[str, Any], spot: tuple[int, int], category: int) -> dict[str, Any]:
    out: dict[str, Any] = {"c": category, "x": spot[0], "y": spot[1]}
    fields = {
        "id": "code",
        "zh": "name",
        "en": "name_en",
        "address": "address",
        "addressEn": "address_en",
        "hours": "hours",
        "phone": "phone",
        "special": "special_services",
        "specialEn": "special_services_en",
    }
    out |= {key: text for key, name in fields.items() if (text := _text(record.get(name)))}
    closed = _closed(record.get("closures"))
    more = [[name, text] for name in _MORE if (text := _text(record.get(name)))]
    # A body has a kind, a place a category alone.
    body = {"body": True} if _text(record.get("kind")) else {}
    return out | body | ({"closed": closed} if closed else {}) | ({"more": more} if more else {})


def _closed(closures: Any) -> list[str]:
    """Say on which days a place is closed, and why, as readers of both languages read it."""
    found = []
    for text in closures if isinstance(closures, (list, tuple)) else ():
        one = read_closure(text)
        days = f"{one.first}" if one.first == one.last else f"{one.first} – {one.last}"
        found.append(f"{days} {one.why}".strip())
    return found


def _text(value: Any) -> str:
    """One line of text: lists are joined, missing values (None, NaN, NaT) are empty."""
    if value is None or isinstance(value, bool):
        return {True: "✓", False: "✗", None: ""}[value]
    if isinstance(value, (list, tuple, set)):
        return "、".join(_text(x) for x in value)
    return "" if pd.isna(value) else str(value).strip()
