"""From polygons to tiles: one sweep a row, carrying the set of members along.

Every row of tiles has a line at a height where no vertex lies. Going east along it, the
members that hold a place on the line are those whose edges were crossed an odd number of
times. So each tile's reference point, on the line, gets its mask from the edges of its own
tile and from what the tiles before it left behind, and every sign asked for is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.locate.tiles.jit import compiled, inlined, inner, prefetch
from gridmap.locate.tiles.orient import orient
from gridmap.locate.tiles.raster import (
    COLUMNS,
    EPS,
    PER_X,
    PER_Y,
    ROWS,
    SCALE,
    SOUTH,
    WEST,
    count_reached,
    fill_reached,
    reference_rows,
)
from gridmap.locate.tiles.records import LINE, Atoms, Kinds, Masks, Words, resolve
from gridmap.locate.tiles.rough import FRAME
from gridmap.locate.tiles.soup import (
    NEST_VERTICES,
    merge,
    record_words,
    sequence,
    write_record,
)

__all__ = ["Swept", "fraction", "lined_up", "sweep"]

Offsets = NDArray[np.int64]

_AHEAD = 48  # edges ahead of the sweep whose vertices are asked for
_MAX_REFS = 1 << 30
_MAX_WORDS = (1 << 31) - 2


def fraction(attempt: int) -> float:
    """Where in a tile its reference point is tried: spread out, never near the tile's edge."""
    return 0.1 + 0.8 * ((0.4871 + attempt * 0.6180339887498949) % 1.0)


@dataclass(frozen=True, eq=False, slots=True)
class Swept:
    """What a sweep leaves: numbers of tiles, records, and the tiles still to be divided.

    Attributes
    ----------
    tiles : int32 (rows * columns,)
    words : float64, of which `used` hold records
    crowded : float64
        Wide records of tiles with too many edges or ids.
    places : int64 (m, 2)
        Those tiles, and the word in `crowded` where the record of each begins.
    """

    tiles: Atoms
    words: Words
    used: int
    crowded: Words
    places: Offsets


def sweep(
    head: Words, x: Words, y: Words, member: Atoms, member_atom: Atoms, member_kind: Kinds
) -> Swept:
    """Number all tiles and write the records of those that edges reach.

    Parameters
    ----------
    head : float64 (HEAD,)
    x, y : float64 (n,)
        Vertices of all rings, closed, one ring after the other, members ascending.
    member : int32 (n,)
        Member of the edge that begins at each vertex, -1 at the last vertex of a ring.
    member_atom, member_kind
        Atom and kind of each member.
    """
    rows, columns = int(head[ROWS]), int(head[COLUMNS])
    if len(x) >= _MAX_REFS:
        raise BadValue(
            "A coverage has too many vertices to be indexed.",
            got=len(x),
            allowed=_MAX_REFS - 1,
            repair="Divide it, or simplify its borders.",
        )
    first = np.zeros(rows * columns + 1, np.int64)
    count = np.zeros(rows * columns, np.int32)
    total = count_reached(head, x, y, member, count)
    np.cumsum(count, out=first[1:])
    refs = np.empty(total, np.int32)
    most = int(count.max(initial=0))
    fill_reached(head, x, y, member, first[:-1].copy(), refs)
    line = reference_rows(head, y, fraction)
    tiles = np.empty(rows * columns, np.int32)
    words, crowded = lined_up(_estimate(total)), np.empty(1024)
    places = np.empty((0, 2), np.int64)
    row, used, wide = 0, 0, 0
    carry = np.empty(len(member_atom) + 1, np.int32)
    while row < rows:
        before, room = row, np.empty((max(1024, columns), 2), np.int64)
        row, used, wide, some = _sweep_rows(
            head, x, y, member, member_atom, member_kind, first, refs, line, most, row,
            tiles, words, used, crowded, wide, room, carry,
        )  # fmt: skip
        if row < 0:
            raise BadValue(
                "A coverage has edges too close together for any point between them.",
                repair="Check it with `gridmap check` and repair the area first.",
            )
        places = np.concatenate([places, room[:some]])
        if row < rows:
            words = _roomier(words, used, row == before)
            crowded = _roomier(crowded, wide, row == before)
    if used > _MAX_WORDS:
        raise BadValue("An index has too many records.", got=used, allowed=_MAX_WORDS)
    return Swept(tiles, words, used, crowded, places)


def lined_up(size: int) -> Words:
    """Words of which the first begins a line of memory, as records do among them."""
    room = np.empty(size + LINE - 1)
    first = -room.ctypes.data % (8 * LINE) // 8
    return room[first : first + size]


def _estimate(refs: int) -> int:
    """Words for the records of a coverage, a little above what most need."""
    return 4 * refs + 4096


def _roomier(words: Words, used: int, stuck: bool) -> Words:
    """Make the array larger when it is nearly full, or when not even one row fitted."""
    if len(words) - used > len(words) // 4 and not stuck:
        return words
    grown = lined_up(2 * len(words) + 4096)
    grown[:used] = words[:used]
    return grown


@inner
def _toggle(carry: Atoms, count: int, member: int) -> int:
    """Put a member into a sorted set, or take it out; return the size."""
    at = 0
    while at < count and carry[at] < member:
        at += 1
    if at < count and carry[at] == member:
        for i in range(at, count - 1):
            carry[i] = carry[i + 1]
        return count - 1
    for i in range(count, at, -1):
        carry[i] = carry[i - 1]
    carry[at] = member
    return count + 1


@inner
def _members(refs: Atoms, member: Atoms, carry: Atoms, carried: int, ids: Atoms) -> int:
    """Members of a tile's edges and of the set carried along, ascending, each once."""
    count, c = 0, 0
    for ref in refs:
        found = member[ref >> 1]
        if count and ids[count - 1] == found:
            continue
        while c < carried and carry[c] < found:
            ids[count] = carry[c]
            count, c = count + 1, c + 1
        if c < carried and carry[c] == found:
            c += 1
        ids[count] = found
        count += 1
    while c < carried:
        ids[count] = carry[c]
        count, c = count + 1, c + 1
    return count


@inner
def _place(
    head: Words, x: Words, y: Words, refs: Atoms, column: int, cy: float
) -> tuple[bool, float]:
    """Find a place for c on the line, off every edge; at first clearly off."""
    cx = 0.0
    for attempt in range(2 * len(refs) + 64):
        share = 0.1 + 0.8 * ((0.4871 + attempt * 0.6180339887498949) % 1.0)
        cx = head[WEST] + (column + share) / head[PER_X]
        least = 1024 * head[EPS] if attempt < 6 else 0.0
        off = True
        for ref in refs:
            at = ref >> 1
            if (y[at] > cy) != (y[at + 1] > cy):
                det = orient(x[at], y[at], x[at + 1], y[at + 1], cx, cy, head[SCALE])
                off = off and abs(det) > least
        if off:
            return True, cx
    return False, cx


@inner
def _start(
    head: Words,
    x: Words,
    y: Words,
    refs: Atoms,
    member: Atoms,
    carry: Atoms,
    carried: int,
    ids: Atoms,
    count: int,
    cx: float,
    cy: float,
    start: Masks,
) -> None:
    """Mask of the members that hold c: those carried along, flipped by edges west of c."""
    for w in range((count + 63) >> 6):
        start[w] = 0
    k = 0
    for i in range(carried):
        while ids[k] != carry[i]:
            k += 1
        start[k >> 6] |= np.int64(1) << (k & 63)
    k = 0
    for ref in refs:
        at = ref >> 1
        while ids[k] != member[at]:
            k += 1
        if (y[at] > cy) != (y[at + 1] > cy):
            det = orient(x[at], y[at], x[at + 1], y[at + 1], cx, cy, head[SCALE])
            # East of an edge that goes up is right of it.
            if (det < 0) == (y[at + 1] > y[at]):
                start[k >> 6] ^= np.int64(1) << (k & 63)


@inner
def _plain(
    carry: Atoms,
    carried: int,
    member_atom: Atoms,
    member_kind: Kinds,
    out: Words,
    at: int,
    start: Masks,
    border: Masks,
    atoms: Atoms,
    states: Kinds,
    nothing: Words,
    no_masks: Masks,
) -> tuple[int, int]:
    """Number of a tile that no edge reaches, and where the next record goes."""
    if carried == 0:
        return -1, at
    if carried == 1 and member_kind[carry[0]] == 0:
        return member_atom[carry[0]], at
    width = (carried + 63) >> 6
    for i in range(width):
        start[i], border[i] = 0, 0
    for i in range(carried):
        start[i >> 6] |= np.int64(1) << (i & 63)
    found = resolve(
        carry,
        np.int64(0),
        carried,
        start,
        border,
        np.bool_(True),
        member_atom,
        member_kind,
        atoms,
        states,
    )
    if found == 0:
        return -1, at
    if found == 1:
        return atoms[0], at
    end = write_record(
        out, at, carry, carried, start, 0.0, 0.0, nothing, nothing, no_masks, carry,
        np.int64(0), member_atom, member_kind, np.bool_(True),
    )  # fmt: skip
    return -2 - at, end


@inlined
def _full(out: Words, used: int, need: int) -> bool:
    return used + need > len(out)


@compiled
def _sweep_rows(
    head: Words, x: Words, y: Words, member: Atoms, member_atom: Atoms, member_kind: Kinds,
    first: Offsets, refs: Atoms, line: Words, most: int, begin: int,
    tiles: Atoms, out: Words, used: int, crowded: Words, wide: int, places: Offsets,
    carry: Atoms,
) -> tuple[int, int, int, int]:  # fmt: skip
    """Sweep rows from one on, while there is room; a row without room is begun anew later.

    Returns the next row (-1: no place for a reference point), the words used in `out` and in
    `crowded`, and the tiles listed in `places`.
    """
    columns = int(head[COLUMNS])
    members = len(member_atom)
    ids = np.empty(most + members + 2, np.int32)
    edges, order = np.empty(4 * most + 4), np.empty(2 * most + 2, np.int32)
    heads, after = np.empty(4 * most + 256, np.int32), np.empty(most + 1, np.int32)
    masks = np.empty(most + 1, np.int64)
    start = np.empty((most + members) // 64 + 2, np.int64)
    border = np.empty(len(start), np.int64)
    atoms, states = np.empty(members + 1, np.int32), np.empty(members + 1, np.uint8)
    frame = np.empty(FRAME)
    frame[0], frame[1], frame[3], frame[4] = head[WEST], head[PER_X], head[SOUTH], head[PER_Y]
    listed = 0
    for row in range(begin, int(head[ROWS])):
        undo, undo_wide, undo_listed = used, wide, listed
        carried, cy = np.int64(0), line[row]
        frame[5] = row
        plain, known = -1, True
        for column in range(columns):
            tile = row * columns + column
            some = refs[first[tile] : first[tile + 1]]
            # The vertices lie anywhere: ask for those of the tiles to come.
            for ahead in range(first[tile] + _AHEAD, min(first[tile + 1] + _AHEAD, len(refs))):
                at = refs[ahead] >> 1
                prefetch(x, at)
                prefetch(y, at)
                prefetch(member, at)
            if len(some) == 0:
                if not known:
                    if _full(out, used, record_words(carried, 0)):
                        return row, undo, undo_wide, undo_listed
                    plain, used = _plain(
                        carry, carried, member_atom, member_kind, out, used, start, border,
                        atoms, states, edges, masks,
                    )  # fmt: skip
                    known = True
                tiles[tile] = plain
                continue
            off, cx = _place(head, x, y, some, column, cy)
            if not off:
                return -1, 0, 0, 0
            frame[2] = column
            count = _members(some, member, carry, carried, ids)
            width = (count + 63) >> 6
            if len(masks) < len(some) * width:
                masks = np.empty(len(some) * width, np.int64)
            number = merge(x, y, some, member, ids, count, edges, masks, heads, after)
            vertices = sequence(edges, number, order)
            _start(head, x, y, some, member, carry, carried, ids, count, cx, cy, start)
            need = record_words(count, vertices)
            if vertices > NEST_VERTICES:
                if _full(crowded, wide, need) or listed == len(places):
                    return row, undo, undo_wide, undo_listed
                places[listed, 0], places[listed, 1] = tile, wide
                listed += 1
                wide = write_record(
                    crowded, wide, ids, count, start, cx, cy, frame, edges, masks, order, vertices,
                    member_atom, member_kind, np.bool_(False),
                )  # fmt: skip
                tiles[tile] = -1
            else:
                if _full(out, used, need):
                    return row, undo, undo_wide, undo_listed
                tiles[tile] = -2 - used
                used = write_record(
                    out, used, ids, count, start, cx, cy, frame, edges, masks, order, vertices,
                    member_atom, member_kind, np.bool_(True),
                )  # fmt: skip
            for ref in some:
                at = ref >> 1
                if ref & 1 and (y[at] > cy) != (y[at + 1] > cy):
                    carried = _toggle(carry, carried, member[at])
                    known = False
    return int(head[ROWS]), used, wide, listed
