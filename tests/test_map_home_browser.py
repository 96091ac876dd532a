"""The one map of staff in Chromium, on a phone and at a desk: what opens, what a link keeps."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import shapely
from fastapi import FastAPI
from starlette.testclient import TestClient

from gridmap.places.model import Ground, Organisation, Place
from gridmap.workspace import Workspace
from tests.api_client import LOCAL, STREET_GRID
from tests.browser import DESKTOP, PHONE, Visit, served, window

pytest_plugins = ["tests.api_fixtures"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session"),
]

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
SHOTS = os.environ.get("GRIDMAP_SHOTS")
BODIES = (
    Organisation("O7", "party_committee", "文化社区党委", lon=117.008, lat=36.606,
                 level="community", area_code="990101001001"),
    Organisation("O8", "party_branch", "文化第一支部", lon=117.006, lat=36.603, parent_code="O7",
                 level="grid", area_code="G-2", phone="0990-5550311"),
    Organisation("O9", "police_station", "文化派出所", lon=117.004, lat=36.607),
)  # fmt: skip
PLACES = (Place("P7", "sharing", "文化共享小屋", 117.007, 36.604, phone="0990-5550312"),)
HOUSE = Ground("B1", "buildings", "东苑1号楼", "East Court 1", households=37)


@pytest.fixture(scope="module")
def furnished(api_workspace: Workspace, api_app: FastAPI) -> Iterator[dict[str, int]]:
    """Bodies, a place and a house; open cases, three of them in one spot. Numbers by key."""
    kinds = ("places", "organisations", "ground")
    before = {kind: api_workspace.store.records(kind) for kind in kinds}
    api_workspace.put_records("places", [asdict(one) for one in PLACES])
    api_workspace.put_records("organisations", [asdict(one) for one in BODIES])
    shape = shapely.box(117.0045, 36.6040, 117.0055, 36.6046)
    api_workspace.put_records("ground", [asdict(HOUSE) | {"geom": shape}])
    client, numbers = TestClient(api_app, client=LOCAL), {}
    for key, lon in (("alone", 117.027), ("first", 117.012), ("second", 117.012),
                     ("third", 117.012)):  # fmt: skip
        body = {
            "lon": lon,
            "lat": 36.606,
            "coord_sys": "wgs84",
            "item": "0306",
            "text": "写给工作人员",
        }
        sent = client.post("/api/reports", json=body, headers={"Idempotency-Key": f"one-map-{key}"})
        assert sent.status_code in {200, 201}, sent.text
        numbers[key] = sent.json()["id"]
    yield numbers
    api_workspace.close_reports(list(numbers.values()))
    for kind in kinds:
        api_workspace.put_records(kind, before[kind], replace=True)


@pytest.fixture(scope="module")
def address(api_app: FastAPI, furnished: dict[str, int]) -> Iterator[str]:
    """Where the application is served, on this machine only: its reader is staff."""
    with served(api_app) as where:
        yield where


@pytest.fixture(params=["desktop", "phone"])
def visit(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Visit]:
    """Either window in turn."""
    shape = DESKTOP if request.param == "desktop" else PHONE
    with window(chromium, shape) as found:
        found.kind = request.param  # type: ignore[attr-defined]
        yield found


def opened(visit: Visit, address: str) -> Any:
    visit.page.set_default_timeout(20_000)
    page = visit.open(address)
    page.wait_for_selector("#map-home[data-ready]")
    return page


def shown(page: Any, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    if SHOTS:
        page.screenshot(path=str(Path(SHOTS) / f"home-{name}.png"))


def violations(page: Any) -> list[str]:
    if page.evaluate("typeof window.axe") == "undefined":
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['id']}: {json.dumps([n['target'] for n in one['nodes'][:3]])}"
        for one in found["violations"]
    ]


def test_everything_is_on_the_map_and_nothing_is_out_of_reach(visit: Visit, address: str) -> None:
    page = opened(visit, f"{address}/")
    kind = visit.kind  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("gridmap.view.areas.size") == 6
    assert "未结 4 件" in page.inner_text("#map-counts")
    assert sorted(page.locator(".map-cluster").all_inner_texts()) == ["3", "件"]
    assert "不作为行政区划界线依据" in page.inner_text(".gm-caption")
    shown(page, f"{kind}-1-start")
    assert violations(page) == []
    if kind == "phone":
        page.locator(".gm-panel-toggle").tap()
    groups = page.locator(".map-group summary").all_inner_texts()
    assert groups == ["党建力量", "行政力量", "社会力量", "便民服务"]
    for summary in page.locator(".map-group summary").all():
        summary.click()
    page.get_by_label("派出所").check()
    page.get_by_label("在岗人员").check()
    assert page.locator(".gm-pin").count() == 1
    assert page.locator(".map-post").count() == 4
    shown(page, f"{kind}-2-panel")
    assert violations(page) == []
    visit.assert_clean()


def test_an_area_opens_with_its_staff_counts_and_links(visit: Visit, address: str) -> None:
    page = opened(visit, f"{address}/#area={STREET_GRID}")
    card = page.locator(".gm-card")
    card.locator(".map-links").wait_for()
    text = card.inner_text()
    assert "文化东路网格" in text
    assert "演示一" in text
    assert "文化社区" in text
    assert card.locator("a.gm-tel").get_attribute("href") == "tel:09905550001"
    assert card.locator(".map-links a").first.get_attribute("href").startswith("/orders?area=grid")
    shown(page, f"{visit.kind}-3-area")  # type: ignore[attr-defined]
    assert violations(page) == []
    card.locator(".gm-chain .gm-go").click()
    page.wait_for_selector(".gm-card h3:has-text('文化社区')")
    assert "area=990101001001" in page.evaluate("location.hash")
    visit.assert_clean()


def test_a_house_opens_at_a_click_with_its_homes(browser_page: Visit, address: str) -> None:
    page = opened(browser_page, f"{address}/")
    page.evaluate("gridmap.map.setView([36.6043, 117.005], 17.5, {animate: false})")
    box = page.locator("#map").bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    card = page.locator(".gm-card")
    card.locator("dt:has-text('户数')").wait_for()
    assert "东苑1号楼" in card.inner_text()
    assert "37" in card.inner_text()
    assert "building=B1" in page.evaluate("location.hash")
    shown(page, "4-house")
    browser_page.assert_clean()


def test_cases_in_one_spot_are_listed_and_one_alone_opens(
    browser_page: Visit, address: str, furnished: dict[str, int]
) -> None:
    from playwright.sync_api import expect

    page = opened(browser_page, f"{address}/")
    page.locator(".map-cluster:has-text('3')").click()
    while page.locator(".map-list").count() == 0:
        page.locator(".map-cluster:has-text('3')").click()
    links = [a.get_attribute("href") for a in page.locator(".map-list a").all()]
    assert set(links) == {f"/orders/{furnished[k]}" for k in ("first", "second", "third")}
    assert "写给工作人员" not in page.inner_text("body")
    shown(page, "5-cases")
    page.fill("#gm-search-field", f"#{furnished['alone']}")
    page.keyboard.press("Enter")
    # The former one fades away.
    expect(page.locator(".map-list a")).to_have_count(1)
    assert f"case={furnished['alone']}" in page.evaluate("location.hash")
    browser_page.assert_clean()


def test_a_link_shows_the_same_on_another_device(
    browser_page: Visit, phone_page: Visit, address: str
) -> None:
    page = opened(browser_page, f"{address}/")
    page.locator(".map-group summary").first.click()
    page.get_by_label("党支部").check()
    page.get_by_label("小区红线").check()
    page.fill("#gm-search-field", "文化第一支部")
    page.keyboard.press("Enter")
    text = page.inner_text(".gm-card")
    assert "文化社区党委" in text
    assert "二网格" in text
    assert page.locator(".gm-ways a").count() == 4
    shown(page, "6-body")
    link = page.evaluate("location.href")
    assert "org=O8" in link
    other = opened(phone_page, link)
    assert "文化第一支部" in other.inner_text(".gm-card")
    assert other.evaluate("gridmap.panel.changed()") == ["estates"]
    kept = "location.hash.replace(/&at=[^&]*/, '')"
    assert other.evaluate(kept) == page.evaluate(kept)
    popup = other.locator(".gm-popup").bounding_box()
    stage = other.locator("#map").bounding_box()
    assert popup["y"] >= stage["y"]
    shown(other, "7-body-phone")
    for found in (browser_page, phone_page):
        found.assert_clean()


def test_a_part_that_fails_is_told_and_the_rest_stands(browser_page: Visit, address: str) -> None:
    page = browser_page.page
    page.route("**/map/orders.json", lambda route: route.fulfill(
        status=503, content_type="application/problem+json",
        body=json.dumps({"detail": "The store is busy."}),
    ))  # fmt: skip
    browser_page.open(f"{address}/")
    page.wait_for_selector("#map-wrong button")
    assert "The store is busy." in page.inner_text("#map-wrong")
    assert page.evaluate("gridmap.view.areas.size") == 6
    shown(page, "8-wrong")
    assert violations(page) == []
    page.unroute("**/map/orders.json")
    page.route("**/map/orders.json", lambda route: route.abort())
    page.click("#map-wrong button")
    page.wait_for_selector("#map-wrong button")
    assert "没有连上" in page.inner_text("#map-wrong")


def test_each_part_of_the_map_is_asked_for_once(browser_page: Visit, address: str) -> None:
    asked: list[str] = []
    browser_page.page.on("request", lambda one: asked.append(one.url.removeprefix(address)))
    opened(browser_page, f"{address}/")
    parts = [one for one in asked if one.startswith("/map/") and "?" not in one]
    assert sorted(parts) == sorted(set(parts))
    browser_page.assert_clean()


# Answers that the browser kept are of an edition that is in force no more.
KEPT = """
const real = window.fetch;
window.asked = [];
window.fetch = async (address, options) => {
  const answer = await real(address, options);
  asked.push(`${options.cache} ${address}`);
  if (options.cache === "reload" || !/district|buildings/.test(address)) return answer;
  return new Response(JSON.stringify({ ...(await answer.json()), edition: "of old" }));
};
"""


def test_areas_that_were_kept_from_before_a_publication_are_fetched_anew(
    browser_page: Visit, address: str
) -> None:
    browser_page.page.add_init_script(KEPT)
    page = opened(browser_page, f"{address}/")
    assert page.evaluate("gridmap.view.areas.size") == 6
    assert page.locator("#map-wrong").is_hidden()
    anew = [one for one in page.evaluate("asked") if one.startswith("reload")]
    assert sorted(anew) == ["reload /map/buildings.json", "reload /map/district.json"]
    browser_page.assert_clean()


def test_nobody_is_shown_on_areas_of_another_edition(browser_page: Visit, address: str) -> None:
    page = browser_page.page

    def newer(route: Any) -> None:
        route.fulfill(json=route.fetch().json() | {"edition": "to come"})

    # The page was opened, and then the next edition came into force.
    page.route("**/map/points.json", newer)
    browser_page.open(f"{address}/")
    page.wait_for_selector("#map-wrong button")
    assert "发布了新版本" in page.inner_text("#map-wrong")
    assert page.evaluate("Object.keys(gridmap.view.details)") == []
    page.unroute("**/map/points.json")
    page.click("#map-wrong button")
    page.wait_for_selector("#map-home[data-ready]")
    assert page.evaluate("Object.keys(gridmap.view.details)") != []


def test_the_map_speaks_english_where_it_is_asked_to(browser_page: Visit, address: str) -> None:
    page = opened(browser_page, f"{address}/?lang=en")
    assert page.inner_text("#map-title") == "The one map"
    assert "Open cases: 4" in page.inner_text("#map-counts")
    shown(page, "9-english")
    assert violations(page) == []
    browser_page.assert_clean()
