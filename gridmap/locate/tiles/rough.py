"""Where a point lies by places rounded to a lattice, which is nearly always certain.

A narrow record begins with its vertices and c as whole numbers, four bytes each where the
doubles take sixteen, so that what decides a point lies in one line of memory. Rounding moves
a vertex by half a step at most; a sign is believed only where that could not change it.

With c as the origin, let ``p`` be the point, ``a`` and ``b`` the ends of an edge, and
``(v, w)`` the determinant ``v.x * w.y - v.y * w.x``. The segment from c to p crosses the edge
when a and b lie on different sides of the line through c and p, that is ``(p, a)`` and
``(p, b)`` have different signs, and c and p on different sides of the edge, that is ``(a, b)``
and ``(a, b) + (p, a) - (p, b)`` have different signs.

In steps of the lattice, c itself lies on it: it is the rough c, and the segment to the true
one, at most 0.71 long, meets no edge, which is made sure when the record is written. Places
are mapped to the lattice by the same three operations for vertices and for points, so a
vertex is off by 0.5 + 2**-8 at most in x and in y (2**29 columns of 2**14 steps, two
roundings of 2**-53), and p by 2**-7 (that, and twice a rounding to 24 bits). As p is at most
2**14 * 1.01 from c, and vertices 32767 + 2**14 < 2**15.6, the errors are in

* ``(p, v)``: 0.504 (|p.x| + |p.y|) of the vertex, 2**-7 * 2 * 2**15.6 < 780 of p, and of three
  roundings to 24 bits less than 210;
* ``(a, b)``: 0.504 * 4 * 49151 < 99,100, one of the square of a half, and of roundings less
  than 600;
* ``(a, b) + (p, a) - (p, b)``: both errors of the kind before, 2 * 18,000 at most, more, and
  1,000 of roundings.

The bounds below lie above these.
"""

from __future__ import annotations

import math

import numpy as np

from gridmap.locate.tiles.jit import inlined, inner
from gridmap.locate.tiles.records import Atoms, Kinds, Words, mask_words

__all__ = ["FRAME", "roughly", "write_rough"]

FRAME = 6  # west, columns a degree, column; south, rows a degree, row: of a record's tile

_SIDE = 16384.0  # steps a side of a tile, unless halved
_HALVINGS = 6
_FARTHEST = 32766.0  # steps that a vertex lies away at most, so that they fit in 16 bits
_OFF_C = 2.0  # steps from c within which no edge's line may run
_LANES = 8

_SHARE, _SLACK = np.float32(0.51), np.float32(1200.0)
_BESIDE = np.float32(140_000.0)


@inlined
def roughly(octets: Kinds, ints: Atoms, at: int, u: float, w: float) -> int:
    """Mask of the ids of a narrow record that hold a point; -1 when it is too near an edge.

    `u` and `w` are the point's place in the tile. For records without the flag `EXACT`.
    """
    b, f32, i32 = np.uint64(8 * at), np.float32, np.int32
    vertices, ids = np.int64(octets[b]), np.int64(octets[b + np.uint64(1)] & 0x0F)
    side = f32(_SIDE) / f32(np.int64(1) << np.int64(octets[b + np.uint64(3)]))
    c = ints[np.uint64(2 * at + 1)]
    cx, cy = i32(i32(c << 16) >> 16), i32(c >> 16)
    px, py = f32(u) * side - f32(cx), f32(w) * side - f32(cy)
    slack = (abs(px) + abs(py)) * _SHARE + _SLACK
    masks = b + np.uint64(8 + 4 * ids)
    places = np.uint64(2 * at + 2 + ids + 2 * mask_words(vertices))
    flips, doubt = i32(0), i32(0)
    # Eight edges at once, past the last one too, whose masks are 0: without a guess of the
    # processor that may be wrong.
    for first in range(0, vertices - 1, _LANES):
        for lane in range(_LANES):
            k = np.uint64(first + lane)
            a, e = ints[places + k], ints[places + k + np.uint64(1)]
            ax, ay = f32(i32(i32(a << 16) >> 16) - cx), f32(i32(a >> 16) - cy)
            ex, ey = f32(i32(i32(e << 16) >> 16) - cx), f32(i32(e >> 16) - cy)
            mask = i32(octets[masks + k])
            of_a, of_e = px * ay - py * ax, px * ey - py * ex
            from_c = ax * ey - ay * ex
            from_p = from_c + (of_a - of_e)
            apart = (of_a > 0) != (of_e > 0)
            unsure = (min(abs(of_a), abs(of_e)) <= slack) | (
                apart & (min(abs(from_c), abs(from_p)) <= _BESIDE)
            )
            crossed = apart & ((from_c > 0) != (from_p > 0))
            doubt = i32(doubt | (mask if unsure else i32(0)))
            flips = i32(flips ^ (mask if crossed else i32(0)))
    held = np.int64(octets[b + np.uint64(2)]) ^ np.int64(flips)
    return int(held) if doubt == 0 else -1


@inlined
def _step(place: float, side: float) -> int:
    return math.floor(place * side + 0.5)


@inlined
def _pair(x: int, y: int) -> int:
    return (y << 16) | (x & 0xFFFF)


@inner
def write_rough(
    octets: Kinds, ints: Atoms, at: int, frame: Words, cx: float, cy: float, edges: Words,
    order: Atoms, vertices: int,
) -> bool:  # fmt: skip
    """Write the rough c and vertices of a narrow record; False when they would not do.

    Vertices and ids must have been written to the record; `edges` and `order` are as
    :func:`gridmap.locate.tiles.soup.write_record` takes them, `frame` see `FRAME`.
    """
    ids = np.int64(octets[8 * at + 1] & 0x0F)
    octets[8 * at + 3], ints[2 * at + 1] = 0, 0
    places = 2 * at + 2 + ids + 2 * mask_words(vertices)
    farthest = 0.0
    for i in range(vertices):
        e = 4 * order[i] + 2 if order[i] >= 0 else 4 * order[i + 1]
        u = (edges[e] - frame[0]) * frame[1] - frame[2]
        w = (edges[e + 1] - frame[3]) * frame[4] - frame[5]
        farthest = max(farthest, max(abs(u), abs(w)))
        ints[places + i] = 0
    side, halvings = _SIDE, 0
    while not farthest * side <= _FARTHEST:
        side, halvings = side / 2, halvings + 1
        if halvings > _HALVINGS:
            return False
    if vertices == 0:
        return True
    octets[8 * at + 3] = halvings
    rough_x = _step((cx - frame[0]) * frame[1] - frame[2], side)
    rough_y = _step((cy - frame[3]) * frame[4] - frame[5], side)
    ints[2 * at + 1] = _pair(rough_x, rough_y)
    lastx, lasty = 0.0, 0.0
    for i in range(vertices):
        e = 4 * order[i] + 2 if order[i] >= 0 else 4 * order[i + 1]
        u = (edges[e] - frame[0]) * frame[1] - frame[2]
        w = (edges[e + 1] - frame[3]) * frame[4] - frame[5]
        ints[places + i] = _pair(_step(u, side), _step(w, side))
        x, y = u * side - rough_x, w * side - rough_y
        if order[i] >= 0:
            beside = abs(lastx * y - lasty * x)
            if not beside > _OFF_C * (abs(x - lastx) + abs(y - lasty)):
                return False
        lastx, lasty = x, y
    return True
