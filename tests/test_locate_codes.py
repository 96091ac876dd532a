"""Columns of codes as numbers into a legend say the same as the text they stand for."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.locate.codes import CodeColumns, Coded
from gridmap.locate.text import text_array

LEGEND = text_array(["A", "B", "文化.东/1", "D"])


def coded(*index: int) -> Coded:
    return Coded(np.array(index, np.int32), LEGEND)


def test_a_number_is_read_from_the_legend_and_minus_one_is_none() -> None:
    assert coded(2, -1, 0, 3).decoded().tolist() == ["文化.东/1", None, "A", "D"]
    assert coded().decoded().tolist() == []
    assert Coded.none(2).decoded().tolist() == [None, None]


def test_what_does_not_occur_leaves_the_legend_and_the_order_stays() -> None:
    small = coded(3, -1, 1, 3).used()
    assert small.legend.tolist() == ["B", "D"]
    assert small.index.tolist() == [1, -1, 0, 1]
    assert small.index.dtype == np.int32
    assert coded(-1, -1).used().legend.tolist() == []
    assert len(coded().used()) == 0


def test_a_level_is_decoded_when_asked_and_only_once() -> None:
    columns = CodeColumns({"community": coded(0, 1), "grid": coded(-1, 3)})
    assert list(columns) == ["community", "grid"]
    assert columns["grid"].tolist() == [None, "D"]
    assert columns["grid"] is columns["grid"]
    assert columns.coded("grid").index.tolist() == [-1, 3]
    assert columns.get("street") is None
    with pytest.raises(KeyError):
        columns.coded("street")


def test_parts_of_two_editions_share_one_legend() -> None:
    later = Coded(np.array([0, 1, -1], np.int32), text_array(["D", "E"]))
    one = Coded.joined(6, [(np.array([4, 0]), coded(3, 0)), (np.array([1, 2, 3]), later)])
    assert one.decoded().tolist() == ["A", "D", "E", None, "D", None]
    assert one.legend.tolist() == ["A", "D", "E"]


@settings(max_examples=60, deadline=None)
@given(
    size=st.integers(0, 200),
    places=st.lists(st.integers(-1, 199), max_size=12),
    data=st.data(),
)
def test_shortening_and_joining_never_change_what_a_column_says(
    size: int, places: list[int], data: st.DataObject
) -> None:
    legend = text_array([f"c{i}" for i in range(size)])
    column = Coded(np.array([p if p < size else -1 for p in places], np.int32), legend)
    expected = column.decoded().tolist()
    assert column.used().decoded().tolist() == expected
    assert len(set(column.used().legend)) == len(set(expected) - {None})
    order = np.array(data.draw(st.permutations(range(len(places)))), np.int64)
    cut = data.draw(st.integers(0, len(places)))
    parts = [(where, Coded(column.index[where], legend)) for where in (order[:cut], order[cut:])]
    assert Coded.joined(len(places), parts).decoded().tolist() == expected
