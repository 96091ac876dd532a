"""Opening hours: what a text says, open or not at a moment, why, and what comes next."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import opening_hours
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.calendar import CalendarDay, CalendarMissing, ChineseCalendar, DayKind
from gridmap.errors import BadValue
from gridmap.places.hours import BadHours, HoursBook, HoursState, Reason, read_closure, read_hours

ZONE = ZoneInfo("Asia/Shanghai")
REAL = os.environ.get("GRIDMAP_REAL_DATA")


@dataclass
class Place:
    hours: str
    closures: tuple[str, ...] = ()


class NoHolidays:
    """A calendar of weeks alone, as other evaluators have without a country."""

    def kind_of_day(self, day: date) -> CalendarDay:
        return CalendarDay(DayKind.WEEKEND if day.weekday() > 4 else DayKind.WORKDAY)

    def covered_until(self) -> date:
        return date(2099, 12, 31)


BOOK = HoursBook(ZONE, ChineseCalendar())
PLAIN = HoursBook(ZONE, NoHolidays())


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def asked(hours: str, at: str, closures: tuple[str, ...] = (), book: HoursBook = BOOK):
    return book.open_at(Place(hours, closures), local(at))


def told(moment: datetime | None) -> str | None:
    return None if moment is None else f"{moment.astimezone(ZONE):%m-%d %H:%M}"


OFFICE = "Mo-Fr 08:30-12:00,13:30-17:30; PH off"


@pytest.mark.parametrize(
    ("hours", "at", "state", "reason", "changes", "opens"),
    [
        (OFFICE, "2026-11-23 09:00", "open", "hours", "11-23 12:00", None),
        (OFFICE, "2026-11-23 12:30", "closed", "lunch", "11-23 13:30", "11-23 13:30"),
        (OFFICE, "2026-11-23 07:00", "closed", "not_yet", "11-23 08:30", "11-23 08:30"),
        (OFFICE, "2026-11-20 18:00", "closed", "done", "11-23 08:30", "11-23 08:30"),
        (OFFICE, "2026-11-21 10:00", "closed", "day_off", "11-23 08:30", "11-23 08:30"),
        # National Day 2026: off from 1 to 7 October, 20 September and 10 October are worked.
        (OFFICE, "2026-10-01 10:00", "closed", "holiday", "10-08 08:30", "10-08 08:30"),
        (OFFICE, "2026-10-10 10:00", "open", "makeup_workday", "10-10 12:00", None),
        (OFFICE, "2026-10-10 12:30", "closed", "lunch", "10-10 13:30", "10-10 13:30"),
        (OFFICE, "2026-09-19 10:00", "closed", "day_off", "09-20 08:30", "09-20 08:30"),
        # Nothing said of holidays: nobody should walk there for that.
        ("Mo-Fr 09:00-17:00", "2026-10-01 10:00", "unknown", "holiday_not_stated", "10-01 17:00",
         "10-08 09:00"),
        ("Mo-Su 09:00-17:00", "2026-10-01 10:00", "open", "hours", "10-01 17:00", None),
        ("Mo-Fr 08:30-20:30; Sa,Su,PH 09:00-17:30", "2026-10-01 18:00", "closed", "done",
         "10-02 09:00", "10-02 09:00"),
        ("Mo-Su 10:00-20:00; PH 12:00-16:00", "2026-10-01 13:00", "open", "holiday_hours",
         "10-01 16:00", None),
        # What is said of a season's holidays, or of those on Sundays, says nothing of others.
        ("Mo-Fr 09:00-17:00; 2026 Feb 15-23 PH 09:00-12:00", "2026-10-01 10:00", "unknown",
         "holiday_not_stated", "10-01 17:00", "10-08 09:00"),
        ("Mo-Fr 09:00-17:00; 2026 Feb 15-23 PH 09:00-12:00", "2026-02-17 10:00", "open",
         "holiday_hours", "02-17 12:00", None),
        ("Mo-Fr 09:00-17:00; PH Su 10:00-12:00", "2026-10-01 10:00", "unknown",
         "holiday_not_stated", "10-01 17:00", "10-04 10:00"),
        ("Mo-Fr 09:00-17:00; PH Su 10:00-12:00", "2026-10-04 10:30", "open", "hours",
         "10-04 12:00", None),
        # A museum's day off is not moved, and its Saturdays are like any other day.
        ("Tu-Su 09:00-16:30; PH 09:00-16:30", "2026-09-20 10:00", "open", "hours", "09-20 16:30",
         None),
        ("Mo-Fr 09:00-18:00; Sa 09:00-12:00; PH off", "2026-10-10 15:00", "open",
         "makeup_workday", "10-10 18:00", None),
        ("24/7", "2026-10-01 03:00", "open", "always", None, None),
        ("Fr-Sa 22:00-04:00", "2026-11-22 02:00", "open", "hours", "11-22 04:00", None),
        ("Fr 22:00-26:00", "2026-11-21 01:30", "open", "hours", "11-21 02:00", None),
        # As the syntax has it: a rule for Sunday begins it at midnight; a comma does not.
        ("Sa 10:00-02:00; Su 12:00-20:00", "2026-11-22 01:00", "closed", "not_yet",
         "11-22 12:00", "11-22 12:00"),
        ("Sa 10:00-02:00, Su 12:00-20:00", "2026-11-22 01:00", "open", "hours", "11-22 02:00",
         None),
        ("Mo-Fr 09:00-17:00 || \"by appointment\"", "2026-11-22 10:00", "unknown",
         "by_appointment", "11-23 09:00", "11-23 09:00"),
        ("Sa 09:00-11:00 \"需预约\"", "2026-11-21 10:00", "unknown", "by_appointment",
         "11-21 11:00", None),
        ("Mo-Su 08:00-20:00; 2026 Nov 20-2026 Nov 25 off \"装修\"", "2026-11-23 10:00", "closed",
         "closure", "11-26 08:00", "11-26 08:00"),
        ("Jun-Aug Mo-Su 09:00-21:00", "2026-11-23 10:00", "closed", "season", "06-01 09:00",
         "06-01 09:00"),
        ("Mo-Su 08:00-12:00; SH off", "2026-11-23 10:00", "unknown", "school_holidays",
         "11-23 12:00", None),
        ("Su[1] 09:00-12:00", "2026-11-01 10:00", "open", "hours", "11-01 12:00", None),
        # Monday 28 December begins week 53, Monday 4 January 2027 week 1.
        ("week 52-01 Mo-Su,PH 09:00-12:00", "2026-11-23 10:00", "closed", "season",
         "12-21 09:00", "12-21 09:00"),
        ("week 52-01 Mo-Su,PH 09:00-12:00", "2026-01-02 10:00", "open", "hours", "01-02 12:00",
         None),
        ("week 52-01 Mo-Su,PH 09:00-12:00", "2026-01-05 10:00", "closed", "season",
         "12-21 09:00", "12-21 09:00"),
        ("Su[-1] 09:00-12:00", "2026-11-22 10:00", "closed", "day_off", "11-29 09:00",
         "11-29 09:00"),
        ("Mo-Fr 18:00+", "2026-11-23 18:30", "open", "hours", "11-23 19:00", None),
        ("Mo-Fr 18:00+", "2026-11-23 20:30", "unknown", "open_end", "11-24 00:00", "11-24 18:00"),
        ("Mo-Su 08:00-18:00; Mo 12:00-13:00 off", "2026-11-23 12:30", "closed", "lunch",
         "11-23 13:00", "11-23 13:00"),
        ("Mo-Fr 07:00-09:00,17:00-19:00", "2026-11-23 12:30", "closed", "break", "11-23 17:00",
         "11-23 17:00"),
        ("", "2026-11-23 10:00", "unknown", "not_stated", None, None),
        ("工作日", "2026-11-23 10:00", "unknown", "unreadable", None, None),
    ],
)  # fmt: skip
def test_a_place_at_a_moment(hours, at, state, reason, changes, opens):
    found = asked(hours, at)
    assert (found.state, found.reason) == (state, reason)
    assert told(found.changes_at) == changes
    if opens is not None or state == "open":
        assert told(found.opens_at) == opens


def test_past_the_known_years_what_hangs_on_holidays_is_not_known():
    last = BOOK.calendar.covered_until()
    assert last is not None
    monday = last + timedelta(days=7 - last.weekday())
    with pytest.raises(CalendarMissing):
        BOOK.calendar.kind_of_day(monday)
    found = asked(OFFICE, f"{monday} 09:00")
    assert (found.state, found.reason) == (HoursState.UNKNOWN, Reason.CALENDAR_MISSING)
    assert asked("24/7", f"{monday} 09:00").state is HoursState.OPEN
    assert asked(OFFICE, f"{monday} 22:00").state is HoursState.CLOSED


class Until2026:
    """The published years as they are known before those after 2026 are announced."""

    def kind_of_day(self, day: date) -> CalendarDay:
        if day.year > 2026:
            raise CalendarMissing(day, self.covered_until())
        return BOOK.calendar.kind_of_day(day)

    def covered_until(self) -> date:
        return date(2026, 12, 31)


UNANNOUNCED = HoursBook(ZONE, Until2026())


@pytest.mark.parametrize(
    ("hours", "at", "state", "reason"),
    [
        # New Year's Day 2027 is a Friday; 5 January is a Tuesday, 9 January a Saturday.
        ("Mo-Fr 08:30-17:30", "2027-01-01 10:00", "unknown", "calendar_missing"),
        ("Mo-Fr 08:30-17:30", "2027-01-01 20:00", "closed", "done"),
        ("Mo-Fr 08:30-17:30", "2027-01-09 10:00", "unknown", "calendar_missing"),
        ("Mo-Fr 08:30-17:30; PH Su 10:00-12:00", "2027-01-05 11:00", "unknown",
         "calendar_missing"),
        ("Mo-Su 08:30-17:30", "2027-01-01 10:00", "open", "hours"),
        ("24/7", "2027-01-01 10:00", "open", "always"),
        # The same on a holiday, by a rule of its own.
        ("Tu-Su 09:00-16:30; PH 09:00-16:30", "2027-01-05 10:00", "open", "hours"),
        # Whose weekdays are not alike keeps Saturday's hours on one that is worked.
        ("Tu-Su,PH 09:00-16:30", "2027-01-09 10:00", "open", "hours"),
        ("Tu-Su 09:00-16:30; PH off", "2027-01-04 10:00", "closed", "day_off"),
    ],
)  # fmt: skip
def test_in_a_year_not_announced_only_what_no_holiday_changes_is_known(hours, at, state, reason):
    found = asked(hours, at, book=UNANNOUNCED)
    assert (found.state, found.reason) == (state, reason)


def test_before_a_year_not_announced_no_place_is_said_to_open_in_it():
    found = asked("Mo-Fr 08:30-17:30", "2026-12-31 20:00", book=UNANNOUNCED)
    assert (found.state, found.opens_at) == (HoursState.CLOSED, None)
    assert told(found.changes_at) == "01-01 08:30"
    daily = asked("Mo-Su 08:30-17:30", "2026-12-31 20:00", book=UNANNOUNCED)
    assert told(daily.opens_at) == "01-01 08:30"


def test_a_temporary_closure_stands_above_the_hours_and_says_why():
    closed = ("2026-11-20/2026-11-24 管道维修",)
    found = asked(OFFICE, "2026-11-23 09:00", closed)
    assert (found.state, found.reason, found.comment) == ("closed", "closure", "管道维修")
    assert told(found.opens_at) == "11-25 08:30"
    assert asked("", "2026-11-23 09:00", closed).state is HoursState.CLOSED
    assert asked(OFFICE, "2026-11-25 09:00", closed).state is HoursState.OPEN


@pytest.mark.parametrize(
    ("hours", "closures", "first", "spans"),
    [
        # The eve of National Day.
        ("Mo-Su 18:00-02:00; PH off", (), "2026-09-29", [[(1080, 1560)], [(1080, 1440)], []]),
        ("Mo-Su 18:00-02:00", ("2026-11-24 盘点",), "2026-11-23",
         [[(1080, 1440)], [], [(1080, 1560)]]),
        ("Fr 18:00-02:00; Sa 12:00-20:00", (), "2026-11-27", [[(1080, 1440)], [(720, 1200)], []]),
        ("Fr 18:00-02:00, Sa 12:00-20:00", (), "2026-11-27", [[(1080, 1560)], [(720, 1200)], []]),
    ],
)  # fmt: skip
def test_a_week_ends_a_night_where_the_next_day_ends_it_as_a_moment_does(
    hours, closures, first, spans
) -> None:
    place, day = Place(hours, closures), date.fromisoformat(first)
    week = BOOK.week(place, day, 3)
    assert [[(one.start, one.end) for one in of.plan.stretches] for of in week] == spans
    for n, of in enumerate(week):
        for one in of.plan.stretches:
            midnight = local(f"{day + timedelta(days=n)} 00:00")
            late = BOOK.open_at(place, midnight + timedelta(minutes=one.end - 1))
            assert late.changes_at == midnight + timedelta(minutes=one.end)


@pytest.mark.parametrize("text", ["soon", "2026-13-01", "2026-03-05/2026-03-01", ""])
def test_a_closure_that_is_none_is_refused(text):
    with pytest.raises(BadValue):
        read_closure(text)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 1),
        ("9 to 5", 1),
        ("Mo-Fr 9-17", 7),
        ("Mo-Fr 09:00", 12),
        ("Mo-Fr 09:00-", 13),
        ("Mo-Fr 09:00-25:99", 13),
        ("Mo-Fr 09:00-12:00 Sa 10:00-12:00", 19),
        ("Mo-Fr sunrise-sunset", 7),
        ("Mo-Fr 09:00-17:00; ; Sa off", 20),
        ("Jan 32 off", 5),
        ("Mo[6] 09:00-10:00", 4),
        ("Mo[4-1] 09:00-10:00", 6),
        ("PH +1 day off", 4),
        ("周一 9:00-17:00", 1),
        ("Mo-Fr 09:00-17:00 (lunch)", 19),
        ("Mo " + "1" * 1200, 1000),
    ],
)
def test_what_cannot_be_read_is_refused_at_its_place(text, at):
    with pytest.raises(BadHours) as refused:
        read_hours(text)
    assert refused.value.at == at


def test_full_width_marks_are_taken_for_what_they_stand_for():
    wide = read_hours("Mo–Fr 08：30–12：00，13：30–17：30；PH off")
    assert wide.rules == read_hours(OFFICE).rules


def test_on_every_day_of_2026_an_office_keeps_the_official_calendar():
    for n in range(365):
        day = date(2026, 1, 1) + timedelta(days=n)
        kind = BOOK.calendar.kind_of_day(day)
        found = asked(OFFICE, f"{day} 10:00")
        assert (found.state is HoursState.OPEN) == kind.works, day
        assert found.day == kind
        if kind.kind is DayKind.HOLIDAY:
            assert found.reason is Reason.HOLIDAY
        if kind.kind is DayKind.MAKEUP_WORKDAY:
            assert found.reason is Reason.MAKEUP_WORKDAY


STATES = {
    opening_hours.State.OPEN: HoursState.OPEN,
    opening_hours.State.CLOSED: HoursState.CLOSED,
    opening_hours.State.UNKNOWN: HoursState.UNKNOWN,
}


def oracle(text: str) -> opening_hours.OpeningHours:
    return opening_hours.OpeningHours(text, auto_country=False, auto_timezone=False)


def assert_like_the_oracle(text: str, at: datetime) -> None:
    other = oracle(text)
    found = PLAIN.open_at(Place(text), at.replace(tzinfo=ZONE))
    assert found.state is STATES[other.state(at)[0]], (text, at)
    change = other.next_change(at)
    if change is None or change > at + timedelta(days=390):
        return
    assert found.changes_at is not None, (text, at)
    assert found.changes_at.astimezone(ZONE).replace(tzinfo=None) == change, (text, at)


_DAYS = st.sampled_from(["", "Mo-Fr ", "Sa,Su ", "Mo,We,Fr ", "Tu-Th ", "Sa ", "Fr-Mo ", "Su[1] "])
_MONTHS = st.sampled_from(["", "", "", "Jun-Aug ", "Dec-Feb ", "Nov 20-Dec 05 ", "week 40-48 "])
_TIMES = st.lists(
    st.integers(0, 23 * 4), min_size=2, max_size=6, unique=True
).map(lambda q: sorted(q)[: len(q) // 2 * 2])  # fmt: skip


def _clock(quarter: int) -> str:
    return f"{quarter // 4:02d}:{quarter % 4 * 15:02d}"


def _spans(quarters: list[int]) -> str:
    pairs = zip(quarters[::2], quarters[1::2], strict=True)
    return ",".join(f"{_clock(a)}-{_clock(b)}" for a, b in pairs)


_RULE = st.builds(lambda m, d, t: f"{m}{d}{_spans(t)}", _MONTHS, _DAYS, _TIMES)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(_RULE, min_size=1, max_size=3),
    st.sampled_from(["", "; Mo off", "; Dec 24-26 off", ""]),
    st.integers(0, 365 * 1440),
)
def test_ordinary_hours_are_answered_as_another_evaluator_does(rules, end, minute):
    at = datetime(2026, 1, 1) + timedelta(minutes=minute)  # noqa: DTZ001 - local, as it asks
    assert_like_the_oracle("; ".join(rules) + end, at)


@pytest.mark.skipif(not REAL, reason="needs GRIDMAP_REAL_DATA")
def test_the_hours_of_a_real_city_are_read_or_refused_and_answered_as_elsewhere():
    import pyogrio

    path = Path(str(REAL)) / "fi_helsinki_osm.gpkg.zip"
    column = pyogrio.read_dataframe(path, layer="poi", read_geometry=False)["opening_hours"]
    texts = sorted({text for text in column.dropna() if text.strip()})
    refused: dict[str, str] = {}
    compared = 0
    for n, text in enumerate(texts):
        try:
            hours = read_hours(text)
        except BadHours as error:
            refused[text] = error.what
            continue
        late = any(span.end > 1440 or span.open_end for r in hours.rules for span in r.spans)
        commented = any(rule.comment for rule in hours.rules)
        # There days after a blank are rules of their own, and a Sunday that runs late is cut.
        if late or commented or ", " in text or "Fr11" in text:
            continue
        for step in range(12):
            at = datetime(2026, 1, 1) + timedelta(minutes=37 * n + 43_801 * step)  # noqa: DTZ001
            assert_like_the_oracle(text, at)
        compared += 1
    assert len(texts) > 370
    assert len(refused) == 11
    assert all(refused.values())
    assert compared > 250
