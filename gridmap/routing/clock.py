"""The deadline clock: from receipt and limit to the moment something is due.

What each unit counts, always in the site's local time:

clock hours
    From the moment of receipt, day and night. No calendar, no start rule: an emergency does
    not wait for an office to open.
calendar days
    The same local time so many days later. No calendar, no start rule.
working hours
    Time in office hours on working days, make-up workdays included, from the moment that
    the report counts as received. Due at the end of a stretch, never at its later reopening:
    three hours from 09:00 are due at 12:00.
working days
    The day on which the report counts as received is day 0, worked or not; due when the
    office closes on the n-th working day after it.

When a report counts as received is the start rule, a site's own choice:

from_receipt
    At the moment of receipt.
after_intake_cutoff
    At that moment on a working day up to the cut-off; later, or on a day off, when the
    office opens on the next working day.
next_working_day
    Always when the office opens on the next working day after the day of receipt.

Where the calendar does not reach, nothing is guessed: `due_at` stays empty with the reason
``calendar_missing``, to be computed when the table has arrived.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from gridmap.errors import BadValue
from gridmap.routing.calendar import CalendarDay, CalendarMissing, DayKind, WorkCalendar
from gridmap.routing.catalogue import Limit, LimitUnit
from gridmap.routing.explanation import Step
from gridmap.times import ensure_utc

__all__ = [
    "DEFAULT_CUTOFF",
    "DEFAULT_OFFICE_HOURS",
    "Due",
    "OfficeHours",
    "StartRule",
    "deadline",
]


class StartRule(StrEnum):
    """When a report counts as received; see the module's text."""

    FROM_RECEIPT = "from_receipt"
    NEXT_WORKING_DAY = "next_working_day"
    AFTER_INTAKE_CUTOFF = "after_intake_cutoff"


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """Stretches of a working day in which offices are open, in order, apart, local time.

    Attributes
    ----------
    stretches : tuple of (time, time)
        Opening and closing times; none passes midnight. The default, seven hours, is what
        district offices keep outside the summer timetable; site data.
    """

    stretches: tuple[tuple[time, time], ...] = (
        (time(9, 0), time(12, 0)),
        (time(13, 30), time(17, 30)),
    )

    def __post_init__(self) -> None:
        edges = [edge for stretch in self.stretches for edge in stretch]
        # Strictly ascending edges: no empty, overlapping or touching stretches.
        if not edges or any(a >= b for a, b in pairwise(edges)):
            raise BadValue(
                "Office hours must be stretches in order that do not touch.",
                got=str(self),
                allowed="for example 09:00-12:00,13:30-17:30",
            )

    @classmethod
    def parse(cls, text: str) -> OfficeHours:
        """Read ``09:00-12:00,13:30-17:30``; `BadValue` for anything else."""
        try:
            pairs = [part.split("-") for part in text.split(",")]
            stretches = tuple(
                (time.fromisoformat(a.strip()), time.fromisoformat(b.strip())) for a, b in pairs
            )
        except ValueError as error:
            raise BadValue(
                "These are not office hours.",
                got=repr(text),
                allowed="for example 09:00-12:00,13:30-17:30",
            ) from error
        return cls(stretches)

    def __str__(self) -> str:
        return ",".join(f"{a:%H:%M}-{b:%H:%M}" for a, b in self.stretches)

    @property
    def opens(self) -> time:
        """First opening of the day."""
        return self.stretches[0][0]

    @property
    def closes(self) -> time:
        """Last closing of the day."""
        return self.stretches[-1][1]


DEFAULT_OFFICE_HOURS = OfficeHours()
DEFAULT_CUTOFF = time(16, 0)


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due.

    Attributes
    ----------
    due_at : datetime or None
        Aware, in UTC.
    reason : str
        Why there is none: ``calendar_missing``, ``managed``; empty when there is one.
    steps : tuple of Step
        How it was found, in order; parameters are text, days in ISO form. First one of
        ``due_clock_hour``, ``due_calendar_day``, ``due_working_hour``, ``due_working_day``
        (`amount`, `due` in local time), ``due_managed``, ``due_calendar_missing``
        (`amount`, `day`, `covered_until`); then what moved it: ``due_received_later``
        (`at` in local time), and in the order of the days ``due_holiday`` (`name`,
        `name_en`, `day`, `until`) and ``due_makeup_workday`` (`name`, `name_en`, `day`).
    """

    due_at: datetime | None
    reason: str
    steps: tuple[Step, ...]


def deadline(
    received: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    *,
    zone: ZoneInfo,
    office_hours: OfficeHours = DEFAULT_OFFICE_HOURS,
    start_rule: StartRule = StartRule.FROM_RECEIPT,
    cutoff: time = DEFAULT_CUTOFF,
) -> Due:
    """Return when something received at a moment is due.

    Parameters
    ----------
    received : datetime
        Aware.
    limit : Limit
    calendar : WorkCalendar
        Asked only for working hours and working days.
    zone : ZoneInfo
        The site's zone, in which days begin and offices open.
    office_hours : OfficeHours
    start_rule : StartRule
        Shifts working hours and working days only.
    cutoff : time
        Latest local time that still counts on the day, for `AFTER_INTAKE_CUTOFF`.

    Returns
    -------
    Due
        With a moment in UTC, or with the reason why there is none.

    Raises
    ------
    BadValue
        When `received` has no offset, or the answer lies outside the years of the computer.
    """
    received = ensure_utc(received)
    if limit.unit is LimitUnit.MANAGED or limit.amount is None:
        return Due(None, "managed", (Step("due_managed"),))
    amount = f"{limit.amount:g}"
    count = _Count(calendar, zone, office_hours, start_rule, cutoff)
    try:
        due_at = count.run(received, limit.amount, limit.unit)
        shown = _minute(due_at.astimezone(zone))
    except CalendarMissing as missing:
        known = missing.covered_until.isoformat() if missing.covered_until else ""
        lacking = {"amount": amount, "day": missing.day.isoformat(), "covered_until": known}
        return Due(None, "calendar_missing", (Step("due_calendar_missing", lacking),))
    except OverflowError as error:
        raise BadValue(
            "This deadline is outside the calendar.", got=received.isoformat()
        ) from error
    first = {"amount": amount, "due": shown}
    return Due(due_at, "", (Step(f"due_{limit.unit.value}", first), *count.explain()))


def _minute(local: datetime) -> str:
    return local.replace(tzinfo=None).isoformat(" ", "minutes")


class _Count:
    """One count: a site's rules, and the special days met on the way, for the explanation."""

    def __init__(
        self,
        calendar: WorkCalendar,
        zone: ZoneInfo,
        hours: OfficeHours,
        rule: StartRule,
        cutoff: time,
    ) -> None:
        self._calendar, self._zone, self._hours = calendar, zone, hours
        self._rule, self._cutoff = StartRule(rule), cutoff
        self._met: dict[date, CalendarDay] = {}
        self._later: datetime | None = None

    def run(self, received: datetime, amount: float, unit: LimitUnit) -> datetime:
        """Return the moment, in UTC, at which `amount` has passed."""
        if unit is LimitUnit.CLOCK_HOUR:
            return received + timedelta(hours=amount)
        local = received.astimezone(self._zone).replace(tzinfo=None)
        if unit is LimitUnit.CALENDAR_DAY:
            due = local + timedelta(days=amount)
        elif unit is LimitUnit.WORKING_HOUR:
            due = self._after_hours(self._counted_from(local), timedelta(hours=amount))
        else:
            due = self._after_days(self._counted_from(local).date(), int(amount))
        return ensure_utc(due.replace(tzinfo=self._zone))

    def _counted_from(self, local: datetime) -> datetime:
        if self._rule is StartRule.FROM_RECEIPT:
            return local
        in_time = self._rule is StartRule.AFTER_INTAKE_CUTOFF and local.time() <= self._cutoff
        if in_time and self._works(local.date()):
            return local
        following = next(self._working_days(local.date() + timedelta(days=1)))
        self._later = datetime.combine(following, self._hours.opens)
        return self._later

    def _after_hours(self, start: datetime, left: timedelta) -> datetime:
        days = self._working_days(start.date())
        while True:
            day = next(days)
            for opens, closes in self._hours.stretches:
                begin = max(start, datetime.combine(day, opens))
                open_for = datetime.combine(day, closes) - begin
                if timedelta() < open_for < left:
                    left -= open_for
                elif left <= open_for:
                    return begin + left

    def _after_days(self, day: date, amount: int) -> datetime:
        days = self._working_days(day + timedelta(days=1))
        for _ in range(amount - 1):
            next(days)
        return datetime.combine(next(days), self._hours.closes)

    def _working_days(self, day: date) -> Iterator[date]:
        while True:
            if self._works(day):
                yield day
            day += timedelta(days=1)

    def _works(self, day: date) -> bool:
        found = self._calendar.kind_of_day(day)
        if found.kind in {DayKind.HOLIDAY, DayKind.MAKEUP_WORKDAY}:
            self._met[day] = found
        return found.works

    def explain(self) -> Iterator[Step]:
        """Yield why the count took as long as it did, in the order of the days."""
        if self._later is not None:
            yield Step("due_received_later", {"at": _minute(self._later)})
        days = sorted(self._met.items())
        while days:
            first, what = days[0]
            run = 1
            while (
                what.kind is DayKind.HOLIDAY
                and run < len(days)
                and days[run] == (first + timedelta(days=run), what)
            ):
                run += 1
            params = {"day": first.isoformat(), "name": what.name, "name_en": what.name_en}
            if what.kind is DayKind.HOLIDAY:
                params["until"] = days[run - 1][0].isoformat()
            yield Step(f"due_{what.kind.value}", params)
            days = days[run:]
