"""The lookup: arrays of points to winning atoms, in blocks; and all atoms that touch a point.

A point's tile is one random access and a border tile a second one, each some hundred
nanoseconds away in a large coverage. So points go in blocks, and while the records of one
block are decided, one after the other, the records a little ahead and the tiles of the next
block are asked for: memory and arithmetic take their time together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.model import SEVERAL, TOUCHED
from gridmap.locate.tiles.jit import compiled, inlined, inner, lowest_bit, prefetch
from gridmap.locate.tiles.raster import (
    COLUMNS,
    EPS,
    MAX_IDS,
    PER_X,
    PER_Y,
    SCALE,
    SOUTH,
    WEST,
    X0,
    X1,
    Y0,
    Y1,
    tile_of,
)
from gridmap.locate.tiles.records import (
    EXACT,
    LINE,
    SPECIAL,
    Atoms,
    Kinds,
    Masks,
    Words,
    descend,
    layout,
    touched,
)
from gridmap.locate.tiles.rough import roughly

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
Places = NDArray[np.int64]

_BLOCK = 256  # points, whose tiles fit into the nearest cache
_RECORDS = 8  # from asking for a record's first line to asking for its second, and to deciding
_TILES = 5  # tiles asked for while a record is decided: about one point in five meets a border
_LONG = 8  # vertices beyond which a record's rough part takes a second line
_LANES = 4
_AHEAD = 4  # points between asking for a tile, asking for its record, and using that
UNDECIDED = 255  # the status of what only exact arithmetic can decide


@inlined
def _quick(
    words: Words, octets: Statuses, ints: Atoms, at: int, x: float, y: float, eps: float
) -> int:
    """Mask of the ids of a plain narrow record that hold a point; -1 when floats cannot say."""
    b = np.uint64(8 * at)
    ids, vertices, _, c, _, v = layout(octets, ints, at)
    mask = np.int64(octets[b + np.uint64(2)])
    cx, cy = words[np.uint64(c)], words[np.uint64(c + 1)]
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
            near |= np.int64(not abs(det) > eps) << (first + i)
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
        if not (abs(from_c) > eps and abs(from_p) > eps):
            return -1
        if (from_c > 0) != (from_p > 0):
            mask ^= np.int64(octets[b + np.uint64(8 + 4 * ids + i)])
    return mask


@inlined
def _mask(
    words: Words, octets: Statuses, ints: Atoms, at: int, x: float, y: float, u: float, w: float,
    eps: float,
) -> int:  # fmt: skip
    """As :func:`_quick`, which is asked only where the rough places cannot say."""
    mask = np.int64(-1)
    if octets[np.uint64(8 * at + 1)] & EXACT == 0:
        mask = roughly(octets, ints, at, u, w)
    if mask < 0:
        mask = _quick(words, octets, ints, at, x, y, eps)
    return mask


@inlined
def _in_tile(head: Words, x: float, y: float) -> tuple[float, float]:
    """Where in its tile a point is, in tiles from the south-west corner."""
    u, w = (x - head[WEST]) * head[PER_X], (y - head[SOUTH]) * head[PER_Y]
    return u - int(u), w - int(w)


@inlined
def _decide(
    head: Words, words: Words, octets: Statuses, ints: Atoms, value: int, x: float, y: float
) -> int:  # fmt: skip
    """Winner (times 256) and status of a point whose tile has a record; or `UNDECIDED`."""
    u, w = _in_tile(head, x, y)
    at = -2 - value
    if octets[np.uint64(8 * at + 1)] & SPECIAL:
        value, u, w = descend(words, octets, ints, value, x, y, u, w)
        if value >= -1:
            return value * 256 + (value >= 0)
        at = -2 - value
        if octets[np.uint64(8 * at + 1)] & SPECIAL:
            return UNDECIDED
    mask = _mask(words, octets, ints, at, x, y, u, w, head[EPS])
    if mask < 0:
        return UNDECIDED
    # No vertex is near the line from c, so the point is on no edge. That no id holds it is
    # not asked first: the processor would often guess wrong.
    atom = ints[np.uint64(2 * at + 2 + lowest_bit(mask | 256))]
    several = SEVERAL if mask & (mask - 1) else 0
    return np.int64(atom) * 256 + TOUCHED + several if mask else np.int64(-256)


@inlined
def _find_tiles(head: Words, lon: Words, lat: Words, begin: int, end: int, tile: Places) -> None:
    """Write the tiles of some points, -1 outside the box."""
    columns = int(head[COLUMNS])
    x0, x1, y0, y1 = head[X0], head[X1], head[Y0], head[Y1]
    west, south, per_x, per_y = head[WEST], head[SOUTH], head[PER_X], head[PER_Y]
    for i in range(begin, end):
        # As `tile_of`, but without a branch, so that several points are worked out at once.
        x, y = lon[i], lat[i]
        inside = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        t = np.int64((y - south) * per_y) * columns + np.int64((x - west) * per_x)
        tile[i - begin] = t if inside else np.int64(-1)


@inlined
def _take_tiles(
    tiles: Atoms, tile: Places, begin: int, end: int, atom: Atoms, status: Statuses,
    todo: Places, number: Places,
) -> int:  # fmt: skip
    """Answer the points of tiles without a border; list the others and their tiles' numbers."""
    waiting = np.int64(0)
    for i in range(begin, end):
        t = tile[i - begin]
        value = np.int64(tiles[np.uint64(max(t, 0))]) | (t >> 63)
        atom[i] = value
        status[i] = value >= 0
        todo[waiting], number[waiting] = i, value
        waiting += value < -1
    return waiting


@compiled
def first_of(
    head: Words, tiles: Atoms, words: Words, octets: Statuses, ints: Atoms,
    lon: Words, lat: Words, atom: Atoms, status: Statuses,
) -> int:  # fmt: skip
    """Write the winner of each point, -1 for none, and its status.

    Where floats cannot say the status is 255: :func:`all_touched` can. Returns their number.
    """
    tile, number = np.empty(_BLOCK, np.int64), np.empty(_BLOCK + 2 * _RECORDS, np.int64)
    todo = np.empty(_BLOCK, np.int64)
    undecided = 0
    after = min(_BLOCK, len(lon))
    _find_tiles(head, lon, lat, 0, after, tile)
    for begin in range(0, len(lon), _BLOCK):
        end, after = after, min(after + _BLOCK, len(lon))
        waiting = _take_tiles(tiles, tile, begin, end, atom, status, todo, number)
        for j in range(2 * _RECORDS):
            number[waiting + j] = -2
        for j in range(2 * _RECORDS):
            prefetch(words, -2 - number[j])
        _find_tiles(head, lon, lat, end, after, tile)
        asked, most = 0, after - end
        for j in range(waiting):
            prefetch(words, -2 - number[j + 2 * _RECORDS])
            near = -2 - number[j + _RECORDS]
            prefetch(words, near + LINE * (octets[np.uint64(8 * near)] > _LONG))
            if asked + _TILES <= most:
                for k in range(_TILES):
                    prefetch(tiles, tile[asked + k])
                asked += _TILES
            i = todo[j]
            won = _decide(head, words, octets, ints, number[j], lon[i], lat[i])
            atom[i] = won >> 8
            status[i] = won & 255
            undecided += won == UNDECIDED
        for k in range(asked, most):
            prefetch(tiles, tile[k])
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
    u, w = _in_tile(head, x, y)
    if value < -1:
        value, u, w = descend(words, octets, ints, value, x, y, u, w)
    if value >= -1:
        return True
    at = -2 - value
    if octets[np.uint64(8 * at + 1)] & SPECIAL:
        return False
    return _mask(words, octets, ints, at, x, y, u, w, head[EPS]) >= 0


@inner
def _all_of_one(
    head: Words, words: Words, octets: Statuses, ints: Atoms, longs: Masks, value: int,
    x: float, y: float, member_atom: Atoms, member_kind: Kinds, inside: Masks, border: Masks,
    atoms: Atoms, states: Statuses,
) -> int:  # fmt: skip
    """List the atoms that touch a point of a tile, exactly, and quickly where floats can say."""
    u, w = _in_tile(head, x, y)
    value, u, w = descend(words, octets, ints, value, x, y, u, w)
    if value >= 0:
        atoms[0], states[0] = value, 1
        return 1
    if value == -1:
        return 0
    at = -2 - value
    if octets[8 * at + 1] & SPECIAL == 0:
        mask = _mask(words, octets, ints, at, x, y, u, w, head[EPS])
        if mask >= 0:
            ids, found = 2 * at + 2, 0
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
