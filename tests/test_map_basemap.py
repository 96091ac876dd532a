"""A site's own tiles under documents and staff maps: what is asked for, and where all else lies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import shapely

from gridmap.access import Actor, Visibility
from gridmap.crs import from_wgs84
from gridmap.errors import NotAllowed
from gridmap.maps import MapInfo
from gridmap.maps.basemap import BaseMap
from gridmap.maps.faults import faults_map
from gridmap.maps.levels import levels_map
from tests.browser import Visit
from tests.mapdata import CENTRE, district, ground
from tests.tile_server import (
    HOST,
    SENTENCE,
    SYSTEMS,
    Asked,
    base_tiles,
    drawn_at,
    in_window,
    pixel,
    tile_of,
)

pytest_plugins = ["tests.tile_fixtures"]


def document(base: BaseMap | None, actor: Actor | None = None) -> str:
    info = MapInfo("和安区网格图", edition="2026-春", as_of="2026-11-01", base=base)
    who = actor or Actor.resident()
    return levels_map(district(60), info=info, actor=who, ground=ground()).html()


# -- the shift ----------------------------------------------------------------------------


@pytest.mark.parametrize("width", [0.02, 0.3, 1.5])
def test_the_lattice_shifts_as_the_conversion_does(width: float) -> None:
    west, south = CENTRE
    lattice = base_tiles().told((west, south, west + width, south + width))["shift"]
    dice = np.random.default_rng(1)
    lon, lat = west + width * dice.random(500), south + width * dice.random(500)
    u = (lon - lattice["west"]) / lattice["step"]
    v = (lat - lattice["south"]) / lattice["step"]
    i, j = u.astype(int), v.astype(int)
    a, b = u - i, v - j
    shape = (-1, lattice["columns"])
    moved = []
    for name in ("dx", "dy"):
        of = np.array(lattice[name]).reshape(shape) * lattice["unit"]
        low = (1 - a) * of[j, i] + a * of[j, i + 1]
        moved.append((1 - b) * low + b * ((1 - a) * of[j + 1, i] + a * of[j + 1, i + 1]))
    exact = from_wgs84(lon, lat, "gcj02")
    metres = np.hypot((lon + moved[0] - exact[0]) * 91_000, (lat + moved[1] - exact[1]) * 111_000)
    assert metres.max() < (0.15 if width < 1 else 1.0)
    # And that is something: what is not shifted lies in another street.
    assert np.hypot((exact[0] - lon) * 91_000, (exact[1] - lat) * 111_000).min() > 300


@pytest.mark.parametrize("system", ["wgs84", "cgcs2000"])
def test_nothing_is_shifted_on_tiles_of_other_systems(system: str) -> None:
    assert base_tiles(system=system).told((116, 35, 117, 36))["shift"] is None


# -- documents ----------------------------------------------------------------------------


@pytest.mark.parametrize("system", list(SYSTEMS))
def test_a_document_names_its_tiles_and_may_load_them_alone(system: str) -> None:
    html = document(base_tiles(system=system))
    assert f"img-src data: blob: {HOST};" in html
    assert "底图：</span>天地图" in html
    assert "底图审图号：</span>GS（2024）0000号" in html
    assert f'"system":"{SYSTEMS[system]}"' in html
    assert SENTENCE in html
    bare = document(None)
    assert '"base":null' in bare
    assert "example.org" not in bare
    assert 'gm-credit"' not in bare


def test_a_review_number_that_is_not_known_leaves_a_blank_slot() -> None:
    html = document(base_tiles(base_review_no=""))
    assert '底图审图号：</span><span data-t="map.review_blank">（待填）</span>' in html


def test_the_map_of_faults_lies_on_the_tiles_too() -> None:
    info = MapInfo("边界检查图", base=base_tiles())
    html = faults_map(district(60), [], info=info, actor=Actor.operator()).html()
    assert f"img-src data: blob: {HOST};" in html


@pytest.mark.parametrize("visibility", [Visibility.STAFF, Visibility.RESTRICTED])
def test_a_document_for_the_public_is_refused_on_tiles_that_are_not(
    visibility: Visibility,
) -> None:
    base = replace(base_tiles(), visibility=visibility)
    with pytest.raises(NotAllowed, match="not for its readers"):
        document(base)
    assert HOST in document(base, Actor.operator())


# -- in a browser -------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("system", ["gcj02", "cgcs2000"])
def test_a_document_lies_on_the_tiles_and_answers_in_wgs84(
    tile_visit: Visit, tile_server: tuple[str, Asked], tmp_path: Path, system: str
) -> None:
    address, asked = tile_server
    file = tmp_path / "map.html"
    base = base_tiles(address + "/{z}/{x}/{y}.png", system)
    file.write_text(document(base), encoding="utf-8")
    page = tile_visit.open(file)
    page.wait_for_selector(".gm-based img.leaflet-tile-loaded")
    lon, lat = CENTRE
    assert drawn_at(page, lon, lat) == pytest.approx(pixel(lon, lat, 18, system), abs=0.6)
    page.evaluate("([lng, lat]) => gridmap.map.setView([lat, lng], 17, {animate: false})", CENTRE)
    page.wait_for_function("gridmap.map.getZoom() === 17")
    page.wait_for_selector("img.leaflet-tile-loaded[src*='/17/']")
    page.wait_for_load_state("networkidle")
    z, x, y = tile_of(lon, lat, 17, system)
    near = {(z, x + i, y + j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
    assert near <= asked.places
    other = tile_of(lon, lat, 17, "wgs84" if system == "gcj02" else "gcj02")
    assert abs(other[1] - x) + abs(other[2] - y) >= 1
    # Nothing far from the district is asked for.
    assert max(abs(tx - x) for tz, tx, _ in asked.places if tz == 17) < 12
    # A click where the picture shows an area is about that area.
    coverage = district(60)
    row = coverage.row("grid", "G005")
    spot = shapely.point_on_surface(coverage.shapes[row])
    page.evaluate("([lng, lat]) => gridmap.map.setView([lat, lng], 16, {animate: false})",
                  [spot.x, spot.y])  # fmt: skip
    page.evaluate("gridmap.view.on[3] = false")
    back = page.evaluate(
        """([lng, lat]) => {
          const { map } = gridmap;
          const at = map.containerPointToLatLng(map.latLngToContainerPoint([lat, lng]));
          return [at.lng, at.lat];
        }""",
        [spot.x, spot.y],
    )
    # Half a pixel there.
    assert back == pytest.approx([spot.x, spot.y], abs=2e-5)
    page.mouse.click(*in_window(page, spot.x, spot.y))
    assert page.locator(".gm-card h3").inner_text() == "第005网格"
    at = page.evaluate("new URLSearchParams(location.hash.slice(1)).get('at')").split(",")
    assert [float(at[1]), float(at[0])] == pytest.approx([spot.x, spot.y], abs=0.004)
    told = page.inner_text(".gm-legend")
    assert "天地图" in told
    assert "GS（2024）0000号" in told
    assert SYSTEMS[system] in told
    assert ("仅在显示时平移" in told) is (system == "gcj02")
    # What the tiles show already is not drawn over them, and comes back without them.
    assert page.evaluate("gridmap.based") is True
    page.locator(".gm-layer:has(.gm-swatch-base) input").uncheck()
    assert page.evaluate("gridmap.based") is False
    tile_visit.assert_clean()


@pytest.mark.browser
def test_a_document_without_a_network_is_drawn_as_ever(browser_page: Visit, tmp_path: Path) -> None:
    file = tmp_path / "map.html"
    file.write_text(document(base_tiles(HOST + "/{z}/{x}/{y}.png")), encoding="utf-8")
    page = browser_page.open(file)
    page.wait_for_selector(".gm-layer:has-text('底图') >> text=未能加载")
    assert {url.split("/")[2] for url in browser_page.refused} == {"t0.example.org"}
    assert not page.evaluate("gridmap.based")
    assert page.locator(".gm-based").count() == 0
    plain = tmp_path / "plain.html"
    plain.write_text(document(base_tiles(HOST + "/{z}/{x}/{y}.png", "wgs84")), encoding="utf-8")
    bare = tmp_path / "bare.html"
    bare.write_text(document(None), encoding="utf-8")
    clip = page.locator(".gm-map").bounding_box()
    clip = {**clip, "width": clip["width"] - 300, "height": clip["height"] - 40}
    pictures = []
    for one in (plain, bare):
        page = browser_page.open(one)
        page.wait_for_timeout(400)
        pictures.append(page.screenshot(clip=clip))
    # Own roads, water and parks: to the pixel what a site without tiles draws.
    assert pictures[0] == pictures[1]
