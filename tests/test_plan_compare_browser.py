"""The comparison of two plans in Chromium: its key, its slider beside the other controls."""

from __future__ import annotations

import pytest

from tests.browser import keep_picture
from tests.map_pages import CUT, OFF_SCREEN, SMALL

pytest_plugins = ["tests.plan_town"]
pytestmark = [
    pytest.mark.browser,
    # What a page shows does not depend on where the data lie.
    pytest.mark.parametrize("planners", ["geopackage"], indirect=True, scope="module"),
]

# Controls that lie upon the slider.
HIDDEN = """() => {
  const one = document.querySelector('.gm-swipe-box').getBoundingClientRect();
  return [...document.querySelectorAll('.leaflet-control, .gm-panel')].filter((n) => {
    const other = n.getBoundingClientRect();
    return other.width && one.left < other.right && other.left < one.right
      && one.top < other.bottom && other.top < one.bottom;
  }).map((n) => n.className);
}"""


@pytest.fixture(scope="module")
def document(planners, tmp_path_factory):
    """A suggestion beside today's grids, as a file."""
    planner = planners.planner
    asked = {"floor": 150, "ceiling": 500, "grids": 7}
    told = planner.post("/api/suggestions?wait_s=60", json=asked).json()
    taken = {"name": "七格", "plan": "best_balance"}
    draft = planner.post(f"/api/suggestions/{told['id']}/draft", json=taken).json()
    answer = planner.get(f"/api/plans/compare.html?before=today&after=draft:{draft['id']}")
    path = tmp_path_factory.mktemp("compared") / "compared.html"
    path.write_text(answer.text, encoding="utf-8")
    return path


@pytest.mark.parametrize("window", ["phone_page", "browser_page"])
def test_nothing_lies_upon_the_slider_and_every_text_can_be_read(window, request, document):
    visit = request.getfixturevalue(window)
    page = visit.open(document)
    page.wait_for_selector(".gm-swipe-box")
    assert page.evaluate(HIDDEN) == []
    for script in (CUT, SMALL, OFF_SCREEN):
        assert page.evaluate(script) == []
    keep_picture(page, f"compared-{window}")
    visit.assert_clean()


def test_the_key_says_what_each_colour_is_and_switches_it(browser_page, document):
    page = browser_page.open(document)
    said = page.locator(".gm-layer-name").all_inner_texts()
    assert said == ["调整前", "调整后", "换网格的微网格"]
    moved = page.locator(".leaflet-gm-moved-pane")
    assert moved.locator("path").count() > 0
    page.get_by_label("换网格的微网格").uncheck()
    assert not moved.is_visible()
    page.get_by_label("换网格的微网格").check()
    assert moved.evaluate("pane => pane.style.display") == ""
    browser_page.assert_clean()
