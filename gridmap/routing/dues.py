"""Deadlines of many reports at once, equal to those of :mod:`gridmap.routing.clock`.

Clock hours and calendar days are sums. Working hours are looked up in one table of the open
stretches of the working days. All others, and whatever the tables do not reach, are asked of
the clock itself, each distinct moment once; and of the working hours one report of each pair
of days is asked too: for the explanation of what lay between, and so that the table can never
say anything else than the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from gridmap.calendar import CalendarMissing, WorkCalendar
from gridmap.routing.catalogue import LimitUnit
from gridmap.routing.clock import Due
from gridmap.routing.counting import OfficeHours, StartRule
from gridmap.routing.explanation import Step
from gridmap.routing.terms import Term

__all__ = ["DAY", "DueKind", "Dues", "Managed", "day_of", "fixed_offset", "moment_of", "stamps"]

_T = TypeVar("_T")
Ints = NDArray[np.int64]

DAY = 86_400_000_000  # microseconds
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_MICROSECOND = timedelta(microseconds=1)
# Years 1900 to 2200: seconds as floats are exact to the microsecond, and days are dates.
_FIRST, _LAST = -70 * 366 * DAY, 230 * 365 * DAY


class DueKind(NamedTuple):
    """What deadlines of one kind share: all but the moment."""

    rule: str
    amount: str
    rest: tuple[Step, ...]


class Managed(NamedTuple):
    """What cases share that a leader manages: nothing is due."""

    leader: str
    steps: tuple[Step, ...]
    reason: str
    review_on: date | None


@dataclass(eq=False)
class Dues:
    """Deadlines of n reports.

    Attributes
    ----------
    at : int64 (n,)
        Microseconds since 1970, UTC.
    kind : int64 (n,)
        Place in `kinds`; -1 for a report whose deadline has to be asked alone.
    kinds : list of DueKind or Managed
    """

    at: Ints
    kind: Ints
    kinds: list[DueKind | Managed]

    @classmethod
    def none(cls, n: int) -> Dues:
        """Return n reports whose deadlines are not known yet."""
        return cls(np.zeros(n, np.int64), np.full(n, -1, np.int64), [])

    def add(
        self,
        rows: Ints,
        received: Ints,
        term: Term,
        hours: OfficeHours,
        calendar: WorkCalendar,
        offset: int,
        ask: Callable[[datetime, date], Due],
    ) -> None:
        """Find the deadlines of some reports of one term and one table of office hours.

        Parameters
        ----------
        rows : int64 (k,)
            Which reports.
        received : int64 (k,)
            Microseconds since 1970, UTC.
        term, hours, calendar
            Of all of them.
        offset : int
            Microseconds by which the site's time is ahead of UTC.
        ask : callable
            Returns the deadline of one moment of receipt (aware UTC) and its local day.
        """
        unit, rule = term.limit.unit, term.start_rule
        amount, local = term.limit.amount, received + offset
        if amount is None:
            return
        if unit is LimitUnit.CLOCK_HOUR:
            self._plain(rows, received + timedelta(hours=amount) // _MICROSECOND, term)
        elif unit is LimitUnit.CALENDAR_DAY and rule is not StartRule.DAY_AFTER_RECEIPT:
            self._plain(rows, received + timedelta(days=amount) // _MICROSECOND, term)
        elif unit is LimitUnit.WORKING_HOUR and rule is StartRule.FROM_RECEIPT:
            left = timedelta(hours=amount) // _MICROSECOND
            due = _after_hours(local, left, hours, calendar)
            # A day to one that no deadline has: those that the table does not reach.
            pair = (local // DAY) << 32 | np.where(due < 0, 0, due // DAY)
            self._asked(rows, received, pair, np.where(due < 0, -1, due - offset), offset, ask)
        elif unit is LimitUnit.WORKING_DAY and rule is not StartRule.AFTER_INTAKE_CUTOFF:
            self._asked(rows, received, local // DAY, None, offset, ask)
        else:
            self._asked(rows, received, received, None, offset, ask)

    def manage(
        self,
        rows: Ints,
        received: Ints,
        term: Term,
        offset: int,
        ask: Callable[[datetime, date], Managed],
    ) -> None:
        """Find what is said of some reports that a leader manages; parameters as of `add`."""
        by_day = term.start_rule is not StartRule.AFTER_INTAKE_CUTOFF
        key = (received + offset) // DAY if by_day else received
        _, one, group = np.unique(key, return_index=True, return_inverse=True)
        kinds = []
        for moment in received[one].tolist():
            found = _tried(ask, moment, offset)
            kinds.append(-1 if found is None else len(self.kinds))
            if found is not None:
                self.kinds.append(found)
        self.kind[rows] = np.array(kinds, np.int64)[group]

    def _plain(self, rows: Ints, due: Ints, term: Term) -> None:
        self.at[rows], self.kind[rows] = due, len(self.kinds)
        self.kinds.append(DueKind(f"due_{term.limit.unit.value}", f"{term.limit.amount:g}", ()))

    def _asked(
        self,
        rows: Ints,
        received: Ints,
        key: Ints,
        found: Ints | None,
        offset: int,
        ask: Callable[[datetime, date], Due],
    ) -> None:
        """Ask the deadline of one report of each key; `found` are those known already."""
        _, one, group = np.unique(key, return_index=True, return_inverse=True)
        kinds, moments = [], []
        for n in one.tolist():
            due = _tried(ask, int(received[n]), offset)
            if due is None or due.due_at is None:
                kinds.append(-1)
                moments.append(0)
                continue
            first, *rest = due.steps
            moment = (due.due_at - _EPOCH) // _MICROSECOND
            wrong = found is not None and found[n] != moment
            kinds.append(-1 if wrong else len(self.kinds))
            moments.append(moment)
            self.kinds.append(DueKind(first.rule, first.params["amount"], tuple(rest)))
        self.kind[rows] = np.array(kinds, np.int64)[group]
        self.at[rows] = np.array(moments, np.int64)[group] if found is None else found


def _tried(ask: Callable[[datetime, date], _T], received: int, offset: int) -> _T | None:
    try:
        return ask(moment_of(received), day_of((received + offset) // DAY))
    except Exception:  # noqa: BLE001 - asked again alone, where the fault is told
        return None


def _after_hours(local: Ints, left: int, hours: OfficeHours, calendar: WorkCalendar) -> Ints:
    """Return when so much time in office hours has passed, -1 where no table says it.

    All in microseconds of local time since 1970.
    """
    opens, closes = _stretches(local, left, hours, calendar)
    worked = np.concatenate([[0], np.cumsum(closes - opens)])
    due = np.full(len(local), -1, np.int64)
    # The first stretch that is not over, and the one at whose end enough time has passed.
    first = np.searchsorted(closes, local, side="right")
    known = np.flatnonzero(first < len(opens))
    first, begin = first[known], local[known]
    until = worked[first] + np.maximum(begin - opens[first], 0) + left
    last = np.searchsorted(worked[1:], until, side="left")
    there = last < len(opens)
    last, until, known = last[there], until[there], known[there]
    due[known] = opens[last] + until - worked[last]
    return due


def _stretches(
    local: Ints, left: int, hours: OfficeHours, calendar: WorkCalendar
) -> tuple[Ints, Ints]:
    """Return when offices open and close, from the first report until the last one is due."""
    day, last = int(local.min() // DAY), int(local.max() // DAY)
    times = [(_since_midnight(a), _since_midnight(b)) for a, b in hours.stretches]
    opens, closes = [], []
    try:
        while day <= last or left > 0:
            if calendar.kind_of_day(day_of(day)).works:
                opens += [day * DAY + a for a, _ in times]
                closes += [day * DAY + b for _, b in times]
                if day > last:
                    left -= sum(b - a for a, b in times)
            day += 1
    except CalendarMissing:
        # Nothing is guessed past this day: the clock says so for each report that gets there.
        pass
    return np.array(opens, np.int64), np.array(closes, np.int64)


def _since_midnight(at: time) -> int:
    return (datetime.combine(date.min, at) - datetime.combine(date.min, time())) // _MICROSECOND


def stamps(moments: list[datetime]) -> Ints | None:
    """Return aware moments as microseconds since 1970; None where some are too far away."""
    found = np.rint(np.fromiter(map(datetime.timestamp, moments), float, len(moments)) * 1e6)
    if len(found) and (found.min() < _FIRST or found.max() > _LAST):
        return None
    return found.astype(np.int64)


def moment_of(stamp: int) -> datetime:
    """Return microseconds since 1970 as an aware moment in UTC."""
    return _EPOCH + timedelta(microseconds=stamp)


def day_of(number: int) -> date:
    """Return a number of days since 1970 as a date."""
    return date.fromordinal(_EPOCH_DAY + int(number))


def fixed_offset(zone: ZoneInfo, *stamped: Ints) -> int | None:
    """Return the microseconds by which a zone is ahead of UTC on all days of some moments.

    None where it is not the same on all of them.
    """
    days = np.unique(np.concatenate([stamp // DAY for stamp in stamped]))
    around = np.unique(np.concatenate([days - 1, days, days + 1, days + 2]))
    ahead = {moment_of(day * DAY).astimezone(zone).utcoffset() for day in around.tolist()}
    return ahead.pop() // _MICROSECOND if len(ahead) == 1 and None not in ahead else None  # type: ignore[operator]
