"""Another process publishes: answers go on, and nobody waits for an edition to be read."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from gridmap.settings import Settings
from gridmap.workspace import Workspace, base, locating, open_workspace
from tests.edition_data import MERGED, OLD, Moving, march, published

pytest.importorskip("numba")

POINT = (117.015, 36.005)


@pytest.fixture
def planner(store_url: str, tmp_path: Path) -> Iterator[Workspace]:
    """Who publishes; it is 5 March, and e1 is in force since the 2nd."""
    settings = Settings(store=store_url, cache=tmp_path / "indexes")
    with open_workspace(settings=settings, clock=Moving(march(1))) as made:
        published(made, "e1", OLD, march(2))
        made.clock.now = march(5)
        yield made


@pytest.fixture
def worker(planner: Workspace, store_url: str, tmp_path: Path) -> Iterator[Workspace]:
    """Who answers, and has answered."""
    settings = Settings(store=store_url, cache=tmp_path / "indexes")
    with open_workspace(settings=settings, clock=Moving(march(5))) as made:
        made.locate(*POINT)
        yield made


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, worker: Workspace) -> None:
    """The store was asked so long ago that a thread asks it again with every request."""
    monkeypatch.setattr(base, "_AHEAD_SECONDS", 0.0)
    for module in (base, locating):
        monkeypatch.setattr(module, "REFRESH_SECONDS", 1e9)


def grid(workspace: Workspace) -> str | None:
    """Grid of the point by the way that never waits; None when that would have to."""
    found = workspace.locate_at_hand(*POINT)
    return None if found is None else found["base"].areas.get("grid")


def ask_until_taken_up(worker: Workspace, edition: str) -> None:
    for _ in range(400):
        worker.locate_at_hand(*POINT)
        worker._reader.submit(lambda: None).result()
        if edition in [e.name for e in worker._editions] and not worker._asking.locked():
            return
    raise AssertionError(f"{edition} was not taken up")


@pytest.mark.usefixtures("later")
def test_an_edition_to_come_is_at_hand_when_its_time_has_come(
    planner: Workspace, worker: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = grid(worker)
    published(planner, "e2", MERGED, march(10))
    ask_until_taken_up(worker, "e2")

    def read(name: str) -> None:
        raise AssertionError(f"{name} was read while somebody waited")

    monkeypatch.setattr(worker.store, "coverage", read)
    assert grid(worker) == before
    worker.clock.now = march(9)
    assert grid(worker) == before
    worker.clock.now = march(10)
    assert grid(worker) == "G1"
    assert before != "G1"


@pytest.mark.usefixtures("later")
def test_answers_go_on_while_an_edition_in_force_is_read(
    planner: Workspace, worker: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, go, reading = grid(worker), threading.Event(), threading.Event()
    coverage = worker.store.coverage

    def slowly(name: str):
        reading.set()
        assert go.wait(60)
        return coverage(name)

    monkeypatch.setattr(worker.store, "coverage", slowly)
    published(planner, "e2", MERGED, march(5))
    while not reading.wait(0.01):
        assert grid(worker) == before
    assert [grid(worker) for _ in range(50)] == [before] * 50
    go.set()
    ask_until_taken_up(worker, "e2")
    assert grid(worker) == "G1"


@pytest.mark.usefixtures("later")
def test_answers_go_on_while_a_family_is_taken_up(
    planner: Workspace, worker: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    planner.add_family("police", levels=["police_area"])
    compiled, found = worker._compile, []

    def meanwhile(*args):
        # As another thread asks in the middle of it.
        found.append(worker.locate_at_hand(*POINT))
        return compiled(*args)

    monkeypatch.setattr(worker, "_compile", meanwhile)
    worker._take_up()
    assert [set(one) for one in found] == [{"base"}] * 2
    assert set(worker.locate_at_hand(*POINT)) == {"base", "police"}


def test_who_may_not_answer_from_the_old_edition_any_longer_waits_for_the_same_reading(
    planner: Workspace, worker: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(base, "_AHEAD_SECONDS", 0.0)
    read = []
    coverage = worker.store.coverage
    monkeypatch.setattr(worker.store, "coverage", lambda name: read.append(name) or coverage(name))
    published(planner, "e2", MERGED, march(5))
    worker.keep_fresh()
    worker._expire()
    assert worker.locate(*POINT).areas["grid"] == "G1"
    worker._reader.submit(lambda: None).result()
    assert read == ["e2"]
    assert grid(worker) == "G1"


def test_what_this_process_publishes_is_in_force_at_once(planner: Workspace) -> None:
    before = planner.locate(*POINT).areas["grid"]
    planner.keep_fresh()
    published(planner, "e2", MERGED, march(5))
    assert planner.locate(*POINT).areas["grid"] == "G1" != before


def compiled(workspace: Workspace) -> set[str]:
    """Names of the editions that a workspace holds compiled."""
    return {one.name for one in workspace.store.editions() if one.id in workspace._locators}


def test_of_past_editions_those_used_last_stay_compiled_and_the_others_are_let_go(
    planner: Workspace, worker: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = range(2, 11)
    for day in days[1:]:
        published(planner, f"e{day}", MERGED if day % 2 else OLD, march(day))
    worker.clock.now = planner.clock.now = march(12)
    worker._expire()
    found = {day: worker.locate(*POINT, at=march(day)).areas["grid"] for day in days}
    assert found == {day: "G1" if day % 2 else "G2" for day in days}
    assert len(compiled(worker)) == len(days)
    gone = weakref.ref(worker.atlas.named("e7"))
    for day in (5, 3, 2, 4):
        worker.locate(*POINT, at=march(day))
    published(planner, "next", OLD, march(20))
    worker._expire()
    assert worker.locate(*POINT).areas["grid"] == "G2"
    assert compiled(worker) == {"e1", "e3", "e4", "e5", "e10"}
    gc.collect()
    assert gone() is None
    # What was let go answers as before, and the one used longest ago goes for it.
    read = []
    coverage = worker.store.coverage
    monkeypatch.setattr(worker.store, "coverage", lambda name: read.append(name) or coverage(name))
    for day in (5, 4, 3, 2):
        assert worker.locate(*POINT, at=march(day)).areas["grid"] == found[day]
    assert read == []
    assert worker.locate(*POINT, at=march(7)).areas["grid"] == found[7]
    assert read == ["e7"]
    published(planner, "last", OLD, march(21))
    worker._expire()
    assert worker.locate(*POINT, at=march(20)).areas["grid"] == "G2"
    assert compiled(worker) == {"e1", "e3", "e4", "e7", "e10", "next"}


def test_the_edition_that_was_just_followed_by_another_is_the_past_one_used_last(
    planner: Workspace, worker: Workspace
) -> None:
    for day in range(3, 8):
        published(planner, f"e{day}", OLD, march(day))
    worker.clock.now = planner.clock.now = march(9)
    worker._expire()
    for day in range(2, 7):
        worker.locate(*POINT, at=march(day))
    worker.locate(*POINT)
    published(planner, "e8", MERGED, march(8))
    worker._expire()
    assert worker.locate(*POINT).areas["grid"] == "G1"
    assert compiled(worker) == {"e4", "e5", "e6", "e7", "e8"}


def test_an_edition_that_is_withdrawn_before_its_date_is_let_go(
    planner: Workspace, worker: Workspace
) -> None:
    published(planner, "e2", MERGED, march(10))
    worker._expire()
    assert worker.locate(*POINT, at=march(11)).areas["grid"] == "G1"
    assert compiled(worker) == {"e1", "e2"}
    planner.retire("e2", why="复核", commit=True)
    worker._expire()
    assert worker.locate(*POINT, at=march(11)).areas["grid"] == "G2"
    assert compiled(worker) == {"e1"}
