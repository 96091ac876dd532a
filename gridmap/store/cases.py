"""Orders: made with their reports, read, and changed together with all that follows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from gridmap.access import Scope
from gridmap.cases.life import Life
from gridmap.cases.model import Event, Order
from gridmap.cases.outcome import Outcome
from gridmap.cases.record import order_from, plain
from gridmap.cases.states import AT_CENTRE, State
from gridmap.errors import BadValue, Conflict, NotFound
from gridmap.store.columns import json_value
from gridmap.store.rows import insert_rows
from gridmap.store.schema import reports
from gridmap.store.schema_cases import order_events, order_parts, orders
from gridmap.store.schema_district import report_routes

__all__ = [
    "FILTERS",
    "Own",
    "Sorting",
    "asleep",
    "count_by_state",
    "count_orders",
    "events_of",
    "lock_orders",
    "read_open_spots",
    "read_order",
    "read_orders",
    "write_lives",
    "write_new",
    "write_outcomes",
]

# What a list can be narrowed by.
FILTERS = (
    "state", "department", "area", "overdue", "item", "level", "open", "due_by", "own", "unowned",
)  # fmt: skip

Sorting = Literal["newest", "due"]


@dataclass(frozen=True, slots=True)
class Own:
    """Whose orders a list is narrowed to.

    Attributes
    ----------
    name : str
        Who had a hand in them.
    departments : frozenset of str
        They are with one of these.
    offices : tuple of (Scope, kind of body)
        They are with a body of that kind, within that scope: ``SQ`` for the committees there.
    """

    name: str
    departments: frozenset[str] = frozenset()
    offices: tuple[tuple[Scope, str], ...] = ()


def read_order(connection: Connection, number: int) -> Order:
    """Return an order as it stands, or raise `NotFound`."""
    return lock_orders(connection, [number], lock=False)[number]


def lock_orders(
    connection: Connection, numbers: Collection[int], *, lock: bool = True
) -> dict[int, Order]:
    """Return orders by number, kept from others until the transaction ends; or `NotFound`."""
    wanted = sorted(set(numbers))
    query = select(orders.c.number, orders.c.data).where(orders.c.number.in_(wanted))
    # In one order everywhere, or two who want the same two would wait for each other.
    query = query.order_by(orders.c.number)
    found = connection.execute(query.with_for_update() if lock else query)
    read = {int(number): order_from(data) for number, data in found}
    missing = [number for number in wanted if number not in read]
    if missing:
        raise NotFound("There is no such order.", got=", ".join(map(str, missing)))
    return read


def asleep(connection: Connection, since: datetime, until: datetime) -> list[int]:
    """Return orders received in a time that came with a file and that nobody has taken up."""
    query = (
        select(orders.c.number, orders.c.data)
        .where(orders.c.received_at >= since, orders.c.received_at < until)
        .where(orders.c.state == State.SUBMITTED.value, orders.c.version == 1)
        .order_by(orders.c.number)
    )
    return [int(number) for number, data in connection.execute(query) if not data["round"]]


def write_new(connection: Connection, made: Sequence[tuple[Order, Event]]) -> None:
    """Write orders that have just begun, each with its first event."""
    insert_rows(connection, orders, [{"number": o.number, **_columns(o)} for o, _ in made])
    insert_rows(connection, order_parts, [row for o, _ in made for row in _parts(o)])
    insert_rows(connection, order_events, [_event_row(None, o, e) for o, e in made])


def write_outcomes(connection: Connection, outcomes: Sequence[Outcome]) -> None:
    """Write what events made of orders that this transaction has locked."""
    for one in outcomes:
        before, after = one.before, one.order
        done = connection.execute(
            update(orders)
            .where(orders.c.number == after.number, orders.c.version == before.version)
            .values(**_columns(after))
        )
        if done.rowcount != 1:
            raise Conflict("The order was changed meanwhile.", got=after.number)
        if (before.lead, before.co) != (after.lead, after.co):
            connection.execute(delete(order_parts).where(order_parts.c.number == after.number))
            insert_rows(connection, order_parts, _parts(after))
        connection.execute(insert(order_events).values(**_event_row(before, after, one.event)))
        if before.closed_at != after.closed_at:
            connection.execute(
                update(reports)
                .where(reports.c.id == after.number)
                .values(closed_at=after.closed_at, closed_by=after.closed_by or None)
            )


def write_lives(connection: Connection, lives: Sequence[Life]) -> None:
    """Write orders that this transaction has locked with all of their past at once."""
    lived = [one for one in lives if one.outcomes]
    if not lived:
        return
    rows = [
        {"was": one.begun.version, "of": one.order.number} | _columns(one.order) for one in lived
    ]
    own = orders.c.number == bindparam("of")
    statement = update(orders).where(own, orders.c.version == bindparam("was"))
    connection.execute(statement, rows)
    numbers = [one.order.number for one in lived]
    connection.execute(delete(order_parts).where(order_parts.c.number.in_(numbers)))
    insert_rows(connection, order_parts, [row for one in lived for row in _parts(one.order)])
    steps = (step for one in lived for step in one.outcomes)
    events = [_event_row(step.before, step.order, step.event) for step in steps]
    insert_rows(connection, order_events, events)
    closed = [
        {"of": o.number, "closed_at": o.closed_at, "closed_by": o.closed_by or None}
        for o in (one.order for one in lived)
        if o.closed_at is not None
    ]
    if closed:
        connection.execute(update(reports).where(reports.c.id == bindparam("of")), closed)


def _columns(order: Order) -> dict[str, Any]:
    names = (
        "version", "level", "item", "lead", "received_at", "created_at", "due_at",
        "due_original", "resolved_at", "closed_at",
    )  # fmt: skip
    values = {name: getattr(order, name) for name in names}
    return values | {
        "state": order.state.value,
        "areas": dict(order.areas),
        "data": plain(order),
    }


def _parts(order: Order) -> list[dict[str, Any]]:
    lead = [(order.lead, True, order.state.value)] if order.lead else []
    others = [(part.department, False, part.state.value) for part in order.co]
    return [
        {"number": order.number, "department": code, "lead": leads, "state": state}
        for code, leads, state in (*lead, *others)
    ]


def _event_row(before: Order | None, after: Order, event: Event) -> dict[str, Any]:
    return {
        "number": after.number,
        "seq": after.version,
        "at": event.at,
        "by": event.by,
        "roles": list(event.roles),
        "action": event.action,
        "from_state": None if before is None else before.state.value,
        "to_state": after.state.value,
        "level": after.level,
        "item": after.item,
        "lead": after.lead,
        "due_at": after.due_at,
        "fields": plain(event.fields),
    }


def events_of(connection: Connection, number: int, *, after: int = 0) -> list[dict[str, Any]]:
    """Return what happened to an order after its `after`-th event, in order."""
    query = (
        select(order_events)
        .where(order_events.c.number == number, order_events.c.seq > after)
        .order_by(order_events.c.seq)
    )
    # Names of columns may be of a class of their own, which no JSON writer takes for text.
    return [
        {str(name): value for name, value in row.items() if name != "id"}
        for row in connection.execute(query).mappings()
    ]


def read_orders(
    connection: Connection,
    filters: Mapping[str, Any],
    scopes: Sequence[Scope],
    now: datetime,
    *,
    limit: int,
    offset: int,
    sort: Sorting = "newest",
) -> list[Order]:
    """Return orders, the newest first (by receipt, then number).

    With ``due`` those that somebody waits for come first, by their due time.
    """
    query = _narrowed(select(orders.c.data), filters, scopes, now)
    if sort == "due":
        waits_first = case((_waits(), 0), else_=1)
        query = query.order_by(waits_first, orders.c.due_at.asc().nulls_last())
    query = query.order_by(orders.c.received_at.desc(), orders.c.number.desc())
    return [order_from(d) for d in connection.execute(query.limit(limit).offset(offset)).scalars()]


def count_orders(
    connection: Connection, filters: Mapping[str, Any], scopes: Sequence[Scope], now: datetime
) -> int:
    """Return how many orders match."""
    query = _narrowed(select(func.count()).select_from(orders), filters, scopes, now)
    return int(connection.execute(query).scalar_one())


def read_open_spots(
    connection: Connection, scopes: Sequence[Scope], now: datetime, *, limit: int
) -> list[dict[str, Any]]:
    """Return the open orders that have a place, the newest first: where, what, whether late."""
    query: Select[Any] = select(
        orders.c.number, orders.c.state, orders.c.item, orders.c.due_at, orders.c.resolved_at,
        reports.c.lon, reports.c.lat,
    ).join(reports, reports.c.id == orders.c.number)  # fmt: skip
    query = _narrowed(query, {"open": True}, scopes, now).where(reports.c.lon.is_not(None))
    query = query.order_by(orders.c.received_at.desc(), orders.c.number.desc()).limit(limit)
    return [
        {
            "number": int(row["number"]),
            "state": row["state"],
            "item": row["item"],
            "lon": row["lon"],
            "lat": row["lat"],
            "overdue": row["resolved_at"] is None
            and row["due_at"] is not None
            and row["due_at"] < now,
        }
        for row in connection.execute(query).mappings()
    ]


def count_by_state(
    connection: Connection, filters: Mapping[str, Any], scopes: Sequence[Scope], now: datetime
) -> dict[str, int]:
    """Return how many of the orders that match stand in each state that has any."""
    query = _narrowed(select(orders.c.state, func.count()), filters, scopes, now)
    return {str(s): int(n) for s, n in connection.execute(query.group_by(orders.c.state))}


def _narrowed(
    query: Select[Any], filters: Mapping[str, Any], scopes: Sequence[Scope], now: datetime
) -> Select[Any]:
    unknown = [name for name in filters if name not in FILTERS]
    if unknown:
        raise BadValue("Orders cannot be narrowed by that.", got=unknown, allowed=FILTERS)
    for name, value in filters.items():
        if value is not None:
            query = query.where(_condition(name, value, now))
    if any(scope.is_everywhere for scope in scopes):
        return query
    return query.where(or_(*(_within(scope) for scope in scopes)))


def _condition(name: str, value: Any, now: datetime) -> ColumnElement[bool]:
    special = _CONDITIONS.get(name)
    if special is not None:
        return special(value, now)
    equal: ColumnElement[bool] = orders.c[name] == value
    return equal


def _in_area(value: str, now: datetime) -> ColumnElement[bool]:
    level, _, code = value.partition(":")
    found: ColumnElement[bool] = json_value(orders.c.areas, level) == code
    return found


def _is_open(value: bool, now: datetime) -> ColumnElement[bool]:
    return orders.c.closed_at.is_(None) if value else orders.c.closed_at.is_not(None)


def _waits() -> ColumnElement[bool]:
    """Somebody is expected to do something about it by a time."""
    return and_(orders.c.closed_at.is_(None), orders.c.resolved_at.is_(None))


def _overdue(value: bool, now: datetime) -> ColumnElement[bool]:
    late = and_(_waits(), orders.c.due_at.is_not(None), orders.c.due_at < now)
    return late if value else ~late


def _due_by(value: datetime, now: datetime) -> ColumnElement[bool]:
    return and_(_waits(), orders.c.due_at >= now, orders.c.due_at < value)


def _unowned(value: bool, now: datetime) -> ColumnElement[bool]:
    """With the centre, and either without a lead or left to a person by its route."""
    route = select(report_routes.c.id).where(
        report_routes.c.report_id == orders.c.number, report_routes.c.needs_person
    )
    at_centre = orders.c.state.in_(sorted(state.value for state in AT_CENTRE))
    nobody = and_(at_centre, or_(orders.c.lead == "", route.exists()))
    return nobody if value else ~nobody


def _owned(own: Own, now: datetime) -> ColumnElement[bool]:
    acted = select(order_events.c.id).where(
        order_events.c.number == orders.c.number, order_events.c.by == own.name
    )
    found: list[ColumnElement[bool]] = [acted.exists()]
    if own.departments:
        found.append(_has_part(own.departments))
    for scope, kind in own.offices:
        office = select(order_parts.c.id).where(
            order_parts.c.number == orders.c.number,
            order_parts.c.department.startswith(f"{kind}:", autoescape=True),
        )
        found.append(and_(_within(scope), office.exists()))
    return or_(*found)


_CONDITIONS: Mapping[str, Callable[[Any, datetime], ColumnElement[bool]]] = {
    "department": lambda value, now: _has_part([value]),
    "area": _in_area,
    "open": _is_open,
    "overdue": _overdue,
    "due_by": _due_by,
    "unowned": _unowned,
    "own": _owned,
}


def _has_part(departments: Collection[str]) -> ColumnElement[bool]:
    own = order_parts.c.number == orders.c.number
    named = order_parts.c.department.in_(sorted(departments))
    return select(order_parts.c.id).where(own, named).exists()


def _within(scope: Scope) -> ColumnElement[bool]:
    parts = []
    if scope.areas:
        codes = [json_value(orders.c.areas, lv) == code for lv, code in sorted(scope.areas)]
        parts.append(or_(*codes))
    if scope.departments:
        parts.append(_has_part(scope.departments))
    return and_(true(), *parts)
