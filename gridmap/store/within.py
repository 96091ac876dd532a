"""Where orders and notices lie and whom orders are with: the rows, and orders found by them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    TextClause,
    delete,
    select,
    text,
    union_all,
)

from gridmap.cases.model import Order
from gridmap.store.rows import insert_columns
from gridmap.store.schema_cases import order_parts, orders
from gridmap.store.schema_within import notice_areas, order_areas

__all__ = [
    "CALLED",
    "among",
    "has_share",
    "move_within",
    "note_notices",
    "note_orders",
    "numbers_with",
    "numbers_within",
]

# How a department stands that has a share in an order because a whistle called it.
CALLED = "called"


def note_orders(connection: Connection, lying: Iterable[tuple[int, Mapping[str, str]]]) -> None:
    """Write in which areas orders lie that have no rows, given with their numbers."""
    found = [(level, code, key) for key, areas in lying for level, code in areas.items() if code]
    if found:
        columns = zip(("level", "code", "number"), zip(*found, strict=True), strict=True)
        insert_columns(connection, order_areas, dict(columns))


def move_within(connection: Connection, before: Order, after: Order) -> None:
    """Write where an order lies now, if it has moved."""
    if before.areas == after.areas:
        return
    for level, code in before.areas.items():
        connection.execute(
            delete(order_areas).where(
                order_areas.c.level == level,
                order_areas.c.code == code,
                order_areas.c.number == after.number,
            )
        )
    note_orders(connection, [(after.number, after.areas)])


def note_notices(
    connection: Connection, lying: Iterable[tuple[int, str, Mapping[str, str]]]
) -> None:
    """Write where that lies of which roles are told: ids of notices, roles, areas."""
    found = [
        (role, level, code, key)
        for key, role, areas in lying
        for level, code in areas.items()
        if code
    ]
    if found:
        names = ("role", "level", "code", "notice_id")
        columns = zip(names, zip(*found, strict=True), strict=True)
        insert_columns(connection, notice_areas, dict(columns))


def numbers_within(areas: Iterable[tuple[str, str]]) -> Select[Any]:
    """Return a query for the numbers of the orders that lie in any of some areas (level, code)."""
    codes: dict[str, list[str]] = {}
    for level, code in sorted(areas):
        codes.setdefault(level, []).append(code)
    # Each level is asked by itself: of several pairs together the index is read by level alone.
    own = order_areas.c
    found = [
        select(own.number).where(own.level == level, own.code.in_(named))
        for level, named in codes.items()
    ]
    if len(found) == 1:
        return found[0]
    every = union_all(*found).subquery()
    return select(every.c.number)


def numbers_with(departments: Collection[str]) -> Select[Any]:
    """Return a query for the numbers of the orders that some departments have a share in now."""
    part = order_parts.c
    return select(part.number).where(part.department.in_(sorted(departments)), has_share())


def has_share() -> TextClause:
    """Return what is true of the row of a department that has a share in an order now.

    The lead, co-departments, and who was called by a whistle; who gave a share back has none. It
    is what an order and its report are about, wherever that is asked.
    """
    # As the partial index has it.
    return text("(order_parts.lead OR order_parts.state <> 'returned')")


def among(numbers: Select[Any], *, walked: bool = False) -> ColumnElement[bool]:
    """Return that an order is one of those of a query; asked of each order if `walked`."""
    if not walked:
        return orders.c.number.in_(numbers)
    return numbers.where(numbers.selected_columns[0] == orders.c.number).exists()
