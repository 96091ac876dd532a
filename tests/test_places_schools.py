"""School holidays by a table of the site: what hours with SH mean on each day, and why."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gridmap.calendar import ChineseCalendar
from gridmap.errors import BadValue
from gridmap.places.hours import HoursBook, HoursState
from gridmap.places.hours.days import Reason
from gridmap.places.model import Place
from gridmap.places.schools import SCHOOL_TABLE, SchoolDays, load_school_days
from gridmap.settings import Settings
from gridmap.workspace import open_workspace
from tests.api_client import NOW

TABLE = """first,last,kind,name
2026-03-02,2026-07-10,term,春季学期
2026-07-11,2026-08-31,holiday,暑假
2026-09-01,2027-01-22,term,秋季学期
"""
# A reading room: afternoons in term, all day in the holidays, closed on public ones.
HOURS = "Mo-Fr 15:00-18:00; SH Mo-Fr 09:00-18:00; PH off"
ZONE = ZoneInfo("Asia/Shanghai")


def written(folder: Path, text: str) -> SchoolDays:
    (folder / SCHOOL_TABLE).write_text(text, encoding="utf-8")
    return load_school_days(folder)


@pytest.fixture
def schools(tmp_path: Path) -> Iterator[SchoolDays]:
    return written(tmp_path, TABLE)


def said(schools: SchoolDays, when: str, hours: str = HOURS) -> tuple[HoursState, Reason]:
    place = Place("P1", "education_site", "书屋", 117.0, 36.6, hours=hours)
    moment = datetime.fromisoformat(when).replace(tzinfo=ZONE).astimezone(UTC)
    found = HoursBook(ZONE, ChineseCalendar(), schools).open_at(place, moment)
    return found.state, found.reason


@pytest.mark.parametrize(
    ("when", "state", "reason"),
    [
        ("2026-05-20T10:00", HoursState.CLOSED, Reason.NOT_YET),
        ("2026-05-20T16:00", HoursState.OPEN, Reason.HOURS),
        ("2026-07-15T10:00", HoursState.OPEN, Reason.SCHOOL_HOLIDAY_HOURS),
        ("2026-07-18T10:00", HoursState.CLOSED, Reason.DAY_OFF),  # a Saturday
        ("2026-10-01T16:00", HoursState.CLOSED, Reason.HOLIDAY),
        ("2026-10-10T16:00", HoursState.OPEN, Reason.MAKEUP_WORKDAY),
        # In neither: known only where it makes no difference.
        ("2026-02-25T10:00", HoursState.UNKNOWN, Reason.SCHOOL_HOLIDAYS),
        ("2026-02-25T20:00", HoursState.CLOSED, Reason.DONE),
    ],
)
def test_hours_follow_the_schools(
    schools: SchoolDays, when: str, state: HoursState, reason: Reason
) -> None:
    assert said(schools, when) == (state, reason)


def test_a_place_that_closes_with_the_schools_says_so(schools: SchoolDays) -> None:
    hours = "Mo-Fr 07:30-18:00; SH,PH off"
    assert said(schools, "2026-08-03T10:00", hours) == (HoursState.CLOSED, Reason.SCHOOL_HOLIDAY)
    assert said(schools, "2026-09-03T10:00", hours) == (HoursState.OPEN, Reason.HOURS)
    assert said(schools, "2026-10-02T10:00", hours) == (HoursState.CLOSED, Reason.HOLIDAY)
    nothing = SchoolDays()
    assert said(nothing, "2026-08-03T10:00", hours) == (HoursState.UNKNOWN, Reason.SCHOOL_HOLIDAYS)


@pytest.mark.parametrize(
    ("when", "hours", "state", "reason"),
    [
        # 14 February 2026 is a Saturday that is worked.
        ("2026-02-14T10:00", "Mo-Fr 08:30-17:30; SH off", "unknown", "school_holidays"),
        ("2026-02-14T10:00", "Mo-Fr 08:30-17:30; SH Sa 08:30-17:30", "open", "makeup_workday"),
        ("2026-02-14T20:00", "Mo-Fr 08:30-17:30; SH off", "closed", "done"),
        ("2026-02-15T10:00", "Mo-Fr 08:30-17:30; SH off", "closed", "day_off"),
        # National Day: of a rule for schools that comes after that for holidays.
        ("2026-10-01T10:00", "Mo-Fr 08:30-17:30; PH 09:00-12:00; SH off", "unknown",
         "school_holidays"),
        ("2026-10-01T10:00", "Mo-Fr 08:30-17:30; SH off; PH 09:00-12:00", "open",
         "holiday_hours"),
        ("2026-10-01T10:00", "Mo-Fr 08:30-17:30; SH off", "unknown", "holiday_not_stated"),
    ],
)  # fmt: skip
def test_days_worked_in_exchange_and_holidays_are_in_doubt_without_a_table_too(
    when: str, hours: str, state: HoursState, reason: Reason
) -> None:
    assert said(SchoolDays(), when, hours) == (state, reason)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("2027-02-30,2027-03-01,holiday,", "row 5, column 'first' is not a date"),
        ("2027-03-01,2027-02-01,holiday,", "row 5, column 'last' is before the first day"),
        ("2027-01-22,2027-02-20,holiday,寒假", "row 5, column 'first' lies in the days of row 4"),
        ("2027-01-23,2027-02-20,vacation,", "row 5, column 'kind' has an unknown value"),
        (",2027-02-20,holiday,", "row 5, column 'first' is empty"),
    ],
)
def test_a_fault_is_named_by_file_row_and_column(tmp_path: Path, line: str, what: str) -> None:
    with pytest.raises(BadValue, match=rf"{SCHOOL_TABLE}, {what}"):
        written(tmp_path, TABLE + line + "\n")


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    assert load_school_days(None).is_holiday(date(2026, 8, 3)) is None
    assert load_school_days(tmp_path).is_holiday(date(2026, 8, 3)) is None


def test_the_workspace_answers_by_the_table_of_its_folder(tmp_path: Path) -> None:
    written(tmp_path, TABLE)
    settings = Settings(store=str(tmp_path / "site.gpkg"), rules=tmp_path)
    with open_workspace(settings=settings, clock=lambda: NOW) as workspace:
        place = Place("P1", "nursery", "托班", 117.0, 36.6, hours=HOURS)
        noon = datetime(2026, 7, 15, 4, 0, tzinfo=UTC)
        found = workspace.hours_book.open_at(place, noon)
        assert found.reason is Reason.SCHOOL_HOLIDAY_HOURS
        written(tmp_path, TABLE.replace("holiday", "term"))
        assert workspace.hours_book.open_at(place, noon).reason is Reason.NOT_YET
