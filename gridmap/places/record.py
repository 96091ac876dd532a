"""One row of a table: its cells as values, and what is wrong with them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np

from gridmap.coverage.codes import clean_code, clean_name
from gridmap.places.identity import holds_identity_number
from gridmap.places.phones import normalise_phone
from gridmap.tables import CellFault

__all__ = ["Record"]

_YES = {"1", "是", "有", "y", "yes", "true", "t", "√", "✓"}
_NO = {"0", "否", "无", "没有", "n", "no", "false", "f", "×", "✗"}
_DAY = re.compile(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T ]00:00(?::00(?:\.0+)?)?)?\Z")


class Record:
    """One row; its methods give cells as values and note what is wrong with them.

    Parameters
    ----------
    file : str
        Name of the file, without its folder.
    number : int
        Row of a CSV file, 1 for the header; number of the feature in a layer, from 1.
    cells : mapping of str to str
        By the known columns' names.
    titles : mapping of str to str
        What the file calls them.
    """

    def __init__(
        self, file: str, number: int, cells: Mapping[str, str], titles: Mapping[str, str]
    ) -> None:
        self.file = file
        self.row = number
        self.cells = cells
        self.faults: list[CellFault] = []
        self.titles = titles

    def refuse(self, column: str, what: str, *, allowed: object = "") -> None:
        """Note a fault of a known column's cell, and repeat the cell where that is harmless."""
        if isinstance(allowed, (list, tuple, set)):
            allowed = ", ".join(map(str, allowed))
        title = self.titles.get(column, column)
        cell = self.cells.get(column, "")
        got = "" if holds_identity_number(cell) else cell[:80]
        self.faults.append(CellFault(self.file, self.row, title, what, got, str(allowed)))

    def note(self, title: str, what: str) -> None:
        """Note a fault of any column, by the file's own title, without repeating the cell."""
        self.faults.append(CellFault(self.file, self.row, title, what))

    def text(self, column: str) -> str:
        """Return a cell as cleaned text, empty where there is none."""
        return clean_name(self.cells.get(column, ""))

    def needed(self, column: str) -> str:
        """Return a cell that must not be empty."""
        text = self.text(column)
        if not text:
            self.refuse(column, "is empty")
        return text

    def code(self, column: str, *, needed: bool = True) -> str:
        """Return a code: full-width digits, blanks and a number's ``.0`` mended."""
        text = re.sub(r"(?<=\d)\.0\Z", "", clean_code(self.cells.get(column, "")))
        if needed and not text:
            self.refuse(column, "is empty")
        elif re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", text):
            self.refuse(column, "was shortened by a spreadsheet; restore it as text")
        return text

    def choice(
        self, column: str, names: Mapping[str, Sequence[str]], *, otherwise: str | None = None
    ) -> str:
        """Return the code that a cell names, by the code itself or one of its labels.

        Labels such as ``养老/日间照料`` are also known by their parts. An empty cell is
        `otherwise` where that is given.
        """
        text = self.text(column)
        if not text and otherwise is not None:
            return otherwise
        wanted = _plain(text)
        for code, labels in names.items():
            parts = [part for label in labels for part in (label, *re.split("[/、,]", label))]
            if wanted and wanted in {_plain(code), *map(_plain, parts)}:
                return code
        shown = [" ".join([code, *labels[:1]]) for code, labels in names.items()]
        self.refuse(column, "has an unknown value" if text else "is empty", allowed=shown)
        return ""

    def day(self, column: str) -> date | None:
        """Return a date: ISO, or ``2026/3/1``, ``2026年3月1日``."""
        text = self.text(column)
        if not text:
            return None
        found = _DAY.match(text)
        try:
            if found is not None:
                return date(*map(int, found.groups()))
        except ValueError:
            pass
        self.refuse(column, "is not a date", allowed="a date such as 2026-03-01")
        return None

    def whole(self, column: str) -> int | None:
        """Return a whole number that is not negative."""
        text = re.sub(r"\.0+\Z", "", self.text(column))
        if text and not re.fullmatch(r"[0-9]{1,9}", text):
            self.refuse(column, "is not a whole number")
            return None
        return int(text) if text else None

    def decimal(self, column: str) -> float:
        """Return a number, NaN for an empty cell."""
        text = unicodedata.normalize("NFKC", self.text(column)).replace(",", "")
        try:
            found = float(text) if text else np.nan
        except ValueError:
            found = np.inf
        if np.isinf(found):
            self.refuse(column, "is not a number")
            return np.nan
        return found

    def flag(self, column: str) -> bool | None:
        """Return yes or no, None for an empty cell."""
        text = self.text(column).casefold()
        if text and text not in _YES | _NO:
            self.refuse(column, "is neither yes nor no", allowed="是, 否")
        return None if text not in _YES | _NO else text in _YES

    def phone(self, column: str) -> str:
        """Return telephone numbers in one form; see :func:`normalise_phone`."""
        try:
            return normalise_phone(self.text(column))
        except ValueError:
            self.refuse(column, "is not a telephone number", allowed="such as 0531-88881234")
            return ""

    def items(self, column: str) -> tuple[str, ...]:
        """Return the parts of a list set apart by ``、``, ``;`` or ``,``."""
        return tuple(p for p in map(clean_name, re.split("[、;；,，|]", self.text(column))) if p)


def _plain(text: str) -> str:
    return re.sub(r"[\s_\-]", "", unicodedata.normalize("NFKC", text)).casefold()
