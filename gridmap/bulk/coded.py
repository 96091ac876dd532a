"""Columns of few different texts as Arrow dictionaries, without a look at every row."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from gridmap.locate.codes import Coded

__all__ = ["coded_text", "plain", "shared_text"]


def coded_text(column: Coded) -> pa.DictionaryArray:
    """Return numbers into a legend as a dictionary column; -1 is null."""
    small = column.used()
    index = pa.array(small.index, pa.int32(), mask=small.index < 0)
    return pa.DictionaryArray.from_arrays(index, pa.array(small.legend, pa.string()))


def shared_text(values: NDArray[np.object_], *, empty: bool = True) -> pa.DictionaryArray:
    """Return an array of references to strings or None as a dictionary column.

    Parameters
    ----------
    values : object (n,)
        Equal texts should mostly be one object: what is the same object is read once.
    empty : bool
        False: an empty text becomes null.
    """
    # The references as numbers; they hold as long as `values` does.
    reference = np.ndarray(values.shape, np.intp, np.ascontiguousarray(values))
    found = pa.array(reference).dictionary_encode()
    number = found.indices.to_numpy()
    first = np.empty(len(found.dictionary), np.int64)
    # Of several assignments to one place the last one stays: the first row.
    first[number[::-1]] = np.arange(len(values))[::-1]
    legend = [None if text is None else str(text) for text in values[first].tolist()]
    nothing = np.array([text is None or not (text or empty) for text in legend], bool)
    index = pa.array(number, pa.int32(), mask=nothing[number] if nothing.any() else None)
    return pa.DictionaryArray.from_arrays(
        index, pa.array([text or "" for text in legend], pa.string())
    )


def plain(column: pa.Array) -> pa.Array:
    """Return the column without a dictionary."""
    if isinstance(column, pa.DictionaryArray):
        return pc.cast(column, column.type.value_type)
    return column
