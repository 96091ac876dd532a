"""Routes in both stores: due times that waited, and what is found by a key."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from gridmap.errors import BadValue, Conflict, NotFound
from gridmap.routing import Due, Step
from gridmap.routing.book import Decision

PLAIN = {"x": [117.0], "y": [36.0], "coord_sys": "wgs84", "location_status": "outside"}
DUE = datetime(2027, 1, 5, 9, 30, tzinfo=UTC)


def decision(reason: str = "calendar_missing", **changes):
    values = {
        "item": "0101",
        "department": "HW",
        "co_departments": ("CG", "SQ:1"),
        "first_responder": "W-1",
        "handling_level": "G",
        "due_at": None,
        "due_reason": reason,
        "needs_person": False,
        "call_first": "",
        "options": (),
        "steps": (Step("due_calendar_missing", {"day": "2027-01-01", "名": "文"}),),
    }
    return Decision(**values | changes)


def add(store, number: int, **changes) -> int:
    rows = PLAIN | {"item": "0101"}
    return store.add_report(rows, decision(**changes), key=f"key-{number:05}", body_sha256="a")[0]


def test_a_route_comes_back_as_it_went_in(store):
    more = {"confidence": 0.625, "leader": "L-1", "review_on": date(2026, 3, 12)}
    number = add(store, 1, due_at=DUE, due_reason="", needs_person=True, **more)
    found = store.report(number)
    assert {name: found[name] for name in more} == more
    assert (found["department"], found["co_departments"]) == ("HW", ["CG", "SQ:1"])
    assert (found["due_at"], found["due_reason"], found["needs_person"]) == (DUE, "", True)
    assert [Step.from_dict(step) for step in found["steps"]] == list(decision().steps)


def test_a_report_without_a_route_is_found_all_the_same(store):
    store.add_reports(PLAIN)
    total, rows = store.reports({}, limit=10)
    assert total == 1
    assert (rows[0]["department"], rows[0]["steps"]) == (None, None)


def test_a_key_stands_for_its_report_and_for_no_other_body(store):
    number = add(store, 1)
    assert store.known_report("key-00001", "a") == number
    assert store.known_report("key-00002", "a") is None
    with pytest.raises(Conflict, match="another report"):
        store.known_report("key-00001", "b")
    with pytest.raises(Conflict, match="another report"):
        store.add_report(PLAIN, decision(), key="key-00001", body_sha256="b")
    assert store.add_report(PLAIN, decision(), key="key-00001", body_sha256="a") == (number, False)
    assert store.reports({}, limit=1)[0] == 1


def test_a_report_that_fails_leaves_its_key_free(store):
    with pytest.raises(BadValue):
        store.add_report(PLAIN | {"edition": "none"}, decision(), key="again", body_sha256="a")
    assert store.known_report("again", "a") is None
    assert store.reports({}, limit=1)[0] == 0


def test_reports_that_wait_are_counted_and_come_in_pages(store):
    numbers = [add(store, n) for n in range(5)]
    add(store, 9, reason="managed")
    assert store.reports_without_due_count() == 5
    first = store.reports_without_due(limit=3)
    rest = store.reports_without_due(after=first[-1]["id"], limit=3)
    assert [row["id"] for row in first + rest] == numbers
    assert first[0]["item"] == "0101"


def test_due_times_are_put_in_where_they_were_missing_and_nowhere_else(store):
    waiting, managed = add(store, 1), add(store, 2, reason="managed")
    steps = [{"rule": "due_clock_hour", "params": {"amount": "2"}}]
    dues = [(number, Due(DUE, "", ()), steps) for number in (waiting, managed)]
    assert store.set_due(dues) == 1
    assert store.report(waiting)["due_at"] == DUE
    assert store.report(waiting)["steps"] == steps
    assert store.report(managed)["due_at"] is None
    assert store.set_due(dues) == 0
    assert store.set_due([]) == 0


def test_an_unknown_filter_and_an_unknown_report_are_refused(store):
    with pytest.raises(BadValue, match="narrowed"):
        store.reports({"shoe_size": 43}, limit=1)
    with pytest.raises(NotFound, match="no such report"):
        store.report(1)
