"""Jobs: what is to be done at a moment, once, whoever does it and however often it dies.

A worker takes a job by a lease that names its process. What a job changes in the store is
written in the transaction that marks it done; a job whose worker is gone is taken anew.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from gridmap.cases.ladder import Job
from gridmap.cases.life import LivedJob
from gridmap.store.leases import is_alive
from gridmap.store.rows import insert_rows
from gridmap.store.schema_cases import jobs

__all__ = [
    "LeasedJob",
    "add_jobs",
    "add_lived_jobs",
    "claim",
    "dead_jobs",
    "finish",
    "hold",
    "next_run",
    "postpone",
    "revive",
    "tried_jobs",
]

# A worker that has not finished within this time has lost its job.
LEASE = timedelta(minutes=5)
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class LeasedJob:
    """A job in a worker's hands."""

    id: int
    kind: str
    key: str
    number: int | None
    run_at: datetime
    attempts: int
    payload: dict[str, Any]


def add_jobs(connection: Connection, wanted: Sequence[Job]) -> None:
    """Add jobs; one whose key was ever used is left out."""
    rows = [
        {
            "kind": one.kind,
            "key": one.key,
            "number": one.number,
            "run_at": one.run_at,
            "state": "waiting",
            "attempts": 0,
            "payload": one.payload,
            "note": "",
        }
        for one in wanted
    ]
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    for start in range(0, len(rows), _AT_ONCE):
        statement = dialect.insert(jobs).on_conflict_do_nothing(index_elements=[jobs.c.key])
        connection.execute(statement, rows[start : start + _AT_ONCE])


def add_lived_jobs(connection: Connection, wanted: Sequence[LivedJob]) -> None:
    """Add jobs of which some were done in their time; all of their keys are new."""
    insert_rows(
        connection,
        jobs,
        [
            {
                "kind": one.job.kind,
                "key": one.job.key,
                "number": one.job.number,
                "run_at": one.job.run_at,
                "state": "waiting" if one.done_at is None else "done",
                "attempts": 0 if one.done_at is None else 1,
                "payload": one.job.payload,
                "done_at": one.done_at,
                "note": one.note,
            }
            for one in wanted
        ],
    )


def claim(connection: Connection, owner: str, now: datetime, *, limit: int) -> list[LeasedJob]:
    """Take jobs whose moment has come, the earliest first, and those of workers that are gone."""
    due = and_(jobs.c.state.in_(("waiting", "leased")), jobs.c.run_at <= now)
    query = (
        select(jobs)
        # What is held is left out here, not afterwards: as many jobs as are looked at, in the
        # hands of a worker that is slow, would hide all that are due after them.
        .where(due, or_(jobs.c.state == "waiting", _let_go(connection, now)))
        .order_by(jobs.c.run_at, jobs.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    free = connection.execute(query).all()
    if free:
        connection.execute(
            update(jobs)
            .where(jobs.c.id.in_([row.id for row in free]))
            .values(state="leased", owner=owner, leased_at=now)
        )
    return [
        LeasedJob(r.id, r.kind, r.key, r.number, r.run_at, r.attempts, dict(r.payload))
        for r in free
    ]


def _let_go(connection: Connection, now: datetime) -> ColumnElement[bool]:
    """Return that a leased job is nobody's: its time is over, or its worker is gone."""
    query = (
        select(jobs.c.owner, func.max(jobs.c.leased_at))
        .where(jobs.c.state == "leased", jobs.c.run_at <= now)
        .group_by(jobs.c.owner)
    )
    gone = [owner for owner, last in connection.execute(query) if not is_alive(owner, last, now)]
    return or_(jobs.c.leased_at <= now - LEASE, jobs.c.owner.in_(gone))


def hold(connection: Connection, job: LeasedJob, owner: str) -> bool:
    """True when the job is still this worker's; nobody else gets it in this transaction."""
    query = select(jobs.c.state, jobs.c.owner).where(jobs.c.id == job.id).with_for_update()
    row = connection.execute(query).one()
    return bool(row.state == "leased" and row.owner == owner)


def finish(
    connection: Connection, job: LeasedJob, now: datetime, *, state: str = "done", note: str = ""
) -> None:
    """Mark a job as done, or as dead."""
    connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id)
        .values(state=state, done_at=now, owner=None, leased_at=None, note=note,
                attempts=job.attempts + 1)
    )  # fmt: skip


def postpone(
    connection: Connection, job: LeasedJob, run_at: datetime, *, failed: bool, note: str = ""
) -> None:
    """Let a job wait until another moment."""
    connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id)
        .values(state="waiting", run_at=run_at, owner=None, leased_at=None, note=note,
                attempts=job.attempts + failed)
    )  # fmt: skip


def next_run(connection: Connection) -> datetime | None:
    """Return when the next job is to be done; None when there is none."""
    query = select(func.min(jobs.c.run_at)).where(jobs.c.state.in_(("waiting", "leased")))
    found: datetime | None = connection.execute(query).scalar()
    return found


def dead_jobs(
    connection: Connection, kind: str, *, limit: int = 1_000, payload: tuple[str, Any] | None = None
) -> list[dict[str, Any]]:
    """Return the jobs of a kind that were given up, the oldest first."""
    query = select(jobs).where(jobs.c.kind == kind, jobs.c.state == "dead").order_by(jobs.c.id)
    found = [
        {str(name): value for name, value in row.items()}
        for row in connection.execute(query.limit(limit)).mappings()
    ]
    if payload is None:
        return found
    return [row for row in found if row["payload"].get(payload[0]) == payload[1]]


def tried_jobs(
    connection: Connection, kinds: Collection[str], *, limit: int = 1_000
) -> list[dict[str, Any]]:
    """Return the jobs of some kinds that wait for another try, the next first."""
    own = jobs.c.kind.in_(kinds), jobs.c.state.in_(("waiting", "leased")), jobs.c.note != ""
    query = select(jobs).where(*own).order_by(jobs.c.run_at, jobs.c.id).limit(limit)
    return [
        {str(name): value for name, value in row.items()}
        for row in connection.execute(query).mappings()
    ]


def revive(connection: Connection, ids: Sequence[int], now: datetime) -> int:
    """Let dead jobs be tried anew; return how many were dead."""
    statement = (
        update(jobs)
        .where(jobs.c.id.in_(list(ids)), jobs.c.state == "dead")
        .values(state="waiting", attempts=0, run_at=now, done_at=None)
    )
    return connection.execute(statement).rowcount
