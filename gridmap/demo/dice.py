"""Chance that falls the same way on every machine.

Only ``Generator.random`` of PCG64 is used: numpy promises its stream, while the shapes of
``normal``, ``choice`` or ``integers`` may change between numpy versions.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["Dice"]

T = TypeVar("T")


class Dice:
    """Seeded chance.

    Parameters
    ----------
    seed : int
        Same seed, same throws.
    topic : str
        Every part of the district throws its own dice, so that a change in one part leaves
        the others as they were.
    """

    def __init__(self, seed: int, topic: str) -> None:
        digest = hashlib.sha256(f"{seed}/{topic}".encode()).digest()
        self._rng = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))

    def unit(self) -> float:
        """Return one number in [0, 1)."""
        return float(self._rng.random())

    def units(self, count: int) -> NDArray[np.float64]:
        """Return `count` numbers in [0, 1)."""
        return self._rng.random(count)

    def between(self, low: float, high: float) -> float:
        """Return one number in [low, high)."""
        return low + (high - low) * self.unit()

    def spread(self, low: float, high: float, count: int) -> NDArray[np.float64]:
        """Return `count` numbers in [low, high)."""
        return low + (high - low) * self.units(count)

    def bell(self) -> float:
        """Return one number of mean 0, deviation 1, never beyond 3.5 (a sum of four)."""
        return float((self._rng.random(4).sum() - 2.0) * math.sqrt(3.0))

    def bells(self, count: int) -> NDArray[np.float64]:
        """Return `count` such numbers."""
        total: NDArray[np.float64] = self._rng.random((count, 4)).sum(axis=1)
        return (total - 2.0) * math.sqrt(3.0)

    def chance(self, probability: float) -> bool:
        """True with that probability."""
        return self.unit() < probability

    def index(self, count: int) -> int:
        """Return a whole number in [0, count)."""
        return min(int(self.unit() * count), count - 1)

    def one(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[self.index(len(items))]

    def order(self, count: int) -> NDArray[np.int64]:
        """Return the numbers 0 to count - 1 in random order."""
        return np.argsort(self.units(count), kind="stable").astype(np.int64)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in random order."""
        return [items[i] for i in self.order(len(items))]

    def weighted(
        self, weights: NDArray[np.float64] | Sequence[float], count: int
    ) -> NDArray[np.int64]:
        """Return `count` row numbers, each with probability in proportion to its weight."""
        edges = np.cumsum(np.asarray(weights, dtype=np.float64))
        drawn = np.searchsorted(edges, self.units(count) * edges[-1], side="right")
        rows: NDArray[np.int64] = np.minimum(drawn, len(edges) - 1).astype(np.int64)
        return rows
