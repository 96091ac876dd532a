"""The worker when something is wrong with one job, one order, another worker: the rest is done."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from gridmap.cases.ladder import Job
from gridmap.cli import worker as command
from gridmap.settings import Settings
from gridmap.store import Store, case_store
from gridmap.workspace import open_workspace

NOW = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)
REPORT = {"lon": 117.0, "lat": 36.6, "coord_sys": "wgs84", "item": "0101"}
# Before the clock of any store here.
DUE = NOW - timedelta(days=30)
# More than a worker takes at once.
MANY = 60


def jobs_for(store: Store, count: int, kind: str = "supervision") -> None:
    store.add_jobs([Job(kind, f"{kind}:{n}", DUE - timedelta(minutes=n)) for n in range(count)])


@pytest.fixture
def office(store_url, tmp_path):
    """A site without areas; its clock stands still."""
    settings = Settings(store=store_url, secrets=tmp_path / "secrets")
    moment = [NOW]
    with open_workspace(settings=settings, clock=lambda: moment[0]) as workspace:
        yield workspace, moment


def test_a_job_that_nobody_foresaw_fails_alone_and_is_tried_again(office):
    workspace, moment = office
    number = int(workspace.submit_report(REPORT, key="worker-key-1")[0]["id"])
    # Due before everything else, and of a kind that this version does not know.
    workspace.store.add_jobs([Job("dance", "dance:1", NOW - timedelta(days=9))])
    moment[0] += timedelta(days=1)
    worked = workspace.work()
    assert (worked.done["dance"], worked.failed) == (1, 1)
    # What time brings has come all the same.
    assert "order.remind" in [e["action"] for e in workspace.store.order_events(number)]
    assert workspace.work().total == 0
    moment[0] += timedelta(minutes=1)
    assert workspace.work().done == {"dance": 1}


def test_an_order_that_cannot_follow_its_report_stops_no_other(office, monkeypatch):
    workspace, _ = office
    with monkeypatch.context() as patch:
        # There is no such order: what is said of it cannot be done.
        pages = {0: [(999, NOW)], 999: []}
        patch.setattr(workspace.store, "orders_with_new_due", pages.__getitem__)
        jobs_for(workspace.store, 1, "review")
        assert workspace.work().done == {"review": 1}


@pytest.mark.parametrize("question", ["orders_with_new_due", "orders_to_follow", "orders_to_move"])
def test_a_page_of_orders_that_cannot_follow_does_not_hide_the_next(office, monkeypatch, question):
    workspace, _ = office
    asked = []

    def page(after):
        asked.append(after)
        return {0: [(997, {}), (998, {})], 998: [(999, {})]}.get(after, [])

    with monkeypatch.context() as patch:
        patch.setattr(workspace.store, question, page)
        workspace._tend()
    assert asked == [0, 998, 999]


def test_what_a_slow_worker_holds_hides_nothing_that_is_due_after_it(store):
    jobs_for(store, MANY)
    first = store.claim_jobs(limit=50)
    assert len(first) == 50
    assert len(store.claim_jobs(limit=50)) == MANY - 50
    assert store.claim_jobs(limit=50) == []


def test_what_a_worker_held_that_is_gone_is_taken_at_once(store, monkeypatch):
    jobs_for(store, 3)
    host = case_store.own_name().rsplit("/", 2)[0]
    with monkeypatch.context() as patch:
        # A process that never was: its number is above all that Linux gives.
        patch.setattr(case_store, "own_name", lambda: f"{host}/99999999/1")
        gone = store.claim_jobs(limit=2)
    again = store.claim_jobs(limit=50)
    assert len(gone) == 2
    assert {job.id for job in gone} < {job.id for job in again}
    assert len(again) == 3


def test_a_fault_that_nobody_foresaw_does_not_end_the_worker(monkeypatch):
    stop, tried = threading.Event(), []

    class Office:
        def work(self, *, most):
            tried.append(most)
            if len(tried) == 2:
                stop.set()
            raise ValueError("nobody foresaw this")

    monkeypatch.setattr(command, "_EVERY_S", 0.0)
    command._run(Office(), stop)
    assert len(tried) == 2


def test_who_waits_for_the_mark_of_told_notices_goes_on_from_it(store):
    found = []

    def another():
        with store._database.write() as connection:
            found.append(store._mark(connection))

    with store._database.write() as connection:
        store._set_mark(connection, "3")
    waiting = threading.Thread(target=another)
    with store._database.write() as connection:
        assert store._mark(connection) == 3
        waiting.start()
        waiting.join(timeout=0.5)
        store._set_mark(connection, "7")
    waiting.join()
    assert found == [7]
