"""The demo: everything at once, at its small scale."""

import csv
import json

import pytest

from tests.cli_district import gridmap

MADE = {
    "photos",
    "assigned.csv", "duties.gpkg", "gates.gpkg", "gridmap-demo.json", "gridmap.gpkg", "layers.gpkg",
    "levels.html", "organisations.csv", "parties.csv", "party.html", "places.csv", "reports.csv",
    "rosters.csv", "service_items.csv", "services.html",
}  # fmt: skip


def demo(*words):
    return gridmap("demo", "--scale", "exclusive", "--no-serve", *words)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A folder with a demo, and what the command said."""
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = demo("--out", folder)
    assert done.exit_code == 0, done.output
    return folder, done.stdout


def test_it_says_that_all_is_invented_and_how_long_each_step_took(made):
    folder, said = made
    lines = said.splitlines()
    assert "虚构" in lines[0]
    assert [line[:26].strip() for line in lines[1:8]] == [
        "Build the district",
        "Write its files",
        "Import the levels",
        "Import what stands there",
        "Check and publish",
        "Assign and route",
        "Draw the maps",
    ]
    assert all(line[26:].split()[1] == "s" for line in lines[1:9])
    assert lines[8].startswith("Play the last month")
    assert {path.name for path in folder.iterdir()} == MADE


def test_every_report_is_assigned_and_the_summary_adds_up(made):
    folder, said = made
    with (folder / "assigned.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    with (folder / "reports.csv").open(encoding="utf-8") as stream:
        reports = list(csv.DictReader(stream))
    assert [row["report_id"] for row in rows] == [row["report_id"] for row in reports]
    assert f"Assigned {len(reports):,} rows" in said
    assert {"inside", "ambiguous", "boundary", "outside", "invalid"} == {
        row["location_status"] for row in rows
    }
    for row in rows:
        # Codes tell their parents: an answer whose levels disagree would show here.
        if row["microgrid"]:
            assert row["microgrid"].startswith(row["grid"])
            assert row["grid"].startswith(row["community"])
            assert row["community"].startswith(row["subdistrict"])


def test_the_reports_are_stored_and_the_map_shows_the_notice(made):
    from gridmap.workspace import open_workspace

    folder, _ = made
    with open_workspace(folder / "gridmap.gpkg", create=False) as workspace:
        with (folder / "assigned.csv").open(encoding="utf-8") as stream:
            inside = sum(bool(row["grid"]) for row in csv.DictReader(stream))
        assert sum(workspace.store.report_counts("grid").values()) == inside
    page = (folder / "levels.html").read_text(encoding="utf-8")
    assert "虚构" in page
    assert "网格范围示意" in page


def test_a_second_run_builds_its_folder_anew_and_touches_nothing_else(made):
    folder, said = made
    (folder / "assigned.csv").write_text("spoilt")
    (folder / "mine.txt").write_text("mine")
    done = demo("--out", folder)
    (folder / "mine.txt").unlink()
    assert done.exit_code == 0, done.output
    assert {path.name for path in folder.iterdir()} == MADE
    counts = [line for line in said.splitlines() if line.startswith(("  status", "  grid"))]
    assert counts
    assert all(line in done.stdout.splitlines() for line in counts)
    assert json.loads((folder / "gridmap-demo.json").read_text())["scale"] == "exclusive"


def test_a_folder_of_somebody_else_is_left_alone(tmp_path):
    (tmp_path / "reports.csv").write_text("mine")
    done = demo("--out", tmp_path)
    assert done.exit_code == 4
    assert "earlier demo" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["reports.csv"]
    assert demo("--out", tmp_path / "reports.csv").exit_code == 2


def test_an_unknown_scale_is_refused_with_the_known_ones(tmp_path):
    done = gridmap("demo", "--scale", "planet", "--no-serve", "--out", tmp_path / "out")
    assert done.exit_code == 2
    assert "exclusive" in done.stderr


def test_an_address_that_others_reach_is_refused_before_any_work(tmp_path):
    done = gridmap("demo", "--host", "0.0.0.0", "--out", tmp_path / "out")
    assert done.exit_code == 6
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "store_kind", [pytest.param("postgis", marks=pytest.mark.postgis)], indirect=True
)
def test_a_store_that_is_named_is_used_once_and_never_overwritten(tmp_path, store_url):
    done = demo("--out", tmp_path / "out", "--store", store_url)
    assert done.exit_code == 0, done.output
    assert not (tmp_path / "out" / "gridmap.gpkg").exists()
    assert "demo-2025" in gridmap("editions", "--store", store_url).stdout
    again = demo("--out", tmp_path / "out", "--store", store_url)
    assert again.exit_code == 4
    assert "in use" in again.stderr
