"""Winners of many points to short columns: numbers into legends of what occurs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.tiles.jit import compiled, inlined
from gridmap.locate.tiles.records import Atoms, Words

__all__ = ["blank_invalid", "compact"]

Octets = NDArray[np.uint8]


@inlined
def _number(table: Atoms, numbers: Atoms, value: int, count: int) -> int:
    """Number of a value (0 or more) in a hash table of a power of two; `count` when it is new."""
    mask = len(table) - 1
    at = (value * 2654435769 >> 7) & mask
    while table[at] >= 0:
        if table[at] == value:
            return int(numbers[at])
        at = (at + 1) & mask
    table[at], numbers[at] = value, count
    return int(count)


@compiled
def blank_invalid(
    lon: Words, lat: Words, atom: Atoms, bits: Octets, kinds: Atoms, invalid: int, status: Atoms
) -> None:
    """Write the kind of status for the bits of each point; of points nowhere, `invalid`.

    Those that are no numbers, out of range, or both 0 are nowhere: they lose their atom.
    """
    for i in range(len(atom)):
        x, y = lon[i], lat[i]
        # NaN is in no range.
        if -180.0 <= x <= 180.0 and -90.0 <= y <= 90.0 and not (x == 0.0 and y == 0.0):
            status[i] = kinds[bits[i]]
        else:
            atom[i], status[i] = -1, invalid


@compiled
def compact(atom: Atoms, places: Atoms, index: Atoms, legend: Atoms) -> NDArray[np.int64]:
    """Write, for each level, the number of each point's place and the places by number.

    Places (levels, atoms + 1) come by atom, the last for none; those that occur are numbered
    as they come, negative ones stay -1. `index` and `legend` are (levels, points). Returns
    how many numbers each level has.
    """
    points, levels = len(atom), len(places)
    size = 16
    while size < 2 * points:
        size *= 2
    table, numbers = np.full(size, -1, np.int32), np.empty(size, np.int32)
    which, distinct = np.empty(points, np.int32), np.empty(points, np.int32)
    count = np.int64(0)
    for i in range(points):
        which[i] = -1
        if atom[i] >= 0:
            which[i] = _number(table, numbers, np.int64(atom[i]), count)
            if which[i] == count:
                distinct[count] = atom[i]
                count += 1
    used, short = np.zeros(levels, np.int64), np.empty(count + 1, np.int32)
    short[count] = -1
    for level in range(levels):
        table[:] = -1
        found = np.int64(0)
        for j in range(count):
            place = np.int64(places[level, distinct[j]])
            short[j] = -1
            if place >= 0:
                short[j] = _number(table, numbers, place, found)
                if short[j] == found:
                    legend[level, found] = place
                    found += 1
        for i in range(points):
            index[level, i] = short[which[i] if which[i] >= 0 else count]
        used[level] = found
    return used
