"""The residents' page in Chromium, on a phone and at a desk, with and without a connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import DESKTOP, PHONE, Visit, keep_picture, violations, window
from tests.services_town import names, opened, settled

pytest_plugins = ["tests.services_fixtures"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session"),
]

HERE = {"longitude": 117.0031, "latitude": 36.6031}


@pytest.fixture(params=["phone", "desktop"])
def visit(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Visit]:
    """A phone's window, and one at a desk; both say where they are."""
    shape = PHONE if request.param == "phone" else DESKTOP
    where = {"geolocation": HERE, "permissions": ["geolocation"]}
    with window(chromium, {**shape, **where}) as found:
        found.kind = request.param  # type: ignore[attr-defined]
        yield found


def shown(page: Any, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    keep_picture(page, f"services-{name}")


def test_a_canteen_that_is_open_within_15_minutes_is_found_called_and_shared(
    visit: Visit, chromium: Any, address: str
) -> None:
    page = opened(visit, f"{address}/services")
    kind = visit.kind  # type: ignore[attr-defined]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    shown(page, f"{kind}-1-start")
    assert violations(page) == []
    page.click("#locate")
    page.wait_for_selector(".origin")
    page.click(".kinds >> text=吃饭与照料")
    page.wait_for_selector(".finer")
    page.click(".finer >> text=社区食堂")
    page.wait_for_url("**category=canteen**")
    settled(page)
    page.check("input[name=open_now]", force=True)
    page.wait_for_url("**open_now=1**")
    page.select_option("select[name=within]", "15")
    page.wait_for_url("**within=15**")
    settled(page)
    assert names(page) == ["东苑社区食堂"]
    card = page.locator("#p-P1")
    assert "开放中" in card.inner_text()
    assert "13:30 结束" in card.inner_text()
    assert "步行约" in card.inner_text()
    assert card.locator(".call").get_attribute("href") == "tel:09905550101"
    assert page.locator(".people .call").first.get_attribute("href") == "tel:09905550001"
    assert "演示" not in page.inner_text("body")
    shown(page, f"{kind}-2-found")
    assert violations(page) == []
    page.click(".name")
    page.wait_for_selector("#sheet[open] #place")
    sheet = page.inner_text("#sheet")
    assert "东门进" in sheet
    assert "无障碍卫生间" in sheet
    assert page.locator("#sheet .ways a").count() == 4
    page.wait_for_timeout(250)
    shown(page, f"{kind}-3-place")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.wait_for_selector("#sheet:not([open])", state="attached")
    # The address of the place has the list's conditions as well.
    page.wait_for_url(lambda url: "within=15" in url and "/services/" not in url)
    shared = page.url
    with window(chromium, PHONE) as other:
        elsewhere = opened(other, shared)
        assert names(elsewhere) == ["东苑社区食堂"]
        assert elsewhere.locator("input[name=open_now]").is_checked()
        assert elsewhere.input_value("select[name=within]") == "15"
        other.assert_clean()
    page.go_back()
    settled(page)
    assert "within" not in page.url
    visit.assert_clean()


def test_going_back_closes_the_sheet_of_a_place_and_leaves_the_list(
    visit: Visit, address: str
) -> None:
    page = opened(visit, f"{address}/services?text=食堂")
    before = page.url
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.locator(".name").first.click()
    page.wait_for_selector("#sheet[open] #place")
    assert "/services/" in page.url
    page.go_back()
    page.wait_for_selector("#sheet:not([open])", state="attached")
    assert page.url == before
    page.go_forward()
    page.wait_for_selector("#sheet[open] #place")
    page.click("#sheet .close")
    page.wait_for_url(before)
    assert page.locator("#sheet").get_attribute("open") is None
    # The list was not asked for again.
    assert before not in asked
    # Loaded anew, the place is a page of its own; before it lies the list all the same.
    page.locator(".name").first.click()
    page.wait_for_selector("#sheet[open] #place")
    page.reload()
    page.wait_for_selector("main.single #place")
    page.go_back()
    page.wait_for_selector("#filters")
    assert page.url == before
    assert names(page)
    # Several steps at once lead to another list than the one beneath the sheet.
    page.check("input[name=open_now]", force=True)
    page.wait_for_url("**open_now=1**")
    settled(page)
    page.locator(".name").first.click()
    page.wait_for_selector("#sheet[open] #place")
    page.evaluate("history.go(-2)")
    page.wait_for_selector("#sheet:not([open])", state="attached")
    page.wait_for_selector("input[name=open_now]:not(:checked)", state="attached")
    assert page.url == before
    visit.assert_clean()


def test_what_is_not_there_is_said_with_a_way_on(visit: Visit, address: str) -> None:
    kind = visit.kind  # type: ignore[attr-defined]
    page = opened(visit, f"{address}/services?text=滑雪场&open_now=1")
    assert "没有符合条件" in page.inner_text("#results")
    shown(page, f"{kind}-4-nothing")
    assert violations(page) == []
    page.click("text=清除全部条件")
    page.wait_for_url("**/services")
    settled(page)
    assert len(names(page)) == 5
    visit.assert_clean()
    answer = page.request.get(f"{address}/services?estate=没有这个小区")
    assert answer.status == 404
    assert "没有找到这个小区" in answer.text()
    assert page.request.get(f"{address}/services?near=abc").status == 422


def test_large_type_and_english_fit_the_window(visit: Visit, address: str) -> None:
    kind = visit.kind  # type: ignore[attr-defined]
    page = opened(visit, f"{address}/services?estate=东苑&big=1")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") > 20
    shown(page, f"{kind}-5-big")
    assert violations(page) == []
    page.click("text=English")
    page.wait_for_url("**lang=en**")
    assert page.get_attribute("html", "lang") == "en"
    assert "From East Court" in page.inner_text("#results")
    assert "big=1" in page.url
    shown(page, f"{kind}-6-english")
    assert violations(page) == []
    visit.assert_clean()


def test_without_a_script_the_page_is_a_list_with_a_form(chromium: Any, address: str) -> None:
    with window(chromium, {**PHONE, "java_script_enabled": False}) as visit:
        page = opened(visit, f"{address}/services")
        page.fill("[name=estate]", "东苑")
        page.fill("[name=text]", "食堂")
        page.click(".go")
        assert "estate=" in page.url
        assert names(page)[0] == "东苑社区食堂"
        shown(page, "plain-list")
        page.click(".name >> nth=0")
        assert page.inner_text("h1") == "东苑社区食堂"
        assert "11-23" in page.inner_text(".week")
        page.click("summary >> text=有误")
        page.check("input[value=hours]")
        page.fill("textarea", "晚上不开")
        shown(page, "plain-wrong")
        page.click("text=告诉工作人员")
        assert "已转给" in page.inner_text(".told")
        assert page.locator(".back a").get_attribute("href").startswith("/services?")
        visit.assert_clean()


def test_a_place_leads_each_map_in_its_own_datum(phone_page: Visit, address: str) -> None:
    from gridmap.crs import from_wgs84

    page = opened(phone_page, f"{address}/services/P1")
    assert violations(page) == []
    shown(page, "place-page")
    links = {a.inner_text(): a.get_attribute("href") for a in page.locator(".ways a").all()}
    for name, system in (("高德地图", "gcj02"), ("百度地图", "bd09")):
        x, y = from_wgs84([117.003], [36.6035], system)
        assert f"{x[0]:.6f}" in links[name]
        assert f"{y[0]:.6f}" in links[name]
    assert links["手机自带地图"].startswith("geo:36.603500,117.003000")
    phone_page.assert_clean()


def test_the_map_is_linked_with_the_list(browser_page: Visit, address: str) -> None:
    page = opened(browser_page, f"{address}/services?category=canteen")
    page.wait_for_selector(".gm-pin")
    assert page.locator(".gm-pin").count() == 3
    assert set(page.locator(".gm-pin").all_inner_texts()) == {"餐"}
    page.locator(".gm-pin").first.dispatch_event("click")
    page.wait_for_selector(".place.lit")
    assert "网格范围示意，不作为行政区划界线依据" in page.inner_text("#mapbox")
    assert page.locator("[class*=flag]").count() == 0
    browser_page.assert_clean()


def test_on_a_phone_the_map_opens_at_a_touch(phone_page: Visit, address: str) -> None:
    page = opened(phone_page, f"{address}/services")
    assert not page.locator("#mapbox").is_visible()
    page.click("#show-map")
    page.wait_for_selector(".gm-pin")
    assert violations(page) == []
    shown(page, "phone-7-map")
    phone_page.assert_clean()


def test_without_a_connection_the_last_data_are_shown_and_said_to_be_so(
    chromium: Any, address: str
) -> None:
    # Requests that a worker makes pass no route of the window: only the policy holds them.
    context = chromium.new_context(locale="zh-CN", **PHONE)
    try:
        page = context.new_page()
        page.set_default_timeout(20_000)
        seen: list[str] = []
        page.on("request", lambda one: seen.append(one.url))
        page.goto(f"{address}/services?category=canteen")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.reload()
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        page.reload()
        page.wait_for_load_state("networkidle")
        context.set_offline(True)
        page.reload()
        assert set(names(page)) == {"东苑社区食堂", "远处食堂", "晚餐铺"}
        page.wait_for_selector("#offline:not([hidden])")
        assert "2026-11-23 10:00" in page.inner_text("#offline")
        shown(page, "phone-8-offline")
        # What was not looked at before is the plain page, not an error of the browser.
        page.goto(f"{address}/services?category=nursery")
        assert names(page)
        assert all(url.startswith((address, "data:")) for url in seen)
    finally:
        context.close()


def test_the_page_can_be_installed(browser_page: Visit, address: str) -> None:
    page = opened(browser_page, f"{address}/services")
    found = page.evaluate(
        "fetch(document.querySelector('link[rel=manifest]').href).then((one) => one.json())"
    )
    assert (found["name"], found["start_url"], found["display"]) == (
        "身边服务", "/services", "standalone",
    )  # fmt: skip
    for icon in found["icons"]:
        answer = page.request.get(address + icon["src"])
        assert answer.status == 200
        assert answer.headers["content-type"] == "image/png"
    browser_page.assert_clean()
