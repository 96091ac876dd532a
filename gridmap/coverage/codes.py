"""Codes and names as text: cleaned, unique, and every change reported.

A code is what people write on notice boards and in other systems, so it is changed only
where its form is an accident of the file: ``12.0`` from a number column, blanks around
it, full-width digits from a Chinese input method.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from gridmap.areas import PROVISIONAL_MARK, provisional_code
from gridmap.coverage.notes import ImportNote

__all__ = ["Codes", "assign_codes", "clean_code", "clean_name", "same_column"]

# Full-width forms of ASCII, which input methods produce, and the ideographic space.
_FULL_WIDTH = {c: c - 0xFEE0 for c in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060\ufeff\x00-\x08\x0e-\x1f\x7f]")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?[eE]\+?\d+\Z")
_PROVISIONAL = re.compile(re.escape(PROVISIONAL_MARK) + r"\d+\Z")
_BLANK_WORDS = {"", "nan", "none", "null", "<null>", "n/a", "#n/a"}

# Above this a float no longer holds every integer: the last digits of a code are lost.
_EXACT = 2.0**53


@dataclass(frozen=True, slots=True)
class Codes:
    """Codes of a layer's rows.

    Attributes
    ----------
    code : list of str
        Unique, never empty, in row order.
    provisional : list of bool
        True where the code was made up.
    notes : list of ImportNote
    """

    code: list[str]
    provisional: list[bool]
    notes: list[ImportNote]


def clean_code(value: Any) -> str:
    """Return a code as text; empty for a missing value.

    Whole numbers lose their ``.0``; text is stripped, full-width ASCII becomes ASCII and
    invisible characters go. Leading zeros of text stay. Words that programs write for
    "missing" (``NULL``, ``nan``, ``None``) count as missing.
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (float, np.floating)):
        if not np.isfinite(value):
            return ""
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    text = _INVISIBLE.sub("", str(value).translate(_FULL_WIDTH)).strip()
    return "" if text.casefold() in _BLANK_WORDS else text


def clean_name(value: Any) -> str:
    """Return a name as text in Unicode NFC, runs of blanks as one space; empty if missing.

    Full-width punctuation stays: it belongs to Chinese names.
    """
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, (float, np.floating)):
        return clean_code(value)
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", str(value)))
    text = " ".join(text.split())
    return "" if text.casefold() in _BLANK_WORDS else text


def assign_codes(values: Sequence[Any]) -> Codes:
    """Return unique codes for the rows of a layer.

    Parameters
    ----------
    values : sequence
        The code column as read; all None when there is none.

    Returns
    -------
    Codes
        A blank becomes ``~1``, ``~2``, ...; of several equal codes the first keeps it and
        the others become ``CODE~2``, ... All of them are reported. Empty in, empty out.
    """
    cleaned = [clean_code(v) for v in values]
    notes = _notes_on_form(values, cleaned)
    taken = set(cleaned) - {""}
    seen: set[str] = set()
    code: list[str] = []
    blanks: list[int] = []
    repeats: list[int] = []
    for row, text in enumerate(cleaned):
        if text and text not in seen:
            code.append(text)
        else:
            (repeats if text else blanks).append(row)
            code.append(_free(text, taken, start=2 if text else 1))
        seen.add(text)
        taken.add(code[-1])
    if blanks:
        notes.append(_note("blank_code", "without a code; given a provisional one", blanks, code))
    if repeats:
        notes.append(
            _note("duplicate_code", "with a code already used above; numbered", repeats, code)
        )
    return Codes(code, [bool(_PROVISIONAL.search(c)) for c in code], notes)


def _free(text: str, taken: set[str], start: int) -> str:
    number = start
    while provisional_code(text, number) in taken:
        number += 1
    return provisional_code(text, number)


def _note(kind: str, what: str, rows: list[int], code: list[str]) -> ImportNote:
    return ImportNote(
        kind,
        "warning",
        f"{len(rows)} area{'s' * (len(rows) != 1)} {what}.",
        rows=tuple(r + 1 for r in rows),
        codes=tuple(code[r] for r in rows),
    )


def _notes_on_form(values: Sequence[Any], cleaned: list[str]) -> list[ImportNote]:
    numbers = [
        isinstance(v, (int, float, np.number)) and bool(c)
        for v, c in zip(values, cleaned, strict=True)
    ]
    notes = []
    if any(numbers):
        notes.append(
            ImportNote(
                "code_from_number",
                "info",
                "Codes are numbers in the file; leading zeros, if there were any, are gone.",
            )
        )
    lost = [
        r
        for r, v in enumerate(values)
        if numbers[r] and isinstance(v, (float, np.floating)) and abs(float(v)) >= _EXACT
    ]
    if lost:
        text = "too long for a number column: the last digits are unreliable; make it text"
        notes.append(_note("code_precision", text, lost, cleaned))
    damaged = [r for r, c in enumerate(cleaned) if _SCIENTIFIC.match(c)]
    if damaged:
        text = "whose code a spreadsheet shortened (like 3.7E+11); restore the column"
        notes.append(_note("code_scientific", text, damaged, cleaned))
    changed = [
        r for r, v in enumerate(values) if isinstance(v, str) and cleaned[r] and v != cleaned[r]
    ]
    if changed:
        text = "whose code was tidied (blanks, full-width digits, invisible characters)"
        notes.append(_note("code_tidied", text, changed, cleaned))
    return notes


def same_column(a: str, b: str) -> bool:
    """True when two column names differ only in case, width, blanks or underscores."""

    def plain(name: str) -> str:
        return re.sub(r"[\s_\-]", "", unicodedata.normalize("NFKC", name)).casefold()

    return plain(a) == plain(b)
