"""A table of records from a file, its columns under one name each, its faults collected.

CSV (UTF-8 or GB18030), a workbook (.xlsx) or a layer (GeoPackage, GeoJSON, shapefile); column
names in English or Chinese. Reading goes on after a fault, so that whoever mends the file sees
all of them.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.coverage.codes import clean_code, same_column
from gridmap.coverage.reading.read import Layer, read_layer, split_source
from gridmap.errors import BadValue, MissingColumn
from gridmap.places.identity import holds_identity_number
from gridmap.places.record import Record
from gridmap.places.workbook import read_workbook
from gridmap.tables import FaultyTable, read_lines

__all__ = ["Column", "Sheet", "open_sheet"]

# Codes of areas have as many digits as they like, and may look like a citizen number.
_CODES = {"code", "area_code", "parent_code"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column that a kind of table may have.

    Attributes
    ----------
    name : str
        What the readers call it; a file may do so too.
    others : tuple of str
        Further names that files use, compared without case, width, blanks and underscores.
    required : bool
        The file must have it.
    """

    name: str
    others: tuple[str, ...] = ()
    required: bool = False


@dataclass(frozen=True, eq=False)
class Sheet:
    """All rows of a file.

    Attributes
    ----------
    file : str
        Name of the file, without its folder.
    records : list of Record
    columns : frozenset of str
        Names of the known columns that the file has.
    geometry : object (n,) or None
        Of a layer, in its own coordinates.
    crs : str or None
        What the layer declares.
    """

    file: str
    records: list[Record]
    columns: frozenset[str]
    geometry: NDArray[np.object_] | None = None
    crs: str | None = None

    def unique(self, column: str, *, taken: Container[str] = ()) -> None:
        """Note every record whose code an earlier one has, or that is taken elsewhere."""
        seen: dict[str, int] = {}
        for record in self.records:
            code = record.code(column, needed=False)
            if code and code in seen:
                record.refuse(column, f"repeats row {seen[code]}")
            elif code and code in taken:
                record.refuse(column, "is taken already")
            seen.setdefault(code, record.row)

    def finish(self) -> None:
        """Raise `FaultyTable` when there is any fault."""
        faults = [f for record in self.records for f in dict.fromkeys(record.faults)]
        if faults:
            raise FaultyTable(faults)


def open_sheet(
    source: str | Path, columns: Sequence[Column], *, encoding: str | None = None
) -> Sheet:
    """Read a file.

    Parameters
    ----------
    source : str or Path
        A ``.csv`` file, an ``.xlsx`` file (its first sheet), or ``FILE[:LAYER]`` of any format
        that boundaries are read from.
    columns : sequence of Column
        What is looked for; other columns are left out, but not unread: an identity number
        anywhere in the file is a fault.
    encoding : str, optional
        Of a layer's text; found by evidence when left out.

    Raises
    ------
    UnreadableFile, WrongEncoding
        When the file cannot be read.
    MissingColumn
        When a required column is not there.
    BadValue
        When two columns of the file mean the same.
    """
    path, layer_name = split_source(str(source))
    if path.suffix.lower() in {".csv", ".txt"}:
        header, lines = read_lines(path)
        return _sheet(path.name, header, lines, columns, None)
    if path.suffix.lower() == ".xlsx":
        header, lines = read_workbook(path)
        return _sheet(path.name, header, lines, columns, None)
    layer = read_layer(path, layer_name, encoding=encoding)
    table = [layer.frame[name].tolist() for name in layer.columns]
    rows = [list(map(_cell, values)) for values in zip(*table, strict=True)]
    lines = list(enumerate(rows or [[] for _ in range(len(layer))], start=1))
    sheet = _sheet(path.name, layer.titles, lines, columns, layer)
    for row in (row for note in layer.notes if note.kind == "ring_closed" for row in note.rows):
        sheet.records[row - 1].note("geometry", "has a ring that is not closed")
    return sheet


def _sheet(
    file: str,
    header: list[str],
    lines: list[tuple[int, list[str]]],
    columns: Sequence[Column],
    layer: Layer | None,
) -> Sheet:
    place = _match(file, header, columns)
    titles = {name: header[at] for name, at in place.items()}
    codes = {place[name] for name in _CODES & place.keys()}
    records = []
    for number, line in lines:
        cells = {name: line[at] if at < len(line) else "" for name, at in place.items()}
        record = Record(file, number, cells, titles)
        if any(line[len(header) :]):
            record.refuse(header[-1] if header else "", "is followed by too many cells")
        for at, cell in enumerate(line[: len(header)]):
            if holds_identity_number(cell, checked=at in codes):
                record.note(header[at], "holds an identity number; leave it out")
        records.append(record)
    return Sheet(
        file,
        records,
        frozenset(place),
        None if layer is None else layer.geometry,
        None if layer is None else layer.crs,
    )


def _match(file: str, header: list[str], columns: Sequence[Column]) -> dict[str, int]:
    """Return where in the file each known column stands."""
    place: dict[str, int] = {}
    for column in columns:
        names = (column.name, *column.others)
        found = [i for i, t in enumerate(header) if any(same_column(t, name) for name in names)]
        if len(found) > 1:
            raise BadValue(
                f"{file} has several columns for one thing.",
                got=[header[i] for i in found],
                allowed=f"one of {', '.join(names)}",
                repair="Remove or rename all but one.",
            )
        if found:
            place[column.name] = found[0]
    missing = [c for c in columns if c.required and c.name not in place]
    if missing:
        raise MissingColumn(
            f"{file} lacks columns.",
            got=header,
            allowed=["/".join((c.name, *c.others)) for c in missing],
            repair="Name the columns so, in either language.",
        )
    return place


def _cell(value: Any) -> str:
    """A layer's value as the text that a CSV file would have."""
    if value is None or value is pd.NaT or value is pd.NA:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (float, np.floating)):
        return clean_code(value)
    return str(value).strip()
