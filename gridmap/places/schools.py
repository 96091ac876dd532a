"""When schools are closed: a table of the site, for no calendar of the country says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from gridmap.tables import Row, Source, read_table

__all__ = ["SCHOOL_TABLE", "SchoolDays", "load_school_days"]

SCHOOL_TABLE = "school_holidays.csv"

_HOLIDAY, _TERM = "holiday", "term"


@dataclass(frozen=True, slots=True)
class _Span:
    first: date
    last: date
    holiday: bool


@dataclass(frozen=True)
class SchoolDays:
    """Terms and holidays of schools; of a day in neither nothing is known."""

    spans: tuple[_Span, ...] = ()

    def is_holiday(self, day: date) -> bool | None:
        """Return whether schools are on holiday; None where that is not known."""
        for one in self.spans:
            if one.first <= day <= one.last:
                return one.holiday
        return None


def load_school_days(folder: Path | None = None) -> SchoolDays:
    """Read ``school_holidays.csv`` of a site's folder; without it nothing is known.

    A row is a stretch of days, both included: ``first,last,kind,name`` where `kind` is
    ``holiday`` or ``term``.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn, BadValue
        For a table that cannot be used; a faulty cell is named by file, row and column.
    """
    path = None if folder is None else folder / SCHOOL_TABLE
    if path is None or not path.exists():
        return SchoolDays()
    return SchoolDays(_spans(path))


def _spans(source: Source) -> tuple[_Span, ...]:
    found: list[tuple[_Span, int]] = []
    for row in read_table(source, ("first", "last", "kind"), ("name",)):
        kind = row.text("kind")
        if kind not in (_HOLIDAY, _TERM):
            row.refuse("kind", "has an unknown value", allowed=(_HOLIDAY, _TERM))
        span = _Span(_day(row, "first"), _day(row, "last"), kind == _HOLIDAY)
        if span.last < span.first:
            row.refuse("last", "is before the first day")
        for other, number in found:
            if span.first <= other.last and other.first <= span.last:
                row.refuse("first", f"lies in the days of row {number}")
        found.append((span, row.number))
    return tuple(span for span, _ in found)


def _day(row: Row, column: str) -> date:
    text = row.text(column)
    try:
        return date.fromisoformat(text)
    except ValueError:
        row.refuse(column, "is not a date", allowed="a date such as 2027-01-20")
