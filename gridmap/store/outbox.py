"""What programs and people are told, written in the transaction of what they are told of."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, insert, select, text, update

from gridmap.cases.ladder import Job
from gridmap.cases.notices import AudienceKind, Notice
from gridmap.cases.outcome import Message, wants
from gridmap.errors import Conflict, NotFound
from gridmap.store.columns import json_value
from gridmap.store.ids import reserve_ids
from gridmap.store.jobs import add_jobs
from gridmap.store.rows import insert_rows
from gridmap.store.schema_cases import notice_reads, notices, outbox, webhooks
from gridmap.store.schema_within import notice_areas
from gridmap.store.within import note_notices, numbers_with

__all__ = [
    "Meant",
    "add_webhook",
    "last_message",
    "mark_read",
    "message",
    "messages_after",
    "notices_after",
    "notices_for",
    "one_notice",
    "read_webhooks",
    "set_webhook",
    "tell",
]

# Whoever writes here waits for whoever wrote before: readers go by the numbers of the rows,
# and a number that appears after a later one would never be read.
_LOCK = 0x6F7574


def tell(
    connection: Connection,
    messages: Sequence[Message],
    told: Sequence[tuple[Notice, Mapping[str, str]]],
    now: datetime,
) -> None:
    """Write messages and notices; to be called last in a transaction.

    Every active webhook that wants a message gets a job that delivers it.
    """
    if not messages and not told:
        return
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    insert_rows(connection, outbox, [_message_row(one) for one in messages])
    _tell_people(connection, told, now)
    hooks = connection.execute(select(webhooks).where(webhooks.c.active)).all()
    add_jobs(
        connection,
        [
            _delivery(hook.id, one.id, now)
            for hook in hooks
            for one in messages
            if wants(hook.types, one.type)
        ],
    )


def _tell_people(
    connection: Connection, told: Sequence[tuple[Notice, Mapping[str, str]]], now: datetime
) -> None:
    if not told:
        return
    ids = reserve_ids(connection, notices, len(told))
    rows = [
        {"id": key} | _notice_row(one, areas, now)
        for key, (one, areas) in zip(ids, told, strict=True)
    ]
    insert_rows(connection, notices, rows)
    # Who holds a role in some areas alone finds what lies there; other audiences have no place.
    lying = (
        (key, one.audience.name, areas)
        for key, (one, areas) in zip(ids, told, strict=True)
        if one.audience.kind is AudienceKind.ROLE
    )
    note_notices(connection, lying)


def _delivery(hook: int, event_id: str, now: datetime) -> Job:
    payload = {"webhook": hook, "event": event_id}
    return Job("webhook", f"webhook:{hook}:{event_id}", now, None, payload)


def _message_row(one: Message) -> dict[str, Any]:
    number = one.data.get("number")
    return {"event_id": one.id, "type": one.type, "at": one.at, "number": number, "data": one.data}


def _notice_row(one: Notice, areas: Mapping[str, str], now: datetime) -> dict[str, Any]:
    return {
        "at": one.at or now,
        "kind": one.kind.value,
        "audience_kind": one.audience.kind.value,
        "audience": one.audience.name,
        "number": one.number,
        "areas": dict(areas),
        "params": one.params,
    }


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}


def messages_after(connection: Connection, seq: int, *, limit: int) -> list[dict[str, Any]]:
    """Return messages with a higher number, in order."""
    query = select(outbox).where(outbox.c.id > seq).order_by(outbox.c.id).limit(limit)
    return [_plain(row) for row in connection.execute(query).mappings()]


def last_message(connection: Connection) -> int:
    """Return the number of the last message; 0 when there is none."""
    query = select(outbox.c.id).order_by(outbox.c.id.desc()).limit(1)
    return int(connection.execute(query).scalar() or 0)


def message(connection: Connection, event_id: str) -> dict[str, Any]:
    """Return one message by its id."""
    query = select(outbox).where(outbox.c.event_id == event_id)
    return _plain(connection.execute(query).mappings().one())


def read_webhooks(connection: Connection) -> list[dict[str, Any]]:
    """Return where messages go, in the order in which they were added."""
    query = select(webhooks).order_by(webhooks.c.id)
    return [_plain(row) for row in connection.execute(query).mappings()]


def add_webhook(
    connection: Connection, name: str, url: str, types: Sequence[str], by: str, now: datetime
) -> dict[str, Any]:
    """Add a place to tell of what happens from now on."""
    known = select(webhooks.c.id).where(webhooks.c.name == name)
    if connection.execute(known).scalar() is not None:
        raise Conflict(
            "There is a webhook of that name.", got=name, repair="Choose another, or remove it."
        )
    row = {
        "name": name,
        "url": url,
        "types": list(types),
        "active": True,
        "salt": secrets.token_hex(16),
        "created_at": now,
        "created_by": by,
    }
    connection.execute(insert(webhooks).values(**row))
    return next(one for one in read_webhooks(connection) if one["name"] == name)


def set_webhook(connection: Connection, name: str, **values: Any) -> dict[str, Any]:
    """Change a webhook; a new `salt` gives it a new secret. `NotFound` when there is none."""
    done = connection.execute(update(webhooks).where(webhooks.c.name == name).values(**values))
    if not done.rowcount:
        raise NotFound("There is no such webhook.", got=name, repair="See `gridmap webhooks list`.")
    return next(one for one in read_webhooks(connection) if one["name"] == name)


@dataclass(frozen=True, slots=True)
class Meant:
    """By what somebody is meant.

    Attributes
    ----------
    kind, name : str
        As a notice names its audience.
    area : (level, code) or None
        Only of what lies there; None for all.
    departments : frozenset of str
        Only of orders that one of these has a share in now; none for all.
    kinds : frozenset of str or None
        Only by notices of these kinds; None for all.
    """

    kind: str
    name: str
    area: tuple[str, str] | None = None
    departments: frozenset[str] = frozenset()
    kinds: frozenset[str] | None = None


def notices_for(
    connection: Connection,
    meant: Collection[Meant],
    reader: str,
    *,
    unread: bool,
    limit: int,
    before: int | None = None,
) -> list[dict[str, Any]]:
    """Return notices for whom any of `meant` means, the newest first.

    Each audience is asked for its newest by itself: the index holds them in that order, and
    those of all together would have to be sorted. Their numbers are found before anything else
    is read: joined at once, PostgreSQL may read every notice to show a hundred.
    """
    found: dict[int, dict[str, Any]] = {}
    for one in meant:
        newest = _newest(one, reader, unread=unread, limit=limit, before=before).subquery()
        own = and_(notice_reads.c.notice_id == notices.c.id, notice_reads.c.reader == reader)
        query = select(notices, notice_reads.c.at.label("read_at")).select_from(
            newest.join(notices, notices.c.id == newest.c.key).outerjoin(notice_reads, own)
        )
        found |= {row["id"]: _plain(row) for row in connection.execute(query).mappings()}
    return [found[key] for key in sorted(found, reverse=True)[:limit]]


def _newest(
    meant: Meant, reader: str, *, unread: bool, limit: int, before: int | None
) -> Select[Any]:
    """Return a query for the numbers (``key``) of the newest notices that mean somebody."""
    narrow = meant.kind != AudienceKind.ROLE.value or meant.departments or meant.kinds
    if meant.area is not None and not narrow:
        key, there = notice_areas.c.notice_id, notice_areas.c
        query = select(key.label("key")).where(
            there.role == meant.name, there.level == meant.area[0], there.code == meant.area[1]
        )
    else:
        key = notices.c.id
        query = select(key.label("key")).where(*_narrowed(meant))
    if unread:
        known = select(notice_reads.c.id).where(
            notice_reads.c.notice_id == key, notice_reads.c.reader == reader
        )
        query = query.where(~known.exists())
    if before is not None:
        query = query.where(key < before)
    return query.order_by(key.desc()).limit(limit)


def _narrowed(meant: Meant) -> Iterator[ColumnElement[bool]]:
    """Yield what is true of the notices that mean somebody, asked of each from the newest on."""
    yield notices.c.audience_kind == meant.kind
    yield notices.c.audience == meant.name
    if meant.area is not None:
        level, code = meant.area
        yield json_value(notices.c.areas, level) == code
    if meant.departments:
        yield notices.c.number.in_(numbers_with(meant.departments))
    if meant.kinds is not None:
        yield notices.c.kind.in_(sorted(meant.kinds))


def mark_read(connection: Connection, ids: Sequence[int], reader: str, now: datetime) -> int:
    """Note that somebody has read notices; return how many they had not."""
    done = select(notice_reads.c.notice_id).where(
        notice_reads.c.reader == reader, notice_reads.c.notice_id.in_(list(ids))
    )
    known = set(connection.execute(done).scalars())
    new = [one for one in dict.fromkeys(ids) if one not in known]
    if new:
        rows = [{"notice_id": one, "reader": reader, "at": now} for one in new]
        connection.execute(insert(notice_reads), rows)
    return len(new)


def notices_after(connection: Connection, seq: int, *, limit: int) -> list[dict[str, Any]]:
    """Return notices with a higher number, in order."""
    query = select(notices).where(notices.c.id > seq).order_by(notices.c.id).limit(limit)
    return [_plain(row) for row in connection.execute(query).mappings()]


def one_notice(connection: Connection, notice_id: int) -> dict[str, Any]:
    """Return one notice."""
    query = select(notices).where(notices.c.id == notice_id)
    return _plain(connection.execute(query).mappings().one())
