"""Polygons as a vector tile, Mapbox Vector Tile Specification 2.1, all rings of a tile at once.

A writer of our own: those there are go vertex by vertex in Python, which takes seconds for a
tile with thirty thousand areas. The tests read what it writes with another library and GDAL.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.vector_tiles.grid import EXTENT

__all__ = ["Rings", "as_varints", "encode_layer", "rings_of"]

Ints = NDArray[np.int64]
Objects = NDArray[np.object_]

# Commands of a geometry: move to one place, draw lines, close the ring.
_MOVE, _LINE, _CLOSE = (1 << 3) | 1, 2, (1 << 3) | 7
# Keys of the messages' fields: number << 3 | kind, where 2 is a run of bytes.
_LAYER, _NAME, _FEATURE, _KEY, _VALUE = 0x1A, 0x0A, 0x12, 0x1A, 0x22
_ID, _TAGS, _TYPE_POLYGON, _GEOMETRY = 0x08, 0x12, b"\x18\x03", 0x22
_TEXT, _EXTENT, _VERSION_2 = 0x0A, 0x28, b"\x78\x02"


@dataclass(frozen=True)
class Rings:
    """Rings of polygons on whole numbers, without the vertex that closes them.

    Attributes
    ----------
    xy : int64 (n, 2)
        Vertices of all rings; outer rings turn as the specification demands.
    start : int64 (m + 1,)
        Where each ring begins.
    owner : int64 (m,)
        Which shape each ring belongs to, rising.
    """

    xy: Ints
    start: Ints
    owner: Ints


def rings_of(shapes: Objects) -> Rings:
    """Return the rings of shapes in a tile's own numbers, rounded to whole ones.

    What collapses is left out: rings of fewer than three places, or without an area, and the
    holes of such rings. Shapes may be Polygon, MultiPolygon, or collections from which only the
    polygons count.
    """
    parts, owner = _polygons(shapes)
    rings, polygon = shapely.get_rings(parts, return_index=True)
    outer = np.diff(polygon, prepend=-1) > 0
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    xy = np.rint(xy).astype(np.int64)
    # The last vertex repeats the first; rounding makes further ones equal to the one before.
    first = np.diff(ring, prepend=-1) > 0
    keep = first | (np.diff(xy, axis=0, prepend=xy[:1] - 1) != 0).any(axis=1)
    closing = np.append(first[1:], True)
    keep &= ~closing
    xy, ring = xy[keep], ring[keep]
    count = np.bincount(ring, minlength=len(rings))
    start = np.concatenate([[0], np.cumsum(count)])
    # Cut off what leads back to where the ring began.
    end = start[1:] - 1
    again = (count > 1) & (xy[end] == xy[start[:-1]]).all(axis=1)
    keep = np.ones(len(xy), dtype=bool)
    keep[end[again]] = False
    xy, ring = xy[keep], ring[keep]
    count -= again
    area = _twice_area(xy, ring, count)
    good = (count >= 3) & (area != 0)
    # A hole lives only as long as what it is in.
    alive = np.zeros(len(parts), dtype=bool)
    alive[polygon[outer & good]] = True
    good &= alive[polygon]
    xy, ring = _turned(xy, ring, count, (area > 0) != outer)
    kept = good[ring]
    return Rings(xy[kept], np.concatenate([[0], np.cumsum(count[good])]), owner[polygon[good]])


def _polygons(shapes: Objects) -> tuple[Objects, Ints]:
    """Return the polygons in shapes, and which shape each is of."""
    parts, owner = shapely.get_parts(shapes, return_index=True)
    # Cutting at a tile's edge may give collections of several kinds.
    parts, within = shapely.get_parts(parts, return_index=True)
    flat = (shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)
    return parts[flat], owner[within][flat]


def _twice_area(xy: Ints, ring: Ints, count: Ints) -> Ints:
    """Return twice the area of each ring; positive where it turns clockwise on a screen."""
    place = np.arange(len(xy))
    start = np.concatenate([[0], np.cumsum(count)])
    after = place + 1
    last = start[1:][count > 0] - 1
    after[last] = start[:-1][count > 0]
    cross = xy[:, 0] * xy[after, 1] - xy[after, 0] * xy[:, 1]
    sums = np.zeros(len(count), dtype=np.int64)
    np.add.at(sums, ring, cross)
    return sums


def _turned(xy: Ints, ring: Ints, count: Ints, turn: NDArray[np.bool_]) -> tuple[Ints, Ints]:
    """Return the vertices with those of some rings in the other order."""
    start = np.concatenate([[0], np.cumsum(count)])
    place = np.arange(len(xy))
    mirrored = start[ring] + start[ring + 1] - 1 - place
    return xy[np.where(turn[ring], mirrored, place)], ring


def encode_layer(
    name: str, rings: Rings, ids: Sequence[int], properties: Mapping[str, Sequence[str]]
) -> bytes:
    """Return a tile of one layer of polygons.

    Parameters
    ----------
    rings : Rings
        ``rings.owner`` counts in `ids` and in each of the `properties`.
    ids : sequence of int
        Numbers of the shapes, not negative.
    properties : mapping of str to sequence of str
        Texts; empty ones are left out.
    """
    if not len(rings.owner):
        return b""
    rows = np.unique(rings.owner)
    geometry = _geometries(rings)
    keys = list(properties)
    columns = [properties[key] for key in keys]
    values: dict[str, int] = {}
    # Of each shape the number of each text; of an empty one -1.
    number = [
        [values.setdefault(text, len(values)) if (text := column[row]) else -1
         for column in columns]
        for row in rows.tolist()
    ]  # fmt: skip
    heads = _heads(
        np.array([ids[row] for row in rows.tolist()], dtype=np.int64),
        np.array(number, dtype=np.int64).reshape(len(rows), len(keys)),
        np.array([len(drawn) for drawn in geometry], dtype=np.int64),
    )
    out = [_run(_NAME, name.encode())]
    for head, drawn in zip(heads, geometry, strict=True):
        out += (head, drawn)
    out += [_run(_KEY, key.encode()) for key in keys]
    for parts in _texts([text.encode("utf-8", "replace") for text in values]):
        out += parts
    out += [bytes([_EXTENT]) + _varint(EXTENT), _VERSION_2]
    return _run(_LAYER, b"".join(out))


def _heads(ids: Ints, number: Ints, drawn: Ints) -> list[bytes]:
    """Return of each shape all of its message that stands before the geometry.

    Keys of fields and numbers below 128 are bytes and varints alike, so that all of it is one
    run of varints.

    Parameters
    ----------
    ids : int64 (n,)
    number : int64 (n, keys)
        Of the values; -1 where there is none.
    drawn : int64 (n,)
        Bytes of the geometry.
    """
    there = number >= 0
    tags = (there * (_length(number) + _length(np.arange(number.shape[1])))).sum(axis=1)
    size = (
        1
        + _length(ids)
        + 1
        + _length(tags)
        + tags
        + len(_TYPE_POLYGON)
        + 1
        + _length(drawn)
        + drawn
    )
    both = np.stack(np.broadcast_arrays(np.arange(number.shape[1]), number), axis=2)
    before = np.column_stack([np.full_like(ids, _FEATURE), size, np.full_like(ids, _ID), ids,
                              np.full_like(ids, _TAGS), tags])  # fmt: skip
    after = np.column_stack([np.tile([*_TYPE_POLYGON, _GEOMETRY], (len(ids), 1)), drawn])
    whole = np.column_stack([before, both.reshape(len(ids), -1), after])
    kept = np.ones(whole.shape, dtype=bool)
    kept[:, before.shape[1] : -after.shape[1]] = np.repeat(there, 2, axis=1)
    return _rows_as_varints(whole, kept)


def _texts(texts: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield the message of each value in two parts: what stands before it, and the text."""
    size = np.array([len(text) for text in texts], dtype=np.int64)
    whole = np.column_stack([np.full_like(size, _VALUE), 1 + _length(size) + size,
                             np.full_like(size, _TEXT), size])  # fmt: skip
    return zip(_rows_as_varints(whole, np.ones(whole.shape, dtype=bool)), texts, strict=True)


def _rows_as_varints(numbers: Ints, kept: NDArray[np.bool_]) -> list[bytes]:
    """Return the kept numbers of each row; every row has some."""
    if not len(numbers):
        return []
    content, ends = as_varints(numbers[kept])
    cuts = [0, *ends[np.cumsum(kept.sum(axis=1)) - 1].tolist()]
    return [content[a:b] for a, b in pairwise(cuts)]


def _geometries(rings: Rings) -> list[bytes]:
    """Return the commands of each shape that has rings, in order."""
    count = np.diff(rings.start)
    # Every vertex is told from the one before it; in each shape the first from the corner.
    before = np.vstack([[[0, 0]], rings.xy[:-1]])
    fresh = np.diff(rings.owner, prepend=-1) > 0
    before[rings.start[:-1][fresh]] = 0
    step = rings.xy - before
    step = (step << 1) ^ (step >> 63)
    # Of each ring: move, two numbers, lines, two numbers for each further vertex, close.
    size = 2 * count + 3
    begin = np.concatenate([[0], np.cumsum(size)])
    out = np.empty(begin[-1], dtype=np.int64)
    ring = np.repeat(np.arange(len(count)), count)
    nth = np.arange(len(step)) - rings.start[:-1][ring]
    at = begin[:-1][ring] + 1 + 2 * nth + (nth > 0)
    out[at], out[at + 1] = step[:, 0], step[:, 1]
    out[begin[:-1]] = _MOVE
    out[begin[:-1] + 3] = ((count - 1) << 3) | _LINE
    out[begin[1:] - 1] = _CLOSE
    content, ends = as_varints(out)
    firsts = begin[:-1][fresh]
    cuts = [0, *ends[firsts[1:] - 1].tolist(), len(content)]
    return [content[a:b] for a, b in pairwise(cuts)]


def as_varints(numbers: Ints) -> tuple[bytes, Ints]:
    """Return whole numbers below 2**35 as varints, and where each of them ends."""
    length = _length(numbers)
    ends = np.cumsum(length)
    out = np.zeros(ends[-1] if len(ends) else 0, dtype=np.uint8)
    for nth in range(5):
        has = length > nth
        more = np.where(length[has] > nth + 1, 0x80, 0)
        out[ends[has] - length[has] + nth] = (numbers[has] >> (7 * nth)) & 0x7F | more
    return out.tobytes(), ends


def _length(numbers: Ints) -> Ints:
    """Return how many bytes whole numbers below 2**35 have as varints."""
    length = np.ones(numbers.shape, dtype=np.int64)
    for bits in (7, 14, 21, 28):
        length += numbers >= 1 << bits
    return length


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _run(key: int, content: bytes) -> bytes:
    return bytes([key]) + _varint(len(content)) + content
