"""The maps in Chromium, with every request but the page's own refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import folium
import pytest
import shapely

from gridmap import assets
from gridmap.access import Actor
from gridmap.maps import GridMap, MapInfo
from gridmap.maps.levels import levels_map, report_choropleth
from gridmap.maps.party import party_map
from gridmap.maps.services import services_map
from tests.browser import Visit
from tests.map_pages import CUT, OFF_SCREEN, OVERLAPS, SMALL
from tests.mapdata import CENTRE, HOSTILE, counts, district, ground

pytestmark = pytest.mark.browser
INFO = MapInfo(
    "和安区网格图", title_en="Grids of He'an", edition="2026-春", as_of="2026-11-01", demo=True
)
KINDS = ("levels", "party", "services")


def services() -> list[dict[str, Any]]:
    x, y = CENTRE
    return [
        {
            "category": category, "name": f"云溪{number}号点", "name_en": f"Yunxi {number}",
            "lon": x + 0.004 * (number % 7 - 3), "lat": y + 0.004 * (number // 7 - 2),
            "address": f"云溪路{number}号", "hours": "周一至周五 08:30–17:30，周末 09:00–12:00",
            "phone": f"0999-55501{number:02d}", "special_services": "免费磨刀、配钥匙",
        }
        for number, category in enumerate(["canteen", "health", "repair", "nursery"] * 8)
    ]  # fmt: skip


def organisations() -> list[dict[str, Any]]:
    return [{**s, "category": "service_centre"} for s in services()[:9]]


ROSTER = [
    {"level": "grid", "area_code": "G003", "role": "grid_worker",
     "work_phone": "0999-5550103"}
]  # fmt: skip

REACH = [shapely.Point(CENTRE).buffer(0.01), shapely.Point(CENTRE).buffer(0.004)]


@pytest.fixture(scope="module")
def documents() -> dict[str, GridMap]:
    coverage, actor = district(150), Actor.resident()
    loads = report_choropleth("grid", counts(coverage), actor=actor, period="2025-11 – 2026-10")
    shared: dict[str, Any] = {"info": INFO, "actor": actor, "ground": ground()}
    return {
        "levels": levels_map(coverage, choropleth=loads, **shared),
        "party": party_map(
            coverage, organisations(), rosters=ROSTER, choropleth=loads, reach=REACH, **shared
        ),
        "services": services_map(coverage, services(), rosters=ROSTER, **shared),
    }


@pytest.fixture(scope="module")
def files(
    documents: dict[str, GridMap], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("maps")
    for kind, document in documents.items():
        document.save(folder / f"{kind}.html")
    return {kind: folder / f"{kind}.html" for kind in documents}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A small server of one folder; its address and the folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path))) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{http.server_address[1]}", tmp_path
        http.shutdown()
        thread.join()


def test_what_is_within_reach_of_the_centres_is_drawn_when_asked_for(
    browser_page: Visit, files: dict[str, Path]
) -> None:
    page = browser_page.open(files["party"])
    before = page.screenshot()
    page.get_by_label("15分钟步行").check()
    page.wait_for_timeout(300)
    assert page.screenshot() != before
    browser_page.assert_clean()


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_opens_from_disk_and_asks_for_nothing(
    browser_page: Visit,
    files: dict[str, Path],
    kind: str,
) -> None:
    page = browser_page.open(files[kind])
    assert page.evaluate("gridmap.view.areas.size") == len(district(150))
    assert page.locator(".gm-label").count() > 3
    assert page.locator("canvas").count() >= 4
    browser_page.assert_clean()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_is_cut_small_or_over_another_on_a_desktop(
    browser_page: Visit,
    files: dict[str, Path],
    kind: str,
    language: str,
) -> None:
    check_texts(browser_page, files[kind], language)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_text_is_cut_small_or_over_another_on_a_phone(
    phone_page: Visit,
    files: dict[str, Path],
    kind: str,
    language: str,
) -> None:
    page = check_texts(phone_page, files[kind], language)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator(".gm-panel-body").is_hidden()
    page.locator(".gm-panel-toggle").tap()
    assert page.locator(".gm-panel-body").is_visible()
    assert page.evaluate(OFF_SCREEN) == []


def check_texts(visit: Visit, file: Path, language: str) -> Any:
    page = visit.open(file)
    if language == "en":
        page.locator("#gm-lang").click()
        assert page.title() == "Grids of He'an"
    for zoom in (0, 1.5, 3):
        page.evaluate(
            "z => gridmap.map.setZoom(gridmap.map.getMinZoom() + z, {animate: false})", zoom
        )
        assert page.evaluate(OVERLAPS) == []
        assert page.evaluate(CUT) == []
        assert page.evaluate(SMALL) == []
        assert page.evaluate(OFF_SCREEN) == []
    visit.assert_clean()
    return page


def test_a_hostile_name_is_shown_as_text_and_runs_nothing(
    browser_page: Visit,
    tmp_path: Path,
) -> None:
    coverage = district(60, hostile=True)
    info = MapInfo(HOSTILE, edition=HOSTILE)
    place = {**services()[0], "name": HOSTILE, "address": HOSTILE, "phone": HOSTILE}
    target = tmp_path / "hostile.html"
    services_map(coverage, [place], info=info, actor=Actor.resident()).save(target)
    page = browser_page.open(target)
    page.on("dialog", lambda dialog: browser_page.problems.append(dialog.message))
    row = list(coverage.name).index(HOSTILE)
    page.evaluate("i => gridmap.view.select(i)", row)
    assert page.locator(".gm-card h3").last.inner_text().startswith("</script><img src=x")
    page.evaluate("gridmap.places.choose(gridmap.places.all[0], true)")
    assert page.locator(".gm-card h3").last.inner_text().startswith("</script><img src=x")
    page.fill("#gm-search-field", "script")
    assert page.locator("#gm-search-results li").count() == 2
    assert page.locator("img").count() == 0
    browser_page.assert_clean()


def test_closures_and_the_estate_that_somebody_is_there_for_are_shown(
    browser_page: Visit, tmp_path: Path
) -> None:
    place = {**services()[0], "closures": ["2026-11-25/2026-12-10 装修", "2026-12-24"]}
    own = {"role": "property_manager", "estate": "锦禾苑", "estate_en": "Jinhe Court"}
    target = tmp_path / "closed.html"
    services_map(
        district(60), [place], rosters=[{**ROSTER[0], **own}], info=INFO, actor=Actor.resident()
    ).save(target)
    page = browser_page.open(target)
    item = page.locator(".gm-item").inner_text()
    assert "临时关闭 2026-11-25 – 2026-12-10 装修" in item
    assert "临时关闭 2026-12-24" in item
    page.locator(".gm-item-name").click()
    assert "2026-11-25 – 2026-12-10 装修；2026-12-24" in page.locator(".gm-card").inner_text()
    page.fill("#gm-search-field", "G003")
    page.keyboard.press("Enter")
    card = page.locator(".gm-card").last
    assert "物业负责人" in card.inner_text()
    assert "锦禾苑" in card.inner_text()
    page.locator("#gm-lang").click()
    assert "Jinhe Court" in page.locator(".gm-card").last.inner_text()
    browser_page.assert_clean()


def test_the_policy_stops_even_a_script_that_got_into_the_page(
    browser_page: Visit,
    files: dict[str, Path],
    tmp_path: Path,
) -> None:
    html = files["levels"].read_text(encoding="utf-8")
    target = tmp_path / "injected.html"
    evil = "<script>window.ran = 1</script><img src=x onerror='window.ran = 2'></body>"
    target.write_text(html.replace("</body>", evil), encoding="utf-8")
    page = browser_page.open(target)
    assert page.evaluate("window.ran") is None
    assert page.evaluate("gridmap.view.areas.size") > 0


def test_a_click_names_the_area_its_parents_and_its_count(
    browser_page: Visit,
    files: dict[str, Path],
) -> None:
    page = browser_page.open(files["levels"])
    coverage = district(150)
    row = coverage.row("grid", "G005")
    spot = shapely.point_on_surface(coverage.shapes[row])
    page.evaluate("gridmap.view.on[3] = false")
    at = page.evaluate(
        """([lat, lng]) => {
          const p = gridmap.map.latLngToContainerPoint([lat, lng]);
          const r = gridmap.map.getContainer().getBoundingClientRect();
          return [p.x + r.x, p.y + r.y];
        }""",
        [spot.y, spot.x],
    )
    page.mouse.click(*at)
    card = page.locator(".gm-card")
    assert card.locator("h3").inner_text() == "第005网格"
    text = card.inner_text()
    assert "G005" in text
    assert " › " in text
    assert "15 件" in text
    page.locator("#gm-lang").click()
    assert card.locator("h3").inner_text() == "Grid 5"
    assert "15 reports" in card.inner_text()
    page.mouse.move(at[0] + 2, at[1] + 150)
    assert page.locator(".gm-tip").count() <= 1
    browser_page.assert_clean()


def test_every_atom_is_found_where_it_lies(
    browser_page: Visit,
    files: dict[str, Path],
) -> None:
    coverage = district(150)
    rows = coverage.atoms.tolist()
    inside = [shapely.point_on_surface(coverage.shapes[row]) for row in rows]
    page = browser_page.open(files["levels"])
    found = page.evaluate(
        "points => points.map(([lng, lat]) => gridmap.view.areas.at(3, {lng, lat}))",
        [[p.x, p.y] for p in inside],
    )
    assert found == rows


def test_search_finds_by_code_and_name_and_goes_there(
    browser_page: Visit,
    files: dict[str, Path],
) -> None:
    page = browser_page.open(files["services"])
    page.fill("#gm-search-field", "g003")
    assert page.locator("#gm-search-results li").first.inner_text().startswith("第003网格")
    page.keyboard.press("Enter")
    assert page.locator(".gm-card h3").inner_text() == "第003网格"
    assert page.locator(".gm-people a.gm-tel").get_attribute("href") == "tel:09995550103"
    page.fill("#gm-search-field", "云溪7号")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator(".gm-card h3").last.inner_text() == "云溪7号点"
    page.fill("#gm-search-field", "不存在的地方")
    assert page.locator("#gm-search-results").inner_text() == "没有找到"
    browser_page.assert_clean()


def test_categories_switch_pins_and_list_together(
    browser_page: Visit,
    files: dict[str, Path],
) -> None:
    page = browser_page.open(files["services"])
    assert "共 32 处" in page.locator(".gm-count").inner_text()
    assert page.locator(".gm-item").count() == 32
    page.locator(".gm-chip-category", has_text="社区食堂").click()
    assert page.locator(".gm-item").count() == 24
    assert page.locator(".gm-pin span", has_text="餐").count() == 0
    page.locator(".gm-chip-all").click()
    page.locator(".gm-chip-all").click()
    assert page.locator(".gm-item").count() == 0
    assert page.locator(".gm-none").is_visible()
    browser_page.assert_clean()


def test_the_list_leads_to_the_place_and_its_phone(
    phone_page: Visit,
    files: dict[str, Path],
) -> None:
    page = phone_page.open(files["services"])
    item = page.locator(".gm-item").nth(3)
    name = item.locator(".gm-item-name").inner_text()
    item.locator(".gm-item-name").tap()
    assert page.locator(".gm-card h3").inner_text() == name
    card = page.locator(".gm-card")
    assert card.locator("a.gm-tel").get_attribute("href").startswith("tel:0999")
    box = page.locator(".gm-popup").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    phone_page.assert_clean()


def test_layers_go_and_come_back(
    browser_page: Visit,
    files: dict[str, Path],
) -> None:
    page = browser_page.open(files["levels"])
    before = page.locator(".gm-label").count()
    for box in page.locator(".gm-layer input").all():
        box.uncheck()
    assert page.locator(".gm-label").count() == 0
    for box in page.locator(".gm-layer input").all():
        box.check()
    assert page.locator(".gm-label").count() == before
    browser_page.assert_clean()


def test_the_legend_counts_every_grid_once(
    browser_page: Visit,
    files: dict[str, Path],
) -> None:
    page = browser_page.open(files["levels"])
    numbers = page.locator(".gm-classes small").all_inner_texts()
    assert sum(map(int, numbers)) == len(counts(district(150)))
    texts = page.locator(".gm-classes").inner_text()
    assert "少于 5" in texts


def test_a_served_page_loads_leaflet_from_the_server_and_nothing_else(
    browser_page: Visit,
    server: tuple[str, Path],
) -> None:
    address, folder = server
    (folder / "assets").symlink_to(assets.folder())
    document = levels_map(district(60), info=INFO, actor=Actor.resident(), mode="served")
    document.save(folder / "map.html")
    page = browser_page.open(f"{address}/map.html")
    assert page.evaluate("gridmap.view.areas.size") == len(district(60))
    browser_page.assert_clean()


def test_layers_of_folium_itself_work_on_the_map(
    browser_page: Visit,
    tmp_path: Path,
) -> None:
    document = levels_map(district(60), info=INFO, actor=Actor.resident())
    x, y = CENTRE
    folium.CircleMarker((y, x), radius=9, tooltip="圆点").add_to(document)
    folium.Marker((y + 0.01, x)).add_to(document)
    folium.GeoJson(shapely.Point(x, y).buffer(0.005).__geo_interface__).add_to(document)
    group = folium.FeatureGroup("组").add_to(document)
    folium.PolyLine([(y, x), (y + 0.01, x + 0.01)]).add_to(group)
    document.save(tmp_path / "folium.html")
    page = browser_page.open(tmp_path / "folium.html")
    assert page.locator("path.leaflet-interactive").count() == 3
    assert page.locator("img.leaflet-marker-icon").evaluate("n => n.naturalWidth") > 0
    browser_page.assert_clean()


def test_a_notebook_cell_shows_the_map_in_its_frame(
    browser_page: Visit,
    tmp_path: Path,
    documents: dict[str, GridMap],
) -> None:
    cell = tmp_path / "cell.html"
    cell.write_text(
        f"<!DOCTYPE html><meta charset='utf-8'>{documents['levels']._repr_html_()}",
        encoding="utf-8",
    )
    page = browser_page.open(cell)
    frame = page.frame_locator("iframe")
    assert frame.locator(".gm-label").first.inner_text()
    assert frame.locator(".gm-disclaimer").inner_text() == "网格范围示意，不作为行政区划界线依据"
    browser_page.assert_clean()


def test_the_map_is_kept_to_the_district(
    browser_page: Visit,
    files: dict[str, Path],
) -> None:
    page = browser_page.open(files["levels"])
    page.evaluate("gridmap.map.panBy([-90000, 0], {animate: false})")
    page.wait_for_function("gridmap.map.getBounds().intersects(gridmap.map.options.maxBounds)")
    page.evaluate("gridmap.map.setZoom(2, {animate: false})")
    assert page.evaluate("gridmap.map.getZoom()") > 10
    assert page.evaluate("gridmap.map.getMaxZoom()") == 19


def test_what_is_not_allowed_is_refused_and_noted(
    browser_page: Visit,
    tmp_path: Path,
) -> None:
    target = tmp_path / "page.html"
    target.write_text("<img src='http://192.0.2.1/a.png'><p>x", encoding="utf-8")
    browser_page.open(target)
    assert browser_page.refused == ["http://192.0.2.1/a.png"]
    with pytest.raises(AssertionError):
        browser_page.assert_clean()
