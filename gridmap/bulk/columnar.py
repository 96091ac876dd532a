"""Parquet in and out, types kept."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pyarrow as pa
import pyarrow.parquet as pq

from gridmap.bulk.appended import appending, synced
from gridmap.bulk.geoparquet import as_wkb, point_column, without_geometry
from gridmap.bulk.model import Rows
from gridmap.bulk.rowgroups import GroupWriter
from gridmap.errors import UnreadableFile

__all__ = ["ParquetSource", "ParquetWriter"]

_BATCH_ROWS = 1 << 16
_GROUP_ROWS = 1 << 17
_BUFFER = 1 << 20


class ParquetSource:
    """A Parquet file open for reading; `UnreadableFile` when it is not one.

    Points of a GeoParquet file are its geometry; see :mod:`gridmap.bulk.geoparquet`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.facts: dict[str, str] = {}
        try:
            # Arrow would keep all that it has read ahead until the file is closed, and read
            # a column of a row group in one piece, however long.
            self._file = pq.ParquetFile(path, pre_buffer=False, buffer_size=_BUFFER)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from error
        schema = self._file.schema_arrow
        self._points = point_column(schema, path)
        self.has_geometry = self._points is not None
        self.crs: str | None = None
        if self._points is not None:
            self.crs = self._points.crs
            self.facts["geometry"] = self._points.name
            schema = without_geometry(schema, self._points.name)
        self.schema = schema

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def total(self, done: int) -> int | None:
        """Rows in all, from the file's footer."""
        return max(done, int(self._file.metadata.num_rows))

    def batches(self, skip: int = 0) -> Iterator[Rows]:
        """Yield the rows, 65,536 at a time, but for the first `skip`."""
        done, groups = self._start(skip)
        reader = self._file.iter_batches(batch_size=_BATCH_ROWS, row_groups=groups)
        while True:
            try:
                batch = next(reader)
            except StopIteration:
                return
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(self._path, error) from error
            done += batch.num_rows
            if done > skip:
                # A batch that was half skipped would be the work of another version.
                left = batch.slice(max(0, skip - done + batch.num_rows))
                yield self._rows(left, done)

    def _rows(self, batch: pa.RecordBatch, upto: int) -> Rows:
        if self._points is None:
            return Rows(batch, upto=upto)
        columns = [batch.column(name) for name in self.schema.names]
        table = pa.RecordBatch.from_arrays(columns, schema=self.schema)
        return Rows(table, as_wkb(batch.column(self._points.name)), upto)

    def _start(self, skip: int) -> tuple[int, list[int]]:
        """Return rows before the first row group that must be read, and those to be read.

        It begins where a batch does when all are read, so that the batches are the same.
        """
        first = before = row = 0
        for number in range(self._file.num_row_groups):
            if row > skip:
                break
            if row % _BATCH_ROWS == 0:
                first, before = number, row
            row += self._file.metadata.row_group(number).num_rows
        return before, list(range(first, self._file.num_row_groups))


def _unreadable(path: Path, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        "The file is not a whole Parquet file.",
        got=path,
        repair=f"Copy or export it again ({str(error).splitlines()[0]}).",
    )


class ParquetWriter:
    """Writes batches in row groups of some 130,000 rows, each whole once it is in the file."""

    def __init__(self) -> None:
        self._size = 0
        self._entries: list[bytes] = []
        self._waiting: list[pa.RecordBatch] = []
        self._stream: IO[bytes] | None = None
        self._groups: GroupWriter | None = None

    def __call__(self, path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        """Write the rows and the footer to `path`."""
        with appending(path, self._size) as stream:
            self._stream, self._groups = stream, GroupWriter(stream, schema, self._entries)
            for batch in batches:
                self._waiting.append(batch)
                if sum(b.num_rows for b in self._waiting) >= _GROUP_ROWS:
                    self._write(schema)
            if self._waiting:
                self._write(schema)
            self._groups.finish()

    def _write(self, schema: pa.Schema) -> None:
        assert self._groups is not None
        self._groups.add(pa.Table.from_batches(self._waiting, schema))
        self._waiting = []

    def mark(self) -> dict[str, Any] | None:
        """Return the size of the file and its row groups; None within a row group."""
        if self._waiting:
            return None
        assert self._stream is not None
        assert self._groups is not None
        entries = [b64encode(entry).decode() for entry in self._groups.entries]
        return {"size": synced(self._stream), "groups": entries}

    def go_on(self, mark: dict[str, Any]) -> None:
        """Go on after the last row group."""
        self._size = mark["size"]
        self._entries = [b64decode(entry) for entry in mark["groups"]]
