"""What numbers are counted from, and the monthly reports that were issued."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Text,
    cast,
    func,
    insert,
    literal,
    or_,
    select,
    text,
)

from gridmap.numbers.appeals import Appeal, AppealState, Said, appeal_of
from gridmap.numbers.tale import Entry, Told
from gridmap.store.rulings import first_reroute
from gridmap.store.schema import reports
from gridmap.store.schema_cases import order_events, orders
from gridmap.store.schema_district import report_routes
from gridmap.store.schema_numbers import appeal_steps, monthly_issues
from gridmap.store.schema_reviews import report_reroutes

__all__ = [
    "add_issue",
    "add_step",
    "appeals_of",
    "issues",
    "lock_month",
    "read_told",
]

_LOCK = 0x6D6F6E746873  # "months"
_BATCH = 2_000
# A range is read whole where at most so many numbers stand in it for one that is wanted.
_DENSE = 1.5
_SHORT = 80
_ISSUE = (
    "id", "month", "issue", "year", "seq", "issued_at", "issued_by", "addressees", "why",
)  # fmt: skip


def read_told(
    connection: Connection, since: datetime, until: datetime, *, routes: bool
) -> Iterator[Told]:
    """Yield the orders that a period can be about, with all that happened to them before its end.

    In the order of their numbers: those received before its end that were open in it, came in,
    were due, or had something happen to them in it.

    Parameters
    ----------
    routes : bool
        True: with the explanations of their routes.
    """
    numbers = _about(connection, since, until)
    when = datetime.fromisoformat if connection.dialect.name == "sqlite" else _as_it_is
    for start in range(0, len(numbers), _BATCH):
        some = numbers[start : start + _BATCH]
        entries = _entries(connection, some, until, when)
        for number, received, created, catalogue, lon, lat, steps in _raw(
            connection, _heads(some, routes=routes)
        ):
            if own := entries.get(number):
                yield Told(
                    number, when(received), when(created), catalogue,
                    lon, lat, steps or "", tuple(own),
                )  # fmt: skip


def _as_it_is(moment: datetime) -> datetime:
    return moment


def _raw(connection: Connection, query: Select[Any]) -> list[tuple[Any, ...]]:
    """Return rows as the driver has them, without what the types of columns make of each value.

    A month of a district is some million values: asked one by one they take longer than what is
    counted from them.
    """
    with closing(connection.execute(query)) as result:
        cursor = result.cursor
        assert cursor is not None
        found: list[tuple[Any, ...]] = list(cursor.fetchall())
        return found


def _about(connection: Connection, since: datetime, until: datetime) -> list[int]:
    """Return the numbers of the orders that a period can be about, in order.

    Both questions are answered by indexes alone.
    """
    received = (
        select(orders.c.number)
        .where(orders.c.received_at < until)
        .where(
            or_(
                orders.c.closed_at.is_(None),
                orders.c.closed_at >= since,
                orders.c.received_at >= since,
                orders.c.due_original >= since,
            )
        )
    )
    at = order_events.c.at
    happened = select(order_events.c.number).where(at >= since, at < until)
    found = {number for (number,) in _raw(connection, received)}
    # What came in later is told by nothing that happened before it did.
    others = {number for (number,) in _raw(connection, happened)} - found
    if others:
        later = select(orders.c.number).where(orders.c.received_at >= until)
        others -= {number for (number,) in _raw(connection, later)}
    return sorted(found | others)


def _heads(some: Sequence[int], *, routes: bool) -> Select[Any]:
    # As text, as what events were given: another reader is faster, if it is read at all. What
    # was routed anew is told by how it was first routed, whenever it is counted.
    former = report_reroutes.alias("former")
    steps: ColumnElement[Any] = literal(None)
    if routes:
        told = (cast(column, Text) for column in (former.c.old_steps, report_routes.c.steps))
        steps = func.coalesce(*told)
    query: Select[Any] = (
        select(
            orders.c.number, orders.c.received_at, orders.c.created_at,
            reports.c.catalogue, reports.c.lon, reports.c.lat, steps.label("steps"),
        )
        .join(reports, reports.c.id == orders.c.number)
        .where(_among(orders.c.number, some))
        .order_by(orders.c.number)
    )  # fmt: skip
    if routes:
        query = query.outerjoin(report_routes, report_routes.c.report_id == orders.c.number)
        query = query.outerjoin(former, former.c.id == first_reroute(orders.c.number))
    return query


def _among(column: ColumnElement[int], some: Sequence[int]) -> ColumnElement[bool]:
    """Return that a number is one of some that rise: of a range where hardly one is missing."""
    if some[-1] - some[0] < _DENSE * len(some):
        return column.between(some[0], some[-1])
    return column.in_(some)


def _entries(
    connection: Connection,
    some: Sequence[int],
    until: datetime,
    when: Callable[[Any], datetime],
) -> dict[int, list[Entry]]:
    """Return what happened before a moment to orders.

    The first event of each is there whenever it was entered.
    """
    e = order_events.c
    query = (
        select(e.number, e.at, e.action, e.by, e.lead, cast(e.fields, Text))
        .where(_among(e.number, some), or_(e.at < until, e.seq == 1))
        .order_by(e.number, e.seq)
    )
    found: dict[int, list[Entry]] = {number: [] for number in some}
    # Most that events were given is short and comes again: read once.
    read: dict[str, Mapping[str, Any]] = {}
    for number, at, action, by, lead, fields in _raw(connection, query):
        own = found.get(number)
        if own is None:
            continue
        given = read.get(fields)
        if given is None:
            given = orjson.loads(fields)
            if len(fields) < _SHORT:
                read[fields] = given
        own.append(Entry(when(at), action, by, lead, given))
    return found


def lock_month(connection: Connection) -> None:
    """Let nobody else issue a report or decide an appeal until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def issues(
    connection: Connection,
    month: str | None = None,
    *,
    data: bool = False,
) -> list[dict[str, Any]]:
    """Return what was issued, of a month or in all, the newest first; with all of it if asked."""
    columns = [monthly_issues.c[name] for name in _ISSUE]
    query: Select[Any] = select(*columns, *([monthly_issues.c.data] if data else []))
    if month is not None:
        query = query.where(monthly_issues.c.month == month)
    query = query.order_by(monthly_issues.c.month.desc(), monthly_issues.c.issue.desc())
    return [
        {str(name): value for name, value in row.items()}
        for row in connection.execute(query).mappings()
    ]


def add_issue(
    connection: Connection,
    month: str,
    year: int,
    values: Mapping[str, Any],
    data: Mapping[str, Any],
) -> dict[str, Any]:
    """Write the next issue of a month, under the next number of the year; return it whole."""
    last = select(func.max(monthly_issues.c.issue)).where(monthly_issues.c.month == month)
    number = select(func.max(monthly_issues.c.seq)).where(monthly_issues.c.year == year)
    row = {
        "month": month,
        "issue": int(connection.execute(last).scalar() or 0) + 1,
        "year": year,
        "seq": int(connection.execute(number).scalar() or 0) + 1,
        **values,
    }
    connection.execute(insert(monthly_issues).values(**row, data=dict(data)))
    return issues(connection, month, data=True)[0]


def appeals_of(connection: Connection, month: str) -> list[Appeal]:
    """Return the appeals of a month, the first filed first."""
    a = appeal_steps.c
    query = (
        select(a.deduction, a.state, a.by, a.at, a.why, a.seq, monthly_issues.c.issue)
        .join(monthly_issues, monthly_issues.c.id == a.issue_id)
        .where(a.month == month)
        .order_by(a.id)
    )
    said: dict[str, list[Said]] = {}
    against: dict[str, int] = {}
    for row in connection.execute(query):
        said.setdefault(row.deduction, []).append(
            Said(AppealState(row.state), row.by, row.at, row.why)
        )
        against.setdefault(row.deduction, row.issue)
    made = (appeal_of(month, key, against[key], history) for key, history in said.items())
    return [one for one in made if one is not None]


def add_step(
    connection: Connection, issue_id: int, month: str, key: str, former: Sequence[Said], said: Said
) -> None:
    """Write what was said about a deduction after all that was said before."""
    connection.execute(
        insert(appeal_steps).values(
            issue_id=issue_id,
            month=month,
            deduction=key,
            seq=len(former) + 1,
            state=said.state.value,
            by=said.by,
            at=said.at,
            why=said.why,
        )
    )
