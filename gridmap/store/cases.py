"""Orders: made with their reports, read, and changed together with all that follows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from gridmap.access import Scope
from gridmap.cases.life import Life
from gridmap.cases.model import Event, Order, PartState
from gridmap.cases.outcome import Outcome
from gridmap.cases.record import order_from, plain
from gridmap.cases.states import CLOSED, State
from gridmap.errors import Conflict, NotFound
from gridmap.store.order_filters import Sorting, has_many, narrowed, waits
from gridmap.store.rows import insert_rows
from gridmap.store.schema import reports
from gridmap.store.schema_cases import order_events, order_parts, orders
from gridmap.store.within import CALLED, move_within, note_orders

__all__ = [
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
    note_orders(connection, ((o.number, o.areas) for o, _ in made))
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
        if (before.lead, before.co, before.called) != (after.lead, after.co, after.called):
            connection.execute(delete(order_parts).where(order_parts.c.number == after.number))
            insert_rows(connection, order_parts, _parts(after))
        move_within(connection, before, after)
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
    for one in lived:
        move_within(connection, one.begun, one.order)
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
    called = dict.fromkeys(order.called)
    shares = [(order.lead, True, order.state.value)] if order.lead else []
    for part in order.co:
        # Who gave a share back and was called has one by the call.
        again = part.state is PartState.RETURNED and part.department in called
        shares.append((part.department, False, CALLED if again else part.state.value))
    named = {code for code, _, _ in shares}
    shares += [(code, False, CALLED) for code in called if code not in named]
    return [
        {"number": order.number, "department": code, "lead": leads, "state": state}
        for code, leads, state in shares
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

    With ``due`` those that somebody waits for come first, by their due time; then the others
    that are open, and those that are closed.
    """
    walked = has_many(connection, filters, scopes)
    query = narrowed(select(orders.c.number), filters, scopes, now, walked=walked)
    if sort == "due":
        numbers = _page_by_due(connection, query, filters, limit, offset)
    else:
        numbers = _page(connection, query, limit, offset)
    # Their rows are read last: whole orders would be carried through the sorting of all.
    query = select(orders.c.number, orders.c.data).where(orders.c.number.in_(numbers))
    found: dict[int, Any] = {int(row.number): row.data for row in connection.execute(query)}
    return [order_from(found[number]) for number in numbers]


_NEWEST = (orders.c.received_at.desc(), orders.c.number.desc())


def _page(
    connection: Connection,
    query: Select[Any],
    limit: int,
    offset: int,
    *first: ColumnElement[Any],
) -> list[int]:
    query = query.order_by(*first, *_NEWEST).limit(limit).offset(offset)
    return [int(number) for number in connection.execute(query).scalars()]


def _page_by_due(
    connection: Connection,
    query: Select[Any],
    filters: Mapping[str, Any],
    limit: int,
    offset: int,
) -> list[int]:
    """Return the numbers of a page: part after part, each in the order that an index has."""
    numbers: list[int] = []
    for part, dated in _parts_by_due(filters):
        own, wanted = query.where(part), limit - len(numbers)
        numbers += _page(connection, own, wanted, offset, *([orders.c.due_at] if dated else []))
        if len(numbers) == limit:
            break
        if offset:
            # Of what goes before the page, the rest lies in the parts to come.
            inside = select(func.count()).select_from(own.subquery())
            offset = max(0, offset - int(connection.execute(inside).scalar_one()))
    return numbers


def _parts_by_due(filters: Mapping[str, Any]) -> list[tuple[ColumnElement[bool], bool]]:
    """Return the parts of a list by due time, and whether their orders have such a time.

    Those that somebody waits for, the others that are open, the closed ones. Parts that nothing
    can be in are left out: it would be looked for among all orders.
    """
    late, state = filters.get("overdue") or filters.get("due_by"), filters.get("state")
    closed = filters.get("open") is False or state in _CLOSED
    still = filters.get("open") is True or (state is not None and not closed)
    resolved = and_(orders.c.closed_at.is_(None), orders.c.resolved_at.is_not(None))
    parts = [] if closed else [waits(), resolved]
    if not still:
        parts.append(orders.c.closed_at.is_not(None))
    dated, undated = orders.c.due_at.is_not(None), orders.c.due_at.is_(None)
    found = [(and_(one, d), d is dated) for one in parts for d in (dated, undated)]
    return found[:1] if late else found


_CLOSED = frozenset(state.value for state in CLOSED)


def count_orders(
    connection: Connection, filters: Mapping[str, Any], scopes: Sequence[Scope], now: datetime
) -> int:
    """Return how many orders match."""
    query = narrowed(select(func.count()).select_from(orders), filters, scopes, now)
    return int(connection.execute(query).scalar_one())


def read_open_spots(
    connection: Connection, scopes: Sequence[Scope], now: datetime, *, limit: int
) -> list[dict[str, Any]]:
    """Return the open orders that have a place, the newest first: where, what, whether late."""
    query: Select[Any] = select(
        orders.c.number, orders.c.state, orders.c.item, orders.c.due_at, orders.c.resolved_at,
        reports.c.catalogue, reports.c.lon, reports.c.lat,
    ).join(reports, reports.c.id == orders.c.number)  # fmt: skip
    query = narrowed(query, {"open": True}, scopes, now).where(reports.c.lon.is_not(None))
    query = query.order_by(orders.c.received_at.desc(), orders.c.number.desc()).limit(limit)
    return [
        {
            "number": int(row["number"]),
            "state": row["state"],
            # As overlays name items: with the catalogue where it is not the site's own.
            "item": ":".join(one for one in (row["catalogue"], row["item"]) if one),
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
    query = narrowed(select(orders.c.state, func.count()), filters, scopes, now)
    return {str(s): int(n) for s, n in connection.execute(query.group_by(orders.c.state))}
