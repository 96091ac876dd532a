"""The machine of orders through the store, both kinds: what is stored is what happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from gridmap.access import EVERYWHERE, Scope
from gridmap.cases.ladder import climb
from gridmap.cases.model import Call, Ground, Part, PartState, Whistle, WhistleState
from gridmap.cases.outcome import outcome_of
from gridmap.errors import Conflict, GridmapError, Immutable
from gridmap.store import Store
from gridmap.store.case_store import JobResult
from tests.case_kills import sound
from tests.case_orders import PEOPLE, START, TEXTS, act, events, new_order, rules
from tests.test_cases_machine import ONWARD

PLAIN = {
    "x": [1.0], "y": [2.0], "coord_sys": "wgs84", "location_status": "outside", "item": "0101",
}  # fmt: skip


class Clock:
    """Shows what it was set to."""

    now = START

    def __call__(self):
        return self.now


def machine(store, clock):
    """A machine that drives orders of a store; each run begins with a new report."""

    class Stored(RuleBasedStateMachine):
        @initialize()
        def begin(self):
            clock.now = max(clock.now, START)
            store.add_reports(PLAIN)
            self.number = max(sound(store))
            self.happens(act("order.confirm", at=clock.now))

        def happens(self, event):
            def decide(orders, now):
                return [outcome_of(orders[self.number], event, rules())]

            before = store.order(self.number)
            try:
                (outcome,) = store.change_orders([self.number], decide)
            except GridmapError:
                assert store.order(self.number) == before
                return
            assert store.order(self.number) == outcome.order

        @rule(data=st.data())
        def somebody_acts(self, data):
            self.happens(data.draw(events(store.order(self.number).state, clock.now)))

        @rule(person=st.sampled_from(PEOPLE), text=st.sampled_from(TEXTS))
        def the_work_goes_on(self, person, text):
            state = store.order(self.number).state
            action, fields = ONWARD.get(state, ("order.comment", {"text": text}))
            self.happens(act(action, person, clock.now, **fields))

        @rule(hours=st.integers(1, 200))
        def time_passes(self, hours):
            clock.now += timedelta(hours=hours)
            for job in store.claim_jobs():
                if job.kind != "ladder":
                    assert store.finish_job(job)
                    continue
                assert store.work_job(job, lambda order, now, job=job: self.climbs(order, now, job))
                assert not store.work_job(job, lambda order, now: JobResult())

        def climbs(self, order, now, job):
            found = climb(order, rules(), job.payload["step"], job.payload["mark"], now)
            outcomes = []
            for event in found.events:
                outcomes.append(outcome_of(order, event, rules()))
                order = outcomes[-1].order
            return JobResult(outcomes, again_at=found.again_at)

        def teardown(self):
            if hasattr(self, "number"):
                assert sound(store)[self.number][0] == "order.submit"

    return Stored


def test_orders_in_the_store_are_the_fold_of_their_events(store_url):
    clock = Clock()
    with Store.open(store_url, clock=clock) as store:
        run_state_machine_as_test(
            machine(store, clock),
            settings=settings(
                max_examples=8, stateful_step_count=15, deadline=None, database=None,
                derandomize=True, suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
        assert len(sound(store)) >= 8


def test_what_happened_is_never_changed(store):
    store.add_reports(PLAIN)
    for statement in (
        "UPDATE order_events SET action = 'order.close'",
        "DELETE FROM order_events",
    ):
        with pytest.raises(Immutable), store._database.write() as connection:
            connection.exec_driver_sql(statement)


def test_two_who_change_one_order_at_once_do_not_lose_a_change(store):
    store.add_reports(PLAIN)

    def slow(orders, now):
        stale = outcome_of(orders[1], act("order.comment", text="a"), rules())
        return [stale, stale]

    with pytest.raises(Conflict):
        store.change_orders([1], slow)
    assert sound(store) == {1: ["order.submit"]}


def test_reports_of_an_older_store_become_orders(empty_url, clock):
    from gridmap.store import migrate
    from gridmap.store.engine import open_database, parse_where

    database = open_database(parse_where(empty_url), clock=clock, busy_timeout_s=5.0)
    if database.kind == "postgis":
        with database.write() as connection:
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
    else:
        migrate.check_place(Path(database.where), create=True)
    before = migrate.REVISIONS[migrate.REVISIONS.index("0009") - 1]
    with database.write() as connection:
        migrate.run_migrations(connection, to=before)
        for closed in ("NULL", "'2026-02-01T00:00:00.000Z'"):
            connection.exec_driver_sql(
                "INSERT INTO reports (received_at, event_at, source, item, coord_sys, "
                "location_status, closed_at, codes) VALUES ('2026-01-01T00:00:00.000Z', "
                "'2026-01-01T00:00:00.000Z', 'web', '0101', 'wgs84', 'inside', "
                f'{closed}, \'{{"grid": "G1"}}\')'
            )
        connection.exec_driver_sql(
            "INSERT INTO report_routes (report_id, decided_at, department, co_departments, "
            "first_responder, handling_level, due_reason, needs_person, call_first, steps) VALUES "
            "(1, '2026-01-01T00:00:00.000Z', 'HW', '[\"CG\"]', 'W1', 'G', '', "
            f"{'false' if database.kind == 'postgis' else 0}, '', '[]')"
        )
    database.close()
    Store.migrate(empty_url, clock=clock)
    with Store.open(empty_url, clock=clock) as store:
        # What they were told before is not told again.
        first, second = store.order(1), store.order(2)
        assert (first.state, first.lead, first.areas) == ("submitted", "HW", {"grid": "G1"})
        assert [part.department for part in first.co] == ["CG"]
        assert (second.state, second.is_open) == ("closed", False)
        assert [e["action"] for e in store.order_events(2)] == ["order.submit", "order.close"]
        assert store.claim_jobs() == []
        # They are found by where they lie.
        total, found = store.orders({"area": "grid:G1"}, [EVERYWHERE], limit=10)
        assert (total, [one.number for one in found]) == (2, [2, 1])
        assert store.count_orders({}, [Scope.of(areas=["grid:G2"])]) == 0


def test_orders_of_an_older_store_are_listed_for_whom_whistles_called(empty_url, clock):
    from sqlalchemy import insert

    from gridmap.cases.record import plain
    from gridmap.store import migrate
    from gridmap.store.engine import open_database, parse_where
    from gridmap.store.schema_cases import order_parts, orders

    database = open_database(parse_where(empty_url), clock=clock, busy_timeout_s=5.0)
    if database.kind == "postgis":
        with database.write() as connection:
            connection.exec_driver_sql("CREATE EXTENSION IF NOT EXISTS postgis")
    else:
        migrate.check_place(Path(database.where), create=True)
    call = Call("CG", START, START)
    again = (replace(call, department="SW"), call, replace(call, department="HW"))
    whistles = tuple(
        Whistle(n, WhistleState.CALLED, Ground.EMERGENCY, "x", "an", START, calls=calls)
        for n, calls in ((1, (call,)), (2, again))
    )
    with database.write() as connection:
        migrate.run_migrations(connection, to="0027")
        for number, returned in ((1, "SW"), (2, "SZ")):
            order = replace(
                new_order(number),
                lead="HW",
                co=(Part(returned, PartState.RETURNED),),
                whistles=whistles if number == 1 else (),
            )
            connection.exec_driver_sql(
                "INSERT INTO reports (received_at, event_at, source, item, coord_sys, "
                "location_status) VALUES ('2026-01-01T00:00:00.000Z', "
                "'2026-01-01T00:00:00.000Z', 'web', '0101', 'wgs84', 'inside')"
            )
            connection.execute(
                insert(orders).values(
                    number=number, version=1, state="dispatched", level="S", item="0101",
                    lead="HW", received_at=START, created_at=START, areas={}, data=plain(order),
                )
            )  # fmt: skip
            shares = [("HW", True, "dispatched"), (returned, False, "returned")]
            connection.execute(
                insert(order_parts),
                [
                    {"number": number, "department": code, "lead": lead, "state": state}
                    for code, lead, state in shares
                ],
            )
    database.close()
    assert Store.migrate(empty_url, clock=clock) == ("0027", migrate.HEAD)
    with Store.open(empty_url, clock=clock) as store:
        held = {"HW": [2, 1], "CG": [1], "SW": [1], "SZ": []}
        for code, numbers in held.items():
            found = store.orders({}, [Scope.of(departments=[code])], limit=10)[1]
            assert [one.number for one in found] == numbers, code
            assert all(code in (*one.bodies, *one.called) for one in found)
