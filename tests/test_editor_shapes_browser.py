"""Lasso, merge, split, cut and dragged vertices in the editor."""

from __future__ import annotations

import pytest

from tests.editor_desk import Desk, at_version, cell, choose, click, drag, spot

pytest_plugins = ["tests.editor_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("editor")]


def test_what_a_lasso_holds_goes_to_the_chosen_grid(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=lasso]")
    drag(page, (-0.4, 0.6), (-0.4, 1.4), (1.4, 1.4), (1.4, 0.6), (-0.3, 0.6))
    at_version(page, 1)
    entry = desk.draft()["log"][0]
    assert sorted(entry["edit"]["atoms"]) == ["C000102", "C000301"]
    desk.assert_clean()


def test_grids_that_were_clicked_are_merged(desk: Desk) -> None:
    page = desk.open()
    page.click("[data-tool=merge]")
    click(page, 0, 3)
    click(page, 0, 5)
    page.click("#steps >> text=合并所选 2 个网格")
    at_version(page, 1)
    assert sorted(desk.draft()["log"][0]["edit"]["grids"]) == ["C1005", "C1006"]
    assert "7" in page.inner_text("#whole tbody tr:first-child")
    desk.assert_clean()


def test_a_grid_is_split_along_a_drawn_line(desk: Desk) -> None:
    page = desk.open()
    choose(page, 2, 0)
    page.click("[data-tool=split]")
    click(page, 2.1, -0.9)
    click(page, 2.1, 2.2)
    page.keyboard.press("Enter")
    at_version(page, 1)
    entry = desk.draft()["log"][0]
    assert (entry["edit"]["op"], entry["edit"]["grid"]) == ("split_grid", "C0003")
    assert any(one["what"] == "new" for one in entry["changed"])
    desk.assert_clean()


def test_a_line_that_does_not_cross_is_refused_and_esc_leaves_a_line(desk: Desk) -> None:
    page = desk.open()
    choose(page, 2, 0)
    page.click("[data-tool=split]")
    click(page, 0, 0)
    page.keyboard.press("Escape")
    assert page.is_hidden("#steps")
    click(page, 0, 0)
    click(page, 0, 1)
    page.click("#steps >> text=完成")
    page.wait_for_selector("#told [role=alert]")
    assert desk.draft()["version"] == 0
    desk.assert_clean("409")


def test_a_unit_is_cut_by_the_line_across_it(desk: Desk) -> None:
    page = desk.open()
    page.click("[data-tool=cut]")
    click(page, 0, -0.8)
    page.mouse.dblclick(*spot(page, 0, 0.7))
    at_version(page, 1)
    edit = desk.draft()["log"][0]["edit"]
    assert (edit["op"], edit["atom"]) == ("split_atom", "C000101")
    desk.assert_clean()


def test_a_dragged_vertex_moves_the_border_from_exactly_where_it_was(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=vertex]")
    page.wait_for_selector(".vertex")
    layer = desk.client.get(f"/api/drafts/{desk.number}/geojson?layer=borders").json()["features"]
    known = {tuple(point) for one in layer for point in one["geometry"]["coordinates"]}
    lon, lat = cell(1.5, 1.5)
    nearest = min(known, key=lambda p: (p[0] - lon) ** 2 + (p[1] - lat) ** 2)
    row, column = 3.5 - (nearest[1] - 34) * 1000, (nearest[0] - 114) * 1000 - 0.5
    x, y = spot(page, row, column)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 9, y + 6, steps=4)
    page.mouse.up()
    at_version(page, 1)
    edit = desk.draft()["log"][0]["edit"]
    assert (edit["op"], tuple(edit["moves"][0][0])) == ("move_points", nearest)
    desk.assert_clean()


def test_a_grid_is_named_and_given_an_attribute(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    form = page.locator("#describe")
    assert form.locator("[name=name]").input_value() == "第2网格"
    form.locator("[name=name]").fill("<b>新</b>二格")
    form.locator("[name=attribute]").fill("phase")
    form.locator("[name=value]").fill("2")
    form.locator("button").click()
    at_version(page, 1)
    assert desk.draft()["log"][0]["edit"]["name"] == "<b>新</b>二格"
    # Names are text, whatever stands in them.
    assert "<b>新</b>二格" in page.inner_text("#chosen")
    desk.assert_clean()
