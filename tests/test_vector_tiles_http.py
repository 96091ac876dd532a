"""Vector tiles over HTTP on both stores: their ETag, who sees them, what is refused."""

from __future__ import annotations

import mapbox_vector_tile
import numpy as np
import pytest
from starlette.testclient import TestClient

from gridmap.vector_tiles.grid import mercator

pytest_plugins = ["tests.api_fixtures"]

ZOOM = 14
X, Y = (int(part) for part in mercator(np.array([[117.005, 36.605]]))[0] * 2**ZOOM)
PATH = f"/tiles/{{}}/{{}}/{ZOOM}/{X}/{Y}.mvt"


def layers(content: bytes) -> dict:
    return mapbox_vector_tile.decode(content)


def test_a_tile_holds_the_areas_of_its_level_with_what_the_public_may_see(
    resident: TestClient,
) -> None:
    found = resident.get(PATH.format("2026", "grid"))
    assert found.status_code == 200
    assert found.headers["content-type"] == "application/vnd.mapbox-vector-tile"
    ((name, layer),) = layers(found.content).items()
    assert name == "grid"
    said = [one["properties"] for one in layer["features"]]
    listed = resident.get("/api/areas?level=grid&at=2026-06-01").json()["areas"]
    known = {one["code"]: one for one in listed}
    assert said
    for one in said:
        assert one.keys() <= {"code", "name", "name_en", "kind", "parent_code"}
        assert all(known[one["code"]][key] == value for key, value in one.items())
    assert resident.get(PATH.format("2026", "grid").removesuffix(".mvt")).content == found.content


def test_a_tile_that_the_client_has_is_not_sent_again(resident: TestClient) -> None:
    first = resident.get(PATH.format("2026", "grid"))
    tag = first.headers["etag"]
    again = resident.get(PATH.format("2026", "grid"), headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for other in (PATH.format("2027", "grid"), PATH.format("2026", "community"),
                  f"/tiles/2026/grid/{ZOOM}/{X + 1}/{Y}.mvt"):  # fmt: skip
        answer = resident.get(other, headers={"If-None-Match": tag})
        assert answer.status_code == 200
        assert answer.headers["etag"] != tag


def test_where_nothing_is_a_tile_is_empty(resident: TestClient) -> None:
    found = resident.get("/tiles/2026/grid/3/0/0.mvt")
    assert (found.status_code, found.content) == (200, b"")


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("2026/grid/23/0/0.mvt", 422, "0 to 22"),
        ("2026/grid/3/8/0.mvt", 422, "0 to 7"),
        ("2026/grid/3/0/-1.mvt", 422, "0 to 7"),
        ("2026/grid/3/a/0.mvt", 422, "integer"),
        ("2026/parish/3/0/0.mvt", 422, "parish"),
        ("1999/grid/3/0/0.mvt", 404, "2026"),
        ("plan/grid/3/0/0.mvt", 404, "2026"),
        ("1999/grid.json", 404, "2026"),
    ],
)
def test_what_is_no_tile_is_told(resident: TestClient, path: str, status: int, said: str) -> None:
    found = resident.get(f"/tiles/{path}")
    assert found.status_code == status
    assert found.headers["content-type"] == "application/problem+json"
    assert said in found.text


def test_drafts_have_no_tiles_for_anybody(staff: TestClient) -> None:
    """They change under their name, and their pages draw them by themselves."""
    assert staff.get(PATH.format("plan", "grid")).status_code == 404


def test_the_tilejson_leads_to_tiles(resident: TestClient) -> None:
    found = resident.get("/tiles/2026/grid.json").json()
    assert (found["tilejson"], found["minzoom"]) == ("3.0.0", 0)
    (address,) = found["tiles"]
    west, south, east, north = found["bounds"]
    assert west < 117.005 < east
    assert south < 36.605 < north
    for name, value in (("z", ZOOM), ("x", X), ("y", Y)):
        address = address.replace(f"{{{name}}}", str(value))
    assert layers(resident.get(address).content).keys() == {"grid"}
    assert [one["id"] for one in found["vector_layers"]] == ["grid"]
