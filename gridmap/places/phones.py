"""Telephone numbers as people write them, in one form."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["normalise_phone"]

_SEVERAL = re.compile(r"[,;、，；/\n]+|\s或\s?|或")
_EXTENSION = re.compile(r"\s*(?:转|分机|ext\.?|x)\s*(\d{1,6})\Z", re.IGNORECASE)
_DASHED = re.compile(r"(?<=[2-9]\d{6})-(\d{1,5})\Z|(?<=[2-9]\d{7})-(\d{1,5})\Z")
_COUNTRY = re.compile(r"(?:\+|00)86|86(?=1[3-9]\d{9}\Z|0\d{9,11}\Z)")
_MOBILE = re.compile(r"1[3-9]\d{9}")
# Area codes of a few large cities have three digits, the others four.
_LANDLINE = re.compile(r"(0(?:10|2\d|\d{3}))?([2-9]\d{6,7})")
_FREE = re.compile(r"([48]00)(\d{3})(\d{4})")
_SHORT_FORM = r"1[0-2]\d|1\d{4}|11\d{4}|9[56]\d{1,6}"
_SHORT = re.compile(_SHORT_FORM)
# A hotline of another city: 12345 of Jinan is 0531-12345 from elsewhere.
_SHORT_THERE = re.compile(rf"(0(?:10|2\d|[3-9]\d{{2}}))({_SHORT_FORM})")

# Written in groups; what may be a landline is one.
_GROUPED = (_FREE, _LANDLINE, _SHORT_THERE)


def normalise_phone(text: str) -> str:
    """Return numbers as ``0531-88881234``, ``13800001234``, ``400-800-1234`` or ``12345``.

    A short number may have an area code: ``0531-12345``. Full-width digits, brackets, blanks
    and the country code go; an extension stays as ``0531-88881234转8001``. Several numbers are
    joined by ``、``. Empty text stays empty.

    Raises
    ------
    ValueError
        When it is no telephone number: a masked one (``138****0000``) or words.
    """
    parts = _SEVERAL.split(unicodedata.normalize("NFKC", text))
    return "、".join(_one(part) for part in parts if part.strip())


def _one(text: str) -> str:
    found = _EXTENSION.search(text) or _DASHED.search(text)
    extension = f"转{next(filter(None, found.groups()))}" if found else ""
    plain = re.sub(r"[\s()\-–—.]", "", text[: found.start()] if found else text)
    if country := _COUNTRY.match(plain):
        plain = plain[country.end() :]
        # From abroad the zero of the area code is left out; these numbers have no area code.
        alone = (_MOBILE, _FREE, _SHORT)
        if plain[:1] != "0" and not any(form.fullmatch(plain) for form in alone):
            plain = f"0{plain}"
    if _MOBILE.fullmatch(plain) or _SHORT.fullmatch(plain):
        return plain + extension
    form = next(filter(None, (one.fullmatch(plain) for one in _GROUPED)), None)
    if form is not None:
        return "-".join(part for part in form.groups() if part) + extension
    raise ValueError(text)
