"""The edges of one tile while its record is made, and the writing of that record."""

from __future__ import annotations

import numpy as np

from gridmap.locate.tiles.jit import double_bits, inlined, inner
from gridmap.locate.tiles.records import (
    COMPLEX,
    EXACT,
    LINE,
    NARROW_IDS,
    NARROW_VERTICES,
    WHOLE,
    WIDE,
    Atoms,
    Kinds,
    Masks,
    Words,
    mask_words,
    rough_words,
)
from gridmap.locate.tiles.rough import write_rough

__all__ = ["NEST_VERTICES", "line_after", "merge", "record_words", "sequence", "write_record"]

# Tiles with more vertices are divided. Many ids alone are no reason: where areas lie over each
# other, dividing leaves as many.
NEST_VERTICES = 32

_SMALL = 48  # edges up to which all pairs are compared


@inlined
def _same(edges: Words, i: int, ax: float, ay: float, bx: float, by: float) -> bool:
    forward = (
        edges[4 * i] == ax
        and edges[4 * i + 1] == ay
        and edges[4 * i + 2] == bx
        and edges[4 * i + 3] == by
    )
    return forward or (
        edges[4 * i] == bx
        and edges[4 * i + 1] == by
        and edges[4 * i + 2] == ax
        and edges[4 * i + 3] == ay
    )


@inlined
def _bucket(ax: float, ay: float, bx: float, by: float, size: int) -> int:
    # The same for both directions.
    middle = np.float64((ax + bx) * 0.7548776662466927 + (ay + by) * 0.5698402909980532)
    bits = double_bits(middle)
    bits ^= bits >> 29
    bits *= np.int64(0x9E3779B97F4A7C1)
    return int((bits >> 20) & (size - 1))


@inner
def merge(
    x: Words,
    y: Words,
    refs: Atoms,
    member: Atoms,
    ids: Atoms,
    count: int,
    edges: Words,
    masks: Masks,
    heads: Atoms,
    after: Atoms,
) -> int:
    """Take a tile's edges together: one for both sides of a shared border.

    `refs` are edges by their first vertex (shifted left, the lowest bit is the caller's), in
    ascending order of members; `ids` (count) the members met, ascending. Writes four doubles
    an edge and its mask, and returns the number of edges. An edge that a member has twice
    stays twice: crossing both flips nothing, and the point on it is still on an edge. `heads`
    (four times the edges) and `after` are room to work in.
    """
    width = (count + 63) >> 6
    number, k = 0, 0
    size = 1
    if len(refs) > _SMALL:
        while size < 2 * len(refs):
            size *= 2
    for i in range(size):
        heads[i] = -1
    for ref in refs:
        at = ref >> 1
        while ids[k] != member[at]:
            k += 1
        ax, ay, bx, by = x[at], y[at], x[at + 1], y[at + 1]
        bucket = _bucket(ax, ay, bx, by, size) if size > 1 else 0
        place = heads[bucket]
        bit = np.int64(1) << (k & 63)
        while place >= 0:
            word = place * width + (k >> 6)
            if not masks[word] & bit and _same(edges, place, ax, ay, bx, by):
                masks[word] |= bit
                break
            place = after[place]
        if place < 0:
            edges[4 * number], edges[4 * number + 1] = ax, ay
            edges[4 * number + 2], edges[4 * number + 3] = bx, by
            for w in range(width):
                masks[number * width + w] = 0
            masks[number * width + (k >> 6)] = bit
            after[number] = heads[bucket]
            heads[bucket] = number
            number += 1
    return number


@inner
def sequence(edges: Words, number: int, order: Atoms) -> int:
    """Lay edges end to end: write the edge before each vertex, -1 for none; return vertices.

    Edges come in the order of their rings, so most begin where the one before ends.
    """
    vertices = 0
    for i in range(number):
        if i == 0 or edges[4 * i] != edges[4 * i - 2] or edges[4 * i + 1] != edges[4 * i - 1]:
            order[vertices] = -1
            vertices += 1
        order[vertices] = i
        vertices += 1
    return vertices


@inlined
def record_words(count: int, vertices: int) -> int:
    """Words that a record takes at most."""
    width = (count + 63) >> 6
    return 8 + count + width + vertices * (width + 3) + LINE


@inlined
def line_after(word: int) -> int:
    """First word, from one on, with which a line of memory begins."""
    return (word + LINE - 1) & -LINE


@inner
def write_record(
    out: Words,
    at: int,
    ids: Atoms,
    count: int,
    start: Masks,
    cx: float,
    cy: float,
    frame: Words,
    edges: Words,
    masks: Masks,
    order: Atoms,
    vertices: int,
    member_atom: Atoms,
    member_kind: Kinds,
    narrow: bool,
) -> int:
    """Write a record at a word, narrow where possible; return the word where a line begins next.

    `start` is the mask at c, `order` as :func:`sequence` wrote it, `frame` the tile's place
    (see :data:`gridmap.locate.tiles.rough.FRAME`), which narrow records alone need.
    """
    octets, ints, longs = out.view(np.uint8), out.view(np.int32), out.view(np.int64)
    width = (count + 63) >> 6
    if narrow and count <= NARROW_IDS and vertices <= NARROW_VERTICES:
        flags = 0
        for i in range(count):
            if member_kind[ids[i]] != WHOLE:
                flags = COMPLEX
        c = at + rough_words(count, vertices)
        first, v = 2 * at + 2, c + 2
        longs[at], longs[c - 1] = 0, 0
        octets[8 * at] = vertices
        octets[8 * at + 1] = count | flags
        octets[8 * at + 2] = start[0] if count else 0
        mask = 8 * at + 8 + 4 * count
        for i in range(8 * mask_words(vertices)):
            bits = masks[order[i + 1]] if i + 1 < vertices and order[i + 1] >= 0 else 0
            octets[mask + i] = bits
        if not write_rough(octets, ints, at, frame, cx, cy, edges, order, vertices):
            octets[8 * at + 1] |= EXACT
        whole = flags == 0
    else:
        longs[at] = 0
        octets[8 * at + 1] = WIDE
        ints[2 * at + 1], ints[2 * at + 2], ints[2 * at + 3] = count, vertices, width
        c = at + 2
        for w in range(width):
            longs[at + 4 + w] = start[w]
        first = 2 * (at + 4 + width)
        v = at + 4 + width + ((count + 1) >> 1)
        for i in range(1, vertices):
            for w in range(width):
                longs[v] = masks[order[i] * width + w] if order[i] >= 0 else 0
                v += 1
        whole = False
        ints[first + count - 1 + (count & 1)] = 0
    out[c], out[c + 1] = cx, cy
    for i in range(count):
        ints[first + i] = member_atom[ids[i]] if whole else ids[i]
    for i in range(vertices):
        if order[i] >= 0:
            out[v], out[v + 1] = edges[4 * order[i] + 2], edges[4 * order[i] + 3]
        else:
            out[v], out[v + 1] = edges[4 * order[i + 1]], edges[4 * order[i + 1] + 1]
        v += 2
    end = line_after(v)
    for w in range(v, end):
        longs[w] = 0
    return end
