"""A sub-district like Xin'an: four levels down to 505 micro-grids in 12 communities, 120 estates,
2,498 buildings, and twelve service centres, each with a theme of its own and open into the night.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pyogrio
import pytest
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import LOCAL, REMOTE
from tests.demo_doors import DemoStore, listed

pytest_plugins = ["tests.demo_stores"]
pytestmark = [
    # The store takes more than a minute to make; it is the one that the maps of this scale need.
    pytest.mark.soak,
    pytest.mark.xdist_group("demo-street"),
]

COUNTS = {"subdistrict": 1, "community": 12, "grid": 102, "microgrid": 505}


@pytest.fixture(scope="module")
def xinan(made_demo: Any) -> DemoStore:
    return made_demo("geopackage", "street")


@pytest.fixture(scope="module")
def workspace(xinan: DemoStore) -> Iterator[Workspace]:
    with open_workspace(settings=xinan.settings, create=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def clerk(workspace: Workspace) -> TestClient:
    return TestClient(create_app(workspace=workspace), client=LOCAL)


@pytest.fixture(scope="module")
def resident(workspace: Workspace) -> TestClient:
    return TestClient(create_app(workspace=workspace), client=REMOTE)


def test_four_levels_have_their_areas_and_each_its_chain_to_the_top(resident: TestClient) -> None:
    areas = {level: listed(resident, level) for level in COUNTS}
    assert {level: len(found) for level, found in areas.items()} == COUNTS
    for micro in areas["microgrid"].values():
        grid = areas["grid"][micro["parent_code"]]
        community = areas["community"][grid["parent_code"]]
        assert community["parent_code"] in areas["subdistrict"]
    per_community = Counter(
        areas["grid"][micro["parent_code"]]["parent_code"] for micro in areas["microgrid"].values()
    )
    assert min(per_community.values()) > 20
    assert max(per_community.values()) < 80


def test_estates_and_buildings_are_there_and_a_microgrid_has_about_five(
    xinan: DemoStore, workspace: Workspace
) -> None:
    kinds = Counter(
        row["managed"] for row in workspace.store.records("overlays") if row["kind"] == "estate"
    )
    assert kinds == {True: 92, False: 28}
    houses = [row for row in workspace.store.records("ground") if row["layer"] == "buildings"]
    assert len(houses) == 2_498
    drawn = pyogrio.read_dataframe(
        xinan.folder / "layers.gpkg", layer="building", read_geometry=False
    )
    held = drawn.groupby("microgrid_code").size()
    assert 4 <= held.mean() <= 7


def test_twelve_centres_have_a_theme_each_and_open_on_holiday_nights(
    resident: TestClient,
) -> None:
    answer = resident.get("/api/places", params={"category": "service_centre"})
    centres = answer.json()["places"]
    assert len(centres) == 12
    assert len({centre["name"] for centre in centres}) == 12
    assert all("主题" in str(centre["special_services"]) for centre in centres)
    # 18:30 and later, on a workday and on National Day.
    for moment in ("2026-07-01T19:00:00+08:00", "2026-10-01T19:00:00+08:00"):
        answer = resident.get(
            "/api/places", params={"category": "service_centre", "open_at": moment}
        )
        assert answer.json()["places"], moment


def test_one_map_has_party_administration_and_society_with_lines_to_the_bodies_above(
    clerk: TestClient,
) -> None:
    page = clerk.get("/maps/party")
    assert page.status_code == 200
    for group in ("党建力量", "行政力量", "社会力量"):
        assert group in page.text
    bodies = clerk.get("/api/organisations").json()["organisations"]
    codes = {body["code"] for body in bodies}
    above = [body["parent_code"] for body in bodies if body.get("parent_code")]
    assert len(above) > 30
    assert set(above) <= codes
