"""What stands on a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gridmap.errors import BadValue

__all__ = [
    "BOARD_ROLES",
    "ESTATE",
    "HOTLINES",
    "SHEET_KINDS",
    "Contact",
    "Hotline",
    "Named",
    "Request",
    "Service",
    "Sheet",
    "check_kind",
]

SHEET_KINDS = ("services", "board", "card")

# What sheets are made for beside the levels of areas.
ESTATE = "estate"

# Who stands on a board, in this order. Volunteers and leads of buildings do not: their numbers
# are their own.
BOARD_ROLES = (
    "grid_lead",
    "grid_worker",
    "posted_worker",
    "estate_secretary",
    "property_manager",
    "police_officer",
)


@dataclass(frozen=True, slots=True)
class Named:
    """A name in both languages; the English one may be missing."""

    zh: str
    en: str = ""

    def say(self, lang: str) -> str:
        """Return the name in a language, the Chinese one where there is no other."""
        return self.en if lang == "en" and self.en else self.zh


@dataclass(frozen=True, slots=True)
class Contact:
    """Somebody on duty, without a name: that is for staff and goes onto the paper by hand.

    Attributes
    ----------
    role : str
        A key of :data:`gridmap.places.model.POST_ROLES`.
    phone : str
        Work phone; empty where none is known.
    area : Named
        What the post is for.
    rank : int
        Of that area's level, 0 is the coarsest.
    """

    role: str
    phone: str
    area: Named
    rank: int


@dataclass(frozen=True, slots=True)
class Service:
    """A service point with its number on the map; fields as in the list of places.

    `metres` is the straight line from the border of the sheet's own ground, 0 inside it.
    """

    number: int
    category: str
    name: Named
    address: Named
    floor: str
    hours: Named
    phone: str
    special: Named
    lon: float
    lat: float
    metres: int


@dataclass(frozen=True, slots=True)
class Hotline:
    """A number that answers in the whole country."""

    number: str
    key: str


# The texts stand under ``sheet.hotline.``.
HOTLINES = (
    Hotline("12345", "government"),
    Hotline("110", "police"),
    Hotline("119", "fire"),
    Hotline("120", "ambulance"),
    Hotline("12348", "legal_aid"),
)


@dataclass(frozen=True, slots=True)
class Request:
    """Which sheet: kind, level, code, paper and language.

    Attributes
    ----------
    kind : str
        One of :data:`SHEET_KINDS`.
    level : str
        ``estate`` or a level of areas.
    code : str
    paper : str
        A key of :data:`gridmap.sheets.papers.PAPERS`.
    lang : str
    """

    kind: str
    level: str
    code: str
    paper: str = "a4"
    lang: str = "zh"


@dataclass(frozen=True, eq=False)
class Sheet:
    """One sheet's content, before it is drawn.

    Attributes
    ----------
    request : Request
    name : Named
        Of the estate or area.
    chain : tuple of Named
        The areas it lies in, coarse to fine.
    firm : Named
        Of a managed estate its property firm; empty otherwise.
    focus : shapely geometry
        Its ground, EPSG:4326.
    contacts : tuple of Contact
    posts_below : tuple of Contact
        Of an area the workers of the areas below it.
    services : tuple of Service
        In the order of their numbers; those on a card bear none that counts.
    more : int
        Services near by that the paper has no room for.
    site : mapping
        ``as_of``, ``edition``, ``review_no``, ``public_url``, ``demo``.
    """

    request: Request
    name: Named
    chain: tuple[Named, ...]
    firm: Named
    focus: Any
    contacts: tuple[Contact, ...]
    posts_below: tuple[Contact, ...] = ()
    services: tuple[Service, ...] = ()
    more: int = 0
    site: Mapping[str, Any] = field(default_factory=dict)


def check_kind(kind: str) -> str:
    """Return the kind of a sheet, or raise `BadValue`."""
    if kind not in SHEET_KINDS:
        raise BadValue("There is no such kind of sheet.", got=kind, allowed=SHEET_KINDS)
    return kind
