"""A suggestion on another host is lost when its heartbeats stop, however long it is at work."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from gridmap.workspace import open_workspace
from gridmap.workspace.plan_runs import BEAT_S, MISSED, PlanRuns

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)


class Moved:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def moved():
    return Moved()


@pytest.fixture
def elsewhere(monkeypatch):
    """What is begun here seems to run on another host, whose processes nobody here can see."""
    monkeypatch.setattr("gridmap.workspace.plan_runs.own_name", lambda: "elsewhere/1/1")


class Held:
    """Work that is under way until it is let go."""

    def __init__(self) -> None:
        self.begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, progress, stop):
        self.begun.set()
        assert self.may_end.wait(60)
        return {"plans": []}


@pytest.fixture
def held():
    work = Held()
    yield work
    work.may_end.set()


@pytest.fixture
def begun(tmp_path, moved, held, elsewhere):
    """Suggestions of a host that has one under way, and another host's look at the folder."""
    there = PlanRuns(tmp_path / "suggestions", moved, beat_s=3600)
    number = there.start({}, held)
    assert held.begun.wait(60)
    yield there, PlanRuns(tmp_path / "suggestions", moved), number
    held.may_end.set()
    there.close()


def test_one_that_is_heard_of_runs_for_hours(begun, moved):
    there, here, number = begun
    for _ in range(60):
        moved.pass_s(BEAT_S * (MISSED - 1))
        assert here.told(number)["state"] == "running"
        there.beat()
    assert moved.now - NOW > timedelta(hours=2)


def test_one_that_waits_for_its_turn_is_heard_of_too(begun, moved):
    there, here, _ = begun
    second = there.start({}, lambda progress, stop: {})
    for _ in range(10):
        moved.pass_s(BEAT_S * (MISSED - 1))
        there.beat()
    assert here.told(second)["state"] == "waiting"


def test_one_that_missed_its_heartbeats_is_lost_and_may_still_come_back(begun, moved, held):
    there, here, number = begun
    moved.pass_s(BEAT_S * MISSED - 1)
    assert here.told(number)["state"] == "running"
    moved.pass_s(1)
    assert here.told(number)["state"] == "lost"
    # Its host was only cut off for a while.
    there.beat()
    assert here.told(number)["state"] == "running"
    held.may_end.set()
    there.wait(number, 60)
    moved.pass_s(10 * BEAT_S * MISSED)
    assert here.told(number)["state"] == "done"


def test_heartbeats_need_nobody_to_ask_for_them(tmp_path, moved, held, elsewhere):
    there = PlanRuns(tmp_path / "suggestions", moved, beat_s=0.01)
    number = there.start({}, held)
    here = PlanRuns(tmp_path / "suggestions", moved)
    moved.pass_s(BEAT_S * MISSED * 100)
    try:
        again = threading.Event()
        while here.told(number)["state"] == "lost":
            again.wait(0.01)
    finally:
        held.may_end.set()
        there.close()
    last = here._path(number, "beat").read_bytes()
    # Once it is closed nothing beats any more.
    moved.pass_s(60)
    assert here._path(number, "beat").read_bytes() == last
    assert here.told(number)["state"] == "done"


def test_two_services_over_one_store_tell_the_same(store_url, moved, held, elsewhere):
    with (
        open_workspace(store_url, clock=moved) as there,
        open_workspace(store_url, clock=moved) as here,
    ):
        number = there._runs.start({"by": "li"}, held)
        assert held.begun.wait(60)
        states = []
        for heard in (True, True, False, False):
            moved.pass_s(BEAT_S * (MISSED - 1))
            states.append(here.suggestion(number)["state"])
            if heard:
                there._runs.beat()
        assert states == ["running", "running", "running", "lost"]
        held.may_end.set()
        there.wait_for_plans(number, 60)
        assert here.suggestion(number)["state"] == "done"
