"""Working days: the published years, the site's own table, and where knowledge ends."""

from datetime import date, timedelta

import chinese_calendar
import pytest

from gridmap.errors import BadValue, GridmapError, MissingColumn, UnreadableFile, WrongEncoding
from gridmap.routing import (
    CalendarDay,
    CalendarMissing,
    ChineseCalendar,
    DayKind,
    SiteDays,
    days_covered,
    load_site_days,
)

CALENDAR = ChineseCalendar()


def table(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "days.csv"
    path.write_bytes(text.encode(encoding))
    return path


def with_table(tmp_path, text):
    return ChineseCalendar(load_site_days(table(tmp_path, text)))


@pytest.mark.parametrize(
    ("day", "kind", "name_en"),
    [
        ("2026-02-13", "workday", ""),
        ("2026-02-14", "makeup_workday", "Spring Festival"),
        ("2026-02-15", "holiday", "Spring Festival"),
        ("2026-02-23", "holiday", "Spring Festival"),
        ("2026-02-28", "makeup_workday", "Spring Festival"),
        ("2026-03-01", "weekend", ""),
        ("2026-09-20", "makeup_workday", "National Day"),
        ("2026-10-07", "holiday", "National Day"),
        ("2026-10-10", "makeup_workday", "National Day"),
        ("2026-12-31", "workday", ""),
        ("2004-01-01", "holiday", "New Year's Day"),
    ],
)
def test_a_day_of_the_published_years_has_its_kind_and_name(day, kind, name_en):
    found = CALENDAR.kind_of_day(date.fromisoformat(day))
    assert (found.kind, found.name_en) == (kind, name_en)
    assert bool(found.name) == bool(name_en)
    assert found.works == (kind in {"workday", "makeup_workday"})


def test_the_made_up_days_of_2026_are_the_announced_ones():
    year = [date(2026, 1, 1) + timedelta(days=i) for i in range(365)]
    made_up = [d for d in year if CALENDAR.kind_of_day(d).kind is DayKind.MAKEUP_WORKDAY]
    assert [f"{d:%m-%d}" for d in made_up] == [
        "01-04", "02-14", "02-28", "05-09", "09-20", "10-10",
    ]  # fmt: skip


def test_every_day_from_2004_to_2026_agrees_with_the_package():
    first, last = date(2004, 1, 1), date(2026, 12, 31)
    for i in range(0, (last - first).days + 1, 3):
        day = first + timedelta(days=i)
        assert CALENDAR.kind_of_day(day).works == chinese_calendar.is_workday(day), day


@pytest.mark.parametrize("day", [date(2027, 1, 1), date(2003, 12, 31), date(2027, 6, 5)])
def test_a_day_past_the_published_years_is_not_guessed_not_even_a_weekend(day):
    with pytest.raises(CalendarMissing) as caught:
        CALENDAR.kind_of_day(day)
    assert caught.value.day == day
    assert caught.value.covered_until == date(2026, 12, 31)
    assert isinstance(caught.value, GridmapError)
    assert "2026-12-31" in str(caught.value)


def test_the_end_of_what_is_known_and_the_days_left_until_then():
    assert CALENDAR.covered_until() == date(2026, 12, 31)
    assert days_covered(CALENDAR, date(2026, 11, 1)) == 60
    assert days_covered(CALENDAR, date(2027, 1, 10)) == -10


def test_the_sites_table_wins_over_the_published_days(tmp_path):
    text = "date,kind,name,name_en\n2026-03-03,holiday,本地活动,Fair\n2026-02-28,weekend,,\n"
    calendar = with_table(tmp_path, text)
    assert calendar.kind_of_day(date(2026, 3, 3)) == CalendarDay(
        DayKind.HOLIDAY, "本地活动", "Fair"
    )
    assert not calendar.kind_of_day(date(2026, 2, 28)).works
    assert calendar.kind_of_day(date(2026, 3, 4)).works
    assert CALENDAR.kind_of_day(date(2026, 3, 3)).works


def test_a_year_stated_complete_carries_the_calendar_on(tmp_path):
    text = (
        "date,kind,name\n2027,complete,\n2027-01-01,holiday,元旦\n2027-01-03,makeup_workday,元旦\n"
    )
    calendar = with_table(tmp_path, text)
    assert calendar.covered_until() == date(2027, 12, 31)
    kinds = [calendar.kind_of_day(date(2027, 1, d)).kind for d in (1, 2, 3, 4)]
    assert kinds == ["holiday", "weekend", "makeup_workday", "workday"]


def test_days_of_a_year_not_stated_complete_answer_for_themselves_alone(tmp_path):
    text = "date,kind,name\n2027-01-01,holiday,元旦\n2027-01-04,workday,\n"
    calendar = with_table(tmp_path, text)
    assert not calendar.kind_of_day(date(2027, 1, 1)).works
    assert calendar.kind_of_day(date(2027, 1, 4)).works
    with pytest.raises(CalendarMissing):
        calendar.kind_of_day(date(2027, 1, 2))
    assert calendar.covered_until() == date(2027, 1, 1)


def test_a_complete_year_after_a_gap_is_known_but_not_covered_until(tmp_path):
    calendar = with_table(tmp_path, "date,kind\n2028,complete\n")
    assert calendar.kind_of_day(date(2028, 1, 3)).works
    assert calendar.covered_until() == date(2026, 12, 31)


def test_a_table_saved_by_a_chinese_spreadsheet_is_read(tmp_path):
    text = "date,kind,name\r\n2027-01-01,holiday,元旦\r\n\r\n,,\r\n"
    expected = {date(2027, 1, 1): CalendarDay(DayKind.HOLIDAY, "元旦")}
    for encoding in ("gb18030", "utf-8-sig", "utf-8"):
        assert load_site_days(table(tmp_path, text, encoding)) == SiteDays(expected)


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("2027-13-01,holiday,x", r"row 3, column 'date' is not a date.*2027-13-01"),
        ("1/1/2027,holiday,x", r"row 3, column 'date' is not a date"),
        ("2027-01-02,Feiertag,x", r"row 3, column 'kind'.*Feiertag.*workday, makeup_workday"),
        ("2027-01-01,workday,x", r"row 3, column 'date' repeats row 2"),
        (",holiday,x", r"row 3, column 'date' is empty"),
        ("2027-01-02,,x", r"row 3, column 'kind'"),
        ("next year,complete,", r"row 3, column 'date' is not a year"),
        ("2027-01-02,holiday,x,y", r"row 3, column 'name' is followed by too many"),
    ],
)
def test_a_faulty_cell_is_located(tmp_path, line, where):
    path = table(tmp_path, f"date,kind,name\n2027-01-01,holiday,a\n{line}\n")
    with pytest.raises(BadValue, match=rf"days\.csv, {where}"):
        load_site_days(path)


def test_a_file_that_is_no_such_table_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match=r"none\.csv"):
        load_site_days(tmp_path / "none.csv")
    with pytest.raises(MissingColumn, match="kind"):
        load_site_days(table(tmp_path, "date,name\n2027-01-01,x\n"))
    with pytest.raises(MissingColumn):
        load_site_days(table(tmp_path, ""))
    path = tmp_path / "days.csv"
    path.write_bytes(b"date,kind\n\xff\xff,x\n")
    with pytest.raises(WrongEncoding, match="UTF-8"):
        load_site_days(path)
