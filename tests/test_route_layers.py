"""Rulings, agreements, assets, street fronts and roads by class: who wins, and what is said."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.crs import geodesic_m
from gridmap.errors import BadValue
from gridmap.locate.locator import Locator
from gridmap.routing import Overlay, OverlayMap, Router, load_route_book, render
from gridmap.times import site_zone
from tests.route_town import EAST, FIRMS, WEST, at, coverage, estate_map, rectangle

BOOK = load_route_book(zone=site_zone())
NOON = datetime(2026, 3, 12, 4, tzinfo=UTC)
RECORD = {"source": "会议纪要〔2026〕3号", "valid_from": date(2026, 1, 1)}
LOCATOR = Locator(coverage())
# A step of the town's lattice to the north, and to the east.
METRES = 111.0


def router(*layers, book=BOOK, estates=True):
    """The town with further overlays: pairs of an overlay and its geometry as drawn."""
    own = estate_map() if estates else OverlayMap()
    known = [*own.overlays, *(one for one, _ in layers)]
    shapes = [*own.geometry, *(shape for _, shape in layers)]
    return Router(book, LOCATOR.coverage, OverlayMap(known, shapes, reach=book.reach), FIRMS)


def decide(route, item, x, y, accuracy=None, when=NOON):
    lon, lat = at(x, y)
    given = None if accuracy is None else np.array([float(accuracy)])
    located = LOCATOR.locate([lon], [lat], given)
    return route.decide([item], located, [when], given)[0]


def lead(route, item, x, y, accuracy=None):
    return decide(route, item, x, y, accuracy).department


def one(kind, owner="SZ", code="X1", **more):
    return Overlay(code, kind, "某处", "Somewhere", owner=owner, **more)


# -- rulings and agreements -----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["agreement", "ruling"])
@pytest.mark.parametrize("lack", [{"owner": ""}, {"source": ""}, {"valid_from": None}])
def test_a_ruling_or_agreement_names_its_owner_its_document_and_its_day(kind, lack):
    with pytest.raises(BadValue, match="owner, source or first day"):
        replace(Overlay("A", kind, "", owner="SZ", **RECORD), **lack)


def test_an_agreement_differs_from_the_red_line_for_the_work_of_whoever_keeps_the_ground():
    route = router((one("agreement", "SZ", **RECORD), rectangle(0.5, 0.5, 1.5, 1.5)))
    inside = decide(route, "0303", 1.2, 1.3)
    assert inside.department == "SZ"
    assert render(inside.steps, "zh")[0] == (
        "位于约定责任范围“某处”内（依据：会议纪要〔2026〕3号，自2026-01-01起），由市政管理处主办"
    )
    assert lead(route, "0303", 2.2, 1.3) == "WY:F001"  # beyond it, the red line
    assert lead(route, "0601", 1.2, 1.3) == "SZ"  # the firm's own work went with the ground
    assert lead(route, "0802", 1.2, 1.3) == "GA"  # noise is the police's on any ground
    assert lead(route, "0904", 1.2, 1.3) == "GA"
    assert lead(route, "0901", 1.2, 1.3) == f"SQ:{WEST}001"


def test_an_agreement_counts_from_its_first_day_on():
    route = router((one("agreement", "SZ", **RECORD), rectangle(0.5, 0.5, 1.5, 1.5)))
    before = decide(route, "0303", 1.2, 1.3, when=datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
    after = decide(route, "0303", 1.2, 1.3, when=datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    assert (before.department, after.department) == ("WY:F001", "SZ")


def test_what_names_its_items_answers_exactly_those_whatever_their_location_rule():
    named = one("agreement", "WY:F002", items=("0904", "0303"), **RECORD)
    route = router((named, rectangle(0.5, 0.5, 1.5, 1.5)))
    assert [lead(route, item, 1.2, 1.3) for item in ("0904", "0303", "0304")] == [
        "WY:F002", "WY:F002", "WY:F001",
    ]  # fmt: skip


def test_a_construction_site_suspends_an_agreement_and_a_ruling_stands_above_both():
    box = rectangle(0.5, 0.5, 1.5, 1.5)
    site = one("construction_site", "WY:F003", "C1"), box
    agreed = one("agreement", "SZ", "A1", **RECORD), box
    ruled = one("ruling", "YL", "U1", items=("0101",), **RECORD), box
    assert lead(router(agreed, site), "0101", 1.2, 1.3) == "WY:F003"
    assert lead(router(ruled, agreed, site), "0101", 1.2, 1.3) == "YL"
    assert lead(router(ruled, agreed, site), "0102", 1.2, 1.3) == "WY:F003"


def test_inside_the_hoarding_the_builder_keeps_the_ground_but_not_the_homes():
    route = router((one("construction_site", "WY:F003"), rectangle(0.5, 0.5, 1.5, 1.5)))
    assert lead(route, "0101", 1.2, 1.3) == "WY:F003"
    assert lead(route, "0501", 1.2, 1.3) == "WY:F003"
    assert lead(route, "0601", 1.2, 1.3) == "WY:F001"
    assert lead(route, "0802", 1.2, 1.3) == "GA"


def test_a_ruling_stands_above_an_exclusive_grid():
    ruled = one("ruling", "HW", items=("0101",), **RECORD)
    route = router((ruled, rectangle(4.5, 4.5, 6, 6)))
    assert lead(route, "0101", 5, 5) == "HW"
    assert lead(route, "0101", 7, 7) == f"EX:{WEST}002901"


@pytest.mark.parametrize(("code", "body"), [("JD", f"JD:{EAST}"), ("SQ", f"SQ:{EAST}001")])
def test_an_owner_may_be_the_office_or_committee_of_the_place(code, body):
    ruled = one("ruling", code, items=("0301",), **RECORD)
    assert lead(router((ruled, rectangle(12.5, 0, 14, 2))), "0301", 13, 1) == body


# -- street fronts and roads by class ----------------------------------------------------------


def test_a_street_front_is_swept_by_the_shop_behind_it_and_mended_by_the_road():
    strip = one("street_front", "WY:F003"), rectangle(4, 3.2, 8, 3.5)
    road = one("road", "", "R1", road_class="arterial"), rectangle(4, 3.2, 8, 4)
    route = router(strip, road)
    assert lead(route, "0103", 6, 3.4) == "WY:F003"
    assert lead(route, "0103", 6, 3.8) == "HW"
    assert lead(route, "0303", 6, 3.4) == "SZ"
    vending = decide(route, "0201", 6, 3.4)
    assert (vending.department, vending.co_departments) == ("CG", ("WY:F003",))


def test_a_street_front_without_an_owner_is_the_communitys():
    route = router((one("street_front", ""), rectangle(4, 3.2, 8, 3.5)))
    found = decide(route, "0103", 6, 3.4)
    assert found.department == f"SQ:{WEST}001"
    assert any("门前三包" in said for said in render(found.steps, "zh"))


@pytest.mark.parametrize(
    ("road_class", "leads"),
    [
        ("highway", ("JT", "JT", "CG", "JJ")),
        ("arterial", ("SZ", "HW", "CG", "JJ")),
        ("branch", (f"JD:{WEST}", f"JD:{WEST}", "CG", "JJ")),
        ("alley", (f"JD:{WEST}", f"JD:{WEST}", f"JD:{WEST}", "JJ")),
    ],
)
def test_a_road_is_kept_by_its_class(road_class, leads):
    line = shapely.LineString([at(0, 3.7), at(8, 3.7)])
    route = router((one("road", "", road_class=road_class), line))
    assert tuple(lead(route, i, 4.2, 3.7) for i in ("0303", "0103", "0201", "0308")) == leads


def test_a_roads_line_answers_up_to_its_half_width():
    line = shapely.LineString([at(0, 3.7), at(8, 3.7)])
    wide = router((one("road", "JT", road_class="arterial"), line))  # 20 m by the class
    own = router((one("road", "JT", road_class="arterial", radius_m=5.0), line))
    for metres, by_class, by_itself in ((4, "JT", "JT"), (19, "JT", "SZ"), (21, "SZ", "SZ")):
        y = 3.7 - metres / METRES
        assert lead(wide, "0303", 4.2, y) == by_class
        assert lead(own, "0303", 4.2, y) == by_itself


def test_a_road_line_stays_stored_as_it_was_drawn():
    line = shapely.LineString([at(0, 3.7), at(8, 3.7)])
    lines = OverlayMap([one("road", "")], [line])
    assert lines.drawn[0].equals(line)
    assert lines.geometry[0].geom_type == "Polygon"


# -- registered assets -----------------------------------------------------------------------------


def lamp(code, owner, x, y, kind="lamp", **more):
    return one("asset", owner, code, asset_type=kind, **more), shapely.Point(at(x, y))


def test_the_nearest_asset_of_the_right_type_within_its_radius_decides():
    route = router(
        lamp("L1", "DL", 4.2, 3.70),
        lamp("L2", "TX", 4.2, 3.80),  # 11 m north of the first
        lamp("K1", "RQ", 4.2, 3.70, kind="cover"),
    )
    assert lead(route, "0306", 4.2, 3.72) == "DL"
    assert lead(route, "0306", 4.2, 3.79) == "TX"
    assert lead(route, "0301", 4.2, 3.72) == "RQ"
    assert lead(route, "0306", 4.2, 3.40) == "SZ"  # 33 m away: by the catalogue
    assert lead(route, "0301", 4.2, 3.40) == f"JD:{WEST}"  # nobody is known to own it


def test_of_assets_equally_near_the_smaller_code_decides():
    for codes in (("A1", "A2"), ("A2", "A1")):
        owners = dict(zip(codes, ("DL", "TX"), strict=True))
        route = router(*(lamp(code, owner, 4.2, 3.7) for code, owner in owners.items()))
        assert lead(route, "0306", 4.2, 3.7) == owners["A1"]


def test_a_registered_lamp_goes_to_its_owner_also_inside_an_estate():
    route = router(lamp("L1", "DL", 1.2, 1.3))
    assert lead(route, "0306", 1.2, 1.3) == "DL"
    assert lead(route, "0306", 2.2, 1.3) == "WY:F001"


def test_an_asset_that_names_its_items_answers_those_alone():
    route = router(lamp("L1", "DL", 4.2, 3.7, kind="", items=("0311",)))
    assert lead(route, "0311", 4.2, 3.7) == "DL"
    assert lead(route, "0301", 4.2, 3.7) == f"JD:{WEST}"


def test_with_an_accuracy_all_assets_within_reach_are_candidates():
    route = router(
        lamp("K1", "GS", 4.2, 3.70, kind="cover"), lamp("K2", "TX", 4.2, 3.85, kind="cover")
    )
    assert lead(route, "0301", 4.2, 3.72) == "GS"
    assert lead(route, "0301", 4.2, 3.72, accuracy=3) == "GS"  # the other is 14 m away
    found = decide(route, "0301", 4.2, 3.72, accuracy=20)
    assert (found.department, found.options) == ("", ("GS", "TX"))
    same = router(
        lamp("K1", "GS", 4.2, 3.70, kind="cover"), lamp("K2", "GS", 4.2, 3.85, kind="cover")
    )
    assert lead(same, "0301", 4.2, 3.72, accuracy=20) == "GS"
    # A cover is some cover: that none is quite near is no second owner.
    assert lead(same, "0301", 4.2, 3.60, accuracy=10) == "GS"


def test_a_lamp_that_may_be_another_one_is_ambiguous():
    # 20 m off, more than its radius of 15: it may be an unregistered one of the works.
    route = router(lamp("L1", "DL", 4.2, 3.7))
    assert lead(route, "0306", 4.2, 3.7 - 20 / METRES) == "SZ"
    assert decide(route, "0306", 4.2, 3.7 - 20 / METRES, accuracy=10).options == ("SZ", "DL")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=12),
    st.tuples(st.integers(0, 60), st.integers(0, 60)),
    st.sampled_from([0.0, 5.0, 40.0]),
)
def test_assets_are_found_as_by_measuring_to_each(places, where, accuracy):
    def degrees(pair):
        return 117 + pair[0] * 1e-5, 36.6 + pair[1] * 1e-5

    assets = [one("asset", "DL", f"{n:02}", radius_m=7.0 + n) for n in range(len(places))]
    lines = OverlayMap(assets, [shapely.Point(degrees(place)) for place in places])
    lon, lat = degrees(where)
    around = lines.around(np.array([lon]), np.array([lat]), np.array([accuracy]))
    far = geodesic_m(*np.array([degrees(place) for place in places]).T, lon, lat)
    radius = np.array([asset.radius_m for asset in assets])
    if (np.abs(far - radius) < 1e-3).any() or (np.abs(far - radius - accuracy) < 1e-3).any():
        return
    within, further = list(around.touched[0]), list(around.objects[0])
    assert set(within) == set(np.flatnonzero(far <= radius).tolist())
    assert set(further) == set(np.flatnonzero((far > radius) & (far <= radius + accuracy)).tolist())
    for rows in (within, further):
        assert np.all(np.diff(far[rows]) > -1e-3)


# -- the river chief -------------------------------------------------------------------------------


def test_a_river_names_its_segment_and_the_role_but_never_the_person():
    river = one("river", "", contact="演示河长 0990-5550000")
    found = decide(router((river, rectangle(6, 3, 7, 5))), "0406", 6.5, 3.7)
    assert found.department == "SW"
    said = "".join(render(found.steps, "zh"))
    assert "河段“某处”设有河长" in said
    assert "演示河长" not in str(found)
    assert {"overlay": "X1"}.items() <= dict(found.steps[1].params).items()
