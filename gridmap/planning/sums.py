"""Sums by group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["summed"]


def summed(group: NDArray[np.int64], held: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the sum of `held` in each of `count` groups; members of group -1 are left out."""
    inside = group >= 0
    return np.bincount(group[inside], held[inside], count).astype(np.float64)
