"""The log of a draft: what was done, in order; what is in effect follows from it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gridmap.errors import Conflict, Stale

__all__ = ["LogEntry", "in_effect", "need_version"]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One thing that was done to a draft; never changed.

    Attributes
    ----------
    seq : int
        The draft's version after it.
    at : datetime
        Aware, UTC.
    by, why : str
    action : str
        ``edit``, ``undo`` or ``redo``.
    edit : mapping or None
        Of an edit, as settled; see :func:`gridmap.planning.edits.edit_record`.
    changed : tuple of mapping
        What changed.
    areas : tuple of str
        Codes of the areas above the grids in which something changed.
    """

    seq: int
    at: datetime
    by: str
    action: str
    why: str
    edit: Mapping[str, Any] | None
    changed: tuple[Mapping[str, Any], ...]
    areas: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data, as others are told of it."""
        return {
            "version": self.seq,
            "at": self.at.isoformat(),
            "by": self.by,
            "action": self.action,
            "why": self.why,
            "edit": None if self.edit is None else dict(self.edit),
            "changed": [dict(one) for one in self.changed],
        }


def in_effect(log: Iterable[LogEntry]) -> tuple[list[LogEntry], list[LogEntry]]:
    """Return the edits that are in effect, in order, and those undone, the next to redo last.

    An edit after an undo leaves what was undone in the log, and out of reach.
    """
    done: list[LogEntry] = []
    undone: list[LogEntry] = []
    for entry in log:
        if entry.action == "undo" and done:
            undone.append(done.pop())
        elif entry.action == "redo" and undone:
            done.append(undone.pop())
        elif entry.action == "edit":
            done.append(entry)
            undone.clear()
    return done, undone


def need_version(record: Mapping[str, Any], version: int, log: Sequence[LogEntry]) -> None:
    """Raise `Stale` when a draft has another version, and `Conflict` when it is closed.

    `log` holds at least what was done to it after `version`.
    """
    if record["version"] != version:
        error = Stale(
            "The draft has changed since it was looked at.",
            got=version,
            allowed=record["version"],
            repair="Look at what was changed, and decide anew.",
            version=record["version"],
        )
        error.changes = [one.as_dict() for one in log if one.seq > version]
        raise error
    if record["state"] != "open":
        raise Conflict(
            f"The draft is {record['state']}, and is not changed any more.",
            got=record["name"],
            repair="Branch from it, or begin a new one.",
        )
