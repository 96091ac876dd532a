"""Writing a layer's areas into a draft, so that nobody waits and nobody sees a part.

Rows are written in short transactions under an import that is ``pending``; one last short
transaction makes it ``live`` and its predecessor ``superseded``. Between the batches the
store is left free for a moment, so that reports keep coming in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from gridmap.areas import Area
from gridmap.errors import BadValue, Conflict, StoreError
from gridmap.store import leases
from gridmap.store.changes import note_change, touch
from gridmap.store.editions import lock_draft
from gridmap.store.engine import Database
from gridmap.store.geometry import Encoded, encode
from gridmap.store.levels import read_levels_of
from gridmap.store.schema import areas, imports

if TYPE_CHECKING:
    from gridmap.coverage.importing.incoming import Incoming

__all__ = [
    "PAUSE_S",
    "Progress",
    "add_pending",
    "area_rows",
    "import_areas",
    "need_storable",
    "read_import_reports",
]

Progress = Callable[[int, int], None]

PAUSE_S = 0.005
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Job:
    database: Database
    edition: str
    edition_id: int
    import_id: int
    owner: str
    incoming: Incoming


def import_areas(
    database: Database,
    edition: str,
    incoming: Incoming,
    by: str,
    *,
    progress: Progress | None = None,
    batch: int = 2000,
) -> int:
    """Put the areas of `incoming` in the place of its level in the draft `edition`.

    Returns the number of areas. Whatever ends it early, a kill included, leaves the level as
    it was.

    Raises
    ------
    UnknownLevel, BadValue
        When the store cannot hold what comes in.
    Immutable
        When the edition is published.
    Conflict
        When the edition was published, or the import given up for dead, meanwhile.
    """
    leases.sweep(database)
    need_storable(incoming)
    job = _begin(database, edition, incoming, by)
    total = len(incoming.areas)
    try:
        for start in range(0, total, batch):
            took = _write_batch(job, slice(start, start + batch))
            if progress is not None:
                progress(min(start + batch, total), total)
            # SQLite's waiting writers look up at intervals; a lock that is dropped for an
            # instant only would never be free when they look.
            time.sleep(max(PAUSE_S, took / 2))
        _flip(job)
    except BaseException:
        _abandon(job)
        raise
    leases.sweep(database)
    return total


def need_storable(incoming: Incoming) -> None:
    """Raise `BadValue` when the store cannot hold what comes in."""
    lengths = {len(incoming.areas), len(incoming.geometry), len(incoming.attributes)}
    if len(lengths) != 1:
        raise BadValue("An import needs geometry and attributes for each area.", got=lengths)
    for area in incoming.areas:
        if area.level != incoming.level:
            raise BadValue("An import fills one level.", got=area.level, allowed=incoming.level)
        for value in (area.code, area.name, area.name_en, area.parent_code):
            if value and ("\0" in value or not _encodable(value)):
                raise BadValue("Text holds characters that no store can keep.", got=repr(value))


def _encodable(value: str) -> bool:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _begin(database: Database, edition: str, incoming: Incoming, by: str) -> _Job:
    now, owner = database.clock(), leases.own_name()
    with database.write() as connection:
        edition_id = lock_draft(connection, edition)
        import_id = add_pending(connection, edition_id, incoming, by, now=now, owner=owner)
    return _Job(database, edition, edition_id, import_id, owner, incoming)


def add_pending(
    connection: Connection,
    edition_id: int,
    incoming: Incoming,
    by: str,
    *,
    now: datetime,
    owner: str,
) -> int:
    """Enter an import of which nobody sees anything yet, and return its id.

    Raises
    ------
    UnknownLevel
        When the edition's family has no such level.
    """
    read_levels_of(connection, edition_id).rank(incoming.level)
    values = {
        "edition_id": edition_id,
        "level": incoming.level,
        "state": "pending",
        "source": incoming.source,
        "source_layer": incoming.source_layer,
        "source_sha256": incoming.source_sha256,
        "coord_sys": incoming.coord_sys,
        "encoding": incoming.encoding,
        "areas": len(incoming.areas),
        "report": incoming.report.as_dict(),
        "created_at": now,
        "created_by": by,
        "heartbeat_at": now,
        "owner": owner,
    }
    made = connection.execute(insert(imports).values(values).returning(imports.c.id))
    return int(made.scalar_one())


def _write_batch(job: _Job, chosen: slice) -> float:
    """Write some of the rows; return the seconds that the store was held for it."""
    rows = area_rows(job.edition_id, job.import_id, job.incoming, chosen)
    began = time.monotonic()
    with job.database.write() as connection:
        _renew(connection, job)
        connection.execute(insert(areas), rows)
    return time.monotonic() - began


def area_rows(
    edition_id: int, import_id: int, incoming: Incoming, chosen: slice
) -> list[dict[str, Any]]:
    """Return some of the areas of an import as rows of the table."""
    return [
        _row(area, shape, attributes) | {"edition_id": edition_id, "import_id": import_id}
        for area, shape, attributes in zip(
            incoming.areas[chosen],
            encode(incoming.geometry[chosen]),
            incoming.attributes[chosen],
            strict=True,
        )
    ]


def _row(area: Area, shape: Encoded | None, attributes: dict[str, Any]) -> dict[str, Any]:
    return {
        "level": area.level,
        "code": area.code,
        "name": area.name,
        "name_en": area.name_en,
        "kind": area.kind,
        "provisional": area.provisional,
        "parent_level": area.parent_level,
        "parent_code": area.parent_code,
        "attributes": attributes or None,
        "geom": shape,
    }


def _renew(connection: Connection, job: _Job) -> None:
    renewed = connection.execute(
        update(imports)
        .where(
            imports.c.id == job.import_id,
            imports.c.state == "pending",
            imports.c.owner == job.owner,
        )
        .values(heartbeat_at=job.database.clock())
    )
    if renewed.rowcount != 1:
        raise Conflict(
            "The import was given up for dead and cleared away.",
            got=job.incoming.source,
            repair="Run it again, without letting it stand still.",
        )


def _flip(job: _Job) -> None:
    with job.database.write() as connection:
        lock_draft(connection, job.edition)
        _renew(connection, job)
        connection.execute(
            update(imports)
            .where(
                imports.c.edition_id == job.edition_id,
                imports.c.level == job.incoming.level,
                imports.c.state == "live",
            )
            .values(state="superseded")
        )
        connection.execute(
            update(imports).where(imports.c.id == job.import_id).values(state="live")
        )
        note_change(connection)
        touch(job.database, connection, "imports", "areas")


def _abandon(job: _Job) -> None:
    """Clear away what a failed import wrote; where that fails too, the next sweep does it."""
    try:
        leases.discard(job.database, job.import_id)
    except StoreError as error:
        _log.warning("The remains of a failed import wait for the next one: %s", error)


def read_import_reports(connection: Connection, edition_id: int) -> list[dict[str, Any]]:
    """Return what each live import of an edition had to say, in the order they were made."""
    query = (
        select(imports)
        .where(imports.c.edition_id == edition_id, imports.c.state == "live")
        .order_by(imports.c.id)
    )
    return [
        {
            "level": row.level,
            "source": row.source,
            "source_layer": row.source_layer,
            "source_sha256": row.source_sha256,
            "coord_sys": row.coord_sys,
            "encoding": row.encoding,
            "areas": row.areas,
            "created_at": row.created_at,
            "created_by": row.created_by,
            "report": row.report or {},
        }
        for row in connection.execute(query)
    ]
