"""The form below a chosen grid: it follows the draft, and sends only what somebody wrote in it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.draft_doors import edit
from tests.editor_desk import Desk, at_version, choose, click

pytest_plugins = ["tests.editor_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("editor")]


def field(page: Any, name: str) -> str:
    """What a field of the form holds."""
    return page.input_value(f"#describe [name={name}]")


def kept(desk: Desk, version: int) -> dict[str, Any]:
    """What an edit of the log changes, without what it is about."""
    found = desk.draft()["log"][version - 1]["edit"]
    return {key: value for key, value in found.items() if key not in ("op", "level", "code")}


def test_a_name_that_was_undone_is_not_given_again_with_the_next_change(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.fill("#describe [name=name]", "甲")
    page.click("#describe button")
    at_version(page, 1)
    page.click("#undo")
    at_version(page, 2)
    assert field(page, "name") == "第2网格"
    page.select_option("#describe [name=kind]", "exclusive")
    page.click("#describe button")
    at_version(page, 3)
    assert kept(desk, 3).get("kind") == "exclusive"
    assert not kept(desk, 3).get("name")
    page.click("#describe button")
    page.wait_for_selector("#told >> text=没有")
    assert desk.draft()["version"] == 3
    desk.assert_clean()


def test_what_somebody_is_writing_stays_and_a_colleagues_name_is_not_taken_back(desk: Desk) -> None:
    page = desk.open("wang")
    choose(page, 1, 2)
    page.fill("#describe [name=name_en]", "Second")
    named = {"op": "describe", "level": "grid", "code": "C0002", "name": "同事起的名"}
    assert edit(desk.client, desk.number, 0, named).status_code == 200
    page.click("[data-tool=paint]")
    click(page, 0, 1)
    page.wait_for_selector("#editor[data-queue=stale][data-version='1']")
    page.click("#told [data-again]")
    at_version(page, 2)
    assert (field(page, "name"), field(page, "name_en")) == ("同事起的名", "Second")
    page.click("#describe button")
    at_version(page, 3)
    assert kept(desk, 3).get("name_en") == "Second"
    assert not kept(desk, 3).get("name")
    desk.assert_clean("409")


def test_an_attribute_that_was_taken_is_not_written_again(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.fill("#describe [name=attribute]", "phase")
    page.fill("#describe [name=value]", "2")
    page.click("#describe button")
    at_version(page, 1)
    assert kept(desk, 1)["attributes"] == {"phase": "2"}
    assert (field(page, "attribute"), field(page, "value")) == ("", "")
    page.fill("#describe [name=name]", "乙")
    page.click("#describe button")
    at_version(page, 2)
    assert kept(desk, 2)["name"] == "乙"
    assert not kept(desk, 2).get("attributes")
    desk.assert_clean()
