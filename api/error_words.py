"""Errors in the language of a page: they are raised in English, and told here.

Errors speak English, for programs and logs. The catalogues hold under ``refusal.`` the sentences
and repairs that somebody who reads a page can meet; the English one is the sentence as it is
raised, with placeholders where it names a value. A text may say the repair as well.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

from gridmap.errors import GridmapError
from gridmap.i18n import catalogue, texts, translate

__all__ = ["Told", "in_words", "plain_refusal", "told"]

_PLACE = re.compile(r"\\\{(\w+)\\\}")
# What a page has a name of its own for: what somebody does, and the field of a form.
_NAMED = {"action", "field"}
# What a list is narrowed by, which is called otherwise than the fields of forms.
_FILTERS = "page.orders.filter."
# Parts of a sentence that are said in words of their own.
_SAID = {"unread", "wanted"}
_PARTS = "unread."
# Where in a drawn ground something is: ``part 1, ring 2, position 3``.
_AT = "drawn.at."
_ROOMS = (
    "action.",
    "page.order.field.",
    "editing.photo.",
    "page.order.person.",
    "page.report.field.",
)
# Fields of a place by what the form calls them.
_PLACE_FIELDS = {
    "name": "editing.name",
    "name_en": "editing.name_en",
    "address": "around.address",
    "entrance": "editing.entrance",
    "floor": "editing.floor",
    "hours": "around.hours",
    "hours_text": "editing.hours_text",
    "closures": "editing.closures",
    "phone": "editing.phone",
    "booking_phone": "around.booking",
    "special_services": "around.offers",
    "languages": "around.languages",
    "price": "around.price",
    "organiser": "around.organiser",
    "remark": "page.order.field.text",
}


class Told(NamedTuple):
    """A sentence and its repair in the language of a page; None where there are no words."""

    message: str | None
    repair: str | None


def told(message: str, repair: str | None, lang: str) -> Told:
    """Return an error for a page.

    A repair without words of its own is left out where the sentence is told: its text says it.
    """
    return Told(in_words(message, lang), None if repair is None else in_words(repair, lang))


def in_words(sentence: str, lang: str, of: str = "refusal.") -> str | None:
    """Return an English sentence in a language; None where there are no words for it.

    Parameters
    ----------
    of : str
        What the keys of the texts begin with among which it is looked for.
    """
    if lang == "en":
        return sentence
    for pattern, key in _patterns(of):
        found = pattern.fullmatch(sentence)
        if found:
            return translate(key, lang, **_named(found.groupdict(), lang))
    return None


def plain_refusal(error: GridmapError, lang: str, heading: str) -> dict[str, Any]:
    """Return a refusal for a page.

    Without what was got and what is allowed: to people the codes and the moments in UTC of
    programs say nothing, least of all in the middle of another language. A sentence without words
    is shown as it is, with its repair.

    Returns
    -------
    dict
        ``heading``, ``message``, and ``lines``, pairs of label and text: the repair where the
        message does not say it.
    """
    message, repair = told(error.message, error.repair, lang)
    shown = repair or (error.repair if message is None else None)
    label = translate("page.problem.repair", lang)
    return {
        "heading": heading,
        "message": message or error.message,
        "lines": [(label, shown)] if shown else [],
    }


@lru_cache(maxsize=4)
def _patterns(of: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """What each English sentence looks like, those without placeholders first."""
    known = sorted(texts("en", of).items(), key=lambda one: ("{" in one[1], one[0]))
    return tuple(
        (re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(text)), re.DOTALL), key)
        for key, text in known
    )


def _named(values: dict[str, str], lang: str) -> dict[str, str]:
    """Return what fills a text, actions and fields by the names that pages have for them."""
    known = catalogue(lang)
    names = {}
    for place in _NAMED & values.keys():
        keys = [*(room + values[place] for room in _ROOMS), _PLACE_FIELDS.get(values[place], "")]
        spelt = (known.get(key) for key in keys)
        names[place] = next((name for name in spelt if name), values[place])
    for place in _SAID & values.keys():
        names[place] = in_words(values[place], lang, _PARTS) or values[place]
    if "filter" in values:
        names["filter"] = known.get(_FILTERS + values["filter"], values["filter"])
    if "where" in values:
        steps = values["where"].split(", ")
        names["where"] = "".join(in_words(step, lang, _AT) or step for step in steps)
    return values | names
