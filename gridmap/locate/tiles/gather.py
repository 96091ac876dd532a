"""Searching for all atoms within a radius of each point, with their distances."""

from __future__ import annotations

import math

import numpy as np

from gridmap.locate.tiles.jit import compiled, inlined, inner, lowest_bit, prefetch
from gridmap.locate.tiles.metres import earth_place, far_square, near_square
from gridmap.locate.tiles.near import (
    STACK,
    Ints,
    atom_of,
    block_square,
    records_in,
    stand,
)
from gridmap.locate.tiles.pyramid import FAN, FAN_BITS, Blocks, Floors
from gridmap.locate.tiles.raster import (
    COLUMNS,
    MAX_RECORDS,
    PER_X,
    PER_Y,
    ROWS,
    SOUTH,
    WEST,
)
from gridmap.locate.tiles.records import Atoms, Words, edge_mask, layout

__all__ = ["gather"]

# Points whose tiles, and points whose records, are asked for before their turn.
_TILES_AHEAD, _RECORDS_AHEAD = 6, 3
_WIDE = 8  # tiles that a radius reaches where tiles are looked at one by one, at most
_AT_ONCE = 64  # edges measured before they are looked at
_LEAST = 1e-9  # metres to a border that does not touch
_GAPS = (27_000, 12_000, 5_000, 1750, 701, 301, 132, 57, 23, 10, 4, 1)


@inlined
def _collect(
    words: Words, octets: Blocks, ints: Atoms, longs: Ints, at: int, member_atom: Atoms,
    here: Words, plane: bool, reach: float, near: Words, feet: Words, listed: Ints, count: int,
    squares: Words,
) -> int:  # fmt: skip
    """Keep, of every atom, the nearest edge of a record within the root of `reach`.

    Returns how many atoms are listed.
    """
    _, vertices, width, _, first, v = layout(octets, ints, at)
    along = 0.0
    for i in range(vertices - 1):
        p = v + 2 * i
        if plane:
            if i % _AT_ONCE == 0:
                # Without a branch, so that several edges are measured at a time.
                for k in range(min(_AT_ONCE, vertices - 1 - i)):
                    q = p + 2 * k
                    ax, ay = words[q] - here[0], words[q + 1] - here[1]
                    bx, by = words[q + 2] - here[0], words[q + 3] - here[1]
                    square, _ = near_square(ax, ay, bx, by, here[2], here[3], here[7])
                    squares[k] = max(square, _LEAST * _LEAST)
            square = squares[i % _AT_ONCE]
        else:
            square, along = far_square(
                words[p], words[p + 1], words[p + 2], words[p + 3], here[4], here[5], here[6], reach
            )
            square = max(square, _LEAST * _LEAST)
        if square > reach:
            continue
        for w in range(width):
            mask = edge_mask(octets, ints, longs, at, i, w)
            while mask != 0:
                bit = lowest_bit(mask)
                mask &= mask - 1
                atom = atom_of(octets, ints, at, first, 64 * w + bit, member_atom)
                if near[atom] < 0:
                    listed[count] = atom
                    count += 1
                elif near[atom] <= square:
                    continue
                near[atom] = square
                if not plane:
                    feet[atom, 0] = words[p] + along * (words[p + 2] - words[p])
                    feet[atom, 1] = words[p + 1] + along * (words[p + 3] - words[p + 1])
    return count


@inlined
def _collect_tile(
    words: Words, octets: Blocks, ints: Atoms, longs: Ints, value: int, member_atom: Atoms,
    here: Words, plane: bool, reach: float, near: Words, feet: Words, listed: Ints, count: int,
    leaf: Ints, nested: Ints, squares: Words,
) -> int:  # fmt: skip
    for k in range(records_in(octets, ints, value, leaf, nested)):
        count = _collect(
            words, octets, ints, longs, leaf[k], member_atom, here, plane, reach, near, feet,
            listed, count, squares,
        )  # fmt: skip
    return count


@inner
def _collect_blocks(
    head: Words, tiles: Atoms, words: Words, octets: Blocks, ints: Atoms, longs: Ints,
    member_atom: Atoms, blocks: Blocks, floors: Floors, here: Words, plane: bool, reach: float,
    near: Words, feet: Words, listed: Ints, count: int, stack: Ints, leaf: Ints, nested: Ints,
    squares: Words,
) -> int:  # fmt: skip
    """Keep the nearest edges within the root of `reach`, down the pyramid."""
    top = 1
    stack[0] = (len(floors) - 1) << 58
    while top:
        top -= 1
        floor, place = stack[top] >> 58, stack[top] & ((np.int64(1) << 58) - 1)
        row, column = place // floors[floor, 1], place % floors[floor, 1]
        if blocks[floors[floor, 0] + place] == 0:
            continue
        size = np.int64(1) << (FAN_BITS * floor)
        if block_square(head, size, column, row, here, plane) > reach:
            continue
        if floor == 0:
            count = _collect_tile(
                words, octets, ints, longs, np.int64(tiles[place]), member_atom, here, plane,
                reach, near, feet, listed, count, leaf, nested, squares,
            )  # fmt: skip
            continue
        across, up = floors[floor - 1, 1], floors[floor - 1, 2]
        for r in range(row * FAN, min(row * FAN + FAN, up)):
            for c in range(column * FAN, min(column * FAN + FAN, across)):
                stack[top] = ((floor - 1) << 58) | (r * across + c)
                top += 1
    return count


@inlined
def _span(middle: float, reach: float, size: int) -> tuple[int, int]:
    """First and last tile within a reach, both in tiles; empty when none is."""
    if not abs(middle) < 1e9:
        return 0, -1
    return (
        int(max(math.floor(middle - reach), 0.0)),
        int(min(math.floor(middle + reach), size - 1.0)),
    )


@inlined
def _ask_ahead(
    head: Words, tiles: Atoms, words: Words, x: float, y: float, dx: float, dy: float,
    records: bool,
) -> None:  # fmt: skip
    """Ask memory for the tiles near a point, or for what they hold; `dx`, `dy` in tiles."""
    columns, rows = int(head[COLUMNS]), int(head[ROWS])
    left, right = _span((x - head[WEST]) * head[PER_X], dx, columns)
    low, high = _span((y - head[SOUTH]) * head[PER_Y], dy, rows)
    for r in range(low, high + 1):
        if not records:
            if left <= right:
                prefetch(tiles, r * columns + left)
            continue
        for c in range(left, right + 1):
            value = np.int64(tiles[r * columns + c])
            if value < -1:
                prefetch(words, -2 - value)
                prefetch(words, 6 - value)


@compiled
def gather(
    head: Words, tiles: Atoms, words: Words, octets: Blocks, ints: Atoms, longs: Ints,
    member_atom: Atoms, blocks: Blocks, floors: Floors, lon: Words, lat: Words, radius: Words,
    begin: int, touch: Ints, touched: Ints, point: Ints, atom: Ints, metres: Words, foot: Words,
    near: Words, feet: Words, listed: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Write (point, atom, metres) within each radius from one point on, while there is room.

    Atoms that touch a point, `touched[touch[i]:touch[i + 1]]` ascending, come with 0, others
    with the metres to their border as in :func:`closest`; where these are to be measured yet
    (metres -1), a little more than the radius is listed. `near` (one an atom) is all
    negative, and is left so. Returns the next point and the number written.
    """
    stack, nested = np.empty(STACK, np.int64), np.empty(STACK, np.int64)
    leaf, here = np.empty(int(head[MAX_RECORDS]), np.int64), np.empty(13)
    squares = np.empty(_AT_ONCE)
    columns, rows, one = int(head[COLUMNS]), int(head[ROWS]), np.int64(1)
    used = 0
    for i in range(begin, len(lon)):
        plane = radius[i] <= stand(head, lon[i], lat[i], here)
        reach = radius[i] ** 2 if plane else (1.002 * radius[i] + 1) ** 2
        count = touch[i + 1] - touch[i]
        for k in range(count):
            listed[k] = touched[touch[i] + k]
            near[listed[k]] = 0.0
        dx, dy = 1.02 * radius[i] / here[10], 1.02 * radius[i] / here[11]
        if plane and dx < _WIDE and dy < _WIDE:
            # Those that follow are taken to have this radius, at this latitude.
            if i + _TILES_AHEAD < len(lon):
                k = i + _TILES_AHEAD
                _ask_ahead(head, tiles, words, lon[k], lat[k], dx, dy, False)
                k = i + _RECORDS_AHEAD
                _ask_ahead(head, tiles, words, lon[k], lat[k], dx, dy, True)
            left, right = _span(here[8], dx, columns)
            low, high = _span(here[9], dy, rows)
            for r in range(low, high + 1):
                for c in range(left, right + 1):
                    value = np.int64(tiles[r * columns + c])
                    if value < -1 and block_square(head, one, c, r, here, plane) <= reach:
                        count = _collect_tile(
                            words, octets, ints, longs, value, member_atom, here, plane, reach,
                            near, feet, listed, count, leaf, nested, squares,
                        )  # fmt: skip
        else:
            here[4], here[5], here[6] = earth_place(lon[i], lat[i])
            count = _collect_blocks(
                head, tiles, words, octets, ints, longs, member_atom, blocks, floors, here,
                plane, reach, near, feet, listed, count, stack, leaf, nested, squares,
            )  # fmt: skip
        if used + count > len(point):
            for k in range(count):
                near[listed[k]] = -1.0
            return i, used
        if count > 1:
            _sort(listed, count)
        for k in range(count):
            a = listed[k]
            point[used], atom[used] = i, a
            if plane or near[a] == 0:
                metres[used] = math.sqrt(near[a])
            else:
                metres[used], foot[used, 0], foot[used, 1] = -1.0, feet[a, 0], feet[a, 1]
            near[a] = -1.0
            used += 1
    return len(lon), used


@inner
def _sort(values: Ints, count: int) -> None:
    """Sort the first values: by insertion with shrinking gaps (Ciura), mostly just the last."""
    for gap in _GAPS:
        if gap > 1 and 4 * gap > count:
            continue
        for i in range(gap, count):
            value, at = values[i], i
            while at >= gap and values[at - gap] > value:
                values[at] = values[at - gap]
                at -= gap
            values[at] = value
