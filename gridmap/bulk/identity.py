"""What the answers of a run depend on, in words: a run that differs cannot go on with another."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["run_identity"]

# Of a large file only its beginning and end are read; its size and time tell the rest.
_PIECE = 1 << 20


def run_identity(
    source: Path, options: Mapping[str, Any], answers: Mapping[str, str]
) -> dict[str, str]:
    """Return what must be the same for a run to go on.

    Parameters
    ----------
    source : Path
        The input; it may have been moved.
    options : mapping
        Of the run; those that are None were not given.
    answers : mapping of str to str
        What else the answers come from: editions, tables of routing.
    """
    about = source.stat()
    changed = datetime.fromtimestamp(about.st_mtime, UTC)
    # The time's fraction too, for a file may be written twice in a second.
    moment = f"{changed:%Y-%m-%d %H:%M:%S}.{about.st_mtime_ns % 10**9:09d} UTC"
    return {
        "gridmap": version("gridmap"),
        "size of the input": f"{about.st_size} bytes",
        "time of the input": moment,
        "content of the input": _digest(source, about.st_size),
        **{f"option {name}": str(value) for name, value in options.items() if value is not None},
        **answers,
    }


def _digest(path: Path, size: int) -> str:
    found = hashlib.sha256()
    with path.open("rb") as stream:
        found.update(stream.read(_PIECE))
        stream.seek(max(_PIECE, size - _PIECE))
        found.update(stream.read(_PIECE))
    return found.hexdigest()[:16]
