"""Clocks that stand still, the day after receipt, and dates of review: worked by hand for 2026.

Days off and make-up workdays as in `test_deadline_clock`: 15-23 February off, 14 and 28 February
worked; 25-27 September off, 20 September worked; 1-7 October off, 10 October worked. Offices:
09:00-12:00 and 13:30-17:30, seven hours a day.
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.errors import BadValue
from gridmap.routing import (
    CalendarDay,
    ChineseCalendar,
    DayKind,
    Limit,
    LimitUnit,
    Pause,
    PauseReason,
    SiteDays,
    StartRule,
    deadline,
)

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = ChineseCalendar()
CLOCK, HOUR = LimitUnit.CLOCK_HOUR, LimitUnit.WORKING_HOUR
WORKDAY, DAY = LimitUnit.WORKING_DAY, LimitUnit.CALENDAR_DAY
MANAGED = Limit(None, LimitUnit.MANAGED)


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def pause(start, end, reason="weather"):
    return Pause(local(start), None if end is None else local(end), PauseReason(reason))


def due(received, amount, unit, *pauses, calendar=CALENDAR, **rules):
    limit = Limit(amount, unit)
    return deadline(local(received), limit, calendar, zone=ZONE, pauses=pauses, **rules)


@pytest.mark.parametrize(
    ("received", "amount", "unit", "pauses", "expected"),
    [
        # Clock hours and calendar days get back the time on the clock.
        ("2026-02-17 23:00", 24, CLOCK, [("2026-02-18 01:00", "2026-02-18 04:30")],
         "2026-02-19 02:30"),
        ("2026-02-13 10:00", 3, DAY, [("2026-02-14 00:00", "2026-02-15 12:00")],
         "2026-02-17 22:00"),
        # Working hours: one hour was used on Friday; three are left for Tuesday 24.
        ("2026-02-13 16:00", 4, HOUR, [("2026-02-13 17:00", "2026-02-14 17:30")],
         "2026-02-24 12:00"),
        # Due on Saturday 14 at 10:00 without the pause; the festival itself costs nothing.
        ("2026-02-13 16:30", 2, HOUR, [("2026-02-14 09:30", "2026-02-24 09:00")],
         "2026-02-24 09:30"),
        ("2026-02-14 16:30", 2, HOUR, [("2026-02-15 00:00", "2026-02-23 23:59")],
         "2026-02-24 10:00"),
        # Over National Day: 3.5 h were used on Wednesday 30, 3.5 h are left from Thursday 8, 10:00.
        ("2026-09-30 10:00", 7, HOUR, [("2026-09-30 15:00", "2026-10-08 10:00")],
         "2026-10-08 15:00"),
        # Working days: due Thursday 26 February at 17:30, and three hours of a morning later.
        ("2026-02-12 10:00", 5, WORKDAY, [("2026-02-25 09:00", "2026-02-25 12:00")],
         "2026-02-27 12:00"),
        # A whole working day is one working day more.
        ("2026-02-12 10:00", 5, WORKDAY, [("2026-02-24 00:00", "2026-02-24 23:59")],
         "2026-02-27 17:30"),
        # Into the made-up Saturday: due Thursday 26 at 17:30, eight hours later.
        ("2026-02-12 10:00", 5, WORKDAY, [("2026-02-24 09:00", "2026-02-25 10:00")],
         "2026-02-28 10:00"),
        # The day of receipt is not counted: nothing to give back.
        ("2026-02-12 10:00", 1, WORKDAY, [("2026-02-12 13:30", "2026-02-12 17:30")],
         "2026-02-13 17:30"),
        # Two pauses, in any order; where they overlap the time is given back once.
        ("2026-03-02 09:00", 10, HOUR,
         [("2026-03-02 14:00", "2026-03-02 16:00"), ("2026-03-02 10:00", "2026-03-02 11:00")],
         "2026-03-03 16:30"),
        ("2026-03-02 09:00", 10, HOUR,
         [("2026-03-02 10:00", "2026-03-02 12:00"), ("2026-03-02 11:00", "2026-03-02 14:30")],
         "2026-03-03 16:30"),
        # The first moves the deadline behind the beginning of the second, which then counts too.
        ("2026-03-02 09:00", 3, HOUR,
         [("2026-03-02 10:00", "2026-03-02 12:00"), ("2026-03-02 15:00", "2026-03-02 16:00")],
         "2026-03-02 16:30"),
        # Too late is too late.
        ("2026-03-02 09:00", 3, HOUR, [("2026-03-02 12:00", "2026-03-05 12:00")],
         "2026-03-02 12:00"),
        ("2026-03-02 09:00", 2, CLOCK, [("2026-03-02 11:30", None)], "2026-03-02 11:00"),
        # Not yet begun: received on a holiday, stopped on it.
        ("2026-02-17 10:00", 3, HOUR, [("2026-02-17 11:00", "2026-02-20 11:00")],
         "2026-02-24 12:00"),
    ],
)  # fmt: skip
def test_the_time_that_was_lost_is_given_back(received, amount, unit, pauses, expected):
    found = due(received, amount, unit, *(pause(*one) for one in pauses))
    assert (found.due_at, found.reason) == (local(expected), "")


def test_time_does_not_run_before_the_report_counts_as_received():
    stopped = pause("2026-03-02 13:30", "2026-03-02 17:30")
    rule = {"start_rule": StartRule.NEXT_WORKING_DAY}
    assert due("2026-03-02 10:00", 2, HOUR, stopped, **rule).due_at == local("2026-03-03 11:00")


def test_while_the_clock_stands_still_nothing_is_due_and_the_reason_is_told():
    found = due("2026-03-02 09:00", 10, HOUR, pause("2026-03-02 10:00", None, "approval"))
    assert (found.due_at, found.reason) == (None, "paused")
    assert [(s.rule, s.params) for s in found.steps] == [
        ("due_stopped_approval", {"start": "2026-03-02 10:00"})
    ]


def test_the_steps_name_each_pause_with_its_reason_in_order():
    found = due(
        "2026-03-02 09:00", 10, HOUR,
        pause("2026-03-02 14:00", "2026-03-02 16:00", "material"),
        pause("2026-03-02 10:00", "2026-03-02 11:00", "reporter"),
    )  # fmt: skip
    assert [s.rule for s in found.steps] == [
        "due_working_hour", "due_paused_reporter", "due_paused_material",
    ]  # fmt: skip


def test_a_pause_that_ends_before_it_begins_is_refused():
    with pytest.raises(BadValue, match="before it begins"):
        pause("2026-03-02 11:00", "2026-03-02 10:00")


def test_given_back_time_past_the_calendar_waits_for_its_table():
    stopped = pause("2026-12-31 10:00", "2026-12-31 16:00")
    found = due("2026-12-30 10:00", 1, WORKDAY, stopped)
    assert (found.due_at, found.reason) == (None, "calendar_missing")
    site = SiteDays({date(2027, 1, 1): CalendarDay(DayKind.HOLIDAY, "元旦")}, frozenset({2027}))
    # Two hours of the morning, two and a half of the afternoon, from Monday 4 January.
    later = due("2026-12-30 10:00", 1, WORKDAY, stopped, calendar=ChineseCalendar(site))
    assert later.due_at == local("2027-01-04 15:00")


@pytest.mark.parametrize(
    ("received", "amount", "unit", "expected"),
    [
        ("2026-02-12 23:50", 3, DAY, "2026-02-16 00:00"),
        ("2026-12-31 10:00", 1, DAY, "2027-01-02 00:00"),
        ("2026-02-13 10:00", 2, HOUR, "2026-02-14 11:00"),
        ("2026-02-14 16:00", 1, HOUR, "2026-02-24 10:00"),
        ("2026-02-12 10:00", 5, WORKDAY, "2026-02-26 17:30"),
        # Thirteen working days from the day after receipt: 14, 24-28 February, 2-6, 9-10 March.
        ("2026-02-13 10:00", 13, WORKDAY, "2026-03-10 17:30"),
        ("2026-02-15 10:00", 1, WORKDAY, "2026-02-24 17:30"),
        ("2026-02-17 23:50", 0.5, CLOCK, "2026-02-18 00:20"),
    ],
)
def test_limits_that_count_from_the_day_after_receipt(received, amount, unit, expected):
    found = due(received, amount, unit, start_rule=StartRule.DAY_AFTER_RECEIPT)
    assert found.due_at == local(expected)


@pytest.mark.parametrize(
    ("received", "days", "expected"),
    [
        ("2026-02-12 10:00", 5, "2026-02-26"),  # 13, 14, 24, 25, 26
        ("2026-09-24 10:00", 5, "2026-10-09"),  # 28, 29, 30 September, 8, 9 October
        ("2026-09-30 10:00", 3, "2026-10-10"),  # the made-up Saturday
        ("2026-10-09 08:00", 10, "2026-10-22"),
        ("2026-12-17 10:00", 10, "2026-12-31"),
    ],
)
def test_a_managed_case_is_reviewed_after_so_many_working_days(received, days, expected):
    found = deadline(local(received), MANAGED, CALENDAR, zone=ZONE, review_days=days)
    assert (found.due_at, found.reason) == (None, "managed")
    assert found.review_on == date.fromisoformat(expected)
    assert found.steps[1].params == {"amount": str(days), "day": expected}


def test_a_date_of_review_past_the_calendar_waits_for_its_table():
    found = deadline(local("2026-12-30 10:00"), MANAGED, CALENDAR, zone=ZONE, review_days=10)
    assert (found.review_on, found.reason) == (None, "calendar_missing")
    assert found.steps[0].rule == "due_review_calendar_missing"


moments = st.datetimes(datetime(2026, 1, 5), datetime(2026, 10, 31)).map(  # noqa: DTZ001
    lambda t: t.replace(second=0, microsecond=0, tzinfo=ZONE)
)


@settings(max_examples=40, deadline=None)
@given(received=moments, hours=st.integers(1, 60), after=st.integers(0, 5000),
       length=st.integers(0, 5000))  # fmt: skip
def test_a_pause_costs_exactly_the_working_minutes_in_it(received, hours, after, length):
    start = received + timedelta(minutes=after)
    stopped = Pause(start, start + timedelta(minutes=length), PauseReason.OTHER)
    limit = Limit(hours, HOUR)
    plain = deadline(received, limit, CALENDAR, zone=ZONE).due_at
    moved = deadline(received, limit, CALENDAR, zone=ZONE, pauses=[stopped]).due_at
    if start >= plain:
        assert moved == plain
        return
    lost = _worked(start, stopped.end)
    assert _worked(plain, moved) == lost
    assert (moved == plain) == (lost == 0)


def _worked(start, end):
    """Working minutes between two moments, minute by minute."""
    begin, until = (int(t.timestamp() // 60) for t in (start, end))
    count = 0
    day = None
    for minute in range(begin, until):
        at = datetime.fromtimestamp(minute * 60, ZONE)
        if day is None or day[0] != at.date():
            day = (at.date(), CALENDAR.kind_of_day(at.date()).works)
        clock = at.hour * 60 + at.minute
        count += day[1] and (540 <= clock < 720 or 810 <= clock < 1050)
    return count
