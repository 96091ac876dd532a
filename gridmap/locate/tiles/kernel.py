"""The lookup: arrays of points to winning atoms, in blocks; and all atoms that touch a point.

A point's tile is one random access and a border tile a second one, each some hundred
nanoseconds away in a large coverage. So points go in small blocks through three stages: the
tiles of a block are asked for while the records of the block before are, and while the block
before that is decided. Memory is waited for in none of them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.model import SEVERAL, TOUCHED
from gridmap.locate.tiles.jit import compiled, inlined, inner, lowest_bit, prefetch
from gridmap.locate.tiles.raster import COLUMNS, EPS, MAX_IDS, SCALE, tile_of
from gridmap.locate.tiles.records import SPECIAL, Atoms, Kinds, Masks, Words, descend, touched

__all__ = [
    "UNDECIDED",
    "Statuses",
    "all_touched",
    "decided",
    "first_of",
    "first_of_one",
    "off_edges",
]

Statuses = NDArray[np.uint8]

# Points that go through the stages together: more would ask for more lines of memory at once
# than a core keeps track of.
_BLOCK = 16
_LINE = 8  # words that memory hands over at once
_LANES = 4
_AHEAD = 4  # points between asking for a tile, asking for its record, and using that
UNDECIDED = 255  # the status of what only exact arithmetic can decide


@inlined
def _quick(words: Words, octets: Statuses, at: int, x: float, y: float, eps: float) -> int:
    """Mask of the ids of a plain narrow record that hold a point; -1 when floats cannot say."""
    b = np.uint64(8 * at)
    vertices = np.int64(octets[b])
    mask = np.int64(octets[b + np.uint64(2)])
    c = at + ((vertices + 9) >> 3)
    cx, cy = words[np.uint64(c)], words[np.uint64(c + 1)]
    v = c + 2 + (((np.int64(octets[b + np.uint64(1)]) & 15) + 1) >> 1)
    dx, dy = x - cx, y - cy
    lefts, near = np.int64(0), np.int64(0)
    # A fixed number at once, past the last vertex too: cheaper than a loop whose end the
    # processor guesses wrong. The array of words is long enough.
    for first in range(0, vertices, _LANES):
        p = np.uint64(v + 2 * first)
        for i in range(_LANES):
            q = p + np.uint64(2 * i)
            det = dx * (words[q + np.uint64(1)] - cy) - dy * (words[q] - cx)
            lefts |= np.int64(det > 0) << (first + i)
            near |= np.int64(abs(det) <= eps) << (first + i)
    lanes = (np.int64(1) << vertices) - 1
    if near & lanes:
        return -1
    changes = (lefts ^ (lefts >> 1)) & (lanes >> 1)
    while changes:
        i = lowest_bit(changes)
        changes &= changes - 1
        p = np.uint64(v + 2 * i)
        ax, ay = words[p], words[p + np.uint64(1)]
        ex, ey = words[p + np.uint64(2)] - ax, words[p + np.uint64(3)] - ay
        from_c = ex * (cy - ay) - ey * (cx - ax)
        from_p = ex * (y - ay) - ey * (x - ax)
        if min(abs(from_c), abs(from_p)) <= eps:
            return -1
        if (from_c > 0) != (from_p > 0):
            mask ^= np.int64(octets[b + np.uint64(3 + i)])
    return mask


@inlined
def _decide(
    head: Words, words: Words, octets: Statuses, ints: Atoms, value: int, x: float, y: float
) -> int:  # fmt: skip
    """Winner (times 256) and status of a point whose tile has a record; or `UNDECIDED`."""
    value = descend(words, octets, ints, value, x, y)
    if value >= -1:
        return value * 256 + (value >= 0)
    at = -2 - value
    if octets[np.uint64(8 * at + 1)] & SPECIAL:
        return UNDECIDED
    mask = _quick(words, octets, at, x, y, head[EPS])
    if mask < 0:
        return UNDECIDED
    if mask == 0:
        return -256
    # No vertex is near the line from c, so the point is on no edge.
    c = at + ((np.int64(octets[np.uint64(8 * at)]) + 9) >> 3)
    atom = ints[np.uint64(2 * (c + 2) + lowest_bit(mask))]
    several = SEVERAL if mask & (mask - 1) else 0
    return np.int64(atom) * 256 + TOUCHED + several


@compiled
def first_of(
    head: Words, tiles: Atoms, words: Words, octets: Statuses, ints: Atoms,
    lon: Words, lat: Words, atom: Atoms, status: Statuses,
) -> int:  # fmt: skip
    """Write the winner of each point, -1 for none, and its status.

    Where floats cannot say the status is 255: :func:`all_touched` can. Returns their number.
    """
    columns = int(head[COLUMNS])
    # Of two blocks at a time: one is filled while the other is read.
    tile = np.empty((2, _BLOCK), np.int64)
    todo, place = np.empty((2, _BLOCK), np.int64), np.empty((2, _BLOCK), np.int64)
    undecided, waiting = 0, 0
    blocks = (len(lon) + _BLOCK - 1) // _BLOCK
    for block in range(blocks + 2):
        if block < blocks:
            begin, side = block * _BLOCK, block & 1
            for i in range(min(_BLOCK, len(lon) - begin)):
                t = tile_of(head, columns, lon[begin + i], lat[begin + i])
                tile[side, i] = t
                prefetch(tiles, t)
        ready, waiting = waiting, 0
        if 0 < block <= blocks:
            begin, side = (block - 1) * _BLOCK, (block - 1) & 1
            for i in range(min(_BLOCK, len(lon) - begin)):
                t = tile[side, i]
                value = np.int64(tiles[np.uint64(t)]) if t >= 0 else np.int64(-1)
                atom[begin + i] = value
                status[begin + i] = value >= 0
                todo[side, waiting] = begin + i
                place[side, waiting] = value
                record = -2 - value if value < -1 else 0
                # As many lines as most records take.
                for line in range(4):
                    prefetch(words, record + line * _LINE)
                waiting += value < -1
        if block > 1:
            side = block & 1
            for j in range(ready):
                i = todo[side, j]
                won = _decide(head, words, octets, ints, place[side, j], lon[i], lat[i])
                atom[i] = won >> 8
                status[i] = won & 255
                undecided += won == UNDECIDED
    return undecided


@inlined
def decided(
    head: Words, tiles: Atoms, words: Words, octets: Statuses, ints: Atoms, x: float, y: float
) -> int:  # fmt: skip
    """Winner times 256 plus status of one point; -256 for none; or `UNDECIDED`."""
    t = tile_of(head, int(head[COLUMNS]), x, y)
    value = np.int64(tiles[np.uint64(t)]) if t >= 0 else np.int64(-1)
    if value >= 0:
        return value * 256 + TOUCHED
    if value == -1:
        return -256
    return _decide(head, words, octets, ints, value, x, y)


@compiled
def first_of_one(
    head: Words, tiles: Atoms, words: Words, octets: Statuses, ints: Atoms, x: float, y: float
) -> int:  # fmt: skip
    """As :func:`decided`, for callers in Python."""
    return decided(head, tiles, words, octets, ints, x, y)


@inlined
def off_edges(
    head: Words, tiles: Atoms, words: Words, octets: Statuses, ints: Atoms, x: float, y: float
) -> bool:  # fmt: skip
    """True when floats prove that a point lies on no edge of any atom."""
    t = tile_of(head, int(head[COLUMNS]), x, y)
    value = np.int64(tiles[np.uint64(t)]) if t >= 0 else np.int64(-1)
    if value < -1:
        value = descend(words, octets, ints, value, x, y)
    if value >= -1:
        return True
    at = -2 - value
    if octets[np.uint64(8 * at + 1)] & SPECIAL:
        return False
    return _quick(words, octets, at, x, y, head[EPS]) >= 0


@inner
def _all_of_one(
    head: Words, words: Words, octets: Statuses, ints: Atoms, longs: Masks, value: int,
    x: float, y: float, member_atom: Atoms, member_kind: Kinds, inside: Masks, border: Masks,
    atoms: Atoms, states: Statuses,
) -> int:  # fmt: skip
    """List the atoms that touch a point of a tile, exactly, and quickly where floats can say."""
    value = descend(words, octets, ints, value, x, y)
    if value >= 0:
        atoms[0], states[0] = value, 1
        return 1
    if value == -1:
        return 0
    at = -2 - value
    if octets[8 * at + 1] & SPECIAL == 0:
        mask = _quick(words, octets, at, x, y, head[EPS])
        if mask >= 0:
            ids, found = 2 * (at + ((np.int64(octets[8 * at]) + 9) >> 3) + 2), 0
            while mask:
                atoms[found], states[found] = ints[ids + lowest_bit(mask)], 1
                mask &= mask - 1
                found += 1
            return found
    return touched(
        words, octets, ints, longs, value, x, y, head[SCALE], member_atom, member_kind, inside,
        border, atoms, states,
    )  # fmt: skip


@compiled
def all_touched(
    head: Words, tiles: Atoms, words: Words, octets: Statuses, ints: Atoms, longs: Masks,
    member_atom: Atoms, member_kind: Kinds, lon: Words, lat: Words, begin: int,
    point: Masks, atom: Masks, state: Statuses,
) -> tuple[int, int]:  # fmt: skip
    """Write (point, atom, state) of all that touch, from one point on, while there is room.

    A state is 1 inside, 2 on the border. Returns the next point and the number written.
    """
    columns, most = int(head[COLUMNS]), int(head[MAX_IDS])
    inside, border = np.empty((most + 127) >> 6, np.int64), np.empty((most + 127) >> 6, np.int64)
    atoms, states = np.empty(most + 1, np.int32), np.empty(most + 1, np.uint8)
    used = 0
    for i in range(begin, len(lon)):
        if used + most + 1 > len(point):
            return i, used
        if i + 2 * _AHEAD < len(lon):
            t = tile_of(head, columns, lon[i + 2 * _AHEAD], lat[i + 2 * _AHEAD])
            prefetch(tiles, max(t, 0))
            t = tile_of(head, columns, lon[i + _AHEAD], lat[i + _AHEAD])
            value = np.int64(tiles[t]) if t >= 0 else np.int64(-1)
            prefetch(words, -2 - value if value < -1 else 0)
        t = tile_of(head, columns, lon[i], lat[i])
        if t < 0:
            continue
        value = np.int64(tiles[t])
        if value >= 0:
            point[used], atom[used], state[used] = i, value, 1
            used += 1
        elif value < -1:
            found = _all_of_one(
                head, words, octets, ints, longs, value, lon[i], lat[i], member_atom,
                member_kind, inside, border, atoms, states,
            )  # fmt: skip
            for k in range(found):
                point[used], atom[used], state[used] = i, atoms[k], states[k]
                used += 1
    return len(lon), used
