"""What was refused, in the language of a page.

Errors speak English, for programs and logs. The sentences that people meet on the pages of
orders have a text in the catalogues, found by the sentence itself without what it quotes; it
says the repair as well. A sentence without a text is shown as it is, with its repair.
"""

from __future__ import annotations

import re
from typing import Any

from gridmap.errors import GridmapError
from gridmap.i18n import DEFAULT_LANGUAGE, catalogue, translate

__all__ = ["in_words", "plain_refusal", "refusal", "refusal_key"]

_QUOTED = re.compile(r"'([^']*)'")
_NO_WORD = re.compile(r"[^a-z0-9]+")


def refusal_key(message: str) -> str:
    """Return the key of a sentence: its words, without what it quotes and what follows a colon."""
    words = _QUOTED.sub(" ", message).partition(":")[0].lower()
    return f"refusal.{_NO_WORD.sub('_', words).strip('_')}"


def in_words(message: str, lang: str) -> str | None:
    """Return a sentence, with its repair, in the language of a page; None where it has none."""
    key = refusal_key(message)
    if lang != DEFAULT_LANGUAGE or key not in catalogue(lang):
        return None
    return translate(key, lang, field=_field(message, lang))


def refusal(error: GridmapError, lang: str, heading: str) -> dict[str, Any]:
    """Return a refusal for a page.

    Returns
    -------
    dict
        ``heading``, ``message``, and ``lines``, pairs of label and text: what was got, what is
        allowed, and the repair where the message does not say it.
    """
    said = in_words(error.message, lang)
    parts = {"got": error.got, "allowed": error.allowed}
    if said is None:
        parts["repair"] = error.repair
    return {
        "heading": heading,
        "message": said or error.message,
        "lines": [
            (translate(f"page.problem.{name}", lang), _listed(value))
            for name, value in parts.items()
            if value is not None
        ],
    }


def plain_refusal(error: GridmapError, lang: str, heading: str) -> dict[str, Any]:
    """Return a refusal as :func:`refusal`, without values where the words say it all.

    For people to whom codes, octets and moments of programs say nothing.
    """
    said = refusal(error, lang, heading)
    told = in_words(error.message, lang) is not None
    repair = [] if told or not error.repair else [error.repair]
    label = translate("page.problem.repair", lang)
    return said | {"lines": [(label, text) for text in repair]}


def _field(message: str, lang: str) -> str:
    """Return what a sentence quotes last, by the name that pages have for it."""
    quoted = _QUOTED.findall(message.partition(":")[0])
    if not quoted:
        return ""
    known = catalogue(lang)
    names = (f"action.{quoted[-1]}", f"page.order.field.{quoted[-1]}")
    return next((known[name] for name in names if name in known), quoted[-1])


def _listed(value: object) -> str:
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(map(str, value))
    return str(value)
