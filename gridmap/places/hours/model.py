"""Hours as rules: what a text in OpenStreetMap's ``opening_hours`` syntax says.

A rule chooses days by dates, weeks, weekdays and holidays, and lays times upon them. Rules are
kept as they were written; :mod:`.days` applies them to a day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Literal

__all__ = [
    "DAY_MINUTES",
    "DateRange",
    "Hours",
    "HoursState",
    "Joined",
    "MonthDay",
    "Rule",
    "Span",
    "Weekdays",
]

DAY_MINUTES = 24 * 60

# ``;`` takes the place of earlier rules on its days, ``,`` adds to them, ``||`` fills what they
# leave.
Joined = Literal["instead", "also", "else"]


class HoursState(StrEnum):
    """What a place is at a moment."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Span:
    """Times of a day in minutes after its midnight; an end past 1440 is on the day after.

    `open_end`: it may go on (``18:00+``); what follows is not known.
    """

    start: int
    end: int
    open_end: bool = False


@dataclass(frozen=True, slots=True)
class MonthDay:
    """A day, or a month when `day` is 0, of one year or of every year."""

    month: int
    day: int = 0
    year: int | None = None


@dataclass(frozen=True, slots=True)
class DateRange:
    """From one day to another, both included; `first` and `last` are of the same make.

    `until_ever`: of years (``2026+``).
    """

    first: MonthDay
    last: MonthDay
    until_ever: bool = False

    def holds(self, day: date) -> bool:
        """True when the day lies in the range, which may go over the end of a year."""
        if self.first.month == 0:
            return self._year(self.first) <= day.year and (
                self.until_ever or day.year <= self._year(self.last)
            )
        first = (self.first.month, self.first.day or 1)
        last = (self.last.month, self.last.day or 31)
        here = (day.month, day.day)
        if self.first.year is not None:
            if self.last.year is None:
                end = self.first.year + (1 if last < first else 0)
                return (self.first.year, *first) <= (day.year, *here) <= (end, *last)
            return (self.first.year, *first) <= (day.year, *here) <= (self.last.year, *last)
        return first <= here <= last if first <= last else here >= first or here <= last

    @staticmethod
    def _year(one: MonthDay) -> int:
        return one.year if one.year is not None else 0

    @property
    def is_dated(self) -> bool:
        """True when it is of one year: what is closed then is closed for once."""
        return self.first.year is not None and self.first.month != 0


@dataclass(frozen=True, slots=True)
class Weekdays:
    """Weekdays, Monday 0, perhaps only the n-th of a month (-1 is the last)."""

    days: frozenset[int]
    nth: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes
    ----------
    dates, weeks, weekdays
        What its days have to meet; empty meets every day. Of each any one is enough.
    public_holiday, school_holiday : bool
        The days are holidays: besides the weekdays (``PH,Su``), or among them when `both`
        (``PH Su``).
    spans : tuple of Span
        Empty: the whole day.
    """

    joined: Joined = "instead"
    dates: tuple[DateRange, ...] = ()
    weeks: frozenset[int] = frozenset()
    weekdays: tuple[Weekdays, ...] = ()
    public_holiday: bool = False
    school_holiday: bool = False
    both: bool = False
    spans: tuple[Span, ...] = ()
    state: HoursState = HoursState.OPEN
    comment: str = ""

    @property
    def names_holidays(self) -> bool:
        """True when the rule is about holidays."""
        return self.public_holiday or self.school_holiday

    @property
    def is_temporary(self) -> bool:
        """True when it holds in one year only."""
        return bool(self.dates) and all(one.is_dated for one in self.dates)


@dataclass(frozen=True, slots=True)
class Hours:
    """All rules of a text, in their order."""

    text: str
    rules: tuple[Rule, ...]
