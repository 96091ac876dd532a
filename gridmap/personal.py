"""Personal data: how it is masked, everywhere alike, and which numbers are never taken.

An identity number is refused before anything is stored: 18 digits with the check digit of
GB 11643-1999, or the 15 digits of before 1999, with a region and a date of birth that can be.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator
from datetime import date

from gridmap.errors import BadValue

__all__ = [
    "MAX_PERSONAL",
    "PERSONAL_FIELDS",
    "PHONE",
    "REDACTED",
    "checked_phone",
    "has_identity_number",
    "mask",
    "masked_text",
    "refuse_identity_numbers",
    "without_identity_numbers",
]

# Fields of a report that name a person, and how long they may be.
PERSONAL_FIELDS = ("reporter_name", "reporter_phone", "reporter_address")
MAX_PERSONAL = {"reporter_name": 60, "reporter_phone": 32, "reporter_address": 200}

REDACTED = "（身份证号已略去）"

# Two spaces, hyphens or dashes may stand between any two digits of the long number, and a letter
# right behind it. The short one is told from codes of 15 digits only by its date: hyphens in it
# make it a code.
_LONG = re.compile(r"(?<![0-9])(?:[0-9][\s\-\u2010-\u2015\u2212]{0,2}){17}[0-9Xx](?![0-9])")
_SHORT = re.compile(r"(?<![0-9])[0-9]{15}(?![0-9])")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
# GB/T 2260: the first two digits of a province, and of Hong Kong, Macao, Taiwan residents.
_REGIONS = ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
_PROVINCES = frozenset(str(n) for first, last in _REGIONS for n in range(first, last + 1))
_FEWEST_DIGITS = 15
_MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9](?:[ \-]?[0-9]{4}){2}(?![0-9])")
# Seven to fourteen digits: so many that it can be called, too few for an identity number.
PHONE = r"^\+?[0-9](?:[ \-]?[0-9]){6,13}$"
_PHONE = re.compile(PHONE)
_SHOWN_START, _SHOWN_END = 3, 4


def mask(field: str, value: str | None) -> str | None:
    """Return a personal value as those see it who need not know it.

    ``138****0000`` for a telephone number, ``张**`` for a name, ``***`` for an address: an
    address cannot be shortened so that it surely names nobody.
    """
    if not value:
        return None
    if field == "reporter_phone":
        digits = re.sub(r"[^0-9]", "", _plain(value))
        if len(digits) < _SHOWN_START + _SHOWN_END + 1:
            return "****"
        return f"{digits[:_SHOWN_START]}****{digits[-_SHOWN_END:]}"
    if field == "reporter_name":
        return value[0] + "**"
    return "***"


def masked_text(text: str) -> str:
    """Return free text with the mobile numbers in it masked and identity numbers left out."""
    target = without_identity_numbers(text)
    plain, places = _unfolded(target)
    for found in reversed(list(_MOBILE.finditer(plain))):
        start, end = _place(found, places)
        target = target[:start] + (mask("reporter_phone", found.group()) or "") + target[end:]
    return target


def checked_phone(value: str) -> str:
    """Return a telephone number, or raise `BadValue`; the message does not repeat it."""
    plain = _plain(value).strip()
    if not _PHONE.fullmatch(plain):
        raise BadValue(
            "'reporter_phone' is not a telephone number.",
            got=f"{len(value)} characters",
            allowed="7 to 14 digits, with single spaces or hyphens between them, + in front",
        )
    return plain


def has_identity_number(text: str) -> bool:
    """True when an identity number stands in the text, whatever the width of its digits."""
    return bool(_identity_numbers(text))


def refuse_identity_numbers(field: str, text: str) -> str:
    """Return the text, or raise `BadValue` when an identity number stands in it."""
    if has_identity_number(text):
        raise BadValue(
            f"'{field}' contains an identity card number (身份证号), which is never stored.",
            got="a number of 15 or 18 digits that is an identity number",
            repair="Leave it out. If it is a code of 15 digits, write it with hyphens.",
        )
    return text


def without_identity_numbers(text: str) -> str:
    """Return the text with a remark in place of every identity number: for files of many."""
    for start, end in reversed(_identity_numbers(text)):
        text = text[:start] + REDACTED + text[end:]
    return text


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _unfolded(text: str) -> tuple[str, list[int]]:
    """Return a text of plain signs, without those that nobody sees, and where each one was."""
    signs, places = list[str](), list[int]()
    for place, sign in enumerate(text):
        for plain in _plain(sign):
            # Such as a space of no width: it would hide a number from the search alone.
            if unicodedata.category(plain) != "Cf":
                signs.append(plain)
                places.append(place)
    return "".join(signs), places


def _place(found: re.Match[str], places: list[int]) -> tuple[int, int]:
    """Return from where to where what was found among plain signs stands in the text itself."""
    return places[found.start()], places[found.end() - 1] + 1


def _identity_numbers(text: str) -> list[tuple[int, int]]:
    """Return from where to where each identity number stands in a text, in order."""
    # Most texts have too few digits, and are done with at once.
    if sum(map(_plain(text).count, string.digits)) < _FEWEST_DIGITS:
        return []
    plain, places = _unfolded(text)
    spans: list[tuple[int, int]] = []
    for start, end in sorted(_place(found, places) for found in _in_plain(plain)):
        if spans and start < spans[-1][1]:
            spans[-1] = spans[-1][0], max(end, spans[-1][1])
        else:
            spans.append((start, end))
    return spans


def _in_plain(text: str) -> Iterator[re.Match[str]]:
    found = _LONG.search(text)
    while found is not None:
        digits = re.sub(r"[^0-9Xx]", "", found.group()).upper()
        total = sum(int(d) * w for d, w in zip(digits[:17], _WEIGHTS, strict=True))
        known = _CHECKS[total % 11] == digits[17] and _somebody(digits[:2], digits[6:14])
        if known:
            yield found
        # A number before it, and a space, look like its beginning: the next may be the true one.
        found = _LONG.search(text, found.end() if known else found.start() + 1)
    for short in _SHORT.finditer(text):
        digits = short.group()
        if _somebody(digits[:2], "19" + digits[6:12]):
            yield short


def _somebody(province: str, born: str) -> bool:
    try:
        day = date(int(born[:4]), int(born[4:6]), int(born[6:]))
    except ValueError:
        return False
    return province in _PROVINCES and day >= date(1850, 1, 1)
