"""Who goes first: the grid's own worker on duty, else its lead, else the next area up."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gridmap.places.model import Post
from gridmap.routing.responders import FirstResponders
from gridmap.routing.territory import Territory
from tests.route_town import coverage

COMMUNITY, GRID, MICRO = "990101001001", "990101001001001", "99010100100100101"
DAY = date(2026, 3, 4)


@pytest.fixture(scope="module")
def territory():
    return Territory(coverage())


def post(code, area=GRID, role="grid_worker", kind="basic", **more):
    level = {9: "subdistrict", 12: "community", 15: "grid", 17: "microgrid"}[len(area)]
    return Post(code, f"p-{code}", "演示", role, kind, level, area, **more)


def first(territory, *posts, day=DAY):
    return FirstResponders(posts, territory).at(territory.row("microgrid", MICRO), day)


def test_the_basic_worker_goes_before_others_and_before_the_lead(territory):
    found = first(
        territory,
        post("a", role="grid_lead"),
        post("b", kind="professional"),
        post("c", kind="linked"),
        post("d"),
    )
    assert found[0] == "d"
    assert found[1].rule == "first_grid_worker"


@pytest.mark.parametrize(
    ("posts", "expected", "rule"),
    [
        ([post("lead", role="grid_lead"), post("up", COMMUNITY)], "lead", "first_grid_lead"),
        ([post("up", COMMUNITY, role="grid_lead")], "up", "first_grid_lead"),
        ([post("top", "990101001"), post("up", COMMUNITY)], "up", "first_grid_worker"),
        ([post("grid"), post("micro", MICRO, kind="linked")], "micro", "first_grid_worker"),
        ([post("z"), post("y")], "y", "first_grid_worker"),
        ([post("x", role="police_officer"), post("s", role="first_secretary")], "", "first_nobody"),
        ([post("x", "990101001002001")], "", "first_nobody"),
        ([], "", "first_nobody"),
    ],
)
def test_the_grid_is_asked_before_what_is_above_it(territory, posts, expected, rule):
    code, step = first(territory, *posts)
    assert (code, step.rule) == (expected, rule)


def test_the_step_names_the_area_that_the_post_serves_and_no_person(territory):
    _, step = first(territory, post("up", COMMUNITY))
    assert step.params == {"area": "禾东社区", "area_en": "Hedong Community"}


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2026, 2, 28), "old"),
        (date(2026, 3, 1), "new"),
        (date(2026, 3, 31), "new"),
        (date(2026, 4, 1), ""),
    ],
)
def test_a_post_counts_from_its_first_day_to_the_day_before_its_end(territory, day, expected):
    found = first(
        territory,
        post("old", valid_to=date(2026, 3, 1)),
        post("new", valid_from=date(2026, 3, 1), valid_to=date(2026, 4, 1)),
        day=day,
    )
    assert found[0] == expected


def test_posts_of_areas_that_the_edition_lacks_are_passed_over(territory):
    assert first(territory, post("gone", "990101001001099"))[0] == ""


def test_the_day_is_the_local_one():
    # 16:30 UTC on the last day of February is the first of March in the site's zone.
    from gridmap.locate.locator import Locator
    from gridmap.routing import OverlayMap, Router, load_route_book
    from gridmap.times import site_zone
    from tests.route_town import at

    town = coverage()
    posts = [post("new", valid_from=date(2026, 3, 1))]
    router = Router(load_route_book(zone=site_zone()), town, OverlayMap(), posts=posts)
    lon, lat = at(1.2, 1.3)
    located = Locator(town).locate([lon, lon], [lat, lat])
    moments = [datetime(2026, 2, 28, 15, 30, tzinfo=UTC), datetime(2026, 2, 28, 16, 30, tzinfo=UTC)]
    found = router.decide(["0101", "0101"], located, moments)
    assert [decision.first_responder for decision in found] == ["", "new"]
