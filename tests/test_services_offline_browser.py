"""Without a connection the residents' page says what it shows, and from where it counts minutes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import PHONE
from tests.services_town import names, settled, without_room

pytest_plugins = ["tests.services_fixtures"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session"),
]

# Two spots of the neighbourhood, from which the same places are not equally far.
A, B = "117.0031,36.6031", "117.0321,36.6041"
CANTEENS = {"东苑社区食堂", "远处食堂", "晚餐铺"}


@pytest.fixture
def phone(chromium: Any) -> Iterator[Any]:
    """A telephone whose worker may fetch: its requests pass no route of a window."""
    lon, lat = map(float, B.split(","))
    context = chromium.new_context(
        locale="zh-CN",
        geolocation={"longitude": lon, "latitude": lat},
        permissions=["geolocation"],
        **PHONE,
    )
    try:
        page = context.new_page()
        page.set_default_timeout(20_000)
        yield page
    finally:
        context.close()


def seen(page: Any, *addresses: str) -> None:
    """Look at pages with a connection, so that the worker keeps them; then lose it."""
    page.goto(addresses[0])
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    for address in addresses:
        page.goto(address)
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)


# Gives every page that was kept another time; those from A an older one.
AGED = """(older) => caches.open("gridmap-pages").then(async (pages) => {
  for (const key of await pages.keys()) {
    const kept = await pages.match(key);
    const time = `2026-11-${decodeURIComponent(key.url).includes(older) ? 20 : 22} 08:00`;
    const text = (await kept.text()).replace(/(<time id="as-of"[^>]*>)[^<]*/, `$1${time}`);
    await pages.put(key, new Response(text, { headers: kept.headers }));
  }
})"""


def test_a_device_without_room_shows_what_is_answered(phone: Any, address: str) -> None:
    seen(phone, f"{address}/services")
    phone.context.set_offline(False)
    without_room(phone)
    phone.goto(f"{address}/services?category=canteen")
    assert set(names(phone)) == CANTEENS
    assert not phone.is_visible("#offline")
    phone.click("text=远处食堂")
    phone.wait_for_selector("#sheet[open] #place")
    assert "0990-5550102" in phone.inner_text("#sheet")


def test_a_place_that_stands_in_is_the_one_kept_last_and_tells_its_own_time(
    phone: Any, address: str
) -> None:
    spots = [f"{address}/services/P2?near={spot}" for spot in (A, B)]
    seen(phone, *spots, f"{address}/services")
    phone.evaluate(AGED, A)
    phone.click("text=远处食堂")
    phone.wait_for_selector("#sheet[open] #place")
    assert "2026-11-22 08:00" in phone.inner_text("#sheet .offline")
    phone.click("#sheet .close")
    phone.goto(f"{spots[0]}&open_now=1")
    assert "2026-11-20 08:00" in phone.inner_text("#offline")
    phone.goto(f"{address}/services/P2?near=117.01,36.6")
    assert "2026-11-22 08:00" in phone.inner_text("#offline")


def test_thanks_are_not_kept(phone: Any, address: str) -> None:
    seen(
        phone, f"{address}/services/P2?told=thanks", f"{address}/services/P2", f"{address}/services"
    )
    kept = phone.evaluate(
        "caches.open('gridmap-pages').then((one) => one.keys())"
        ".then((all) => all.map((key) => key.url))"
    )
    assert sorted(kept) == [f"{address}/services", f"{address}/services/P2"]
    phone.goto(f"{address}/services/P2?told=thanks")
    assert "0990-5550102" in phone.inner_text("#place")


def test_connected_again_the_list_that_was_asked_for_comes(phone: Any, address: str) -> None:
    seen(phone, f"{address}/services")
    phone.check("input[name=open_now]", force=True)
    phone.wait_for_selector("#offline:has-text('没有保存过')")
    settled(phone)
    phone.context.set_offline(False)
    phone.wait_for_url("**/services?open_now=1")
    settled(phone)
    assert not phone.is_visible("#offline")
    assert phone.locator("input[name=open_now]").is_checked()
    # Somebody who is typing is told only that there is a connection.
    phone.context.set_offline(True)
    phone.goto(f"{address}/services?text=无")
    assert "没有保存过" in phone.inner_text("#offline")
    phone.fill("input[name=text]", "钥")
    phone.context.set_offline(False)
    phone.wait_for_selector("#offline", state="hidden")
    assert phone.input_value("input[name=text]") == "钥"
    assert len(names(phone)) == 5


def test_the_list_that_stands_in_for_a_place_gives_way_to_it(phone: Any, address: str) -> None:
    seen(phone, f"{address}/services/P1", f"{address}/services")
    phone.goto(f"{address}/services/P2")
    assert len(names(phone)) == 5
    # Beneath a place that is being read it stays, and nothing is said of a connection.
    phone.click("text=东苑社区食堂")
    phone.wait_for_selector("#sheet[open] #place")
    phone.context.set_offline(False)
    phone.wait_for_selector("#sheet .offline", state="detached")
    assert phone.is_hidden("#offline")
    phone.click("#sheet .close")
    phone.wait_for_selector("main.single #place")
    assert phone.url == f"{address}/services/P2"
    assert "0990-5550102" in phone.inner_text("#place")


def test_connected_again_the_place_that_was_asked_for_comes(phone: Any, address: str) -> None:
    seen(phone, f"{address}/services")
    phone.goto(f"{address}/services/P2")
    phone.context.set_offline(False)
    phone.wait_for_selector("main.single #place")
    assert "0990-5550102" in phone.inner_text("#place")


def test_the_list_from_another_spot_is_not_shown_for_the_one_asked_for(
    phone: Any, address: str
) -> None:
    seen(phone, f"{address}/services?category=canteen&near={A}")
    assert phone.locator(".walk").count() > 0
    phone.click("#locate")
    phone.wait_for_selector("#offline:has-text('没有保存过')")
    settled(phone)
    # The plain list, and everything on the page says so.
    assert phone.locator(".walk").count() == 0
    assert phone.locator(".origin").count() == 0
    assert len(names(phone)) == 5
    assert phone.url == f"{address}/services"
    assert phone.input_value("input[name=near]") == ""
    assert phone.input_value("input[name=category]") == ""
    assert "2026-11-23 10:00" in phone.inner_text("#offline")
    # What was looked at before is there all the same, and nothing more is to be said of it.
    phone.go_back()
    phone.wait_for_selector(".walk")
    assert set(names(phone)) == CANTEENS
    assert phone.input_value("input[name=near]") == A
    assert "没有保存过" not in phone.inner_text("#offline")


def test_an_address_that_was_not_looked_at_opens_as_the_plain_list_and_says_so(
    phone: Any, address: str
) -> None:
    seen(phone, f"{address}/services?category=canteen", f"{address}/services?text=钥匙")
    phone.goto(f"{address}/services?category=health&open_now=1")
    assert len(names(phone)) == 5
    assert "没有保存过" in phone.inner_text("#offline")
    assert not phone.locator("input[name=open_now]").is_checked()
    phone.goto(f"{address}/services?text=钥匙")
    assert names(phone) == ["预约配钥匙"]
    assert "没有保存过" not in phone.inner_text("#offline")


def test_the_plain_list_that_stands_in_is_the_newest_in_the_readers_language(
    phone: Any, address: str
) -> None:
    seen(phone, f"{address}/services?lang=en", f"{address}/services?category=canteen&lang=en")
    phone.goto(f"{address}/services?category=health&lang=en")
    assert phone.get_attribute("html", "lang") == "en"
    assert len(names(phone)) == 5
    assert "was never kept" in phone.inner_text("#offline")


def test_a_place_seen_from_elsewhere_is_shown_without_the_minutes_from_there(
    phone: Any, address: str
) -> None:
    seen(phone, f"{address}/services/P2?near={A}", f"{address}/services?near={B}")
    assert names(phone)
    phone.click("text=远处食堂")
    phone.wait_for_selector("#sheet[open] #place")
    sheet = phone.inner_text("#sheet")
    assert "0990-5550102" in sheet
    assert "步行约" not in sheet
    # As a page of its own too; from where it was looked at, the minutes are right.
    phone.goto(f"{address}/services/P2?near={B}")
    assert "步行约" not in phone.inner_text("#place")
    phone.goto(f"{address}/services/P2?near={A}&open_now=1")
    assert "步行约" in phone.inner_text("#place")
