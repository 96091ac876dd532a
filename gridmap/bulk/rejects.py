"""Rows that could not be read, in a file beside the output."""

from __future__ import annotations

import csv
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from gridmap.bulk.formats import file_format
from gridmap.bulk.model import Reject
from gridmap.bulk.safe_output import PendingFile, disk_errors

__all__ = ["RejectsFile", "rejects_path"]


class RejectsFile:
    """The file of rows that could not be read; there is none until there is such a row."""

    def __init__(self, output: Path) -> None:
        self.path = rejects_path(output)
        self.count = 0
        self._pending = PendingFile(self.path)
        self._stack = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> RejectsFile:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def add(self, row: Reject) -> None:
        """Write one row."""
        with disk_errors(self.path):
            if self._writer is None:
                self._stack.enter_context(self._pending)
                stream: IO[str] = self._stack.enter_context(
                    self._pending.path.open("w", encoding="utf-8", newline="")
                )
                self._stream = stream
                self._writer = csv.writer(stream, lineterminator="\n")
                self._writer.writerow(["line", "reason", "text"])
            self._writer.writerow([row.line, row.reason, row.text])
            self.count += 1

    def finish(self) -> None:
        """Write what is still in memory, while the output can still be given up."""
        if self._writer is not None:
            self._stream.close()

    def commit(self) -> None:
        """Give the file its name, or remove an older run's."""
        if self._writer is not None:
            self._pending.commit()
        else:
            self.path.unlink(missing_ok=True)


def rejects_path(output: Path) -> Path:
    """Return where the rejected rows of an output go: ``out.csv.gz`` -> ``out.rejects.csv``."""
    stem = output.name[: -len(file_format(output).ending)]
    return output.with_name(f"{stem}.rejects.csv")
