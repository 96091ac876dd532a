"""Suggestions, the audit, scenarios and publication in the editor."""

from __future__ import annotations

import pytest

from tests.draft_doors import MONDAY, SUNDAY
from tests.editor_desk import Desk, at_version, cell, choose, click, suggest

pytest_plugins = ["tests.editor_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("editor")]


def test_a_suggestion_is_looked_at_taken_over_and_undone_in_one_step(desk: Desk) -> None:
    page = desk.open()
    choose(page, 0, 3)
    page.click("#suggest > summary")
    page.wait_for_function(
        "() => document.getElementById('suggest-form').elements.area.value === 'community:C1'"
    )
    suggest(page)
    page.wait_for_selector("#suggested .plan")
    assert page.locator("#suggested .plan").count() == 3
    assert desk.draft()["version"] == 0
    page.click("#suggested .plan[data-style=best_balance] button")
    at_version(page, 1)
    assert desk.draft()["log"][0]["edit"]["op"] == "regroup"
    assert "7" in page.inner_text("#whole tbody tr:first-child")
    page.click("#undo")
    at_version(page, 2)
    assert desk.draft()["in_effect"] == []
    desk.assert_clean()


def test_a_suggestion_that_cannot_be_met_leaves_the_draft_and_says_so(desk: Desk) -> None:
    page = desk.open()
    page.click("#suggest > summary")
    page.fill("#suggest-form [name=floor]", "500")
    page.fill("#suggest-form [name=ceiling]", "400")
    page.click("#suggest-form button")
    page.wait_for_selector("#suggested [role=alert]")
    assert desk.draft()["version"] == 0
    desk.assert_clean("422")


def test_the_audit_names_what_it_found_or_that_all_is_sound(desk: Desk) -> None:
    page = desk.open()
    page.click("#check > summary")
    page.click("#check-now")
    page.wait_for_selector("#checked .said")
    compare = page.get_attribute("#compare", "href")
    answer = desk.client.get(compare)
    assert answer.status_code == 200
    assert "text/html" in answer.headers["content-type"]
    desk.assert_clean()


def test_a_scenario_is_branched_and_the_draft_given_up(desk: Desk) -> None:
    page = desk.open()
    page.click("#branch > summary")
    page.fill("#branch-form [name=name]", f"方案乙 {desk.number}")
    page.click("#branch-form button")
    page.wait_for_selector("#branched a")
    made = page.get_attribute("#branched a", "href").split("?")[0].rsplit("/", 1)[1]
    assert desk.client.get(f"/api/drafts/{made}").json()["branched_from"] == desk.number
    page.fill("#discard-form [name=why]", "不用了")
    page.check("#discard-form [name=sure]")
    page.click("#discard-form button")
    page.wait_for_selector("#editor.reading[data-ready=all]")
    assert desk.draft()["discarded_why"] == "不用了"
    assert page.locator("[data-tool]").count() == 0
    desk.assert_clean()


def test_a_draft_is_looked_at_published_and_answers_from_its_date(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    click(page, 0, 1)
    at_version(page, 1)
    page.click("#publish > summary")
    form = page.locator("#publish-form")
    form.locator("[name=edition]").fill("2026-12")
    form.locator("[name=effective_from]").fill(f"{MONDAY}T00:00")
    form.locator("[name=why]").fill("网格调整")
    assert form.locator("[value=real]").is_disabled()
    form.locator("[value=dry]").click()
    page.wait_for_selector("#published dl")
    assert "尚未发布" in page.inner_text("#published")
    assert desk.draft()["state"] == "open"
    # What was looked at is what is published: another date is looked at anew.
    form.locator("[name=why]").fill("网格调整二")
    assert form.locator("[value=real]").is_disabled()
    form.locator("[value=dry]").click()
    page.wait_for_selector("#publish-form [value=real]:not(:disabled)")
    form.locator("[value=real]").click()
    page.wait_for_selector("#published pre")
    assert "gridmap rollback --to today --from 恢复日期" in page.inner_text("#published pre")
    assert desk.draft()["published_as"] == "2026-12"
    # What draws is put away.
    assert page.is_disabled("[data-tool=paint]")
    assert page.is_disabled("#undo")
    page.keyboard.press("Control+z")
    assert page.get_attribute("#editor", "data-queue") == "idle"
    lon, lat = cell(0, 1)

    def grid(at: str) -> str:
        found = desk.client.get("/api/locate", params={"lon": lon, "lat": lat, "at": at}).json()
        return found["areas"]["grid"]

    assert (grid(SUNDAY), grid(MONDAY)) == ("C0001", "C0002")
    page.reload()
    page.wait_for_selector("#editor.reading[data-ready=all]")
    assert "2026-12" in page.inner_text("#why-reading")
    desk.assert_clean()
