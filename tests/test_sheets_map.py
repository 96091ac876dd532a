"""The map of a sheet: markers and names cover nothing that matters, and it is true to scale."""

from __future__ import annotations

import re

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.crs import geodesic_m
from gridmap.sheets.content import MARKER_MM, compose
from gridmap.sheets.drawing import draw
from gridmap.sheets.frame import frames_around
from gridmap.sheets.ground import borders
from gridmap.sheets.labels import Labels
from gridmap.sheets.markers import spread
from gridmap.sheets.model import Request
from gridmap.sheets.page import sheet_html
from gridmap.sheets.papers import PAPERS, Box
from tests.mapdata import HOSTILE
from tests.sheet_town import COMMUNITY, box, changed, town

PAPER = Box(190, 124)
SPOTS = st.lists(
    st.tuples(st.floats(0, PAPER.width), st.floats(0, PAPER.height)), min_size=0, max_size=25
)


@settings(max_examples=40, deadline=None)
@given(SPOTS)
def test_no_marker_covers_another_or_leaves_the_paper(spots):
    anchors = np.array(spots, dtype=float).reshape(-1, 2)
    bar = shapely.box(140, 110, 188, 122)
    found = spread(anchors, MARKER_MM, PAPER, taken=[bar])
    apart = np.hypot(*(found.at[:, None] - found.at[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    assert (apart >= 2 * MARKER_MM).all()
    assert (found.at >= MARKER_MM).all()
    assert (found.at <= np.array([PAPER.width, PAPER.height]) - MARKER_MM).all()
    assert (shapely.distance(shapely.points(found.at), bar) >= MARKER_MM).all()
    moved = np.hypot(*(found.at - anchors).T)
    assert (found.led == (moved > 0.8)).all()


def test_places_on_one_spot_get_leaders_and_all_but_one_step_aside():
    found = spread(np.full((6, 2), 60.0), MARKER_MM, PAPER)
    assert found.led.sum() == 5


def test_markers_of_a_sheet_are_the_rows_of_its_table():
    page = sheet_html(town(), Request("services", "estate", "E1", "a3"))
    pins = re.findall(r'class="pin".*?>(\d+)</text>', page)
    rows = re.findall(r'class="no"[^>]*>(\d+)<', page)
    assert sorted(map(int, pins)) == list(map(int, rows)) == list(range(1, len(rows) + 1))
    assert len(rows) >= 9


def test_names_cover_neither_each_other_nor_what_is_taken():
    taken = shapely.box(0, 0, 40, 40)
    labels = Labels(PAPER, [taken])
    area = shapely.box(20, 20, 80, 80)
    assert all(labels.on_area("东苑小区", area, 3.0, "estate", within=area) for _ in range(4))
    rooms = [shapely.box(a.x - 6, a.y - 1.5, a.x + 6, a.y + 1.5) for a in labels.placed]
    for i, one in enumerate(rooms):
        assert not shapely.intersects(one, taken)
        assert not any(shapely.overlaps(one, other) for other in rooms[:i])
    small = shapely.box(90, 90, 95, 95)
    assert not labels.on_area("比这块地方长得多的名字", small, 3.0, "own", within=small)


def test_the_frame_is_true_to_its_scale_and_cuts_nothing_off():
    focus = box(0.2, 0.2, 0.3, 0.3)
    frame = next(frames_around(focus, PAPER))
    ends = np.array([[117.003, 36.603], [117.004, 36.603]])
    paper = frame.to_paper(ends)
    metres = float(geodesic_m(*ends[0], *ends[1]))
    assert (paper[1, 0] - paper[0, 0]) * frame.scale / 1000 == pytest.approx(metres, rel=1e-4)
    drawn = frame.drawn(np.array([focus], dtype=object))[0]
    whole = shapely.transform(focus, frame.to_paper)
    assert shapely.area(drawn) == pytest.approx(shapely.area(whole), rel=1e-3)


@pytest.mark.parametrize(("away", "scales"), [(0.0, (500, 5000)), (0.006, (6000, 10_000))])
def test_at_the_edge_of_town_the_map_reaches_farther_until_it_shows_some_services(away, scales):
    district = town()
    places = [{**one, "lon": one["lon"] + away} for one in district.places]
    sheet, frame = compose(changed(district, places=places), Request("services", "estate", "E1"))
    assert scales[0] <= frame.scale <= scales[1]
    assert len(sheet.services) >= 5


def test_the_edge_of_the_paper_is_no_border_of_a_grid():
    district = town()
    sheet, frame = compose(district, Request("services", "estate", "E1"))
    drawn = "".join(borders(district, sheet, frame, 1.0))
    spots = np.array([[float(n) for n in one.split(",")]
                      for one in re.findall(r"[\d.]+,[\d.]+", drawn)])  # fmt: skip
    assert len(spots) >= 2
    wide, high = frame.box.width, frame.box.height
    assert ((spots > 0.05) & (spots < [wide - 0.05, high - 0.05])).all()


def test_the_scale_bar_is_as_long_as_it_says():
    district = town()
    sheet, frame = compose(district, Request("services", "community", COMMUNITY, "a4"))
    svg = draw(district, sheet, frame, PAPERS["a4"])
    said = re.search(r">(\d+) m<", svg)
    first, second = re.findall(r'width="([\d.]+)" height="1.20"', svg)
    assert (float(first) + float(second)) * frame.scale / 1000 == pytest.approx(
        float(said[1]), rel=1e-3
    )
    assert f"1:{frame.scale:,}".replace(",", " ") in svg


@pytest.mark.parametrize("kind", ["services", "board", "card"])
def test_hostile_names_are_text_and_nothing_else(kind):
    page = sheet_html(town(hostile=True), Request(kind, "estate", "E1", "a4"))
    assert HOSTILE not in page
    assert "<img" not in page
    assert "<script" not in page
    assert "onerror=alert(1)&gt;" in page


@pytest.mark.parametrize("kind", ["services", "board", "card"])
def test_a_sheet_loads_nothing_and_shows_no_sign_of_state(kind):
    page = sheet_html(town(), Request(kind, "estate", "E1", "a4"))
    without = page.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r'(?:src|href)="(?!tel:)|url\(|@import|https?://', without)
    assert not re.search(r"flag|emblem|[★☆⭐☭]", page)
    assert "2026-07-01" in page
    if kind != "card":
        assert "网格范围示意，不作为行政区划界线依据" in page
        assert "审图号" in page


def test_people_and_services_are_the_same_on_every_sheet():
    district = town(posts=5)
    pages = {
        kind: sheet_html(district, Request(kind, "estate", "E1", "a3"))
        for kind in ("services", "board", "card")
    }
    phones = {kind: set(re.findall(r"tel:(0990-\d+)", page)) for kind, page in pages.items()}
    assert phones["board"]
    assert phones["board"] <= phones["card"]
    assert phones["card"] - phones["board"] <= phones["services"]


def test_a_sheet_in_english_says_english():
    page = sheet_html(town(), Request("board", "estate", "E1", "a4", "en"))
    assert "Duty board" in page
    assert "East Court" in page
    assert "Grid worker" in page
    assert "责任公示牌" not in page
