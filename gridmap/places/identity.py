"""Citizen identity numbers: found so that they are refused, never to be kept."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["holds_identity_number"]

# Region, date of birth, serial number, check character; perhaps set apart.
_NUMBER = re.compile(
    r"(?<![0-9A-Za-z])([1-9]\d{5})[ -]?((?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))"
    r"[ -]?(\d{3}[\dXx])(?![0-9A-Za-z])"
)
# GB 11643-1999: weights and check characters.
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"


def holds_identity_number(text: str, *, checked: bool = False) -> bool:
    """True when a text holds an 18-character citizen number.

    `checked` asks for the right check character too: for codes of areas, some of which look
    like such numbers. Elsewhere a mistyped number is as unwelcome as a right one.
    """
    for found in _NUMBER.finditer(unicodedata.normalize("NFKC", text)):
        number = "".join(found.groups()).upper()
        total = sum(w * int(d) for w, d in zip(_WEIGHTS, number[:17], strict=True))
        if not checked or _CHECK[total % 11] == number[17]:
            return True
    return False
