"""What the residents' page says while it changes: read out, taken back, and beside the focus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.pages import service_views
from tests.browser import PHONE, Visit, window
from tests.services_town import names, opened, settled

pytest_plugins = ["tests.services_fixtures"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session"),
]

# The device answers when the test says so: calls[n][0] with a position, calls[n][1] without.
DEVICE = """
window.calls = [];
navigator.geolocation.getCurrentPosition = (found, failed) => calls.push([found, failed]);
"""
FOUND = "(n) => calls[n][0]({ coords: { longitude: 117.0031, latitude: 36.6031 } })"
FAILED = "(n) => calls[n][1]({ code: 1 })"


@pytest.fixture
def visit(chromium: Any) -> Iterator[Visit]:
    """A phone without a worker, so that the test decides what is answered."""
    with window(chromium, {**PHONE, "service_workers": "block"}) as found:
        found.page.add_init_script(DEVICE)
        yield found


def test_a_list_that_failed_to_come_is_forgotten_when_the_next_one_comes(
    visit: Visit, address: str
) -> None:
    page = opened(visit, f"{address}/services")
    page.route("**/services?*", lambda route: route.abort())
    page.check("input[name=free]", force=True)
    page.wait_for_selector("#offline:has-text('没有连上')")
    page.unroute("**/services?*")
    page.uncheck("input[name=free]", force=True)
    page.wait_for_selector("#offline", state="hidden")
    # A place that comes takes it back as well.
    page.route("**/services?*", lambda route: route.abort())
    page.check("input[name=free]", force=True)
    page.wait_for_selector("#offline:has-text('没有连上')")
    page.unroute("**/services?*")
    page.locator(".name").first.click()
    page.wait_for_selector("#sheet[open] #place")
    page.wait_for_selector("#offline", state="hidden")


def test_a_position_found_after_one_that_was_not_leaves_the_button_as_it_was(
    visit: Visit, address: str
) -> None:
    page = opened(visit, f"{address}/services")
    button = page.locator("#locate span")
    standing = button.inner_text()
    page.click("#locate")
    page.evaluate(FAILED, 0)
    assert "无法定位" in button.inner_text()
    page.click("#locate")
    assert "正在定位" in button.inner_text()
    page.evaluate(FOUND, 1)
    page.wait_for_selector(".origin")
    assert button.inner_text() == standing
    visit.assert_clean()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_double_tap_on_the_button_leaves_it_as_it_was(
    visit: Visit, address: str, order: tuple[int, int]
) -> None:
    page = opened(visit, f"{address}/services")
    standing = page.inner_text("#locate span")
    page.dblclick("#locate")
    for call in order:
        page.evaluate(FOUND, call)
    page.wait_for_selector(".origin")
    assert page.inner_text("#locate span") == standing
    visit.assert_clean()


def test_the_count_is_read_out_and_the_pressed_kind_keeps_the_focus(
    visit: Visit, address: str
) -> None:
    page = opened(visit, f"{address}/services")
    heading = page.evaluate_handle("document.getElementById('count')")
    assert page.inner_text("#count").startswith("5 处")
    link = page.locator(".kinds a", has_text="吃饭与照料")
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".finer")
    settled(page)
    # What is read out is the change of a region that was there before.
    assert heading.evaluate("(one) => one.isConnected && one.textContent").startswith("3 处")
    assert page.evaluate("document.activeElement.textContent") == "吃饭与照料"
    assert page.locator(".kinds a:focus").get_attribute("aria-current") == "true"
    page.locator(".finer a", has_text="社区食堂").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**category=canteen**")
    settled(page)
    assert page.evaluate("document.activeElement.textContent").startswith("社区食堂")
    visit.assert_clean()


def test_what_is_pressed_and_gone_leads_the_focus_to_what_is_new(
    visit: Visit, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_views, "_ON_A_PAGE", 3)
    page = opened(visit, f"{address}/services")
    assert len(names(page)) == 3
    page.locator(".more a").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".place >> nth=4")
    settled(page)
    assert page.evaluate("document.activeElement.textContent") == names(page)[3]
    page.goto(f"{address}/services?text=滑雪场")
    page.locator(".nothing a").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(".place")
    settled(page)
    assert page.evaluate("document.activeElement.id") == "results"
    visit.assert_clean()


def test_the_button_of_the_map_works_after_the_list_has_changed(visit: Visit, address: str) -> None:
    page = opened(visit, f"{address}/services")
    page.check("input[name=open_now]", force=True)
    page.wait_for_url("**open_now=1**")
    settled(page)
    page.click("#show-map")
    page.wait_for_selector(".gm-pin")
    assert page.get_attribute("#show-map", "aria-expanded") == "true"
    page.uncheck("input[name=open_now]", force=True)
    page.wait_for_url("**/services")
    settled(page)
    page.click("#show-map")
    page.wait_for_selector("#map", state="hidden")
    assert page.get_attribute("#show-map", "aria-expanded") == "false"
    visit.assert_clean()
