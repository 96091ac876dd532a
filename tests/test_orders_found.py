"""Lists of orders and notices found by indexes: the same as by looking at all of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from sqlalchemy import event, text, update

from gridmap.access import EVERYWHERE, Actor, Grant, Role, Scope
from gridmap.cases.notices import Notice, NoticeKind, role
from gridmap.settings import Settings
from gridmap.store.schema_cases import orders
from gridmap.workspace import open_workspace

NOW = datetime(2026, 3, 1, 4, 0, tzinfo=UTC)
PLACES = ({"grid": "G1", "community": "C1"}, {"grid": "G2", "community": "C1"}, {"grid": "G3"})
# State, due, resolved, closed: hours from now, or none.
STANDS = (
    ("dispatched", 5, None, None),
    ("dispatched", -5, None, None),
    ("accepted", None, None, None),
    ("resolved", 3, -1, None),
    ("closed", -2, -3, -2),
    ("closed", None, None, -4),
)


def hours(number):
    return None if number is None else NOW + timedelta(hours=number)


@pytest.fixture
def stocked(store):
    """Eighteen orders: each way to stand in each of three places; some came at one moment."""
    codes = {level: [p.get(level) for p in PLACES for _ in STANDS] for level in PLACES[0]}
    count = len(PLACES) * len(STANDS)
    received = [NOW - timedelta(days=n % 4) for n in range(count)]
    store.add_reports(
        {
            "x": [1.0] * count, "y": [2.0] * count, "coord_sys": "wgs84", "item": "0101",
            "location_status": "outside", "codes": codes, "received_at": received,
        }
    )  # fmt: skip
    with store._database.write() as connection:
        for n, (_, stand) in enumerate(product(PLACES, STANDS), start=1):
            state, due, resolved, closed = stand
            own = update(orders).where(orders.c.number == n)
            connection.execute(
                own.values(state=state, due_at=hours(due), resolved_at=hours(resolved),
                           closed_at=hours(closed))
            )  # fmt: skip
    return store


def by_hand(store, where=lambda row: True):
    """Numbers in the order of a list by due time, of all rows of the store."""
    query = "SELECT number, state, received_at, due_at, resolved_at, closed_at FROM orders"
    with store._database.read() as connection:
        rows = connection.execute(text(query).columns(*orders.c["number", "state", "received_at",
                                  "due_at", "resolved_at", "closed_at"])).all()  # fmt: skip

    def key(row):
        waits = row.resolved_at is None and row.closed_at is None
        due = row.due_at or datetime.max.replace(tzinfo=UTC)
        closed = row.closed_at is not None
        return not waits, closed, due, -row.received_at.timestamp(), -row.number

    return [row.number for row in sorted(filter(where, rows), key=key)]


@pytest.mark.parametrize(
    ("filters", "where"),
    [
        ({}, lambda row: True),
        ({"open": True}, lambda row: row.closed_at is None),
        ({"open": False}, lambda row: row.closed_at is not None),
        ({"state": "closed"}, lambda row: row.state == "closed"),
        ({"state": "resolved"}, lambda row: row.state == "resolved"),
        ({"overdue": True}, lambda row: row.state == "dispatched" and row.due_at < NOW),
        ({"overdue": False}, lambda row: row.state != "dispatched" or row.due_at >= NOW),
        ({"due_by": hours(6)}, lambda row: row.state == "dispatched" and row.due_at > NOW),
        ({"area": "community:C1"}, lambda row: row.number <= 2 * len(STANDS)),
    ],
)
@pytest.mark.parametrize("many", [1, 4_000], ids=["walked", "found"])
def test_pages_by_due_time_are_the_whole_list_cut_wherever(
    stocked, filters, where, many, monkeypatch
):
    monkeypatch.setattr("gridmap.store.order_filters._MANY", many)
    expected = by_hand(stocked, where)
    assert expected
    for limit in (1, 4, 100):
        found = []
        for offset in range(0, len(expected) + limit, limit):
            total, page = stocked.orders(
                filters, [EVERYWHERE], limit=limit, offset=offset, sort="due"
            )
            assert total == len(expected)
            found += [one.number for one in page]
        assert found == expected


@pytest.mark.parametrize("many", [1, 4_000], ids=["walked", "found"])
def test_scopes_narrow_lists_to_what_lies_in_any_of_their_areas(stocked, many, monkeypatch):
    monkeypatch.setattr("gridmap.store.order_filters._MANY", many)
    wide = [Scope.of(areas=["community:C1", "grid:G3"])]
    for sort in ("newest", "due"):
        found = stocked.orders({"area": "grid:G3"}, wide, limit=100, sort=sort)[1]
        assert {one.number for one in found} == {*range(2 * len(STANDS) + 1, 3 * len(STANDS) + 1)}
    one, two = Scope.of(areas=["grid:G2"]), Scope.of(areas=["grid:G1", "grid:G3"])
    assert stocked.count_orders({}, [one]) == len(STANDS)
    assert stocked.count_orders({}, [one, two]) == 3 * len(STANDS)
    assert stocked.count_orders({"area": "grid:G1"}, [one]) == 0
    assert stocked.orders_by_state({}, [one]) == {
        "accepted": 1, "closed": 2, "dispatched": 2, "resolved": 1,
    }  # fmt: skip


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
def test_no_list_of_an_area_or_department_reads_every_order(stocked):
    asked = []

    @event.listens_for(stocked._database.engine, "before_cursor_execute")
    def note(connection, cursor, statement, parameters, context, many):
        asked.append((statement, parameters))

    for scope in (Scope.of(areas=["grid:G1", "community:C1"]), Scope.of(departments=["HW"])):
        for sort in ("newest", "due"):
            stocked.orders({"open": True}, [scope], limit=5, sort=sort)
        stocked.orders_by_state({}, [scope])
        stocked.open_spots([scope], limit=5)
    event.remove(stocked._database.engine, "before_cursor_execute", note)
    plans = 0
    with stocked._database.read() as connection:
        for statement, parameters in asked:
            if "FROM orders" not in statement:
                continue
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines = [row[-1] for row in plan]
            assert not [line for line in lines if line in ("SCAN orders", "SCAN order_areas")], (
                lines
            )
            plans += 1
    assert plans >= 12


def test_who_holds_a_role_in_some_areas_is_told_of_what_lies_there_once(store_url, tmp_path):
    settings = Settings(store=store_url, secrets=tmp_path / "secrets")
    worker = Scope.of(areas=["grid:G1", "community:C1"])
    with open_workspace(settings=settings, clock=lambda: NOW) as workspace:
        told = [
            (Notice(NoticeKind.COMMENT, role("grid_worker"), None, {"text": str(n)}), place)
            for n, place in enumerate([*PLACES, {}])
        ]
        told.append((Notice(NoticeKind.COMMENT, role("leader"), None, {"text": "no"}), PLACES[0]))
        workspace.store.tell(told)
        for scope, expected in ((worker, ["1", "0"]), (Scope(), ["3", "2", "1", "0"])):
            who = Actor.granted("wang", [Grant(Role.GRID_WORKER, scope)])
            found = workspace.inbox(actor=who)
            assert [one["why"] for one in found["notices"]] == expected
            assert found["unread"] == workspace.unread(actor=who) == len(expected)
        half = Actor.granted("wang", [Grant(Role.GRID_WORKER, worker)])
        assert workspace.read_notices(actor=half) == 2
        assert workspace.unread(actor=half) == 0
