"""The page on which a report is sent in Chromium: a phone and a desk, with and without a script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from api.app import create_app
from gridmap.workspace import Workspace
from tests.browser import DESKTOP, PHONE, Visit, keep_picture, served, violations, window
from tests.test_photos import picture, saved

pytest_plugins = ["tests.api_fixtures"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session"),
]

HERE = {"longitude": 117.0031, "latitude": 36.6031, "accuracy": 12}
FAR = {"longitude": 121.5, "latitude": 31.2, "accuracy": 30}


@pytest.fixture(scope="module")
def address(api_workspace: Workspace) -> Iterator[str]:
    """Where an application of its own is served to residents, on this machine only."""
    changed = api_workspace.settings.model_copy(update={"loopback_role": "resident"})
    with served(create_app(changed, workspace=api_workspace)) as where:
        yield where


@pytest.fixture(scope="module")
def centre(api_workspace: Workspace) -> Iterator[str]:
    """Where another one is served to the dispatcher."""
    with served(create_app(api_workspace.settings, workspace=api_workspace)) as where:
        yield where


@pytest.fixture(params=["phone", "desktop"])
def visit(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Visit]:
    """A phone's window, and one at a desk; both say where they are."""
    shape = PHONE if request.param == "phone" else DESKTOP
    where = {"geolocation": HERE, "permissions": ["geolocation"]}
    with window(chromium, {**shape, **where}) as found:
        found.kind = request.param  # type: ignore[attr-defined]
        found.page.set_default_timeout(20_000)
        yield found


def shown(page: Any, name: str) -> None:
    """The page is whole: it fits, axe finds nothing, and it may be looked at."""
    keep_picture(page, f"report-{name}")
    wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert wide[0] <= wide[1], (name, wide)
    assert violations(page) == [], name


def typed(page: Any, *names: str) -> list[str]:
    return [page.input_value(f"[name={name}]") for name in names]


def test_a_resident_finds_item_and_place_and_sends(visit: Visit, address: str) -> None:
    kind = visit.kind  # type: ignore[attr-defined]
    page = visit.open(f"{address}/report")
    page.wait_for_selector("#map.leaflet-container")
    shown(page, f"{kind}-1-blank")
    # Nobody knows what the table calls it.
    page.fill("#find input", "路灯坏了")
    page.wait_for_selector("#found:has-text('项')")
    assert page.locator(".pick:visible").count() < 4
    page.click(".pick:visible >> text=路灯不亮")
    page.wait_for_selector("#chosen:not([hidden]) >> text=路灯不亮")
    page.click("#locate")
    page.wait_for_selector("#spot >> text=文化社区")
    assert typed(page, "lon", "lat", "accuracy_m") == ["117.003100", "36.603100", "12"]
    page.fill("[name=text]", "小区东门口的路灯三天不亮，晚上看不清台阶。")
    photo = {"name": "灯.jpg", "mimeType": "image/jpeg", "buffer": saved(picture((300, 200)))}
    page.set_input_files("[name=photo]", photo)
    # Brought back as it was left, what was typed and not sent stays.
    page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))")
    shown(page, f"{kind}-2-filled")
    assert typed(page, "text") == ["小区东门口的路灯三天不亮，晚上看不清台阶。"]
    page.click(".send button")
    page.wait_for_url("**/receipt/*taken=1*")
    said = page.inner_text(".taken")
    assert page.url.split("/receipt/")[1].partition("?")[0] in said
    assert page.locator(".photos img").count() == 1
    shown(page, f"{kind}-3-taken")
    visit.assert_clean()


def filled(visit: Visit, address: str) -> Any:
    """The form with everything on it, ready to be sent."""
    page = visit.open(f"{address}/report?item=0306&lon=117.005&lat=36.605")
    page.wait_for_selector("#map.leaflet-container")
    page.fill("[name=text]", "路灯三天不亮")
    photo = {"name": "灯.jpg", "mimeType": "image/jpeg", "buffer": saved(picture((300, 200)))}
    page.set_input_files("[name=photo]", photo)
    return page


# While a form is on its way nothing can be asked of its page: it notes itself how its button
# looks, is stopped as by the browser's button, and notes it again.
STOPPED = """
() => {
  window.seen = [];
  const button = document.querySelector(".send button");
  const note = () => window.seen.push([button.disabled, button.textContent]);
  document.forms.report.addEventListener("submit", () => window.setTimeout(() => {
    note();
    window.stop();
    window.setTimeout(note, 300);
  }, 700), { once: true });
}
"""
# A browser that does not tell that it stopped, and a patience of a quarter of a second.
SILENT = """
Object.defineProperty(window, "navigation", { value: undefined });
const later = window.setTimeout;
window.setTimeout = (run, ms, ...more) => later(run, ms === 20000 ? 250 : ms, ...more);
"""


def stopped(page: Any) -> list[list[Any]]:
    """Send the form to where nothing answers, and stop; how the button was before and after."""
    page.route("**/report", lambda route: None)
    page.evaluate(STOPPED)
    page.click(".send button", no_wait_after=True)
    page.wait_for_function("() => window.seen.length === 2")
    page.unroute("**/report")
    found: list[list[Any]] = page.evaluate("window.seen")
    return found


def test_a_report_that_was_stopped_on_its_way_is_sent_by_the_same_form(
    visit: Visit, address: str
) -> None:
    page = filled(visit, address)
    assert stopped(page) == [[True, "正在发出…"], [False, "上报"]]
    assert typed(page, "text") == ["路灯三天不亮"]
    page.click(".send button")
    page.wait_for_url("**/receipt/*taken=1*")
    assert page.locator(".photos img").count() == 1


def test_where_the_browser_does_not_tell_a_report_can_be_sent_anew_after_a_while(
    visit: Visit, address: str
) -> None:
    visit.page.add_init_script(SILENT)
    page = filled(visit, address)
    assert stopped(page)[-1] == [False, "还没有发出去，可以再按一次"]
    page.click(".send button")
    page.wait_for_url("**/receipt/*taken=1*")


def test_a_form_that_is_brought_back_is_emptied_when_its_report_was_taken_alone(
    visit: Visit, address: str
) -> None:
    visit.page.add_init_script(SILENT.replace("20000", "0"))
    page = filled(visit, address)
    assert stopped(page)[-1] == [True, "正在发出…"]
    back = "window.dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
    page.evaluate(back)
    assert page.is_enabled(".send button")
    assert typed(page, "text") == ["路灯三天不亮"]
    assert page.evaluate("document.forms.report.photo.files.length") == 1
    # Taken after all, as when the answer alone was lost.
    key = page.input_value("[name=key]")
    sent = {"key": key, "item": "0306", "lon": "117.005", "lat": "36.605", "coord_sys": "wgs84"}
    assert page.request.post(f"{address}/report", multipart=sent).ok
    page.evaluate(back)
    page.wait_for_function("(key) => document.forms.report?.key.value !== key", arg=key)
    assert typed(page, "text") == [""]


def test_the_last_thing_said_of_the_place_counts(visit: Visit, address: str) -> None:
    kind = visit.kind  # type: ignore[attr-defined]
    page = visit.open(f"{address}/report?item=0101&lon=117.005&lat=36.605")
    page.wait_for_selector(".report-pin")
    page.wait_for_selector("#spot >> text=文化社区")
    middle = page.locator("#map").bounding_box()
    page.mouse.click(middle["x"] + middle["width"] / 3, middle["y"] + middle["height"] / 3)
    page.wait_for_function("document.forms.report.lon.value !== '117.005'")
    lon, lat = typed(page, "lon", "lat")
    assert (float(lon) < 117.005, float(lat) > 36.605) == (True, True)
    page.fill("[name=estate]", "东苑")
    page.locator("[name=estate]").blur()
    page.wait_for_selector("#spot >> text=已记下小区")
    assert typed(page, "lon", "lat") == ["", ""]
    assert page.locator(".report-pin").count() == 0
    page.check("[name=unknown]")
    assert typed(page, "estate") == [""]
    # An answer that comes late is about what was said before.
    page.evaluate("navigator.geolocation.getCurrentPosition = (found) => { window.found = found; }")
    page.click("#locate")
    page.wait_for_selector("#spot >> text=正在定位")
    page.uncheck("[name=unknown]")
    page.check("[name=unknown]")
    page.evaluate("window.found({ coords: { longitude: 117, latitude: 36.6, accuracy: 5 } })")
    assert typed(page, "lon", "lat") == ["", ""]
    assert page.is_checked("[name=unknown]")
    page.evaluate("delete navigator.geolocation.getCurrentPosition")
    # Beyond the grids it can be reported all the same.
    page.context.set_geolocation(FAR)
    page.click("#locate")
    page.wait_for_selector("#spot.doubt >> text=不在本地网格范围内")
    assert not page.is_checked("[name=unknown]")
    shown(page, f"{kind}-4-outside")
    page.context.clear_permissions()
    page.click("#locate")
    page.wait_for_selector("#spot.doubt >> text=无法定位")
    visit.assert_clean()


def test_what_is_refused_is_shown_where_it_is(visit: Visit, address: str) -> None:
    kind = visit.kind  # type: ignore[attr-defined]
    page = visit.open(f"{address}/report")
    page.fill("[name=reporter_phone]", "12")
    page.click(".send button")
    page.wait_for_selector("#refused")
    assert page.locator("#refused li").count() == 3
    shown(page, f"{kind}-5-refused")
    page.click("text=English")
    page.wait_for_url("**/report?lang=en")
    shown(page, f"{kind}-6-english")
    # The browser tells of the refusal too.
    assert all("422" in one for one in visit.problems)


def test_who_takes_a_call_sees_at_once_where_it_would_go(visit: Visit, centre: str) -> None:
    kind = visit.kind  # type: ignore[attr-defined]
    page = visit.open(f"{centre}/report?lon=117.004&lat=36.604")
    page.fill("#find input", "0101")
    page.click(".pick:visible >> text=暴露垃圾")
    page.wait_for_selector("#preview >> text=东苑物业")
    seen = page.inner_text("#preview")
    assert "文化社区" in seen
    assert "演示一" in seen
    shown(page, f"{kind}-7-preview")
    page.click(".send button >> text=登记")
    page.wait_for_url("**/orders/*done=order.submit")
    assert page.inner_text(".said[role=status]") == "已记录：上报。"
    visit.assert_clean()


def test_a_phone_without_a_script_sends_by_the_estate(chromium: Any, address: str) -> None:
    with window(chromium, {**PHONE, "java_script_enabled": False}) as visit:
        page = visit.open(f"{address}/report")
        page.set_default_timeout(20_000)
        page.click("summary >> text=市政")
        page.check(".pick >> text=路灯不亮")
        page.fill("[name=estate]", "没有这个小区")
        page.click(".send button")
        page.wait_for_selector("#place-why >> text=没有这个小区")
        assert page.is_checked("[value='0306']")
        keep_picture(page, "report-plain")
        page.fill("[name=estate]", "东苑")
        page.click(".send button")
        page.wait_for_url("**/receipt/*taken=1")
        assert "已收到您的上报" in page.inner_text(".taken")
