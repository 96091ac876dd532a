"""Writing delimited text: quotes only where they are needed, nulls as empty fields."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc

from gridmap.bulk.appended import appending, synced
from gridmap.bulk.astext import as_text
from gridmap.bulk.coded import plain
from gridmap.bulk.gzipparts import GzipParts

__all__ = ["TextWriter"]


class TextWriter:
    r"""Writes batches as UTF-8 text with ``\n`` line ends.

    Parameters
    ----------
    delimiter : str
    bom : bool
        Begin with a byte order mark.
    compressed : bool
        As gzip: one member, in which every batch is packed by itself, so that the file can be
        gone on with after any of them. The same rows give the same bytes.
    """

    def __init__(self, delimiter: str, *, bom: bool = False, compressed: bool = False) -> None:
        self.delimiter = delimiter
        self.bom = bom
        self._pack = GzipParts() if compressed else None
        self._size = 0
        self._stream: IO[bytes] | None = None

    def __call__(self, path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        """Write the header and all batches to `path`."""
        with appending(path, self._size) as stream:
            self._stream = stream
            if not self._size:
                self._put(self._header(schema))
            for batch in batches:
                if batch.num_rows:
                    self._put(self._lines(batch))
            if self._pack is not None:
                stream.write(self._pack.end())

    def mark(self) -> dict[str, Any] | None:
        """Return the size of the file, and what gzip's end will say of the text so far."""
        assert self._stream is not None
        packed = self._pack.state() if self._pack is not None else None
        return {"size": synced(self._stream), "packed": packed}

    def go_on(self, mark: dict[str, Any]) -> None:
        """Go on after the last batch."""
        self._size = mark["size"]
        if self._pack is not None:
            self._pack.go_on(mark["packed"])

    def _put(self, text: bytes | memoryview) -> None:
        assert self._stream is not None
        self._stream.write(text if self._pack is None else self._pack.part(text))

    def _header(self, schema: pa.Schema) -> bytes:
        header = self._quoted(pa.array(schema.names, pa.string())).to_pylist()
        mark = codecs.BOM_UTF8 if self.bom else b""
        return mark + (self.delimiter.join(header) + "\n").encode()

    def _lines(self, batch: pa.RecordBatch) -> memoryview:
        columns = [self._fields(column) for column in batch.columns]
        joined = pc.binary_join_element_wise(
            *columns, self.delimiter, null_handling="replace", null_replacement=""
        )
        ended = pc.binary_join_element_wise(joined, "\n", "")
        # The values of a text column lie one after the other: that is the file's text.
        _, offsets, values = ended.buffers()
        ends = memoryview(offsets).cast("i")
        return memoryview(values)[ends[ended.offset] : ends[ended.offset + len(ended)]]

    def _fields(self, column: pa.Array) -> pa.Array:
        kind = column.type
        if isinstance(column, pa.DictionaryArray):
            values = self._quoted(as_text(column.dictionary))
            return plain(pa.DictionaryArray.from_arrays(column.indices, values))
        if pa.types.is_integer(kind) or pa.types.is_floating(kind):
            return as_text(column)
        return self._quoted(as_text(column))

    def _quoted(self, column: pa.Array) -> pa.Array:
        if not self._may_need(column):
            return column
        needs = pc.match_substring_regex(column, f'["\\r\\n{self.delimiter}]')
        doubled = pc.replace_substring(column, '"', '""')
        wrapped = pc.binary_join_element_wise('"', doubled, '"', "")
        return pc.if_else(needs, wrapped, column)

    def _may_need(self, column: pa.Array) -> bool:
        """False when no value holds a sign that makes quotes necessary."""
        _, offsets, values = column.buffers()
        if values is None or not len(column):
            return False
        ends = memoryview(offsets).cast("i")
        text = bytes(memoryview(values)[ends[column.offset] : ends[column.offset + len(column)]])
        return any(sign in text for sign in (b'"', b"\r", b"\n", self.delimiter.encode()))
