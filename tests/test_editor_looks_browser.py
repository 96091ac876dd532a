"""The editor's page as a whole: at a desk, on a phone, in English, and for who may only look."""

from __future__ import annotations

import pytest

from tests.draft_doors import edit
from tests.editor_desk import Desk, choose, click, whole

pytest_plugins = ["tests.editor_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("editor")]


def test_at_a_desk_it_is_whole_and_accessible(desk: Desk) -> None:
    edit(desk.client, desk.number, 0, {"op": "reassign", "to": "C0002", "atoms": ["C000102"]})
    page = desk.open()
    choose(page, 1, 2)
    page.evaluate("for (const one of document.querySelectorAll('.box')) one.open = true")
    whole(page, "desktop")
    desk.assert_clean()


def test_on_a_phone_the_panel_is_below_the_map_and_undo_works(desk: Desk) -> None:
    edit(desk.client, desk.number, 0, {"op": "reassign", "to": "C0002", "atoms": ["C000102"]})
    page = desk.open(phone=True)
    whole(page, "phone")
    assert page.locator("#map").bounding_box()["y"] < page.locator(".side").bounding_box()["y"]
    page.tap("#undo")
    page.wait_for_selector("#editor[data-version='2']")
    assert desk.draft()["in_effect"] == []
    desk.assert_clean()


def test_it_reads_in_english(desk: Desk) -> None:
    page = desk.open(lang="en")
    choose(page, 1, 2)
    assert "Households" in page.inner_text("#chosen")
    assert "Click a grid" in page.inner_text("#hint")
    page.click("#check > summary")
    page.click("#check-now")
    page.wait_for_selector("#checked .said")
    whole(page, "english")
    desk.assert_clean()


def test_who_may_only_check_looks_and_draws_nothing(desk: Desk) -> None:
    page = desk.open("su")
    click(page, 1, 2)
    page.wait_for_selector("#chosen dl")
    assert page.locator("[data-tool], #undo, #publish-form, #branch-form").count() == 0
    assert "没有调整网格的权限" in page.inner_text("#why-reading")
    assert "发布需要" in page.locator("#publish").text_content()
    page.keyboard.press("Control+z")
    whole(page, "reading")
    assert desk.draft()["version"] == 0
    desk.assert_clean()
