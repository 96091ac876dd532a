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

When a report counts as received is the start rule, a choice of the site, for all items or some:

from_receipt
    At the moment of receipt.
day_after_receipt
    At midnight after the day of receipt: calendar days end at a midnight, working hours begin
    when the office opens on the next working day, and the first working day after the day of
    receipt is the first one counted.
after_intake_cutoff
    At that moment on a working day up to the cut-off; later, or on a day off, when the
    office opens on the next working day.
next_working_day
    Always when the office opens on the next working day after the day of receipt.

While a case waits for somebody else its clock can be stopped (:class:`Pause`). The time that is
then lost is given back: clock hours and calendar days the time on the clock, working hours and
working days the time in office hours. A pause that begins when the time is up gives nothing back,
and while one lasts nothing is due.

A case that a named leader manages has a date of review instead, so many working days on.

Where the calendar does not reach, nothing is guessed: `due_at` stays empty with the reason
``calendar_missing``, to be computed when the table has arrived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from gridmap.calendar import CalendarMissing, WorkCalendar
from gridmap.errors import BadValue
from gridmap.routing.catalogue import Limit, LimitUnit
from gridmap.routing.counting import (
    DEFAULT_CUTOFF,
    DEFAULT_OFFICE_HOURS,
    Count,
    OfficeHours,
    StartRule,
    minute,
)
from gridmap.routing.explanation import Step
from gridmap.times import ensure_utc

__all__ = [
    "DEFAULT_CUTOFF",
    "DEFAULT_OFFICE_HOURS",
    "Due",
    "OfficeHours",
    "Pause",
    "PauseReason",
    "StartRule",
    "deadline",
    "given_back",
]

_WORKING = {LimitUnit.WORKING_HOUR, LimitUnit.WORKING_DAY}


class PauseReason(StrEnum):
    """What a case waits for while its clock stands still."""

    REPORTER = "reporter"
    WEATHER = "weather"
    MATERIAL = "material"
    APPROVAL = "approval"
    OWNERSHIP = "ownership"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which a case's clock stands still.

    Attributes
    ----------
    start : datetime
        Aware.
    end : datetime or None
        Aware, later; None while it lasts.
    reason : PauseReason
    """

    start: datetime
    end: datetime | None
    reason: PauseReason

    def __post_init__(self) -> None:
        if self.end is not None and ensure_utc(self.end) < ensure_utc(self.start):
            raise BadValue(
                "A pause ends before it begins.",
                got=f"{self.start.isoformat()} to {self.end.isoformat()}",
            )


@dataclass(frozen=True, slots=True)
class Due:
    """When something is due.

    Attributes
    ----------
    due_at : datetime or None
        Aware, in UTC.
    reason : str
        Why there is none: ``calendar_missing``, ``managed``, ``paused``; empty when there is
        one.
    steps : tuple of Step
        How it was found, in order; parameters are text, days in ISO form. First one of
        ``due_clock_hour``, ``due_calendar_day``, ``due_working_hour``, ``due_working_day``
        (`amount`, `due` in local time), ``due_managed``, ``due_calendar_missing``
        (`amount`, `day`, `covered_until`); then what moved it: ``due_received_later``
        (`at` in local time), and in the order of the days ``due_holiday`` (`name`,
        `name_en`, `day`, `until`) and ``due_makeup_workday`` (`name`, `name_en`, `day`); then
        ``due_paused_<reason>`` (`start`, `end`) for each pause, or ``due_stopped_<reason>``
        (`start`) for one that lasts. A managed case has ``due_review`` (`amount`, `day`).
    review_on : date or None
        Local day on which a managed case is reviewed.
    """

    due_at: datetime | None
    reason: str
    steps: tuple[Step, ...]
    review_on: date | None = None


def deadline(
    received: datetime,
    limit: Limit,
    calendar: WorkCalendar,
    *,
    zone: ZoneInfo,
    office_hours: OfficeHours = DEFAULT_OFFICE_HOURS,
    start_rule: StartRule = StartRule.FROM_RECEIPT,
    cutoff: time = DEFAULT_CUTOFF,
    pauses: Iterable[Pause] = (),
    review_days: int | None = None,
) -> Due:
    """Return when something received at a moment is due.

    Parameters
    ----------
    received : datetime
        Aware.
    limit : Limit
    calendar : WorkCalendar
        Asked only for working hours, working days and dates of review.
    zone : ZoneInfo
        The site's zone, in which days begin and offices open.
    office_hours : OfficeHours
        Of whoever has to act.
    start_rule : StartRule
        Shifts working hours and working days; `DAY_AFTER_RECEIPT` calendar days too.
    cutoff : time
        Latest local time that still counts on the day, for `AFTER_INTAKE_CUTOFF`.
    pauses : iterable of Pause
        In any order; where they overlap time is given back once. Clock time and working time
        alike count only from where the limit begins to run.
    review_days : int, optional
        After how many working days a managed case is reviewed.

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
    count = Count(calendar, zone, office_hours, start_rule, cutoff)
    amount = "" if limit.amount is None else f"{limit.amount:g}"
    try:
        if limit.unit is LimitUnit.MANAGED or limit.amount is None:
            return _managed(count, received, review_days)
        due_at = count.run(received, limit.amount, limit.unit)
        stopped: list[Step] = []
        for pause, moved in _moved(
            count, limit.unit, due_at, pauses, lambda: count.begins(received, limit.unit)
        ):
            stopped.append(_pause_step(pause, count))
            if moved is None:
                return Due(None, "paused", tuple(stopped))
            due_at = moved
        first = {"amount": amount, "due": minute(count.local(due_at))}
    except CalendarMissing as missing:
        known = missing.covered_until.isoformat() if missing.covered_until else ""
        lacking = {"amount": amount, "day": missing.day.isoformat(), "covered_until": known}
        rule = "due_calendar_missing" if amount else "due_review_calendar_missing"
        return Due(None, "calendar_missing", (Step(rule, lacking),))
    except OverflowError as error:
        raise BadValue(
            "This deadline is outside the calendar.", got=received.isoformat()
        ) from error
    return Due(due_at, "", (Step(f"due_{limit.unit.value}", first), *count.explain(), *stopped))


def given_back(
    due_at: datetime,
    unit: LimitUnit,
    calendar: WorkCalendar,
    *,
    zone: ZoneInfo,
    office_hours: OfficeHours,
    since: datetime,
    pauses: Iterable[Pause],
) -> datetime | None:
    """Return a due time that was given, not counted, moved by the pauses since then.

    Parameters
    ----------
    due_at, since : datetime
        Aware: what was given, and when.
    unit : LimitUnit
        By which time is given back: on the clock, or in office hours.
    calendar, zone, office_hours, pauses
        As of :func:`deadline`.

    Returns
    -------
    datetime or None
        UTC; None while the clock stands still, and where the calendar does not reach.
    """
    count = Count(calendar, zone, office_hours, StartRule.FROM_RECEIPT, DEFAULT_CUTOFF)
    found: datetime | None = ensure_utc(due_at)
    try:
        for _, moved in _moved(count, unit, ensure_utc(due_at), pauses, lambda: since):
            found = moved
    except CalendarMissing:
        return None
    return found


def _moved(
    count: Count,
    unit: LimitUnit,
    due_at: datetime,
    pauses: Iterable[Pause],
    begins: Callable[[], datetime],
) -> Iterator[tuple[Pause, datetime | None]]:
    """Yield each pause that counts with the deadline after it; None while it lasts.

    A pause that begins when the time is up gives nothing back, nor does what lies before the
    time `begins` to run.
    """
    for pause in _apart(pauses):
        if pause.start >= due_at:
            return
        if pause.end is None:
            yield pause, None
            return
        due_at = _given_back(count, unit, due_at, max(pause.start, begins()), pause.end)
        yield pause, due_at


def _managed(count: Count, received: datetime, review_days: int | None) -> Due:
    if review_days is None:
        return Due(None, "managed", (Step("due_managed"),))
    day = count.day_after_days(received, review_days)
    step = Step("due_review", {"amount": str(review_days), "day": day.isoformat()})
    return Due(None, "managed", (Step("due_managed"), step, *count.explain()), day)


def _given_back(
    count: Count, unit: LimitUnit, due_at: datetime, start: datetime, end: datetime
) -> datetime:
    """Return a deadline moved by what a pause took of the time."""
    if end <= start:
        return due_at
    if unit in _WORKING:
        return count.after_work(due_at, count.worked(start, end))
    return due_at + (end - start)


def _apart(pauses: Iterable[Pause]) -> Sequence[Pause]:
    """Return pauses in the order of their beginnings, each cut to what no former one covers."""
    found: list[Pause] = []
    covered: datetime | None = None
    for pause in sorted(pauses, key=lambda p: ensure_utc(p.start)):
        start = ensure_utc(pause.start) if covered is None else max(pause.start, covered)
        end = None if pause.end is None else ensure_utc(pause.end)
        if end is None or end > start:
            found.append(Pause(ensure_utc(start), end, pause.reason))
        if end is None:
            break
        covered = end if covered is None else max(covered, end)
    return found


def _pause_step(pause: Pause, count: Count) -> Step:
    start = {"start": minute(count.local(pause.start))}
    if pause.end is None:
        return Step(f"due_stopped_{pause.reason.value}", start)
    return Step(f"due_paused_{pause.reason.value}", start | {"end": minute(count.local(pause.end))})
