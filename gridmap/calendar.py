"""Working days: who works when, and how far that is known.

Chinese holidays and make-up workdays are announced year by year, usually in November. Past
what is known nothing is guessed: :class:`CalendarMissing` is raised, and the deadline clock
turns it into a reason. A site keeps a table of its own days, which wins over the package and
carries the calendar on when a new year has been announced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Protocol

from gridmap.errors import NotFound
from gridmap.tables import Row, Source, Table, read_table

__all__ = [
    "CalendarDay",
    "CalendarMissing",
    "ChineseCalendar",
    "DayKind",
    "SiteDays",
    "WorkCalendar",
    "days_covered",
    "load_site_days",
    "published_days",
]


class DayKind(StrEnum):
    """What a day is to an office."""

    WORKDAY = "workday"
    MAKEUP_WORKDAY = "makeup_workday"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


_WORKING = {DayKind.WORKDAY, DayKind.MAKEUP_WORKDAY}


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day and why it is what it is.

    Attributes
    ----------
    kind : DayKind
    name, name_en : str
        The holiday, or the one whose days off are made up for; empty for ordinary days.
    """

    kind: DayKind
    name: str = ""
    name_en: str = ""

    @property
    def works(self) -> bool:
        """True when offices are open."""
        return self.kind in _WORKING


class CalendarMissing(NotFound):
    """The calendar does not reach the day that was asked for."""

    def __init__(self, day: date, covered_until: date | None) -> None:
        super().__init__(
            "The working calendar does not reach this day.",
            got=day.isoformat(),
            allowed=f"up to {covered_until}" if covered_until else None,
            repair="Add the year's holidays and make-up workdays to the site's calendar table.",
        )
        self.day = day
        self.covered_until = covered_until


class WorkCalendar(Protocol):
    """Something that knows which days are worked."""

    def kind_of_day(self, day: date) -> CalendarDay:
        """Return what a day is; raise `CalendarMissing` where that is not known."""
        ...

    def covered_until(self) -> date | None:
        """Return the last day of the unbroken known stretch; None when nothing is known."""
        ...


@dataclass(frozen=True)
class SiteDays:
    """A site's own days.

    Attributes
    ----------
    days : mapping of date to CalendarDay
        Win over any other source.
    complete_years : frozenset of int
        Years whose holidays and make-up workdays are all listed: their other days are
        workdays from Monday to Friday and weekend otherwise.
    """

    days: Mapping[date, CalendarDay]
    complete_years: frozenset[int] = frozenset()


def load_site_days(source: Source) -> SiteDays:
    """Read a site's table: ``date,kind,name`` and optionally ``name_en``.

    A row is a day (``2027-01-01,holiday,元旦``; `kind` is ``workday``, ``makeup_workday``,
    ``weekend`` or ``holiday``) or states that a year is listed in full (``2027,complete,``).
    Without that statement a day past the package's coverage answers for itself alone: an
    unlisted Monday may yet be declared a holiday.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn
        When the file is not such a table.
    BadValue
        For a faulty cell; the message names file, row and column.
    """
    days: dict[date, CalendarDay] = {}
    years: set[int] = set()
    seen: dict[str, int] = {}
    for row in read_table(source, ("date", "kind"), ("name", "name_en")):
        text = row.unique("date", seen)
        if row.cells["kind"] == "complete":
            if not (len(text) == 4 and text.isdecimal() and int(text)):
                row.refuse("date", "is not a year", allowed="a year such as 2027")
            years.add(int(text))
            continue
        kind = row.choice("kind", DayKind)
        days[_day(row)] = CalendarDay(kind, row.cells["name"], row.cells["name_en"])
    return SiteDays(days, frozenset(years))


def _day(row: Row) -> date:
    try:
        return date.fromisoformat(row.cells["date"])
    except ValueError:
        row.refuse("date", "is not a date", allowed="a date such as 2027-01-01")


@lru_cache(maxsize=1)
def _published() -> tuple[dict[date, CalendarDay], range]:
    """Return the special days of the chinesecalendar package and the years it holds."""
    from chinese_calendar import constants

    chinese = {holiday.value: holiday.chinese for holiday in constants.Holiday}
    days = {
        day: CalendarDay(kind, chinese[name], name)
        for kind, table in (
            (DayKind.HOLIDAY, constants.holidays),
            (DayKind.MAKEUP_WORKDAY, constants.workdays),
        )
        for day, name in table.items()
    }
    years = [day.year for day in constants.holidays]
    return days, range(min(years), max(years) + 1)


def _known_now() -> SiteDays:
    days, years = _published()
    return SiteDays(days, frozenset(years))


def published_days() -> Table:
    """Return what the chinesecalendar package knows now, as a table of site days."""
    days, years = _published()
    lines = [(str(year), "complete", "", "") for year in years]
    lines += [(str(day), one.kind.value, one.name, one.name_en) for day, one in days.items()]
    return Table(
        "published_days",
        ("date", "kind", "name", "name_en"),
        tuple(enumerate(sorted(lines), start=2)),
    )


class ChineseCalendar:
    """The calendar of offices in China: the published years, then the site's own days.

    Parameters
    ----------
    site : SiteDays, optional
        Overrides single days and carries the calendar past the published years.
    published : SiteDays, optional
        What was published; by default what the chinesecalendar package knows now.
    """

    def __init__(self, site: SiteDays | None = None, published: SiteDays | None = None) -> None:
        self._site = site or SiteDays({})
        known = published or _known_now()
        self._first = min(known.complete_years)
        self._special = {**known.days, **self._site.days}
        self._years = known.complete_years | self._site.complete_years

    def kind_of_day(self, day: date) -> CalendarDay:
        """Return what a day is; raise `CalendarMissing` where that is not known."""
        special = self._special.get(day)
        if special is not None:
            return special
        if day.year not in self._years:
            raise CalendarMissing(day, self.covered_until())
        return _WEEKEND if day.weekday() > 4 else _WORKDAY

    def covered_until(self) -> date | None:
        """Return the last day before the first gap, counted from the published years on."""
        year = self._first
        while year in self._years:
            year += 1
        last = date(year - 1, 12, 31)
        while last + timedelta(days=1) in self._special:
            last += timedelta(days=1)
        return last


_WORKDAY = CalendarDay(DayKind.WORKDAY)
_WEEKEND = CalendarDay(DayKind.WEEKEND)


def days_covered(calendar: WorkCalendar, today: date) -> int:
    """Return how many days after `today` are known without a break; negative when it is past.

    Sites are warned when this falls below 60: a limit of 15 working days across a Spring
    Festival takes some 25 days, and the table must be typed in before.
    """
    last = calendar.covered_until()
    return -1 if last is None else (last - today).days
