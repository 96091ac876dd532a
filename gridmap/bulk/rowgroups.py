"""A Parquet file written one row group after the other, each durable once it is there.

Arrow's writer keeps what it knows of its row groups in memory until it writes the footer, so a
file that breaks off is lost. Here each row group is made by Arrow alone, in memory; its bytes are
appended, and its entry for the footer is kept with the places moved to where the bytes went. The
finished file is byte for byte what one of Arrow's writers makes of the same row groups.
"""

from __future__ import annotations

from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from gridmap.bulk.thrift import Struct, Value, Values, read_struct, write_struct

__all__ = ["MAGIC", "GroupWriter"]

MAGIC = b"PAR1"
_END = 4 + len(MAGIC)  # length of the footer, and the magic again

# Fields of parquet.thrift.
_FILE_ROWS, _FILE_GROUPS = 3, 4
_GROUP_COLUMNS, _GROUP_ROWS, _GROUP_PLACE, _GROUP_ORDINAL = 1, 3, 5, 7
_CHUNK_PLACE, _CHUNK_META = 2, 3
_CHUNK_PLACES = (4, 6)  # of the offset index and the column index
_META_PLACES = (9, 10, 11, 14)  # of data, index and dictionary pages, of a Bloom filter


class GroupWriter:
    """Appends row groups to `stream`, which must stand where the next one goes.

    Parameters
    ----------
    stream : binary file
        At its end; the magic is written by the first row group, or by `finish`.
    schema : pyarrow.Schema
    entries : list of bytes
        Footer entries of row groups that are in the file already.
    """

    def __init__(self, stream: IO[bytes], schema: pa.Schema, entries: list[bytes]) -> None:
        self._stream = stream
        self._schema = schema
        self.entries = list(entries)
        self._place = stream.tell()

    def add(self, table: pa.Table) -> None:
        """Append a table as one row group."""
        data, footer = self._written(table)
        body = data if not self._place else data[len(MAGIC) :]
        shift = 0 if not self._place else self._place - len(MAGIC)
        self._stream.write(body)
        self._place += len(body)
        (group,) = footer[_FILE_GROUPS].value.members
        _move(group, shift)
        _put(group, _GROUP_ORDINAL, len(self.entries))
        self.entries.append(write_struct(group))

    def finish(self) -> None:
        """Append the footer: the file is complete."""
        data, footer = self._written(None)
        groups = [read_struct(entry) for entry in self.entries]
        _put(footer, _FILE_ROWS, sum(group[_GROUP_ROWS].value for group in groups))
        footer[_FILE_GROUPS] = Value(footer[_FILE_GROUPS].kind, Values(_STRUCT, [*groups]))
        written = write_struct(footer)
        start = b"" if self._place else bytes(data)
        self._stream.write(start + written + len(written).to_bytes(4, "little") + MAGIC)

    def _written(self, table: pa.Table | None) -> tuple[memoryview, Struct]:
        """What Arrow writes of a table, or of none: the bytes before the footer, and it."""
        sink = pa.BufferOutputStream()
        with pq.ParquetWriter(sink, self._schema, compression="zstd") as writer:
            if table is not None:
                writer.write_table(table, row_group_size=max(1, table.num_rows))
        data = memoryview(sink.getvalue())
        start = len(data) - _END - int.from_bytes(data[-_END : -len(MAGIC)], "little")
        return data[:start], read_struct(bytes(data[start:-_END]))


_STRUCT = 12


def _move(group: Struct, shift: int) -> None:
    """Move the places in a row group's entry by so many bytes; 0 stands for none."""
    _shift(group, _GROUP_PLACE, shift)
    for chunk in group[_GROUP_COLUMNS].value.members:
        for field in (_CHUNK_PLACE, *_CHUNK_PLACES):
            _shift(chunk, field, shift)
        for field in _META_PLACES:
            _shift(chunk[_CHUNK_META].value, field, shift)


def _shift(struct: Struct, field: int, by: int) -> None:
    if field in struct and struct[field].value:
        _put(struct, field, struct[field].value + by)


def _put(struct: Struct, field: int, number: int) -> None:
    """Change a whole number that is there."""
    if field in struct:
        struct[field] = Value(struct[field].kind, number)
