"""At the seams: both sides of red lines and borders, with and without an accuracy."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.crs import metres_per_degree
from gridmap.errors import BadValue
from gridmap.locate.locator import Locator
from gridmap.routing import (
    AmbiguityPolicy,
    Overlay,
    OverlayMap,
    Router,
    load_route_book,
    render,
)
from gridmap.times import site_zone
from tests.route_town import FIRMS, POSTS, at, coverage, estate_map, rectangle

ZONE = site_zone()
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
WEST, EAST = "JD:990101001", "JD:990101002"


@pytest.fixture(scope="module")
def locator():
    return Locator(coverage())


def make_router(locator, overlays=None, **rules):
    book = load_route_book(zone=ZONE, **rules)
    return Router(book, locator.coverage, overlays or estate_map(), FIRMS, POSTS)


@pytest.fixture(scope="module")
def router(locator):
    return make_router(locator)


def decide(router, locator, item, x, y, accuracy=None, *, level=None, when=NOON, **more):
    lon, lat = at(x, y)
    given = None if accuracy is None else np.array([float(accuracy)])
    found = locator.locate([lon], [lat], given, level=level)
    return router.decide([item], found, [when], given, **more)[0]


def rules(decision):
    return [step.rule for step in decision.steps]


# -- red lines ------------------------------------------------------------------------


@pytest.mark.parametrize("x", [0.4, 0.6])
def test_on_either_side_of_a_red_line_within_the_accuracy_both_owners_are_named(router, locator, x):
    found = decide(router, locator, "0101", x, 1.3, 25)
    assert found.department == ""
    assert found.needs_person
    assert set(found.options) == {"HW", "WY:F001"}
    assert "环卫中心" in "".join(render(found.steps, "zh"))
    assert "Anhe Property" in "".join(render(found.steps, "en"))


@pytest.mark.parametrize(("x", "department"), [(0.4, "HW"), (0.6, "WY:F001")])
def test_without_an_accuracy_the_point_is_taken_as_exact(router, locator, x, department):
    found = decide(router, locator, "0101", x, 1.3)
    assert (found.department, found.options, found.needs_person) == (department, (), False)


@pytest.mark.parametrize("accuracy", [np.nan, -5.0, np.inf])
def test_an_accuracy_that_is_none_counts_as_not_given(router, locator, accuracy):
    assert decide(router, locator, "0101", 0.6, 1.3, accuracy).department == "WY:F001"


def test_the_accuracy_has_to_reach_the_line(router, locator):
    # 0.1 units of longitude are 8.95 m here.
    assert decide(router, locator, "0101", 0.4, 1.3, 8.5).department == "HW"
    assert decide(router, locator, "0101", 0.4, 1.3, 9.5).department == ""
    assert decide(router, locator, "0101", 0.6, 1.3, 8.5).department == "WY:F001"
    assert decide(router, locator, "0101", 0.6, 1.3, 9.5).department == ""


def test_an_item_that_does_not_ask_for_the_estate_is_certain_beside_it(router, locator):
    found = decide(router, locator, "0804", 0.4, 1.3, 25)
    assert (found.department, found.options) == ("HB", ())


def test_a_wide_accuracy_names_every_possible_lead_once(router, locator):
    found = decide(router, locator, "0101", 4.1, 3.6, 80)
    # Street, two estates, one of them open in both communities, and the hospital.
    assert sorted(found.options) == [
        "EX:990101001002901", "HW", "SQ:990101001001", "SQ:990101001002", "WY:F001",
    ]  # fmt: skip
    assert found.options[0] == "HW"


def test_the_deadline_runs_and_somebody_goes_while_the_owner_is_open(router, locator):
    found = decide(router, locator, "0101", 0.4, 1.3, 25)
    assert found.due_at is not None
    assert found.first_responder == "W-A1-1"
    assert found.handling_level == "G"


def test_two_estates_wall_to_wall_of_one_firm_are_certain(router, locator):
    found = decide(router, locator, "0101", 10.05, 1.3, 25)
    assert found.department == "WY:F002"


def test_where_their_wall_ends_the_street_is_within_the_accuracy(router, locator):
    found = decide(router, locator, "0101", 10.05, 0.6, 25)
    assert found.department == ""
    assert set(found.options) == {"WY:F002", "HW"}


def test_a_lane_between_two_estates_of_one_firm_is_a_place(locator):
    # The lane is 9 m wide: sanitation may be meant.
    lines = OverlayMap(
        [
            Overlay("a", "estate", "A", owner="WY:F001"),
            Overlay("b", "estate", "B", owner="WY:F001"),
        ],
        [rectangle(0.5, 0.5, 1.9, 3.5), rectangle(2.0, 0.5, 3.5, 3.5)],
    )
    found = decide(make_router(locator, lines), locator, "0101", 1.85, 1.3, 25)
    assert set(found.options) == {"WY:F001", "HW"}


def test_a_sliver_between_two_red_lines_drawn_apart_is_none(locator):
    lines = OverlayMap(
        [
            Overlay("a", "estate", "A", owner="WY:F001"),
            Overlay("b", "estate", "B", owner="WY:F001"),
        ],
        [rectangle(0.5, 0.5, 1.9, 3.5), rectangle(1.900001, 0.5, 3.5, 3.5)],
    )
    found = decide(make_router(locator, lines), locator, "0101", 1.85, 1.3, 25)
    assert found.department == "WY:F001"


def test_two_firms_wall_to_wall_are_two_owners(locator):
    lines = OverlayMap(
        [
            Overlay("a", "estate", "A", owner="WY:F001"),
            Overlay("b", "estate", "B", owner="WY:F002"),
        ],
        [rectangle(0.5, 0.5, 1.9, 3.5), rectangle(1.9, 0.5, 3.5, 3.5)],
    )
    found = decide(make_router(locator, lines), locator, "0101", 1.85, 1.3, 25)
    assert {"WY:F001", "WY:F002"} <= set(found.options)


def test_of_two_estates_one_over_the_other_the_higher_priority_wins(locator):
    lines = OverlayMap(
        [
            Overlay("a", "estate", "A", owner="WY:F001"),
            Overlay("b", "estate", "B", owner="WY:F002", priority=1),
            Overlay("c", "estate", "C", owner="WY:F003"),
        ],
        [rectangle(0.5, 0.5, 3.5, 3.5)] * 3,
    )
    assert decide(make_router(locator, lines), locator, "0101", 1.2, 1.3).department == "WY:F002"


def test_of_two_alike_the_smaller_code_wins_in_any_order(locator):
    one, other = Overlay("a", "estate", "A", owner="WY:F001"), Overlay("b", "estate", "B")
    box = rectangle(0.5, 0.5, 3.5, 3.5)
    for lines in (OverlayMap([one, other], [box, box]), OverlayMap([other, one], [box, box])):
        found = decide(make_router(locator, lines), locator, "0101", 1.2, 1.3)
        assert found.department == "WY:F001"


# -- borders --------------------------------------------------------------------------


@pytest.mark.parametrize(("y", "committee"), [(3.9, "SQ:990101001001"), (4.1, "SQ:990101001002")])
def test_on_either_side_of_a_border_each_community_has_its_own(router, locator, y, committee):
    assert decide(router, locator, "0901", 0.2, y).department == committee
    assert decide(router, locator, "0901", 0.2, y, 5).department == committee
    near = decide(router, locator, "0901", 0.2, y, 15)
    assert set(near.options) == {"SQ:990101001001", "SQ:990101001002"}
    assert near.options[0] == committee


@pytest.mark.parametrize(("x", "lead"), [(3.9, "HW"), (4.1, "EX:990101001002901")])
def test_on_either_side_of_an_exclusive_grid(router, locator, x, lead):
    assert decide(router, locator, "0101", x, 5.1).department == lead
    near = decide(router, locator, "0101", x, 5.1, 25)
    assert set(near.options) == {"HW", "EX:990101001002901"}


def test_an_accuracy_over_a_micro_grid_border_alone_changes_nothing(router, locator):
    found = decide(router, locator, "0101", 1.95, 0.2, 25)
    assert (found.department, found.needs_person) == ("HW", False)
    assert "on_border" not in rules(found)


def test_candidates_count_even_where_ambiguity_was_judged_at_a_coarser_level(router, locator):
    lon, lat = at(4.1, 5.1)
    accuracy = np.array([25.0])
    located = locator.locate([lon], [lat], accuracy, level="subdistrict")
    assert located.status[0] == "inside"
    found = router.decide(["0101"], located, [NOON], accuracy)[0]
    assert set(found.options) == {"HW", "EX:990101001002901"}


def test_on_a_border_without_an_accuracy_the_explanation_names_the_neighbours(router, locator):
    found = decide(router, locator, "0101", 4, 5.1)
    said = render(found.steps, "zh")[0]
    assert "禾北社区第一网格02" in said
    assert "望禾医院" in said
    assert found.department == "HW"


def test_outside_is_not_routed_and_the_nearest_area_is_named(router, locator):
    found = decide(router, locator, "0101", -1, 2, 200)
    assert (found.department, found.due_at, found.due_reason) == ("", None, "not_routed")
    assert found.needs_person
    assert "禾东社区第一网格" in render(found.steps, "zh")[0]
    assert "about 89 m away" in render(found.steps, "en")[0]


# -- policy ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "y", "lead"),
    [
        (AmbiguityPolicy.SHARED_PARENT, 1.3, "SQ:990101001001"),
        (AmbiguityPolicy.SHARED_PARENT, 3.9, WEST),  # two communities, one sub-district
        (AmbiguityPolicy.SHARED_SUBDISTRICT, 1.3, WEST),
    ],
)
def test_by_policy_the_shared_office_leads_until_a_person_decides(locator, policy, y, lead):
    router = make_router(locator, ambiguity=policy)
    found = decide(router, locator, "0101", 0.4, y, 25)
    assert found.department == lead
    assert found.needs_person
    assert len(found.options) > 1
    assert rules(found)[1:3] == ["ambiguous_owner", "shared_parent"]


def test_without_a_shared_sub_district_a_person_decides_by_either_policy(locator):
    router = make_router(locator, ambiguity=AmbiguityPolicy.SHARED_PARENT)
    found = decide(router, locator, "1007", 7.95, 1.3, 25)
    assert found.department == ""
    assert found.needs_person
    assert set(found.options) == {WEST, EAST}


# -- dates ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "lead"),
    [
        ("2026-09-30 23:59", "SQ:990101002002"),
        ("2026-10-01 00:00", "WY:F003"),
    ],
)
def test_an_overlay_counts_from_its_first_day_and_no_longer_on_its_last(
    router, locator, local, lead
):
    when = datetime.fromisoformat(local).replace(tzinfo=ZONE)
    assert decide(router, locator, "1202", 9.1, 5.3, when=when).department == lead


def test_an_expired_red_line_within_the_accuracy_is_none(locator):
    lines = OverlayMap(
        [Overlay("a", "estate", "A", valid_to=date(2026, 3, 1))], [rectangle(0.5, 0.5, 3.5, 3.5)]
    )
    found = decide(make_router(locator, lines), locator, "0101", 0.4, 1.3, 25)
    assert (found.department, found.options) == ("HW", ())


def test_responsibility_is_that_of_the_time_observed_the_deadline_that_of_receipt(router, locator):
    observed = datetime(2026, 9, 30, 15, 0, tzinfo=ZONE)
    received = datetime(2026, 10, 2, 9, 0, tzinfo=ZONE)
    found = decide(router, locator, "1202", 9.1, 5.3, when=received, observed_at=[observed])
    assert found.department == "SQ:990101002002"
    assert found.due_at == datetime(2026, 10, 2, 10, 0, tzinfo=ZONE)


# -- the map of overlays ----------------------------------------------------------------


def test_an_empty_map_touches_nothing():
    found = OverlayMap().around(np.array([117.0]), np.array([36.6]), np.array([50.0]))
    assert (found.touched, found.near) == ([()], [()])


def test_no_points_and_points_without_a_place_touch_nothing():
    lines = estate_map()
    assert lines.around(np.empty(0), np.empty(0)).touched == []
    nan = np.array([np.nan])
    found = lines.around(nan, nan, np.array([10.0]))
    assert (found.touched, found.near) == ([()], [()])


def test_an_overlay_without_an_area_is_refused_and_one_without_geometry_lies_nowhere():
    with pytest.raises(BadValue, match="without an area"):
        OverlayMap([Overlay("p", "park", "P")], [shapely.LineString([at(0, 0), at(1, 1)])])
    with pytest.raises(BadValue, match="one geometry"):
        OverlayMap([Overlay("r", "road", "R")], [])
    with pytest.raises(BadValue, match="no such kind"):
        Overlay("r", "street", "R")
    nowhere = OverlayMap([Overlay("r", "road", "R")], [None])
    lon, lat = at(1, 1)
    assert nowhere.around(np.array([lon]), np.array([lat]), np.array([9.0])).near == [()]


_corner = st.tuples(st.integers(0, 12), st.integers(0, 12))
_boxes = st.lists(st.tuples(_corner, st.integers(1, 8), st.integers(1, 8)), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    boxes=_boxes,
    place=st.tuples(st.integers(-8, 80), st.integers(-8, 80)),
    metres=st.integers(1, 300),
)
def test_what_lies_around_agrees_with_plain_geometry(boxes, place, metres):
    shapes = [rectangle(x, y, x + w, y + h) for (x, y), w, h in boxes]
    lines = OverlayMap([Overlay(f"{i}", "estate", f"{i}") for i in range(len(shapes))], shapes)
    x, y = place[0] / 4, place[1] / 4
    lon, lat = at(x, y)
    found = lines.around(np.array([lon]), np.array([lat]), np.array([float(metres)]))
    point = shapely.Point(lon, lat)
    touched = tuple(i for i, s in enumerate(lines.geometry) if shapely.intersects(s, point))
    assert found.touched == [touched]
    kx, ky = metres_per_degree(lat)
    away = [
        shapely.distance(
            shapely.transform(s.boundary, lambda xy: xy * [kx, ky]),
            shapely.Point(lon * kx, lat * ky),
        )
        for s in lines.geometry
    ]
    # The plane is true to a few centimetres at these distances.
    sure = {i for i, m in enumerate(away) if m < metres - 0.2}
    possible = {i for i, m in enumerate(away) if m < metres + 0.2}
    assert sure <= set(found.near[0]) <= possible
