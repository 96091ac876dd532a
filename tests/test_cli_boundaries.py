"""levels, import, check, publish, editions, migrate: through the command line, both stores."""

import json

import pytest

from tests.cli_district import gridmap, imported, write_district, write_layer

pytest_plugins = ["tests.cli_fixtures"]


def test_levels_are_shown_and_set(store_url):
    shown = gridmap("levels", "--store", store_url)
    assert shown.stdout.split()[3:5] == ["subdistrict", "街道"], shown.output
    done = gridmap("levels", "--set", "district, village", "--store", store_url)
    assert done.exit_code == 0
    assert "行政村" in done.stdout
    again = gridmap("--store", store_url, "levels").stdout.splitlines()
    assert [line.split()[0] for line in again] == ["level", "district", "village"]


def test_a_level_is_set_with_its_label_which_it_keeps(store_url):
    done = gridmap("levels", "--set", "town=乡镇, village, wangge = 网格", "--store", store_url)
    assert done.exit_code == 0, done.output
    expected = [
        ["town", "乡镇", "Town"],
        ["village", "行政村", "Village"],
        ["wangge", "网格", "Wangge"],
    ]
    assert [line.split() for line in done.stdout.splitlines()[1:]] == expected
    again = gridmap("levels", "--set", "district,town,village=村,wangge", "--store", store_url)
    assert [line.split()[:2] for line in again.stdout.splitlines()[1:]] == [
        ["district", "区"], ["town", "乡镇"], ["village", "村"], ["wangge", "网格"],
    ]  # fmt: skip


def test_a_level_with_a_chinese_name_is_refused_with_how_to_label_it(store_url):
    done = gridmap("levels", "--set", "街道,社区,网格", "--store", store_url)
    assert done.exit_code == 2
    assert "街道" in done.stderr
    assert "NAME=LABEL, for example town=乡镇" in done.stderr


def test_an_import_without_commit_shows_all_and_writes_nothing(tmp_path, store_url):
    write_district(tmp_path)
    command = [
        "import", tmp_path / "grid.geojson", "--edition", "e1", "--level", "grid",
        "--name", "name", "--store", store_url,
    ]  # fmt: skip
    done = gridmap(*command)
    assert done.exit_code == 0
    assert "Would import 8 areas as level grid of e1." in done.stdout
    assert "~1, ~2, ~3, ~4, ~5 and 3 more" in done.stdout
    assert "dry run" in done.stdout
    assert "no editions yet" in gridmap("editions", "--store", store_url).stdout
    assert "Imported 8 areas" in gridmap(*command, "--commit").stdout
    assert "e1" in gridmap("editions", "--store", store_url).stdout


def _misnamed(folder):
    """Grids of which A10 says that it is B's, and A11 names no community that there is."""
    write_district(folder)
    rows = json.loads((folder / "grid.geojson").read_text(encoding="utf-8"))["features"]
    said = {"A10": "B", "A11": "甲乙社区"}
    changed = [
        ({**row["properties"], "community": said.get(row["properties"]["code"], "A")}
         if row["properties"]["code"][0] == "A" else row["properties"], row["geometry"])
        for row in rows
    ]  # fmt: skip
    return write_layer(folder / "misnamed.geojson", changed)


def test_remarks_of_an_import_say_which_areas_they_are_about(tmp_path, drafted):
    words = [
        "import", _misnamed(tmp_path), "--edition", "e1", "--level", "grid", "--code", "code",
        "--name", "name", "--parent", "community", "--store", drafted,
    ]  # fmt: skip
    done = gridmap(*words)
    assert done.exit_code == 0, done.output
    lines = [line for line in done.stdout.splitlines() if line.startswith("  warning: ")]
    (differs,) = [line for line in lines if "name another community" in line]
    assert differs.endswith("[A10]")
    (unknown,) = [line for line in lines if "blank or unknown parent" in line]
    assert unknown.endswith("[A11]")


def test_remarks_about_rows_without_codes_say_which_rows(tmp_path, drafted):
    write_district(tmp_path)
    rows = json.loads((tmp_path / "grid.geojson").read_text(encoding="utf-8"))["features"]
    kinds = ["基础", "moon", "", "sun", "", "", "", ""]
    made = [
        ({**row["properties"], "kind": kind}, row["geometry"])
        for row, kind in zip(rows, kinds, strict=True)
    ]
    done = gridmap(
        "import", write_layer(tmp_path / "k.geojson", made), "--edition", "e1", "--level", "grid",
        "--code", "code", "--name", "name", "--kind", "kind", "--store", drafted,
    )  # fmt: skip
    (line,) = [line for line in done.stdout.splitlines() if "kind that is not known" in line]
    assert line.endswith("[rows 2, 4]")


def test_an_import_tells_all_remarks_as_json(tmp_path, drafted):
    words = [
        "import", _misnamed(tmp_path), "--edition", "e1", "--level", "grid", "--code", "code",
        "--name", "name", "--parent", "community", "--store", drafted,
    ]  # fmt: skip
    done = gridmap(*words, "--json", "-")
    found = json.loads(done.stdout)
    assert (found["edition"], found["level"], found["committed"]) == ("e1", "grid", False)
    (differs,) = [note for note in found["notes"] if note["kind"] == "parent_disagrees"]
    assert differs["codes"] == ["A10"]
    assert (differs["details"][0]["parent"], differs["details"][0]["by_polygon"]) == ("B", "A")
    assert {value["code"] for value in found["differences"]["values"]} == {"A10"}
    shown = gridmap(*words, "--json", tmp_path / "import.json")
    assert "Would import 8 areas" in shown.stdout
    assert json.loads((tmp_path / "import.json").read_text(encoding="utf-8")) == found


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
def test_remarks_are_not_written_over_the_store_itself(tmp_path, drafted):
    words = [
        "import", _misnamed(tmp_path), "--edition", "e1", "--level", "grid", "--code", "code",
        "--name", "name", "--json", drafted, "--commit", "--store", drafted,
    ]  # fmt: skip
    done = gridmap(*words)
    assert done.exit_code == 2
    assert "live store itself" in done.stderr
    assert gridmap("check", "e1", "--store", drafted).exit_code == 0


def test_an_import_can_be_tried_before_there_is_a_store(tmp_path):
    write_district(tmp_path)
    store = tmp_path / "new.gpkg"
    done = gridmap(
        "import", tmp_path / "grid.geojson", "--edition", "e1", "--level", "grid",
        "--code", "code", "--name", "name", "--store", store,
    )  # fmt: skip
    assert done.exit_code == 0
    assert "Would import 8 areas" in done.stdout
    assert "no store at" in done.stderr
    assert not store.exists()


def test_a_new_level_needs_its_place(tmp_path, drafted):
    write_district(tmp_path)
    command = [
        "import", tmp_path / "grid.geojson", "--edition", "e2", "--level", "courtyard",
        "--code", "code", "--name", "name", "--commit", "--store", drafted,
    ]  # fmt: skip
    refused = gridmap(*command)
    assert refused.exit_code == 2
    assert "--under LEVEL" in refused.stderr
    done = gridmap(*command, "--under", "grid")
    assert done.exit_code == 0
    assert "new level" in done.stdout
    assert "courtyard" in gridmap("levels", "--store", drafted).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["no.geojson", "--name", "name"], "not there"),
        (["grid.geojson", "--name", "nam"], "Did you mean 'name'?"),
        (["grid.geojson", "--name", "name", "--coord-sys", "moon"], "wgs84, cgcs2000"),
        (["broken.geojson", "--name", "name"], "broken.geojson"),
    ],
)
def test_an_import_that_cannot_be_read_says_why_and_writes_nothing(
    tmp_path, store_url, words, message
):
    write_district(tmp_path)
    (tmp_path / "broken.geojson").write_text('{"type": "FeatureCollection", "features": [')
    source, *rest = words
    done = gridmap(
        "import", tmp_path / source, "--edition", "e1", "--level", "grid", *rest, "--commit",
        "--store", store_url,
    )  # fmt: skip
    assert done.exit_code == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert "no editions yet" in gridmap("editions", "--store", store_url).stdout


def test_check_is_silent_about_a_sound_edition(drafted):
    done = gridmap("check", "e1", "--store", drafted)
    assert done.exit_code == 0
    assert "error" not in done.stdout


def test_check_shows_the_worst_first_counts_kinds_and_exits_with_1(tmp_path, store_url):
    imported(tmp_path, store_url, layer="faulty")
    done = gridmap("check", "e1", "--store", store_url)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("error   overlap: ")
    ranks = [line.split()[0] for line in lines[: lines.index("")]]
    assert ranks == sorted(ranks, key=["error", "warning", "info"].index)
    table = [line.split() for line in lines[lines.index("") + 2 :]]
    assert sum(int(count) for _, _, count in table) == len(ranks)


def test_check_writes_json_to_a_file_or_to_stdout(tmp_path, store_url):
    imported(tmp_path, store_url, layer="faulty")
    done = gridmap("check", "e1", "--json", tmp_path / "faults.json", "--store", store_url)
    assert done.exit_code == 1
    faults = json.loads((tmp_path / "faults.json").read_text(encoding="utf-8"))["faults"]
    assert [*faults[0]] == [
        "kind", "severity", "level", "codes", "area_m2", "lon", "lat", "text",
    ]  # fmt: skip
    assert (faults[0]["kind"], faults[0]["severity"]) == ("overlap", "error")
    out = gridmap("check", "e1", "--json", "-", "--store", store_url)
    assert json.loads(out.stdout)["faults"] == faults


def test_a_file_can_be_checked_without_a_store(tmp_path):
    write_district(tmp_path)
    store = tmp_path / "none.gpkg"
    sound = gridmap("check", tmp_path / "grid.geojson", "--store", store)
    assert sound.exit_code == 0
    faulty = gridmap("check", tmp_path / "faulty.geojson", "--level", "grid", "--store", store)
    assert faulty.exit_code == 1
    assert "overlap" in faulty.stdout
    assert not store.exists()


def test_check_of_neither_an_edition_nor_a_file_is_not_found(drafted):
    done = gridmap("check", "e7", "--store", drafted)
    assert done.exit_code == 3
    assert "e1" in done.stderr


def test_publishing_without_commit_shows_what_would_happen(drafted):
    done = gridmap("publish", "e1", "--from", "2025-01-01", "--store", drafted)
    assert done.exit_code == 0
    assert "Would publish e1 from 2025-01-01." in done.stdout
    assert "community 2 · grid 8" in done.stdout
    assert "draft" in gridmap("editions", "--store", drafted).stdout


def test_a_published_edition_is_listed_and_never_changed(published_url):
    (line,) = gridmap("editions", "--store", published_url).stdout.splitlines()[1:]
    assert line.split()[:4] == ["e1", "published", "2025-01-01", "10"]
    again = gridmap("publish", "e1", "--from", "2026-01-01", "--commit", "--store", published_url)
    assert again.exit_code == 4
    assert "never changed" in again.stderr


def test_a_faulty_draft_is_published_only_with_a_reason_that_is_shown(tmp_path, store_url):
    imported(tmp_path, store_url, layer="faulty")
    command = ["publish", "e1", "--from", "2025-01-01", "--commit", "--store", store_url]
    refused = gridmap(*command)
    assert refused.exit_code == 4
    assert "--accept-faults WHY" in refused.stderr
    done = gridmap(*command, "--accept-faults", "重叠待裁定")
    assert done.exit_code == 0
    assert "accepted  重叠待裁定" in done.stdout
    assert "重叠待裁定" in gridmap("editions", "--store", store_url).stdout


def test_two_editions_from_one_day_are_a_conflict(tmp_path, published_url):
    imported(tmp_path, published_url, edition="e2")
    done = gridmap("publish", "e2", "--from", "2025-01-01", "--commit", "--store", published_url)
    assert done.exit_code == 4


def test_a_date_that_is_none_is_refused(drafted):
    done = gridmap("publish", "e1", "--from", "next week", "--commit", "--store", drafted)
    assert done.exit_code == 2
    assert "ISO 8601" in done.stderr


def test_migrate_makes_a_store_and_then_has_nothing_to_do(empty_url):
    first = gridmap("migrate", "--store", empty_url)
    assert first.exit_code == 0, first.output
    assert "from nothing to" in first.stdout
    assert "up to date" in gridmap("migrate", "--store", empty_url).stdout
    assert gridmap("editions", "--store", empty_url).exit_code == 0
