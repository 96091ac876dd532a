"""Whom reports name, sealed; who has read it; and its end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from gridmap.personal import PERSONAL_FIELDS
from gridmap.store.schema import reports
from gridmap.store.schema_accounts import personal_reads, report_people, report_senders
from gridmap.store.schema_photos import photos

__all__ = [
    "add_person",
    "anonymise",
    "log_read",
    "old_people",
    "read_person",
    "reads_of",
    "reseal",
    "sealed_with",
]

Sealed = Mapping[str, str | None]


def add_person(
    connection: Connection, report_id: int, sealed: Sealed, *, key: str, now: datetime
) -> None:
    """Write whom a report names, sealed with the key of that id."""
    row = {"report_id": report_id, "sealed_with": key, "created_at": now, **sealed}
    connection.execute(insert(report_people).values(row))


def read_person(connection: Connection, report_id: int) -> dict[str, Any] | None:
    """Return the sealed fields of a report and when they were anonymised; None without any."""
    query = select(report_people).where(report_people.c.report_id == report_id)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    own = {name: getattr(row, name) for name in PERSONAL_FIELDS}
    return own | {"anonymised_at": row.anonymised_at}


def log_read(
    connection: Connection, report_id: int, *, by: str, roles: str, why: str, now: datetime
) -> None:
    """Note who read whom a report names, when and why."""
    row = {"report_id": report_id, "read_by": by, "roles": roles, "why": why, "read_at": now}
    connection.execute(insert(personal_reads).values(row))


def reads_of(
    connection: Connection, report_id: int | None, *, limit: int, offset: int
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many readings there were, of one report or of all, and a page, newest first."""
    own = [] if report_id is None else [personal_reads.c.report_id == report_id]
    total = connection.execute(select(func.count()).select_from(personal_reads).where(*own))
    columns = [c for c in personal_reads.c if c.name != "id"]
    query = select(*columns).where(*own).order_by(personal_reads.c.id.desc())
    page = connection.execute(query.limit(limit).offset(offset)).mappings()
    return int(total.scalar_one()), [{str(k): v for k, v in row.items()} for row in page]


def old_people(
    connection: Connection, before: datetime, *, after: int, limit: int
) -> list[tuple[int, str | None, bool]]:
    """Return reports closed before then that still say something: number, text, names somebody.

    In the order of their numbers, at most `limit` with a number above `after`.
    """
    named = (report_people.c.id.is_not(None)) & (report_people.c.anonymised_at.is_(None))
    # Who was signed in is known by name too.
    sent = (report_senders.c.report_id == reports.c.id) & report_senders.c.account_id.is_not(None)
    known = select(report_senders.c.id).where(sent).exists()
    pictured = select(photos.c.id).where(photos.c.report_id == reports.c.id).exists()
    query = (
        select(reports.c.id, reports.c.text, or_(named, known))
        .outerjoin(report_people, report_people.c.report_id == reports.c.id)
        .where(reports.c.closed_at < before, reports.c.id > after)
        .where(or_(named, known, reports.c.text.is_not(None), pictured))
        .order_by(reports.c.id)
        .limit(limit)
    )
    return [(row[0], row[1], bool(row[2])) for row in connection.execute(query)]


def anonymise(
    connection: Connection, numbers: Sequence[int], texts: Mapping[int, str], now: datetime
) -> None:
    """Empty the sealed fields of reports, and write texts from which numbers were taken.

    Nobody follows them any more: who sent them is forgotten.
    """
    for number in numbers:
        own = report_people.c.report_id == number
        emptied = dict.fromkeys(PERSONAL_FIELDS)
        values = {**emptied, "anonymised_at": now}
        connection.execute(update(report_people).where(own).values(values))
        connection.execute(delete(report_senders).where(report_senders.c.report_id == number))
    for number, text in texts.items():
        connection.execute(update(reports).where(reports.c.id == number).values(text=text))


def sealed_with(connection: Connection) -> dict[str, int]:
    """Return how many reports' people are sealed with each key; anonymised ones left out."""
    query = (
        select(report_people.c.sealed_with, func.count())
        .where(report_people.c.anonymised_at.is_(None))
        .group_by(report_people.c.sealed_with)
    )
    return {str(key): int(n) for key, n in connection.execute(query)}


def reseal(
    connection: Connection,
    key: str,
    change: Callable[[int, Sealed], Sealed],
    *,
    limit: int,
) -> int:
    """Seal anew what another key sealed, at most `limit` reports; return how many."""
    query = (
        select(report_people)
        .where(report_people.c.sealed_with != key, report_people.c.anonymised_at.is_(None))
        .order_by(report_people.c.id)
        .limit(limit)
        .with_for_update()
    )
    found = connection.execute(query).all()
    for row in found:
        sealed = change(row.report_id, {name: getattr(row, name) for name in PERSONAL_FIELDS})
        values = {**sealed, "sealed_with": key}
        connection.execute(update(report_people).where(report_people.c.id == row.id).values(values))
    return len(found)
