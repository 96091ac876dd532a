"""Where a run writes until it is complete, so that a later one can go on where it stopped.

Beside the output there is a hidden folder with the rows written so far, the rows rejected so far
and, every few seconds, a journal that says how far both are good and all that the summary counted.
It is removed when the output is complete; when a run breaks off it stays, if there is a journal.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from gridmap.bulk.safe_output import (
    LOCK,
    PendingFile,
    check_folder,
    check_unopened,
    disk_errors,
    left_over,
    remove,
    sync,
    written_by_another,
)
from gridmap.errors import Conflict

__all__ = ["INTERVAL_S", "Journal", "KeptRun"]

# What is lost at most when a run is killed; writing a journal takes some milliseconds.
INTERVAL_S = 5.0

_JOURNAL = "journal.json"
_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Journal:
    """How far a run came.

    Attributes
    ----------
    identity : dict of str to str
        What the answers depend on, in words: a run that differs in one may not go on.
    state : dict
        What the rooms of the run need to go on, as JSON has it.
    """

    identity: dict[str, str]
    state: dict[str, Any]


class KeptRun:
    """The folder of one run; a context manager that holds it against other processes.

    Parameters
    ----------
    target : Path
        The output. Its folder must exist and be writable.
    resume : bool
        Take over what a run that broke off has left; without, that is removed.
    every_s : float
        Seconds between journals.

    Attributes
    ----------
    target : Path
        Links followed, so that a link to the output stays one.
    journal : Journal or None
        Of the run that is gone on with; None when this one begins anew.
    """

    def __init__(self, target: Path, *, resume: bool, every_s: float = INTERVAL_S) -> None:
        self.target = target.resolve()
        self.folder = self.target.with_name(f".{self.target.name}.{os.getpid()}.part")
        self.journal: Journal | None = None
        self._resume = resume
        self._every_s = every_s
        self._lock: IO[bytes] | None = None
        # The folder that the lock is in: another than `folder` until it has that name.
        self._held: Path | None = None
        self._next = 0.0
        self._noted = False
        self._fits = False

    @property
    def rows(self) -> Path:
        """Where the rows are written: the target's ending, for GDAL looks at it."""
        return self.folder / f"rows{''.join(self.target.suffixes[-2:])}"

    @property
    def rejects(self) -> Path:
        """Where rejected rows are written."""
        return self.folder / "rejects.csv"

    def __enter__(self) -> KeptRun:
        check_folder(self.target)
        try:
            with disk_errors(self.target):
                self._begin()
        except BaseException as error:
            self.__exit__(type(error), error, None)
            raise
        self._next = time.monotonic() + self._every_s
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if self._held is None:
                return
            if error is None or not self.resumable:
                remove(self._held)
            elif self._fits or not isinstance(error, Conflict):
                error.add_note(
                    "What was done so far is kept beside the output: go on with --resume, or run"
                    " it again without to begin anew."
                )
        finally:
            if self._lock is not None:
                self._lock.close()

    @property
    def resumable(self) -> bool:
        """True when there is a journal to go on from."""
        return self._noted or self.journal is not None

    @property
    def due(self) -> bool:
        """True when it is time for a journal."""
        return time.monotonic() >= self._next

    def note(self, journal: Journal) -> None:
        """Write the journal; what it speaks of must be durable already."""
        record = {"format": _FORMAT, "identity": journal.identity, "state": journal.state}
        part = self.folder / f"{_JOURNAL}.part"
        with disk_errors(self.target):
            part.write_text(json.dumps(record, ensure_ascii=False), encoding="utf-8")
            sync(part)
            part.replace(self.folder / _JOURNAL)
            sync(self.folder)
        self._noted = True
        self._next = time.monotonic() + self._every_s

    def check(self, identity: Mapping[str, str]) -> None:
        """Refuse to go on when anything that the answers depend on is another now.

        Raises
        ------
        Conflict
            Names everything that changed. What was kept stays.
        """
        if self.journal is None:
            self._fits = True
            return
        was = self.journal.identity
        changed = [
            f"{name}: {identity.get(name, 'none')} (was {was.get(name, 'none')})"
            for name in dict.fromkeys([*was, *identity])
            if was.get(name) != identity.get(name)
        ]
        if changed:
            raise Conflict(
                "The run cannot go on: its rows would not fit those that are there.",
                got=changed,
                repair="Make it as it was, or run it again without --resume to begin anew.",
            )
        self._fits = True

    def commit(self, rejects: Path | None) -> None:
        """Give the written files their names, replacing what was there.

        Parameters
        ----------
        rejects : Path or None
            Name of the file of rejected rows; None when there are none.
        """
        with ExitStack() as stack, disk_errors(self.target):
            placing = None if rejects is None else self._placing(rejects, stack)
            sync(self.rows)
            check_unopened(self.target)
            self.rows.replace(self.target)
            if placing is not None:
                placing()
            sync(self.target.parent)

    # -- inside ---------------------------------------------------------------------

    def _placing(self, rejects: Path, stack: ExitStack) -> Callable[[], object]:
        """Make the rejected rows durable where only their name is missing; return what gives it.

        That is on another disk where the output is a link to one, and may fail.
        """
        if rejects.parent.resolve() == self.target.parent:
            sync(self.rejects)
            return partial(self.rejects.replace, rejects)
        pending = stack.enter_context(PendingFile(rejects))
        shutil.copyfile(self.rejects, pending.path)
        sync(pending.path)
        return pending.commit

    def _begin(self) -> None:
        check_unopened(self.target)
        if written_by_another(self.target):
            raise self._going_on()
        left = left_over(self.target)
        taken = self._best(left) if self._resume else None
        for path in left:
            if path != taken:
                remove(path)
        self._take(taken)
        # The write is tried now, not after an hour of reading.
        self.rows.touch()

    def _best(self, left: list[Path]) -> Path | None:
        """Of the folders left behind the one that came furthest."""
        found = [(one.state["rows"], path) for path in left if (one := _read(path)) is not None]
        return max(found)[1] if found else None

    def _take(self, taken: Path | None) -> None:
        """Hold the folder taken over, or a new one."""
        folder = taken
        if folder is None:
            # Nobody sees it before it is held; its name is nobody else's, for in another
            # container a process may have the same number.
            token = secrets.token_hex(4)
            folder = self.target.with_name(f".{self.target.name}.{os.getpid()}.{token}.new")
            folder.mkdir()
        try:
            self._hold(folder)
            if taken is not None:
                self.journal = _read(taken)
            self._held = folder.replace(self.folder)
        except OSError as error:
            # One that began in the same moment has swept this folder, or has its name.
            if error.errno not in {errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST}:
                raise
            raise self._going_on() from None

    def _hold(self, folder: Path) -> None:
        self._lock = (folder / LOCK).open("wb")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                "Another process goes on with this run already.", got=self.target
            ) from None
        self._held = folder

    def _going_on(self) -> Conflict:
        return Conflict(
            "A run that writes this output is still going on.",
            got=self.target,
            repair="Wait until it is done, or name another output.",
        )


def _read(folder: Path) -> Journal | None:
    """Return the journal of a folder; None when there is none that this version reads."""
    try:
        record = json.loads((folder / _JOURNAL).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    if record.get("format") != _FORMAT or not any(folder.glob("rows.*")):
        return None
    return Journal(record["identity"], record["state"])
