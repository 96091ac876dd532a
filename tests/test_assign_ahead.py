"""Batches worked on by several threads: in order, few at a time, errors where they belong."""

import threading
import time

import numpy as np
import pyarrow as pa
import pytest

from gridmap.bulk.ahead import ahead
from gridmap.bulk.coded import coded_text, plain, shared_text
from gridmap.locate.codes import Coded
from gridmap.locate.text import text_array


def test_answers_come_in_the_order_of_the_batches_however_long_each_takes():
    def work(number):
        time.sleep(0.01 * (number % 3))
        return number * number

    found = list(ahead(work, iter(range(20)), threads=4))
    assert found == [(i, i * i) for i in range(20)]


def test_all_threads_work_at_once():
    together = threading.Barrier(3, timeout=30)
    assert len(list(ahead(lambda _: together.wait(), iter(range(6)), threads=3))) == 6


def test_no_more_batches_are_read_than_are_needed():
    read = []

    def batches():
        for number in range(50):
            read.append(number)
            yield number

    for number, _ in ahead(lambda n: n, batches(), threads=2):
        assert read[-1] - number <= 3


def test_nothing_gives_nothing():
    assert list(ahead(lambda n: n, iter([]), threads=2)) == []


def test_an_error_is_raised_in_its_turn_and_the_threads_end():
    def work(number):
        if number == 3:
            raise ValueError("three")
        return number

    found, before = [], threading.active_count()
    with pytest.raises(ValueError, match="three"):
        found.extend(ahead(work, iter(range(10)), threads=2))
    assert threading.active_count() == before
    assert found == [(0, 0), (1, 1), (2, 2)]


def test_an_error_of_the_reader_is_raised_and_the_threads_end():
    def batches():
        yield 1
        raise OSError("gone")

    before = threading.active_count()
    with pytest.raises(OSError, match="gone"):
        list(ahead(lambda n: n, batches(), threads=2))
    assert threading.active_count() == before


def test_the_threads_end_by_themselves_when_nobody_wants_the_rest():
    before = set(threading.enumerate())
    answers = ahead(lambda n: n, iter(range(100)), threads=3)
    assert next(answers) == (0, 0)
    begun = set(threading.enumerate()) - before
    answers.close()
    # They are not waited for there: the user may have interrupted.
    for thread in begun:
        thread.join(timeout=60)
        assert not thread.is_alive()


@pytest.mark.parametrize(
    "values",
    [
        [],
        [None],
        ["a"],
        ["a", None, "b", "a", "", None],
        ["甲" * 50, "乙;丙", "甲" * 50],
        ["".join(["a", str(i % 2)]) for i in range(9)],  # equal texts that are not one object
    ],
)
def test_shared_texts_are_read_as_they_are(values):
    column = shared_text(text_array(values))
    assert plain(column).to_pylist() == values
    assert plain(column).type == pa.string()
    empty = shared_text(text_array(values), empty=False)
    assert plain(empty).to_pylist() == [value or None for value in values]


def test_every_other_row_of_an_array_is_read_too():
    values = text_array(["a", "b", None, "c", "a", "d"])[::2]
    assert shared_text(values).to_pylist() == ["a", None, "a"]


def test_codes_become_text_by_their_legend():
    column = Coded(np.array([2, -1, 0, 2], np.int32), text_array(["x", "y", "z"]))
    found = coded_text(column)
    assert found.to_pylist() == ["z", None, "x", "z"]
    assert found.dictionary.to_pylist() == ["x", "z"]
