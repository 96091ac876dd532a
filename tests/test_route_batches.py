"""Many reports at once: items that are none, several editions, and sixty thousand of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue
from gridmap.locate.atlas import Atlas, Validity
from gridmap.locate.locator import Locator
from gridmap.locate.model import Points
from gridmap.routing import OverlayMap, Router, decide_by_edition, load_route_book, routing_columns
from gridmap.times import site_zone
from tests.route_town import FIRMS, POSTS, at, coverage, estate_map, rectangle

BOOK = load_route_book(zone=site_zone())
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def locator():
    return Locator(coverage())


@pytest.fixture(scope="module")
def router(locator):
    return Router(BOOK, locator.coverage, estate_map(), FIRMS, POSTS)


def here(locator, n=1):
    lon, lat = at(1.2, 1.3)
    return locator.locate([lon] * n, [lat] * n)


@pytest.mark.parametrize(
    ("item", "rule", "kept"),
    [(None, "item_missing", ""), ("  ", "item_missing", ""), ("9999", "item_unknown", "9999")],
)
def test_a_report_without_a_known_item_goes_to_a_person_and_stops_nothing(
    router, locator, item, rule, kept
):
    found = router.decide(["0101", item, "0101"], here(locator, 3), [NOON] * 3)
    assert [decision.department for decision in found] == ["WY:F001", "", "WY:F001"]
    odd = found[1]
    assert (odd.item, odd.needs_person, odd.due_at, odd.due_reason) == (
        kept,
        True,
        None,
        "not_routed",
    )
    assert [step.rule for step in odd.steps] == [rule]


def test_an_item_with_blanks_round_it_is_known(router, locator):
    assert router.decide([" 0101 "], here(locator), [NOON])[0].item == "0101"


def test_no_reports_give_no_decisions(router, locator):
    assert router.decide([], locator.locate([], []), []) == []
    assert decide_by_edition(BOOK, lambda _: router, [], locator.locate([], []), []) == []


def test_only_the_rows_asked_for_are_decided_in_their_order(router, locator):
    items = ["0101", "0205", "0904"]
    found = router.decide(items, here(locator, 3), [NOON] * 3, rows=[2, 0])
    assert [decision.item for decision in found] == ["0904", "0101"]
    assert router.decide(items, here(locator, 3), [NOON] * 3, rows=[]) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"items": ["0101"]},
        {"received_at": [NOON]},
        {"accuracy_m": np.array([1.0])},
        {"observed_at": [None]},
    ],
)
def test_columns_of_different_lengths_are_refused(router, locator, columns):
    given = {
        "items": ["0101"] * 2,
        "locations": here(locator, 2),
        "received_at": [NOON] * 2,
    } | columns
    with pytest.raises(BadValue, match="one item, place and time"):
        router.decide(**given)


def test_a_time_without_an_offset_is_refused(router, locator):
    naive = datetime(2026, 3, 4, 12)  # noqa: DTZ001
    with pytest.raises(BadValue, match="without an offset"):
        router.decide(["0101"], here(locator), [naive])


def test_a_place_located_in_another_edition_is_refused(router):
    other = Coverage.build(
        "other", Levels(["grid"]), [Area(-1, "grid", "g", "")], [rectangle(0, 0, 4, 4)]
    )
    with pytest.raises(BadValue, match="another edition"):
        router.decide(["0101"], here(Locator(other)), [NOON])


# -- several editions -----------------------------------------------------------------------


def two_editions():
    """The town until October; from then on one sub-district with one community."""
    old = coverage()
    levels = Levels(["subdistrict", "community"])
    areas = [
        Area(-1, "subdistrict", "9", "新街道"),
        Area(-1, "community", "99", "新社区", "", "subdistrict", "9"),
    ]
    new = Coverage.build("new", levels, areas, [rectangle(0, 0, 16, 8)] * 2)
    since, change = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    atlas = Atlas(
        [
            Validity("town", since, change, lambda: Locator(old)),
            Validity("new", change, None, lambda: Locator(new)),
        ],
        old.levels,
    )
    routers = {
        "town": Router(BOOK, old, estate_map(), FIRMS, POSTS),
        "new": Router(BOOK, new, estate_map(), FIRMS, POSTS),
    }
    return atlas, routers


def test_each_report_is_routed_in_the_edition_that_located_it():
    atlas, routers = two_editions()
    moments = [
        datetime(2026, 11, 1, tzinfo=UTC),
        datetime(2025, 11, 1, tzinfo=UTC),
        datetime(2026, 5, 1, tzinfo=UTC),
        datetime(2026, 11, 2, tzinfo=UTC),
    ]
    lon, lat = at(0.2, 0.2)
    points = Points(x=np.full(4, lon), y=np.full(4, lat), at=moments)
    located = atlas.locate(points, now=NOON)
    asked = []

    def router_of(edition):
        asked.append(edition)
        return routers[edition]

    found = decide_by_edition(BOOK, router_of, ["0901"] * 4, located, moments)
    assert [decision.department for decision in found] == [
        "SQ:99", "", "SQ:990101001001", "SQ:99",
    ]  # fmt: skip
    assert [step.rule for step in found[1].steps] == ["no_edition"]
    assert sorted(asked) == ["new", "town"]


def test_accuracies_and_times_go_with_their_rows():
    atlas, routers = two_editions()
    moments = [datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)] * 2
    spots = [at(0.2, 3.95), at(0.2, 3.95), at(0.2, 3.95), at(0.2, 3.95)]
    accuracy = np.array([25.0, 25.0, np.nan, np.nan])
    lon, lat = np.array(spots).T
    points = Points(x=lon, y=lat, at=moments, accuracy_m=accuracy)
    located = atlas.locate(points, now=NOON)
    found = decide_by_edition(
        BOOK, routers.__getitem__, ["0901"] * 4, located, moments, accuracy,
        observed_at=[None, moments[1], None, None],
    )  # fmt: skip
    assert [decision.department for decision in found] == [
        "SQ:99", "", "SQ:99", "SQ:990101001001",
    ]  # fmt: skip


# -- many -----------------------------------------------------------------------------------


def test_sixty_thousand_reports_are_decided_and_shown(router, locator):
    n = 60_000
    rng = np.random.default_rng(20260301)
    x, y = rng.uniform(-1, 17, n), rng.uniform(-1, 9, n)
    lon, lat = 117 + x / 1000, 36.6 + y / 1000
    accuracy = rng.choice([np.nan, 5.0, 20.0, 60.0], n)
    items = rng.choice(BOOK.catalogue.codes, n).tolist()
    minutes = rng.integers(0, 364 * 24 * 60, n).tolist()
    moments = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=m) for m in minutes]
    located = locator.locate(lon, lat, accuracy)
    found = router.decide(items, located, moments, accuracy)
    columns = routing_columns(found, "zh", zone=BOOK.zone)
    assert len(found) == len(columns["reason"]) == n
    outside = located.status == "outside"
    routed = np.array([decision.due_reason != "not_routed" for decision in found])
    assert (routed == ~outside).all()
    # Who has no lead is in the human queue, and whoever is ambiguous has at least two options.
    for decision in found:
        assert decision.department or decision.needs_person
        assert len(decision.options) != 1
        assert bool(decision.due_at) != bool(decision.due_reason)


def test_threads_share_a_router(router, locator):
    rng = np.random.default_rng(5)
    n = 400
    lon, lat = 117 + rng.uniform(0, 16, n) / 1000, 36.6 + rng.uniform(0, 8, n) / 1000
    accuracy = np.full(n, 20.0)
    items = rng.choice(BOOK.catalogue.codes, n).tolist()
    located = locator.locate(lon, lat, accuracy)
    fresh = Router(BOOK, locator.coverage, estate_map(), FIRMS, POSTS)
    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(fresh.decide, items, located, [NOON] * n, accuracy) for _ in range(8)]
    alone = router.decide(items, located, [NOON] * n, accuracy)
    assert all(job.result() == alone for job in jobs)


def test_a_map_without_overlays_and_a_place_without_posts_route_all_the_same(locator):
    bare = Router(BOOK, locator.coverage, OverlayMap())
    found = bare.decide(["0101"], here(locator), [NOON])[0]
    assert (found.department, found.first_responder) == ("HW", "")
