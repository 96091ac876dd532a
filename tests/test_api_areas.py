"""/api/areas and /api/editions: what is in force, page by page and one by one."""

from __future__ import annotations

from urllib.parse import quote

import pytest
import shapely.geometry
from starlette.testclient import TestClient

from tests.api_client import COMMUNITIES, STREET_GRID

pytest_plugins = ["tests.api_fixtures"]


def areas(client: TestClient, **query: object) -> dict:
    answer = client.get("/api/areas", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def address(level: str, code: str, ending: str = "") -> str:
    return f"/api/areas/{level}/{quote(code, safe='')}{ending}"


def test_areas_come_in_code_order(resident: TestClient) -> None:
    found = areas(resident, level="grid")
    assert [area["code"] for area in found["areas"]] == ["G-2", "G-3", "~1", STREET_GRID]
    assert (found["edition"], found["total"], found["next"]) == ("2026", 4, None)
    assert [area["provisional"] for area in found["areas"]] == [False, False, True, False]


def test_the_coarsest_level_is_the_way_in(resident: TestClient) -> None:
    found = areas(resident)
    assert found["level"] == "community"
    assert {area["code"]: area["name"] for area in found["areas"]} == COMMUNITIES


def test_a_parent_selects_its_children(resident: TestClient) -> None:
    found = areas(resident, level="grid", parent="990101001001")
    assert {area["code"] for area in found["areas"]} == {"G-2", STREET_GRID}
    assert areas(resident, level="grid", parent="nowhere")["areas"] == []


def test_a_date_selects_the_edition(resident: TestClient) -> None:
    found = areas(resident, level="grid", at="2027-03-01")
    assert found["edition"] == "2027"
    assert "G-1" in {area["code"] for area in found["areas"]}


def test_pages_follow_each_other_to_the_end_without_loss(resident: TestClient) -> None:
    whole = areas(resident, level="grid", at="2026-06-01")["areas"]
    seen: list[dict] = []
    page = areas(resident, level="grid", at="2026-06-01", limit=3)
    while True:
        assert page["total"] == 4
        seen += page["areas"]
        if page["next"] is None:
            break
        page = resident.get(page["next"]).json()
    assert seen == whole


def test_a_page_beyond_the_end_is_empty(resident: TestClient) -> None:
    assert areas(resident, level="grid", offset=100)["areas"] == []


@pytest.mark.parametrize("code", [STREET_GRID, "G-2", "~1"])
def test_an_area_is_found_by_any_code_in_its_address(resident: TestClient, code: str) -> None:
    answer = resident.get(address("grid", code))
    assert answer.status_code == 200
    assert answer.json()["code"] == code
    assert answer.json()["parent_level"] == "community"


@pytest.mark.parametrize("code", [STREET_GRID, "G-2", "~1"])
def test_an_area_is_a_geojson_feature_with_its_boundary(resident: TestClient, code: str) -> None:
    answer = resident.get(address("grid", code, ".geojson"))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/geo+json"
    feature = answer.json()
    assert feature["properties"]["code"] == code
    assert "geometry" not in feature["properties"]
    shape = shapely.geometry.shape(feature["geometry"])
    assert shape.covers(shapely.Point(feature["properties"]["lon"], feature["properties"]["lat"]))
    assert shape.area == pytest.approx(0.01 * 0.01)


def test_rings_turn_as_geojson_wants_them(resident: TestClient) -> None:
    for path in (address("grid", "G-2"), address("community", "990101001001")):
        shape = resident.get(f"{path}.geojson").json()["geometry"]
        assert shape["type"] == "Polygon"
        assert shapely.geometry.LinearRing(shape["coordinates"][0]).is_ccw


def test_a_parents_boundary_is_that_of_its_children(resident: TestClient) -> None:
    feature = resident.get(address("community", "990101001001", ".geojson")).json()
    shape = shapely.geometry.shape(feature["geometry"])
    assert shape.equals(shapely.box(117.00, 36.60, 117.02, 36.61))


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (address("grid", "nobody"), 404),
        (address("grid", "nobody", ".geojson"), 404),
        (address("grid", "G-1"), 404),
        (address("grid", "G-2") + "?at=2020-01-01", 404),
        (address("precinct", "G-2"), 422),
        (address("grid", "\x00"), 422),
        (address("grid", "x" * 201), 422),
        (address("grid", "G-2") + "?at=never", 422),
        ("/api/areas?level=precinct", 422),
        ("/api/areas?level=", 422),
        ("/api/areas?limit=0", 422),
        ("/api/areas?limit=10001", 422),
        ("/api/areas?offset=-1", 422),
        ("/api/areas?parent=%00", 422),
        ("/api/areas?at=2020-01-01", 404),
        ("/api/areas/grid", 404),
    ],
)
def test_what_is_not_there_is_told_apart_from_what_cannot_be_asked(
    resident: TestClient, path: str, status: int
) -> None:
    answer = resident.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status


def test_an_unknown_level_is_answered_with_those_there_are(resident: TestClient) -> None:
    assert resident.get("/api/areas?level=precinct").json()["allowed"] == ["community", "grid"]


def test_editions_say_when_each_is_in_force_in_the_sites_time(resident: TestClient) -> None:
    found = resident.get("/api/editions").json()
    assert found["in_force"] == "2026"
    assert found["levels"] == ["community", "grid"]
    by_name = {edition["name"]: edition for edition in found["editions"]}
    assert by_name["2026"]["effective_from"] == "2026-01-01T00:00:00+08:00"
    assert by_name["2026"]["effective_to"] == by_name["2027"]["effective_from"]
    assert by_name["2027"]["effective_to"] is None


def test_only_staff_see_drafts_and_who_did_what(resident: TestClient, staff: TestClient) -> None:
    public = resident.get("/api/editions").json()["editions"]
    internal = staff.get("/api/editions").json()["editions"]
    assert {edition["name"] for edition in public} == {"2026", "2027"}
    assert {edition["name"] for edition in internal} == {"2026", "2027", "plan"}
    private = {"created_by", "published_by", "accepted_faults", "areas"}
    assert all(private.isdisjoint(edition) for edition in public)
    assert all(private <= set(edition) for edition in internal)
