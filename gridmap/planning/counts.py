"""How many grids each region gets, so that the whole costs least: dynamic programming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["cheapest_counts", "cost_curve"]

Floats = NDArray[np.float64]


def cost_curve(options: Sequence[Mapping[int, float]]) -> tuple[int, Floats]:
    """Return the least cost of each total number of grids.

    Parameters
    ----------
    options : sequence of mapping
        Of each region: cost by number of grids.

    Returns
    -------
    first : int
        The smallest total.
    cost : float64
        Of ``first``, ``first + 1``, ...; infinite where no choice adds up to that.
    """
    first, tables = _tables(options)
    return first, tables[-1]


def cheapest_counts(options: Sequence[Mapping[int, float]], total: int) -> list[int] | None:
    """Return the number of grids of each region that add up to `total` for the least cost.

    None where no choice does. Of equal choices the one with fewer grids in later regions.
    """
    first, tables = _tables(options)
    at = total - first
    if not 0 <= at < len(tables[-1]) or np.isinf(tables[-1][at]):
        return None
    out: list[int] = []
    for region in range(len(options) - 1, -1, -1):
        before = tables[region]
        least = min(options[region])
        best: tuple[float, int] | None = None
        for count in sorted(options[region]):
            rest = at - (count - least)
            if 0 <= rest < len(before):
                value = float(before[rest]) + options[region][count]
                if best is None or value < best[0]:
                    best = (value, count)
        assert best is not None
        out.append(best[1])
        at -= best[1] - least
    return out[::-1]


def _tables(options: Sequence[Mapping[int, float]]) -> tuple[int, list[Floats]]:
    tables = [np.zeros(1)]
    first = 0
    for choice in options:
        least, most = min(choice), max(choice)
        first += least
        before = tables[-1]
        after = np.full(len(before) + most - least, np.inf)
        for count, cost in choice.items():
            shift = count - least
            part = after[shift : shift + len(before)]
            np.minimum(part, before + cost, out=part)
        tables.append(after)
    return first, tables
