"""Routes of reports: written with the report, read with it, found again by a client's key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    RowMapping,
    Select,
    and_,
    bindparam,
    case,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    text,
    true,
    update,
)

from gridmap.access import EVERYWHERE, Scope
from gridmap.coverage.editions import EditionState
from gridmap.errors import BadValue, Conflict, NotFound
from gridmap.routing.book import Decision
from gridmap.routing.clock import Due
from gridmap.store.columns import json_holds, json_value
from gridmap.store.moved import ITEM, gives_due, have_moves, last_move, routes_now
from gridmap.store.pauses import pauses_of
from gridmap.store.rows import insert_rows
from gridmap.store.rules import basis_ids
from gridmap.store.schema import editions, reports
from gridmap.store.schema_district import report_keys, report_routes
from gridmap.store.schema_moves import report_moves
from gridmap.store.schema_reviews import report_pauses
from gridmap.store.within import numbers_with

__all__ = [
    "FILTERS",
    "add_routes",
    "count_due_missing",
    "count_matching",
    "due_missing",
    "find_key",
    "lock_key",
    "next_due_move",
    "read_report",
    "read_reports",
    "remember_key",
    "report_of_key",
    "reports_within",
    "route_values",
    "set_due",
]

_REPORT = (
    reports.c.id,
    reports.c.received_at,
    reports.c.observed_at,
    reports.c.source,
    ITEM,
    reports.c.catalogue,
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
    reports.c.closed_at,
    reports.c.closed_by,
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
        "confidence",
        "leader",
        "review_on",
    )
)

# Keeps these locks apart from the migrations', which are named by one number.
_KEY_SPACE = 0x6B65  # "ke"

# As the partial index has it, so that a health check does not read every route.
_WAITING = report_routes.c.due_reason == text("'calendar_missing'")
# Nor every move.
_MOVED_WAITING = and_(report_moves.c.moved, report_moves.c.due_reason == text("'calendar_missing'"))

# What a list can be narrowed by.
FILTERS = (
    "department", "item", "location_status", "source", "needs_person", "due_reason", "closed",
)  # fmt: skip


def add_routes(
    connection: Connection, ids: Sequence[int], decisions: Sequence[Decision], now: datetime
) -> None:
    """Write the decision of each report, in the order of `ids`."""
    bases = {d.basis for d in decisions if d.basis is not None}
    rules, states = basis_ids(connection, {b.rules for b in bases}, {b.state for b in bases})
    rows = [
        {
            "report_id": key,
            "decided_at": now,
            **route_values(d),
            "rules_id": rules.get(d.basis.rules) if d.basis else None,
            "state_id": states.get(d.basis.state) if d.basis else None,
        }
        for key, d in zip(ids, decisions, strict=True)
    ]
    insert_rows(connection, report_routes, rows)


def route_values(decision: Decision) -> dict[str, Any]:
    """Return a decision as columns of a route."""
    return {
        "department": decision.department,
        "co_departments": list(decision.co_departments),
        "first_responder": decision.first_responder,
        "handling_level": decision.handling_level,
        "due_at": decision.due_at,
        "due_reason": decision.due_reason,
        "needs_person": decision.needs_person,
        "call_first": decision.call_first,
        "steps": [step.as_dict() for step in decision.steps],
        "confidence": decision.confidence,
        "leader": decision.leader,
        "review_on": decision.review_on,
    }


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


def report_of_key(connection: Connection, key: str) -> int | None:
    """Return the report that a client's key stands for; None for none."""
    query = select(report_keys.c.report_id).where(report_keys.c.key == key)
    found: int | None = connection.execute(query).scalar()
    return found


def remember_key(
    connection: Connection, key: str, body_sha256: str, report_id: int, now: datetime
) -> None:
    """Let `key` stand for a report."""
    row = {"key": key, "body_sha256": body_sha256, "report_id": report_id, "created_at": now}
    connection.execute(insert(report_keys).values(row))


def read_report(connection: Connection, report_id: int, now: datetime) -> dict[str, Any]:
    """Return one report with the route it has now (aware), or raise `NotFound`."""
    source, columns = _source(connection, now)
    query = select(*columns.values()).select_from(source).where(reports.c.id == report_id)
    found = connection.execute(query).mappings().one_or_none()
    if found is None:
        raise NotFound("There is no such report.", got=report_id)
    return _plain(found)


def read_reports(
    connection: Connection,
    filters: Mapping[str, Any],
    now: datetime,
    *,
    limit: int,
    offset: int,
    since: datetime | None = None,
    until: datetime | None = None,
    within: Sequence[Scope] = (EVERYWHERE,),
) -> list[dict[str, Any]]:
    """Return reports with the routes they have now, the newest first (by receipt, then id)."""
    source, columns = _source(connection, now)
    query = select(*columns.values()).select_from(source)
    query = _narrowed(query, columns, filters, since, until).where(_within(columns, within))
    order = (reports.c.received_at.desc(), reports.c.id.desc())
    found = connection.execute(query.order_by(*order).limit(limit).offset(offset)).mappings()
    return [_plain(row) for row in found]


def count_matching(
    connection: Connection,
    filters: Mapping[str, Any],
    now: datetime,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    within: Sequence[Scope] = (EVERYWHERE,),
) -> int:
    """Return how many reports match."""
    source, columns = _source(connection, now)
    whole = select(func.count()).select_from(source)
    query = _narrowed(whole, columns, filters, since, until).where(_within(columns, within))
    return int(connection.execute(query).scalar_one())


def reports_within(
    connection: Connection, within: Sequence[Scope], now: datetime
) -> Select[tuple[int]]:
    """Return a query for the reports that one of the scopes holds by the routes they have now."""
    source, columns = _source(connection, now)
    return select(reports.c.id).select_from(source).where(_within(columns, within))


def due_missing(
    connection: Connection, now: datetime, *, after: int, limit: int
) -> list[dict[str, Any]]:
    """Return reports whose due time waits for a calendar now (aware), in the order of their ids.

    `after` is the id to go on from, `limit` how many at most. Each has its `pauses`, the
    department of the decision by which it is due, and the steps of its route.
    """
    query = (
        _awaited(report_routes.c.department)
        .where(_WAITING, report_routes.c.report_id > after)
        .order_by(report_routes.c.report_id)
        .limit(limit)
    )
    found = {row["id"]: _plain(row) for row in connection.execute(query).mappings()}
    if have_moves(connection):
        moved = (
            _awaited(report_moves.c.department)
            .join(report_moves, report_moves.c.report_id == reports.c.id)
            .where(_moved_waiting(now), report_moves.c.report_id > after)
            .order_by(report_moves.c.report_id)
            .limit(limit)
        )
        found |= {row["id"]: _plain(row) for row in connection.execute(moved).mappings()}
    # What lies beyond the first of both is only known in part.
    rows = [found[key] for key in sorted(found)[:limit]]
    stopped = pauses_of(connection, [row["id"] for row in rows])
    return [row | {"pauses": stopped.get(row["id"], [])} for row in rows]


def _awaited(department: ColumnElement[Any]) -> Select[Any]:
    """Return the question for what a due time is counted from."""
    return select(
        reports.c.id,
        reports.c.received_at,
        ITEM,
        reports.c.catalogue,
        department,
        report_routes.c.steps,
    ).join_from(report_routes, reports, report_routes.c.report_id == reports.c.id)


def _moved_waiting(now: datetime) -> ColumnElement[bool]:
    """Return what is true of a move whose report waits for a calendar by it."""
    return and_(_MOVED_WAITING, report_moves.c.id == last_move(now), gives_due(report_moves))


def count_due_missing(connection: Connection, now: datetime) -> int:
    """Return how many reports wait for a calendar now (aware)."""
    query = select(func.count()).select_from(report_routes).where(_WAITING)
    count = int(connection.execute(query).scalar_one())
    if have_moves(connection):
        moved = (
            select(func.count())
            .select_from(report_moves)
            .join(reports, reports.c.id == report_moves.c.report_id)
            .join(report_routes, report_routes.c.report_id == reports.c.id)
            .where(_moved_waiting(now))
        )
        count += int(connection.execute(moved).scalar_one())
    return count


def next_due_move(connection: Connection, now: datetime) -> datetime | None:
    """Return when the next move counts by which a report will wait for a calendar; None: never."""
    query = (
        select(func.min(report_moves.c.effective_from))
        .join(editions, editions.c.id == report_moves.c.to_edition_id)
        .where(_MOVED_WAITING)
        .where(editions.c.state == EditionState.PUBLISHED.value)
        .where(report_moves.c.effective_from > now)
    )
    found: datetime | None = connection.execute(query).scalar()
    return found


def set_due(
    connection: Connection,
    dues: Sequence[tuple[int, Due, Sequence[Mapping[str, Any]]]],
    now: datetime,
) -> int:
    """Put in due times that could not be computed before; return how many still waited.

    Each is a report's id, what was found, and all steps of its route. Orders of reports whose
    clocks stood still had a due time once: they are told to follow. A report that waits by a move
    was not routed before: the move stays as it was recorded, and this stands above it.
    """
    rows = [
        {
            "key": key,
            "new_due": due.due_at,
            "new_reason": due.reason,
            "new_steps": list(steps),
            "new_review": due.review_on,
        }
        for key, due, steps in dues
    ]
    if not rows:
        return 0
    stopped = select(report_pauses.c.id).where(
        report_pauses.c.report_id == report_routes.c.report_id
    )
    by_move = report_routes.c.due_reason == "not_routed"
    # Another process may have been first: what no longer waits is left as it is.
    statement = (
        update(report_routes)
        .where(or_(_WAITING, by_move), report_routes.c.report_id == bindparam("key"))
        .values(
            due_at=bindparam("new_due"),
            due_reason=bindparam("new_reason"),
            steps=bindparam("new_steps"),
            review_on=bindparam("new_review"),
            redue_at=case(
                (or_(by_move, stopped.exists()), literal(now, report_routes.c.redue_at.type)),
                else_=report_routes.c.redue_at,
            ),
        )
    )
    return connection.execute(statement, rows).rowcount


def _plain(row: RowMapping) -> dict[str, Any]:
    # Names of columns may be of a class of their own, which no JSON writer takes for text.
    record = {str(name): value for name, value in row.items()}
    moved = record.pop("move_steps", None)
    if moved is not None:
        record["steps"] = _with_deadline(moved, record)
    return record


def _with_deadline(
    moved: Sequence[Mapping[str, Any]], record: Mapping[str, Any]
) -> list[Mapping[str, Any]]:
    """Return the steps of a move with those of the deadline, which a move leaves as it is."""
    own = [step for step in record["steps"] or () if step["rule"].startswith("due_")]
    if not own:
        return list(moved)
    return [*(step for step in moved if not step["rule"].startswith("due_")), *own]


def _source(
    connection: Connection, now: datetime
) -> tuple[FromClause, dict[str, ColumnElement[Any]]]:
    """Return reports joined with what they are read with, and the columns by name."""
    source = reports.outerjoin(report_routes, report_routes.c.report_id == reports.c.id).outerjoin(
        editions, editions.c.id == reports.c.edition_id
    )
    columns: dict[str, ColumnElement[Any]] = {str(c.name): c for c in (*_REPORT, *_ROUTE)}
    if not have_moves(connection):
        return source, columns
    return routes_now(source, columns, now)


def _within(
    columns: Mapping[str, ColumnElement[Any]], scopes: Sequence[Scope]
) -> ColumnElement[bool]:
    """Return what is true of reports that one of the scopes holds, as `Scope.holds` says."""
    return or_(false(), *(_held(columns, scope) for scope in scopes))


def _held(columns: Mapping[str, ColumnElement[Any]], scope: Scope) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [true()]
    if scope.areas:
        codes = columns["codes"]
        parts.append(or_(*(json_value(codes, lv) == code for lv, code in sorted(scope.areas))))
    if scope.departments:
        lead, others = columns["department"], columns["co_departments"]
        bodies = sorted(scope.departments)
        routed = (lead.in_(bodies), *(json_holds(others, code) for code in bodies))
        # Those that its order was sent to since have it, too.
        parts.append(or_(*routed, reports.c.id.in_(numbers_with(bodies))))
    return and_(*parts)


def _narrowed(
    query: Select[Any],
    columns: Mapping[str, ColumnElement[Any]],
    filters: Mapping[str, Any],
    since: datetime | None,
    until: datetime | None,
) -> Select[Any]:
    unknown = [name for name in filters if name not in FILTERS]
    if unknown:
        raise BadValue(
            "Reports cannot be narrowed by that.", got=", ".join(unknown), allowed=FILTERS
        )
    for name, value in filters.items():
        if value is None:
            continue
        column = columns["closed_at" if name == "closed" else name]
        query = query.where(column.is_not(None) == value if name == "closed" else column == value)
    if since is not None:
        query = query.where(reports.c.received_at >= since)
    if until is not None:
        query = query.where(reports.c.received_at < until)
    return query
