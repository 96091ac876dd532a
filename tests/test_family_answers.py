"""What the families of grids answer: over HTTP, on the command line, in files."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import UTC, datetime

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.settings import Settings
from gridmap.times import frozen_clock
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL, REMOTE
from tests.cli_district import gridmap, square, write_layer

pytest_plugins = ["tests.cli_fixtures"]

INSIDE = (117.012, 36.003)
# A square and a half of community A, and a square over its border to B.
AREAS = [
    ({"code": "PJ-1", "name": "东关警务区"}, square(117.00, 36.0, 0.015)),
    ({"code": "PJ-2", "name": "西关警务区"}, square(117.015, 36.0, 0.01)),
]


@pytest.fixture(scope="session")
def made_families(request, made_district, tmp_path_factory):
    """A function from kind to a store with police areas from 2025 and a family for staff."""
    made = {}

    def make(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp("families")
            source = made_district(kind, True)
            if kind == "geopackage":
                made[kind] = where = str(folder / "made.gpkg")
                shutil.copyfile(source, where)
            else:
                server = request.getfixturevalue("postgres")
                made[kind] = server.create_database(template=source)
                where = server.url(made[kind])
            fill(folder, where)
        return made[kind]

    return make


def fill(folder, where):
    layer = write_layer(folder / "police.geojson", AREAS)
    for words in (
        ["families", "--add", "police", "--label", "公安网格", "--levels", "police_area"],
        ["families", "--add", "gas", "--levels", "gas_area", "--visibility", "staff"],
        ["import", layer, "--edition", "p1", "--family", "police", "--level", "police_area",
         "--code", "code", "--name", "name", "--commit"],
        ["import", layer, "--edition", "g1", "--family", "gas", "--level", "gas_area",
         "--code", "code", "--name", "name", "--commit"],
        ["publish", "p1", "--from", "2025-01-01", "--commit"],
        ["publish", "g1", "--from", "2025-01-01", "--commit"],
    ):  # fmt: skip
        done = gridmap(*words, "--store", where)
        assert done.exit_code == 0, done.output


@pytest.fixture
def url(request, store_kind, made_families, tmp_path):
    """A copy of that store."""
    source = made_families(store_kind)
    if store_kind == "geopackage":
        yield shutil.copyfile(source, str(tmp_path / "store.gpkg"))
        return
    server = request.getfixturevalue("postgres")
    name = server.create_database(template=source)
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def workspace(url):
    with open_workspace(url, clock=frozen_clock(datetime(2026, 3, 1, tzinfo=UTC))) as opened:
        yield opened


@pytest.fixture
def client(workspace, url):
    app = create_app(Settings(store=url), workspace=workspace)
    with TestClient(app, client=LOCAL) as opened:
        yield opened


def asked(client, **more):
    query = {"lon": INSIDE[0], "lat": INSIDE[1], **more}
    answer = client.get("/api/locate", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_each_family_answers_beside_the_base_grids(client):
    found = asked(client)
    assert found["areas"] == {"community": "A", "grid": "A10"}
    assert found["edition"] == "e1"
    police = found["families"]["police"]
    assert police["areas"] == {"police_area": "PJ-1"}
    assert (police["edition"], police["location_status"]) == ("p1", "inside")
    assert police["margin_m"] == pytest.approx(270, abs=1)
    assert police["margins_m"] == {"police_area": police["margin_m"]}
    assert (police["candidates"], police["nearest"]) == ([], None)


def test_a_family_without_an_edition_then_says_so(client):
    found = asked(client, at="2024-06-01")["families"]["police"]
    assert (found["location_status"], found["edition"]) == ("no_edition", None)
    assert found["areas"] == {}


def test_accuracy_counts_in_each_family(client):
    found = asked(client, lon=117.0149, accuracy_m=40)
    assert found["location_status"] == "inside"
    assert found["families"]["police"]["location_status"] == "ambiguous"
    codes = [one["code"] for one in found["families"]["police"]["candidates"]]
    assert codes == ["PJ-1", "PJ-2"]


def test_both_doors_say_the_same_and_families_can_be_left_out(client):
    point = {"lon": INSIDE[0], "lat": INSIDE[1]}
    both = [
        client.post("/api/locate", json={"points": [point], **more}).json()["locations"][0]
        for more in ({}, {"families": True}, {"families": False})
    ]
    assert both[0] == both[1] == asked(client)
    assert "families" not in both[2]
    assert {k: v for k, v in both[0].items() if k != "families"} == both[2]
    assert client.post("/api/locate", json={"points": [point], "families": 1}).status_code == 422


def test_the_public_gets_no_family_for_staff(workspace, url):
    app = create_app(Settings(store=url), workspace=workspace)
    with TestClient(app, client=REMOTE) as public:
        assert set(asked(public)["families"]) == {"police"}
        listed = public.get("/api/editions").json()
    assert [one["name"] for one in listed["families"]] == ["base", "police"]
    assert {one["name"] for one in listed["editions"]} == {"e1", "p1"}
    with TestClient(app, client=LOCAL) as staff:
        assert set(asked(staff)["families"]) == {"police", "gas"}


def test_editions_say_their_family(client):
    listed = client.get("/api/editions").json()
    assert listed["in_force"] == "e1"
    assert {one["name"]: one["family"] for one in listed["editions"]} == {
        "e1": "base", "p1": "police", "g1": "gas",
    }  # fmt: skip
    assert {one["name"]: one["in_force"] for one in listed["families"]} == {
        "base": "e1", "police": "p1", "gas": "g1",
    }  # fmt: skip


def test_a_store_without_families_answers_with_none(published_url):
    done = gridmap("locate", *INSIDE, "--json", "--store", published_url)
    assert json.loads(done.stdout)["families"] == {}


def test_no_cache_keeps_an_answer_past_the_next_edition_of_a_family(workspace, url):
    workspace.draft("p2", source="p1", commit=True)
    workspace.publish("p2", effective_from="2026-03-01T08:00:20", commit=True)
    app = create_app(Settings(store=url), workspace=workspace)
    with TestClient(app, client=LOCAL) as client:
        answer = client.get("/api/locate", params={"lon": INSIDE[0], "lat": INSIDE[1]})
    assert "max-age=20," in answer.headers["cache-control"]


def test_the_command_says_what_each_family_answers(url):
    found = json.loads(gridmap("locate", *INSIDE, "--json", "--store", url).stdout)
    assert found["families"]["police"]["areas"] == {"police_area": "PJ-1"}
    assert list(found)[-1] == "families"
    said = gridmap("locate", *INSIDE, "--store", url).stdout
    assert "police  PJ-1 (inside)" in said


def test_files_are_assigned_by_a_family(url, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("lon,lat\n117.012,36.003\n117.022,36.003\n117.039,36.003\n", encoding="utf-8")
    output = tmp_path / "out.csv"
    done = gridmap("assign", source, output, "--family", "police", "--store", url)
    assert done.exit_code == 0, done.output
    with output.open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["police_area"] for row in rows] == ["PJ-1", "PJ-2", ""]
    assert [row["edition"] for row in rows] == ["p1", "p1", "p1"]
    assert "grid" not in rows[0]


def test_reports_are_not_routed_by_a_family(url, tmp_path):
    source = tmp_path / "in.csv"
    source.write_text("lon,lat,item\n117.012,36.003,0101\n", encoding="utf-8")
    words = ["assign", source, tmp_path / "out.csv", "--store", url]
    refused = gridmap(*words, "--family", "police", "--item", "item")
    assert refused.exit_code == 2
    assert "base grids only" in refused.stderr
    assert gridmap(*words, "--family", "moon").exit_code == 3


def test_families_are_listed(url):
    lines = gridmap("families", "--store", url).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["family", "base", "police", "gas"]
    assert "公安网格" in lines[2]
    assert "p1" in lines[2]


def test_a_family_needs_levels(url):
    refused = gridmap("families", "--add", "water", "--store", url)
    assert refused.exit_code == 2
    assert "--levels water_area,water_grid" in refused.stderr


def test_an_import_into_another_familys_edition_is_refused(url, tmp_path):
    layer = write_layer(tmp_path / "police.geojson", AREAS)
    refused = gridmap(
        "import", layer, "--edition", "e1", "--family", "police",
        "--level", "police_area", "--name", "name", "--store", url,
    )  # fmt: skip
    assert refused.exit_code == 4
    assert "family 'base'" in refused.stderr
