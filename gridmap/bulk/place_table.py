"""Tables of places written as CSV or as a workbook, with the photos that they name beside them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from io import BytesIO, StringIO
from pathlib import Path

from gridmap.bulk.safe_output import PendingFile, disk_errors
from gridmap.errors import BadValue

__all__ = ["PLACE_FORMATS", "check_place_table", "write_file", "write_place_table"]

PLACE_FORMATS = (".csv", ".xlsx")


def check_place_table(path: Path) -> None:
    """Raise `BadValue` when a table cannot be written under this name."""
    if path.suffix.lower() not in PLACE_FORMATS:
        raise BadValue(
            "A table of places is not written in such a format.",
            got=path.name,
            allowed=PLACE_FORMATS,
        )


def write_place_table(path: Path, titles: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write a table whole or not at all; every cell is text."""
    check_place_table(path)
    make = _workbook if path.suffix.lower() == ".xlsx" else _csv
    write_file(path, make([titles, *rows]))


def write_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all."""
    with PendingFile(path) as pending, disk_errors(path):
        pending.path.write_bytes(content)
        pending.commit()


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    out = StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    # With a mark by which spreadsheets know it for UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _workbook(rows: Sequence[Sequence[str]]) -> bytes:
    from xlsxwriter import Workbook

    out = BytesIO()
    with Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("places")
        sheet.freeze_panes(1, 0)
        for at, row in enumerate(rows):
            for column, text in enumerate(row):
                sheet.write_string(at, column, text)
    return out.getvalue()
