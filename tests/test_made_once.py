"""What many ask for at once is made by one of them; nobody waits for what is made for others."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from api.made_once import MadeOnce
from api.onemap import StaffShelf
from api.sheets import SheetShelf
from gridmap.errors import NotFound, StoreBusy


class Slow:
    """Something that is made when it is let go."""

    def __init__(self) -> None:
        self.began, self.go, self.times = threading.Semaphore(0), threading.Event(), 0

    def __call__(self) -> str:
        self.times += 1
        self.began.release()
        assert self.go.wait(60)
        return f"made {self.times}"


@pytest.fixture
def slow() -> Iterator[Slow]:
    slow = Slow()
    yield slow
    slow.go.set()


@pytest.fixture
def pool(slow: Slow) -> Iterator[ThreadPoolExecutor]:
    """Threads that answer; a test that fails lets them go."""
    pool = ThreadPoolExecutor(12)
    yield pool
    slow.go.set()
    pool.shutdown()


def test_however_many_ask_at_once_one_makes_it(slow: Slow, pool: ThreadPoolExecutor) -> None:
    shelf: MadeOnce[str] = MadeOnce(2)
    asked = [pool.submit(shelf.get, "a", slow) for _ in range(10)]
    assert slow.began.acquire(timeout=60)
    # Nobody else begins to make it.
    assert not slow.began.acquire(timeout=0.3)
    slow.go.set()
    assert [one.result(60) for one in asked] == ["made 1"] * 10
    assert shelf.get("a", slow) == "made 1"


def test_what_is_kept_and_what_is_made_for_others_does_not_wait(
    slow: Slow, pool: ThreadPoolExecutor
) -> None:
    shelf = StaffShelf()
    shelf.get(("kept",), lambda: "kept")
    making = pool.submit(shelf.get, ("levels", "2026"), slow)
    assert slow.began.acquire(timeout=60)
    assert pool.submit(shelf.get, ("kept",), slow).result(20) == "kept"
    assert pool.submit(shelf.get, ("other",), lambda: "other").result(20) == "other"
    slow.go.set()
    assert making.result(60) == "made 1"


def test_what_cannot_be_made_is_told_all_who_wait_and_is_tried_again_by_the_next(
    slow: Slow, pool: ThreadPoolExecutor
) -> None:
    shelf: MadeOnce[str] = MadeOnce(2)
    waiting = threading.Event()

    def fail() -> str:
        slow()
        raise NotFound("There is no such sheet.")

    def wait() -> str:
        waiting.set()
        return shelf.get("a", slow)

    maker = pool.submit(shelf.get, "a", fail)
    assert slow.began.acquire(timeout=60)
    waiter = pool.submit(wait)
    assert waiting.wait(60)
    assert not slow.began.acquire(timeout=0.3)
    slow.go.set()
    for one in (maker, waiter):
        with pytest.raises(NotFound):
            one.result(60)
    assert shelf.get("a", slow) == "made 2"


def test_those_asked_for_last_are_kept_and_made_anew_when_they_are_old() -> None:
    time = SimpleNamespace(now=0.0)
    shelf: MadeOnce[str] = MadeOnce(2, kept_s=60, clock=lambda: time.now)
    made: list[str] = []

    def get(key: str) -> str:
        return shelf.get(key, lambda: made.append(key) or f"{key} {len(made)}")

    assert [get("a"), get("b"), get("a"), get("c"), get("a")] == ["a 1", "b 2", "a 1", "c 3", "a 1"]
    assert shelf.kept("b") is None
    assert get("b") == "b 4"
    time.now = 60.0
    assert shelf.kept("b") is None
    assert get("b") == "b 5"


def test_a_few_wait_for_the_printer_and_further_ones_are_told_to_come_again(
    slow: Slow, pool: ThreadPoolExecutor
) -> None:
    shelf = SheetShelf()
    shelf.pdf(("kept",), lambda: b"%PDF")
    asked = [pool.submit(shelf.pdf, (n,), lambda: slow().encode()) for n in range(5)]
    assert all(slow.began.acquire(timeout=60) for _ in asked)
    # Whether for another sheet or for one that is being printed: it would wait.
    for key in ((9,), (0,)):
        with pytest.raises(StoreBusy, match="Other sheets are being printed"):
            pool.submit(shelf.pdf, key, lambda: b"").result(20)
    assert shelf.pdf(("kept",), lambda: b"") == b"%PDF"
    slow.go.set()
    assert all(one.result(60).startswith(b"made") for one in asked)
    assert shelf.pdf((9,), lambda: b"%PDF 9") == b"%PDF 9"
