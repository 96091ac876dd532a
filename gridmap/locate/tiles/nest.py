"""Dividing crowded tiles: tiles within a tile, until each holds few edges and few ids."""

from __future__ import annotations

import numpy as np

from gridmap.errors import BadValue
from gridmap.locate.tiles.build import Offsets, Swept, lined_up
from gridmap.locate.tiles.jit import compiled, inlined, inner, making
from gridmap.locate.tiles.raster import (
    COLUMNS,
    EPS,
    PER_X,
    PER_Y,
    SCALE,
    SOUTH,
    WEST,
    X0,
    X1,
    Y0,
    Y1,
)
from gridmap.locate.tiles.records import (
    LINE,
    NEST,
    Atoms,
    Kinds,
    Masks,
    Words,
    edge_mask,
    evaluate,
    layout,
    resolve,
)
from gridmap.locate.tiles.rough import FRAME
from gridmap.locate.tiles.soup import (
    NEST_VERTICES,
    line_after,
    record_words,
    sequence,
    write_record,
)

__all__ = ["divide"]

PADDING = 128  # words after the last record, which the lookup may read and drops

_DEPTH = 4
_REACH = 2.0**-20


def divide(head: Words, swept: Swept, member_atom: Atoms, member_kind: Kinds) -> Words:
    """Divide the crowded tiles of a sweep; return all records, numbers of tiles in place."""
    words, used = swept.words, swept.used
    # An item: where the number goes (a tile, or -1 - an int32 of the words), where its wide
    # record begins, its depth; and its rectangle.
    items = np.zeros((len(swept.places), 3), np.int64)
    items[:, :2] = swept.places
    boxes = np.empty((len(items), 4))
    column, row = items[:, 0] % int(head[COLUMNS]), items[:, 0] // int(head[COLUMNS])
    boxes[:, 0], boxes[:, 1] = head[WEST] + column / head[PER_X], head[SOUTH] + row / head[PER_Y]
    boxes[:, 2], boxes[:, 3] = 1 / head[PER_X], 1 / head[PER_Y]
    crowded = swept.crowded
    while len(items):
        words, used, crowded, items, boxes = _divide_all(
            head, swept.tiles, words, used, crowded, items, boxes, member_atom, member_kind
        )
        if used < 0:
            raise BadValue(
                "A coverage has edges too close together for any point between them.",
                repair="Check it with `gridmap check` and repair the area first.",
            )
    if used > (1 << 31) - 2:
        raise BadValue("An index has too many records.", got=used, allowed=(1 << 31) - 2)
    if used + PADDING > len(words) or words.ctypes.data % (8 * LINE):
        whole = lined_up(used + PADDING)
        whole[:used] = words[:used]
        words = whole
    words[used : used + PADDING] = 0
    return words[: used + PADDING]


@making
def _grown(words: Words, used: int, need: int) -> Words:
    if used + need <= len(words):
        return words
    larger = np.empty(2 * (used + need) + 1024)
    for i in range(used):
        larger[i] = words[i]
    return larger


@inner
def _put(words: Words, place: int, number: int) -> None:
    """Write an int32 among the words."""
    words.view(np.int32)[place] = number


@inlined
def _splits(vertices: int) -> int:
    k = 4
    while k < 16 and k * 10 < vertices:
        k *= 2
    return k


@inner
def _reaches(ax: float, ay: float, bx: float, by: float, box: Words, slack: float) -> bool:
    """False only when an edge misses a rectangle; nearly always True when it does not."""
    west, south, east, north = box[0], box[1], box[2], box[3]
    if max(ax, bx) < west or min(ax, bx) > east or max(ay, by) < south or min(ay, by) > north:
        return False
    dx, dy = bx - ax, by - ay
    a = dx * (south - ay) - dy * (west - ax)
    b = dx * (south - ay) - dy * (east - ax)
    c = dx * (north - ay) - dy * (west - ax)
    d = dx * (north - ay) - dy * (east - ax)
    return not (min(min(a, b), min(c, d)) > slack or max(max(a, b), max(c, d)) < -slack)


@inner
def _centre(
    wide: Words, octets: Kinds, ints: Atoms, longs: Masks, at: int, box: Words, scale: float,
    inside: Masks, border: Masks,
) -> tuple[bool, float, float]:  # fmt: skip
    """Find a place off every edge of a wide record, and evaluate it there."""
    width = layout(octets, ints, at)[2]
    cx, cy = 0.0, 0.0
    for attempt in range(256):
        cx = box[0] + (box[2] - box[0]) * (
            0.1 + 0.8 * ((0.4871 + attempt * 0.7548776662466927) % 1.0)
        )
        cy = box[1] + (box[3] - box[1]) * (
            0.1 + 0.8 * ((0.5317 + attempt * 0.5698402909980532) % 1.0)
        )
        evaluate(wide, octets, ints, longs, at, cx, cy, scale, inside, border)
        off = True
        for w in range(width):
            off = off and border[w] == 0
        if off:
            return True, cx, cy
    return False, cx, cy


@inner
def _part(
    wide: Words, octets: Kinds, ints: Atoms, longs: Masks, at: int, box: Words, slack: float,
    edges: Words, chosen: Atoms,
) -> int:  # fmt: skip
    """Edges of a wide record that reach a rectangle: their ends and their numbers."""
    _, vertices, width, _, _, v = layout(octets, ints, at)
    number = 0
    for i in range(vertices - 1):
        real = False
        for w in range(width):
            real = real or edge_mask(octets, ints, longs, at, i, w) != 0
        p = v + 2 * i
        if real and _reaches(wide[p], wide[p + 1], wide[p + 2], wide[p + 3], box, slack):
            for e in range(4):
                edges[4 * number + e] = wide[p + e]
            chosen[number] = i
            number += 1
    return number


@making
def _taken_ids(
    octets: Kinds, ints: Atoms, longs: Masks, at: int, inside: Masks, chosen: Atoms, number: int,
    ids: Atoms, place: Atoms,
) -> int:  # fmt: skip
    """Members that hold c or bound one of the edges chosen; `place` is the new bit of each."""
    listed, _, width, _, first, _ = layout(octets, ints, at)
    any_of = np.empty(width, np.int64)
    for w in range(width):
        any_of[w] = inside[w]
    for k in range(number):
        for w in range(width):
            any_of[w] |= edge_mask(octets, ints, longs, at, chosen[k], w)
    count = 0
    for i in range(listed):
        place[i] = -1
        if (any_of[i >> 6] >> (i & 63)) & 1:
            ids[count], place[i] = ints[first + i], count
            count += 1
    return count


@inner
def _moved_bits(mask: Masks, place: Atoms, listed: int, out: Masks, to: int, width: int) -> None:
    for w in range(width):
        out[to + w] = 0
    for i in range(listed):
        if (mask[i >> 6] >> (i & 63)) & 1 and place[i] >= 0:
            out[to + (place[i] >> 6)] |= np.int64(1) << (place[i] & 63)


@compiled
def _divide_all(
    head: Words, tiles: Atoms, words: Words, used: int, crowded: Words, items: Offsets,
    boxes: Words, member_atom: Atoms, member_kind: Kinds,
) -> tuple[Words, int, Words, Offsets, Words]:  # fmt: skip
    """Divide each item once; return what is still to be divided."""
    scale = head[SCALE]
    largest = max(max(abs(head[X0]), abs(head[X1])), max(abs(head[Y0]), abs(head[Y1])))
    # The borders of a tile are rounded as the coverage's largest numbers are, not as those of
    # the tile itself: points that were binned into it may lie so far outside.
    blur, fine = largest * 2.0**-50, largest * 2.0**-38
    next_items, next_boxes = np.empty((1024, 3), np.int64), np.empty((1024, 4))
    pending = 0
    next_wide, wide_used = np.empty(4096), 0
    box, frame = np.empty(4), np.empty(FRAME)
    octets, ints, longs = crowded.view(np.uint8), crowded.view(np.int32), crowded.view(np.int64)
    for item in range(len(items)):
        at, depth = items[item, 1], items[item, 2]
        listed, vertices, width, _, _, _ = layout(octets, ints, at)
        k = _splits(vertices)
        words = _grown(words, used, 5 + k * k + LINE)
        table = used
        used = line_after(used + 5 + (k * k + 1) // 2)
        for word in range(table, used):
            words[word] = 0
        words.view(np.uint8)[8 * table + 1] = NEST
        _put(words, 2 * table + 1, k)
        words[table + 1], words[table + 2] = boxes[item, 0], boxes[item, 1]
        words[table + 3], words[table + 4] = k / boxes[item, 2], k / boxes[item, 3]
        if items[item, 0] >= 0:
            tiles[items[item, 0]] = -2 - table
        else:
            _put(words, -1 - items[item, 0], -2 - table)
        frame[0], frame[1] = words[table + 1], words[table + 3]
        frame[3], frame[4] = words[table + 2], words[table + 4]
        edges, chosen = np.empty(4 * vertices + 4), np.empty(vertices + 1, np.int32)
        order = np.empty(2 * vertices + 2, np.int32)
        ids, place = np.empty(listed + 1, np.int32), np.empty(listed + 1, np.int32)
        inside, border = np.zeros(width, np.int64), np.zeros(width, np.int64)
        none, one = np.zeros(width + 1, np.int64), np.empty(width + 1, np.int64)
        start, masks = np.empty(width + 1, np.int64), np.empty((vertices + 1) * width, np.int64)
        atoms, states = np.empty(listed + 1, np.int32), np.empty(listed + 1, np.uint8)
        wide_x, wide_y = boxes[item, 2] / k, boxes[item, 3] / k
        for child in range(k * k):
            box[0] = boxes[item, 0] + (child % k) * wide_x
            box[1] = boxes[item, 1] + (child // k) * wide_y
            box[2], box[3] = box[0] + wide_x, box[1] + wide_y
            frame[2], frame[5] = child % k, child // k
            off, cx, cy = _centre(crowded, octets, ints, longs, at, box, scale, inside, border)
            if not off:
                return words, -1, crowded, items, boxes
            box[0] -= wide_x * _REACH + blur
            box[1] -= wide_y * _REACH + blur
            box[2] += wide_x * _REACH + blur
            box[3] += wide_y * _REACH + blur
            number = _part(crowded, octets, ints, longs, at, box, head[EPS], edges, chosen)
            count = _taken_ids(octets, ints, longs, at, inside, chosen, number, ids, place)
            new = (count + 63) >> 6
            _moved_bits(inside, place, listed, start, np.int64(0), new)
            for e in range(number):
                for w in range(width):
                    one[w] = edge_mask(octets, ints, longs, at, chosen[e], w)
                _moved_bits(one, place, listed, masks, e * new, new)
            slot = 2 * (table + 5) + child
            if number == 0:
                found = resolve(
                    ids, np.int64(0), count, start, none, np.bool_(True), member_atom, member_kind,
                    atoms, states,
                )  # fmt: skip
                if found < 2:
                    _put(words, slot, atoms[0] if found else -1)
                    continue
            ends = sequence(edges, number, order)
            need = record_words(count, ends)
            too_many = ends > NEST_VERTICES
            if too_many and depth < _DEPTH and wide_x > fine and wide_y > fine:
                next_wide = _grown(next_wide, wide_used, need)
                if pending == len(next_items):
                    more_items, more = (
                        np.empty((2 * pending, 3), np.int64),
                        np.empty((2 * pending, 4)),
                    )
                    for i in range(pending):
                        for j in range(3):
                            more_items[i, j] = next_items[i, j]
                        for j in range(4):
                            more[i, j] = next_boxes[i, j]
                    next_items, next_boxes = more_items, more
                next_items[pending, 0] = -1 - slot
                next_items[pending, 1], next_items[pending, 2] = wide_used, depth + 1
                next_boxes[pending, 0] = boxes[item, 0] + (child % k) * wide_x
                next_boxes[pending, 1] = boxes[item, 1] + (child // k) * wide_y
                next_boxes[pending, 2], next_boxes[pending, 3] = wide_x, wide_y
                pending += 1
                wide_used = write_record(
                    next_wide, wide_used, ids, count, start, cx, cy, frame, edges, masks, order,
                    ends, member_atom, member_kind, np.bool_(False),
                )  # fmt: skip
                continue
            words = _grown(words, used, need)
            _put(words, slot, -2 - used)
            used = write_record(
                words, used, ids, count, start, cx, cy, frame, edges, masks, order, ends,
                member_atom, member_kind, np.bool_(True),
            )  # fmt: skip
    return words, used, next_wide, next_items[:pending], next_boxes[:pending]
