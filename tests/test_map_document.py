"""The page: whole in itself, the same for the same input, safe whatever the data say."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from pathlib import Path

import folium
import pytest
from folium.plugins import MarkerCluster

from gridmap.access import Actor
from gridmap.errors import BadValue
from gridmap.maps import GridMap, MapInfo
from gridmap.maps.island import script_json
from gridmap.maps.levels import levels_map
from tests.mapdata import HOSTILE, district, ground

BOUNDS = (113.1, 35.1, 113.2, 35.2)
LINK = re.compile(r"""(?:src|href|action|data)\s*=\s*["']?\s*(?:https?:)?//""", re.IGNORECASE)


def page(**facts: object) -> str:
    return GridMap(BOUNDS, MapInfo("网格图", **facts)).html()  # type: ignore[arg-type]


def test_an_inline_page_names_no_address_to_load_from() -> None:
    html = levels_map(
        district(60), info=MapInfo("图"), actor=Actor.resident(), ground=ground()
    ).html()
    assert LINK.findall(html) == []
    assert "<script src" not in html
    assert '<link rel="stylesheet"' not in html
    assert re.findall(r"url\((?!data:|#)[^)]*\)", html) == []


def test_a_served_page_takes_leaflet_from_the_given_path_only() -> None:
    html = GridMap(BOUNDS, MapInfo("图"), mode="served", asset_base="/static/v1/").html()
    assert '<script src="/static/v1/leaflet/leaflet.js"></script>' in html
    assert 'href="/static/v1/leaflet/leaflet.css"' in html
    assert LINK.findall(html) == []
    assert len(html) < len(page()) - 100_000


def test_the_same_input_gives_the_same_bytes() -> None:
    def make() -> GridMap:
        document = levels_map(district(60), info=MapInfo("图"), actor=Actor.resident())
        folium.FeatureGroup("层").add_to(document)
        return document

    first = make()
    assert first.html() == first.html() == make().html()
    assert re.findall(r"_[0-9a-f]{32}", first.html()) == []


def test_codes_that_look_like_folium_ids_are_left_alone() -> None:
    document = GridMap(BOUNDS, MapInfo("图"))
    document.add_data({"code": "_0123456789abcdef0123456789abcdef"}, "gridmap.t")
    assert '"_0123456789abcdef0123456789abcdef"' in document.html()


def test_every_map_says_what_the_law_and_the_reader_want() -> None:
    html = page(edition="2026-春", as_of="2026-11-01", demo=True)
    assert "网格范围示意，不作为行政区划界线依据" in html
    assert "审图号：" in html
    assert "（待填）</span></span>" in html
    assert "演示数据 · 虚构</strong>" in html
    assert "2026-春" in html
    assert "2026-11-01" in html


def test_a_review_number_fills_the_slot() -> None:
    html = page(review_no="测S(2026)001号")
    assert "测S(2026)001号" in html
    assert "（待填）</span></span>" not in html


def test_only_a_document_for_staff_is_marked_internal() -> None:
    def marked(actor: Actor) -> bool:
        html = levels_map(district(40), info=MapInfo("图"), actor=actor).html()
        return "内部使用</strong>" in html

    assert marked(Actor.operator())
    assert marked(Actor.with_role("dispatcher"))
    assert not marked(Actor.resident())


def test_no_flag_stands_in_any_page() -> None:
    assert "flag" not in page()


def test_hostile_names_stay_data() -> None:
    info = MapInfo(HOSTILE, title_en=HOSTILE, edition=HOSTILE, as_of=HOSTILE, review_no=HOSTILE)
    html = levels_map(district(60, hostile=True), info=info, actor=Actor.resident()).html()
    assert "<img" not in html
    assert html.count("</script>") == len(re.findall(r"<script[ >]", html))
    data = re.search(r'<script type="application/json" id="data_\w+">(.*?)</script>', html)
    assert data is not None
    assert HOSTILE in json.loads(data.group(1))["columns"]["name"]


def test_json_for_a_script_reads_back_whatever_it_holds() -> None:
    value = {"</script>": ["<!--", "&amp;", "\u2028\u2029", "'\"`\\", "\r\n\0", "😀", 1.5, None]}
    text = script_json(value)
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(script_json("\ud800")) == "\ud800"
    script_json("\ud800").encode("utf-8")


def test_the_policy_names_every_script_by_its_hash_and_nothing_else() -> None:
    html = page()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)
    assert policy is not None
    rules = policy.group(1).replace("&#x27;", "'")
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = {base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts}
    assert len(scripts) == 3
    assert set(re.findall(r"'sha256-([^']+)'", rules)) == hashes
    assert rules.startswith("default-src 'none';")
    assert "http" not in rules
    assert "unsafe-inline" not in rules.partition("script-src")[2]


def test_a_site_may_allow_its_own_tile_host() -> None:
    html = GridMap(BOUNDS, MapInfo("图"), image_sources=("https://tiles.example",)).html()
    assert "img-src data: blob: https://tiles.example;" in html


def test_a_plugin_that_would_load_from_another_host_is_refused() -> None:
    document = GridMap(BOUNDS, MapInfo("图"))
    MarkerCluster().add_to(document)
    with pytest.raises(BadValue, match="another host") as error:
        document.html()
    assert "http" in str(error.value.got)


def test_markup_in_a_layers_own_script_is_refused() -> None:
    document = GridMap(BOUNDS, MapInfo("图"))
    folium.Marker((35.15, 113.15), icon=folium.DivIcon(html="</script><b>")).add_to(document)
    html_or_error = ""
    try:
        html_or_error = document.html()
    except BadValue as error:
        html_or_error = str(error)
    assert "</script><b>" not in html_or_error


def test_folium_itself_still_loads_what_it_always_did() -> None:
    assert GridMap.default_js == []
    assert any("leaflet" in name for name, _ in folium.Map.default_js)


def test_a_notebook_gets_the_same_page_in_a_frame() -> None:
    shown = GridMap(BOUNDS, MapInfo("网格图"))._repr_html_()
    assert shown.startswith("<iframe srcdoc=")
    assert "网格图" in shown
    assert "leaflet-attribution-flag" not in shown


def test_saving_writes_the_page_whole(tmp_path: Path) -> None:
    document = GridMap(BOUNDS, MapInfo("图"))
    target = tmp_path / "图.html"
    document.save(target)
    document.save(str(tmp_path / "again.html"))
    assert target.read_bytes() == (tmp_path / "again.html").read_bytes()
    assert target.read_text(encoding="utf-8") == document.html()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.html", "图.html"]
    buffer = io.BytesIO()
    document.save(buffer, close_file=False)
    assert buffer.getvalue() == target.read_bytes()


def test_a_failed_save_leaves_nothing_and_keeps_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "map.html"
    target.write_text("old")
    document = GridMap(BOUNDS, MapInfo("图"))
    MarkerCluster().add_to(document)
    with pytest.raises(BadValue):
        document.save(target)
    assert target.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["map.html"]


def test_wrong_bounds_mode_and_language_are_refused() -> None:
    with pytest.raises(BadValue, match="wrong way round"):
        GridMap((2, 0, 1, 1), MapInfo("图"))
    with pytest.raises(BadValue, match="mode"):
        GridMap(BOUNDS, MapInfo("图"), mode="cdn")  # type: ignore[arg-type]
    with pytest.raises(BadValue, match="language"):
        MapInfo("图", lang="fr")


def test_an_english_page_says_so() -> None:
    html = page(lang="en", title_en="Grids")
    assert '<html lang="en">' in html
    assert ">Grids</h1>" in html
    assert "Map review no.: " in html
