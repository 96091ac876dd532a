"""A site's own tiles under the pages of the service: who sees them, and what a page may load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.access import Actor
from gridmap.errors import NotAllowed
from gridmap.settings import Settings
from gridmap.times import frozen_clock
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import LOCAL, NOW, REMOTE, STREET_GRID
from tests.browser import Visit, served
from tests.tile_server import FAR, HOST, NAMED, SENTENCE, Asked, drawn_at, in_window, pixel, tile_of

pytest_plugins = ["tests.api_fixtures", "tests.tile_fixtures"]
# What a page shows does not depend on where the data lie.
pytestmark = pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session")


@pytest.fixture
def based(api_store: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Workspace]:
    """The small district of a site with tiles; the settings beside them are the parameter."""
    given = {"base_tiles": FAR, "base_coord_sys": "gcj02", **NAMED, **getattr(request, "param", {})}
    settings = Settings(store=api_store, secrets=tmp_path / "site.secrets", **given)
    with open_workspace(settings=settings, clock=frozen_clock(NOW)) as workspace:
        yield workspace


@pytest.mark.parametrize("based", [{"base_visibility": "staff"}], indirect=True)
def test_a_public_file_is_refused_unless_it_is_drawn_without_them(based: Workspace) -> None:
    for kind in ("levels", "party", "services"):
        with pytest.raises(NotAllowed, match="--no-base"):
            based.map_document(kind, actor=Actor.resident())
        without = based.map_document(kind, base=False, actor=Actor.resident()).html()
        assert "example.org" not in without
        assert HOST in based.map_document(kind).html()


@pytest.mark.parametrize(
    ("based", "expected"),
    [({"base_tiles": "/own/{z}/{x}/{y}.png"}, None),
     ({"base_tiles": "/own/{z}/{x}/{y}.png", "public_url": "https://grid.example.org/"},
      "https://grid.example.org/own/{z}/{x}/{y}.png")],
    indirect=["based"],
)  # fmt: skip
def test_a_path_of_the_service_is_found_from_a_file_by_its_address_alone(
    based: Workspace, expected: str | None
) -> None:
    base = based.map_document("levels").info.base
    assert (None if base is None else base.template) == expected
    live = based.map_document("levels", mode="served").info.base
    assert live is not None
    assert live.template == "/own/{z}/{x}/{y}.png"


def policies(app: FastAPI) -> dict[str, str]:
    staff, public = TestClient(app, client=LOCAL), TestClient(app, client=REMOTE)
    asked = {
        "/": staff, "/maps/party": public, "/maps/levels": public, "/maps/party/staff": staff,
        "/services": public,
    }  # fmt: skip
    out = {}
    for path, client in asked.items():
        page = client.get(path)
        assert page.status_code == 200, path
        assert SENTENCE in page.text, path
        assert "审图号" in page.text, path
        policy = page.headers["content-security-policy"]
        # What the header allows is what the page asks for.
        assert (HOST in policy) is ("TILEMATRIX" in page.text), path
        out[path] = policy
    return out


def test_pages_with_a_map_may_load_from_that_host_alone(based: Workspace) -> None:
    app = create_app(workspace=based)
    for path, policy in policies(app).items():
        assert f"img-src 'self' data: blob: {HOST};" in policy, path
        assert policy.count("http") == 1, path
    signed_out = TestClient(app, client=REMOTE).get("/")
    assert "http" not in signed_out.headers["content-security-policy"]


@pytest.mark.parametrize("based", [{"base_visibility": "staff"}], indirect=True)
def test_pages_for_the_public_are_drawn_without_tiles_for_staff(based: Workspace) -> None:
    found = policies(create_app(workspace=based))
    assert {path for path, policy in found.items() if HOST in policy} == {"/", "/maps/party/staff"}


@pytest.mark.parametrize("based", [{"base_tiles": ""}], indirect=True)
def test_without_tiles_no_page_allows_any_host(based: Workspace) -> None:
    assert not [path for path, policy in policies(create_app(workspace=based)).items()
                if "http" in policy]  # fmt: skip


@pytest.mark.browser
def test_the_first_page_of_staff_lies_on_the_tiles(
    tile_visit: Visit, tile_server: tuple[str, Asked], api_store: str, tmp_path: Path
) -> None:
    address, asked = tile_server
    settings = Settings(
        store=api_store, secrets=tmp_path / "site.secrets", base_coord_sys="gcj02",
        base_tiles=address + "/{z}/{x}/{y}.png", **NAMED,
    )  # fmt: skip
    with (
        open_workspace(settings=settings, clock=frozen_clock(NOW)) as workspace,
        served(create_app(workspace=workspace)) as site,
    ):
        page = tile_visit.open(f"{site}/")
        page.wait_for_selector("#map-home[data-ready]")
        page.wait_for_selector(".gm-based img.leaflet-tile-loaded")
        assert "底图审图号：GS（2024）0000号" in page.inner_text(".gm-caption")
        lon, lat = 117.0081, 36.6022
        assert drawn_at(page, lon, lat) == pytest.approx(pixel(lon, lat, 18, "gcj02"), abs=0.6)
        page.evaluate("([lng, lat]) => gridmap.map.setView([lat, lng], 17, {animate: false})",
                      [lon, lat])  # fmt: skip
        page.wait_for_selector("img.leaflet-tile-loaded[src*='/17/']")
        page.wait_for_load_state("networkidle")
        assert tile_of(lon, lat, 17, "gcj02") in asked.places
        page.mouse.click(*in_window(page, lon, lat))
        page.wait_for_selector(".gm-card h3")
        assert page.locator(".gm-card dd").first.inner_text() == STREET_GRID
        tile_visit.assert_clean()


@pytest.mark.browser
def test_without_tiles_the_first_page_asks_nobody_else(
    browser_page: Visit, api_app: FastAPI
) -> None:
    with served(api_app) as site:
        page = browser_page.open(f"{site}/")
        page.wait_for_selector("#map-home[data-ready]")
        assert page.locator("img.leaflet-tile").count() == 0
        assert page.get_by_text("底图").count() == 0
        browser_page.assert_clean()
