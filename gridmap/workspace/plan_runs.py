"""Suggestions under way and done: worked on one after another, told of and stopped by anybody.

What is known of each is a few small files in the site's cache: every process of a server reads
them, whichever works on it. A process renews the heartbeat of those that it has in hand, however
long they take. One whose process is gone, or on another host has missed its heartbeats, is told as
lost; it depends on nothing but its question, so asking again brings the same plans.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from gridmap.errors import Conflict, GridmapError, NotFound, StoreUnusable
from gridmap.store.leases import is_alive, own_name

__all__ = ["BEAT_S", "MISSED", "MOST_WAITING", "PlanRuns", "Work"]

Progress = Callable[[int, int | None], None]
Work = Callable[[Progress, Callable[[], bool]], dict[str, Any]]

# Suggestions that wait for the one under way, and those that are kept.
MOST_WAITING = 8
MOST_KEPT = 40
_TOLD_EVERY_S = 0.2
# Seconds between two heartbeats, and how many a process of another host may miss: a step of the
# optimiser can hold up everything else in its process for a while.
BEAT_S = 20.0
MISSED = 9
log = logging.getLogger("gridmap.plans")

_OVER = ("done", "stopped", "failed")


class PlanRuns:
    """The suggestions of one store.

    Parameters
    ----------
    folder : Path
        Made when the first one is asked for.
    clock : callable
    beat_s : float
        Seconds between two heartbeats.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], datetime], *, beat_s: float = BEAT_S
    ) -> None:
        self._folder, self._clock, self._beat_s = folder, clock, beat_s
        self._lock = threading.Lock()
        self._crew: ThreadPoolExecutor | None = None
        self._closing = threading.Event()
        self._futures: dict[int, Any] = {}
        self._heart: threading.Thread | None = None

    def start(self, about: Mapping[str, Any], work: Work) -> int:
        """Begin a suggestion, or let it wait for those before it; return its number.

        Raises
        ------
        Conflict
            When too many wait already.
        """
        with self._lock:
            waiting = sum(not future.done() for future in self._futures.values())
            if waiting >= MOST_WAITING:
                raise Conflict(
                    "Too many suggestions wait to be worked on.",
                    got=waiting,
                    allowed=MOST_WAITING,
                    repair="Wait for them, or stop one: DELETE /api/suggestions/{number}.",
                )
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
                self._drop_old()
                number = self._new_number()
            except OSError as error:
                raise StoreUnusable(
                    "Suggestions are kept in a folder that cannot be written.",
                    got=f"{self._folder}: {error.strerror}",
                    repair="Let GRIDMAP_CACHE name a folder that can be written.",
                ) from error
            record = {"id": number, **about, "owner": own_name(), "state": "waiting"}
            record |= {"began_at": self._clock().isoformat(), "done": 0, "of": None, "error": None}
            self._write(number, record)
            if self._crew is None:
                self._crew = ThreadPoolExecutor(1, thread_name_prefix="gridmap-plans")
                self._heart = threading.Thread(
                    target=self._go_on_beating, name="gridmap-plans-heart", daemon=True
                )
                self._heart.start()
            self._futures = {n: f for n, f in self._futures.items() if not f.done()}
            self._futures[number] = self._crew.submit(self._run, number, record, work)
        return number

    def wait(self, number: int, seconds: float) -> None:
        """Wait for a suggestion of this process, at most so long."""
        future = self._futures.get(number)
        if future is not None and seconds > 0:
            wait([future], seconds)

    def told(self, number: int) -> dict[str, Any]:
        """Return what is known of a suggestion, or raise `NotFound`.

        ``state`` is ``waiting``, ``running``, ``done``, ``stopped``, ``failed``, or ``lost``.
        """
        try:
            record: dict[str, Any] = orjson.loads(self._path(number).read_bytes())
        except (FileNotFoundError, orjson.JSONDecodeError):
            raise NotFound(
                "There is no such suggestion, or no longer.",
                got=number,
                allowed=self._numbers()[-10:] or "none yet",
                repair="Ask for it again: POST /api/suggestions.",
            ) from None
        owner = record.pop("owner")
        if record["state"] not in _OVER:
            heard = self._heard(number) or datetime.fromisoformat(record["began_at"])
            patience = timedelta(seconds=MISSED * BEAT_S)
            if not is_alive(owner, heard, self._clock(), patience):
                record["state"] = "lost"
        return record

    def beat(self) -> None:
        """Say that this process still has in hand what it took; a thread does so regularly."""
        with self._lock:
            numbers = [n for n, future in self._futures.items() if not future.done()]
        for number in numbers:
            self._put(self._path(number, "beat"), {"at": self._clock().isoformat()})

    def all_told(self) -> list[dict[str, Any]]:
        """Return what is known of each suggestion, the newest first."""
        found = []
        for number in reversed(self._numbers()):
            try:
                found.append(self.told(number))
            except NotFound:
                # Dropped by another process since the folder was listed.
                continue
        return found

    def result(self, number: int) -> dict[str, Any]:
        """Return what a suggestion came to; `Conflict` when it has not, or never will."""
        record = self.told(number)
        if record["state"] != "done":
            raise Conflict(
                "The suggestion has no plans.",
                got=record["state"],
                allowed="done",
                repair="Wait for it, or ask again.",
            )
        found: dict[str, Any] = orjson.loads(self._path(number, "plans").read_bytes())
        return found

    def stop(self, number: int) -> dict[str, Any]:
        """Stop a suggestion that waits or is under way; one that is over stays as it is."""
        record = self.told(number)
        if record["state"] in ("waiting", "running"):
            self._path(number, "stop").touch()
            future = self._futures.get(number)
            if future is not None and future.cancel():
                self._write(number, {**record, "owner": own_name(), "state": "stopped"})
        return self.told(number)

    def close(self) -> None:
        """Stop what this process is working on, and wait for it."""
        self._closing.set()
        if self._crew is not None:
            self._crew.shutdown(cancel_futures=True)
        if self._heart is not None:
            self._heart.join()

    # -- inside ---------------------------------------------------------------------

    def _go_on_beating(self) -> None:
        while not self._closing.wait(self._beat_s):
            try:
                self.beat()
            except OSError:
                # The disk may be full for a while; a missed heartbeat is no lost suggestion.
                log.warning("the heartbeat of suggestions could not be written", exc_info=True)

    def _heard(self, number: int) -> datetime | None:
        """Return when the process of a suggestion was last heard of; None before its first."""
        try:
            record = orjson.loads(self._path(number, "beat").read_bytes())
        except FileNotFoundError:
            return None
        return datetime.fromisoformat(record["at"])

    def _run(self, number: int, record: dict[str, Any], work: Work) -> None:
        told = 0.0

        def progress(done: int, of: int | None) -> None:
            nonlocal told
            record.update(done=done, of=of)
            if time.monotonic() - told >= _TOLD_EVERY_S:
                told = time.monotonic()
                self._write(number, record)

        def stop() -> bool:
            return self._closing.is_set() or self._path(number, "stop").exists()

        record["state"] = "running"
        self._write(number, record)
        try:
            if stop():
                record["state"] = "stopped"
            else:
                found = work(progress, stop)
                self._put(self._path(number, "plans"), found)
                record["state"] = "done"
        except GridmapError as error:
            stopped = stop()
            record.update(state="stopped" if stopped else "failed")
            if not stopped:
                record["error"] = str(error)
        except BaseException:
            # A fault of the program: whoever waits is told, and the log has the rest.
            record.update(state="failed", error="An internal error; the log of the service has it.")
            log.exception("suggestion %d failed", number)
            raise
        finally:
            self._write(number, record)

    def _new_number(self) -> int:
        number = max(self._numbers(), default=0) + 1
        while True:
            try:
                self._path(number).open("x").close()
            except FileExistsError:
                number += 1
            else:
                return number

    def _drop_old(self) -> None:
        for number in self._numbers()[:-MOST_KEPT]:
            for kind in ("", "plans", "stop", "beat"):
                self._path(number, kind).unlink(missing_ok=True)

    def _numbers(self) -> list[int]:
        names = (path.name.split(".") for path in self._folder.glob("*.json"))
        return sorted(int(name[0]) for name in names if len(name) == 2 and name[0].isdecimal())

    def _path(self, number: int, kind: str = "") -> Path:
        return self._folder / (f"{number}.{kind}.json" if kind else f"{number}.json")

    def _write(self, number: int, record: Mapping[str, Any]) -> None:
        self._put(self._path(number), record)

    def _put(self, path: Path, record: Mapping[str, Any]) -> None:
        """Write a file as a whole: who reads it meanwhile has the former one."""
        fresh = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}.new")
        fresh.write_bytes(orjson.dumps(record, option=orjson.OPT_SERIALIZE_NUMPY))
        fresh.replace(path)
