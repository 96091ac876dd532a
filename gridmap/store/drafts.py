"""Drafts and their logs: begun, added to at a version, read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gridmap.errors import Conflict, NotFound
from gridmap.planning.log import LogEntry, need_version
from gridmap.store.rows import insert_rows
from gridmap.store.schema_drafts import plan_drafts, plan_edits

__all__ = [
    "DraftClosing",
    "add_draft",
    "append",
    "discard",
    "mark_published",
    "read_draft",
    "read_drafts",
    "read_log",
]


@dataclass(frozen=True, slots=True)
class DraftClosing:
    """A draft that is closed.

    Attributes
    ----------
    number, version : int
        Which one, and the version that an edition was published of.
    replaced_why : str or None
        Why that replaces another edition than the draft began with.
    """

    number: int
    version: int
    replaced_why: str | None = None


def add_draft(
    connection: Connection, values: Mapping[str, Any], log: Sequence[LogEntry], now: datetime
) -> int:
    """Begin a draft, with the log of the one that it branches from, and return its number.

    Raises
    ------
    Conflict
        When there is a draft of that name.
    """
    taken = select(plan_drafts.c.id).where(plan_drafts.c.name == values["name"])
    if connection.execute(taken).one_or_none() is not None:
        raise Conflict(
            "There is a draft of that name already.",
            got=values["name"],
            repair="Choose another name.",
        )
    row = {**values, "version": len(log), "state": "open", "created_at": now}
    done = connection.execute(insert(plan_drafts).values(row))
    assert done.inserted_primary_key is not None
    number = int(done.inserted_primary_key[0])
    insert_rows(connection, plan_edits, [_row(number, entry) for entry in log])
    return number


def append(connection: Connection, number: int, version: int, entry: LogEntry) -> None:
    """Add to the log of a draft that still has a version.

    Raises
    ------
    NotFound
    Stale
        When somebody added to it meanwhile, with what they did.
    Conflict
        When it is published or discarded.
    """
    _need_open(connection, number, version)
    insert_rows(connection, plan_edits, [_row(number, entry)])
    _set(connection, number, version=entry.seq)


def mark_published(connection: Connection, closing: DraftClosing, edition: str) -> None:
    """Close a draft, in the transaction that publishes the edition that was written from it.

    Raises
    ------
    NotFound, Stale, Conflict
        As :func:`append`: what was done meanwhile is not in the edition.
    """
    number, version = closing.number, closing.version
    _need_open(connection, number, version)
    values = {"state": "published", "published_as": edition, "published_version": version}
    _set(connection, number, **values, replaced_why=closing.replaced_why)


def discard(
    connection: Connection, number: int, version: int, by: str, why: str, now: datetime
) -> None:
    """Close a draft that was given up; its log stays.

    Raises
    ------
    NotFound, Stale, Conflict
        As :func:`append`.
    """
    _need_open(connection, number, version)
    _set(connection, number, discarded_at=now, discarded_by=by, discarded_why=why)


def read_draft(connection: Connection, number: int) -> dict[str, Any]:
    """Return a draft without its log, or raise `NotFound`."""
    query = select(plan_drafts).where(plan_drafts.c.id == number)
    row = connection.execute(query).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such draft.", got=number, repair="See /api/drafts.")
    return _record(row)


def read_drafts(connection: Connection) -> list[dict[str, Any]]:
    """Return all drafts without their logs, the newest first."""
    query = select(plan_drafts).order_by(plan_drafts.c.id.desc())
    found = connection.execute(query).mappings()
    return [_record(row) for row in found]


def read_log(connection: Connection, number: int, *, after: int = 0) -> list[LogEntry]:
    """Return what was done to a draft after a version, in order."""
    query = (
        select(plan_edits)
        .where(plan_edits.c.draft_id == number, plan_edits.c.seq > after)
        .order_by(plan_edits.c.seq)
    )
    return [
        LogEntry(
            seq=row["seq"],
            at=row["at"],
            by=row["by"],
            action=row["action"],
            why=row["why"],
            edit=row["edit"],
            changed=tuple(row["changed"]),
            areas=tuple(row["areas"]),
        )
        for row in connection.execute(query).mappings()
    ]


def _need_open(connection: Connection, number: int, version: int) -> None:
    """Hold a draft for this transaction; raise unless it is open and has that version."""
    query = select(plan_drafts).where(plan_drafts.c.id == number).with_for_update()
    row = connection.execute(query).mappings().one_or_none()
    record = read_draft(connection, number) if row is None else _record(row)
    stale = record["version"] != version
    need_version(record, version, read_log(connection, number, after=version) if stale else ())


def _record(row: Mapping[Any, Any]) -> dict[str, Any]:
    out = {str(name): value for name, value in row.items()}
    return out if out["discarded_at"] is None else out | {"state": "discarded"}


def _set(connection: Connection, number: int, **values: Any) -> None:
    connection.execute(update(plan_drafts).where(plan_drafts.c.id == number).values(**values))


def _row(number: int, entry: LogEntry) -> dict[str, Any]:
    return {
        "draft_id": number,
        "seq": entry.seq,
        "at": entry.at,
        "by": entry.by,
        "action": entry.action,
        "why": entry.why,
        "edit": None if entry.edit is None else dict(entry.edit),
        "changed": [dict(one) for one in entry.changed],
        "areas": list(entry.areas),
    }
