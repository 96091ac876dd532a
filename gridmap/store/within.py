"""In which areas orders and notices lie: the rows written, and orders found by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import ColumnElement, Connection, and_, delete, or_, select

from gridmap.cases.model import Order
from gridmap.store.rows import insert_columns
from gridmap.store.schema_cases import orders
from gridmap.store.schema_within import notice_areas, order_areas

__all__ = ["move_within", "note_notices", "note_orders", "orders_within"]


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


def orders_within(areas: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Return that an order lies in one of some areas (level, code)."""
    named = (
        and_(order_areas.c.level == level, order_areas.c.code == code)
        for level, code in sorted(areas)
    )
    return orders.c.number.in_(select(order_areas.c.number).where(or_(*named)))
