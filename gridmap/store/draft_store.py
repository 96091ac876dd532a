"""Drafts of plans in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gridmap.planning.log import LogEntry
from gridmap.store import drafts
from gridmap.store.opened import OpenedStore

__all__ = ["DraftStore"]


class DraftStore(OpenedStore):
    """Logs of edits; what they come to is not stored."""

    def add_plan_draft(self, values: Mapping[str, Any], log: Sequence[LogEntry] = ()) -> int:
        """Begin a draft, and return its number; `Conflict` when its name is taken.

        Parameters
        ----------
        values : mapping
            name, edition, content_hash, level, created_by, why, branched_from and
            branched_version.
        log : sequence of LogEntry
            What it begins with, numbered from 1.
        """
        with self._database.write() as connection:
            number = drafts.add_draft(connection, values, log, self._database.clock())
            self._touched(connection, "plan_drafts", "plan_edits")
            return number

    def plan_drafts(self) -> list[dict[str, Any]]:
        """Return all drafts without their logs, the newest first."""
        with self._database.read() as connection:
            return drafts.read_drafts(connection)

    def plan_draft(self, number: int, *, after: int = 0) -> tuple[dict[str, Any], list[LogEntry]]:
        """Return a draft and what was done to it after a version, or raise `NotFound`."""
        with self._database.read() as connection:
            found = drafts.read_draft(connection, number)
            if found["version"] <= after:
                return found, []
            return found, drafts.read_log(connection, number, after=after)

    def append_plan_edit(self, number: int, version: int, entry: LogEntry) -> None:
        """Add to a draft's log; see :func:`gridmap.store.drafts.append`."""
        with self._database.write() as connection:
            drafts.append(connection, number, version, entry)
            self._touched(connection, "plan_drafts", "plan_edits")

    def discard_plan_draft(self, number: int, version: int, by: str, why: str) -> None:
        """Close a draft that was given up; see :func:`gridmap.store.drafts.discard`."""
        with self._database.write() as connection:
            drafts.discard(connection, number, version, by, why, self._database.clock())
            self._touched(connection, "plan_drafts")
