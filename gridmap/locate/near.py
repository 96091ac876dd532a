"""Candidates and nearest areas of many points, kept as columns, read like dictionaries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["NearArea", "NearAreas", "NearestAreas"]


@dataclass(frozen=True, slots=True)
class NearArea:
    """An area that a point could belong to, or the nearest one.

    Attributes
    ----------
    level, code : str
        The finest level present in that atom, and its code.
    distance_m : float
        Metres from the point on the ellipsoid; 0 when the area touches the point.
    """

    level: str
    code: str
    distance_m: float


class NearAreas(Mapping[int, tuple[NearArea, ...]]):
    """For each point that has any: the areas it may belong to, in order.

    Attributes
    ----------
    owner : int64 (k,)
        Point of each entry, ascending; the entries of one point stay in their order.
    level, code : object (k,) of str
    distance_m : float64 (k,)
    """

    __slots__ = ("code", "distance_m", "level", "owner")

    def __init__(
        self,
        owner: NDArray[np.int64],
        level: NDArray[np.object_],
        code: NDArray[np.object_],
        distance_m: NDArray[np.float64],
    ) -> None:
        self.owner, self.level, self.code, self.distance_m = owner, level, code, distance_m

    @classmethod
    def join(cls, parts: Sequence[tuple[NDArray[np.int64], NearAreas]]) -> NearAreas:
        """Put answers for parts of the points together.

        Parameters
        ----------
        parts : sequence of (where, areas)
            Row ``i`` of `areas` is point ``where[i]`` of the whole. No parts: nothing.
        """
        if not parts:
            nothing = np.empty(0, dtype=object)
            return cls(np.empty(0, np.int64), nothing, nothing, np.empty(0))
        owner = np.concatenate([where[areas.owner] for where, areas in parts])
        order = np.argsort(owner, kind="stable")
        return cls(
            owner[order],
            np.concatenate([areas.level for _, areas in parts])[order],
            np.concatenate([areas.code for _, areas in parts])[order],
            np.concatenate([areas.distance_m for _, areas in parts])[order],
        )

    def __getitem__(self, point: int) -> tuple[NearArea, ...]:
        first, end = np.searchsorted(self.owner, [point, point + 1])
        if first == end:
            raise KeyError(point)
        return tuple(
            NearArea(self.level[i], self.code[i], float(self.distance_m[i]))
            for i in range(first, end)
        )

    def __iter__(self) -> Iterator[int]:
        return iter(np.unique(self.owner).tolist())

    def __len__(self) -> int:
        return len(np.unique(self.owner))


class NearestAreas(Mapping[int, NearArea]):
    """For each point outside: the nearest area; `columns` has one entry a point."""

    __slots__ = ("columns",)

    def __init__(self, columns: NearAreas) -> None:
        self.columns = columns

    def __getitem__(self, point: int) -> NearArea:
        return self.columns[point][0]

    def __iter__(self) -> Iterator[int]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)
