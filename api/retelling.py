"""Errors in the language of a page: they are raised in English, and told here.

The catalogues hold under ``pardon.`` the sentences that somebody who reads a page can meet, with
placeholders where the English one names a value.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gridmap.i18n import texts, translate

__all__ = ["retold"]

_PLACE = re.compile(r"\\\{(\w+)\\\}")


def retold(sentence: str | None, lang: str) -> str | None:
    """Return an English sentence in a language; None where there is none, or no words for it."""
    if sentence is None or lang == "en":
        return sentence
    for pattern, key in _patterns():
        found = pattern.fullmatch(sentence)
        if found:
            return translate(key, lang, **found.groupdict())
    return None


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    """What each English sentence looks like, those without placeholders first."""
    known = sorted(texts("en", "pardon.").items(), key=lambda one: ("{" in one[1], one[0]))
    return tuple(
        (re.compile(_PLACE.sub(r"(?P<\1>.+)", re.escape(text)), re.DOTALL), key)
        for key, text in known
    )
