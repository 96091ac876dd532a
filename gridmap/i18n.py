"""Texts of pages, maps and messages in Chinese and English.

One gettext catalogue a language (``gridmap/locales/LANG/LC_MESSAGES/gridmap.po``), read as
it stands: a text is changed by editing one line, there is nothing to compile. The message
id is a dotted key (``map.search.none``), the same for Python, templates and scripts;
scripts get theirs as JSON from :func:`texts`. Placeholders are ``{name}``.

Names in the data are never translated here: records carry ``name`` and ``name_en``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from types import MappingProxyType

from babel.messages.pofile import read_po

from gridmap.errors import BadValue, NotFound

__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "Saying",
    "by_language",
    "catalogue",
    "preferred_language",
    "texts",
    "translate",
]

LANGUAGES = ("zh", "en")
DEFAULT_LANGUAGE = "zh"

_RANGE = re.compile(r"\s*([A-Za-z]{1,8}|\*)(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q=([0-9.]{1,5})\s*)?\Z")


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(lang: str) -> Mapping[str, str]:
    """Return all texts of a language by key; `BadValue` for a language without a catalogue."""
    if lang not in LANGUAGES:
        raise BadValue("There is no such language.", got=lang, allowed=LANGUAGES)
    path = files("gridmap") / "locales" / lang / "LC_MESSAGES" / "gridmap.po"
    messages = read_po(BytesIO(path.read_bytes()), locale=lang)
    return MappingProxyType({str(m.id): str(m.string) for m in messages if m.id})


def translate(key: str, lang: str = DEFAULT_LANGUAGE, /, **values: object) -> str:
    """Return the text of `key` with its placeholders filled.

    Raises
    ------
    NotFound
        When the key is in no catalogue; tests find such keys before a user does.
    """
    try:
        text = catalogue(lang)[key]
    except KeyError:
        raise NotFound(
            "There is no such text.", got=key, repair="Add it to both catalogues."
        ) from None
    return text.format_map(values) if values else text


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence, or a part of one, that can be said in every language.

    Attributes
    ----------
    key : str
        Of the text.
    values : mapping of str to object
        What fills its placeholders: a saying is said in the same language, a tuple of sayings
        one after the other, of a mapping from language to text the fitting one is taken, and
        anything else stands as it is.
    """

    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    def say(self, lang: str) -> str:
        """Return it in a language."""
        return translate(self.key, lang, **{k: _said(v, lang) for k, v in self.values.items()})

    def __format__(self, spec: str) -> str:
        """Refuse to stand in a text whose language it does not know."""
        raise TypeError(f"Saying {self.key!r} has to be said in a language")


def by_language(zh: str, en: str) -> Mapping[str, str]:
    """Return a value of a saying that has a form of its own in each language."""
    return {"zh": zh, "en": en}


def _said(value: object, lang: str) -> object:
    if isinstance(value, Saying):
        return value.say(lang)
    if isinstance(value, tuple):
        return translate("list.and", lang).join(str(_said(one, lang)) for one in value)
    return value[lang] if isinstance(value, Mapping) else value


def texts(lang: str, *prefixes: str) -> dict[str, str]:
    """Return the texts whose key begins with one of `prefixes`, for a script; all for none."""
    return {k: v for k, v in catalogue(lang).items() if not prefixes or k.startswith(prefixes)}


def preferred_language(accept: str | None, default: str = DEFAULT_LANGUAGE) -> str:
    """Return the best language for an ``Accept-Language`` header, `default` when none fits."""
    best, weight = default, 0.0
    for part in (accept or "")[:1000].split(","):
        found = _RANGE.match(part)
        if not found:
            continue
        lang = default if found.group(1) == "*" else found.group(1).lower()
        try:
            quality = float(found.group(2) or 1)
        except ValueError:
            continue
        if lang in LANGUAGES and quality > weight:
            best, weight = lang, quality
    return best
