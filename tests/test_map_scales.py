"""Both maps, and the one map of staff, drawn for every scale of the demo."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from api.app import create_app
from gridmap.demo.scales import SCALES, scale_of
from gridmap.maps.categories import PARTY_PLACES
from gridmap.maps.district import MAX_BYTES
from gridmap.workspace import open_workspace
from tests.browser import Visit, served
from tests.demo_doors import DemoStore, read_text
from tests.map_pages import CUT, OFF_SCREEN, OVERLAPS, SMALL

pytest_plugins = ["tests.demo_stores"]
pytestmark = [
    pytest.mark.browser,
    # The store is made by the modules that need it anyway; the others take their time.
    pytest.mark.parametrize(
        "scale",
        [
            pytest.param(
                name,
                marks=[
                    pytest.mark.xdist_group(f"demo-{name}"),
                    *([] if name == "exclusive" else [pytest.mark.soak]),
                ],
            )
            for name in SCALES
        ],
    ),
]

Made = Callable[[str, str], DemoStore]


def areas_by_level(page: Any) -> dict[str, int]:
    found = page.evaluate("gridmap.view.areas.levels.map((l, r) => [l.name, r])")
    ranks = Counter(page.evaluate("gridmap.view.areas.rank"))
    return {name: ranks[rank] for name, rank in found}


def expected(scale: str) -> dict[str, int]:
    one = scale_of(scale)
    return {
        "subdistrict": one.subdistricts,
        "community": one.communities,
        "grid": one.redrawn or one.grids,
        "microgrid": one.microgrids,
    }


def check_texts(page: Any) -> None:
    for script in (OVERLAPS, CUT, SMALL, OFF_SCREEN):
        assert page.evaluate(script) == []


def at_each_zoom(page: Any, check: Callable[[Any], None]) -> None:
    for zoom in (0, 2, 4):
        page.evaluate(
            "z => { gridmap.map.setZoom(gridmap.map.getMinZoom() + z, {animate: false}); }", zoom
        )
        check(page)


@pytest.mark.parametrize("kind", ["party", "services"])
def test_a_map_of_any_scale_is_whole_small_and_readable(
    browser_page: Visit, made_demo: Made, scale: str, kind: str
) -> None:
    demo = made_demo("geopackage", scale)
    file = demo.folder / f"{kind}.html"
    assert file.stat().st_size < MAX_BYTES
    page = browser_page.open(file)
    assert areas_by_level(page).items() >= expected(scale).items()
    places = read_text(demo.folder / "places.csv")
    drawn = len(places)
    if kind == "party":
        drawn = places["category"].isin(PARTY_PLACES).sum()
        drawn += len(read_text(demo.folder / "organisations.csv"))
    assert page.evaluate("gridmap.places.all.length") == drawn
    assert page.evaluate("gridmap.places.unplaced") == 0
    at_each_zoom(page, check_texts)
    if kind == "party":
        groups = page.locator(".gm-chip-group").all_inner_texts()
        assert groups == ["党建力量", "行政力量", "社会力量"]
        tied = page.evaluate("gridmap.places.all.filter((p) => p.above !== undefined).length")
        assert tied > 30
    browser_page.assert_clean()


def test_the_one_map_of_any_scale_has_all_its_parts(
    browser_page: Visit, made_demo: Made, scale: str
) -> None:
    demo = made_demo("geopackage", scale)
    with (
        open_workspace(settings=demo.settings, create=False) as workspace,
        served(create_app(workspace=workspace)) as address,
    ):
        browser_page.page.set_default_timeout(120_000)
        page = browser_page.open(f"{address}/")
        page.wait_for_selector("#map-home[data-ready]")
        assert areas_by_level(page).items() >= expected(scale).items()
        kept = {
            "houses": len([r for r in workspace.store.records("ground")
                           if r["layer"] == "buildings"]),
            "places": len(workspace.store.records("places"))
            + len(workspace.store.records("organisations")),
        }  # fmt: skip
        assert page.evaluate("gridmap.houses.rings.length") == kept["houses"]
        assert page.evaluate("gridmap.places.all.length") == kept["places"]
        total = workspace.onemap_orders()["total"]
        assert f"{total:,}" in page.inner_text("#map-counts")
        at_each_zoom(page, check_texts)
        browser_page.assert_clean()
