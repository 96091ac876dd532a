"""The map of faults in Chromium: what it says, shows and does when touched."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import shapely

from gridmap.access import Actor
from gridmap.coverage.auditing.audit import audit
from gridmap.coverage.auditing.faults import Fault
from gridmap.errors import BadValue
from gridmap.i18n import Saying
from gridmap.maps import MapInfo
from gridmap.maps.faults import faults_data, faults_map
from tests.mapdata import HOSTILE, district

INFO = MapInfo("边界检查图", title_en="Boundary check", edition="2026-春", as_of="2026-11-01")
STAFF = Actor.operator()
NOTHING = Saying("fault.nothing")


def spoiled():
    """A small district with a shifted atom, a missing one and a garbled name."""
    clean = district()
    shapes, names = clean.geometry.copy(), clean.name.copy()
    atoms = clean.atoms
    shapes[atoms[3]] = shapely.transform(shapes[atoms[3]], lambda xy: xy + 4e-4)
    shapes[atoms[40]] = None
    names[atoms[60]] = "泉城路社区".encode("gbk").decode("latin-1")
    return replace(clean, geometry=shapes, name=names)


def page(tmp_path, coverage, faults, info=INFO):
    path = tmp_path / "faults.html"
    faults_map(coverage, faults, info=info, actor=STAFF).save(path)
    return path


def test_the_same_faults_give_the_same_bytes():
    coverage = spoiled()
    found = audit(coverage)
    first, second = (faults_map(coverage, found, info=INFO, actor=STAFF).html() for _ in range(2))
    assert first == second
    assert "http://" not in first.replace("http://www.w3.org/", "")


def test_only_the_worst_are_drawn_and_all_are_counted():
    one = Fault(
        "overlap",
        "error",
        "grid",
        ("1", "2"),
        9.0,
        117.0,
        36.0,
        NOTHING,
        shapely.box(117, 36, 117.1, 36.1),
    )
    data = faults_data([one] * 3000, district().levels)
    assert (len(data["faults"]), data["total"]) == (2000, 3000)
    assert [s["count"] for s in data["severities"]] == [3000, 0, 0]
    assert data["kinds"][0]["zh"] == "重叠"


def test_every_kind_has_a_name_in_both_languages():
    doc = audit.__doc__ or ""
    kinds = set(re.findall(r"``([a-z_]+\??)``", doc)) - {"min_area_m2"}
    kinds |= {"missing_area", "partly_missing", "beyond_outline", "outline_differs", "code_missing",
              "code_extra", "wrong_datum", "unclear_datum"}  # fmt: skip
    faults = [Fault(k, "info", "grid", (), None, None, None, NOTHING) for k in sorted(kinds)]
    named = faults_data(faults, district().levels)["kinds"]
    assert len(named) > 30
    assert [k["kind"] for k in named if k["zh"] == k["kind"] or k["en"] == k["kind"]] == []


def test_a_district_too_large_for_one_page_shows_the_areas_concerned(monkeypatch):
    from gridmap.maps import faults as module

    def small(document, coverage, **options):
        if len(coverage) > 20:
            raise BadValue("too many")
        drawn.append(coverage)

    drawn: list[object] = []
    monkeypatch.setattr(module, "add_district", small)
    coverage = spoiled()
    found = [f for f in audit(coverage) if f.kind == "overlap"]
    html = module.faults_map(coverage, found, info=INFO, actor=STAFF).html()
    assert set(drawn[0].code) == {c for f in found for c in f.codes}
    assert '"partial":true' in html


def test_nothing_to_draw_is_said():
    nothing = replace(district(), geometry=np.full(len(district()), None, dtype=object))
    with pytest.raises(BadValue, match="nothing to draw"):
        faults_map(nothing, [], info=INFO, actor=STAFF)


@pytest.mark.browser
def test_a_reader_sees_counts_opens_a_fault_and_switches_the_language(tmp_path, browser_page):
    found = audit(spoiled())
    view = browser_page.open(page(tmp_path, spoiled(), found))
    assert view.locator("h1").inner_text() == "边界检查图"
    assert f"共 {len(found)} 处" in view.locator(".gm-count").inner_text()
    kinds = view.locator(".gm-fault-kinds").inner_text()
    assert "重叠" in kinds
    assert "名称乱码" in kinds
    view.locator(".gm-item-name", has_text="重叠").first.click()
    card = view.locator(".gm-card")
    assert "重叠" in card.inner_text()
    assert "相互重叠" in card.inner_text()
    assert "m²" in card.inner_text()
    view.locator("#gm-lang").click()
    assert "Errors" in view.locator("#gm-panel").inner_text()
    assert "Overlap" in card.inner_text()
    assert "overlap by" in card.inner_text()
    assert "相互重叠" not in card.inner_text()
    browser_page.assert_clean()


@pytest.mark.browser
def test_a_mark_on_the_map_opens_its_fault_and_a_switch_hides_it(tmp_path, browser_page):
    found = audit(spoiled())
    view = browser_page.open(page(tmp_path, spoiled(), found))
    at = view.evaluate(
        """() => {
          const {all, data} = gridmap.faults;
          const fault = all.find(f => data.kinds[f.k].kind === 'mojibake');
          gridmap.map.setView(fault.latlng, 16, {animate: false});
          const p = gridmap.map.latLngToContainerPoint(fault.latlng);
          const box = gridmap.map.getContainer().getBoundingClientRect();
          return [box.x + p.x, box.y + p.y];
        }"""
    )
    view.mouse.click(*at)
    assert "名称乱码" in view.locator(".gm-card").inner_text()
    before = view.locator(".gm-item").count()
    view.locator(".gm-layer", has_text="警告").locator("input").uncheck()
    assert view.locator(".gm-item").count() < before
    assert view.locator(".gm-item", has_text="名称乱码").count() == 0
    browser_page.assert_clean()


@pytest.mark.browser
def test_a_clean_district_says_so(tmp_path, phone_page):
    view = phone_page.open(page(tmp_path, district(), []))
    assert view.locator(".gm-list .gm-no-faults").inner_text() == "没有发现问题"
    view.locator(".gm-panel-toggle").click()
    assert view.locator("#gm-panel .gm-no-faults").inner_text() == "没有发现问题"
    phone_page.assert_clean()


@pytest.mark.browser
def test_a_phone_shows_the_card_above_the_buttons_and_nothing_wider_than_itself(
    tmp_path, phone_page
):
    view = phone_page.open(page(tmp_path, spoiled(), audit(spoiled())))
    view.locator(".gm-item-name").first.click()
    card = view.locator(".gm-popup").bounding_box()
    buttons = view.locator(".leaflet-control-zoom").bounding_box()
    assert card["y"] + card["height"] <= buttons["y"] + 1
    assert view.evaluate("document.documentElement.scrollWidth") <= 390
    phone_page.assert_clean()


@pytest.mark.browser
def test_markup_in_names_and_texts_is_text(tmp_path, browser_page):
    coverage = district(hostile=True)
    said = Saying("datum.system", {"system": HOSTILE})
    fault = Fault(HOSTILE, "error", "grid", (HOSTILE,), 1.0, 113.2, 35.3, said)
    view = browser_page.open(page(tmp_path, coverage, [fault]))
    view.locator(".gm-item-name").click()
    assert "<img" in view.locator(".gm-card").inner_text()
    browser_page.assert_clean()
