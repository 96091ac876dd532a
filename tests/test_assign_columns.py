"""What `assign` adds, and what it leaves as it was."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from gridmap.areas import Levels
from gridmap.errors import BadValue
from gridmap.locate.model import Locations
from tests.assign_stub import ADDED, LEVELS, read_csv, run, write

HEAD = "id,lon,lat,note\n"


@pytest.fixture
def csv_in(tmp_path):
    def make(body, head=HEAD, name="in.csv"):
        return write(tmp_path / name, head + body)

    return make


def test_the_inputs_columns_come_first_then_the_levels_then_the_rest(tmp_path, csv_in):
    summary = run(csv_in("1,117.05,36.6,x\n"), tmp_path / "out.csv")
    (row,) = read_csv(tmp_path / "out.csv")
    assert [*row] == ["id", "lon", "lat", "note", *ADDED]
    assert summary.added == tuple(ADDED)
    assert (row["community"], row["grid"], row["location_status"]) == ("117", "117.0", "inside")
    assert row["certain_level"] == "grid"
    assert row["edition"] == "e1"


def test_values_stay_as_they_were_written(tmp_path, csv_in):
    given = ["007", "117.050", "+36.6", ' two  "words", 1e5\nnext ']
    body = '007,117.050,+36.6," two  ""words"", 1e5\nnext "\n'
    run(csv_in(body), tmp_path / "out.csv")
    (row,) = read_csv(tmp_path / "out.csv")
    assert [row[name] for name in ("id", "lon", "lat", "note")] == given


def test_every_readable_row_gives_one_row_in_the_same_order(tmp_path, csv_in):
    places = ["117.05,36.6", "0,0", ",", "abc,36", "50,30", "nan,1", "inf,1", "200,95"]
    body = "".join(f"{i},{place},\n" for i, place in enumerate(places * 5))
    summary = run(csv_in(body), tmp_path / "out.csv")
    rows = read_csv(tmp_path / "out.csv")
    assert [row["id"] for row in rows] == [str(i) for i in range(40)]
    assert [row["location_status"] for row in rows[:8]] == [
        "inside", "invalid", "invalid", "invalid", "outside", "invalid", "invalid", "invalid",
    ]  # fmt: skip
    assert summary.rows == 40
    assert summary.by_status == {"invalid": 30, "inside": 5, "outside": 5}
    assert summary.rejects == 0


def test_an_invalid_row_says_why_and_has_no_area(tmp_path, csv_in):
    run(csv_in("1,11;7°3',36.6,\n2,,36,\n"), tmp_path / "out.csv")
    wrong, missing = read_csv(tmp_path / "out.csv")
    # The separator of warnings is not taken over from the value.
    assert wrong["warning"] == "unparseable: 11,7°3'"
    assert missing["warning"] == "missing"
    assert {wrong[name] for name in ADDED if name not in {"warning", "location_status"}} == {
        "",
        "e1",
    }


def test_metres_have_two_decimals_and_the_nearest_area_is_named(tmp_path, csv_in):
    run(csv_in("1,117.05,36.6,\n2,99.9999999,30,\n"), tmp_path / "out.csv")
    inside, outside = read_csv(tmp_path / "out.csv")
    assert inside["margin_m"] == "12.35"
    assert (outside["nearest"], outside["nearest_m"], outside["margin_m"]) == ("100.0", "0.01", "")


def test_candidates_are_codes_with_semicolons(tmp_path, csv_in):
    source = csv_in("1,117.05,36.6,150\n2,117.05,36.6,5\n")
    run(source, tmp_path / "out.csv", accuracy="note")
    ambiguous, certain = read_csv(tmp_path / "out.csv")
    assert ambiguous["location_status"] == "ambiguous"
    assert ambiguous["candidates"] == "117.0;117.1"
    assert ambiguous["certain_level"] == "community"
    assert certain["candidates"] == ""


def test_one_name_taken_gives_all_added_columns_the_prefix(tmp_path, csv_in):
    source = csv_in("1,117.05,36.6,mine\n", head="id,lon,lat,grid\n")
    summary = run(source, tmp_path / "out.csv")
    (row,) = read_csv(tmp_path / "out.csv")
    assert [*row] == ["id", "lon", "lat", "grid", *(f"gm_{name}" for name in ADDED)]
    assert (row["grid"], row["gm_grid"]) == ("mine", "117.0")
    assert summary.prefix == "gm_"
    assert any("already has grid" in note and "gm_" in note for note in summary.notes)


def test_names_taken_with_and_without_the_prefix_are_refused(tmp_path, csv_in):
    source = csv_in("1,117.05,36.6,a,b\n", head="id,lon,lat,grid,gm_edition\n")
    with pytest.raises(BadValue, match="gm_edition"):
        run(source, tmp_path / "out.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["in.csv"]


def test_in_a_geopackage_names_that_differ_in_case_are_the_same(tmp_path, csv_in):
    source = csv_in("1,117.05,36.6,a\n", head="id,lon,lat,Grid\n")
    assert run(source, tmp_path / "out.gpkg").prefix == "gm_"
    assert run(source, tmp_path / "out.csv").prefix == ""


def test_a_file_of_only_a_header_gives_one(tmp_path, csv_in):
    for name in ("out.csv", "out.parquet", "out.geojson", "out.gpkg"):
        summary = run(csv_in(""), tmp_path / name)
        assert (summary.rows, summary.by_status) == (0, {})
    assert (tmp_path / "out.csv").read_text() == "id,lon,lat,note," + ",".join(ADDED) + "\n"
    assert pq.read_schema(tmp_path / "out.parquet").names[4:] == ADDED
    assert json.loads((tmp_path / "out.geojson").read_text())["features"] == []


def test_the_summary_counts_levels_editions_and_kinds_of_warning(tmp_path, csv_in):
    body = "1,117.05,36.6,\n2,117.06,36.6,\n3,117.15,36,\n4,x,1,\n5,y,1,\n"
    summary = run(csv_in(body), tmp_path / "out.csv")
    assert summary.levels["community"].top == (("117", 3),)
    assert summary.levels["grid"].top == (("117.0", 2), ("117.1", 1))
    assert (summary.levels["grid"].rows, summary.levels["grid"].areas) == (3, 2)
    assert summary.by_warning == {"unparseable": 2}
    assert summary.editions == {"e1": 5}
    assert summary.coord_systems == {"wgs84": 5}
    assert json.loads(json.dumps(summary.as_dict()))["rows"] == 5


def test_progress_goes_up_to_the_number_of_rows(tmp_path, csv_in):
    seen = []
    body = "".join(f"{i},117.05,36.6,{'x' * 60}\n" for i in range(100_000))
    quick = Levels(["community"])
    run(
        csv_in(body),
        tmp_path / "out.parquet",
        locate=_all_in_one,
        levels=quick,
        progress=lambda done, total: seen.append((done, total)),
    )
    done = [rows for rows, _ in seen]
    assert done == sorted(done)
    assert done[-1] == 100_000
    assert len(done) > 1
    # The number of rows of a text is estimated from its bytes.
    assert seen[0][1] == pytest.approx(100_000, rel=0.1)


def _all_in_one(points):
    n = len(points)
    text = np.full(n, "a", object)
    return Locations(
        points.x, points.y, np.full(n, "inside", object), text, Levels(["community"]),
        {"community": text}, text, np.zeros(n), {}, {}, {}, np.full(n, "", object),
    )  # fmt: skip


def test_an_item_column_is_routed_into_its_own_columns(tmp_path, csv_in):
    def route(items, points, found, times):
        del points, times
        return {
            "first_responder": [f"worker of {code}" for code in found.codes["grid"]],
            "department": [f"dept {item}" for item in items],
            **{
                name: [None] * len(items)
                for name in ("co_departments", "handling_level", "due_at", "reason")
            },
            "confidence": [0.75] * len(items),
        }

    source = csv_in("1,117.05,36.6,0101\n")
    summary = run(source, tmp_path / "out.csv", item="note", route=route)
    (row,) = read_csv(tmp_path / "out.csv")
    assert [*row][-7:] == [
        "first_responder", "department", "co_departments", "handling_level", "due_at",
        "confidence", "reason",
    ]  # fmt: skip
    assert row["confidence"] == "0.75"
    assert (row["first_responder"], row["department"]) == ("worker of 117.0", "dept 0101")
    assert summary.columns["item"] == "note"
    assert summary.departments == {"dept 0101": 1}
    assert (summary.handling_levels, summary.due) == ({}, {"unknown": 1})


def test_an_item_column_without_a_catalogue_is_refused(tmp_path, csv_in):
    with pytest.raises(BadValue, match="catalogue"):
        run(csv_in(""), tmp_path / "out.csv", item="note")


def test_levels_that_are_asked_for_have_a_column_even_when_no_edition_uses_them(tmp_path, csv_in):
    levels = Levels([*LEVELS.names, "microgrid"])
    run(csv_in("1,117.05,36.6,\n"), tmp_path / "out.csv", levels=levels)
    (row,) = read_csv(tmp_path / "out.csv")
    assert (row["grid"], row["microgrid"]) == ("117.0", "")
