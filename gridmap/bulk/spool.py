"""Rows kept in Arrow files while another program writes them into a file of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa

from gridmap.bulk.safe_output import sync

__all__ = ["Spool"]


class Spool:
    """Pieces of a stream of batches in a folder, each a whole file once it is closed.

    Parameters
    ----------
    folder : Path
    schema : pyarrow.Schema
        Of every batch.
    pieces : int
        How many pieces are good; others that are there are removed.
    """

    def __init__(self, folder: Path, schema: pa.Schema, pieces: int = 0) -> None:
        self._folder = folder
        self._schema = schema
        self._pieces = pieces
        self._writer: Any = None
        good = {self._path(number) for number in range(pieces)}
        for path in folder.glob("spool-*.arrow"):
            if path not in good:
                path.unlink()

    def __enter__(self) -> Spool:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def through(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the batches of the good pieces, then those given, which are kept too."""
        for number in range(self._pieces):
            with pa.memory_map(str(self._path(number))) as file:
                reader = pa.ipc.open_file(file)
                for i in range(reader.num_record_batches):
                    yield reader.get_batch(i)
        for batch in batches:
            self._keep(batch)
            yield batch

    def close_piece(self) -> int:
        """Make all batches so far durable; return how many pieces hold them."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
            sync(self._path(self._pieces))
            self._pieces += 1
        return self._pieces

    def _keep(self, batch: pa.RecordBatch) -> None:
        if self._writer is None:
            self._writer = pa.ipc.new_file(
                str(self._path(self._pieces)),
                self._schema,
                options=pa.ipc.IpcWriteOptions(compression="lz4"),
            )
        self._writer.write_batch(batch)

    def _path(self, number: int) -> Path:
        return self._folder / f"spool-{number:06d}.arrow"
