"""Which area of an edition goes on as which of the next."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["LandShares", "find_heirs", "match_codes"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Names = NDArray[np.object_]

# Areas are measured to about one in ten thousand: less above a half is a half.
_MOST = 0.5001

# A code that is a number may have lost its zeros, or gained a point, in a number column.
_NUMBER = re.compile(r"0*(\d+)(?:\.0+)?\Z", re.ASCII)


def match_codes(old: Sequence[str], new: Sequence[str]) -> Rows:
    """Return for each old code the place of the same code among the new ones, -1 if none.

    Codes are the same when they are equal. What is left is compared as numbers (``0101``,
    ``101`` and ``101.0`` are one), where only one code on either side has that number.
    """
    place = {code: at for at, code in enumerate(new)}
    out = np.array([place.get(code, -1) for code in old], dtype=np.int64)
    taken = set(out.tolist())
    left: dict[str, list[int]] = defaultdict(list)
    for at, code in enumerate(new):
        if at not in taken and (number := _number(code)):
            left[number].append(at)
    lonely = [at for at in np.flatnonzero(out < 0).tolist() if _number(old[at])]
    times = Counter(_number(old[at]) for at in lonely)
    for at in lonely:
        number = _number(old[at])
        if times[number] == 1 and len(left[number]) == 1:
            out[at] = left[number][0]
    return out


def _number(code: str) -> str:
    found = _NUMBER.match(code)
    return found[1] if found else ""


class LandShares(NamedTuple):
    """Areas that share land, row by row, and how much of each.

    Attributes
    ----------
    old, new : int64 (k)
        Areas; -1 for nowhere.
    of_old, of_new : float64 (k)
        The land as a part of the old and of the new area.
    homes_of_old, homes_of_new : float64 (k)
        The same of their households; of the land where these are not known.
    """

    old: Rows
    new: Rows
    of_old: Floats
    of_new: Floats
    homes_of_old: Floats
    homes_of_new: Floats


def find_heirs(same_code: Rows, shares: LandShares, count_new: int) -> Rows:
    """Return for each old area the new one that it goes on as, -1 if none.

    Parameters
    ----------
    same_code : int64 (n)
        See :func:`match_codes`.
    shares : LandShares
    count_new : int
        Number of new areas.

    Notes
    -----
    An area goes on under its code when more than half of the old area is in the new one, or
    more than half of the new one comes from it, or one of the two has no land at all: a code
    on other land is another area. Where the code does not say, it goes on as the one with
    which it shares more than half of the households both ways.
    """
    old, new = shares.old, shares.new
    inside = (old >= 0) & (new >= 0)
    most = inside & ((shares.of_old > _MOST) | (shares.of_new > _MOST))
    # The place one after the last stands for -1.
    coded = most & (np.append(same_code, -2)[old] == new)
    out = np.full(len(same_code), -1, dtype=np.int64)
    out[old[coded]] = new[coded]
    landless = ~np.isin(np.arange(len(same_code)), old)
    landless |= ~np.isin(same_code, new)
    named = (same_code >= 0) & (out < 0) & landless
    out[named] = same_code[named]
    free_old, free_new = out < 0, ~np.isin(np.arange(count_new), out)
    both = np.flatnonzero(inside & (shares.homes_of_old > _MOST) & (shares.homes_of_new > _MOST))
    both = both[free_old[old[both]] & free_new[new[both]]]
    out[old[both]] = new[both]
    return out
