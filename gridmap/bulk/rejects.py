"""Rows that could not be read, in a file beside the output."""

from __future__ import annotations

import csv
import os
from pathlib import Path
from typing import IO, Any

from gridmap.bulk.formats import file_format
from gridmap.bulk.model import Reject
from gridmap.bulk.safe_output import disk_errors

__all__ = ["RejectsFile", "rejects_path"]


class RejectsFile:
    """The file of rows that could not be read; there is none until there is such a row.

    Parameters
    ----------
    output : Path
        Beside which the file belongs.
    part : Path
        Where it is written until it is complete.
    """

    def __init__(self, output: Path, part: Path) -> None:
        self.path = rejects_path(output)
        self.count = 0
        self._part = part
        self._stream: IO[str] | None = None
        self._writer: Any = None

    def __enter__(self) -> RejectsFile:
        return self

    def __exit__(self, *error: object) -> None:
        if self._stream is not None:
            self._stream.close()

    def add(self, row: Reject) -> None:
        """Write one row."""
        with disk_errors(self.path):
            if self._stream is None:
                self._open("w").writerow(["line", "reason", "text"])
            self._writer.writerow([row.line, row.reason, row.text])
            self.count += 1

    def place(self) -> tuple[int, int]:
        """Return how many rows and how many bytes there are now."""
        if self._stream is None:
            return 0, 0
        with disk_errors(self.path):
            self._stream.flush()
            return self.count, self._stream.buffer.tell()  # type: ignore[attr-defined]

    def go_on(self, place: tuple[int, int]) -> None:
        """Go on with the file as it was at that place."""
        self.count, size = place
        if self.count:
            os.truncate(self._part, size)
            self._open("a")

    def sync(self) -> None:
        """Have the rows so far survive a power cut."""
        if self._stream is not None:
            with disk_errors(self.path):
                self._stream.flush()
                os.fsync(self._stream.fileno())

    def finish(self) -> None:
        """Write what is still in memory, while the output can still be given up."""
        if self._stream is not None:
            self._stream.close()

    def _open(self, mode: str) -> Any:
        self._stream = self._part.open(mode, encoding="utf-8", newline="")
        self._writer = csv.writer(self._stream, lineterminator="\n")
        return self._writer


def rejects_path(output: Path) -> Path:
    """Return where the rejected rows of an output go: ``out.csv.gz`` -> ``out.rejects.csv``."""
    stem = output.name[: -len(file_format(output).ending)]
    return output.with_name(f"{stem}.rejects.csv")
