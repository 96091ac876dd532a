"""Plain text for people: aligned columns that hold Chinese, numbers with separators."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import typer

__all__ = ["counted", "facts", "moment", "shortened", "show_dry_run", "table"]


def _width(text: str) -> int:
    # East Asian characters take two columns of a terminal.
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Print rows under a head, columns aligned, None as empty."""
    lines = [[*head], *(["" if cell is None else str(cell) for cell in row] for row in rows)]
    widths = [max(_width(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        cells = (_padded(cell, width) for cell, width in zip(line, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def facts(pairs: Mapping[str, str]) -> None:
    """Print named facts, one a line; empty ones are left out."""
    width = max((_width(name) for name in pairs), default=0)
    for name, text in pairs.items():
        if text:
            typer.echo(f"  {_padded(name, width)}  {text}")


def counted(counts: Mapping[str, int], total: int | None = None) -> str:
    """Return counts in one line, with shares of `total` when it is given."""
    if total:
        parts = [f"{name} {n:,} ({n / total:.1%})" for name, n in counts.items()]
    else:
        parts = [f"{name} {n:,}" for name, n in counts.items()]
    return " · ".join(parts)


def moment(value: datetime | None, zone: ZoneInfo) -> str:
    """Return a moment as the site's local time; a midnight as its date."""
    if value is None:
        return ""
    local = value.astimezone(zone)
    midnight = (local.hour, local.minute, local.second) == (0, 0, 0)
    return f"{local:%Y-%m-%d}" if midnight else f"{local:%Y-%m-%d %H:%M}"


def shortened(items: Sequence[Any], most: int = 5) -> str:
    """Return the first items, and how many more there are."""
    more = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(str(item) for item in items[:most]) + more


def show_dry_run(committed: bool) -> None:
    """Say that nothing was written, unless it was."""
    if not committed:
        typer.echo("Nothing was written: this was a dry run. Add --commit to do it.")
