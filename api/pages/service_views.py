"""What the residents' pages show: read from the address, asked of the workspace, put in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np
from fastapi import Request

from api.places import opening_shown
from api.templates import language
from gridmap.access import Actor
from gridmap.errors import InputError, NotFound
from gridmap.i18n import texts, translate
from gridmap.maps.basemap import BaseMap
from gridmap.maps.categories import OTHER, Category, service_pins
from gridmap.maps.photos import photo_address
from gridmap.places.categories import CategoryTree
from gridmap.places.model import ACCESS_FACTS, POST_ROLES
from gridmap.times import to_site
from gridmap.workspace import Workspace
from gridmap.workspace.serving import Origin

__all__ = [
    "RESIDENT",
    "Asked",
    "access",
    "card",
    "dialled",
    "drawn",
    "estate_names",
    "estates_meant",
    "find",
    "frame",
    "groups",
    "items",
    "map_frame",
    "my_grid",
    "named",
    "origin_or_none",
    "pins_of",
    "place_path",
    "report_path",
    "script_texts",
    "week_shown",
]

RESIDENT = Actor.resident()

_ON_A_PAGE = 24
_MOST_ON_A_PAGE = 2_000
# So many estates that a text can mean are told apart; the level that residents know theirs by.
_MOST_MEANT = 20
_COMMUNITY = "community"
_NAMES = ("category", "open_now", "near", "estate", "within", "accessible", "free", "text")


@dataclass(frozen=True)
class Asked:
    """What the address of the page asks for, and the language it is shown in."""

    values: Mapping[str, str]
    lang: str
    site_lang: str
    big: bool
    shown: int

    @classmethod
    def of(cls, request: Request) -> Asked:
        """Read the address; what cannot be read is left out or told on the page."""
        query = request.query_params
        values = {name: query.get(name, "").strip()[:200] for name in _NAMES}
        values = {name: "".join(c for c in v if c.isprintable()) for name, v in values.items()}
        show = query.get("show", "")
        shown = int(show) if show.isdecimal() and len(show) < 5 else _ON_A_PAGE
        return cls(
            {name: value for name, value in values.items() if value},
            language(request.scope),
            request.app.state.settings.language,
            query.get("big") == "1",
            min(max(shown, _ON_A_PAGE), _MOST_ON_A_PAGE),
        )

    def value(self, name: str) -> str:
        """Return what is asked for by a name, empty when nothing is."""
        return self.values.get(name, "")

    def flag(self, name: str) -> bool:
        """True when a switch is on."""
        return self.values.get(name) in {"1", "true", "on"}

    def link(self, path: str = "/services", /, **changes: str | int | None) -> str:
        """Return an address with some values changed; None takes one out."""
        kept: dict[str, Any] = {**self.values}
        if self.big:
            kept["big"] = "1"
        if self.lang != self.site_lang:
            kept["lang"] = self.lang
        kept |= changes
        query = urlencode({k: v for k, v in kept.items() if v not in (None, "")})
        return f"{path}?{query}" if query else path


def find(workspace: Workspace, asked: Asked) -> tuple[Origin | None, list[dict[str, Any]]]:
    """Return where one sets out from, and the places that fit, each with its opening in words."""
    values = asked.values
    origin = workspace.origin(near=values.get("near"), estate=values.get("estate"))
    within = values.get("within", "")
    wanted = workspace.wanted(
        category=values.get("category"),
        open_only=asked.flag("open_now"),
        origin=origin,
        # Without a place to start from the list is longer, not wrong.
        within=float(within) if within.isdecimal() and origin is not None else None,
        accessible=asked.flag("accessible"),
        free=asked.flag("free"),
        text=values.get("text"),
    )
    found = workspace.find_places(wanted, actor=RESIDENT)
    for one in found:
        one["open"] = opening_shown(one["open"], workspace, asked.lang)
    return origin, found


def frame(workspace: Workspace, asked: Asked) -> dict[str, Any]:
    """Return what every one of the pages shows."""
    now = to_site(workspace.clock(), workspace.zone)
    return {
        "asked": asked,
        "now": now,
        "review_no": workspace.settings.map_review_no,
        "demo": workspace.store.is_demo(),
        "detour": f"{workspace.settings.walking_detour:g}",
    }


def named(record: Mapping[str, Any], field: str, lang: str) -> Any:
    """Return a field in a language, in Chinese where there is no other."""
    other = record.get(f"{field}_en")
    return other if lang == "en" and other else record[field]


def access(record: Mapping[str, Any], lang: str) -> list[str]:
    """Return what is known of who gets in and how; nothing where nothing is known."""
    known = {True: "around.wheelchair_yes", False: "around.wheelchair_no"}
    said = known.get(record["wheelchair"])
    facts = [ACCESS_FACTS[fact][1 if lang == "en" else 0] for fact in record["accessibility"]]
    return [*([translate(said, lang)] if said else []), *facts]


def script_texts(lang: str) -> dict[str, str]:
    """Return the texts of the pages' script."""
    return {k.removeprefix("around.js."): v for k, v in texts(lang, "around.js.").items()}


def place_path(code: str) -> str:
    """Return where a place has its page; its code may hold what an address does not."""
    return f"/services/{quote(code, safe='')}"


def pins_of(workspace: Workspace) -> Mapping[str, Category]:
    """Return the pins of the categories that the public sees, by code."""
    return {one.code: one for one in service_pins(workspace.categories.seen_by(RESIDENT))}


def _category(pin: Category, lang: str) -> dict[str, str]:
    return {
        "label": pin.name_en if lang == "en" else pin.name,
        "mark": pin.mark,
        "colour": pin.colour,
    }


def card(record: Mapping[str, Any], asked: Asked, pins: Mapping[str, Category]) -> dict[str, Any]:
    """Return a place as it stands in the list."""
    lang = asked.lang
    return {
        "code": record["code"],
        "href": asked.link(place_path(record["code"])),
        "name": named(record, "name", lang),
        "address": named(record, "address", lang),
        "category": _category(pins.get(record["category"], OTHER), lang),
        "open": record["open"],
        "changes": record["open"]["changes_at"],
        "opens": record["open"]["opens_at"],
        "minutes": None if record["minutes"] is None else max(1, round(record["minutes"])),
        "method": record["method"],
        "phone": record["phone"],
        "tel": dialled(record["phone"]),
        "free": record["free"],
        "wheelchair": record["wheelchair"],
        "stale": record["stale"],
        "photo": photo_address(record["code"], record["photos"][0]["sha256"])
        if record["photos"]
        else "",
    }


def drawn(
    records: Sequence[Mapping[str, Any]], pins: Mapping[str, Category], lang: str
) -> list[list[Any]]:
    """Return places as the map has them."""
    kinds = [pins.get(one["category"], OTHER) for one in records]
    return [
        [one["code"], named(one, "name", lang), round(one["lon"], 6), round(one["lat"], 6),
         kind.mark, kind.colour, one["open"]["state"]]
        for one, kind in zip(records, kinds, strict=True)
    ]  # fmt: skip


def map_frame(workspace: Workspace, origin: Origin | None, base: BaseMap | None) -> dict[str, Any]:
    """Return what the map is: its tiles, the district's bounds, where one sets out from."""
    bounds = workspace.district_bounds()
    corners = None if bounds is None else np.round(bounds, 6).reshape(2, 2).tolist()
    spot = None if origin is None else np.round(origin.spot, 6).tolist()
    return {
        "origin": None if spot is None else {"lon": spot[0], "lat": spot[1]},
        "bounds": corners,
        "tiles": None if base is None else base.told(bounds),
    }


def dialled(phone: str) -> str:
    """Return the first number as a device dials it."""
    first = phone.partition("、")[0]
    number, _, extension = first.partition("转")
    return number.replace("-", "") + (f",{extension}" if extension else "")


def groups(asked: Asked, tree: CategoryTree) -> list[dict[str, Any]]:
    """Return the tree of categories with what is chosen, each with its address.

    A branch of the first order with all that is under it: a page has no room for more.
    """
    chosen = asked.values.get("category", "")
    place = 1 if asked.lang == "en" else 0
    found = []
    for code, labels in tree.branches.items():
        if tree.parents[code]:
            continue
        held = tree.under(code)
        own = [one for one in tree.categories.values() if one.code in held]
        found.append(
            {
                "code": code,
                "label": labels[place],
                "href": asked.link(category=code),
                "chosen": chosen == code or chosen in held,
                "kinds": [_kind(one.code, (one.label, one.label_en)[place], asked) for one in own],
            }
        )
    loose = [one for one in tree.categories.values() if not one.group]
    return found + [
        {**_kind(one.code, (one.label, one.label_en)[place], asked), "kinds": []} for one in loose
    ]


def _kind(code: str, label: str, asked: Asked) -> dict[str, Any]:
    chosen = asked.values.get("category", "") == code
    return {
        "code": code,
        "label": label,
        "href": asked.link(category=code),
        "chosen": chosen,
    }


def my_grid(workspace: Workspace, origin: Origin, lang: str) -> dict[str, Any]:
    """Return who is responsible where somebody is, in a language."""
    found = workspace.my_grid(origin, actor=RESIDENT)
    names: dict[str, dict[str, str]] = {}
    for one in found["areas"]:
        name = named(one, "name", lang) or one["code"]
        names.setdefault(one["level"], {})[one["code"]] = name
    # Of several grids that share an estate, whose grid worker it is.
    shared = {level: some for level, some in names.items() if len(some) > 1}
    return {
        "areas": [
            {
                "label": level.label_en if lang == "en" else level.label,
                "name": (", " if lang == "en" else "、").join(names[level.name].values()),
            }
            for level in workspace.levels()
            if level.name in names
        ],
        "posts": [
            {
                "role": POST_ROLES[post["role"]][1 if lang == "en" else 0],
                "area": shared.get(post["level"], {}).get(post["area_code"], ""),
                "phone": post["work_phone"],
                "tel": dialled(post["work_phone"]),
            }
            for post in found["posts"]
            if post["work_phone"]
        ],
        "estate": found["estate"]
        and {
            "name": named(found["estate"], "name", lang),
            "firm": named(found["estate"], "firm", lang),
            "phone": found["estate"]["phone"],
            "tel": dialled(found["estate"]["phone"]),
        },
    }


def items(workspace: Workspace, origin: Origin | None, asked: Asked) -> list[dict[str, Any]]:
    """Return the services that fit what one needs, in a language."""
    text = asked.values.get("text", "")
    found = workspace.find_services(text, origin=origin, actor=RESIDENT)
    lang = asked.lang
    return [
        {
            "code": one["code"],
            "name": named(one, "name", lang),
            "kind": named(one, "kind", lang),
            "channel": named(one, "channel", lang),
            "steps": named(one, "steps", lang),
            "phone": one["phone"],
            "tel": dialled(one["phone"]),
            "price": one["price"],
        }
        for one in found
    ]


def origin_or_none(workspace: Workspace, asked: Asked) -> Origin | None:
    """Return where one sets out from; a place is shown even when that cannot be read."""
    try:
        return workspace.origin(near=asked.values.get("near"), estate=asked.values.get("estate"))
    except (InputError, NotFound):
        return None


def estate_names(workspace: Workspace, lang: str) -> list[str]:
    """Return the names of the estates in force, as a form proposes them in a language."""
    return sorted({(one.name_en if lang == "en" else "") or one.name
                   for one, _ in workspace.estates()})  # fmt: skip


def estates_meant(workspace: Workspace, text: str, lang: str) -> list[dict[str, str]]:
    """Return the estates that a text can mean, where it is more than one.

    Each with what it is asked for by, its name, and where it is.
    """
    found = workspace.origins(text) if text else []
    if len(found) < 2:
        return []
    return [_meant(workspace, one, lang) for one in found[:_MOST_MEANT]]


def _meant(workspace: Workspace, origin: Origin, lang: str) -> dict[str, str]:
    areas = workspace.areas_of(origin)
    levels = [area["level"] for area in areas]
    shown = _COMMUNITY if _COMMUNITY in levels else next(iter(levels), "")
    places = [named(area, "name", lang) or area["code"] for area in areas if area["level"] == shown]
    asked = workspace.asked_as(origin, lang)
    # Two of one name in one community have nothing else that tells them apart.
    more = [origin.code] if asked == origin.code else []
    name = (origin.name_en if lang == "en" else "") or origin.name
    return {"asked": asked, "name": name, "where": " · ".join([*places, *more])}


def report_path(workspace: Workspace, origin: Origin | None, lang: str) -> str:
    """Return the page on which a report is sent, with the place carried along."""
    if origin is None:
        return "/report"
    if origin.kind == "estate":
        return "/report?" + urlencode({"estate": workspace.asked_as(origin, lang)})
    lon, lat = origin.spot
    return "/report?" + urlencode({"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"})


def week_shown(workspace: Workspace, code: str) -> list[dict[str, Any]]:
    """Return the hours of a place on the seven days from today on, as pages show them."""
    found = []
    for one in workspace.week_of(code, actor=RESIDENT):
        spans = [
            {"start": _clock(s.start), "end": _clock(s.end), "state": s.state.value}
            for s in one.plan.stretches
        ]
        kind = one.plan.day
        found.append(
            {
                "date": one.date,
                "weekday": one.date.weekday(),
                "spans": spans,
                "kind": "" if kind is None else kind.kind.value,
                "holiday": "" if kind is None else kind.name,
                "holiday_en": "" if kind is None else kind.name_en,
                "comment": one.plan.comment,
            }
        )
    return found


def _clock(minute: int) -> str:
    # 26:00 is two o'clock of the day after.
    hour = minute // 60
    return f"{hour - 24 if hour > 24 else hour:02d}:{minute % 60:02d}"
