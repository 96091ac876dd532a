"""locate, assign, map: through the command line, both stores."""

import csv
import json

import pytest

from tests.cli_district import gridmap, square, write_layer

pytest_plugins = ["tests.cli_fixtures"]


@pytest.fixture
def store(published_url):
    return published_url


def located(*words):
    done = gridmap("locate", *words, "--json")
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def test_a_point_is_told_with_the_fields_of_the_http_answer(store):
    found = located("117.012", "36.003", "--store", store)
    assert [*found] == [
        "lon", "lat", "areas", "location_status", "certain_level", "margin_m", "margins_m",
        "candidates", "nearest", "edition", "warning", "families",
    ]  # fmt: skip
    assert found["areas"] == {"community": "A", "grid": "A10"}
    assert (found["location_status"], found["edition"], found["warning"]) == ("inside", "e1", "")
    assert found["margin_m"] == pytest.approx(180, abs=2)


def test_a_point_on_a_border_names_the_others(store):
    found = located("117.01", "36.003", "--store", store)
    assert found["location_status"] == "boundary"
    assert [(near["level"], near["code"]) for near in found["candidates"]] == [
        ("grid", "A00"),
        ("grid", "A10"),
    ]


@pytest.mark.parametrize("order", ["before", "after"])
def test_negative_coordinates_are_no_options(store, order):
    options = ["--accuracy", "5", "--store", store]
    words = ["-122.4", "-37.7"]
    found = located(*(options + words if order == "before" else words + options))
    assert (found["lon"], found["lat"]) == (-122.4, -37.7)
    assert found["location_status"] == "outside"
    assert found["nearest"]["level"] == "grid"


def test_accuracy_coordinate_system_date_and_level_matter(store):
    assert located("117.0101", "36.003", "--accuracy", "30", "--store", store)[
        "location_status"
    ] == "ambiguous"  # fmt: skip
    at_community = ["--accuracy", "30", "--level", "community", "--store", store]
    assert located("117.0101", "36.003", *at_community)["location_status"] == "inside"
    moved = located("117.012", "36.003", "--coord-sys", "gcj02", "--store", store)
    assert moved["areas"]["grid"] == "A00"
    before = located("117.012", "36.003", "--at", "2024-12-31", "--store", store)
    assert before["location_status"] == "no_edition"


def test_a_point_is_shown_to_people_without_json(store):
    done = gridmap("locate", "117.012", "36.003", "--store", store)
    assert done.stdout.splitlines()[0] == "inside  (117.0120000, 36.0030000)"
    assert "grid       A10" in done.stdout
    assert "nearest        grid" in gridmap("locate", "1", "2", "--store", store).stdout


@pytest.mark.parametrize("words", [["east", "36"], ["117"], ["117", "36", "--jsno"]])
def test_what_is_no_point_is_a_wrong_option(store, words):
    done = gridmap("locate", *words, "--store", store)
    assert done.exit_code == 2
    assert "Usage:" in done.stderr


def test_a_store_that_is_not_there_is_not_made_by_asking(tmp_path):
    for words in (
        ["locate", "1", "2"],
        ["editions"],
        ["publish", "e1", "--from", "2025-01-01"],
        ["assign", "in.csv", "out.csv"],
        ["map", "levels", "-o", "m.html"],
        ["serve"],
    ):
        done = gridmap(*words, "--store", tmp_path / "no.gpkg")
        assert done.exit_code == 5
        assert "There is no store here." in done.stderr
    assert not (tmp_path / "no.gpkg").exists()


def write_reports(path):
    path.write_text(
        "id,lon,lat,when\n1,117.012,36.003,2025-06-01\n2,117.035,36.015,2024-06-01\n3,0,0,\n4,x\n",
        encoding="utf-8",
    )
    return path


def test_assign_writes_rows_rejects_and_a_summary(tmp_path, store):
    source = write_reports(tmp_path / "in.csv")
    done = gridmap("assign", source, tmp_path / "out.csv", "--at", "when", "--store", store)
    assert done.exit_code == 0, done.output
    assert "Assigned 3 rows" in done.stdout
    assert "rejected" in done.stdout
    assert "inside 1 (33.3%)" in done.stdout
    assert "taken as wgs84" in done.stdout
    with (tmp_path / "out.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["grid"] for row in rows] == ["A10", "", ""]
    assert [row["location_status"] for row in rows] == ["inside", "no_edition", "invalid"]
    assert rows[2]["warning"] == "null_island"
    assert (tmp_path / "out.rejects.csv").exists()


def test_assign_can_ask_one_edition_whatever_the_time(tmp_path, store):
    source = write_reports(tmp_path / "in.csv")
    out = tmp_path / "out.csv"
    done = gridmap(
        "assign", source, out, "--at", "when", "--edition", "e1", "--store", store
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    with out.open(encoding="utf-8") as stream:
        assert [row["grid"] for row in csv.DictReader(stream)] == ["A10", "B11", ""]
    unknown = gridmap("assign", source, out, "--edition", "e9", "--store", store)
    assert unknown.exit_code == 3


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
def test_assign_never_overwrites_the_store(tmp_path, store):
    source = write_reports(tmp_path / "in.csv")
    done = gridmap("assign", source, store, "--store", store)
    assert done.exit_code == 2
    assert "store itself" in done.stderr
    assert gridmap("editions", "--store", store).exit_code == 0


def test_assign_of_a_wrong_file_says_why(tmp_path, store):
    done = gridmap("assign", tmp_path / "no.csv", tmp_path / "out.csv", "--store", store)
    assert done.exit_code == 2
    assert "no such file" in done.stderr
    done = gridmap(
        "assign", write_reports(tmp_path / "in.csv"), tmp_path / "o.xls", "--store", store
    )
    assert done.exit_code == 2
    assert ".parquet" in done.stderr


def test_another_edition_answers_from_its_date(tmp_path, store):
    write_layer(
        tmp_path / "one.geojson", [({"code": "N", "name": "新"}, square(117.0, 36.0, 0.04))]
    )
    for words in (
        ["import", tmp_path / "one.geojson", "--edition", "e2", "--level", "grid",
         "--code", "code", "--name", "name"],
        ["publish", "e2", "--from", "2026-01-01"],
    ):  # fmt: skip
        done = gridmap(*words, "--commit", "--store", store)
        assert done.exit_code == 0, done.output
    ask = ["117.012", "36.003", "--store", store, "--at"]
    assert located(*ask, "2025-12-31T23:59:59")["edition"] == "e1"
    assert located(*ask, "2026-01-01")["areas"] == {"grid": "N"}


def test_a_map_is_one_file_without_addresses_of_others(tmp_path, store):
    out = tmp_path / "levels.html"
    done = gridmap("map", "levels", "-o", out, "--store", store)
    assert done.exit_code == 0, done.output
    page = out.read_text(encoding="utf-8")
    assert "A10网格" in page
    assert 'src="http' not in page
    assert gridmap("map", "moon", "-o", out, "--store", store).exit_code == 2
    assert out.read_text(encoding="utf-8") == page
    assert gridmap("map", "levels", "-o", tmp_path / "map.gpkg", "--store", store).exit_code == 2
