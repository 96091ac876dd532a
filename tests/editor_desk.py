"""Planners before the editor: windows on the board of `tests.draft_cases`, hands on its cells."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

from starlette.testclient import TestClient

from gridmap.workspace import Workspace
from tests.browser import DESKTOP, PHONE, Visit, keep_picture, violations, window
from tests.draft_doors import begin
from tests.planning_cases import LAT, LON, SIZE

PASSWORD = "three unrelated words"
_SPOT = """([lon, lat]) => {
  const map = document.getElementById("map");
  const box = map.getBoundingClientRect();
  const at = map.map.latLngToContainerPoint([lat, lon]);
  return [box.x + at.x, box.y + at.y];
}"""


class Desk:
    """A draft of one test, and windows of people who look at it."""

    def __init__(
        self, chromium: Any, workspace: Workspace, client: TestClient, address: str, name: str
    ) -> None:
        self.chromium, self.workspace, self.client = chromium, workspace, client
        self.address, self.windows = address, ExitStack()
        self.visits: list[Visit] = []
        self.number = begin(client, name[:100], edition="today", why="测试")["id"]

    def open(self, name: str = "li", *, phone: bool = False, lang: str = "zh") -> Any:
        """Somebody opens the editor; its page, once the map is drawn."""
        visit = self.windows.enter_context(window(self.chromium, PHONE if phone else DESKTOP))
        self.visits.append(visit)
        page = visit.page
        page.set_default_timeout(15_000)
        self.sign_in(page, name)
        visit.open(f"{self.address}/drafts/{self.number}?lang={lang}")
        page.wait_for_selector("#editor[data-ready=all]")
        return page

    def sign_in(self, page: Any, name: str) -> None:
        """Somebody begins a session in a window, which goes by it from then on."""
        session = self.workspace.sign_in(name, PASSWORD, address="127.0.0.1", device=None).session
        page.context.add_cookies(
            [{"name": "gridmap_session", "value": session, "url": self.address}]
        )

    def draft(self) -> dict[str, Any]:
        """What the interface says of the draft."""
        return self.client.get(f"/api/drafts/{self.number}").json()

    def grid_of(self, atom: str) -> str:
        """Which grid an atom is in."""
        found = self.client.get(f"/api/drafts/{self.number}/geojson?layer=microgrid").json()
        held = {f["properties"]["code"]: f["properties"]["parent_code"] for f in found["features"]}
        return held[atom]

    def assert_clean(self, *statuses: str) -> None:
        """Nothing foreign was asked for, and no error but those of the statuses was reported."""
        for visit in self.visits:
            assert visit.refused == []
            assert [p for p in visit.problems if not any(s in p for s in statuses)] == []


def cell(row: float, column: float) -> tuple[float, float]:
    """The middle of a cell of the board, rows from the north."""
    return LON + SIZE * (column + 0.5), LAT + SIZE * (4 - row - 0.5)


def spot(page: Any, row: float, column: float) -> tuple[float, float]:
    """Where the middle of a cell is in the window."""
    return tuple(page.evaluate(_SPOT, list(cell(row, column))))


def click(page: Any, row: float, column: float) -> None:
    """Click on a cell, where its label does not count."""
    page.mouse.click(*spot(page, row, column))


def choose(page: Any, row: float, column: float) -> None:
    """Choose the grid of a cell, and wait for the atoms around it."""
    page.click("[data-tool=choose]")
    with page.expect_response("**/geojson?**within**") as answer:
        click(page, row, column)
    assert answer.value.ok
    page.wait_for_selector("#chosen dl")


def drag(page: Any, *cells: tuple[float, float]) -> None:
    """Press on the first cell, pass over the others, let go."""
    first, *rest = [spot(page, *one) for one in cells]
    page.mouse.move(*first)
    page.mouse.down()
    for one in rest:
        page.mouse.move(*one, steps=6)
    page.mouse.up()


def paint_unanswered(
    page: Any, grid: tuple[float, float], atom: tuple[float, float], *, arrives: bool = False
) -> None:
    """Paint an atom for a grid while no answer comes, whether the request arrived or not."""

    def lose(route: Any) -> None:
        if arrives:
            route.fetch()
        route.abort()

    choose(page, *grid)
    page.click("[data-tool=paint]")
    page.route("**/edits*", lose)
    click(page, *atom)
    page.wait_for_selector("#editor[data-queue=lost]")
    page.unroute("**/edits*")


def suggest(page: Any) -> None:
    """Have plans of three grids suggested for the east of the board."""
    if page.get_attribute("#suggest", "open") is None:
        page.click("#suggest > summary")
        page.wait_for_selector("#suggest-form option[value='community:C1']", state="attached")
    form = page.locator("#suggest-form")
    form.locator("[name=area]").select_option("community:C1")
    form.locator("[name=from]").fill("3")
    form.locator("[name=floor]").fill("100")
    form.locator("[name=ceiling]").fill("900")
    form.locator("button").click()


def at_version(page: Any, version: int) -> None:
    """Wait until the page shows a version, with nothing left to send."""
    page.wait_for_selector(f"#editor[data-version='{version}'][data-queue=idle]")


def whole(page: Any, name: str) -> None:
    """The page is whole: it fits, axe finds nothing, and it may be looked at."""
    keep_picture(page, f"editor-{name}")
    # A phone shows what is too wide smaller, and says that the window is wider then.
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= page.viewport_size["width"], (name, wide)
    found = violations(page)
    assert found == [], (name, found)
