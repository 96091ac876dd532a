"""Which blocks of tiles hold edges: squares of 4, 16, 64 ... tiles a side.

A search for the nearest edge goes down from the top and leaves out blocks without edges and
blocks farther than what it has found. Where atoms come in groups (the levels of an edition's
parents, say), a block tells by one bit a group whose edges it holds, so that the search for
an atom far larger than its neighbours is not held up by theirs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.tiles.jit import compiled, inner, lowest_bit
from gridmap.locate.tiles.raster import COLUMNS, ROWS
from gridmap.locate.tiles.records import (
    COMPLEX,
    NEST,
    WIDE,
    Atoms,
    Masks,
    Words,
    edge_mask,
    layout,
)

__all__ = ["ANY", "FAN", "FAN_BITS", "Blocks", "Floors", "most_in_tile", "pile"]

ANY = 255  # the bits of a block that may hold edges of every group

FAN_BITS = 2
FAN = 1 << FAN_BITS  # children of a block along each side

Blocks = NDArray[np.uint8]
Floors = NDArray[np.int64]


def pile(
    head: Words, tiles: Atoms, words: Words, member_atom: Atoms, groups: Blocks
) -> tuple[Blocks, Floors]:
    """Return the bits of each block of each floor, and (first, columns, rows) of each floor.

    Floor 0 are the tiles themselves; the last floor is one block. `groups` has the bit of
    each atom; empty, a block with edges has all bits.
    """
    columns, rows = int(head[COLUMNS]), int(head[ROWS])
    floors, first = [(0, columns, rows)], columns * rows
    while columns * rows > 1:
        columns, rows = -(-columns // FAN), -(-rows // FAN)
        floors.append((first, columns, rows))
        first += columns * rows
    blocks, table = np.zeros(first, np.uint8), np.array(floors, np.int64)
    _flag(
        tiles, words.view(np.uint8), words.view(np.int32), words.view(np.int64), member_atom,
        groups, blocks, table,
    )  # fmt: skip
    return blocks, table


@compiled
def most_in_tile(tiles: Atoms, octets: Blocks, ints: Atoms) -> tuple[int, int]:
    """Most records that one tile holds, and most ids of a record."""
    stack = np.empty(4096, np.int64)
    most, most_ids = 1, np.int64(1)
    for tile in range(len(tiles)):
        stack[0], top, count = tiles[tile], 1, 0
        while top:
            top -= 1
            value = stack[top]
            if value >= -1:
                continue
            at = -2 - value
            if octets[8 * at + 1] & NEST:
                k = np.int64(ints[2 * at + 1])
                for child in range(k * k):
                    stack[top] = ints[2 * (at + 5) + child]
                    top += 1
            else:
                count += 1
                most_ids = max(most_ids, layout(octets, ints, at)[0])
        most = max(most, count)
    return most, most_ids


@inner
def _groups_in(
    octets: Blocks, ints: Atoms, longs: Masks, at: int, member_atom: Atoms, groups: Blocks
) -> int:
    """Bits of the groups whose edges a record holds."""
    _, vertices, width, _, first, _ = layout(octets, ints, at)
    members = (octets[8 * at + 1] & (COMPLEX | WIDE)) != 0
    found = np.int64(0)
    for w in range(width):
        bits = np.int64(0)
        for i in range(vertices - 1):
            bits |= edge_mask(octets, ints, longs, at, i, w)
        while bits != 0:
            number = np.int64(ints[first + 64 * w + lowest_bit(bits)])
            bits &= bits - 1
            found |= np.int64(groups[member_atom[number] if members else number])
    return found


@compiled
def _flag(
    tiles: Atoms, octets: Blocks, ints: Atoms, longs: Masks, member_atom: Atoms, groups: Blocks,
    blocks: Blocks, floors: Floors,
) -> None:  # fmt: skip
    for tile in range(len(tiles)):
        if tiles[tile] < -1:
            at = -2 - np.int64(tiles[tile])
            if (octets[8 * at + 1] & NEST) != 0:
                blocks[tile] = ANY
            elif len(groups) == 0:
                blocks[tile] = ANY if layout(octets, ints, at)[1] > 0 else 0
            else:
                blocks[tile] = _groups_in(octets, ints, longs, at, member_atom, groups)
    for floor in range(1, len(floors)):
        first, across, up = floors[floor - 1, 0], floors[floor - 1, 1], floors[floor - 1, 2]
        above, columns = floors[floor, 0], floors[floor, 1]
        for row in range(up):
            for column in range(across):
                bits = blocks[first + row * across + column]
                blocks[above + row // FAN * columns + column // FAN] |= bits
