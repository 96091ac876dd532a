"""How sure an owner is: the share of the circle by area, worked by hand and by sampling."""

from __future__ import annotations

from datetime import UTC, datetime
from math import acos, pi, sqrt

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.model import Coverage
from gridmap.crs import metres_per_degree
from gridmap.locate.locator import Locator
from gridmap.routing import Overlay, OverlayMap, Router, load_route_book, render
from gridmap.times import site_zone
from tests.route_town import EDITION, FIRMS, POSTS, at, coverage, estate_map, rectangle

ZONE = site_zone()
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
KX, KY = (float(k) for k in metres_per_degree(36.6))
X_M, Y_M = KX / 1000, KY / 1000  # metres of a lattice unit


@pytest.fixture(scope="module")
def locator():
    return Locator(coverage())


@pytest.fixture(scope="module")
def router(locator):
    return Router(load_route_book(zone=ZONE), locator.coverage, estate_map(), FIRMS, POSTS)


def decide(router, locator, item, x, y, accuracy=None):
    lon, lat = at(x, y)
    given = None if accuracy is None else np.array([float(accuracy)])
    return router.decide([item], locator.locate([lon], [lat], given), [NOON], given)[0]


def beyond(distance, radius):
    """Share of a circle beyond a straight line at a distance from its middle."""
    h = distance / radius
    return (acos(h) - h * sqrt(1 - h * h)) / pi


@pytest.mark.parametrize("accuracy", [10, 25, 40])
def test_a_straight_red_line_cuts_off_a_segment_of_the_circle(router, locator, accuracy):
    outside = decide(router, locator, "0101", 0.4, 2.0, accuracy)
    inside = decide(router, locator, "0101", 0.6, 2.0, accuracy)
    cut = beyond(0.1 * X_M, accuracy)
    # The western edge of the district is 0.4 units away, and nobody's ground lies beyond it.
    lost = beyond(0.4 * X_M, accuracy) if accuracy > 0.4 * X_M else 0.0
    assert outside.confidence == pytest.approx(1 - cut - lost, abs=2e-3)
    assert inside.confidence == pytest.approx(1 - cut, abs=2e-3)


def test_the_explanation_says_whose_most_of_it_is(router, locator):
    found = decide(router, locator, "0101", 0.6, 2.0, 25)
    share = f"{found.confidence:.0%}"
    assert f"定位精度范围内，约{share}的面积归安禾物业" in render(found.steps, "zh")
    assert any(share in said and "Anhe" in said for said in render(found.steps, "en"))


@pytest.mark.parametrize(
    ("item", "x", "y", "accuracy", "expected"),
    [
        ("0101", 1.2, 1.3, 25, 1.0),  # well inside
        ("0101", 1.2, 1.3, None, 1.0),  # taken as exact
        ("0904", 0.4, 1.3, 25, 1.0),  # the place does not matter for this item
        ("0301", 1.2, 1.3, 25, 0.0),  # nobody registered the cover
        ("0301", 1.2, 1.3, None, 0.0),
        ("0101", 10.05, 1.3, 25, 1.0),  # two estates wall to wall, one firm
        ("9999", 1.2, 1.3, 25, None),
        ("0101", -1, 2, 25, None),
    ],
)
def test_where_one_owner_has_it_all_or_nobody_any(router, locator, item, x, y, accuracy, expected):
    assert decide(router, locator, item, x, y, accuracy).confidence == expected


def test_ground_outside_the_district_counts_for_nobody(router, locator):
    found = decide(router, locator, "1002", 0.1, 2.0, 20)
    assert found.confidence == pytest.approx(1 - beyond(0.1 * X_M, 20), abs=2e-3)
    share = f"{1 - found.confidence:.0%}"
    assert f"定位精度范围约有{share}在辖区外" in render(found.steps, "zh")


@pytest.mark.parametrize("accuracy", [2.1e7, 1e150, 1e308])
@pytest.mark.parametrize("item", ["0101", "0306", "1002"])
def test_an_accuracy_beyond_the_earth_is_as_one_that_covers_it(router, locator, item, accuracy):
    found = decide(router, locator, item, 1.2, 1.3, accuracy)
    assert found == decide(router, locator, item, 1.2, 1.3, 20_037_508)
    assert found.confidence == pytest.approx(0, abs=1e-6)


def test_on_a_border_without_an_accuracy_the_directions_count(router, locator):
    assert decide(router, locator, "0901", 0.2, 4.0).confidence == pytest.approx(0.5, abs=1e-3)
    assert decide(router, locator, "0101", 4.0, 5.1).confidence == pytest.approx(0.5, abs=1e-3)
    assert decide(router, locator, "1002", 0.2, 4.0).confidence == 1.0
    corner = decide(router, locator, "0901", 8.0, 4.0)
    assert corner.confidence == pytest.approx(0.25, abs=1e-3)


def test_where_several_assets_may_be_meant_each_has_what_is_nearest_to_it(locator):
    lamps = [
        Overlay(code, "asset", name, owner=owner, items=("0306",), radius_m=15.0)
        for code, name, owner in (("a", "甲灯", "WY:F001"), ("b", "乙灯", "WY:F002"))
    ]
    spots = [shapely.Point(at(2.0, 1.9)), shapely.Point(at(2.2, 1.9))]
    book = load_route_book(zone=ZONE)
    router = Router(book, locator.coverage, OverlayMap(lamps, spots), FIRMS)
    # 9 m east of the one, 9 m west of the other, then 4.5 m nearer to the first.
    middle = decide(router, locator, "0306", 2.1, 1.9, 12)
    assert middle.confidence == pytest.approx(0.5, abs=2e-3)
    nearer = decide(router, locator, "0306", 2.05, 1.9, 12)
    assert nearer.confidence == pytest.approx(1 - beyond(0.05 * X_M, 12), abs=2e-3)


def test_a_faulty_red_line_is_cut_as_it_is_understood_and_stops_nothing(locator):
    bow = shapely.Polygon([at(0, 0), at(2, 2), at(2, 0), at(0, 2)])
    lines = OverlayMap([Overlay("bow", "estate", "蝶", owner="WY:F001")], [bow])
    router = Router(load_route_book(zone=ZONE), locator.coverage, lines, FIRMS)
    found = decide(router, locator, "0101", 1.0, 1.0, 25)
    assert 0 < found.confidence < 1


def test_a_parent_answers_for_the_rest_of_its_ground_alone():
    from gridmap.areas import Area, Levels

    levels = Levels(["community", "grid"])
    areas = [
        Area(-1, "community", "c", "社区"),
        Area(-1, "grid", "g", "网格", parent_level="community", parent_code="c"),
        Area(-1, "grid", "~r", "", "", "community", "c", "remainder"),
    ]
    shapes = [rectangle(0, 0, 4, 4), rectangle(0, 0, 2, 4), rectangle(2, 0, 4, 4)]
    rest = Coverage.build(EDITION, levels, areas, shapes)
    locator = Locator(rest)
    router = Router(load_route_book(zone=ZONE), rest, OverlayMap())
    assert decide(router, locator, "0101", 2.05, 2, 25).confidence == 1.0


@settings(max_examples=25, deadline=None)
@given(
    x=st.floats(0.1, 15.9), y=st.floats(0.1, 7.9), accuracy=st.floats(2, 120),
    item=st.sampled_from(["0101", "0901", "1007", "0106", "0601", "0303"]),
)  # fmt: skip
def test_the_share_agrees_with_asking_many_places_in_the_circle(x, y, accuracy, item):
    town, router_ = _parts()
    found = decide(router_, town, item, x, y, accuracy)
    # Equal areas: radius by the square root, directions by the golden angle.
    n = 1500
    radius = accuracy * np.sqrt((np.arange(n) + 0.5) / n)
    angle = np.arange(n) * np.pi * (3 - np.sqrt(5))
    lon0, lat0 = at(x, y)
    kx, ky = (float(k) for k in metres_per_degree(lat0))
    lon, lat = lon0 + radius * np.cos(angle) / kx, lat0 + radius * np.sin(angle) / ky
    exact = router_.decide([item] * n, town.locate(lon, lat), [NOON] * n)
    own = decide(router_, town, item, x, y)
    share = np.mean([d.department == own.department and d.confidence == 1.0 for d in exact])
    expected = 0.0 if own.confidence == 0.0 else share
    assert found.confidence == pytest.approx(expected, abs=0.03)


_PARTS = []


def _parts():
    if not _PARTS:
        town = Locator(coverage())
        book = load_route_book(zone=ZONE)
        _PARTS.extend([town, Router(book, town.coverage, estate_map(), FIRMS, POSTS)])
    return _PARTS
