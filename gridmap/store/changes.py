"""Telling others that something changed: other processes, and programs that read the file."""

from __future__ import annotations

from sqlalchemy import Connection, Integer, Text, cast, select, update

from gridmap.store.engine import Database
from gridmap.store.gpkg import mark_changed
from gridmap.store.schema import meta

__all__ = ["note_change", "read_token", "touch"]


def read_token(connection: Connection) -> int:
    """Return a number that grows when answers, or what a draft edition holds, may change."""
    query = select(meta.c.value).where(meta.c.key == "change")
    return int(connection.execute(query).scalar_one())


def note_change(connection: Connection) -> None:
    """Let the number grow: every process asks anew what is in force, and what drafts hold."""
    connection.execute(
        update(meta)
        .where(meta.c.key == "change")
        .values(value=cast(cast(meta.c.value, Integer) + 1, Text))
    )


def touch(database: Database, connection: Connection, *tables: str) -> None:
    """Note in a GeoPackage which layers were written to."""
    if database.kind == "geopackage":
        mark_changed(connection, database.clock(), *tables)
