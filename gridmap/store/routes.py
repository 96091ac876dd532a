"""Routes of reports: written with the report, read with it, found again by a client's key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    bindparam,
    func,
    insert,
    select,
    text,
    update,
)

from gridmap.errors import BadValue, Conflict, NotFound
from gridmap.routing.book import Decision
from gridmap.store.schema import editions, reports
from gridmap.store.schema_district import report_keys, report_routes

__all__ = [
    "FILTERS",
    "add_routes",
    "count_due_missing",
    "count_matching",
    "due_missing",
    "find_key",
    "lock_key",
    "read_report",
    "read_reports",
    "remember_key",
    "set_due",
]

_REPORT = (
    reports.c.id,
    reports.c.received_at,
    reports.c.observed_at,
    reports.c.source,
    reports.c.item,
    reports.c.text,
    reports.c.raw_x,
    reports.c.raw_y,
    reports.c.coord_sys,
    reports.c.accuracy_m,
    reports.c.lon,
    reports.c.lat,
    reports.c.location_status,
    reports.c.warning,
    reports.c.codes,
    editions.c.name.label("edition"),
)
_ROUTE = tuple(
    report_routes.c[name]
    for name in (
        "department",
        "co_departments",
        "first_responder",
        "handling_level",
        "due_at",
        "due_reason",
        "needs_person",
        "call_first",
        "steps",
        "decided_at",
    )
)

# Keeps these locks apart from the migrations', which are named by one number.
_KEY_SPACE = 0x6B65  # "ke"

# As the partial index has it, so that a health check does not read every route.
_WAITING = report_routes.c.due_reason == text("'calendar_missing'")

# What a list can be narrowed by: query name -> column.
FILTERS: Mapping[str, ColumnElement[Any]] = {
    "department": report_routes.c.department,
    "item": reports.c.item,
    "location_status": reports.c.location_status,
    "source": reports.c.source,
    "needs_person": report_routes.c.needs_person,
    "due_reason": report_routes.c.due_reason,
}


def add_routes(
    connection: Connection, ids: Sequence[int], decisions: Sequence[Decision], now: datetime
) -> None:
    """Write the decision of each report, in the order of `ids`."""
    rows = [
        {
            "report_id": key,
            "decided_at": now,
            "department": d.department,
            "co_departments": list(d.co_departments),
            "first_responder": d.first_responder,
            "handling_level": d.handling_level,
            "due_at": d.due_at,
            "due_reason": d.due_reason,
            "needs_person": d.needs_person,
            "call_first": d.call_first,
            "steps": [step.as_dict() for step in d.steps],
        }
        for key, d in zip(ids, decisions, strict=True)
    ]
    if rows:
        connection.execute(insert(report_routes), rows)


def lock_key(connection: Connection, key: str) -> None:
    """Let others with the same key wait until this writing transaction has ended.

    In a GeoPackage every other writer waits anyway. On PostGIS both would find the key new,
    and the second would be told of a contradiction instead of the report.
    """
    if connection.dialect.name == "postgresql":
        query = text("SELECT pg_advisory_xact_lock(:space, hashtext(:key))")
        connection.execute(query, {"space": _KEY_SPACE, "key": key})


def find_key(connection: Connection, key: str, body_sha256: str) -> int | None:
    """Return the report that a client's key stands for, None when it is new.

    Raises
    ------
    Conflict
        When the key was used with another body.
    """
    query = select(report_keys.c.report_id, report_keys.c.body_sha256)
    found = connection.execute(query.where(report_keys.c.key == key)).one_or_none()
    if found is None:
        return None
    if found.body_sha256 != body_sha256:
        raise Conflict(
            "This idempotency key was used for another report.",
            got=key,
            repair="Send a new key with a new report; repeat a key only with the same body.",
        )
    return int(found.report_id)


def remember_key(
    connection: Connection, key: str, body_sha256: str, report_id: int, now: datetime
) -> None:
    """Let `key` stand for a report."""
    row = {"key": key, "body_sha256": body_sha256, "report_id": report_id, "created_at": now}
    connection.execute(insert(report_keys).values(row))


def read_report(connection: Connection, report_id: int) -> dict[str, Any]:
    """Return one report with its route, or raise `NotFound`."""
    found = connection.execute(_joined().where(reports.c.id == report_id)).mappings().one_or_none()
    if found is None:
        raise NotFound("There is no such report.", got=report_id)
    return _plain(found)


def read_reports(
    connection: Connection,
    filters: Mapping[str, Any],
    *,
    limit: int,
    offset: int,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """Return reports with their routes, the newest first (by receipt, then id)."""
    query = _narrowed(_joined(), filters, since, until)
    order = (reports.c.received_at.desc(), reports.c.id.desc())
    found = connection.execute(query.order_by(*order).limit(limit).offset(offset)).mappings()
    return [_plain(row) for row in found]


def count_matching(
    connection: Connection,
    filters: Mapping[str, Any],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Return how many reports match."""
    whole = select(func.count()).select_from(
        reports.outerjoin(report_routes, report_routes.c.report_id == reports.c.id)
    )
    return int(connection.execute(_narrowed(whole, filters, since, until)).scalar_one())


def due_missing(connection: Connection, *, after: int, limit: int) -> list[dict[str, Any]]:
    """Return reports whose due time waits for a calendar, in the order of their ids.

    `after` is the id to go on from, `limit` how many at most.
    """
    query = (
        select(reports.c.id, reports.c.received_at, reports.c.item, report_routes.c.steps)
        .join_from(report_routes, reports, report_routes.c.report_id == reports.c.id)
        .where(_WAITING, report_routes.c.report_id > after)
        .order_by(report_routes.c.report_id)
        .limit(limit)
    )
    return [_plain(row) for row in connection.execute(query).mappings()]


def count_due_missing(connection: Connection) -> int:
    """Return how many reports wait for a calendar."""
    query = select(func.count()).select_from(report_routes).where(_WAITING)
    return int(connection.execute(query).scalar_one())


def set_due(
    connection: Connection,
    dues: Sequence[tuple[int, datetime | None, str, Sequence[Mapping[str, Any]]]],
) -> int:
    """Put in due times that could not be computed before; return how many still waited.

    Each is a report's id, its due time, the reason for none, and its steps.
    """
    rows = [
        {"key": key, "new_due": due, "new_reason": reason, "new_steps": list(steps)}
        for key, due, reason, steps in dues
    ]
    if not rows:
        return 0
    # Another process may have been first: what no longer waits is left as it is.
    statement = (
        update(report_routes)
        .where(_WAITING, report_routes.c.report_id == bindparam("key"))
        .values(
            due_at=bindparam("new_due"),
            due_reason=bindparam("new_reason"),
            steps=bindparam("new_steps"),
        )
    )
    return connection.execute(statement, rows).rowcount


def _plain(row: RowMapping) -> dict[str, Any]:
    # Names of columns may be of a class of their own, which no JSON writer takes for text.
    return {str(name): value for name, value in row.items()}


def _joined() -> Select[Any]:
    source = reports.outerjoin(report_routes, report_routes.c.report_id == reports.c.id).outerjoin(
        editions, editions.c.id == reports.c.edition_id
    )
    return select(*_REPORT, *_ROUTE).select_from(source)


def _narrowed(
    query: Select[Any],
    filters: Mapping[str, Any],
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    unknown = [name for name in filters if name not in FILTERS]
    if unknown:
        raise BadValue(
            "Reports cannot be narrowed by that.", got=", ".join(unknown), allowed=list(FILTERS)
        )
    for name, value in filters.items():
        if value is not None:
            query = query.where(FILTERS[name] == value)
    if since is not None:
        query = query.where(reports.c.received_at >= since)
    if until is not None:
        query = query.where(reports.c.received_at < until)
    return query
