"""Who is importing, and what a killed import has left behind.

An import under way is ``pending``: its rows are in the table and nobody reads them. It names
its process and renews its heartbeat with every batch. When the process is gone, or silent for
long, the rows are cleared away, in short batches, by whoever imports or publishes next.
"""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, select, update

from gridmap.errors import Conflict
from gridmap.store.engine import Database
from gridmap.store.schema import areas, editions, imports

__all__ = ["clear_unfinished", "discard", "drop_hidden", "is_alive", "own_name", "sweep"]

# A batch takes seconds at most; a process that is silent for this long is stopped or gone.
PATIENCE = timedelta(minutes=10)
# Owner of an import whose rows are being cleared away: whoever wrote them may not go on.
_NOBODY = ""
_BATCH = 2000


def own_name() -> str:
    """Return what tells this process from every other: host, pid, and start time."""
    pid = os.getpid()
    return f"{socket.gethostname()}/{pid}/{_start_of(pid)}"


def is_alive(
    owner: str, heartbeat_at: datetime, now: datetime, patience: timedelta = PATIENCE
) -> bool:
    """True unless a process is known to be gone, or on another host silent for too long."""
    if owner == _NOBODY:
        return False
    host, pid, start = owner.rsplit("/", 2)
    if host == socket.gethostname() and start and _start_of(os.getpid()):
        return _start_of(int(pid)) == start
    return now - heartbeat_at < patience


def _start_of(pid: int) -> str:
    """Return a process's start time in clock ticks; empty where there is no such process.

    A number alone would not do: pids are used again.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    # The second field is the program's name in parentheses, which may hold anything.
    return stat.rpartition(")")[2].split()[19]


def sweep(database: Database) -> int:
    """Delete rows that no live import stands behind; return how many there were."""
    with database.read() as connection:
        left = _left_behind(connection, database.clock())
    count = sum(discard(database, import_id) for import_id in left)
    drop_hidden(database)
    return count


def drop_hidden(database: Database) -> None:
    """Remove the editions of copies that were never finished, once nothing is in them."""
    with database.read() as connection:
        if connection.execute(select(editions.c.id).where(_is_empty_copy())).scalar() is None:
            return
    with database.write() as connection:
        connection.execute(delete(editions).where(_is_empty_copy()))


def _is_empty_copy() -> Any:
    filled = select(imports.c.id).where(imports.c.edition_id == editions.c.id).exists()
    return editions.c.hidden & ~filled


def discard(database: Database, import_id: int) -> int:
    """Delete the areas of an import that is not live, in short batches; return how many.

    The record of one that was never finished goes too; a superseded one stays as history.
    """
    if not _claim(database, import_id):
        return 0
    count = 0
    while True:
        with database.write() as connection:
            deleted = delete_areas(connection, import_id, limit=_BATCH)
            count += deleted
            if deleted < _BATCH:
                connection.execute(
                    delete(imports).where(imports.c.id == import_id, imports.c.state == "pending")
                )
                return count


def _claim(database: Database, import_id: int) -> bool:
    """Take an unfinished import from its process; False when it went live meanwhile.

    A process that was only slow would else write on between the batches, and put in force
    what is left.
    """
    with database.write() as connection:
        connection.execute(
            update(imports)
            .where(imports.c.id == import_id, imports.c.state == "pending")
            .values(owner=_NOBODY)
        )
        state = select(imports.c.state).where(imports.c.id == import_id)
        return connection.execute(state).scalar() != "live"


def _left_behind(connection: Connection, now: datetime) -> list[int]:
    has_rows = select(areas.c.id).where(areas.c.import_id == imports.c.id).exists()
    query = select(imports.c.id, imports.c.state, imports.c.owner, imports.c.heartbeat_at).where(
        (imports.c.state == "pending") | ((imports.c.state == "superseded") & has_rows)
    )
    return [
        row.id
        for row in connection.execute(query)
        if row.state == "superseded" or not is_alive(row.owner, row.heartbeat_at, now)
    ]


def delete_areas(connection: Connection, import_id: int, *, limit: int | None = None) -> int:
    """Delete areas of one import, at most `limit`; return how many."""
    some = select(areas.c.id).where(areas.c.import_id == import_id).limit(limit)
    return connection.execute(delete(areas).where(areas.c.id.in_(some))).rowcount


def clear_unfinished(connection: Connection, edition_id: int, now: datetime) -> None:
    """Before publishing: leave only live imports in the edition, or raise `Conflict`.

    Once the edition is published its guards would keep the remains for ever.
    """
    query = select(imports).where(imports.c.edition_id == edition_id, imports.c.state != "live")
    for row in connection.execute(query).all():
        if row.state == "pending" and is_alive(row.owner, row.heartbeat_at, now):
            raise Conflict(
                "An import into this edition is under way.",
                got=row.source,
                repair="Wait until it is done, then check and publish.",
            )
        delete_areas(connection, row.id)
        if row.state == "pending":
            connection.execute(delete(imports).where(imports.c.id == row.id))
