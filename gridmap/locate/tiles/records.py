"""Border records: what a tile keeps of the edges that reach it, and how a point is decided.

A tile's number says what the tile is: an atom (0 or more) when it lies in that atom alone,
-1 when it lies in none, and ``-2 - place`` when the words at `place` describe it. A record
holds a reference point ``c`` off every edge; the ids met in the tile; a mask of those that
hold ``c``; and the original vertices of the edges that reach the tile, as one sequence,
with the mask of the ids that each edge bounds (0: a jump between two chains, no edge). A
point starts from the mask and flips an edge's bits where the segment from ``c`` crosses it.

All of it lies in one array of 64-bit words, seen as doubles, bytes or integers; a record
begins with a line of memory (8 words):

==========  ==============================================================================
narrow      byte 0 vertices (0 to 56), byte 1 ids (0 to 8) and flags, byte 2 mask at ``c``,
            byte 3 halvings, int16 2, 3 rough c; ids (int32); one byte an edge with its
            mask, filled up with zeros to eight; rough vertices (int16 x, y), filled up to
            a word; c; vertices
wide        byte 1 flags; int32 1, 2, 3: ids, vertices, words a mask; c; mask at ``c``; ids;
            masks of the edges; vertices
nested      byte 1 flags; int32 1: k; west, south, columns a degree, rows a degree; then
            k * k int32 numbers of tiles, rows from the south
==========  ==============================================================================

The rough places are whole numbers from the tile's south-west corner: `ROUGH` a side of the
tile, halved as often as byte 3 says so that all vertices fit. They nearly always tell where
a point lies, see `rough`, and most records need one line for them; the doubles after them
are read for the other points alone. The flag `EXACT` says that they tell nothing.

Ids are atoms, or *members* where the flag `COMPLEX` stands and in every wide record. A
member is what counts crossings for itself: a whole atom, or where GEOS would not count them
over all rings together (an invalid multipart, or a part whose holes are not proper holes)
one part or one ring of it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.tiles.jit import inlined, inner
from gridmap.locate.tiles.orient import on_edge, orient

__all__ = [
    "COMPLEX",
    "EXACT",
    "HOLE",
    "LINE",
    "NARROW_IDS",
    "NARROW_VERTICES",
    "NEST",
    "PART",
    "SHELL",
    "SPECIAL",
    "WHOLE",
    "WIDE",
    "Atoms",
    "Words",
    "descend",
    "edge_mask",
    "evaluate",
    "layout",
    "mask_words",
    "resolve",
    "rough_words",
    "touched",
]

Words = NDArray[np.float64]
Atoms = NDArray[np.int32]
Kinds = NDArray[np.uint8]
Masks = NDArray[np.int64]

COMPLEX, WIDE, NEST, EXACT = 0x10, 0x20, 0x40, 0x80
SPECIAL = COMPLEX | WIDE | NEST
NARROW_IDS, NARROW_VERTICES = 8, 56
LINE = 8  # words that memory hands over at once

# Kinds of members.
WHOLE, PART, SHELL, HOLE = 0, 1, 2, 3


@inlined
def mask_words(vertices: int) -> int:
    """Words that the masks of a narrow record's edges take."""
    return (vertices + 6) >> 3


@inlined
def rough_words(ids: int, vertices: int) -> int:
    """Words of a narrow record before c."""
    return 1 + mask_words(vertices) + ((ids + vertices + 1) >> 1)


@inlined
def layout(octets: Kinds, ints: Atoms, at: int) -> tuple[int, int, int, int, int, int]:
    """Ids, vertices, words a mask; then where c (word), ids (int32) and vertices (word) begin.

    `octets`, `ints` and `longs` are the words seen as other types. Callers make these views
    once: each costs a count of references, far more than what is read through it.
    """
    if octets[8 * at + 1] & WIDE:
        ids, vertices = np.int64(ints[2 * at + 1]), np.int64(ints[2 * at + 2])
        width = np.int64(ints[2 * at + 3])
        first = at + 4 + width
        v = first + ((ids + 1) >> 1) + max(vertices - 1, 0) * width
        return ids, vertices, width, at + 2, 2 * first, v
    vertices_ = np.int64(octets[8 * at])
    ids_ = np.int64(octets[8 * at + 1] & 0x0F)
    c = at + rough_words(ids_, vertices_)
    return ids_, vertices_, np.int64(1), c, 2 * at + 2, c + 2


@inlined
def edge_mask(octets: Kinds, ints: Atoms, longs: Masks, at: int, edge: int, word: int) -> int:
    """Mask of the ids that an edge bounds, one word of it."""
    if octets[8 * at + 1] & WIDE:
        width = np.int64(ints[2 * at + 3])
        first = at + 4 + width + ((np.int64(ints[2 * at + 1]) + 1) >> 1)
        return longs[first + edge * width + word]
    return np.int64(octets[8 * at + 8 + 4 * np.int64(octets[8 * at + 1] & 0x0F) + edge])


@inlined
def _start_mask(octets: Kinds, longs: Masks, at: int, word: int) -> int:
    if octets[8 * at + 1] & WIDE:
        return longs[at + 4 + word]
    return np.int64(octets[8 * at + 2])


@inlined
def descend(
    words: Words, octets: Kinds, ints: Atoms, value: int, x: float, y: float, u: float, w: float
) -> tuple[int, float, float]:
    """Number of the innermost tile that holds a point, from that of an outer tile.

    `u` and `w` tell where in the outer tile the point is, in tiles from its south-west
    corner; the same is returned for the inner one.
    """
    while value < -1 and octets[8 * (-2 - value) + 1] & NEST:
        at = -2 - value
        k = np.int64(ints[2 * at + 1])
        u, w = (x - words[at + 1]) * words[at + 3], (y - words[at + 2]) * words[at + 4]
        column, row = min(max(int(u), 0), k - 1), min(max(int(w), 0), k - 1)
        u, w = u - column, w - row
        value = np.int64(ints[2 * (at + 5) + row * k + column])
    return value, u, w


@inner
def evaluate(
    words: Words, octets: Kinds, ints: Atoms, longs: Masks, at: int, x: float, y: float,
    scale: float, inside: Masks, border: Masks,
) -> int:  # fmt: skip
    """Write the masks of the ids that hold a point and on whose edges it lies; exact.

    The bits of `inside` mean nothing where `border` is set. Returns the words a mask.

    A vertex on the line from c through the point counts as right of it: that is the line
    moved a little, and c moved with it stays off every edge.
    """
    _, vertices, width, c, _, v = layout(octets, ints, at)
    cx, cy = words[c], words[c + 1]
    for w in range(width):
        inside[w], border[w] = _start_mask(octets, longs, at, w), 0
    left = False
    for i in range(vertices):
        bx, by = words[v + 2 * i], words[v + 2 * i + 1]
        was, left = left, orient(cx, cy, x, y, bx, by, scale) > 0
        if i == 0:
            continue
        ax, ay = words[v + 2 * i - 2], words[v + 2 * i - 1]
        if on_edge(ax, ay, bx, by, x, y, scale):
            for w in range(width):
                border[w] |= edge_mask(octets, ints, longs, at, i - 1, w)
        if was != left:
            from_c = orient(ax, ay, bx, by, cx, cy, scale) > 0
            if from_c != (orient(ax, ay, bx, by, x, y, scale) > 0):
                for w in range(width):
                    inside[w] ^= edge_mask(octets, ints, longs, at, i - 1, w)
    return width


@inlined
def _state(inside: Masks, border: Masks, bit: int) -> int:
    """2 on an edge of the id, 1 inside it, 0 neither."""
    if (border[bit >> 6] >> (bit & 63)) & 1:
        return 2
    return int((inside[bit >> 6] >> (bit & 63)) & 1)


@inner
def resolve(
    ids: Atoms,
    first: int,
    count: int,
    inside: Masks,
    border: Masks,
    members: bool,
    member_atom: Atoms,
    member_kind: Kinds,
    atoms: Atoms,
    states: Kinds,
) -> int:
    """List the atoms that masks say are touched, ascending: 1 inside, 2 on the border.

    The bits stand for the `count` ids from the place `first` on.

    Where members of one atom disagree the first that is touched decides. Of a shell and its
    holes the shell is asked first, then the holes in turn until one holds or touches the
    point, as GEOS does.
    """
    found = 0
    k = 0
    while k < count:
        state = _state(inside, border, k)
        number = ids[first + k]
        kind = member_kind[number] if members else WHOLE
        atom = member_atom[number] if members else number
        k += 1
        if kind == HOLE:
            # Its shell does not reach the tile, so nothing of that polygon does.
            continue
        if kind == SHELL:
            decided = state != 1
            own, last = True, number
            while k < count and member_kind[ids[first + k]] == HOLE:
                # A hole of another shell follows where that shell does not reach the tile.
                for member in range(last + 1, ids[first + k]):
                    own = own and member_kind[member] == HOLE
                last = ids[first + k]
                hole = _state(inside, border, k)
                if own and not decided and hole != 0:
                    state = 2 if hole == 2 else 0
                    decided = True
                k += 1
        if state == 0:
            continue
        if found == 0 or atoms[found - 1] != atom:
            atoms[found], states[found] = atom, state
            found += 1
    return found


@inner
def touched(
    words: Words, octets: Kinds, ints: Atoms, longs: Masks, value: int, x: float, y: float,
    scale: float, member_atom: Atoms, member_kind: Kinds, inside: Masks, border: Masks,
    atoms: Atoms, states: Kinds,
) -> int:  # fmt: skip
    """List the atoms that touch a point of a record, ascending, exactly; return how many."""
    at = -2 - value
    ids, _, _, _, first, _ = layout(octets, ints, at)
    evaluate(words, octets, ints, longs, at, x, y, scale, inside, border)
    members = (octets[8 * at + 1] & (COMPLEX | WIDE)) != 0
    return resolve(
        ints, first, ids, inside, border, members, member_atom, member_kind, atoms, states
    )
