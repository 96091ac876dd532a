"""What the sheet of one estate or area holds: who is on duty, which services, on which map."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.errors import NotFound
from gridmap.i18n import translate
from gridmap.places.rosters import BOARD_ROLES
from gridmap.sheets.card import fit_a_card
from gridmap.sheets.district import District
from gridmap.sheets.frame import Frame, frames_around
from gridmap.sheets.labels import lines_of
from gridmap.sheets.model import (
    Contact,
    Errand,
    Named,
    Request,
    Service,
    Sheet,
    check_kind,
)
from gridmap.sheets.papers import Paper, paper_of

__all__ = ["MARKER_MM", "compose"]

# Radius of a numbered marker on A4.
MARKER_MM = 2.9
# The map of an estate reaches out until it shows so many services, but not beyond this scale;
# at the edge of town, where it would show hardly any, on to the second.
_WANTED, _USUAL = 11, 5000
_LEAST, _LARGEST = 5, 10_000
# A card holds the nearest place of each kind, so many of them.
_ON_CARD = 8
# Widths of the table's columns in heights of its type: what a cell breaks into lines by.
_COLUMNS = {"kind": 8.4, "name": 18.5, "address": 12.5, "hours": 11.6}
# A photo takes so much of the column of names, and makes the row at least so high.
_BESIDE_PHOTO = 0.75
_PHOTO_ROW = 11.0


def compose(district: District, request: Request) -> tuple[Sheet, Frame]:
    """Return what a sheet holds, and the ground its map shows.

    Raises
    ------
    BadValue
        For an unknown kind, paper or level.
    NotFound
        When there is no such estate or area, or the area has no ground: no polygon of its own,
        and none below it.
    """
    check_kind(request.kind)
    paper = paper_of(request.paper)
    district.codes(request.level)
    sheet = (
        _of_estate(district, request)
        if district.is_estate(request.level)
        else _of_area(district, request)
    )
    frame = _frame(district, sheet, paper)
    if request.kind == "board":
        return sheet, frame
    chosen = _chosen(district, sheet, frame)
    metres = _metres_from(sheet.focus, district.place_spots, frame)
    if request.kind == "card":
        order = _nearest_of_each(district, range(len(district.places)), metres)[:_ON_CARD]
        nearest = _services(district, order, metres)
        errands, services = fit_a_card(sheet, _errands(district, sheet), nearest)
        return replace(sheet, errands=errands, services=services), frame
    kept = _that_fit(district, sheet, chosen, metres, paper)
    services = _services(district, sorted(kept, key=lambda i: _order(district, i, metres)), metres)
    more = len(chosen) - len(kept)
    wanted = {one.photo for one in services}
    pictures = {p.sha256: p.thumb for p in district.photos.values() if p.sha256 in wanted}
    return replace(sheet, services=services, more=more, pictures=pictures), frame


# -- what the sheet is about -----------------------------------------------------------


def _of_estate(district: District, request: Request) -> Sheet:
    estate = district.estate(request.code)
    areas = district.areas_of_estate(estate.code)
    names = district.coverage.levels.names
    chain = [
        district.area_name(level, areas[level][0]) for level in names[:-1] if areas[level]
    ] or [district.area_name(level, c) for level in names for c in areas[level][:1]]
    held = [(level, code) for level in names for code in areas[level]]
    contacts = _contacts_of_estate(district, estate.code, held)
    return Sheet(
        request, estate.name, tuple(chain), estate.firm, estate.shape, contacts,
        of_estate=True, site=district.site,
    )  # fmt: skip


def _of_area(district: District, request: Request) -> Sheet:
    coverage = district.coverage
    row = coverage.row(request.level, request.code)
    if shapely.is_empty(district.shapes[row]):
        raise NotFound(
            "The area has no polygon that a sheet could show.",
            got=request.code,
            repair="Import its polygon, or areas below it.",
        )
    rank = int(coverage.rank[row])
    names = coverage.levels.names
    chain = [
        district.area_name(names[at], str(coverage.code[above]))
        for at, above in enumerate(coverage.ancestors[row].tolist()[:rank])
        if above >= 0
    ]
    below = [
        (names[coverage.rank[child]], str(coverage.code[child]))
        for child in np.flatnonzero((coverage.parent == row) & ~coverage.hidden)
    ]
    return Sheet(
        request,
        district.area_name(request.level, request.code),
        tuple(chain),
        Named(""),
        district.shapes[row],
        _contacts(district, [(request.level, request.code)]),
        _contacts(district, below, roles=("grid_lead", "grid_worker"), by_area=True),
        site=district.site,
    )


def _contacts(
    district: District,
    areas: Iterable[tuple[str, str]],
    *,
    roles: Sequence[str] = BOARD_ROLES,
    by_area: bool = False,
) -> tuple[Contact, ...]:
    """Return who stands on a board for some areas, in the order of the roles or of the areas."""
    found: dict[Contact, tuple[int, int]] = {}
    for at, (level, code) in enumerate(areas):
        for post in district.posts_of(level, code):
            role = str(post["role"])
            if role in roles:
                key = (at, roles.index(role)) if by_area else (roles.index(role), at)
                found.setdefault(_contact(district, post), key)
    return tuple(sorted(found, key=lambda c: (found[c], c.phone)))


def _contacts_of_estate(
    district: District, estate: str, areas: Sequence[tuple[str, str]]
) -> tuple[Contact, ...]:
    """Return who stands on the board of an estate, in the order of the roles."""
    found: dict[Contact, tuple[int, int]] = {}
    for post in district.posts_of_estate(estate, areas):
        role, area = str(post["role"]), (post["level"], post["area_code"])
        if role in BOARD_ROLES:
            at = areas.index(area) if area in areas else -1
            found.setdefault(_contact(district, post), (BOARD_ROLES.index(role), at))
    return tuple(sorted(found, key=lambda c: (found[c], c.phone)))


def _contact(district: District, post: Mapping[str, Any]) -> Contact:
    """Return a post as it stands on a board: for its estate, else for its area."""
    estate = district.estates.get(str(post.get("estate_code") or ""))
    area = district.area_name(str(post["level"]), str(post["area_code"]))
    phone = str(post.get("work_phone") or "")
    return Contact(str(post["role"]), phone, area if estate is None else estate.name)


# -- which services ----------------------------------------------------------------------


def _frame(district: District, sheet: Sheet, paper: Paper) -> Frame:
    """Return the ground on the map: all of an area; around an estate some services as well."""
    kind = sheet.request.kind
    box = paper.inset if kind == "board" else paper.map
    if not district.is_estate(sheet.request.level):
        return next(frames_around(sheet.focus, box))
    near = list(frames_around(sheet.focus, box, largest=_USUAL))
    if kind == "board":
        return near[min(2, len(near) - 1)]
    far = list(frames_around(sheet.focus, box, largest=_LARGEST))[len(near) - 1 :]
    for wanted, tried in ((_WANTED, near), (_LEAST, far)):
        for frame in tried:
            if frame.holds(district.place_spots, inside_mm=2 * MARKER_MM).sum() >= wanted:
                return frame
    return far[-1]


def _chosen(district: District, sheet: Sheet, frame: Frame) -> list[int]:
    """Return the places a sheet is about: those of an area; around an estate those on its map."""
    level, code = sheet.request.level, sheet.request.code
    if not district.is_estate(level):
        return [int(i) for i in np.flatnonzero(district.place_codes[level] == code)]
    inside = frame.holds(district.place_spots, inside_mm=MARKER_MM)
    return [int(i) for i in np.flatnonzero(inside)]


def _metres_from(focus: Any, spots: NDArray[np.float64], frame: Frame) -> NDArray[np.float64]:
    """Return the straight metres from a shape to places, 0 inside it."""
    ground = shapely.transform(focus, frame.to_paper)
    millimetres = shapely.distance(ground, shapely.points(frame.to_paper(spots)))
    return np.asarray(millimetres * frame.scale / 1000)


def _that_fit(
    district: District,
    sheet: Sheet,
    chosen: Sequence[int],
    metres: NDArray[np.float64],
    paper: Paper,
) -> list[int]:
    """Return the places that one page has room for; all of an area's, which may take more pages.

    The nearest of each kind come first: a sheet with ten canteens and no clinic helps nobody.
    """
    if not district.is_estate(sheet.request.level):
        return list(chosen)
    wanted = _nearest_of_each(district, chosen, metres)
    wanted += sorted(set(chosen) - set(wanted), key=lambda i: (metres[i], i))
    kept, used = [], 0.0
    lang = sheet.request.lang
    for i, service in zip(wanted, _services(district, wanted, metres), strict=True):
        used += _height(service, lang)
        if used > paper.table:
            break
        kept.append(i)
    return kept


def _height(service: Service, lang: str) -> float:
    """Return about how high a row of the table is, millimetres on A4."""
    beside = _COLUMNS["name"] * (_BESIDE_PHOTO if service.photo else 1)
    address = service.address.say(lang) + service.floor
    away = translate("sheet.metres", lang, n=service.metres) if service.metres else ""
    lines = max(
        lines_of(service.name.say(lang), 1.08, beside)
        + lines_of(service.special.say(lang), 0.9, beside),
        lines_of(service.kind.say(lang), 1, _COLUMNS["kind"]),
        lines_of(f"{address} {away}", 1, _COLUMNS["address"]),
        lines_of(service.hours.say(lang), 1, _COLUMNS["hours"]),
        1,
    )
    return max(3.8 * lines + 2.0, _PHOTO_ROW if service.photo else 0.0)


def _nearest_of_each(
    district: District, among: Iterable[int], metres: NDArray[np.float64]
) -> list[int]:
    """Return the nearest place of each category, the nearest of all first."""
    best: dict[str, int] = {}
    for i in sorted(among, key=lambda i: (metres[i], i)):
        best.setdefault(str(district.places[i]["category"]), i)
    return list(best.values())


def _order(district: District, i: int, metres: NDArray[np.float64]) -> tuple[int, float, str]:
    place = district.places[i]
    rank = district.category_rank(str(place["category"]))
    return rank, round(float(metres[i])), str(place["code"])


def _services(
    district: District, order: Sequence[int], metres: NDArray[np.float64]
) -> tuple[Service, ...]:
    return tuple(
        _service(district, district.places[i], number, float(metres[i]))
        for number, i in enumerate(order, start=1)
    )


def _errands(district: District, sheet: Sheet) -> list[Errand]:
    """Return the services one asks for where the sheet is, those for it alone first."""
    request = sheet.request
    if district.is_estate(request.level):
        held = district.areas_of_estate(request.code)
        areas = {(level, code) for level, codes in held.items() for code in codes}
    else:
        areas = district.area_chain(request.level, request.code)
    return [_errand(one) for one in district.items_in(areas)]


def _errand(item: Mapping[str, Any]) -> Errand:
    def both(name: str) -> Named:
        return Named(str(item[name] or ""), str(item[f"{name}_en"] or ""))

    return Errand(
        both("name"),
        both("kind"),
        both("channel"),
        (tuple(item["steps"]), tuple(item["steps_en"])),
        str(item["phone"] or ""),
        str(item["price"] or ""),
    )


def _service(district: District, place: Mapping[str, Any], number: int, metres: float) -> Service:
    pin = district.category(str(place["category"]))

    def said(name: str) -> str:
        value = place.get(name)
        if isinstance(value, (list, tuple)):
            return "、".join(str(one) for one in value if one)
        return "" if value is None else str(value).strip()

    hours, photo = said("hours"), district.photos.get(said("code"))
    return Service(
        number=number,
        category=said("category"),
        kind=Named(pin.name, pin.name_en),
        colour=pin.colour,
        name=Named(said("name"), said("name_en")),
        address=Named(said("address"), said("address_en")),
        floor=said("floor"),
        hours=Named(said("hours_text") or hours, hours),
        phone=said("phone"),
        special=Named(said("special_services"), said("special_services_en")),
        lon=float(place["lon"]),
        lat=float(place["lat"]),
        metres=round(metres),
        photo="" if photo is None else photo.sha256,
        photo_by="" if photo is None else photo.by,
    )
