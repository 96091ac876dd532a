"""What a contact card has room for."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from gridmap.sheets.labels import text_width
from gridmap.sheets.model import Errand, Service, Sheet

__all__ = ["MOST_ON_CARD", "fit_a_card"]

# Of a card of A5: millimetres for people, errands and services together, for one of the people,
# for a heading, and the width of the column that names stand in; and how many people it holds.
_CARD_MM, _PERSON_MM, _HEADING_MM, _COLUMN_MM = 112.0, 6.0, 6.0, 98.0
MOST_ON_CARD = 9
# Kept for places when there are many errands.
_FOR_PLACES_MM = 34.0


def fit_a_card(
    sheet: Sheet, errands: Sequence[Errand], services: Sequence[Service]
) -> tuple[tuple[Errand, ...], tuple[Service, ...]]:
    """Return as many errands and places as a card has room for beside its people.

    What one asks for comes first, for that is what the card is for; some places always follow.
    """
    lang = sheet.request.lang
    room = _CARD_MM - _PERSON_MM * min(len(sheet.contacts), MOST_ON_CARD)
    held = _FOR_PLACES_MM if services else 0.0
    kept: list[Errand] = []
    for errand in errands:
        need = _height(errand.name.say(lang), errand.how(lang))
        need += 0.0 if kept else _HEADING_MM
        if room - need < held:
            break
        room -= need
        kept.append(errand)
    places: list[Service] = []
    for place in services:
        name = f"{place.kind.say(lang)} {place.name.say(lang)}"
        more = f"{place.address.say(lang)} {place.floor} · {place.hours.say(lang)}"
        room -= _height(name, more)
        if room < 0:
            break
        places.append(place)
    return tuple(kept), tuple(places)


def _height(name: str, more: str) -> float:
    """Return about how high a row of a card is, millimetres."""
    lines = ceil(text_width(name, 3.1) / _COLUMN_MM)
    below = ceil(text_width(more, 2.7) / _COLUMN_MM)
    return 4.1 * lines + 3.6 * below + 1.9
