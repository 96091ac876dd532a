"""Two planners at one draft, a connection that is lost, and who may only draw in a part."""

from __future__ import annotations

import pytest

from tests.draft_doors import edit
from tests.editor_desk import Desk, at_version, choose, click, paint_unanswered

pytest_plugins = ["tests.editor_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("editor")]


def test_who_comes_second_is_told_what_the_first_did_and_sends_again(desk: Desk) -> None:
    page = desk.open("wang")
    choose(page, 0, 3)
    done = edit(
        desk.client, desk.number, 0,
        {"op": "reassign", "to": "C0002", "atoms": ["C000102"]}, why="先到",
    )  # fmt: skip
    assert done.status_code == 200
    page.click("[data-tool=paint]")
    click(page, 0, 5)
    page.wait_for_selector("#editor[data-queue=stale][data-version='1']")
    told = page.inner_text("#told")
    assert all(word in told for word in ("li", "先到", "1 个单元划入 C0002", "已保留"))
    assert "C0002" in page.inner_text("#log")
    page.click("#told [data-again]")
    at_version(page, 2)
    log = desk.draft()["log"]
    assert [(one["by"], one["edit"]["to"]) for one in log] == [("li", "C0002"), ("wang", "C1005")]
    desk.assert_clean("409")


def test_an_edit_without_an_answer_is_kept_and_sent_again(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    page.fill("#why", "断网也不丢")
    page.route("**/edits*", lambda route: route.abort())
    click(page, 0, 1)
    page.wait_for_selector("#editor[data-queue=lost]")
    told = page.inner_text("#told")
    assert "已保留" in told
    # Not what the browser says, which is English.
    assert "连接中断" in told
    assert "Failed" not in told
    assert page.input_value("#why") == "断网也不丢"
    page.unroute("**/edits*")
    page.click("#told [data-again]")
    at_version(page, 1)
    assert desk.draft()["log"][0]["why"] == "断网也不丢"
    desk.assert_clean("ERR_FAILED")


def test_an_edit_whose_answer_alone_was_lost_is_not_made_twice(desk: Desk) -> None:
    page = desk.open()
    paint_unanswered(page, (1, 2), (0, 1), arrives=True)
    page.click("#told [data-again]")
    at_version(page, 1)
    assert desk.draft()["version"] == 1
    desk.assert_clean("ERR_FAILED")


def test_who_draws_in_one_community_is_refused_in_another(desk: Desk) -> None:
    page = desk.open("west")
    choose(page, 0, 3)
    page.click("[data-tool=paint]")
    click(page, 0, 5)
    page.wait_for_selector("#told [role=alert]")
    assert "没有权限" in page.inner_text("#told")
    assert desk.draft()["version"] == 0
    desk.assert_clean("403")
