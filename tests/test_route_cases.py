"""Routes worked by hand: item, place and time to department, deadline and reasons.

``data/route_cases.csv`` holds the cases: expected values are worked from the catalogue, the
responsibility layers and the calendar of 2026 (15-23 February, 25-27 September and 1-7 October
off; 14 and 28 February, 20 September and 10 October worked), as `working` says, not taken from
the program. The town is that of ``route_town.py``. Times are local; offices keep 09:00-12:00
and 13:30-17:30.
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from gridmap.locate.locator import Locator
from gridmap.routing import Router, load_route_book, routing_columns
from tests.route_town import FIRMS, POSTS, coverage, estate_map

ZONE = ZoneInfo("Asia/Shanghai")
TABLE = Path(__file__).parent / "data" / "route_cases.csv"
with TABLE.open(encoding="utf-8", newline="") as _file:
    CASES = list(csv.DictReader(_file))


@pytest.fixture(scope="module")
def locator():
    return Locator(coverage())


@pytest.fixture(scope="module")
def router(locator):
    return Router(load_route_book(zone=ZONE), locator.coverage, estate_map(), FIRMS, POSTS)


def ask(router, locator, cases):
    lon, lat = (np.array([float(case[name]) for case in cases]) for name in ("lon", "lat"))
    # 0, 0 is marked invalid where points are read, before the locator.
    lost = (lon == 0) & (lat == 0)
    lon, lat = np.where(lost, np.nan, lon), np.where(lost, np.nan, lat)
    accuracy = np.array([float(case["accuracy_m"] or "nan") for case in cases])
    received = [datetime.fromisoformat(case["received"]).replace(tzinfo=ZONE) for case in cases]
    items = [case["item"] for case in cases]
    return router.decide(items, locator.locate(lon, lat, accuracy), received, accuracy)


def shown(decision):
    due = decision.due_at
    return {
        "department": decision.department,
        "co_departments": ";".join(decision.co_departments),
        "level": decision.handling_level,
        "due": f"{due.astimezone(ZONE):%Y-%m-%d %H:%M}" if due else "",
        "due_reason": decision.due_reason,
        "first_responder": decision.first_responder,
        "needs_person": "yes" if decision.needs_person else "no",
        "call_first": decision.call_first,
        "rules": " ".join(step.rule for step in decision.steps),
    }


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_report_is_routed_as_worked_by_hand(router, locator, case):
    found = shown(ask(router, locator, [case])[0])
    assert found == {name: case[name] for name in found}


def test_the_table_is_wide_enough():
    assert len(CASES) >= 40
    assert len({case["case"] for case in CASES}) == len(CASES)
    assert {case["item"][:2] for case in CASES} == {f"{n:02d}" for n in range(1, 13)}
    assert {case["level"] for case in CASES} == {"G", "S", "X"}
    assert {case["due_reason"] for case in CASES} == {
        "", "calendar_missing", "managed", "not_routed",
    }  # fmt: skip


def test_all_cases_at_once_give_the_same_as_one_by_one(router, locator):
    together = [shown(decision) for decision in ask(router, locator, CASES)]
    assert together == [{name: case[name] for name in together[0]} for case in CASES]


def test_the_columns_say_the_same(router, locator):
    decisions = ask(router, locator, CASES)
    columns = routing_columns(decisions, "zh", zone=ZONE)
    for i, case in enumerate(CASES):
        assert (columns["department"][i] or "") == case["department"]
        assert (columns["co_departments"][i] or "") == case["co_departments"]
        assert (columns["first_responder"][i] or "") == case["first_responder"]
        due = columns["due_at"][i]
        assert due == (case["due"].replace(" ", "T") + "+08:00" if case["due"] else None)
        said = [part.rpartition("[")[2] for part in columns["reason"][i].split("；")]
        assert said == [f"{rule}]" for rule in case["rules"].split()]
        assert ("calendar_missing" in columns["reason"][i]) == (
            case["due_reason"] == "calendar_missing"
        )
