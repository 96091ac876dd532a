"""Photos of places in Chromium: in lists, on a place's page, offline, and where staff keep them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from fastapi import FastAPI

from api.app import create_app
from gridmap.access import Actor
from gridmap.demo.dice import Dice
from gridmap.demo.pictures import draw_pictures
from gridmap.places.model import Place
from gridmap.workspace import Workspace
from tests.browser import DESKTOP, PHONE, Visit, keep_picture, served, violations, window
from tests.services_town import without_room

pytest_plugins = ["tests.api_fixtures"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("api_store", ["geopackage"], indirect=True, scope="session"),
]

PLACES = (
    Place("P1", "canteen", "东苑社区食堂", 117.003, 36.6035, "Dongyuan Canteen", "文化东路12号",
          "Mo-Su 06:30-09:00,09:30-13:30,17:00-19:00", phone="0990-5550101", price="15元",
          special_services=("长者助餐", "送餐上门"), wheelchair=True, floor="一层"),
    Place("P2", "repair", "没有照片的修理铺，名字很长很长要折行", 117.004, 36.603, "Repairs",
          hours="Mo-Su 08:00-20:00", phone="0990-5550102", address="文化东路14号院内北侧平房"),
    Place("P3", "canteen", "两张照片的食堂，名字也很长要折成两行", 117.005, 36.603, "Canteen Two",
          hours="Mo-Su 17:00-02:00", phone="0990-5550103", price="免费"),
)  # fmt: skip


@pytest.fixture(scope="module")
def furnished(api_workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Three places; one has a photo, one two, and one photo more is for staff. And a file."""
    before = api_workspace.store.records("places")
    api_workspace.streets()
    api_workspace.put_records("places", [asdict(one) for one in PLACES], replace=True)
    table = pd.DataFrame(
        {"code": ["P1", "P3"], "category": ["canteen"] * 2, "name": ["东苑社区食堂", "食堂"],
         "name_en": ["Dongyuan Canteen", "Canteen Two"], "wheelchair": [True, False]}
    )  # fmt: skip
    editor = Actor.with_role("place_editor", "editor")
    drawn = draw_pictures(table, Dice(3, "browser"))
    for one in drawn:
        words = {name: getattr(one, name) for name in ("caption", "caption_en", "alt", "alt_en")}
        words |= {"credit": "社区", "licence": "CC0", "shown_to": one.shown_to}
        api_workspace.add_place_photo(one.place, one.data, words, actor=editor)
    api_workspace.add_place_photo("P3", drawn[0].data, {"caption": "另一侧"}, actor=editor)
    file = tmp_path_factory.mktemp("files") / "door.jpg"
    file.write_bytes(draw_pictures(table, Dice(9, "another"))[1].data)
    yield file
    api_workspace.put_records("places", [], replace=True)
    api_workspace.put_records("places", before)


@pytest.fixture(scope="module")
def address(api_app: FastAPI, furnished: Path) -> Iterator[str]:
    """Where the application is served, on this machine only."""
    with served(api_app) as where:
        yield where


@pytest.fixture(scope="module")
def keeping(api_workspace: Workspace, furnished: Path) -> Iterator[str]:
    """Where it is served to who keeps places."""
    changed = api_workspace.settings.model_copy(update={"loopback_role": "place_editor"})
    with served(create_app(changed, workspace=api_workspace)) as where:
        yield where


@pytest.fixture(params=["phone", "desktop"])
def visit(request: pytest.FixtureRequest, chromium: Any) -> Iterator[Visit]:
    """A phone's window, and one at a desk."""
    with window(chromium, PHONE if request.param == "phone" else DESKTOP) as found:
        found.kind = request.param  # type: ignore[attr-defined]
        found.page.set_default_timeout(20_000)
        yield found


def shown(page: Any, name: str) -> None:
    """Keep a picture where somebody wants to look at it."""
    keep_picture(page, f"photos-{name}")


def loaded(page: Any, what: str) -> list[list[int]]:
    """Natural sizes of the pictures that are there, when all have come or failed."""
    page.locator(what).last.scroll_into_view_if_needed()
    page.wait_for_function(
        "what => [...document.querySelectorAll(what)].every(one => one.complete)", arg=what
    )
    return page.evaluate(
        "what => [...document.querySelectorAll(what)].map(one => "
        "[one.naturalWidth, one.naturalHeight])",
        what,
    )


def test_the_list_and_the_sheet_of_a_place_show_its_photos(visit: Visit, address: str) -> None:
    kind = visit.kind  # type: ignore[attr-defined]
    page = visit.open(f"{address}/services")
    assert loaded(page, ".place .thumb") == [[320, 213]] * 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    # No name runs under a picture.
    for code in ("P1", "P3"):
        name = page.locator(f"#p-{code} h3").bounding_box()
        thumb = page.locator(f"#p-{code} .thumb").bounding_box()
        assert name["x"] + name["width"] <= thumb["x"]
    shown(page, f"{kind}-1-list")
    assert violations(page) == []
    page.click("#p-P1 .name")
    page.wait_for_selector("#sheet[open] #place")
    ((width, _),) = loaded(page, "#sheet .pictures img")
    assert width > 300
    assert "东苑社区食堂正门" in page.inner_text("#sheet figcaption")
    assert "社区 · CC0" in page.inner_text("#sheet figcaption")
    page.wait_for_timeout(250)
    shown(page, f"{kind}-2-sheet")
    assert violations(page) == []
    visit.assert_clean()


def test_the_page_of_a_place_shows_them_in_the_language_of_the_page(
    visit: Visit, address: str
) -> None:
    kind = visit.kind  # type: ignore[attr-defined]
    for lang, caption, alt in (("zh", "程序绘制", "示意图"), ("en", "drawn by", "Illustration")):
        page = visit.open(f"{address}/services/P1?lang={lang}")
        assert len(loaded(page, ".pictures img")) == 1
        assert caption in page.inner_text("figcaption")
        assert alt in str(page.locator(".pictures img").get_attribute("alt"))
        shown(page, f"{kind}-3-place-{lang}")
        assert violations(page) == []
    page = visit.open(f"{address}/services/P3")
    assert len(loaded(page, ".pictures img")) == 2
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".pictures").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('.pictures').scrollLeft > 0")
    shown(page, f"{kind}-4-two")
    assert violations(page) == []
    page = visit.open(f"{address}/services/P2?big=1")
    assert page.locator(".pictures").count() == 0
    shown(page, f"{kind}-5-none")
    visit.assert_clean()


def test_without_scripts_the_photos_are_there(chromium: Any, address: str) -> None:
    with window(chromium, {**PHONE, "java_script_enabled": False}) as visit:
        page = visit.open(f"{address}/services")
        assert page.locator(".thumb").count() == 2
        page.click("#p-P1 .name")
        assert page.locator(".pictures img").count() == 1
        assert page.locator(".pictures a").get_attribute("href").startswith("/api/places/P1/photos")
        visit.assert_clean()


def test_without_a_connection_the_photos_that_were_seen_are_shown(
    chromium: Any, address: str
) -> None:
    context = chromium.new_context(locale="zh-CN", **PHONE)
    try:
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.goto(f"{address}/services")
        page.evaluate("navigator.serviceWorker.ready.then(() => true)")
        page.reload()
        page.wait_for_function("navigator.serviceWorker.controller !== null")
        page.reload()
        assert loaded(page, ".thumb") == [[320, 213]] * 2
        page.goto(f"{address}/services/P1")
        loaded(page, ".pictures img")
        page.wait_for_load_state("networkidle")
        context.set_offline(True)
        page.goto(f"{address}/services")
        assert loaded(page, ".thumb") == [[320, 213]] * 2
        page.goto(f"{address}/services/P1")
        ((width, _),) = loaded(page, ".pictures img")
        assert width > 300
        # After a week a photo is asked for anew, and kept no longer when it was taken down.
        aged = """async () => {
          const photos = await caches.open("gridmap-photos");
          for (const key of await photos.keys()) {
            const old = await photos.match(key);
            const headers = new Headers(old.headers);
            headers.set("date", new Date(Date.now() - 8 * 86400e3).toUTCString());
            await photos.put(key, new Response(await old.blob(), { headers }));
          }
          return (await photos.keys()).map((key) => key.url);
        }"""
        known = page.evaluate(aged)
        assert len(known) >= 3
        asked = "url => fetch(url).then((answer) => answer.status)"
        assert [page.evaluate(asked, url) for url in known] == [200] * len(known)
        context.set_offline(False)
        gone = f"{address}/api/places/P1/photos/{'0' * 64}"
        keep = """url => caches.open("gridmap-photos").then(async (photos) => {
          const old = { headers: { date: "Mon, 01 Jan 2024 00:00:00 GMT" } };
          await photos.put(url, new Response("small", old));
          await photos.put(url + "?size=thumb", new Response("small", old));
        })"""
        page.evaluate(keep, gone)
        assert page.evaluate(asked, gone) == 404
        assert [page.evaluate(asked, url) for url in known] == [200] * len(known)
        left = """caches.open("gridmap-photos").then(async (photos) => Promise.all(
          (await photos.keys()).map(async (key) =>
            [key.url, (await photos.match(key)).headers.get("date")])))"""
        dates = dict(page.evaluate(left))
        assert sorted(dates) == sorted(known)
        assert len(set(dates.values()) & {"Mon, 01 Jan 2024 00:00:00 GMT"}) == 0
        old = page.evaluate("new Date(Date.now() - 7 * 86400e3).getTime()")
        times = [page.evaluate("at => Date.parse(at)", at) for at in dates.values()]
        assert min(times) > old
        # Where there is no room a photo is shown, and not kept.
        without_room(page)
        page.evaluate("caches.delete('gridmap-photos')")
        assert page.evaluate(asked, known[0]) == 200
    finally:
        context.close()


def test_who_keeps_places_adds_words_and_removes_photos(
    visit: Visit, keeping: str, furnished: Path, tmp_path: Path
) -> None:
    kind = visit.kind  # type: ignore[attr-defined]
    page = visit.open(f"{keeping}/places/P2/edit")
    assert "还没有照片" in page.inner_text("#photos")
    form = page.locator("form[enctype]")
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"this is no picture")
    form.locator("input[type=file]").set_input_files(str(broken))
    form.locator("input[name=caption]").fill("门口")
    form.locator("button").click()
    page.wait_for_selector("#photos [role=alert]")
    assert "不是能读取的照片" in page.inner_text("#photos [role=alert]")
    assert page.locator("form[enctype] input[name=caption]").input_value() == "门口"
    assert page.locator("#photos [role=alert]").is_visible()
    shown(page, f"{kind}-6-broken")
    assert violations(page) == []
    # The browser tells of the refusal too.
    visit.problems.clear()
    form = page.locator("form[enctype]")
    form.locator("input[type=file]").set_input_files(str(furnished))
    form.locator("input[name=alt]").fill("一栋小楼的正面")
    form.locator("button").click()
    page.wait_for_url("**saved=added**")
    assert "照片已添加" in page.inner_text("#photos")
    assert len(loaded(page, ".shot img")) == 1
    own = page.locator("#photos form").first
    own.locator("input[name=credit]").fill("社区")
    own.locator("button[value=save]").click()
    page.wait_for_url("**saved=worded**")
    assert page.locator("#photos form").first.locator("input[name=credit]").input_value() == "社区"
    shown(page, f"{kind}-7-kept")
    assert violations(page) == []
    page.click("#photos summary")
    page.click("button[value=drop]")
    page.wait_for_url("**saved=drop**")
    assert "还没有照片" in page.inner_text("#photos")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page = visit.open(f"{keeping}/places/P3/edit?lang=en")
    shown(page, f"{kind}-8-two-en")
    assert violations(page) == []
    visit.assert_clean()


def test_the_card_of_the_map_shows_the_photo(browser_page: Visit, address: str) -> None:
    page = browser_page.open(f"{address}/maps/services#place=P1")
    page.wait_for_selector(".gm-photo img")
    assert loaded(page, ".gm-photo img") == [[320, 213]]
    assert "社区 · CC0" in page.inner_text(".gm-photo figcaption")
    shown(page, "map")
    assert [one for one in violations(page) if "gm-photo" in one or "gm-popup" in one] == []
    browser_page.assert_clean()
