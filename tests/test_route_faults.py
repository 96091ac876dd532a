"""A fault in the routing of one report: it is stored for a person, the others are routed."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from gridmap.locate.locator import Locator
from gridmap.routing import OverlayMap, Router, load_route_book, render
from gridmap.routing.rule_tables import SITE
from gridmap.routing.terms import Scope
from gridmap.settings import Settings
from gridmap.times import site_zone
from gridmap.workspace import open_workspace
from tests.api_town import spot
from tests.review_town import morning
from tests.route_town import FIRMS, POSTS, at, coverage, estate_map

pytest_plugins = ["tests.review_fixtures"]

ZONE = site_zone()
NOON = datetime(2026, 3, 4, 4, tzinfo=UTC)
BOOK = load_route_book(zone=ZONE)


class Torn:
    """A calendar whose source breaks off."""

    def kind_of_day(self, day):
        raise OSError(f"no more data after {day}")

    def covered_until(self):
        return None


# Working days and hours cannot be counted; clock hours and calendar days can.
TORN = replace(BOOK, calendar=Torn())


def ask(book, items, x=0.2, y=0.2):
    town = coverage()
    router = Router(book, town, estate_map(), FIRMS, POSTS)
    lon, lat = at(x, y)
    located = Locator(town).locate([lon] * len(items), [lat] * len(items))
    return router.decide(items, located, [NOON] * len(items))


def test_a_report_whose_routing_fails_goes_to_a_person_and_the_others_on(caplog):
    with caplog.at_level(logging.ERROR, "gridmap.routing"):
        found = ask(TORN, ["1002", "0303", "0704"])
    assert [d.department for d in found] == ["MZ", "", "RQ"]
    assert [d.needs_person for d in found] == [False, True, False]
    failed = found[1]
    assert (failed.due_reason, failed.handling_level) == ("not_routed", "S")
    assert failed.confidence is None
    assert render(failed.steps, "zh") == [
        "自动派遣出错（OSError），已转人工派遣，管理员可查运行日志"
    ]
    assert "no more data" in caplog.text


def test_an_emergency_says_whom_to_call_all_the_same():
    rows = {(Scope.ITEM, "0704"): {"limit_table": "four_grades"}}
    terms = replace(BOOK.terms, rows={**BOOK.terms.rows, **rows})
    found = ask(replace(TORN, terms=terms), ["0704"])[0]
    assert (found.call_first, found.needs_person) == ("燃气抢修电话", True)
    assert [step.rule for step in found.steps] == ["call_first", "routing_failed"]


@pytest.mark.parametrize("accuracy", [1e7, 1e30, 1e300])
def test_an_accuracy_beyond_the_earth_stops_neither_its_own_report_nor_the_others(accuracy):
    town = coverage()
    router = Router(BOOK, town, estate_map(), FIRMS, POSTS)
    lon, lat = np.array([at(1.2, 1.3)] * 2).T
    given = np.array([accuracy, 20.0])
    found = router.decide(["0101"] * 2, Locator(town).locate(lon, lat, given), [NOON] * 2, given)
    assert found[0].needs_person
    assert (found[1].department, found[1].needs_person) == ("WY:F001", False)


def test_the_report_is_stored_with_the_reason_and_routed_once_the_table_is_mended(review_url):
    with open_workspace(settings=Settings(store=review_url), clock=morning()) as workspace:
        sound = workspace.books
        workspace._keeper._books = replace(sound, by_name={SITE: TORN})
        workspace._drop_routers()
        sent, created = workspace.submit_report(spot(0.2, 0.2, item="0303"), key="fault-0001")
        assert created
        assert (sent["department"], sent["needs_person"]) == (None, True)
        assert "自动派遣出错" in sent["explanation"][0]
        other, _ = workspace.submit_report(spot(0.2, 0.2, item="1002"), key="fault-0002")
        assert other["department"] == "MZ"
        workspace._keeper._books = sound
        workspace._drop_routers()
        workspace.reroute_reports([sent["id"]], "日历已改正", commit=True)
        now = workspace.report(sent["id"])
        assert (now["department"], now["needs_person"]) == ("SZ", False)
        assert now["due_at"].isoformat() == "2026-03-11T17:30:00+08:00"
        assert now["reroutes"][0]["old_due_reason"] == "not_routed"


@pytest.mark.parametrize("count", [1, 3])
def test_programs_that_ask_wrongly_are_told_and_nothing_is_stored(count):
    from gridmap.errors import BadValue

    town = coverage()
    router = Router(BOOK, town, OverlayMap())
    lon, lat = at(0.2, 0.2)
    located = Locator(town).locate([lon] * count, [lat] * count)
    with pytest.raises(BadValue, match="without an offset"):
        router.decide(["0101"] * count, located, [datetime(2026, 3, 4)] * count)  # noqa: DTZ001
