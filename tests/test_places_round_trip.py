"""Places out as a table and in again: hours with comments, closures with reasons, telephones."""

from __future__ import annotations

import csv
from dataclasses import asdict
from pathlib import Path

import pytest

from gridmap.errors import BadValue
from gridmap.places.edit import edited
from gridmap.places.model import Place
from gridmap.places.read import read_places
from gridmap.places.table import TITLES, place_cells
from gridmap.tables import FaultyTable

PLACE = Place("P1", "canteen", "望禾食堂", 117.001, 36.602)


def back(tmp_path: Path, place: Place) -> Place:
    """The place as it is after an export and an import of its table."""
    path = tmp_path / "out.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([TITLES, place_cells(asdict(place), [], [])])
    return read_places(path)[0]


def cell(tmp_path: Path, column: str, text: str) -> Place:
    """The place of a table with one more column."""
    path = tmp_path / "in.csv"
    row = ["P1", "canteen", "望禾食堂", "117.001", "36.602", "wgs84", text]
    with path.open("w", encoding="utf-8", newline="") as file:
        header = ["code", "category", "name", "lon", "lat", "coord_sys", column]
        csv.writer(file).writerows([header, row])
    return read_places(path)[0]


@pytest.mark.parametrize("words", ["", "周六上午，须预约"])
@pytest.mark.parametrize(
    "hours",
    [
        'Sa 09:00-11:00 "需预约"',
        'Mo-Fr 08:30-17:30; 2026 Nov 20-2026 Nov 25 off "装修"',
        "Sa 09:00-11:00 “需预约”",
        '"需预约"',
        "Mo-Fr 08:30-17:30; PH off",
        "",
    ],
)
def test_hours_with_a_chinese_comment_come_back_beside_the_words(
    tmp_path: Path, hours: str, words: str
) -> None:
    place = edited(PLACE, {"hours": hours, "hours_text": words})
    assert back(tmp_path, place) == place


@pytest.mark.parametrize(
    ("column", "written", "hours", "words"),
    [
        ("营业时间", 'Sa 09:00-11:00 "需预约"', 'Sa 09:00-11:00 "需预约"', ""),
        ("营业时间", "“周末须预约”", "", "“周末须预约”"),
        ("营业时间", '9点到11点 "需预约"', "", '9点到11点 "需预约"'),
        ("hours", '周六 "需预约"', "", '周六 "需预约"'),
    ],
)
def test_what_has_chinese_outside_comments_is_for_people(
    tmp_path: Path, column: str, written: str, hours: str, words: str
) -> None:
    found = cell(tmp_path, column, written)
    assert (found.hours, found.hours_text) == (hours, words)


def test_hours_for_programs_with_a_fault_beside_a_chinese_comment_are_refused(
    tmp_path: Path,
) -> None:
    with pytest.raises(FaultyTable, match="is not opening_hours syntax"):
        cell(tmp_path, "hours", 'Sa 9-11 "需预约"')


@pytest.mark.parametrize(
    "closures",
    [
        ["2026-03-01/2026-03-05 停电、停水"],
        [
            "2026-03-01/2026-03-05 装修，换管道；换灯, 换门",
            "2026-05-01/2026-05-01",
            "2026-06-01/2026-06-01 盘点|清洁",
        ],
        [
            "2026-03-01/2026-03-05 装修，2026年底完工",
            "2026-04-01/2026-04-02 检修、电话 0531-88881234",
        ],
        ["2026-03-01/2026-03-05 装修。"],
    ],
)
def test_reasons_of_closures_with_commas_come_back(tmp_path: Path, closures: list[str]) -> None:
    place = edited(PLACE, {"closures": closures})
    assert place.closures == tuple(closures)
    assert back(tmp_path, place) == place


@pytest.mark.parametrize("mark", ["、", ";", "；", ", ", "，", "|", "、 "])
def test_closures_are_set_apart_before_a_date(tmp_path: Path, mark: str) -> None:
    written = f"2026-03-01/2026-03-05 停电{mark}2026-05-01{mark}20260601 盘点{mark}"
    assert cell(tmp_path, "closures", written).closures == (
        "2026-03-01/2026-03-05 停电",
        "2026-05-01/2026-05-01",
        "2026-06-01/2026-06-01 盘点",
    )


def test_a_date_that_is_none_is_not_taken_for_a_reason(tmp_path: Path) -> None:
    for wrong in ("2026-13-01", "2026/3/8", "2026年3月8日"):
        with pytest.raises(FaultyTable, match="cannot be read"):
            cell(tmp_path, "closures", f"2026-03-01 停电、{wrong}")


def test_a_reason_that_an_import_would_take_for_two_closures_is_refused() -> None:
    with pytest.raises(BadValue, match="begins another closure"):
        edited(PLACE, {"closures": ["2026-03-01 停电，2026-03-06 起恢复"]})
    told = edited(PLACE, {"closures": ["2026-03-01 停电 2026-03-06 起恢复，"]})
    assert told.closures == ("2026-03-01/2026-03-01 停电 2026-03-06 起恢复",)
