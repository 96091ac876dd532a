"""A file that appears under its name complete, or not at all."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import glob
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from gridmap.errors import BadValue, Conflict, GridmapError, StoreFull, UnreadableFile

__all__ = [
    "LOCK",
    "PendingFile",
    "check_folder",
    "check_room",
    "check_unopened",
    "disk_errors",
    "left_over",
    "remove",
    "sync",
    "written_by_another",
]

# Held, within its folder, by a process that writes there.
LOCK = "lock"

# Bytes, all zero while no change is under way: https://www.sqlite.org/fileformat.html
_JOURNAL_HEAD = 28

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
        check_folder(self.target)
        with disk_errors(self.target):
            check_unopened(self.target)
        for path in left_over(self.target):
            remove(path)
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
        """Make the written file durable and give it its name, replacing what was there.

        Raises
        ------
        Conflict
            When another program has begun to write to what was there.
        """
        with disk_errors(self.target):
            sync(self.path)
            check_unopened(self.target)
            self.path.replace(self.target)
            sync(self.target.parent)

    def _remove(self, beginning: str) -> None:
        # SQLite keeps a journal beside its file under a longer name.
        for path in _siblings(self.target.parent / beginning):
            if not path.is_dir():
                path.unlink(missing_ok=True)


def left_over(target: Path) -> list[Path]:
    """Return what processes that are no more have left beside `target`, whose links are followed.

    Files, and folders of runs that can be gone on with (see :mod:`gridmap.bulk.kept`).
    """
    found = []
    for path, number in _temporary(target):
        # In a container every process may have the same number: our own is never alive yet.
        # A folder is held by a lock, which tells the same after numbers were given anew.
        alive = _held(path) if path.is_dir() else number != os.getpid() and _alive(number)
        if not alive:
            found.append(path)
    return found


def written_by_another(target: Path) -> bool:
    """True while a run holds a folder of its own beside `target`, whose links are followed."""
    return any(path.is_dir() and _held(path) for path, _ in _temporary(target))


def _temporary(target: Path) -> list[tuple[Path, int]]:
    """Return what was made beside `target` on the way to it, with the numbers of its makers.

    That of another output whose name goes on after this one's (``out.csv.gz``) is none of it.
    """
    mine = re.compile(re.escape(f".{target.name}.") + r"(\d+)\.(?:part|[0-9a-f]+\.new)")
    matches = [
        (path, mine.match(path.name)) for path in _siblings(target.with_name(f".{target.name}."))
    ]
    return [(path, int(match[1])) for path, match in matches if match is not None]


def _siblings(beginning: Path) -> list[Path]:
    pattern = glob.escape(str(beginning)) + "*"
    return [Path(name) for name in glob.glob(pattern, include_hidden=True)]


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; it may be gone already."""
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _held(folder: Path) -> bool:
    """True while the process whose folder this is lives."""
    try:
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def check_folder(target: Path) -> None:
    """Refuse a target whose folder is not there, or that is a folder itself."""
    folder = target.parent
    if not folder.is_dir():
        raise BadValue(
            "The output's folder does not exist.", got=folder, repair="Create the folder first."
        )
    if target.is_dir():
        raise BadValue("The output is a folder.", got=target, repair="Name a file in it.")


def check_unopened(target: Path) -> None:
    """Refuse to replace a file that another program is writing to, or that it left half-written.

    SQLite keeps changes beside a GeoPackage, and tells by the name alone whose they are: those
    to the former file would be played into the new one, and make it malformed.

    Raises
    ------
    Conflict
    """
    log, journal = (target.with_name(f"{target.name}-{kind}") for kind in ("wal", "journal"))
    for path, begun in ((log, _size(log) > 0), (journal, _is_begun(journal))):
        if begun:
            raise Conflict(
                "The output is open in another program, which has not finished writing to it.",
                got=path,
                repair="Close it there and run this again, or name another output. If no program "
                f"has it open, one broke off: remove {path.name}.",
            )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _is_begun(journal: Path) -> bool:
    """True for the journal of a change; one that SQLite only keeps for later has an empty head."""
    try:
        with journal.open("rb") as file:
            return any(file.read(_JOURNAL_HEAD))
    except FileNotFoundError:
        return False


def _alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return not _is_zombie(number)


def _is_zombie(number: int) -> bool:
    """True for a process that has ended and that nobody has asked about: it writes no more.

    In a container whose first process does not care for orphans they stay like that.
    """
    try:
        stat = Path(f"/proc/{number}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    # The name before it, in brackets, may hold anything.
    return stat.rpartition(")")[2].split()[:1] == ["Z"]


def sync(path: Path) -> None:
    """Have what was written to a file or folder survive a power cut."""
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
