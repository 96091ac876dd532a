"""Parquet in and out, types kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from gridmap.bulk.model import Rows
from gridmap.errors import UnreadableFile

__all__ = ["ParquetSource", "write_parquet"]

_BATCH_ROWS = 1 << 16
_GROUP_ROWS = 1 << 17


class ParquetSource:
    """A Parquet file open for reading; `UnreadableFile` when it is not one."""

    has_geometry = False
    crs: str | None = None

    def __init__(self, path: Path) -> None:
        self._path = path
        self.facts: dict[str, str] = {}
        try:
            self._file = pq.ParquetFile(path)
        except (pa.ArrowException, OSError) as error:
            raise _unreadable(path, error) from error
        self.schema = self._file.schema_arrow

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def total(self, done: int) -> int | None:
        """Rows in all, from the file's footer."""
        return max(done, int(self._file.metadata.num_rows))

    def batches(self) -> Iterator[Rows]:
        """Yield the rows, 65,536 at a time."""
        reader = self._file.iter_batches(batch_size=_BATCH_ROWS)
        while True:
            try:
                batch = next(reader)
            except StopIteration:
                return
            except (pa.ArrowException, OSError) as error:
                raise _unreadable(self._path, error) from error
            yield Rows(batch)


def _unreadable(path: Path, error: Exception) -> UnreadableFile:
    return UnreadableFile(
        "The file is not a whole Parquet file.",
        got=path,
        repair=f"Copy or export it again ({str(error).splitlines()[0]}).",
    )


def write_parquet(path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
    """Write batches to `path` in row groups of some 130,000 rows."""
    with path.open("wb") as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            waiting.append(batch)
            if sum(b.num_rows for b in waiting) >= _GROUP_ROWS:
                writer.write_table(pa.Table.from_batches(waiting, schema))
                waiting = []
        if waiting:
            writer.write_table(pa.Table.from_batches(waiting, schema))
