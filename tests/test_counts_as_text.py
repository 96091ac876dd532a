"""Counts that a layer, or a form, has as text: households, buildings and people."""

from __future__ import annotations

import csv

import pytest
import shapely

from gridmap.coverage.counts import first_count, read_count
from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.workspace import open_workspace
from gridmap.workspace.amounts import amounts_of
from tests.layers import SQUARES, frame, write


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (12, 12.0),
        (1.5, 1.5),
        ("12", 12.0),
        (" 12 ", 12.0),
        ("012", 12.0),
        ("1.50", 1.5),
        ("12.", 12.0),
        ("-3", -3.0),
        ("+3", 3.0),
        ("1,030", 1030.0),
        ("1,234,567.5", 1234567.5),
        ("３２０", 320.0),
        ("1，030", 1030.0),
        ("0", 0.0),
    ],
)
def test_a_number_is_read_whatever_it_is_written_as(value, number):
    assert read_count(value) == number


@pytest.mark.parametrize(
    "value",
    [None, "", " ", "NULL", "约300", "300户", "1,03", "10,30", "1_000", "nan", "inf", "1e400",
     "9" * 400, "½", float("nan"), float("inf"), True, [3], {"n": 3}],
)  # fmt: skip
def test_what_is_no_number_is_none(value):
    assert read_count(value) is None


def test_the_first_column_that_has_a_number_counts():
    assert first_count({"households": "不详", "户数": "7"}, ("households", "户数")) == 7
    assert first_count({"households": ""}, ("households", "户数")) is None


@pytest.fixture
def workspace(store_url):
    with open_workspace(store_url) as opened:
        yield opened


def taken_in(workspace, path, edition="e1", name="名称"):
    columns = ColumnMap("编码", name)
    system = "wgs84" if path.suffix == ".csv" else None
    return workspace.import_layer(
        str(path), edition=edition, level="grid", columns=columns, coord_sys=system, commit=True
    )


def table(path, homes):
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["编码", "名称", "户数", "geometry"])
        for at, text in enumerate(homes):
            rows.writerow([f"G{at}", f"网格{at}", text, SQUARES[at].wkt])
    return path


def test_households_of_a_csv_count_in_plans_and_in_what_became_of_areas(workspace, tmp_path):
    said = taken_in(workspace, table(tmp_path / "a.csv", ["300", "1,030", "０４５", ""]))
    assert said.report.of_kind("count_unread") == ()
    coverage = workspace.store.coverage("e1")
    held = {"G0": 300.0, "G1": 1030.0, "G2": 45.0}
    assert amounts_of(workspace.store, coverage)["households"] == held
    whole = shapely.union_all(SQUARES)
    path = write(frame({"编码": ["G0"], "名称": ["一"]}, [whole]), tmp_path / "b.gpkg")
    taken_in(workspace, path, edition="e2")
    (level,) = [one for one in workspace.compare_editions("e1", "e2").levels if len(one.old_code)]
    amount = level.amounts["households"].value
    by_code = {level.old_code[o]: amount[at] for at, o in enumerate(level.old) if o >= 0}
    assert {code: by_code[code] for code in held} == held


def test_households_of_a_shapefile_column_of_text_count(workspace, tmp_path):
    layer = frame({"编码": ["G0", "G1"], "名称": ["一", "二"], "户数": ["320", "15"]})
    taken_in(workspace, write(layer, tmp_path / "grids.shp", encoding="UTF-8"))
    held = amounts_of(workspace.store, workspace.store.coverage("e1"))
    assert held == {"households": {"G0": 320.0, "G1": 15.0}}


def test_values_of_a_column_of_counts_that_are_no_numbers_are_told(workspace, tmp_path):
    said = taken_in(workspace, table(tmp_path / "a.csv", ["300户", "NULL", "12", "约15"]))
    (note,) = said.report.of_kind("count_unread")
    assert (note.severity, note.rows, note.codes) == ("warning", (1, 4), ("G0", "G3"))
    assert note.text == "2 values of '户数' are no numbers ('300户', '约15'); they do not count."
    held = amounts_of(workspace.store, workspace.store.coverage("e1"))
    assert held == {"households": {"G2": 12.0}}
