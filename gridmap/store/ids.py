"""Ids for rows that are about to be written."""

from __future__ import annotations

from sqlalchemy import Connection, Table, text

__all__ = ["reserve_ids"]


def reserve_ids(connection: Connection, table: Table, count: int) -> list[int]:
    """Return `count` ids of `table` that nobody else gets, ascending.

    To be called in the writing transaction that uses them: on SQLite it is the write lock
    that keeps others away.
    """
    if connection.dialect.name == "postgresql":
        query = text(
            "SELECT nextval(pg_get_serial_sequence(:table, 'id')) FROM generate_series(1, :count)"
        )
        found = connection.execute(query, {"table": table.name, "count": count})
        return sorted(int(key) for key in found.scalars())
    query = text("SELECT seq FROM sqlite_sequence WHERE name = :table")
    last = connection.execute(query, {"table": table.name}).scalar() or 0
    return list(range(last + 1, last + 1 + count))
