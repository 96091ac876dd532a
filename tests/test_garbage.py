"""The collector of garbage, put off for a while, is always back afterwards."""

from __future__ import annotations

import gc
import threading

import pytest

from gridmap import garbage
from gridmap.garbage import collecting_later


def test_it_is_off_within_also_when_nested_and_back_behind():
    assert gc.isenabled()
    with collecting_later():
        with collecting_later():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_fault_within_brings_it_back():
    with pytest.raises(KeyError), collecting_later():
        raise KeyError
    assert gc.isenabled()


def test_whoever_keeps_it_off_finds_it_off():
    gc.disable()
    try:
        with collecting_later():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


class Slow:
    """The collector, with a thread held up between looking whether it is on and putting it off."""

    enable, disable = staticmethod(gc.enable), staticmethod(gc.disable)

    def __init__(self) -> None:
        self.held_up, self.go_on = threading.Event(), threading.Event()

    def isenabled(self) -> bool:
        found = gc.isenabled()
        if threading.current_thread() is not threading.main_thread():
            self.held_up.set()
            self.go_on.wait(10)
        return found


def test_of_two_who_put_it_off_at_a_time_none_leaves_it_off(monkeypatch):
    slow = Slow()
    monkeypatch.setattr(garbage, "gc", slow)
    done = threading.Event()

    def second():
        with collecting_later():
            done.set()

    thread = threading.Thread(target=second)
    try:
        with collecting_later():
            thread.start()
            # Held up before it puts the collector off; or it leaves that to the first.
            while not slow.held_up.wait(0.01) and not done.is_set():
                pass
        slow.go_on.set()
        thread.join()
        assert gc.isenabled()
    finally:
        slow.go_on.set()
        gc.enable()


def test_who_comes_later_does_not_keep_it_off_for_who_came_first():
    begun, end = threading.Event(), threading.Event()

    def second():
        with collecting_later():
            begun.set()
            end.wait(10)

    thread = threading.Thread(target=second)
    with collecting_later():
        thread.start()
        begun.wait(10)
        assert not gc.isenabled()
    assert gc.isenabled()
    end.set()
    thread.join()
    assert gc.isenabled()
    with collecting_later():
        assert not gc.isenabled()
