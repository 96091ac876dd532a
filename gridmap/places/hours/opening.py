"""Open, closed or not known at a moment, why, and when that changes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from gridmap.calendar import CalendarDay, WorkCalendar
from gridmap.errors import BadValue
from gridmap.places.hours.days import DayPlan, Reason, Stretch, plan_of
from gridmap.places.hours.model import DAY_MINUTES, Hours, HoursState
from gridmap.places.hours.syntax import BadHours, read_hours
from gridmap.places.schools import SchoolDays
from gridmap.times import to_site

__all__ = [
    "Closure",
    "DayHours",
    "HoursBook",
    "Opening",
    "Timed",
    "closures_apart",
    "read_closure",
]

# A change is looked for this far ahead; what does not change within a year does not.
_AHEAD_DAYS = 400

_NOTHING_OF_SCHOOLS = SchoolDays()

# A day that begins with nothing of the day before.
_ALL = 10_000

# What sets closures apart; before anything but a date it belongs to a reason.
_MARKS = "、;；,，|\r\n"
_DATE = r"(?:19|20|21)\d\d(?:[-/.年]\s*\d|-?W\d|\d{4}(?!\d))"
_ANOTHER = re.compile(rf"[{_MARKS}](?=\s*{_DATE})")

# Closed between two openings of a day: lunch when it begins and ends about noon.
_LUNCH = (10 * 60 + 30, 15 * 60 + 30)


@dataclass(frozen=True, slots=True)
class Closure:
    """Days, both included, on which a place is closed whatever its hours say."""

    first: date
    last: date
    why: str = ""

    def text(self) -> str:
        """Return it as it is stored and typed."""
        return f"{self.first}/{self.last} {self.why}".strip()


def read_closure(text: str) -> Closure:
    """Read ``2026-03-01/2026-03-05 装修``, or one day alone; `BadValue` when it is none."""
    days, _, why = text.strip().partition(" ")
    first, _, last = days.partition("/")
    try:
        ends = date.fromisoformat(first), date.fromisoformat(last or first)
    except ValueError as error:
        raise BadValue(
            "A closure cannot be read.",
            got=text[:80],
            allowed="such as 2026-03-01/2026-03-05 装修",
        ) from error
    found = Closure(*ends, why.strip(f"{_MARKS} "))
    if found.last < found.first:
        raise BadValue("A closure ends before it begins.", got=text[:80])
    return found


def closures_apart(text: str) -> list[str]:
    """Return the closures of a cell, set apart by ``、``, ``;``, ``,`` or ``|`` before a date.

    A line break is such a mark, too. They may stand in reasons as well:
    ``2026-03-01/2026-03-05 停电、停水`` is one closure.
    """
    parts = (part.strip(f"{_MARKS} ") for part in _ANOTHER.split(text))
    return [part for part in parts if part]


@dataclass(frozen=True, slots=True)
class Opening:
    """What a place is at a moment.

    Attributes
    ----------
    state : HoursState
    reason : Reason
    changes_at : datetime or None
        When the state changes next, aware UTC; None when it does not within 400 days.
    opens_at : datetime or None
        When it opens next, for a place that is not open.
    day : CalendarDay or None
        What the calendar says of the day; None where it does not reach.
    comment : str
        What is written with the hours, such as the condition.
    """

    state: HoursState
    reason: Reason
    changes_at: datetime | None = None
    opens_at: datetime | None = None
    day: CalendarDay | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class DayHours:
    """The hours of one day for people: stretches in minutes after its midnight."""

    date: date
    plan: DayPlan


class Timed(Protocol):
    """What has hours: a place."""

    @property
    def hours(self) -> str:
        """In ``opening_hours`` syntax; empty when there are none."""

    @property
    def closures(self) -> Sequence[str]:
        """As :func:`read_closure` reads them."""


@dataclass(frozen=True, slots=True)
class _Moment:
    day: date
    minute: int


class HoursBook:
    """Answers about hours in one zone by one calendar; keeps the days that were asked for.

    Parameters
    ----------
    zone : ZoneInfo
        Of the site.
    calendar : WorkCalendar
        Holidays and days worked in exchange.
    schools : SchoolDays
        Terms and holidays of schools; nothing is known of them by default.
    """

    def __init__(
        self, zone: ZoneInfo, calendar: WorkCalendar, schools: SchoolDays = _NOTHING_OF_SCHOOLS
    ) -> None:
        self.zone = zone
        self.calendar = calendar
        self.schools = schools
        self._plans: dict[tuple[str, date], DayPlan] = {}
        self._asked: tuple[_Moment | None, dict[tuple[str, tuple[str, ...]], Opening]] = (None, {})

    def open_at(self, place: Timed, moment: datetime) -> Opening:
        """Return what a place is at a moment (aware), why, and what comes next.

        Hours that are missing or cannot be read make the state unknown, never an error.
        """
        local = to_site(moment, self.zone)
        now = _Moment(local.date(), local.hour * 60 + local.minute)
        # Hundreds of places share a few dozen hours, and are asked about at one moment.
        asked = self._asked
        if asked[0] != now:
            asked = self._asked = (now, {})
        key = (place.hours, tuple(place.closures))
        found = asked[1].get(key)
        if found is None:
            found = asked[1][key] = self._at(place, now)
        return found

    def week(self, place: Timed, first: date, days: int = 7) -> list[DayHours]:
        """Return the hours of the days from `first` on; empty when there are none to read.

        What goes past midnight ends there where the next day ends it, as in :meth:`open_at`.
        """
        try:
            hours = read_hours(place.hours)
        except BadHours:
            return []
        closures = [read_closure(text) for text in place.closures]
        wanted = [first + timedelta(days=n) for n in range(days)]
        return [DayHours(day, self._plan_alone(hours, closures, day)) for day in wanted]

    # -- inside -------------------------------------------------------------------------

    def _at(self, place: Timed, now: _Moment) -> Opening:
        closures = [read_closure(text) for text in place.closures]
        try:
            hours = read_hours(place.hours) if place.hours else None
        except BadHours:
            return self._without_hours(Reason.UNREADABLE, now, closures)
        if hours is None:
            return self._without_hours(Reason.NOT_STATED, now, closures)
        return self._opening(hours, closures, now)

    def _plan(self, hours: Hours, closures: Sequence[Closure], day: date) -> DayPlan:
        key = (hours.text, day)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) > 50_000:
                self._plans.clear()
            plan = self._plans[key] = plan_of(
                hours, day, self.calendar, self.schools.is_holiday(day)
            )
        closed = next((one for one in closures if one.first <= day <= one.last), None)
        if closed is not None:
            return DayPlan((), plan.day, Reason.CLOSURE, closed.why, _ALL)
        return plan

    def _plan_alone(self, hours: Hours, closures: Sequence[Closure], day: date) -> DayPlan:
        """Return the plan of a day as far as the day after lets it go on."""
        plan = self._plan(hours, closures, day)
        if all(one.end <= DAY_MINUTES for one in plan.stretches):
            return plan
        after = self._plan(hours, closures, day + timedelta(days=1))
        stretches = tuple(
            one if _goes_on(one, after) else replace(one, end=min(one.end, DAY_MINUTES))
            for one in plan.stretches
            if one.start < DAY_MINUTES or _goes_on(one, after)
        )
        return replace(plan, stretches=stretches)

    def _without_hours(self, why: Reason, now: _Moment, closures: Sequence[Closure]) -> Opening:
        for one in closures:
            if one.first <= now.day <= one.last:
                change = self._utc(one.last + timedelta(days=1), 0)
                return Opening(HoursState.CLOSED, Reason.CLOSURE, change, comment=one.why)
        return Opening(HoursState.UNKNOWN, why)

    def _opening(self, hours: Hours, closures: Sequence[Closure], now: _Moment) -> Opening:
        today = self._plan(hours, closures, now.day)
        here = self._there(hours, closures, now)
        state = HoursState.CLOSED if here is None else here.state
        changes = opens = None
        for at, one in self._changes(hours, closures, now, state):
            changes = changes or at
            if state is HoursState.OPEN or one is HoursState.OPEN:
                opens = at if one is HoursState.OPEN else None
                break
        if here is None:
            reason, comment = _why_closed(today, now.minute), today.comment
        else:
            reason, comment = here.reason, here.comment
        if state is HoursState.OPEN and changes is None and reason is Reason.HOURS:
            reason = Reason.ALWAYS
        return Opening(
            state,
            reason,
            changes,
            None if state is HoursState.OPEN else opens,
            today.day,
            comment,
        )

    def _there(self, hours: Hours, closures: Sequence[Closure], now: _Moment) -> Stretch | None:
        """Return the stretch that holds a moment: of the day, else left of the day before."""
        return next(
            (
                one
                for one in self._stretches(hours, closures, now.day)
                if one.start <= now.minute < one.end
            ),
            None,
        )

    def _stretches(self, hours: Hours, closures: Sequence[Closure], day: date) -> Iterator[Stretch]:
        """Yield the stretches of a day, then what is left over of the day before."""
        own = self._plan(hours, closures, day)
        yield from own.stretches
        for one in self._plan(hours, closures, day - timedelta(days=1)).stretches:
            if one.end > DAY_MINUTES and _goes_on(one, own):
                start, end = one.start - DAY_MINUTES, one.end - DAY_MINUTES
                yield replace(one, start=max(start, 0), end=end)

    def _changes(
        self, hours: Hours, closures: Sequence[Closure], now: _Moment, state: HoursState
    ) -> Iterator[tuple[datetime, HoursState]]:
        """Yield the changes of the state after a moment, each with what it is from then on."""
        for n in range(_AHEAD_DAYS):
            day = now.day + timedelta(days=n)
            for minute in self._bounds(hours, closures, day):
                if n == 0 and minute <= now.minute:
                    continue
                found = self._there(hours, closures, _Moment(day, minute))
                new = HoursState.CLOSED if found is None else found.state
                if new is not state:
                    state = new
                    yield self._utc(day, minute), state

    def _bounds(self, hours: Hours, closures: Sequence[Closure], day: date) -> list[int]:
        """Return midnight and the minutes of a day at which something begins or ends."""
        found = {0}
        for one in self._stretches(hours, closures, day):
            found |= {one.start, one.end}
        return sorted(minute for minute in found if minute < DAY_MINUTES)

    def _utc(self, day: date, minute: int) -> datetime:
        midnight = datetime.combine(day, time())
        return (midnight + timedelta(minutes=minute)).replace(tzinfo=self.zone).astimezone(UTC)


def _goes_on(one: Stretch, after: DayPlan) -> bool:
    """True when what goes past midnight is not ended by the hours of the day after."""
    return one.rule >= after.begins_with


def _why_closed(plan: DayPlan, minute: int) -> Reason:
    opens = [one for one in plan.stretches if one.state is not HoursState.CLOSED]
    if not opens:
        return plan.closed
    if minute < opens[0].start:
        return Reason.NOT_YET
    if minute >= opens[-1].end:
        return Reason.DONE
    before = max(one.end for one in opens if one.end <= minute)
    after = min(one.start for one in opens if one.start > minute)
    noon = _LUNCH[0] <= before and after <= _LUNCH[1]
    return Reason.LUNCH if noon else Reason.BREAK
