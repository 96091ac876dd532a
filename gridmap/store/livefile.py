"""Guarding an open GeoPackage against its own process.

SQLite's locks belong to the process, and POSIX drops them all when the process closes *any*
descriptor of the file: one ``geopandas.read_file`` on the open store is enough, for GDAL
brings an SQLite of its own. Whoever closes the store next then takes itself for the last
user and removes the write-ahead log; what we write after that goes into a file without a
name. So every transaction first looks whether the log is the one that our connections have
open, and has them all replaced when it is not.
See https://www.sqlite.org/howtocorrupt.html, section 2.2.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine, event

from gridmap.errors import StoreBusy, StoreError

__all__ = ["LiveFile", "live_file"]

LogId = tuple[int, int]

_files: dict[str, LiveFile] = {}
_files_lock = threading.Lock()


def live_file(path: Path) -> LiveFile:
    """Return the guard of `path`, the same one for every store of this process."""
    key = os.path.realpath(path)
    with _files_lock:
        return _files.setdefault(key, LiveFile(key))


class LiveFile:
    """One SQLite file and all connections that this process has to it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._engines: WeakSet[Engine] = WeakSet()
        self._open: set[int] = set()
        self._log: LogId | None = None
        self._users = 0
        self._changed = threading.Condition()

    def watch(self, engine: Engine) -> None:
        """Follow the connections of `engine`; its connect event must have read the file."""
        self._engines.add(engine)
        event.listen(engine, "connect", self._connected)
        event.listen(engine, "close", self._closed)
        event.listen(engine, "close_detached", self._closed)

    def _connected(self, connection: Any, _record: Any) -> None:
        with self._changed:
            self._open.add(id(connection))
            # The first to open decides; a file that had no log so far may have one now.
            if len(self._open) == 1 or self._log is None:
                self._log = self._log_now()

    def _closed(self, connection: Any, *_: Any) -> None:
        with self._changed:
            self._open.discard(id(connection))
            if not self._open:
                self._log = None

    @contextmanager
    def transaction(self, *, writing: bool, timeout_s: float) -> Iterator[None]:
        """Hold while a transaction runs; connections to a log that is gone are replaced first.

        Raises
        ------
        StoreError
            When the log went away while the block was writing.
        """
        self._enter(time.monotonic() + timeout_s)
        try:
            yield
            if writing and self._is_stale():
                raise StoreError(
                    "The store's log was removed while it was written to; the change may be lost.",
                    got=self.path,
                    repair="Look whether it is there, and do it again if not. Do not open the "
                    "store's file with other libraries in a program that writes to it.",
                )
        finally:
            with self._changed:
                self._users -= 1
                self._changed.notify_all()

    def _enter(self, deadline: float) -> None:
        with self._changed:
            # A stale connection anywhere in the process would hand its stale index of the log
            # to a new one, so all have to go at once: wait until none is in use.
            while self._is_stale() and self._users:
                if not self._changed.wait(timeout=max(0.0, deadline - time.monotonic())):
                    raise StoreBusy("The store is being opened anew.", got=self.path)
            if self._is_stale():
                for engine in self._engines:
                    engine.dispose()
            self._users += 1

    def _is_stale(self) -> bool:
        return self._log is not None and self._log != self._log_now()

    def _log_now(self) -> LogId | None:
        try:
            stat = os.stat(f"{self.path}-wal")
        except FileNotFoundError:
            return None
        return stat.st_dev, stat.st_ino
