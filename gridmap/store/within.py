"""In which areas orders and notices lie: the rows written, and what is asked of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, or_, select

from gridmap.cases.model import Order
from gridmap.store.rows import insert_columns
from gridmap.store.schema_cases import notices, orders
from gridmap.store.schema_within import notice_areas, order_areas

__all__ = ["move_within", "note_within", "notices_within", "orders_within"]

Areas = Iterable[tuple[str, str]]


def note_within(
    connection: Connection, table: Table, lying: Sequence[tuple[int, Mapping[str, str]]]
) -> None:
    """Write in which areas new rows lie, given with their numbers."""
    found = [(lv, code, key) for key, areas in lying for lv, code in areas.items() if code]
    if found:
        level, code, key = zip(*found, strict=True)
        columns = {"level": level, "code": code, _key(table): key}
        insert_columns(connection, table, columns)


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
    note_within(connection, order_areas, [(after.number, after.areas)])


def orders_within(areas: Areas) -> ColumnElement[bool]:
    """Return that an order lies in one of some areas (level, code)."""
    return orders.c.number.in_(select(order_areas.c.number).where(_named(order_areas, areas)))


def notices_within(areas: Areas) -> ColumnElement[bool]:
    """Return that a notice is about one of some areas (level, code)."""
    named = _named(notice_areas, areas)
    return notices.c.id.in_(select(notice_areas.c.notice_id).where(named))


def _key(table: Table) -> str:
    return next(column.name for column in table.columns if column.name not in ("level", "code"))


def _named(table: Table, areas: Areas) -> ColumnElement[bool]:
    return or_(*(and_(table.c.level == level, table.c.code == c) for level, c in sorted(areas)))
