"""Tiles of a site's own under the residents' map, from a server on this machine."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from api.pages.service_views import drawn, map_frame, pins_of
from gridmap.errors import BadValue
from gridmap.maps.basemap import base_map
from gridmap.places.model import Place
from gridmap.settings import Settings
from gridmap.workspace import Workspace
from tests.api_client import REMOTE
from tests.browser import DESKTOP, served
from tests.tile_server import Asked, tile_of

pytest_plugins = ["tests.api_fixtures", "tests.tile_fixtures"]
pytestmark = pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session")

FAR = "https://t0.example.org/vec_w/wmts?LAYER=vec&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=key"


def settings(**given: Any) -> Settings:
    return Settings(**{"base_tiles": FAR, **given})


@pytest.mark.parametrize(
    "template",
    ["https://tiles.example.org/{z}/{x}.png", "{z}/{x}/{y}", "ftp://a/{z}/{x}/{y}",
     "https://{s}.tiles.example.org/{z}/{x}/{y}", "//tiles.example.org/{z}/{x}/{y}",
     "https://a b; script-src */{z}/{x}/{y}", "javascript:alert(1)/{z}/{x}/{y}"],
)  # fmt: skip
def test_what_is_no_template_is_refused_when_the_service_starts(
    api_workspace: Workspace, template: str
) -> None:
    with pytest.raises(BadValue, match="GRIDMAP_BASE_TILES"):
        create_app(settings(base_tiles=template), workspace=api_workspace)
    with pytest.raises(BadValue, match="GRIDMAP_BASE_COORD_SYS"):
        base_map(settings(base_coord_sys="bd09"))


def test_there_are_none_by_default(api_workspace: Workspace) -> None:
    assert base_map(Settings()) is None
    client = TestClient(create_app(workspace=api_workspace), client=REMOTE)
    page = client.get("/services")
    assert '"tiles": null' in page.text
    assert "http" not in page.headers["content-security-policy"]


@pytest.mark.parametrize("system", ["cgcs2000", "wgs84", "gcj02"])
def test_the_page_says_whose_tiles_they_are_and_holds_places_as_they_are_stored(
    api_workspace: Workspace, system: str
) -> None:
    given = settings(base_coord_sys=system, base_credit="天地图", base_review_no="GS（2024）0000号")
    record = {
        **asdict(Place("P1", "canteen", "东苑食堂", 117.003, 36.603)),
        "open": {"state": "open"},
    }
    ((_, _, x, y, *_),) = drawn([record], pins_of(api_workspace), "zh")
    assert (x, y) == (117.003, 36.603)
    origin = api_workspace.origin(near="117.003,36.603")
    frame = map_frame(api_workspace, origin, base_map(given))
    assert frame["bounds"][0] == [117.0, 36.6]
    assert frame["origin"] == {"lon": 117.003, "lat": 36.603}
    assert (frame["tiles"]["shift"] is not None) is (system == "gcj02")
    app = create_app(given, workspace=api_workspace)
    client = TestClient(app, client=REMOTE)
    page = client.get("/services?near=117.003,36.603")
    assert (
        "img-src 'self' data: blob: https://t0.example.org;"
        in page.headers["content-security-policy"]
    )
    assert "底图：天地图" in page.text
    assert "底图审图号：GS（2024）0000号" in page.text
    assert "near=117.003%2C36.603" in page.text
    # Other pages, and what programs are told, know nothing of it.
    assert "t0.example.org" not in client.get("/services/P1").headers["content-security-policy"]
    told = client.get("/api/places/P1").json()
    assert (told["lon"], told["lat"]) == (117.003, 36.603)


@pytest.mark.browser
def test_the_map_is_drawn_upon_the_tiles_and_keeps_to_the_district(
    api_workspace: Workspace, tile_server: tuple[str, Asked], chromium: Any
) -> None:
    where, asked = tile_server
    given = settings(
        base_tiles=where + "/{z}/{x}/{y}.png", base_coord_sys="gcj02", base_credit="演示底图"
    )
    with served(create_app(given, workspace=api_workspace)) as address:
        context = chromium.new_context(locale="zh-CN", **DESKTOP)
        page = context.new_page()
        page.set_default_timeout(20_000)
        wrong: list[str] = []
        page.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
        page.on("pageerror", lambda one: wrong.append(str(one)))
        page.goto(f"{address}/services")
        page.wait_for_selector("img.leaflet-tile-loaded")
        page.wait_for_selector(".gm-pin")
        assert "演示底图" in page.inner_text("#mapbox")
        assert "网格范围示意，不作为行政区划界线依据" in page.inner_text("#mapbox")
        assert wrong == []
        context.close()
    zoom = max(z for z, _, _ in asked.places)
    assert min(z for z, _, _ in asked.places) >= 9
    # The place lies where the tiles show it, not where it lies on others.
    assert tile_of(117.003, 36.603, zoom, "gcj02") in asked.places
