"""Searching for the nearest edge: of any atom, or of one.

Searches go down the pyramid of blocks, nearest block first, and stop where no block left can
hold anything nearer. Distances are those of `metres`: in a plane laid at the point, or
straight through the earth.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.tiles.jit import compiled, inlined, inner, lowest_bit
from gridmap.locate.tiles.metres import (
    SEAM,
    degree_lengths,
    earth_place,
    far_square,
    near_square,
)
from gridmap.locate.tiles.pyramid import ANY, FAN, FAN_BITS, Blocks, Floors
from gridmap.locate.tiles.raster import (
    COLUMNS,
    MAX_RECORDS,
    PER_X,
    PER_Y,
    ROWS,
    SOUTH,
    WEST,
)
from gridmap.locate.tiles.records import (
    COMPLEX,
    NEST,
    WIDE,
    Atoms,
    Words,
    edge_mask,
    layout,
)

__all__ = [
    "STACK",
    "Ints",
    "atom_of",
    "block_square",
    "closest",
    "records_in",
    "search_plane",
    "stand",
]

Ints = NDArray[np.int64]

_TIE = 1e-6  # metres by which borders equally near may differ
STACK = 4096
# Rings of tiles looked at before the pyramid: a cell's own border is some tiles away.
_RINGS, _RINGS_OUTSIDE = 8, 4
# Blocks to each side of a point that are looked at one by one.
_BESIDE = 2.0


@inlined
def atom_of(octets: Blocks, ints: Atoms, at: int, ids: int, bit: int, member_atom: Atoms) -> int:
    """Atom of one bit of a record's masks."""
    number = ints[ids + bit]
    if octets[8 * at + 1] & (COMPLEX | WIDE):
        return np.int64(member_atom[number])
    return np.int64(number)


@inlined
def block_square(head: Words, size: int, column: int, row: int, here: Words, plane: bool) -> float:
    """Square of a distance that no place in a block of `size` tiles a side is nearer than.

    `here` is what :func:`stand` fills in, and in 4 to 6 (not in a plane) the earth-centred
    place.
    """
    if plane:
        # In tiles from the point; a tile's width shrinks as it does in `near_square`.
        west, south = column * size - here[8], row * size - here[9]
        dx, dy = max(max(west, -west - size), 0.0), max(max(south, -south - size), 0.0)
        wide = here[10] - max(here[12] * south, here[12] * (south + size))
        dx, dy = dx * max(wide, 0.0), dy * here[11]
        return (dx * dx + dy * dy) * 0.999999
    west, south = head[WEST] + column * size / head[PER_X], head[SOUTH] + row * size / head[PER_Y]
    wide, tall = size / head[PER_X], size / head[PER_Y]
    x, y, z = earth_place(west + wide / 2, min(max(south + tall / 2, -90.0), 90.0))
    away = math.sqrt((x - here[4]) ** 2 + (y - here[5]) ** 2 + (z - here[6]) ** 2)
    reach = min(111_700.0 * (wide + tall) / 2, 1.3e7)
    return max(away - reach, 0.0) ** 2


@inlined
def stand(head: Words, x: float, y: float, here: Words) -> float:
    """Fill in the point and the lengths of a degree; return how far the plane serves.

    0, 1: the point; 2, 3: metres a degree; 7: how they shrink; 8, 9: the point in tiles; 10,
    11: metres a tile; 12: how a tile's width shrinks by tiles north.
    """
    here[0], here[1] = x, y
    here[2], here[3], here[7], limit = degree_lengths(y)
    here[8], here[9] = (x - head[WEST]) * head[PER_X], (y - head[SOUTH]) * head[PER_Y]
    here[10], here[11] = here[2] / head[PER_X], here[3] / head[PER_Y]
    here[12] = 0.5 * here[7] / (head[PER_X] * head[PER_Y])
    # Where the nearest edge may lie across the antimeridian no plane does.
    return 0.0 if abs(x) > SEAM else limit


@inner
def _leaves(octets: Blocks, ints: Atoms, value: int, leaf: Ints, stack: Ints) -> int:
    """List the records of a tile that are not nested; return how many."""
    count, top = 0, 1
    stack[0] = value
    while top:
        top -= 1
        number = stack[top]
        if number >= -1:
            continue
        at = -2 - number
        if octets[8 * at + 1] & NEST:
            k = np.int64(ints[2 * at + 1])
            for child in range(k * k):
                stack[top] = ints[2 * (at + 5) + child]
                top += 1
        else:
            leaf[count] = at
            count += 1
    return count


@inlined
def records_in(octets: Blocks, ints: Atoms, value: int, leaf: Ints, nested: Ints) -> int:
    """As :func:`_leaves`, without a call for a tile that is not nested."""
    if octets[8 * (-2 - value) + 1] & NEST:
        return _leaves(octets, ints, value, leaf, nested)
    leaf[0] = -2 - value
    return 1


@inlined
def _own_bits(
    octets: Blocks, ints: Atoms, at: int, own: int, member_atom: Atoms, bits: Ints
) -> bool:
    """Write the mask of an atom's ids in a record; False when it is not there."""
    ids, _, width, _, first, _ = layout(octets, ints, at)
    found = False
    for w in range(width):
        bits[w] = 0
    for i in range(ids):
        if own < 0 or atom_of(octets, ints, at, first, i, member_atom) == own:
            bits[i >> 6] |= np.int64(1) << (i & 63)
            found = True
    return found


@inlined
def _look(
    words: Words, octets: Blocks, ints: Atoms, longs: Ints, at: int, own: int, here: Words,
    plane: bool, member_atom: Atoms, bits: Ints,
    best: Words,
) -> None:  # fmt: skip
    """Look at the edges of a record; `best`: square, atom, lon and lat of the foot."""
    if not _own_bits(octets, ints, at, own, member_atom, bits):
        return
    _, vertices, width, _, first, v = layout(octets, ints, at)
    for i in range(vertices - 1):
        bit = -1
        for w in range(width):
            mask = edge_mask(octets, ints, longs, at, i, w) & bits[w]
            if mask != 0:
                bit = 64 * w + lowest_bit(mask)
                break
        if bit < 0:
            continue
        p = v + 2 * i
        ax, ay, bx, by = words[p], words[p + 1], words[p + 2], words[p + 3]
        if plane:
            square, along = near_square(
                ax - here[0], ay - here[1], bx - here[0], by - here[1], here[2], here[3], here[7]
            )
        else:
            square, along = far_square(ax, ay, bx, by, here[4], here[5], here[6], best[0])
        slack = 2 * _TIE * math.sqrt(best[0]) + _TIE * _TIE if best[0] < math.inf else 0.0
        if square > best[0] + slack:
            continue
        atom = float(atom_of(octets, ints, at, first, bit, member_atom))
        if square < best[0] - slack or best[1] < 0:
            best[1] = atom
        else:
            best[1] = min(best[1], atom)
        if square < best[0]:
            best[0] = square
            best[2], best[3] = ax + along * (bx - ax), ay + along * (by - ay)


@inner
def _descend(
    head: Words, tiles: Atoms, words: Words, octets: Blocks, ints: Atoms, longs: Ints,
    member_atom: Atoms, blocks: Blocks, floors: Floors, own: int, group: int, here: Words,
    plane: bool, limit: float, best: Words, room: Ints, nested: Ints, leaf: Ints, bits: Ints,
    lows: Words, top: int,
) -> None:  # fmt: skip
    """Search some blocks for the nearest edge (of an atom), up to a limit in metres.

    The blocks are the `top` first of `room` (floor and number), no nearer than the root of
    their `lows`; without any, the whole pyramid.
    """
    if top == 0:
        room[0], lows[0], top = (len(floors) - 1) << 58, 0.0, 1
    while top:
        top -= 1
        if lows[top] > min(best[0], limit * limit):
            continue
        floor, place = room[top] >> 58, room[top] & ((np.int64(1) << 58) - 1)
        if floor == 0:
            records = records_in(octets, ints, np.int64(tiles[place]), leaf, nested)
            for i in range(records):
                _look(
                    words, octets, ints, longs, leaf[i], own, here, plane, member_atom, bits, best
                )
            continue
        columns = floors[floor, 1]
        first, across, up = floors[floor - 1, 0], floors[floor - 1, 1], floors[floor - 1, 2]
        size, begin = np.int64(1) << (FAN_BITS * (floor - 1)), top
        south, west = place // columns * FAN, place % columns * FAN
        for row in range(south, min(south + FAN, up)):
            for column in range(west, min(west + FAN, across)):
                number = row * across + column
                if blocks[first + number] & group == 0:
                    continue
                low = block_square(head, size, column, row, here, plane)
                if low > best[0]:
                    continue
                lows[top], room[top] = low, ((floor - 1) << 58) | number
                top += 1
        # The nearest is taken next; the others are mostly left out, whatever their order.
        nearest = begin
        for at in range(begin + 1, top):
            if lows[at] <= lows[nearest]:
                nearest = at
        if begin < top:
            last = top - 1
            lows[nearest], lows[last] = lows[last], lows[nearest]
            room[nearest], room[last] = room[last], room[nearest]


@inner
def _rings(
    head: Words, tiles: Atoms, words: Words, octets: Blocks, ints: Atoms, longs: Ints,
    member_atom: Atoms, own: int, here: Words, rings: int, best: Words, nested: Ints, leaf: Ints,
    bits: Ints,
) -> bool:  # fmt: skip
    """Search the tiles round a point, ring by ring; False when some rings do not suffice."""
    columns, rows, one = int(head[COLUMNS]), int(head[ROWS]), np.int64(1)
    plane = np.bool_(True)
    column = min(max(int(math.floor(here[8])), 0), columns - 1)
    row = min(max(int(math.floor(here[9])), 0), rows - 1)
    for k in range(rings):
        for r in range(max(row - k, 0), min(row + k, rows - 1) + 1):
            step = 1 if r == row - k or r == row + k else max(2 * k, 1)
            for c in range(column - k, column + k + 1, step):
                if c < 0 or c >= columns:
                    continue
                value = np.int64(tiles[r * columns + c])
                if value < -1 and block_square(head, one, c, r, here, plane) <= best[0]:
                    for i in range(records_in(octets, ints, value, leaf, nested)):
                        _look(
                            words, octets, ints, longs, leaf[i], own, here, plane, member_atom,
                            bits, best,
                        )  # fmt: skip
        # What is left lies beyond the square of tiles looked at.
        left = math.inf
        if column - k > 0:
            left = min(left, (here[8] - column + k) * here[10])
        if column + k < columns - 1:
            left = min(left, (column + k + 1 - here[8]) * here[10])
        if row - k > 0:
            left = min(left, (here[9] - row + k) * here[11])
        if row + k < rows - 1:
            left = min(left, (row + k + 1 - here[9]) * here[11])
        # Degrees of longitude are shorter farther from the equator.
        if best[1] >= 0 and best[0] <= 0.98 * max(left, 0.0) ** 2:
            return True
    return False


@inlined
def _hint(best: Words, here: Words) -> float:
    """Square of a distance just beyond the foot that was found for the point before.

    The foot is a place on an edge that may be the nearest again, so nothing farther counts.
    """
    dx, dy = best[2] - here[0], best[3] - here[1]
    mx, my = dx * (here[2] - 0.5 * here[7] * dy), dy * here[3]
    return (1.001 * math.sqrt(mx * mx + my * my) + 1e-3) ** 2


@inner
def _climb(
    head: Words, tiles: Atoms, words: Words, octets: Blocks, ints: Atoms, longs: Ints,
    member_atom: Atoms, blocks: Blocks, floors: Floors, own: int, group: int, here: Words,
    limit: float, best: Words, room: Ints, nested: Ints, leaf: Ints, bits: Ints, lows: Words,
) -> None:  # fmt: skip
    """Search for an atom of a group, whose border may be many tiles away.

    First in the smallest block round the point that has edges of the atom; what is found there
    bounds the search in the blocks beside it.
    """
    plane = np.bool_(True)
    column = min(max(int(math.floor(here[8])), 0), int(head[COLUMNS]) - 1)
    row = min(max(int(math.floor(here[9])), 0), int(head[ROWS]) - 1)
    for floor in range(len(floors)):
        down = FAN_BITS * floor
        number = (row >> down) * floors[floor, 1] + (column >> down)
        if blocks[floors[floor, 0] + number] & group == 0:
            continue
        room[0], lows[0] = (np.int64(floor) << 58) | number, 0.0
        _descend(
            head, tiles, words, octets, ints, longs, member_atom, blocks, floors, own, group,
            here, plane, limit, best, room, nested, leaf, bits, lows, 1,
        )  # fmt: skip
        if best[0] < math.inf:
            break
    away = math.sqrt(best[0])
    top = 0
    if best[1] >= 0 and away <= limit:
        # Degrees of longitude differ by a hundredth at most within the limit.
        dx, dy = 1.02 * away / here[10], 1.02 * away / here[11]
        floor, size = np.int64(0), 1.0
        while floor < len(floors) - 1 and max(dx, dy) > _BESIDE * size:
            floor, size = floor + 1, size * FAN
        first, across, up = floors[floor, 0], floors[floor, 1], floors[floor, 2]
        west, east = max((here[8] - dx) / size, 0.0), min((here[8] + dx) / size, across - 1.0)
        south, north = max((here[9] - dy) / size, 0.0), min((here[9] + dy) / size, up - 1.0)
        for r in range(int(math.floor(south)), int(math.floor(north)) + 1):
            for c in range(int(math.floor(west)), int(math.floor(east)) + 1):
                if blocks[first + r * across + c] & group == 0:
                    continue
                low = block_square(head, np.int64(size), c, r, here, plane)
                if low <= best[0]:
                    lows[top], room[top] = low, (floor << 58) | (r * across + c)
                    top += 1
        if top == 0:
            return
    _descend(
        head, tiles, words, octets, ints, longs, member_atom, blocks, floors, own, group,
        here, plane, limit, best, room, nested, leaf, bits, lows, top,
    )  # fmt: skip


@inlined
def search_plane(
    head: Words, tiles: Atoms, words: Words, octets: Blocks, ints: Atoms, longs: Ints,
    member_atom: Atoms, blocks: Blocks, floors: Floors, own: int, group: int, here: Words,
    limit: float, best: Words, room: Ints, nested: Ints, leaf: Ints, bits: Ints, lows: Words,
) -> bool:  # fmt: skip
    """Search in the plane laid at a point; False when what is nearest lies beyond it."""
    if limit > 0 and group != ANY:
        _climb(
            head, tiles, words, octets, ints, longs, member_atom, blocks, floors, own, group,
            here, limit, best, room, nested, leaf, bits, lows,
        )  # fmt: skip
    elif limit > 0 and not _rings(
        head, tiles, words, octets, ints, longs, member_atom, own, here,
        _RINGS if own >= 0 else _RINGS_OUTSIDE, best, nested, leaf, bits,
    ):  # fmt: skip
        _descend(
            head, tiles, words, octets, ints, longs, member_atom, blocks, floors, own, group,
            here, np.bool_(True), limit, best, room, nested, leaf, bits, lows, 0,
        )  # fmt: skip
    return best[1] >= 0 and math.sqrt(best[0]) <= limit


@compiled
def closest(
    head: Words, tiles: Atoms, words: Words, octets: Blocks, ints: Atoms, longs: Ints,
    member_atom: Atoms, blocks: Blocks, floors: Floors, groups: Blocks, lon: Words, lat: Words,
    own: Ints, atom: Ints, metres: Words, foot: Words,
) -> None:  # fmt: skip
    """Nearest edge of each point, of its own atom or (own -1) of any.

    Writes the atom, -1 where there is no edge, and the metres; where a plane is too rough the
    metres are negative, and the foot (n, 2) says where to measure to. Quickest where points
    that follow each other are near each other.
    """
    room, nested = np.empty(2 * STACK, np.int64), np.empty(STACK, np.int64)
    leaf, bits = np.empty(int(head[MAX_RECORDS]), np.int64), np.empty(STACK, np.int64)
    lows, here, best = np.empty(2 * STACK), np.empty(13), np.empty(4)
    best[1] = -1.0
    for i in range(len(lon)):
        limit = stand(head, lon[i], lat[i], here)
        best[0] = _hint(best, here) if i and own[i] == own[i - 1] and best[1] >= 0 else math.inf
        best[1] = -1.0
        group = np.int64(ANY)
        if own[i] >= 0 and len(groups) > 0:
            group = np.int64(groups[own[i]])
        if search_plane(
            head, tiles, words, octets, ints, longs, member_atom, blocks, floors, own[i], group,
            here, limit, best, room, nested, leaf, bits, lows,
        ):  # fmt: skip
            metres[i] = math.sqrt(best[0])
        else:
            best[0], best[1] = math.inf, -1.0
            here[4], here[5], here[6] = earth_place(lon[i], lat[i])
            _descend(
                head, tiles, words, octets, ints, longs, member_atom, blocks, floors, own[i],
                group, here, np.bool_(False), math.inf, best, room, nested, leaf, bits, lows, 0,
            )  # fmt: skip
            metres[i] = -1.0
            foot[i, 0], foot[i, 1] = best[2], best[3]
        atom[i] = int(best[1])
