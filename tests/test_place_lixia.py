"""A district like Lixia: 427 walled and 89 open estates, 110 meal points, 11 nurseries and 153
workshops, all on the map and counted by community, and a service map for every estate.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely
from starlette.testclient import TestClient

from api.app import create_app
from gridmap.workspace import Workspace, open_workspace
from tests.api_client import REMOTE
from tests.browser import Visit, served
from tests.demo_doors import DemoStore, listed, read_text, run

pytest_plugins = ["tests.demo_stores"]
pytestmark = [
    # The store alone takes minutes to make; it is the one that the maps of this scale need.
    pytest.mark.soak,
    pytest.mark.xdist_group("demo-services"),
]

COUNTS = {"canteen": 110, "nursery": 11, "repair": 153}
ESTATES = {True: 427, False: 89}


@pytest.fixture(scope="module")
def lixia(made_demo: Any) -> DemoStore:
    return made_demo("geopackage", "services")


@pytest.fixture(scope="module")
def workspace(lixia: DemoStore) -> Iterator[Workspace]:
    with open_workspace(settings=lixia.settings, create=False) as opened:
        yield opened


@pytest.fixture(scope="module")
def resident(workspace: Workspace) -> TestClient:
    """A client from anywhere, with no key: what everybody sees."""
    return TestClient(create_app(workspace=workspace), client=REMOTE)


@pytest.fixture(scope="module")
def counted(lixia: DemoStore) -> dict[str, Counter[str]]:
    """How many places of each category stand in each community, by the drawn polygons alone."""
    drawn = pyogrio.read_dataframe(lixia.folder / "layers.gpkg", layer="community")
    places = read_text(lixia.folder / "places.csv")
    spots = shapely.points(places["lon"].astype(float), places["lat"].astype(float))
    row, area = shapely.STRtree(drawn.geometry.to_numpy()).query(spots, predicate="intersects")
    assert sorted(row) == list(range(len(places))), "each place is in exactly one community"
    codes = drawn["code"].to_numpy()[area]
    category = places["category"].to_numpy()[row]
    return {one: Counter(codes[category == one]) for one in COUNTS}


def found(client: TestClient, **asked: object) -> list[dict[str, Any]]:
    answer = client.get("/api/places", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["places"]


def test_thirteen_sub_districts_are_shown_to_everybody(resident: TestClient) -> None:
    assert len(listed(resident, "subdistrict")) == 13
    assert len(listed(resident, "community")) == 104


@pytest.mark.parametrize("category", list(COUNTS))
def test_every_place_is_found_with_the_fields_of_a_service_map(
    resident: TestClient, category: str
) -> None:
    places = found(resident, category=category)
    assert len(places) == len({place["code"] for place in places}) == COUNTS[category]
    for place in places:
        for name in ("name", "address", "hours_text", "phone", "special_services"):
            assert place[name], (place["code"], name)


@pytest.mark.parametrize("category", list(COUNTS))
def test_places_are_counted_by_community(
    resident: TestClient, counted: dict[str, Counter[str]], category: str
) -> None:
    answer = resident.get(
        "/api/reach/coverage", params={"category": category, "level": "community"}
    )
    assert answer.status_code == 200, answer.text
    rows = {row["code"]: row["places"] for row in answer.json()["rows"]}
    assert rows.pop("") == COUNTS[category] == sum(rows.values())
    assert len(rows) == 104
    assert {code: n for code, n in rows.items() if n} == dict(counted[category])


@pytest.mark.browser
def test_the_map_draws_them_all_and_its_legend_counts_them(
    workspace: Workspace, browser_page: Visit
) -> None:
    with served(create_app(workspace=workspace)) as address:
        browser_page.page.set_default_timeout(120_000)
        page = browser_page.open(f"{address}/maps/services")
        page.wait_for_function("window.gridmap && gridmap.map && gridmap.map._loaded")
        drawn = Counter(
            page.evaluate("gridmap.places.all.map(p => gridmap.places.categories[p.c].code)")
        )
        assert {one: drawn[one] for one in COUNTS} == COUNTS
        for category, name in (
            ("canteen", "长者助餐"),
            ("nursery", "托育"),
            ("repair", "便民工坊"),
        ):
            chip = page.locator(".gm-chip-category", has_text=name)
            assert chip.locator("small").inner_text() == str(COUNTS[category])
        browser_page.assert_clean()


def test_every_estate_has_its_service_map_and_none_is_without_a_place(
    lixia: DemoStore, workspace: Workspace, tmp_path: Any
) -> None:
    estates = [row for row in workspace.store.records("overlays") if row["kind"] == "estate"]
    assert Counter(row["managed"] for row in estates) == ESTATES
    said = run(
        "sheets", "make", "--kind", "services", "--for", "estate", "--out", tmp_path,
        "--store", lixia.url,
    )  # fmt: skip
    assert "516 sheets written, 0 left" in said
    pages = list(tmp_path.glob("services-estate-*.html"))
    assert len(pages) == 516
    rows = np.array([
        len(re.findall(r'class="no"', path.read_text(encoding="utf-8"))) for path in pages
    ])  # fmt: skip
    assert (rows > 0).all()
    assert np.median(rows) >= 8
    again = run(
        "sheets", "make", "--kind", "services", "--for", "estate", "--out", tmp_path,
        "--store", lixia.url,
    )  # fmt: skip
    assert "0 sheets written, 516 left" in again
