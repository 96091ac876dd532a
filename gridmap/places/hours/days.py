"""What rules make of one day: its stretches of time, open, closed or not known.

Chinese days off are the calendar's. On a holiday the rules for ``PH`` hold; on a Saturday or
Sunday that is worked in exchange, a place whose hours are alike from Monday to Friday keeps
those, any other the hours of the weekday that it is.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from gridmap.calendar import CalendarDay, CalendarMissing, DayKind, WorkCalendar
from gridmap.places.hours.model import DAY_MINUTES, Hours, HoursState, Rule, Span, Weekdays

__all__ = ["DayPlan", "Reason", "Stretch", "plan_of"]

_WHOLE = (Span(0, DAY_MINUTES),)


class Reason(StrEnum):
    """Why a place is what it is; texts are ``opening.why.REASON`` in the catalogues."""

    HOURS = "hours"
    ALWAYS = "always"
    HOLIDAY_HOURS = "holiday_hours"
    MAKEUP_WORKDAY = "makeup_workday"
    NOT_YET = "not_yet"
    LUNCH = "lunch"
    BREAK = "break"
    DONE = "done"
    DAY_OFF = "day_off"
    HOLIDAY = "holiday"
    SEASON = "season"
    CLOSURE = "closure"
    BY_APPOINTMENT = "by_appointment"
    COMMENT = "comment"
    OPEN_END = "open_end"
    NOT_STATED = "not_stated"
    UNREADABLE = "unreadable"
    HOLIDAY_NOT_STATED = "holiday_not_stated"
    SCHOOL_HOLIDAYS = "school_holidays"
    SCHOOL_HOLIDAY = "school_holiday"
    SCHOOL_HOLIDAY_HOURS = "school_holiday_hours"
    CALENDAR_MISSING = "calendar_missing"


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of a day, in minutes after its midnight, that is not plainly closed.

    `rule` is the place of its rule among all.
    """

    start: int
    end: int
    state: HoursState
    comment: str = ""
    reason: Reason = Reason.HOURS
    rule: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class DayPlan:
    """One day of a place by its own rules; what goes past midnight is in its stretches.

    Attributes
    ----------
    stretches : tuple of Stretch
        In order, without overlaps.
    day : CalendarDay or None
        What the calendar says; None where it does not reach.
    closed : Reason
        Why it is closed outside the stretches when there are none.
    comment : str
        What was said of that.
    begins_with : int
        Place of the rule that the day begins with: what earlier rules left over from the day
        before ends at midnight. This is how the syntax is defined: ``Sa 10:00-02:00; Su
        12:00-20:00`` closes at midnight, ``Sa 10:00-02:00, Su 12:00-20:00`` does not.
    """

    stretches: tuple[Stretch, ...]
    day: CalendarDay | None
    closed: Reason = Reason.DAY_OFF
    comment: str = ""
    begins_with: int = 0


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a day is taken for."""

    day: date
    weekday: int
    public_holiday: bool
    school_holiday: bool


def plan_of(
    hours: Hours, day: date, calendar: WorkCalendar, school_holiday: bool | None = None
) -> DayPlan:
    """Return what the rules make of a day.

    Where the answer hangs on what is not known (school holidays, a year without a calendar,
    a holiday that hours for working days say nothing of), the times that would be open are
    not known, with the reason.

    Parameters
    ----------
    school_holiday : bool or None
        Whether schools are on holiday; None where that is not known.
    """
    try:
        kind = calendar.kind_of_day(day)
        kinds: tuple[DayKind, ...] = (kind.kind,)
    except CalendarMissing:
        # It may be an ordinary day, a holiday, or one worked in exchange.
        kind = None
        kinds = (DayKind.WORKDAY, DayKind.HOLIDAY)
        if day.weekday() > 4:
            kinds = (DayKind.WEEKEND, DayKind.HOLIDAY, DayKind.MAKEUP_WORKDAY)
    either = school_holiday is None and any(rule.school_holiday for rule in hours.rules)
    schools = (False, True) if either else (bool(school_holiday),)
    plans = [_taken_for(one, hours, day, kind, school) for one in kinds for school in schools]
    if all(_alike(plan, plans[0]) for plan in plans):
        return plans[0]
    fullest = max(plans, key=lambda plan: sum(one.end - one.start for one in plan.stretches))
    why = Reason.CALENDAR_MISSING if kind is None else Reason.SCHOOL_HOLIDAYS
    return _doubted(fullest, why)


def _taken_for(
    kind: DayKind, hours: Hours, day: date, said: CalendarDay | None, school: bool
) -> DayPlan:
    """Return the plan of a day that is of a kind; `said` is what the calendar tells of it."""
    if kind is DayKind.HOLIDAY:
        return _on_holiday(hours, day, said, school)
    if kind is DayKind.MAKEUP_WORKDAY:
        return _on_makeup_workday(hours, day, said, school)
    return _laid(hours, _Taken(day, day.weekday(), False, school), said)


def _on_holiday(hours: Hours, day: date, kind: CalendarDay | None, school: bool) -> DayPlan:
    taken = _Taken(day, day.weekday(), True, school)
    plan = _laid(hours, taken, kind)
    # What is said of other holidays (a season's, those on Sundays) says nothing of this one.
    if any(rule.public_holiday and _meets(rule, taken) for rule in hours.rules):
        return plan
    daily = [_laid(hours, _Taken(day, n, True, school), kind).stretches for n in range(7)]
    if all(one == daily[0] for one in daily):
        return plan
    # Hours for working days, and nothing said of holidays: nobody should walk there for that.
    return _doubted(plan, Reason.HOLIDAY_NOT_STATED)


def _on_makeup_workday(hours: Hours, day: date, kind: CalendarDay | None, school: bool) -> DayPlan:
    worked = [_laid(hours, _Taken(day, n, False, school), kind) for n in range(5)]
    own = _laid(hours, _Taken(day, day.weekday(), False, school), kind)
    alike = worked[0].stretches and all(one.stretches == worked[0].stretches for one in worked)
    if not alike or own.stretches == worked[0].stretches:
        return own
    told = [
        replace(one, reason=Reason.MAKEUP_WORKDAY) if one.reason is Reason.HOURS else one
        for one in worked[0].stretches
    ]
    return replace(worked[0], stretches=tuple(told))


def _alike(one: DayPlan, other: DayPlan) -> bool:
    """True when both say the same of every minute, whatever the reasons."""
    return [(s.start, s.end, s.state, s.comment) for s in one.stretches] == [
        (s.start, s.end, s.state, s.comment) for s in other.stretches
    ]


def _doubted(plan: DayPlan, why: Reason) -> DayPlan:
    """Return a plan whose times are not known; what a holiday left unsaid stays the reason."""
    stretches = [
        replace(
            one,
            state=HoursState.UNKNOWN,
            reason=one.reason if one.reason is Reason.HOLIDAY_NOT_STATED else why,
        )
        for one in plan.stretches
    ]
    return replace(plan, stretches=tuple(stretches))


def _laid(hours: Hours, taken: _Taken, kind: CalendarDay | None) -> DayPlan:
    """Lay the rules upon a day, one after the other."""
    found: list[Stretch] = []
    closed, comment, first = Reason.DAY_OFF, "", -1
    for at, rule in enumerate(hours.rules):
        if not _meets(rule, taken):
            continue
        if rule.joined == "else":
            found = _fill(found, rule, at)
        elif rule.state is HoursState.CLOSED and rule.spans:
            found = _cut(found, rule.spans)
        elif rule.state is HoursState.CLOSED:
            found, first = [], at
            closed, comment = _why_closed(rule, taken), rule.comment
        elif rule.joined == "also":
            found = _add(found, rule, at)
        else:
            found, first = _add([], rule, at), at
    if first < 0 and not any(_in_season(rule, taken.day) for rule in hours.rules):
        closed = Reason.SEASON
    laid = tuple(sorted(found, key=lambda one: one.start))
    return DayPlan(laid, kind, closed, comment, max(first, 0))


def _in_season(rule: Rule, day: date) -> bool:
    dates = not rule.dates or any(one.holds(day) for one in rule.dates)
    return dates and (not rule.weeks or day.isocalendar().week in rule.weeks)


def _meets(rule: Rule, taken: _Taken) -> bool:
    if not _in_season(rule, taken.day):
        return False
    holiday = (rule.public_holiday and taken.public_holiday) or (
        rule.school_holiday and taken.school_holiday
    )
    weekday = any(_is_weekday(one, taken) for one in rule.weekdays)
    if rule.both:
        return holiday and weekday
    if not rule.weekdays and not rule.names_holidays:
        return True
    return weekday or holiday


def _is_weekday(wanted: Weekdays, taken: _Taken) -> bool:
    if taken.weekday not in wanted.days:
        return False
    if not wanted.nth:
        return True
    day = taken.day
    last = monthrange(day.year, day.month)[1]
    return bool({(day.day - 1) // 7 + 1, -((last - day.day) // 7 + 1)} & wanted.nth)


def _why_closed(rule: Rule, taken: _Taken) -> Reason:
    if rule.public_holiday and taken.public_holiday:
        return Reason.HOLIDAY
    if rule.school_holiday and taken.school_holiday:
        return Reason.SCHOOL_HOLIDAY
    return Reason.CLOSURE if rule.is_temporary else Reason.DAY_OFF


def _stretches(rule: Rule, at: int) -> list[Stretch]:
    found = []
    for span in rule.spans or _WHOLE:
        # From then on until nobody knows when: an hour is sure, what follows is not.
        sure = min(span.start + 60, span.end) if span.end == DAY_MINUTES else span.end
        end = sure if span.open_end else span.end
        found.append(Stretch(span.start, end, rule.state, rule.comment, _why(rule), at))
        if span.open_end:
            late, unknown = max(end + 60, DAY_MINUTES), HoursState.UNKNOWN
            found.append(Stretch(end, late, unknown, rule.comment, Reason.OPEN_END, at))
    return found


def _why(rule: Rule) -> Reason:
    if rule.state is HoursState.UNKNOWN:
        return Reason.BY_APPOINTMENT if _is_appointment(rule.comment) else Reason.COMMENT
    if rule.public_holiday and not rule.weekdays:
        return Reason.HOLIDAY_HOURS
    if rule.school_holiday and (rule.both or not rule.weekdays):
        return Reason.SCHOOL_HOLIDAY_HOURS
    return Reason.HOURS


_APPOINTMENT = ("appointment", "request", "预约", "booking", "reservation")


def _is_appointment(comment: str) -> bool:
    return any(word in comment.lower() for word in _APPOINTMENT)


def _add(found: list[Stretch], rule: Rule, at: int) -> list[Stretch]:
    """Lay a rule's stretches over those there are."""
    for new in _stretches(rule, at):
        found = [*_without(found, new.start, new.end), new]
    return _joined(found)


def _fill(found: list[Stretch], rule: Rule, at: int) -> list[Stretch]:
    """Put a rule's stretches where there is nothing yet."""
    if rule.state is HoursState.CLOSED:
        return found
    new = _stretches(rule, at)
    for there in found:
        new = _without(new, there.start, there.end)
    return [*found, *new]


def _cut(found: list[Stretch], spans: Sequence[Span]) -> list[Stretch]:
    for span in spans:
        found = _without(found, span.start, span.end)
    return found


def _without(found: list[Stretch], start: int, end: int) -> list[Stretch]:
    left = []
    for one in found:
        if one.end <= start or end <= one.start:
            left.append(one)
            continue
        if one.start < start:
            left.append(replace(one, end=start))
        if end < one.end:
            left.append(replace(one, start=end))
    return left


def _joined(found: list[Stretch]) -> list[Stretch]:
    """Return stretches in order, those alike that meet as one."""
    out: list[Stretch] = []
    for one in sorted(found, key=lambda s: s.start):
        before = out[-1] if out else None
        if before is not None and before.end == one.start and (
            (before.state, before.comment, before.reason) == (one.state, one.comment, one.reason)
        ):  # fmt: skip
            out[-1] = replace(before, end=one.end)
        else:
            out.append(one)
    return out
