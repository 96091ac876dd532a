"""What stands on a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gridmap.errors import BadValue

__all__ = [
    "ESTATE",
    "HOTLINES",
    "SHEET_KINDS",
    "Contact",
    "Errand",
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
        What the post is for: an area, or an estate.
    """

    role: str
    phone: str
    area: Named


@dataclass(frozen=True, slots=True)
class Service:
    """A service point with its number on the map; fields as in the list of places.

    `kind` and `colour` are those of its category;
    `metres` is the straight line from the border of the sheet's own ground, 0 inside it;
    `photo` is the SHA-256 of its first photo, empty for none, and `photo_by` whom it is from.
    """

    number: int
    category: str
    kind: Named
    colour: str
    name: Named
    address: Named
    floor: str
    hours: Named
    phone: str
    special: Named
    lon: float
    lat: float
    metres: int
    photo: str = ""
    photo_by: str = ""


@dataclass(frozen=True, slots=True)
class Errand:
    """A service that one asks for: how to get it, step by step, whom to call.

    Fields as in :class:`gridmap.places.model.ServiceItem`.
    """

    name: Named
    kind: Named
    channel: Named
    steps: tuple[tuple[str, ...], tuple[str, ...]]
    phone: str
    price: str

    def how(self, lang: str) -> str:
        """Return channel and steps in a line."""
        steps = self.steps[1] if lang == "en" and self.steps[1] else self.steps[0]
        return " · ".join(part for part in (self.channel.say(lang), " → ".join(steps)) if part)


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
    errands : tuple of Errand
        Of a card.
    site : mapping
        ``as_of``, ``edition``, ``review_no``, ``public_url``, ``demo``.
    pictures : mapping of str to bytes
        The photos of its services, by SHA-256: small JPEGs.
    of_estate : bool
        True when it is of an estate, False when of an area, whatever its level is called.
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
    errands: tuple[Errand, ...] = ()
    site: Mapping[str, Any] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    of_estate: bool = False


def check_kind(kind: str) -> str:
    """Return the kind of a sheet, or raise `BadValue`."""
    if kind not in SHEET_KINDS:
        raise BadValue("There is no such kind of sheet.", got=kind, allowed=SHEET_KINDS)
    return kind
