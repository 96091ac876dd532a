"""What a command found as JSON, to a file or to the terminal; notes on what it read."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from gridmap.cli.show import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gridmap.coverage.notes import ImportNote

__all__ = ["STDOUT", "show_notes", "write_json"]

STDOUT = "-"


def write_json(record: dict[str, Any] | list[dict[str, Any]], where: str) -> None:
    """Write a record whole or not at all; ``-`` means the terminal."""
    text = json.dumps(record, ensure_ascii=False, indent=2, default=_plain)
    if where == STDOUT:
        typer.echo(text)
        return
    from gridmap.bulk.safe_output import PendingFile, disk_errors

    target = Path(where)
    with PendingFile(target) as pending, disk_errors(target):
        pending.path.write_text(text + "\n", encoding="utf-8")
        pending.commit()


def show_notes(notes: Iterable[ImportNote]) -> None:
    """Print what reading or importing a layer had to report, a line a note, and of which areas."""
    for note in notes:
        typer.echo(f"  {note.severity}: {note.text}{_which(note)}")


def _which(note: ImportNote) -> str:
    """The first areas that a note is about, by their codes; by their rows where they have none."""
    if note.codes:
        return f" [{shortened(note.codes)}]"
    if note.rows:
        return f" [row{'s' if len(note.rows) > 1 else ''} {shortened(note.rows)}]"
    return ""


def _plain(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"no JSON for {value!r}")
