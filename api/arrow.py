"""Arrow streams of dictionary columns, put together from octets.

Most of a short stream describes it, and the description of two answers with the same columns
differs in a few numbers. So it is made by pyarrow once, and those numbers are put in where
they stand. The format: https://arrow.apache.org/docs/format/Columnar.html, its descriptions
being flatbuffers: https://flatbuffers.dev/internals/.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np
import pyarrow as pa

from gridmap.locate.octets import Octets, Places

__all__ = ["DictionaryColumn", "is_compressed", "stream_of"]

# Fields of the flatbuffer tables Message, DictionaryBatch and RecordBatch, by number.
_HEADER_TYPE, _HEADER, _BODY_LENGTH = 1, 2, 3
_DATA = 1
_LENGTH, _NODES, _BUFFERS, _COMPRESSION = 0, 1, 2, 3
_OF_DICTIONARY = 2

_MARK = struct.Struct("<Ii")
_NUMBER = struct.Struct("<q")
_END = _MARK.pack(0xFFFFFFFF, 0)
_STEP = 8  # buffers begin at multiples of this


@dataclass(frozen=True, eq=False, slots=True)
class DictionaryColumn:
    """A column of n texts as numbers.

    Attributes
    ----------
    index : int32 (n,)
        Numbers into the legend, -1 for none.
    begins : int32 (k + 1,)
        Where each text of the legend begins in `octets`, and the last one ends.
    octets : uint8
        UTF-8.
    """

    index: Places
    begins: Places
    octets: Octets

    @classmethod
    def of(cls, index: Places, legend: Sequence[str]) -> Self:
        """Return a column of numbers into a legend of texts."""
        texts = [text.encode() for text in legend]
        begins = np.zeros(len(texts) + 1, np.int32)
        np.cumsum(list(map(len, texts)), out=begins[1:])
        return cls(index, begins, np.frombuffer(b"".join(texts), np.uint8))


def stream_of(columns: Sequence[tuple[str, DictionaryColumn]]) -> bytes:
    """Return columns of one length, by their names, as an Arrow stream of one batch."""
    schema, legends, batch = _frames(tuple(name for name, _ in columns))
    pieces: list[bytes | bytearray] = [schema]
    indices: list[bytes] = []
    nulls = []
    for envelope, (_, column) in zip(legends, columns, strict=True):
        texts = (b"", column.begins.tobytes(), column.octets.tobytes())
        pieces += envelope.around(len(column.begins) - 1, (0,), texts)
        there = column.index >= 0
        missing = len(there) - int(np.count_nonzero(there))
        nulls.append(missing)
        indices.append(np.packbits(there, bitorder="little").tobytes() if missing else b"")
        indices.append(column.index.tobytes())
    pieces += batch.around(len(columns[0][1].index) if columns else 0, nulls, indices)
    return b"".join([*pieces, _END])


@dataclass(frozen=True, slots=True)
class _Envelope:
    """The description of a message without its body, and where its numbers stand in it."""

    octets: bytes
    body_length: int
    length: int
    nodes: int
    buffers: int

    @classmethod
    def of(cls, framed: bytes) -> Self:
        """Find the numbers in a message: the mark before it, and its description."""
        described = framed[_MARK.size :]
        message = _table(described, 0)
        batch = _table(described, _field(described, message, _HEADER))
        if described[_field(described, message, _HEADER_TYPE)] == _OF_DICTIONARY:
            batch = _table(described, _field(described, batch, _DATA))
        places = (
            _field(described, message, _BODY_LENGTH),
            _field(described, batch, _LENGTH),
            # Vectors begin with their length, of four octets.
            _table(described, _field(described, batch, _NODES)) + 4,
            _table(described, _field(described, batch, _BUFFERS)) + 4,
        )
        return cls(framed, *(_MARK.size + place for place in places))

    def around(
        self, rows: int, nulls: Sequence[int], buffers: Sequence[bytes]
    ) -> Iterator[bytes | bytearray]:
        """Yield the message that has these buffers for its body, and so many nulls a column."""
        head, listed, end = bytearray(self.octets), [], 0
        for buffer in buffers:
            listed += [end, len(buffer)]
            end += len(buffer) + -len(buffer) % _STEP
        nodes = [number for missing in nulls for number in (rows, missing)]
        _NUMBER.pack_into(head, self.body_length, end)
        _NUMBER.pack_into(head, self.length, rows)
        struct.pack_into(f"<{len(nodes)}q", head, self.nodes, *nodes)
        struct.pack_into(f"<{len(listed)}q", head, self.buffers, *listed)
        yield head
        for buffer in buffers:
            yield buffer
            yield bytes(-len(buffer) % _STEP)


@lru_cache(maxsize=64)
def _frames(names: tuple[str, ...]) -> tuple[bytes, list[_Envelope], _Envelope]:
    """Return what describes such columns: the schema, each legend, and the batch."""
    # One row each: flatbuffers leave out numbers that are zero.
    example = pa.array(["-"], pa.string()).dictionary_encode()
    batch = pa.RecordBatch.from_arrays([example] * len(names), names=list(names))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    schema, *legends, rows = _messages(sink.getvalue().to_pybytes())
    return schema, [_Envelope.of(framed) for framed in legends], _Envelope.of(rows)


def _messages(stream: bytes) -> Iterator[bytes]:
    """Yield each message of a stream without its body."""
    at = 0
    while stream[at : at + _MARK.size] != _END:
        _, size = _MARK.unpack_from(stream, at)
        begin, at = at, at + _MARK.size + size
        framed = stream[begin:at]
        described = framed[_MARK.size :]
        length = _field(described, _table(described, 0), _BODY_LENGTH)
        at += _NUMBER.unpack_from(described, length)[0] if length else 0
        yield framed


def is_compressed(described: bytes) -> bool:
    """True when the description of a record batch says that its buffers are compressed."""
    batch = _table(described, _field(described, _table(described, 0), _HEADER))
    return _field(described, batch, _COMPRESSION) > 0


def _table(octets: bytes, at: int) -> int:
    """Place of what the offset at a place leads to."""
    return at + int(struct.unpack_from("<I", octets, at)[0])


def _field(octets: bytes, table: int, number: int) -> int:
    """Place of a field of a flatbuffer table, 0 when it is absent."""
    listed = table - struct.unpack_from("<i", octets, table)[0]
    size = struct.unpack_from("<H", octets, listed)[0]
    if 4 + 2 * number >= size:
        return 0
    offset = struct.unpack_from("<H", octets, listed + 4 + 2 * number)[0]
    return table + offset if offset else 0
