"""The served pages in Chromium, with every request to another site refused."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI

from tests.api_client import STREET_GRID
from tests.browser import Visit, served

pytest_plugins = ["tests.api_fixtures"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session"),
]


@pytest.fixture
def address(api_app: FastAPI) -> Iterator[str]:
    """Where the application is served, on this machine only."""
    with served(api_app) as where:
        yield where


def test_the_form_of_the_first_page_says_where_a_place_is(
    browser_page: Visit, address: str
) -> None:
    page = browser_page.open(f"{address}/")
    page.fill("[name=lon]", "117.0099")
    page.fill("[name=lat]", "36.605")
    page.fill("[name=accuracy_m]", "25")
    page.click("button[type=submit]")
    page.wait_for_selector("#answer li")
    answer = page.inner_text("#answer")
    assert STREET_GRID in answer
    assert "文化社区" in answer
    assert "需人工确认" in answer
    page.click(f"text={STREET_GRID}")
    assert STREET_GRID in page.inner_text("body")
    browser_page.assert_clean()


def answering(said: object) -> Callable[[Any], None]:
    """Answer as a proxy does that has no service behind it."""
    kind, body = "application/json", json.dumps(said)
    return lambda route: route.fulfill(status=502, content_type=kind, body=body)


def test_the_first_page_tells_in_its_language_that_nobody_answers_or_what_is_refused(
    browser_page: Visit, address: str
) -> None:
    page = browser_page.open(f"{address}/")
    page.fill("[name=lon]", "117.0051")
    page.fill("[name=lat]", "36.605")
    page.route("**/api/locate?*", lambda route: route.abort())
    page.click("#locate button[type=submit]")
    page.wait_for_selector("#answer .warning >> text=没有连上，请稍后再试。")
    page.unroute("**/api/locate?*")
    # Something between answers with JSON that is no problem of the service.
    for strange in ({"error": "bad gateway"}, {"detail": []}, ["no"], None):
        page.reload()
        page.fill("[name=lon]", "117.0051")
        page.fill("[name=lat]", "36.605")
        page.route("**/api/locate?*", answering(strange))
        page.click("#locate button[type=submit]")
        page.wait_for_selector("#answer .warning >> text=没有连上，请稍后再试。")
        page.unroute("**/api/locate?*")
    page.evaluate("document.querySelector('[name=coord_sys] option').value = 'mars'")
    page.click("#locate button[type=submit]")
    page.wait_for_selector("#answer .warning:not(:has-text('没有连上'))")
    assert page.inner_text("#answer .warning").startswith("没有这种坐标系。")


WARNINGS = ("accuracy_ignored", "candidates_cut", "missing", "null_island", "out_of_range",
            "outside_gcj_area", "overlap", "unknown_coord_sys")  # fmt: skip


def test_what_is_odd_about_coordinates_is_told_in_words(browser_page: Visit, address: str) -> None:
    for lang, said in (("zh", ("坐标超出范围", "坐标是 0,0")), ("en", ("out of range", "are 0,0"))):
        for (lon, lat), words in zip((("200", "30"), ("0", "0")), said, strict=True):
            page = browser_page.open(f"{address}/?lang={lang}")
            page.fill("[name=lon]", lon)
            page.fill("[name=lat]", lat)
            page.click("#locate button[type=submit]")
            page.wait_for_selector(f"#answer .warning:has-text('{words}')")
    page.route("**/api/locate?*", all_at_once)
    for lang in ("zh", "en"):
        page.goto(f"{address}/?lang={lang}")
        page.fill("[name=lon]", "117.005")
        page.fill("[name=lat]", "36.605")
        page.click("#locate button[type=submit]")
        page.wait_for_selector("#answer .warning")
        told = page.inner_text("#answer .warning")
        # "overlap" is an English word as well.
        assert [c for c in WARNINGS if c in told and (lang == "zh" or "_" in c)] == []
        assert told.count("; " if lang == "en" else "；") == len(WARNINGS) - 1
    browser_page.assert_clean()


def all_at_once(route: Any) -> None:
    """Let an answer come with every warning that there is."""
    answer = route.fetch()
    route.fulfill(response=answer, json=answer.json() | {"warning": ";".join(WARNINGS)})


# The first question is answered after the second.
SLOW = """
const real = window.fetch;
let last = null;
window.fetch = async (address, options) => {
  if (!address.startsWith("/api/locate")) return real(address, options);
  if (last) return last(await real(address, options));
  const waited = new Promise((done) => { last = (answer) => { done(); return answer; }; });
  const answer = await real(address, options);
  await waited;
  await new Promise((done) => setTimeout(done, 300));
  window.late = true;
  return answer;
};
"""


def test_an_answer_that_comes_late_is_not_shown_under_other_coordinates(
    browser_page: Visit, address: str
) -> None:
    browser_page.page.add_init_script(SLOW)
    page = browser_page.open(f"{address}/")
    page.fill("[name=lat]", "36.605")
    for lon in ("117.0051", "121.5"):
        page.fill("[name=lon]", lon)
        page.click("#locate button[type=submit]")
    page.wait_for_selector("#answer .outside")
    page.wait_for_function("() => window.late")
    page.wait_for_timeout(300)
    assert page.locator("#answer .outside").count() == 1
    assert page.locator("#answer li").count() == 0
    browser_page.assert_clean()


def test_the_interface_document_is_drawn_without_a_network(
    browser_page: Visit, address: str
) -> None:
    page = browser_page.open(f"{address}/docs")
    page.wait_for_selector(".opblock")
    described = page.evaluate("fetch('/openapi.json').then((found) => found.json())")
    assert page.locator(".opblock").count() == sum(len(of) for of in described["paths"].values())
    page.click("text=Locate one point")
    page.click("text=Try it out")
    page.fill("[data-param-name=lon] input", "117.005")
    page.fill("[data-param-name=lat] input", "36.605")
    page.click("text=Execute")
    page.wait_for_selector(".live-responses-table")
    assert "990101001001" in page.inner_text(".live-responses-table")
    browser_page.assert_clean()


@pytest.mark.parametrize("kind", ["levels", "party", "services"])
def test_a_map_is_drawn_by_what_this_server_sends(
    browser_page: Visit, address: str, kind: str
) -> None:
    page = browser_page.open(f"{address}/maps/{kind}")
    page.wait_for_selector(".gm-label")
    assert "文化社区" in page.inner_text("body")
    browser_page.assert_clean()


@pytest.mark.parametrize("path", ["/", "/problems", "/nothing"])
def test_no_page_is_wider_than_a_phone(phone_page: Visit, address: str, path: str) -> None:
    page = phone_page.open(f"{address}{path}")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert phone_page.refused == []
