"""Rulings along a line, and all rulings as a layer for staff, on both stores."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date

import pytest
import shapely
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Actor
from gridmap.errors import BadValue, NotAllowed
from gridmap.routing import Overlay
from gridmap.routing.rulings import square_metres
from tests.api_client import LOCAL, REMOTE
from tests.cli_district import gridmap
from tests.review_town import report, ruling
from tests.route_town import at, rectangle

pytest_plugins = ["tests.review_fixtures"]

# A ditch across the south-west of the town, past the place of the review.
DITCH = {"type": "LineString", "coordinates": [list(at(0.1, 0.2)), list(at(3.9, 0.2))]}


def along(width_m=12.0, line=None, **more):
    return ruling(radius_m=None, line=line or DITCH, width_m=width_m, **more)


def test_a_ruling_along_a_line_holds_on_both_its_sides_and_no_further(board):
    report(board, 0.2, 0.2, "a")
    done = board.rule(1, along())
    metres = shapely.length(shapely.LineString(DITCH["coordinates"])) * 89_400
    # The caps at both ends are half a circle each.
    assert square_metres(done.ground) == pytest.approx(12 * metres + 36 * 3.14, rel=0.02)
    east = 3.0
    for north, owner in ((0.2, "SW"), (0.24, "SW"), (0.16, "SW"), (0.3, None), (0.1, None)):
        sent = report(board, east, north, f"at-{north}")
        assert (sent["department"] == "SW") is (owner == "SW"), north


def test_a_line_ends_with_the_district(board):
    report(board, 0.2, 0.2, "a")
    beyond = {"type": "MultiLineString", "coordinates": [[list(at(-1, 0.2)), list(at(2, 0.2))]]}
    done = board.rule(1, along(line=beyond))
    assert rectangle(0, 0, 16, 8).buffer(1e-9).covers(done.ground)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (along(None), "needs the width"),
        (along(0), "needs the width"),
        (along(201), "needs the width"),
        (along(line={"type": "Polygon", "coordinates": []}), "no GeoJSON line"),
        (along(line={"type": "LineString", "coordinates": [[117, 36.6]]}), "two positions"),
        (along(line={"type": "LineString", "coordinates": [[117, 36.6]] * 2}), "one place to"),
        (along(line={"type": "LineString", "coordinates": [[36.6, 117], [1, 2]]}), "position 1"),
        (ruling(width_m=5), "Only a line has a width"),
        (along(polygon=DITCH), "names its ground in one way"),
    ],
)
def test_a_line_that_is_none_is_refused_and_says_why(board, body, said):
    report(board, 0.2, 0.2, "a")
    with pytest.raises(BadValue, match=said):
        board.rule(1, body)
    assert board.review(1)["state"] == "open"


def test_a_line_that_misses_the_place_is_refused(board):
    report(board, 0.2, 0.9, "a")
    with pytest.raises(BadValue, match="does not hold the place"):
        board.rule(1, along())


def imported(board):
    """A ruling that another office made last year, and that has ended."""
    one = Overlay(
        "R-2025", "ruling", "旧裁定", "Former ruling", owner="YL", items=("0301",),
        source="会议纪要〔2025〕1号", valid_from=date(2025, 1, 1), valid_to=date(2026, 1, 1),
    )  # fmt: skip
    board.put_records("overlays", [asdict(one) | {"geom": rectangle(8, 4, 9, 5)}])


def test_all_rulings_are_a_layer_with_source_and_dates(board):
    assert board.rulings() == []
    report(board, 0.2, 0.2, "a")
    board.rule(1, along(valid_to="2027-01-01"))
    imported(board)
    former, made = board.rulings(lang="en")
    assert former["properties"] == {
        "code": "R-2025", "name": "Former ruling", "owner": "YL",
        "owner_name": former["properties"]["owner_name"], "items": ["0301"],
        "source": "会议纪要〔2025〕1号", "valid_from": "2025-01-01", "valid_to": "2026-01-01",
        "in_force": False, "review": None,
    }  # fmt: skip
    said = made["properties"]
    assert (said["code"], said["review"], said["in_force"]) == ("ruling-1", 1, True)
    assert (said["source"], said["owner_name"]) == ("确权纪要〔2026〕3号", "Water and drainage")
    assert (said["valid_from"], said["valid_to"]) == ("2026-03-04", "2027-01-01")
    place = shapely.Point(*at(0.2, 0.2))
    assert shapely.geometry.shape(made["geometry"]).contains(place)
    with pytest.raises(NotAllowed):
        board.rulings(actor=Actor.resident())


def test_the_layer_is_served_to_staff_alone(board):
    report(board, 0.2, 0.2, "a")
    client = TestClient(create_app(workspace=board), client=LOCAL)
    body = {k: v for k, v in along().items() if v is not None}
    assert client.post("/api/reviews/1/ruling", json=body).status_code == 200
    layer = client.get("/api/rulings", params={"lang": "en"}).json()
    assert layer["type"] == "FeatureCollection"
    assert layer["features"] == board.rulings(lang="en")
    assert "/api/rulings" in client.get("/reviews?state=ruled").text
    citizen = TestClient(create_app(workspace=board), client=REMOTE)
    assert citizen.get("/api/rulings").status_code == 403


def test_the_form_offers_a_line(board):
    report(board, 0.2, 0.2, "a")
    client = TestClient(create_app(workspace=board), client=LOCAL)
    page = client.get("/reviews/1").text
    assert 'name="line"' in page
    assert 'name="width_m"' in page
    assert "宽度（米）" in page


def test_commands_rule_along_a_line_and_write_the_layer(board, review_url, tmp_path, monkeypatch):
    monkeypatch.setenv("GRIDMAP_STORE", review_url)
    monkeypatch.setenv("GRIDMAP_FROZEN_NOW", "2026-03-04T09:00:00+08:00")
    report(board, 0.2, 0.2, "a")
    ditch, out = tmp_path / "ditch.geojson", tmp_path / "rulings.geojson"
    ditch.write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {}, "geometry": DITCH}]}), encoding="utf-8")  # fmt: skip
    words = ("reviews", "rule", 1, "--owner", "SW", "--document", "纪要", "--line", ditch)
    done = gridmap(*words, "--width", 12, "--commit")
    assert done.exit_code == 0, done.output
    done = gridmap("reviews", "rulings", "--geojson", out)
    assert done.exit_code == 0, done.output
    assert "ruling-1" in done.output
    written = json.loads(out.read_text(encoding="utf-8"))
    assert [one["properties"]["code"] for one in written["features"]] == ["ruling-1"]
    assert written["features"][0]["properties"]["source"] == "纪要"
