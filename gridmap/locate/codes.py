"""Codes of areas as numbers into a legend: a million answers without a million strings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.text import text_array

__all__ = ["CodeColumns", "Coded"]

# A legend this many times as long as the column is searched, not walked.
_MUCH_LONGER = 16


@dataclass(frozen=True, eq=False, slots=True)
class Coded:
    """A column of text as numbers.

    Attributes
    ----------
    index : int32 (n,)
        Place of each value in `legend`, -1 for none.
    legend : object (k,) of str
        Values there may be; those that do not occur are no fault. Not to be changed: many
        columns share one.
    """

    index: NDArray[np.int32]
    legend: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.index)

    @classmethod
    def none(cls, n: int) -> Coded:
        """Return a column of n times nothing."""
        return cls(np.full(n, -1, np.int32), text_array([]))

    @classmethod
    def joined(cls, n: int, parts: Sequence[tuple[NDArray[np.int64], Coded]]) -> Coded:
        """Return one column of n values from parts: row ``i`` of a part is row ``where[i]``.

        The legend holds what occurs, each value once; rows of no part have none.
        """
        index, number = np.full(n, -1, np.int32), dict[str, int]()
        for where, part in parts:
            small = part.used()
            places = [number.setdefault(code, len(number)) for code in small.legend.tolist()]
            # The last entry is what -1 picks.
            index[where] = np.array([*places, -1], np.int32)[small.index]
        return cls(index, text_array(list(number)))

    def decoded(self) -> NDArray[np.object_]:
        """Return the values: object (n,) of str or None."""
        out = np.full(len(self.index), None, dtype=object)
        there = self.index >= 0
        out[there] = self.legend[self.index[there]]
        return out

    def used(self) -> Coded:
        """Return the same column with only those values in the legend that occur, in order."""
        size = len(self.legend)
        if size > _MUCH_LONGER * len(self.index):
            there = np.unique(self.index[self.index >= 0])
            place = np.searchsorted(there, self.index)
            small = np.where(self.index < 0, -1, place).astype(np.int32)
            return Coded(small, self.legend[there])
        # One place more than the legend has, for -1.
        occurs = np.zeros(size + 1, dtype=bool)
        occurs[self.index] = True
        occurs[size] = False
        at = np.flatnonzero(occurs)
        new = np.full(size + 1, -1, np.int32)
        new[at] = np.arange(len(at), dtype=np.int32)
        return Coded(new[self.index], self.legend[at])


class CodeColumns(Mapping[str, NDArray[np.object_]]):
    """Codes of n points at each level, coarse to fine, decoded at the first ``columns[level]``.

    Parameters
    ----------
    columns : mapping of level name to Coded (n,)
    """

    __slots__ = ("_coded", "_decoded")

    def __init__(self, columns: Mapping[str, Coded]) -> None:
        self._coded = dict(columns)
        self._decoded: dict[str, NDArray[np.object_]] = {}

    def coded(self, level: str) -> Coded:
        """Return the column of a level as numbers; `KeyError` when there is no such level."""
        return self._coded[level]

    def __getitem__(self, level: str) -> NDArray[np.object_]:
        if level not in self._decoded:
            self._decoded[level] = self._coded[level].decoded()
        return self._decoded[level]

    def __iter__(self) -> Iterator[str]:
        return iter(self._coded)

    def __len__(self) -> int:
        return len(self._coded)
