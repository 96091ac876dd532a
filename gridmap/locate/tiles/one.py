"""One point in one compiled call: its area, and the metres to every border it lies within.

A lookup takes less than handing over the arrays of an index does, so a table of their
addresses is made once, see :class:`OnePoint`. The answers are those of the kernels for arrays,
by the same functions; what needs exact arithmetic or a geodesic is left to those.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.model import BORDER, SEVERAL
from gridmap.locate.tiles.jit import (
    array_at,
    compiled,
    double_pointer,
    int_pointer,
    long_pointer,
    making,
    octet_pointer,
)
from gridmap.locate.tiles.kernel import UNDECIDED, decided, off_edges
from gridmap.locate.tiles.near import STACK, Ints, search_plane, stand
from gridmap.locate.tiles.pyramid import ANY
from gridmap.locate.tiles.raster import MAX_RECORDS
from gridmap.locate.tiles.records import Words

__all__ = ["NOTHING", "OWN", "OnePoint", "Outline", "outline"]

# In the table of borders: the level has none, or its area is the atom itself.
NOTHING, OWN = -1, -2

# A border nearer than this, in metres, may hold the point: then floats must prove that not.
_CLOSE_M = 1.0
_LEAST_M = 1e-9  # as :data:`gridmap.locate.borders.LEAST_M`

# Addresses and lengths that describe an index: head, tiles, words, atoms of members, blocks,
# floors, groups.
_ENTRIES = 14

Outline = tuple[list[int], tuple[NDArray[Any], ...]]


def outline(*arrays: NDArray[Any]) -> Outline:
    """Return addresses and lengths of contiguous arrays, and the arrays, to be kept alive."""
    found: list[int] = []
    for array in arrays:
        found += [array.ctypes.data, len(array)]
    return found, arrays


class OnePoint:
    """Answers for one point at a time, with the margin at every level.

    Parameters
    ----------
    atoms, above : Outline
        Of the index over the atoms, and of the one over the shapes of the areas above them;
        `above` None when no level has such an area.
    borders : int32 (atoms, levels)
        For each atom and level the number of the area's shape in the index above, `OWN` or
        `NOTHING`.
    """

    def __init__(self, atoms: Outline, above: Outline | None, borders: NDArray[np.int32]) -> None:
        places = np.ascontiguousarray(borders, np.int32)
        entries, kept = atoms
        other, too = atoms if above is None else above
        listed, last = outline(places.reshape(-1))
        self._kept = (*kept, *too, *last)
        self._entries = [*entries, *other, *listed]
        # For the records of a tile, of either index.
        most = max(int(arrays[0][MAX_RECORDS]) for arrays in (kept, too))
        self._sizes = (2 * STACK, 2 * STACK, STACK, STACK, most, 13, 4)
        self._levels = places.shape[1]
        self._mine = threading.local()

    def __call__(self, lon: float, lat: float) -> tuple[int, int, list[float]] | None:
        """Return atom, status and metres of a point: to its own border, then at each level.

        NaN where a level has no border. Outside (status 0) the atom is the nearest one, and
        the first number is how far. None when that needs more than floats: the point is on a
        border, touches several atoms, or lies too near an edge or too far away to be sure.
        """
        try:
            table = self._mine.table
        except AttributeError:
            table = self._table()
        metres = np.empty(self._levels + 1)
        found = _ask(table, metres, lon, lat)
        if found == UNDECIDED:
            return None
        return found >> 8, found & 255, metres.tolist()

    def _table(self) -> Ints:
        """Make the calling thread's table: to it belongs the room that a search needs."""
        listed, rooms = outline(*[np.empty(size) for size in self._sizes])
        self._mine.rooms = rooms
        self._mine.table = np.array([*self._entries, *listed], np.int64)
        table: Ints = self._mine.table
        return table


@making
def _margin(
    table: Ints, at: int, own: int, x: float, y: float, best: Words, room: Ints, nested: Ints,
    leaf: Ints, bits: Ints, lows: Words, here: Words,
) -> bool:  # fmt: skip
    """Search for the border of an atom (own -1: any) of the index at a place of the table.

    False when that is too far for a plane, or there is none. What follows `best` is room for
    the search.
    """
    head = array_at(double_pointer(table[at]), (table[at + 1],))
    size = table[at + 5]
    tiles = array_at(int_pointer(table[at + 2]), (table[at + 3],))
    words = array_at(double_pointer(table[at + 4]), (size,))
    octets = array_at(octet_pointer(table[at + 4]), (8 * size,))
    ints = array_at(int_pointer(table[at + 4]), (2 * size,))
    longs = array_at(long_pointer(table[at + 4]), (size,))
    member_atom = array_at(int_pointer(table[at + 6]), (table[at + 7],))
    blocks = array_at(octet_pointer(table[at + 8]), (table[at + 9],))
    floors = array_at(long_pointer(table[at + 10]), (table[at + 11], np.int64(3)))
    groups = array_at(octet_pointer(table[at + 12]), (table[at + 13],))
    limit = stand(head, x, y, here)
    best[0], best[1] = math.inf, -1.0
    group = np.int64(ANY)
    if own >= 0 and len(groups) > 0:
        group = np.int64(groups[own])
    found: bool = search_plane(
        head, tiles, words, octets, ints, longs, member_atom, blocks, floors, own, group, here,
        limit, best, room, nested, leaf, bits, lows,
    )  # fmt: skip
    return found


@making
def _off_edges(table: Ints, at: int, x: float, y: float) -> bool:
    size = table[at + 5]
    off: bool = off_edges(
        array_at(double_pointer(table[at]), (table[at + 1],)),
        array_at(int_pointer(table[at + 2]), (table[at + 3],)),
        array_at(double_pointer(table[at + 4]), (size,)),
        array_at(octet_pointer(table[at + 4]), (8 * size,)),
        array_at(int_pointer(table[at + 4]), (2 * size,)),
        x, y,
    )  # fmt: skip
    return off


@compiled
def _ask(table: Ints, metres: Words, x: float, y: float) -> int:
    """Atom times 256 plus status, or `UNDECIDED`; writes what `OnePoint` answers."""
    size = table[5]
    won = decided(
        array_at(double_pointer(table[0]), (table[1],)),
        array_at(int_pointer(table[2]), (table[3],)),
        array_at(double_pointer(table[4]), (size,)),
        array_at(octet_pointer(table[4]), (8 * size,)),
        array_at(int_pointer(table[4]), (2 * size,)),
        x, y,
    )  # fmt: skip
    if won == UNDECIDED or won & (BORDER | SEVERAL):
        return UNDECIDED
    at = 2 * _ENTRIES + 2
    lows = array_at(double_pointer(table[at]), (table[at + 1],))
    room = array_at(long_pointer(table[at + 2]), (table[at + 3],))
    nested = array_at(long_pointer(table[at + 4]), (table[at + 5],))
    bits = array_at(long_pointer(table[at + 6]), (table[at + 7],))
    leaf = array_at(long_pointer(table[at + 8]), (table[at + 9],))
    here = array_at(double_pointer(table[at + 10]), (table[at + 11],))
    best = array_at(double_pointer(table[at + 12]), (table[at + 13],))
    levels = len(metres) - 1
    atom = won >> 8
    if not _margin(table, 0, np.int64(atom), x, y, best, room, nested, leaf, bits, lows, here):
        return UNDECIDED
    metres[0] = max(math.sqrt(best[0]), _LEAST_M)
    metres[1:] = math.nan
    if atom < 0:
        return int(best[1]) << 8
    borders = array_at(int_pointer(table[2 * _ENTRIES]), (table[2 * _ENTRIES + 1],))
    close = False
    for level in range(levels):
        place = np.int64(borders[atom * levels + level])
        if place == OWN:
            metres[1 + level] = metres[0]
        elif place != NOTHING:
            if not _margin(
                table, _ENTRIES, place, x, y, best, room, nested, leaf, bits, lows, here
            ):
                return UNDECIDED
            metres[1 + level] = max(math.sqrt(best[0]), _LEAST_M)
            close = close or metres[1 + level] < _CLOSE_M
    if close and not _off_edges(table, _ENTRIES, x, y):
        return UNDECIDED
    return int(won)
