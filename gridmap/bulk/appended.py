"""A file that is written from its end on, and cut back to where it was good."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

__all__ = ["appending", "synced"]


@contextmanager
def appending(path: Path, size: int) -> Iterator[IO[bytes]]:
    """Open a file that is to be `size` bytes long, whatever it is, and stand at its end."""
    with path.open("r+b" if size else "wb") as stream:
        stream.truncate(size)
        stream.seek(size)
        yield stream


def synced(stream: IO[bytes]) -> int:
    """Have what was written survive a power cut; return how many bytes there are."""
    stream.flush()
    os.fsync(stream.fileno())
    return stream.tell()
