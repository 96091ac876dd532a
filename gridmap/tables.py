"""Small tables as CSV, read with every fault located: file, row and column.

Row numbers are those a spreadsheet shows: the header is row 1. UTF-8 with or without a byte
order mark, or GB18030, which is what spreadsheets in China save.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import StringIO
from pathlib import Path
from typing import NoReturn, TypeVar

from gridmap.errors import BadValue, MissingColumn, UnreadableFile, WrongEncoding

__all__ = [
    "MOST_FAULTS",
    "CellFault",
    "FaultyTable",
    "Row",
    "Source",
    "Table",
    "package_data",
    "read_lines",
    "read_table",
]

_Choice = TypeVar("_Choice", bound=StrEnum)

# A table can be wrong in a thousand places; the message tells the first ones.
MOST_FAULTS = 20


def package_data(package: str, name: str) -> Traversable:
    """Return one of the tables in the ``data`` folder of a package such as ``gridmap.routing``."""
    return files(package) / "data" / name


@dataclass(frozen=True, slots=True)
class Table:
    """A table that was read already, from whatever kind of file.

    Attributes
    ----------
    name : str
        What messages call it: the file, and where it holds several tables, which of them.
    header : tuple of str
    lines : tuple of (int, tuple of str)
        Number and cells of each row, as :func:`read_lines` gives them.
    words : tuple of str
        What the number and a cell's title are called there: row and column, line and key.
    """

    name: str
    header: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]
    words: tuple[str, str] = ("row", "column")

    def text(self) -> str:
        """Return the table as CSV."""
        out = StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.header)
        writer.writerows(cells for _, cells in self.lines)
        return out.getvalue()

    @classmethod
    def of(cls, name: str, text: str) -> Table:
        """Return the table of a CSV text."""
        header, lines = _parse(name, text)
        return cls(name, tuple(header), tuple((n, tuple(cells)) for n, cells in lines))

    @classmethod
    def read(cls, source: Source) -> Table:
        """Read a CSV file; errors are those of :func:`read_lines`."""
        header, lines = read_lines(source)
        return cls(source.name, tuple(header), tuple((n, tuple(cells)) for n, cells in lines))


Source = Path | Traversable | Table


@dataclass(frozen=True, slots=True)
class CellFault:
    """One faulty cell, or one fault of a row.

    Attributes
    ----------
    file : str
        Name of the file, without its folder.
    row : int
        Row of a CSV file, 1 for the header; number of the feature in a layer, from 1.
    column : str
        As the file calls it.
    what : str
        What is wrong, to follow the place: ``is empty``.
    got : str
        The cell; empty where it must not be repeated.
    allowed : str
    """

    file: str
    row: int
    column: str
    what: str
    got: str = ""
    allowed: str = ""

    def __str__(self) -> str:
        got = f", got '{self.got}'" if self.got else ""
        allowed = f", allowed: {self.allowed}" if self.allowed else ""
        return f"{self.file}, row {self.row}, column '{self.column}' {self.what}{got}{allowed}"


class FaultyTable(BadValue):
    """A table with cells that cannot be used; all of them are known, the first are listed.

    Parameters
    ----------
    faults : sequence of CellFault
        At least one, in the order of the rows.
    """

    def __init__(self, faults: Sequence[CellFault]) -> None:
        more = len(faults) - MOST_FAULTS
        listed = [str(fault) for fault in faults[:MOST_FAULTS]]
        super().__init__(
            f"{faults[0].file} has {len(faults)} fault{'s' * (len(faults) > 1)}.",
            got="; ".join(listed) + (f"; and {more} more" if more > 0 else ""),
            repair="Mend the cells and load the file again; nothing was stored.",
        )
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Row:
    """One row, with its place for messages.

    Attributes
    ----------
    file : str
        Name of the file, without its folder.
    number : int
        Row in the file, 1 for the header.
    cells : dict of str to str
        Stripped text by column; a missing cell is empty.
    """

    file: str
    number: int
    cells: dict[str, str]
    words: tuple[str, str] = ("row", "column")

    def text(self, column: str) -> str:
        """Return a cell, refusing an empty one."""
        if not self.cells[column]:
            self.refuse(column, "is empty")
        return self.cells[column]

    def choice(self, column: str, kind: type[_Choice]) -> _Choice:
        """Return a cell as a member of `kind`, refusing any other value."""
        try:
            return kind(self.cells[column])
        except ValueError:
            self.refuse(column, "has an unknown value", allowed=[member.value for member in kind])

    def refuse(self, column: str, what: str, *, allowed: object = None) -> NoReturn:
        """Raise `BadValue` that names this row and the column."""
        raise BadValue(
            f"{self.file}, {self.words[0]} {self.number}, {self.words[1]} '{column}' {what}.",
            got=repr(self.cells.get(column, "")),
            allowed=allowed,
            repair="Mend the cell and load the file again.",
        )

    def unique(self, column: str, seen: dict[str, int]) -> str:
        """Return a cell that no earlier row has; `seen` remembers the rows by value."""
        value = self.text(column)
        if value in seen:
            self.refuse(column, f"repeats {self.words[0]} {seen[value]}")
        seen[value] = self.number
        return value


def read_table(
    source: Source, required: Sequence[str], optional: Sequence[str] = ()
) -> Iterator[Row]:
    """Read a CSV file row by row; blank rows are passed over, other columns left out.

    Parameters
    ----------
    source : Path or Traversable
    required, optional : sequence of str
        Column names; a row has all of them, an absent optional column as empty text.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        At once for the first three; for a row with too many cells when it is reached.
    """
    header, lines = read_lines(source)
    missing = [name for name in required if name not in header]
    if missing:
        raise MissingColumn(
            f"{source.name} lacks columns.", got=header, allowed=[*required, *optional]
        )
    words = source.words if isinstance(source, Table) else ("row", "column")
    return _rows(source.name, header, [*required, *optional], lines, words)


def _rows(
    file: str,
    header: list[str],
    wanted: list[str],
    lines: list[tuple[int, list[str]]],
    words: tuple[str, str],
) -> Iterator[Row]:
    for number, line in lines:
        if len(line) > len(header):
            Row(file, number, {}, words).refuse(header[-1], "is followed by too many cells")
        cells = dict.fromkeys(wanted, "")
        cells |= {k: v for k, v in zip(header, line, strict=False) if k in cells}
        if any(cells.values()):
            yield Row(file, number, cells, words)


def read_lines(source: Source) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Read a CSV file whole.

    Returns
    -------
    header : list of str
        Empty for an empty file.
    lines : list of (int, list of str)
        Number and cells of each row after the header, stripped; empty rows are left out.

    Raises
    ------
    UnreadableFile, WrongEncoding
    """
    if isinstance(source, Table):
        return list(source.header), [(n, list(cells)) for n, cells in source.lines]
    return _parse(source.name, _text(source))


def _parse(name: str, text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    # Strict: a quotation mark that is never closed would otherwise swallow the file's rest.
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        rows = [[cell.strip() for cell in line] for line in reader]
    except csv.Error as error:
        raise UnreadableFile(
            f"{name} is not a CSV table.",
            got=f"{error}, near line {reader.line_num}",
            repair="Check the quotation marks there, or save the file as CSV again.",
        ) from error
    header = rows[0] if rows else []
    return header, [(n, line) for n, line in enumerate(rows[1:], start=2) if any(line)]


def _text(source: Path | Traversable) -> str:
    try:
        raw = source.read_bytes()
    except OSError as error:
        raise UnreadableFile(
            f"The table {source.name} cannot be read.", got=error.strerror or str(error)
        ) from error
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise WrongEncoding(
        f"The table {source.name} is neither UTF-8 nor GB18030.", repair="Save it as UTF-8."
    )
