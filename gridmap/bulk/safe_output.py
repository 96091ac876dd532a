"""A file that appears under its name complete, or not at all."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import re
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from gridmap.errors import BadValue, GridmapError, StoreFull, UnreadableFile

__all__ = ["PendingFile", "check_room", "disk_errors"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS}


class PendingFile:
    """A temporary file beside `target` that takes its name when it is complete.

    The temporary file is hidden, bears the process's number and the target's ending (GDAL
    looks at endings), and is removed on any failure. What a killed process leaves behind is
    removed by the next run that writes the same target.

    Parameters
    ----------
    target : Path
        The folder must exist and be writable.

    Attributes
    ----------
    target : Path
        Links followed, so that a link to the output stays one.
    path : Path
        Where to write.
    """

    def __init__(self, target: Path, ending: str | None = None) -> None:
        self.target = target.resolve()
        ending = self.target.suffix if ending is None else ending
        self.path = self.target.with_name(f".{self.target.name}.{os.getpid()}.part{ending}")

    def __enter__(self) -> PendingFile:
        _check_folder(self.target)
        self._remove_left_over()
        with disk_errors(self.target):
            # The write is tried now, not after an hour of reading.
            self.path.touch()
            self.path.unlink()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._remove(f".{self.target.name}.{os.getpid()}.part")

    def commit(self) -> None:
        """Make the written file durable and give it its name, replacing what was there."""
        with disk_errors(self.target):
            _sync(self.path)
            self.path.replace(self.target)
            _sync(self.target.parent)

    def _remove_left_over(self) -> None:
        mine = re.compile(re.escape(f".{self.target.name}.") + r"(\d+)\.part")
        for path in self._siblings(f".{self.target.name}."):
            found = mine.match(path.name)
            # In a container every process may have the same number: our own is never alive yet.
            if found and (int(found[1]) == os.getpid() or not _alive(int(found[1]))):
                path.unlink(missing_ok=True)

    def _remove(self, beginning: str) -> None:
        # SQLite keeps a journal beside its file under a longer name.
        for path in self._siblings(beginning):
            path.unlink(missing_ok=True)

    def _siblings(self, beginning: str) -> list[Path]:
        pattern = glob.escape(str(self.target.parent / beginning)) + "*"
        return [Path(name) for name in glob.glob(pattern, include_hidden=True)]


def _check_folder(target: Path) -> None:
    folder = target.parent
    if not folder.is_dir():
        raise BadValue(
            "The output's folder does not exist.", got=folder, repair="Create the folder first."
        )
    if target.is_dir():
        raise BadValue("The output is a folder.", got=target, repair="Name a file in it.")


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def disk_errors(target: Path) -> Iterator[None]:
    """Turn the system's errors while writing `target` into gridmap's."""
    try:
        yield
    except GridmapError:
        raise
    except OSError as error:
        raise _translated(error, target) from error


def check_room(path: Path) -> None:
    """Raise `StoreFull` when not even a megabyte can be written beside `path`."""
    probe = path.with_name(path.name + "-room")
    with disk_errors(path):
        try:
            probe.write_bytes(bytes(1 << 20))
        finally:
            probe.unlink(missing_ok=True)


def _translated(error: OSError, target: Path) -> GridmapError:
    if error.errno in _FULL:
        return StoreFull(
            "No room is left for the output; nothing was written.",
            got=target,
            repair="Free some space, or write to another disk, and run it again.",
        )
    if error.errno in _CLOSED:
        return BadValue(
            "The output's folder cannot be written to.",
            got=target.parent,
            repair="Choose another folder, or change its permissions.",
        )
    return UnreadableFile(f"The output cannot be written: {error.strerror or error}.", got=target)
