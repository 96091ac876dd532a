"""Putting a proposed repair into a draft: new polygons for some areas, all else as it was.

Each level that changes is written anew like an import: its rows are copied inside the store,
byte for byte, under an import that nobody sees; those that change get their new polygons; and
one last transaction makes all levels visible together. An import that is repaired keeps its
source, author, date and report, to which the repair is added.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import Connection, bindparam, func, insert, select, update

from gridmap.coverage.notes import ImportNote
from gridmap.errors import Conflict, StoreError
from gridmap.store import leases
from gridmap.store.areas import read_coverage
from gridmap.store.changes import note_change, touch
from gridmap.store.copies import copy_batch
from gridmap.store.editions import lock_draft
from gridmap.store.engine import Database
from gridmap.store.geometry import encode
from gridmap.store.imports import PAUSE_S, Progress
from gridmap.store.schema import areas, imports

if TYPE_CHECKING:
    from gridmap.coverage.repair.model import Proposal, RowChange

__all__ = ["apply_repair"]

_log = logging.getLogger(__name__)

_IMPORT = [c.name for c in imports.c if c.name not in ("id", "state", "owner", "heartbeat_at")]


@dataclass(frozen=True)
class _Job:
    database: Database
    edition: str
    edition_id: int
    proposal: Proposal
    changes: dict[str, list[RowChange]]
    # All live imports of the draft, and from those that are repaired to their successors.
    live: list[int]
    imports: dict[str, tuple[int, int]]
    owner: str


def apply_repair(
    database: Database,
    edition: str,
    proposal: Proposal,
    by: str,
    *,
    progress: Progress | None = None,
    batch: int = 2000,
) -> int:
    """Give the areas of a draft the polygons that a proposal has for them; return how many.

    Whatever ends it early, a kill included, leaves the draft as it was.

    Raises
    ------
    NotFound, Immutable
        When there is no such edition, or it is published.
    Conflict
        When the proposal goes beyond its limits, or the draft is not the one it was made from.
    """
    proposal.require_within_limits()
    if not proposal.rows:
        return 0
    leases.sweep(database)
    job = _begin(database, edition, proposal, by)
    try:
        _fill(job, progress, batch)
        _flip(job)
    except BaseException:
        _abandon(job)
        raise
    leases.sweep(database)
    return len(proposal.rows)


def _begin(database: Database, edition: str, proposal: Proposal, by: str) -> _Job:
    now, owner = database.clock(), leases.own_name()
    changes: dict[str, list[RowChange]] = defaultdict(list)
    for change in proposal.rows:
        changes[change.level].append(change)
    with database.write() as connection:
        edition_id = lock_draft(connection, edition)
        _need_base(connection, edition_id, edition, proposal)
        live = _live_imports(connection, edition_id)
        made = {}
        for row in live:
            level = row["level"]
            if level not in changes:
                continue
            values = {name: row[name] for name in _IMPORT} | {
                "state": "pending",
                "owner": owner,
                "heartbeat_at": now,
                "report": _with_note(row["report"], proposal, len(changes[level]), by, now),
            }
            found = connection.execute(insert(imports).values(values).returning(imports.c.id))
            made[level] = (int(row["id"]), int(found.scalar_one()))
    ids = [int(row["id"]) for row in live]
    return _Job(database, edition, edition_id, proposal, dict(changes), ids, made, owner)


def _live_imports(connection: Connection, edition_id: int) -> list[Any]:
    query = (
        select(imports)
        .where(imports.c.edition_id == edition_id, imports.c.state == "live")
        .order_by(imports.c.id)
    )
    return list(connection.execute(query).mappings())


def _need_base(connection: Connection, edition_id: int, edition: str, proposal: Proposal) -> None:
    if read_coverage(connection, edition_id, edition).fingerprint() != proposal.base:
        raise Conflict(
            "The draft has changed since the repair was proposed.",
            got=edition,
            repair="Have it proposed again, look at it, and commit that.",
        )


def _with_note(
    report: dict[str, Any] | None, proposal: Proposal, rows: int, by: str, now: datetime
) -> dict[str, Any]:
    """Return an import's report with the repair in it, as a record and as a remark."""
    moved = f"{proposal.moved_m2:,.1f} m² ({proposal.moved_share:.4%})"
    text = f"Repaired {now:%Y-%m-%d %H:%M} UTC by {by}: {rows} areas changed; {moved} moved in all."
    record = {
        "at": now.isoformat(),
        "by": by,
        "proposal": proposal.id,
        "rows": rows,
        "moved_m2": round(proposal.moved_m2, 6),
        "mended": proposal.counts(),
    }
    former = report or {}
    note = ImportNote("repaired", "info", text).as_dict()
    return former | {
        "messages": [*former.get("messages", []), note],
        "repairs": [*former.get("repairs", []), record],
    }


def _fill(job: _Job, progress: Progress | None, batch: int) -> None:
    done, total = 0, len(job.proposal.coverage)
    for level, (old, new) in job.imports.items():
        last: int | None = 0
        while last is not None:
            began = time.monotonic()
            with job.database.write() as connection:
                _renew(connection, job)
                last, count = copy_batch(connection, job.edition_id, old, new, last, batch)
            done += count
            _pause(began)
            if progress is not None and count:
                progress(done, total)
        _change(job, level, new, batch)
    if progress is not None:
        progress(total, total)


def _change(job: _Job, level: str, new: int, batch: int) -> None:
    """Write the new polygons over the copies."""
    changes = job.changes[level]
    shapes = np.empty(len(changes), dtype=object)
    shapes[:] = [change.after for change in changes]
    rows = [
        {"of_code": change.code, "shape": shape}
        for change, shape in zip(changes, encode(shapes), strict=True)
    ]
    statement = (
        update(areas)
        .where(areas.c.import_id == new, areas.c.code == bindparam("of_code"))
        .values(geom=bindparam("shape", type_=areas.c.geom.type))
    )
    for start in range(0, len(rows), batch):
        began = time.monotonic()
        with job.database.write() as connection:
            _renew(connection, job)
            connection.execute(statement, rows[start : start + batch])
        _pause(began)


def _pause(began: float) -> None:
    # As with imports: who waits to write looks up at intervals only.
    time.sleep(max(PAUSE_S, (time.monotonic() - began) / 2))


def _renew(connection: Connection, job: _Job) -> None:
    mine = [new for _, new in job.imports.values()]
    renewed = connection.execute(
        update(imports)
        .where(imports.c.id.in_(mine), imports.c.state == "pending", imports.c.owner == job.owner)
        .values(heartbeat_at=job.database.clock())
    )
    if renewed.rowcount != len(mine):
        raise Conflict(
            "The repair was given up for dead and cleared away.",
            got=job.edition,
            repair="Run it again, without letting it stand still.",
        )


def _flip(job: _Job) -> None:
    with job.database.write() as connection:
        lock_draft(connection, job.edition)
        _renew(connection, job)
        # Again: somebody may have imported a level or edited a polygon since the copy began.
        _need_base(connection, job.edition_id, job.edition, job.proposal)
        if [row["id"] for row in _live_imports(connection, job.edition_id)] != job.live:
            _changed_meanwhile(job)
        for old, new in job.imports.values():
            counts = [_count(connection, one) for one in (old, new)]
            if counts[0] != counts[1]:
                _changed_meanwhile(job)
            _set_state(connection, old, "superseded")
            _set_state(connection, new, "live")
        note_change(connection)
        touch(job.database, connection, "imports", "areas")


def _count(connection: Connection, import_id: int) -> int:
    return int(
        connection.execute(select(func.count()).where(areas.c.import_id == import_id)).scalar_one()
    )


def _set_state(connection: Connection, import_id: int, state: str) -> None:
    connection.execute(update(imports).where(imports.c.id == import_id).values(state=state))


def _changed_meanwhile(job: _Job) -> None:
    raise Conflict(
        "The draft was changed while it was repaired.",
        got=job.edition,
        repair="Have the repair proposed again, look at it, and commit that.",
    )


def _abandon(job: _Job) -> None:
    """Clear away what a failed repair wrote; where that fails too, the next sweep does it."""
    try:
        for _, new in job.imports.values():
            leases.discard(job.database, new)
    except StoreError as error:
        _log.warning("The remains of a failed repair wait for the next sweep: %s", error)
