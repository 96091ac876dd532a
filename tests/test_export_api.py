"""Editions as files over HTTP, reports closed over HTTP: who may, and what it answers."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from starlette.testclient import TestClient

from tests.api_client import STREET_GRID
from tests.api_town import send, spot

pytest_plugins = ["tests.api_fixtures"]

PATH = "/api/editions/{}/export/{}.{}"
PARTS = {"grid.shp", "grid.shx", "grid.dbf", "grid.prj", "grid.cpg"}


@pytest.mark.parametrize(
    ("kind", "media", "begins"),
    [
        ("geojson", "application/geo+json", b'{"type":"FeatureCollection"'),
        ("gpkg", "application/geopackage+sqlite3", b"SQLite format 3"),
        ("parquet", "application/vnd.apache.parquet", b"PAR1"),
        ("csv", "text/csv; charset=utf-8", b"\xef\xbb\xbfcode,name"),
        ("shp", "application/zip", b"PK"),
    ],
)
def test_every_format_is_served_with_its_type(staff: TestClient, kind, media, begins) -> None:
    found = staff.get(PATH.format("2026", "grid", kind))
    assert found.status_code == 200, found.text
    assert found.headers["content-type"] == media
    assert found.content.startswith(begins)
    ending = "zip" if kind == "shp" else kind
    assert found.headers["content-disposition"].endswith(f"2026-grid.{ending}")
    if kind == "shp":
        assert set(zipfile.ZipFile(io.BytesIO(found.content)).namelist()) == PARTS


@pytest.mark.parametrize("kind", ["geojson", "gpkg"])
def test_a_file_that_the_client_has_is_not_made_again(staff: TestClient, kind: str) -> None:
    first = staff.get(PATH.format("2026", "grid", kind))
    tag = first.headers["etag"]
    again = staff.get(PATH.format("2026", "grid", kind), headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == tag
    other = staff.get(PATH.format("2027", "grid", kind), headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_residents_get_what_is_published_and_public(staff: TestClient, resident: TestClient):
    mine = json.loads(staff.get(PATH.format("2026", "grid", "geojson")).content)
    public = resident.get(PATH.format("2026", "grid", "geojson"))
    assert public.status_code == 200
    features = json.loads(public.content)["features"]
    assert len(features) == len(mine["features"]) == 4
    assert set(features[0]["properties"]) == {"code", "name", "name_en", "parent", "kind"}
    assert STREET_GRID in {f["properties"]["code"] for f in features}
    assert resident.get(PATH.format("plan", "grid", "geojson")).status_code == 404
    assert staff.get(PATH.format("plan", "grid", "geojson")).status_code == 200


def test_what_is_not_there_is_told(staff: TestClient) -> None:
    assert staff.get(PATH.format("1999", "grid", "csv")).status_code == 404
    assert staff.get(PATH.format("2026", "parish", "csv")).status_code == 422
    assert staff.get(PATH.format("2026", "grid", "dwg")).status_code == 422


def test_a_report_is_closed_once_by_staff(clerk: TestClient, citizen: TestClient) -> None:
    number = send(clerk, spot(1.2, 1.3), "close-me-once").json()["id"]
    why = {"why": "seen on the spot"}
    assert citizen.post(f"/api/reports/{number}/close", json=why).status_code == 403
    assert clerk.post(f"/api/reports/{number}/close", json={}).status_code == 409
    assert clerk.post(f"/api/reports/{number}/close", json=why).status_code == 200
    closed = clerk.get(f"/api/reports/{number}").json()
    assert closed["closed_at"] == "2026-03-12T09:00:00+08:00"
    assert closed["closed_by"] == "this machine"
    assert closed["moves"] == []
    assert clerk.post(f"/api/reports/{number}/close", json=why).status_code == 409
    assert clerk.post("/api/reports/987654/close", json=why).status_code == 404
    listed = clerk.get("/api/reports", params={"closed": True}).json()["reports"]
    assert number in {one["id"] for one in listed}
    listed = clerk.get("/api/reports", params={"closed": False}).json()["reports"]
    assert number not in {one["id"] for one in listed}
