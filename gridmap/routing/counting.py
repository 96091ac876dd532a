"""Counting time in office hours and working days: office hours, start rules, and the count.

The rules are those of :mod:`gridmap.routing.clock`; here is the arithmetic, in local time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from zoneinfo import ZoneInfo

from gridmap.calendar import CalendarDay, DayKind, WorkCalendar
from gridmap.errors import BadValue
from gridmap.routing.catalogue import LimitUnit
from gridmap.routing.explanation import Step
from gridmap.times import ensure_utc

__all__ = ["DEFAULT_CUTOFF", "DEFAULT_OFFICE_HOURS", "Count", "OfficeHours", "StartRule", "minute"]


class StartRule(StrEnum):
    """When a report counts as received; see :mod:`gridmap.routing.clock`."""

    FROM_RECEIPT = "from_receipt"
    DAY_AFTER_RECEIPT = "day_after_receipt"
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


def minute(local: datetime) -> str:
    """Return a local time as explanations show it."""
    return local.replace(tzinfo=None).isoformat(" ", "minutes")


class Count:
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
        local = self.local(received)
        if unit is LimitUnit.CALENDAR_DAY:
            due = self._day_after(local) + timedelta(days=amount)
        elif unit is LimitUnit.WORKING_HOUR:
            due = self._after_hours(self._counted_from(local), timedelta(hours=amount))
        else:
            due = self._after_days(self._day_0(local), int(amount))
        return self.utc(due)

    def begins(self, received: datetime, unit: LimitUnit) -> datetime:
        """Return the moment, in UTC, from which time is used up."""
        if unit is LimitUnit.CLOCK_HOUR:
            return received
        local = self.local(received)
        if unit is LimitUnit.CALENDAR_DAY:
            begin = self._day_after(local)
        elif unit is LimitUnit.WORKING_HOUR:
            begin = self._counted_from(local)
        else:
            # Day 0 is not counted: what happens on it costs nothing.
            begin = datetime.combine(self._day_0(local) + timedelta(days=1), time())
        return self.utc(begin)

    def worked(self, start: datetime, end: datetime) -> timedelta:
        """Return the time in office hours between two moments (aware)."""
        begin, until = self.local(start), self.local(end)
        total, day = timedelta(), begin.date()
        while day <= until.date():
            if self._works(day):
                for opens, closes in self._hours.stretches:
                    first = max(begin, datetime.combine(day, opens))
                    last = min(until, datetime.combine(day, closes))
                    total += max(last - first, timedelta())
            day += timedelta(days=1)
        return total

    def after_work(self, start: datetime, amount: timedelta) -> datetime:
        """Return the moment, in UTC, at which so much time in office hours has passed."""
        return self.utc(self._after_hours(self.local(start), amount)) if amount else start

    def day_after_days(self, received: datetime, amount: int) -> date:
        """Return the n-th working day after the day on which a report counts as received."""
        return self._after_days(self._day_0(self.local(received)), amount).date()

    def local(self, moment: datetime) -> datetime:
        """Return a moment (aware) as local time without a zone."""
        return moment.astimezone(self._zone).replace(tzinfo=None)

    def utc(self, local: datetime) -> datetime:
        """Return a local time as a moment in UTC."""
        return ensure_utc(local.replace(tzinfo=self._zone))

    def _day_0(self, local: datetime) -> date:
        """Return the day that is not counted; the first working day after it is the first."""
        if self._rule is StartRule.DAY_AFTER_RECEIPT:
            return local.date()
        return self._counted_from(local).date()

    def _day_after(self, local: datetime) -> datetime:
        """Return from when calendar days run: the receipt, or midnight of the day after."""
        if self._rule is not StartRule.DAY_AFTER_RECEIPT:
            return local
        self._later = datetime.combine(local.date() + timedelta(days=1), time())
        return self._later

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
            yield Step("due_received_later", {"at": minute(self._later)})
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
