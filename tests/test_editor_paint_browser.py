"""Atoms painted into a grid in the editor: taken, refused with the place, undone by keyboard."""

from __future__ import annotations

import pytest

from tests.editor_desk import Desk, at_version, choose, click, drag

pytest_plugins = ["tests.editor_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("editor")]


def test_painting_an_atom_changes_map_measures_and_log(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    before = page.inner_text("#chosen dl")
    page.fill("#why", "户数均衡")
    page.click("[data-tool=paint]")
    click(page, 0, 1)
    at_version(page, 1)
    page.wait_for_function(f"() => document.querySelector('#chosen dl').innerText !== {before!r}")
    assert "1 个单元划入 C0002" in page.inner_text("#log")
    assert "户数均衡" in page.inner_text("#log")
    entry = desk.draft()["log"][0]
    assert (entry["by"], entry["why"], entry["edit"]["atoms"]) == ("li", "户数均衡", ["C000102"])
    assert desk.grid_of("C000102") == "C0002"
    # The reason stays for the next edit, and it is told what was saved.
    assert page.input_value("#why") == "户数均衡"
    assert "已保存" in page.inner_text("#told")
    desk.assert_clean()


def test_atoms_that_are_dragged_across_are_one_edit(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    drag(page, (0, 2), (0, 1), (1, 1))
    at_version(page, 1)
    assert sorted(desk.draft()["log"][0]["edit"]["atoms"]) == ["C000102", "C000301"]
    desk.assert_clean()


def test_quick_edits_are_sent_one_after_the_other(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    click(page, 0, 1)
    click(page, 1, 1)
    at_version(page, 2)
    assert [one["edit"]["atoms"] for one in desk.draft()["log"]] == [["C000102"], ["C000301"]]
    desk.assert_clean()


def test_a_refused_edit_tells_the_place_and_leaves_the_map(desk: Desk) -> None:
    page = desk.open()
    choose(page, 0, 0)
    page.click("[data-tool=paint]")
    click(page, 2, 2)
    page.wait_for_selector("#told [role=alert]")
    assert "分成不相连的2块" in page.inner_text("#told")
    assert page.locator(".fault-pin").count() == 1
    at_version(page, 0)
    assert desk.draft()["version"] == 0
    page.keyboard.press("Escape")
    assert page.inner_text("#told") == ""
    assert page.locator(".fault-pin").count() == 0
    desk.assert_clean("409")


def test_the_keyboard_undoes_and_does_again(desk: Desk) -> None:
    page = desk.open()
    assert page.is_disabled("#undo")
    choose(page, 1, 2)
    page.click("[data-tool=paint]")
    click(page, 0, 1)
    at_version(page, 1)
    page.keyboard.press("Control+z")
    at_version(page, 2)
    assert desk.grid_of("C000102") == "C0001"
    assert page.locator("#log .undone").count() == 1
    assert page.is_disabled("#undo")
    page.keyboard.press("Control+Shift+z")
    at_version(page, 3)
    assert desk.grid_of("C000102") == "C0002"
    assert page.locator("#log .undone").count() == 0
    # Where text is typed the keys are the field's own.
    page.focus("#why")
    page.keyboard.press("Control+z")
    # What was sent would be waited for; nothing was.
    at_version(page, 3)
    page.wait_for_timeout(300)
    assert page.get_attribute("#editor", "data-queue") == "idle"
    assert desk.draft()["version"] == 3
    desk.assert_clean()


def test_without_a_pointer_a_unit_in_the_middle_is_painted(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.evaluate(
        "document.getElementById('map').map.setView([34.0035, 114.0015], 18, {animate: false})"
    )
    page.focus("#map")
    page.keyboard.press("2")
    assert page.get_attribute("[data-tool=paint]", "aria-pressed") == "true"
    page.keyboard.press("Space")
    at_version(page, 1)
    assert desk.grid_of("C000102") == "C0002"
    desk.assert_clean()
