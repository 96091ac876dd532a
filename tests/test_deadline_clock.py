"""When something is due: worked by hand across Spring Festival, National Day and year end 2026.

Days off and make-up workdays of 2026 used here (State Council notice): 15-23 February off,
Saturdays 14 and 28 February worked; 25-27 September off, Sunday 20 September worked;
1-7 October off, Saturday 10 October worked. Offices: 09:00-12:00 and 13:30-17:30.
"""

from datetime import UTC, date, datetime, time, timedelta
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
    OfficeHours,
    SiteDays,
    StartRule,
    deadline,
)

ZONE = ZoneInfo("Asia/Shanghai")
CALENDAR = ChineseCalendar()
HOUR, DAY = LimitUnit.WORKING_HOUR, LimitUnit.WORKING_DAY


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def due(received, amount, unit, calendar=CALENDAR, **rules):
    return deadline(local(received), Limit(amount, unit), calendar, zone=ZONE, **rules)


class Refusing:
    """A calendar that must not be asked."""

    def kind_of_day(self, day):
        raise AssertionError(f"asked for {day}")

    def covered_until(self):
        raise AssertionError


@pytest.mark.parametrize(
    ("received", "days", "expected"),
    [
        ("2026-02-12 10:00", 5, "2026-02-26"),  # 13, 14 made up, 24, 25, 26
        ("2026-02-13 10:00", 1, "2026-02-14"),  # a Saturday, made up
        ("2026-02-13 10:00", 2, "2026-02-24"),
        ("2026-02-13 10:00", 15, "2026-03-12"),
        ("2026-02-14 10:00", 1, "2026-02-24"),
        ("2026-02-14 23:59", 1, "2026-02-24"),
        ("2026-02-17 10:00", 1, "2026-02-24"),  # received on New Year's Day of the moon
        ("2026-02-23 23:59", 1, "2026-02-24"),
        ("2026-02-27 17:31", 1, "2026-02-28"),
        ("2026-02-28 10:00", 1, "2026-03-02"),  # Sunday 1 March is no working day
        ("2026-09-19 10:00", 1, "2026-09-20"),  # a Sunday, made up
        ("2026-09-24 10:00", 1, "2026-09-28"),
        ("2026-09-24 10:00", 5, "2026-10-09"),  # 28, 29, 30, 8, 9
        ("2026-09-30 10:00", 3, "2026-10-10"),
        ("2026-09-30 10:00", 4, "2026-10-12"),
        ("2026-10-03 10:00", 1, "2026-10-08"),
        ("2026-10-10 10:00", 1, "2026-10-12"),
        ("2026-11-27 16:00", 1, "2026-11-30"),  # an ordinary weekend
        ("2026-12-30 10:00", 1, "2026-12-31"),
    ],
)
def test_working_days_count_from_the_day_after_receipt_to_closing_time(received, days, expected):
    assert due(received, days, DAY).due_at == local(f"{expected} 17:30")


@pytest.mark.parametrize(
    ("received", "hours", "expected"),
    [
        ("2026-02-13 08:00", 1, "2026-02-13 10:00"),  # before opening
        ("2026-02-13 09:00", 3, "2026-02-13 12:00"),  # exactly the morning
        ("2026-02-13 09:00", 3.5, "2026-02-13 14:00"),
        ("2026-02-13 12:00", 1, "2026-02-13 14:30"),  # at the start of the break
        ("2026-02-13 12:45", 1, "2026-02-13 14:30"),
        ("2026-02-13 08:00", 7, "2026-02-13 17:30"),  # exactly the day
        ("2026-02-13 16:30", 1, "2026-02-13 17:30"),
        ("2026-02-13 16:30", 2, "2026-02-14 10:00"),  # on into the made-up Saturday
        ("2026-02-13 17:30", 2, "2026-02-14 11:00"),
        ("2026-02-14 16:30", 2, "2026-02-24 10:00"),  # over the whole festival
        ("2026-02-17 10:00", 4, "2026-02-24 14:30"),
        ("2026-02-27 20:00", 8, "2026-03-02 10:00"),  # seven on Saturday 28, one on Monday
        ("2026-09-20 16:00", 4, "2026-09-21 11:30"),  # received on the made-up Sunday
        ("2026-09-24 17:00", 1, "2026-09-28 09:30"),
        ("2026-09-30 17:29", 4, "2026-10-08 14:29"),
        ("2026-10-09 16:30", 2, "2026-10-10 10:00"),
        ("2026-10-10 17:00", 1, "2026-10-12 09:30"),
        ("2026-11-28 09:00", 2, "2026-11-30 11:00"),  # an ordinary Saturday
        ("2026-12-31 16:30", 1, "2026-12-31 17:30"),
    ],
)
def test_working_hours_count_in_office_hours_of_working_days_only(received, hours, expected):
    assert due(received, hours, HOUR).due_at == local(expected)


@pytest.mark.parametrize(
    ("received", "hours", "expected"),
    [
        ("2026-02-17 23:50", 0.5, "2026-02-18 00:20"),
        ("2026-02-17 03:00", 0.1, "2026-02-17 03:06"),
        ("2026-02-14 23:00", 4, "2026-02-15 03:00"),
        ("2027-01-01 00:00", 2, "2027-01-01 02:00"),
        ("1999-12-31 23:00", 2, "2000-01-01 01:00"),
    ],
)
def test_clock_hours_run_day_and_night_and_ask_no_calendar(received, hours, expected):
    found = due(received, hours, LimitUnit.CLOCK_HOUR, Refusing())
    assert found.due_at == local(expected)
    assert found.reason == ""


@pytest.mark.parametrize(
    ("received", "days", "expected"),
    [
        ("2026-02-13 10:15", 3, "2026-02-16 10:15"),
        ("2026-12-31 18:00", 1, "2027-01-01 18:00"),
        ("2028-02-28 09:00", 1, "2028-02-29 09:00"),
    ],
)
def test_calendar_days_end_at_the_same_local_time_and_ask_no_calendar(received, days, expected):
    assert due(received, days, LimitUnit.CALENDAR_DAY, Refusing()).due_at == local(expected)


def test_a_calendar_day_keeps_the_local_time_where_the_clocks_are_changed():
    denver = ZoneInfo("America/Denver")
    received = datetime(2026, 3, 7, 10, tzinfo=denver)
    found = deadline(received, Limit(1, LimitUnit.CALENDAR_DAY), Refusing(), zone=denver)
    assert found.due_at - received == timedelta(hours=23)
    assert found.due_at.astimezone(denver).hour == 10


def test_the_day_of_receipt_is_the_local_one_not_that_of_utc():
    # 16:30 UTC on the 13th is half past midnight on the 14th: the made-up Saturday is day 0.
    found = deadline(datetime(2026, 2, 13, 16, 30, tzinfo=UTC), Limit(1, DAY), CALENDAR, zone=ZONE)
    assert found.due_at == local("2026-02-24 17:30")


def test_the_answer_is_in_utc():
    found = due("2026-02-13 10:00", 1, DAY)
    assert found.due_at.tzinfo is UTC
    assert found.due_at.isoformat() == "2026-02-14T09:30:00+00:00"


def test_a_time_without_an_offset_is_refused():
    with pytest.raises(BadValue, match="without an offset"):
        deadline(datetime(2026, 2, 13), Limit(1, DAY), CALENDAR, zone=ZONE)  # noqa: DTZ001


def test_a_managed_case_has_no_due_time_and_says_why():
    found = due("2026-02-13 10:00", None, LimitUnit.MANAGED, Refusing())
    assert (found.due_at, found.reason) == (None, "managed")
    assert [s.rule for s in found.steps] == ["due_managed"]


@pytest.mark.parametrize(
    ("received", "amount", "unit", "first_unknown"),
    [
        ("2026-12-31 10:00", 1, DAY, "2027-01-01"),
        ("2026-12-25 10:00", 5, DAY, "2027-01-01"),  # four working days are left
        ("2026-12-31 16:30", 1.01, HOUR, "2027-01-01"),
        ("2027-03-01 10:00", 1, HOUR, "2027-03-01"),
        ("2003-12-31 10:00", 1, HOUR, "2003-12-31"),
    ],
)
def test_past_the_calendar_there_is_no_due_time_and_the_reason_says_so(
    received, amount, unit, first_unknown
):
    found = due(received, amount, unit)
    assert (found.due_at, found.reason) == (None, "calendar_missing")
    assert found.steps[-1].rule == "due_calendar_missing"
    assert found.steps[-1].params == {
        "amount": f"{amount:g}",
        "day": first_unknown,
        "covered_until": "2026-12-31",
    }


def test_the_same_report_has_its_due_time_once_the_table_has_arrived():
    site = SiteDays({date(2027, 1, 1): CalendarDay(DayKind.HOLIDAY, "元旦")}, frozenset({2027}))
    found = due("2026-12-31 10:00", 1, DAY, ChineseCalendar(site))
    assert found.due_at == local("2027-01-04 17:30")
    assert found.reason == ""


@pytest.mark.parametrize(
    ("rule", "received", "amount", "unit", "expected"),
    [
        ("next_working_day", "2026-02-13 10:00", 1, DAY, "2026-02-24 17:30"),
        ("next_working_day", "2026-02-13 10:00", 2, HOUR, "2026-02-14 11:00"),
        ("next_working_day", "2026-02-17 10:00", 1, DAY, "2026-02-25 17:30"),
        ("after_intake_cutoff", "2026-02-13 16:00", 1, DAY, "2026-02-14 17:30"),
        ("after_intake_cutoff", "2026-02-13 16:01", 1, DAY, "2026-02-24 17:30"),
        ("after_intake_cutoff", "2026-02-13 15:30", 1, HOUR, "2026-02-13 16:30"),
        ("after_intake_cutoff", "2026-02-14 16:01", 4, HOUR, "2026-02-24 14:30"),
        ("after_intake_cutoff", "2026-02-21 10:00", 1, DAY, "2026-02-25 17:30"),
        ("after_intake_cutoff", "2026-10-07 10:00", 1, HOUR, "2026-10-08 10:00"),
    ],
)
def test_the_start_rule_moves_when_a_report_counts_as_received(
    rule, received, amount, unit, expected
):
    assert due(received, amount, unit, start_rule=StartRule(rule)).due_at == local(expected)


@pytest.mark.parametrize("rule", StartRule)
def test_no_start_rule_delays_an_emergency(rule):
    found = due("2026-02-17 23:50", 0.5, LimitUnit.CLOCK_HOUR, Refusing(), start_rule=rule)
    assert found.due_at == local("2026-02-18 00:20")


def test_the_cutoff_is_the_sites_own():
    rules = {"start_rule": StartRule.AFTER_INTAKE_CUTOFF, "cutoff": time(12, 0)}
    assert due("2026-02-13 12:01", 1, DAY, **rules).due_at == local("2026-02-24 17:30")


def test_office_hours_are_the_sites_own():
    summer = OfficeHours.parse("08:30-12:00, 14:30-18:00")
    found = due("2026-07-01 11:00", 2, HOUR, office_hours=summer)
    assert found.due_at == local("2026-07-01 15:30")
    assert due("2026-07-01 11:00", 1, DAY, office_hours=summer).due_at == local("2026-07-02 18:00")


@pytest.mark.parametrize(
    "text",
    ["", "9-17", "09:00", "12:00-09:00", "09:00-12:00,12:00-17:00", "09:00-12:00,08:00-13:00"],
)
def test_office_hours_that_do_not_follow_one_another_are_refused(text):
    with pytest.raises(BadValue, match="09:00-12:00,13:30-17:30"):
        OfficeHours.parse(text)


def test_the_steps_name_the_festival_and_the_made_up_days_that_were_met():
    steps = due("2026-02-12 10:00", 5, DAY).steps
    assert [s.rule for s in steps] == [
        "due_working_day",
        "due_makeup_workday",
        "due_holiday",
    ]
    assert steps[0].params == {"amount": "5", "due": "2026-02-26 17:30"}
    assert steps[1].params == {"day": "2026-02-14", "name": "春节", "name_en": "Spring Festival"}
    assert steps[2].params == {
        "day": "2026-02-15",
        "until": "2026-02-23",
        "name": "春节",
        "name_en": "Spring Festival",
    }


def test_two_holidays_on_the_way_are_two_steps():
    steps = due("2026-09-24 10:00", 5, DAY).steps
    assert [(s.params["day"], s.params["until"], s.params["name"]) for s in steps[1:]] == [
        ("2026-09-25", "2026-09-27", "中秋"),
        ("2026-10-01", "2026-10-07", "国庆节"),
    ]


def test_the_steps_say_when_the_report_counts_as_received():
    found = due("2026-02-13 16:01", 1, HOUR, start_rule=StartRule.AFTER_INTAKE_CUTOFF)
    assert found.steps[1].rule == "due_received_later"
    assert found.steps[1].params == {"at": "2026-02-14 09:00"}


def test_a_deadline_beyond_the_year_9999_is_refused_not_a_crash():
    late = datetime(9999, 12, 31, 15, 59, tzinfo=UTC)
    for limit in (
        Limit(24, LimitUnit.CLOCK_HOUR),
        Limit(0.1, LimitUnit.CLOCK_HOUR),  # in UTC still that year, in Shanghai no longer
        Limit(1, LimitUnit.CALENDAR_DAY),
    ):
        with pytest.raises(BadValue, match="outside the calendar"):
            deadline(late, limit, CALENDAR, zone=ZONE)


moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 30)).map(  # noqa: DTZ001
    lambda t: t.replace(second=0, microsecond=0, tzinfo=ZONE)
)


@settings(max_examples=40, deadline=None)
@given(received=moments, minutes=st.integers(1, 2000))
def test_working_hours_agree_with_counting_every_minute(received, minutes):
    found = deadline(received, Limit(minutes / 60, HOUR), CALENDAR, zone=ZONE)
    end = found.due_at.astimezone(ZONE)
    counted, moment = 0, received
    while moment < end:
        inside = time(9) <= moment.time() < time(12) or time(13, 30) <= moment.time() < time(17, 30)
        counted += inside and CALENDAR.kind_of_day(moment.date()).works
        moment += timedelta(minutes=1)
    assert counted == minutes


@settings(max_examples=60, deadline=None)
@given(received=moments, days=st.integers(1, 15))
def test_working_days_agree_with_counting_every_day(received, days):
    end = deadline(received, Limit(days, DAY), CALENDAR, zone=ZONE).due_at.astimezone(ZONE)
    after = (received.date() + timedelta(days=i) for i in range(1, 32))
    worked = [day for day in after if CALENDAR.kind_of_day(day).works]
    assert end == datetime.combine(worked[days - 1], time(17, 30), ZONE)
