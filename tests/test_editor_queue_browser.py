"""Edits that wait in the editor: their notice, what is behind them, when they are sent again."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from gridmap.workspace.draft_suggesting import ONE_AT_A_TIME
from tests.draft_doors import edit
from tests.editor_desk import Desk, at_version, choose, click, paint_unanswered, suggest

pytest_plugins = ["tests.editor_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("editor")]

_WEST = {"op": "reassign", "to": "C0002", "atoms": ["C000102"]}
_EAST = {"op": "reassign", "to": "C1005", "atoms": ["C100602"]}


def _others(desk: Desk, version: int, what: dict[str, Any] = _WEST, why: str = "先到") -> None:
    done = edit(desk.client, desk.number, version, what, why=why)
    assert done.status_code == 200, done.text


def _held(page: Any, pattern: str) -> Callable[[], None]:
    """Requests of a pattern wait until the function that is returned is called."""
    waiting: list[Any] = []

    def wait(route: Any) -> None:
        waiting.append(route)

    page.route(pattern, wait)

    def go_on() -> None:
        for route in waiting:
            route.continue_()
        page.unroute(pattern)

    return go_on


def test_a_notice_that_waits_for_a_button_outlasts_what_is_said(desk: Desk) -> None:
    page = desk.open("wang")
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    go_on = _held(page, "**/geojson?*")
    with page.expect_response("**/edits*") as answer:
        click(page, 0, 1)
    assert answer.value.ok
    # The map still follows the first one when the second one comes too late.
    _others(desk, 1, _EAST)
    with page.expect_response("**/edits*") as answer:
        click(page, 1, 1)
    assert answer.value.status == 409
    page.wait_for_timeout(200)
    go_on()
    page.wait_for_selector("#editor[data-queue=stale][data-version='2']")
    page.wait_for_timeout(200)
    assert page.is_visible("#told [data-again]")
    assert "先到" in page.inner_text("#held")
    # Nor does what the tools say, nor Escape.
    page.click("[data-tool=merge]")
    click(page, 1, 2)
    page.keyboard.press("Escape")
    page.click("#told [data-again]")
    at_version(page, 3)
    assert page.inner_text("#held") == ""
    assert [one["by"] for one in desk.draft()["log"]] == ["wang", "li", "wang"]
    desk.assert_clean("409")


def test_an_undo_behind_an_edit_that_is_refused_takes_back_no_other(desk: Desk) -> None:
    _others(desk, 0)
    page = desk.open("wang")
    choose(page, 0, 0)
    page.click("[data-tool=paint]")
    go_on = _held(page, "**/edits*")
    click(page, 2, 2)
    page.wait_for_selector("#editor[data-queue=busy]")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+Shift+z")
    go_on()
    page.wait_for_selector("#told [role=alert]")
    at_version(page, 1)
    assert "2 次撤销或重做也已取消" in page.inner_text("#told")
    page.wait_for_timeout(300)
    assert desk.draft()["version"] == 1
    desk.assert_clean("409")


def test_an_undo_behind_an_edit_that_is_dropped_is_dropped_as_well(desk: Desk) -> None:
    _others(desk, 0)
    page = desk.open("wang")
    choose(page, 0, 3)
    page.click("[data-tool=paint]")
    page.route("**/edits*", lambda route: route.abort())
    click(page, 0, 5)
    page.wait_for_selector("#editor[data-queue=lost]")
    page.keyboard.press("Control+z")
    page.unroute("**/edits*")
    page.click("#held .quiet")
    at_version(page, 1)
    assert "1 次撤销或重做也已取消" in page.inner_text("#told")
    page.wait_for_timeout(300)
    assert desk.draft()["version"] == 1
    desk.assert_clean("ERR_FAILED")


def test_what_the_same_person_did_elsewhere_is_not_taken_for_a_lost_edit(desk: Desk) -> None:
    page = desk.open()
    paint_unanswered(page, (1, 2), (0, 1))
    # In another window of the same account, with the same tool and for no reason either.
    _others(desk, 0, _EAST, "")
    page.click("#told [data-again]")
    page.wait_for_selector("#editor[data-queue=stale][data-version='1']")
    page.click("#told [data-again]")
    at_version(page, 2)
    assert [one["edit"]["to"] for one in desk.draft()["log"]] == ["C1005", "C0002"]
    desk.assert_clean("ERR_FAILED", "409")


def test_an_edit_that_arrived_is_known_although_others_went_on(desk: Desk) -> None:
    page = desk.open("wang")
    paint_unanswered(page, (1, 2), (0, 1), arrives=True)
    _others(desk, 1, _EAST)
    page.click("#told [data-again]")
    at_version(page, 2)
    assert "先到" in page.inner_text("#log")
    assert [one["by"] for one in desk.draft()["log"]] == ["wang", "li"]
    # What comes next is sent upon what is shown now.
    click(page, 1, 1)
    at_version(page, 3)
    desk.assert_clean("ERR_FAILED")


def test_an_edit_is_not_made_twice_where_the_service_failed_after_it(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=paint]")

    def fail(route: Any) -> None:
        route.fetch()
        problem = '{"type": "/problems#secrets-unusable", "detail": "No."}'
        route.fulfill(status=503, content_type="application/problem+json", body=problem)

    page.route("**/edits*", fail)
    click(page, 0, 1)
    page.wait_for_selector("#editor[data-queue=lost]")
    assert "本站密钥不可用" in page.inner_text("#held")
    page.unroute("**/edits*")
    page.click("#told [data-again]")
    at_version(page, 1)
    assert desk.draft()["version"] == 1
    desk.assert_clean("503")


def test_nothing_is_sent_upon_a_state_that_was_not_shown(desk: Desk) -> None:
    page = desk.open("wang")
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    _others(desk, 0, _EAST)
    draft = re.compile(rf"/api/drafts/{desk.number}$")
    page.route(draft, lambda route: route.abort())
    click(page, 0, 1)
    page.wait_for_selector("#editor[data-queue=lost]")
    assert "连接中断" in page.inner_text("#held")
    with page.expect_event("requestfailed"):
        page.click("#told [data-again]")
    page.wait_for_selector("#editor[data-queue=lost]")
    page.unroute(draft)
    page.click("#told [data-again]")
    page.wait_for_selector("#editor[data-queue=stale][data-version='1']")
    assert "先到" in page.inner_text("#held")
    assert desk.draft()["version"] == 1
    page.click("#told [data-again]")
    at_version(page, 2)
    desk.assert_clean("ERR_FAILED", "409")


def test_who_is_signed_out_signs_in_elsewhere_and_goes_on(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    page.context.clear_cookies()
    click(page, 0, 1)
    page.wait_for_selector("#editor[data-queue=lost]")
    told = page.inner_text("#held")
    assert "登录已失效" in told
    assert "没有收到服务的答复" not in told
    assert "已保留" in told
    assert page.get_attribute("#held a", "href").startswith("/login?")
    assert page.get_attribute("#held a", "target") == "_blank"
    page.click("#check > summary")
    page.click("#check-now")
    page.wait_for_selector("#checked a[href^='/login?']")
    desk.sign_in(page, "li")
    page.click("#held [data-again]")
    at_version(page, 1)
    desk.assert_clean("401", "403")


def test_what_is_not_in_the_queue_finds_the_token_of_a_new_session(desk: Desk) -> None:
    page = desk.open()
    desk.sign_in(page, "li")
    page.click("#branch > summary")
    page.fill("#branch-form [name=name]", f"方案丙 {desk.number}")
    page.click("#branch-form button")
    page.wait_for_selector("#branched a")
    desk.assert_clean("403")


def test_what_is_saved_is_waited_for_before_the_whole_is_published_or_closed(desk: Desk) -> None:
    page = desk.open()
    paint_unanswered(page, (1, 2), (0, 1))
    page.click("#publish > summary")
    page.fill("#publish-form [name=edition]", "早了")
    page.click("#publish-form [value=dry]")
    assert "1 项改动没有保存" in page.inner_text("#published")
    page.click("#branch > summary")
    page.fill("#branch-form [name=name]", f"早了 {desk.number}")
    page.click("#branch-form button")
    assert "1 项改动没有保存" in page.inner_text("#branched")
    page.fill("#discard-form [name=why]", "不用了")
    page.check("#discard-form [name=sure]")
    page.click("#discard-form button")
    assert "1 项改动没有保存" in page.inner_text("#branched")
    page.click("#suggest > summary")
    page.click("#suggest-form button")
    assert "1 项改动没有保存" in page.inner_text("#suggested")
    page.click("#held [data-again]")
    at_version(page, 1)
    page.click("#publish-form [value=dry]")
    page.wait_for_selector("#published dl")
    assert desk.draft()["state"] == "open"
    desk.assert_clean("ERR_FAILED")


def test_where_others_were_first_the_newest_state_is_shown_and_one_goes_on(desk: Desk) -> None:
    page = desk.open("wang")
    _others(desk, 0)
    page.click("#publish > summary")
    page.fill("#publish-form [name=edition]", "另一版")
    page.click("#publish-form [value=dry]")
    page.wait_for_selector("#said [role=alert]")
    assert "先到" in page.inner_text("#said")
    at_version(page, 1)
    page.click("#publish-form [value=dry]")
    page.wait_for_selector("#published dl")

    _others(desk, 1, _EAST, "又先到")
    suggest(page)
    page.wait_for_selector("#suggested [role=alert]")
    at_version(page, 2)
    page.wait_for_selector("#said :text('又先到')")
    suggest(page)
    page.wait_for_selector("#suggested .plan")

    done = desk.client.post(f"/api/drafts/{desk.number}/undo", json={"version": 2})
    assert done.status_code == 200
    page.click("#branch > summary")
    page.fill("#discard-form [name=why]", "不用了")
    page.check("#discard-form [name=sure]")
    page.click("#discard-form button")
    page.wait_for_selector("#branched [role=alert]")
    at_version(page, 3)
    # Plans of the state before are put away with it.
    assert page.locator("#suggested .plan").count() == 0
    page.click("#discard-form button")
    page.wait_for_selector("#editor.reading[data-state=discarded]")
    desk.assert_clean("409")


def test_plans_of_another_state_are_not_taken_over(desk: Desk) -> None:
    page = desk.open("wang")
    suggest(page)
    page.wait_for_selector("#suggested .plan")
    _others(desk, 0)
    page.click("#suggested .plan[data-style=best_balance] button")
    page.wait_for_selector("#said [role=alert]")
    at_version(page, 1)
    assert "没有提交" in page.inner_text("#said")
    assert page.inner_text("#held") == ""
    assert "重新预演" in page.inner_text("#suggested")
    assert desk.draft()["version"] == 1
    # Nor are they after an edit of one's own, nor while one waits.
    suggest(page)
    page.wait_for_selector("#suggested .plan")
    paint_unanswered(page, (0, 3), (0, 5))
    page.click("#suggested .plan[data-style=best_balance] button")
    assert "1 项改动没有保存" in page.inner_text("#suggested")
    page.click("#held [data-again]")
    at_version(page, 2)
    assert page.locator("#suggested .plan").count() == 0
    desk.assert_clean("409", "ERR_FAILED")


def test_a_plan_waits_while_another_suggestion_is_worked_out(desk: Desk) -> None:
    page = desk.open()
    suggest(page)
    page.wait_for_selector("#suggested .plan")
    with ONE_AT_A_TIME:
        page.click("#suggested .plan[data-style=best_balance] button")
        page.wait_for_selector("#editor[data-queue=lost]")
    assert "另一个建议正在计算" in page.inner_text("#held")
    page.click("#held [data-again]")
    at_version(page, 1)
    assert desk.draft()["log"][0]["edit"]["op"] == "regroup"
    desk.assert_clean("409")


def test_a_plan_whose_answer_was_lost_is_not_taken_over_twice(desk: Desk) -> None:
    page = desk.open()
    suggest(page)
    page.wait_for_selector("#suggested .plan")

    def swallow(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/suggest*", swallow)
    page.click("#suggested .plan[data-style=best_balance] button")
    page.wait_for_selector("#editor[data-queue=lost]")
    page.unroute("**/suggest*")
    page.click("#held [data-again]")
    at_version(page, 1)
    assert desk.draft()["version"] == 1
    desk.assert_clean("ERR_FAILED")


def test_a_draft_that_others_close_puts_the_tools_away_and_names_what_was_not_saved(
    desk: Desk,
) -> None:
    page = desk.open("wang")
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    ended = desk.client.post(
        f"/api/drafts/{desk.number}/discard", json={"version": 0, "why": "不用了"}
    )
    assert ended.status_code == 200
    click(page, 0, 1)
    page.wait_for_selector("#editor.reading")
    told = page.inner_text("#told")
    assert all(word in told for word in ("草案已经关闭：已作废", "1 个单元划入 C0002"))
    assert page.is_disabled("[data-tool=paint]")
    assert page.locator("#publish-form, #discard-form, #suggest-form, #describe").count() == 0
    with page.expect_navigation():
        page.click("#told a")
    page.wait_for_selector("#editor.reading[data-state=discarded]")
    desk.assert_clean("409")
