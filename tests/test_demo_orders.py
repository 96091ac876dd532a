"""The demo's last month is played: figures, lists and inboxes show life, alike in both stores."""

from __future__ import annotations

import pytest

from gridmap.access import Actor
from gridmap.cases.machine import replayed
from gridmap.cases.model import Event, Order

pytest_plugins = ["tests.demo_stores"]
pytestmark = pytest.mark.xdist_group("demo-exclusive")

SUPERVISOR = Actor.with_role("supervisor", "jian")


def figures(workspace, **wanted):
    kpis = workspace.numbers(month="2026-06", **wanted)["kpis"]
    return {one["kpi"]: (one["numerator"], one["denominator"]) for one in kpis}


def test_the_figures_of_the_month_are_a_districts(exclusive, exclusive_workspace):
    found = figures(exclusive_workspace)
    share = {name: n / d for name, (n, d) in found.items() if d}
    received = found["filing"][1]
    assert 400 < received < 700
    assert share["filing"] > 0.9
    assert share["dispatch"] > 0.95
    assert 0.6 < share["on_time"] < 0.95
    assert share["on_time"] < share["closing"] <= 1
    for kpi in ("returned", "rework", "extension", "whistle"):
        assert 0 < share[kpi] < 0.2, kpi
    for kpi in ("response", "reply", "satisfaction", "resolution", "accuracy", "report_in"):
        assert 0.5 < share[kpi] < 1, kpi
    # All but what came in within the last hours was taken up.
    left_out = next(
        one["not_counted"]
        for one in exclusive_workspace.numbers(month="2026-06")["kpis"]
        if one["kpi"] == "filing"
    )
    assert left_out.get("asleep", 0) < 10
    line = next(line for line in exclusive.said.splitlines() if "Play the last month" in line)
    assert "of last month" in line
    assert "closed" in line


def test_orders_reach_every_end_and_are_sound(exclusive_workspace):
    every, _ = exclusive_workspace.orders(limit=1)
    states = {}
    for state in ("closed", "rated", "rejected", "dispatched", "backlogged", "submitted"):
        states[state], _ = exclusive_workspace.orders(state=state, limit=1)
    assert all(states.values()), states
    assert sum(states.values()) <= every
    # The rest of the year came in with a file, and waits to be taken up.
    assert states["submitted"] > 0.8 * every
    overdue, page = exclusive_workspace.orders(overdue=True, state="dispatched", limit=100)
    assert overdue > 0
    assert any(one["named_at"] for one in page)
    last = exclusive_workspace.orders_asleep("2026-06-01", "2026-07-01")
    assert len(last) < 10


def test_those_who_supervise_have_had_their_word(exclusive_workspace):
    found = exclusive_workspace.supervisions(actor=SUPERVISOR)
    assert 2 <= len(found) <= 4
    assert {"closed", "issued"} <= {one["state"] for one in found}
    assert all(one["number"] for one in found)
    kinds = {one["kind"] for one in exclusive_workspace.inbox(limit=1000)["notices"]}
    assert {"overdue", "named", "to_inspect", "to_close"} <= kinds


@pytest.mark.parametrize("way", ["", "department", "grid"])
def test_both_stores_hold_the_same_month(made_demo, way):
    from gridmap.workspace import open_workspace

    found = []
    for kind in ("geopackage", "postgis"):
        demo = made_demo(kind, "exclusive")
        with open_workspace(settings=demo.settings, create=False) as workspace:
            found.append(workspace.numbers(month="2026-06", by=way))
    assert found[0] == found[1]


def test_a_worker_finds_nothing_that_the_play_left_undone(exclusive_workspace):
    worked = exclusive_workspace.work()
    assert set(worked.done) <= {"review", "supervision"}
    assert worked.failed == 0
    store = exclusive_workspace.store
    _, page = exclusive_workspace.orders(limit=100)
    for number in (one["number"] for one in page):
        order, events = store.order(number), store.order_events(number)
        begun = Order(number, received_at=order.received_at, created_at=order.created_at)
        history = [Event(e["action"], e["by"], e["at"], fields=e["fields"]) for e in events]
        assert replayed(begun, history) == order
        assert [e["at"] for e in events] == sorted(e["at"] for e in events)
