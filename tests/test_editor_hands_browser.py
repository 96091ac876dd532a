"""What a hand does on the map without meaning an edit, and what comes back after a refusal."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.draft_cases import ground
from tests.draft_doors import begin, edit, taken_in
from tests.editor_desk import Desk, at_version, cell, choose, click, spot

pytest_plugins = ["tests.editor_fixtures"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("editor")]

# A page that begins to scroll takes the finger away from whatever it was on.
SCROLLED = "window.dispatchEvent(new PointerEvent('pointercancel', {pointerType: 'touch'}))"
SECOND_FINGER = """document.getElementById("map").dispatchEvent(new PointerEvent("pointerdown", {
  bubbles: true, pointerType: "touch", pointerId: 7, isPrimary: false, button: 0}))"""
# Places of lines that are drawn above the grids, or of those that are being drawn.
DRAWN = """(pane) => {
  const found = [];
  document.getElementById("map").map.eachLayer((layer) => {
    if (layer.options.pane !== pane || !layer.getLatLngs || !layer.options.weight) return;
    for (const spot of layer.getLatLngs().flat(3)) found.push([spot.lng, spot.lat]);
  });
  return found;
}"""


def test_a_scroll_or_a_second_finger_leaves_what_was_clicked(desk: Desk) -> None:
    page = desk.open(phone=True)
    page.click("[data-tool=merge]")
    click(page, 0, 3)
    click(page, 0, 5)
    page.evaluate(SCROLLED)
    page.evaluate(SECOND_FINGER)
    page.click("#steps >> text=合并所选 2 个网格")
    at_version(page, 1)
    choose(page, 2, 0)
    page.click("[data-tool=split]")
    click(page, 2.1, -0.9)
    click(page, 2.1, 2.2)
    page.evaluate(SCROLLED)
    page.evaluate(SECOND_FINGER)
    page.click("#steps >> text=完成")
    at_version(page, 2)
    assert [one["edit"]["op"] for one in desk.draft()["log"]] == ["merge_grids", "split_grid"]
    desk.assert_clean()


def test_a_scroll_ends_an_outline_that_is_drawn_with_the_finger_down(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=lasso]")
    page.mouse.move(*spot(page, 0, 0.6))
    page.mouse.down()
    page.mouse.move(*spot(page, 1.4, 1.4), steps=6)
    page.evaluate(SCROLLED)
    page.mouse.up()
    assert page.is_hidden("#steps")
    assert desk.draft()["version"] == 0
    desk.assert_clean()


def test_a_double_click_merges_nothing(desk: Desk) -> None:
    page = desk.open()
    page.click("[data-tool=merge]")
    click(page, 0, 3)
    click(page, 0, 5)
    page.mouse.dblclick(*spot(page, 2, 3))
    assert page.inner_text("#steps >> text=合并所选") == "合并所选 2 个网格"
    assert desk.draft()["version"] == 0
    desk.assert_clean()


def test_the_line_of_a_refused_split_comes_back_to_be_mended(desk: Desk) -> None:
    page = desk.open()
    choose(page, 2, 0)
    page.click("[data-tool=split]")
    click(page, 2.1, -0.9)
    click(page, 2.1, 0.2)
    page.click("#steps >> text=完成")
    page.wait_for_selector("#told [role=alert]")
    assert page.is_visible("#steps >> text=完成")
    # The last point is taken back, and another one ends the line beyond the grid.
    page.click("#steps >> text=去掉上一点")
    click(page, 2.1, 2.2)
    page.click("#steps >> text=完成")
    at_version(page, 1)
    assert desk.draft()["log"][0]["edit"]["op"] == "split_grid"
    assert page.is_hidden("#steps")
    desk.assert_clean("409")


def test_the_line_of_a_cut_beside_the_plan_comes_back(desk: Desk) -> None:
    page = desk.open()
    page.click("[data-tool=cut]")
    click(page, -0.9, 0)
    click(page, -0.9, 1)
    page.click("#steps >> text=完成")
    page.wait_for_selector("#told p")
    assert page.is_visible("#steps >> text=完成")
    page.keyboard.press("Escape")
    assert page.is_hidden("#steps")
    desk.assert_clean()


def between(desk: Desk) -> tuple[float, float]:
    """A vertex of the border between the two communities, inside the board."""
    lines = desk.client.get(f"/api/drafts/{desk.number}/geojson?layer=borders").json()["features"]
    shared: set[tuple[float, float]] = set()
    for one in lines:
        grids = [one["properties"][side] for side in ("left_grid", "right_grid")]
        if {str(code)[:2] for code in grids} == {"C0", "C1"}:
            shared |= {tuple(point) for point in one["geometry"]["coordinates"]}
    lon, lat = cell(0.5, 2.5)
    return min(shared, key=lambda p: (p[0] - lon) ** 2 + (p[1] - lat) ** 2)


def test_the_border_of_a_community_is_drawn_where_it_was_moved_to(desk: Desk) -> None:
    page = desk.open()
    x, y = between(desk)
    assert [x, y] in page.evaluate(DRAWN, "above")
    choose(page, 1, 2)
    page.click("[data-tool=vertex]")
    page.wait_for_selector(".vertex")
    there = page.evaluate(
        """([x, y]) => {
          const map = document.getElementById("map");
          const box = map.getBoundingClientRect();
          const at = map.map.latLngToContainerPoint([y, x]);
          return [box.x + at.x, box.y + at.y];
        }""",
        [x, y],
    )
    page.mouse.move(*there)
    page.mouse.down()
    page.mouse.move(there[0] + 9, there[1] + 6, steps=4)
    page.mouse.up()
    at_version(page, 1)
    assert any(one["level"] == "community" for one in desk.draft()["log"][0]["changed"])
    assert [x, y] not in page.evaluate(DRAWN, "above")
    page.click("#undo")
    at_version(page, 2)
    assert [x, y] in page.evaluate(DRAWN, "above")
    # Who is told what others did sees their border too.
    move = {"op": "move_points", "moves": [[[x, y], [x + 1e-4, y]]]}
    assert edit(desk.client, desk.number, 2, move).status_code == 200
    page.click("#redo")
    page.wait_for_selector("#editor[data-queue=stale][data-version='3']")
    assert [x, y] not in page.evaluate(DRAWN, "above")
    page.click("#told button.quiet")
    desk.assert_clean("409")


def test_units_that_come_after_an_edit_are_of_its_version(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = {"op": "reassign", "to": "C0002", "atoms": ["C000102"]}
    assert edit(desk.client, desk.number, 0, taken).status_code == 200
    page = desk.open()
    own, asked, go = desk.workspace.draft_shapes, threading.Event(), threading.Event()

    def late(number: int, level: str | None = None, **more: Any) -> Any:
        found = own(number, level, **more)
        if level == "microgrid" and not asked.is_set():
            asked.set()
            go.wait(10)
        return found

    monkeypatch.setattr(desk.workspace, "draft_shapes", late)
    click(page, 1, 2)
    page.wait_for_selector("#chosen dl")
    assert asked.wait(10)
    page.click("#undo")
    at_version(page, 2)
    with page.expect_response("**/geojson?**microgrid**"):
        go.set()
    page.wait_for_timeout(500)
    # The unit is in another grid again, and so can be painted once more.
    page.click("[data-tool=paint]")
    click(page, 0, 1)
    at_version(page, 3)
    assert desk.grid_of("C000102") == "C0002"
    desk.assert_clean()


def test_a_grid_in_no_community_that_is_no_more_is_followed(desk: Desk, tmp_path: Path) -> None:
    coverage = ground().graph.coverage
    for level in coverage.levels.names:
        frame = coverage.frame(level)
        if level == "community":
            frame = frame[frame["code"] == "C1"]
        if level == "grid":
            frame.loc[frame["code"].str.startswith("C0"), "parent_code"] = None
        taken_in(desk.workspace, tmp_path, frame, "loose", level)
    desk.number = begin(desk.client, "no community", edition="loose")["id"]
    split = {"op": "split_grid", "grid": "C0003", "parts": [["C000301"]]}
    assert edit(desk.client, desk.number, 0, split).status_code == 200
    page = desk.open()
    page.click("#undo")
    at_version(page, 2)
    click(page, 1, 1)
    page.wait_for_selector("#chosen dd:text-is('C0003')")
    desk.assert_clean()


def test_the_focus_stays_on_a_vertex_while_the_map_moves_and_goes_on_with_it(desk: Desk) -> None:
    page = desk.open()
    choose(page, 1, 2)
    page.click("[data-tool=vertex]")
    page.wait_for_selector(".vertex")
    x, y = between(desk)
    page.evaluate(
        """([x, y]) => {
          const { map } = document.getElementById("map");
          map.eachLayer((one) => {
            const at = one.getElement?.()?.classList.contains("vertex") && one.getLatLng();
            if (at && at.lng === x && at.lat === y) one.getElement().focus();
          });
        }""",
        [x, y],
    )
    held = "document.activeElement.classList.contains('vertex')"
    assert page.evaluate(held)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.evaluate("document.getElementById('map').map.panBy([12, 8], {animate: false})")
    assert page.evaluate(held)
    page.keyboard.press("Enter")
    at_version(page, 1)
    moved, to = desk.draft()["log"][0]["edit"]["moves"][0]
    assert (moved, to[0] > x) == ([x, y], True)
    page.wait_for_function(held)
    titles = page.eval_on_selector_all(".vertex", "all => all.map((one) => one.title)")
    assert len(titles) == len(set(titles))
    desk.assert_clean()


def test_the_whole_draft_stays_chosen_for_a_suggestion(desk: Desk) -> None:
    page = desk.open()
    choose(page, 0, 3)
    page.click("#suggest > summary")
    area = "#suggest-form [name=area]"
    page.wait_for_function(f"() => document.querySelector({json.dumps(area)}).value !== ''")
    page.select_option(area, "")
    page.click("#suggest > summary")
    page.click("#suggest > summary")
    page.wait_for_timeout(200)
    assert page.input_value(area) == ""
    desk.assert_clean()
