"""The collector of garbage, put off for a while, is always back afterwards."""

from __future__ import annotations

import gc

import pytest

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
