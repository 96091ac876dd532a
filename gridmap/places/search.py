"""Places that fit what somebody looks for, the nearest first."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.places.categories import PACKAGED, CategoryTree
from gridmap.places.hours import HoursBook, HoursState, Opening
from gridmap.places.model import (
    ACCESS_FACTS,
    Place,
    ServiceItem,
    is_free,
)

__all__ = [
    "STALE_AFTER",
    "Found",
    "Walk",
    "Wanted",
    "find_items",
    "find_places",
    "is_accessible",
    "is_stale",
]

Floats = NDArray[np.float64]
# From an origin to many places: minutes, infinite where no way leads, and how each was found.
Walk = Callable[[Any, Floats, Floats], tuple[Floats, NDArray[np.object_]]]

# What was not looked at for so long may have moved.
STALE_AFTER = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; what is left out does not narrow.

    Attributes
    ----------
    categories : frozenset of str
        Any of these; empty: all.
    open_only : bool
        Open at the moment; what is not known is left out.
    origin : geometry or None
        Where one sets out from, EPSG:4326.
    within : float or None
        Minutes on foot from there.
    words : tuple of str
        Each has to occur.
    """

    categories: frozenset[str] = frozenset()
    open_only: bool = False
    origin: Any = None
    within: float | None = None
    accessible: bool = False
    free: bool = False
    words: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Found:
    """A place with what holds of it at the moment that was asked about.

    Attributes
    ----------
    place : Place
    opening : Opening
    minutes : float or None
        On foot; None without an origin, or where no way leads there.
    method : str or None
        A value of :class:`gridmap.reach.model.Method`; None without an origin.
    """

    place: Place
    opening: Opening
    minutes: float | None = None
    method: str | None = None


def find_places(
    places: Sequence[Place],
    wanted: Wanted,
    *,
    at: datetime,
    book: HoursBook,
    walk: Walk,
    categories: CategoryTree = PACKAGED,
) -> list[Found]:
    """Return the places that fit, by minutes on foot where an origin is given, else in order."""
    fitting = [place for place in places if _fits(place, wanted, categories)]
    minutes: list[float | None] = [None] * len(fitting)
    methods: list[str | None] = [None] * len(fitting)
    if wanted.origin is not None and fitting:
        lon = np.array([place.lon for place in fitting])
        lat = np.array([place.lat for place in fitting])
        far, how = walk(wanted.origin, lon, lat)
        minutes = [float(m) if np.isfinite(m) else None for m in far]
        methods = [str(one) for one in how]
    found = []
    for place, one, method in zip(fitting, minutes, methods, strict=True):
        if wanted.within is not None and method is not None and not _is_near(one, wanted.within):
            continue
        opening = book.open_at(place, at)
        if wanted.open_only and opening.state is not HoursState.OPEN:
            continue
        found.append(Found(place, opening, one, method))
    if wanted.origin is not None:
        found.sort(key=lambda one: (np.inf if one.minutes is None else one.minutes, one.place.code))
    return found


def _is_near(minutes: float | None, within: float) -> bool:
    return minutes is not None and minutes <= within


def find_items(items: Sequence[ServiceItem], words: Sequence[str]) -> list[ServiceItem]:
    """Return the services that hold each of the words."""
    return [
        item
        for item in items
        if _holds(
            (item.name, item.name_en, item.kind, item.kind_en, item.channel, *item.needs), words
        )
    ]


def is_accessible(place: Place) -> bool:
    """True when it is known that somebody in a wheelchair gets in."""
    return place.wheelchair is True or "step_free" in place.accessibility


def is_stale(place: Place, today: date) -> bool:
    """True when nobody looked for a year, or ever."""
    return place.checked_on is None or today - place.checked_on > STALE_AFTER


def _fits(place: Place, wanted: Wanted, tree: CategoryTree) -> bool:
    if wanted.categories and place.category not in wanted.categories:
        return False
    if wanted.accessible and not is_accessible(place):
        return False
    if wanted.free and not is_free(place.price):
        return False
    return not wanted.words or _holds(_said_of(place, tree), wanted.words)


def _said_of(place: Place, tree: CategoryTree) -> Iterable[str]:
    yield from (place.name, place.name_en, place.address, place.address_en, place.organiser)
    yield from place.special_services
    yield from place.special_services_en
    category = tree.categories.get(place.category)
    if category is not None:
        yield from (category.label, category.label_en)
    for fact in place.accessibility:
        yield from ACCESS_FACTS.get(fact, ())


def _holds(texts: Iterable[str], words: Sequence[str]) -> bool:
    plain = _plain(" ".join(texts))
    return all(_plain(word) in plain for word in words)


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
