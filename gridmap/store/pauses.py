"""Stopped clocks: when a report's time stood still, and its deadline counted anew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from gridmap.errors import Conflict
from gridmap.routing.clock import Due, Pause, PauseReason
from gridmap.store.columns import storable
from gridmap.store.schema_district import report_routes
from gridmap.store.schema_reviews import report_pauses

__all__ = ["pauses_of", "put_due", "read_pauses", "resume", "stop"]


def pauses_of(connection: Connection, numbers: Sequence[int]) -> dict[int, list[Pause]]:
    """Return the pauses of some reports, by report; those without any are left out."""
    found: dict[int, list[Pause]] = {}
    if not numbers:
        return found
    query = select(report_pauses).where(report_pauses.c.report_id.in_(numbers))
    for row in connection.execute(query.order_by(report_pauses.c.started_at, report_pauses.c.id)):
        pause = Pause(row.started_at, row.ended_at, PauseReason(row.reason))
        found.setdefault(row.report_id, []).append(pause)
    return found


def read_pauses(connection: Connection, number: int) -> list[dict[str, Any]]:
    """Return the pauses of a report as they were recorded, by their beginning."""
    names = ("started_at", "ended_at", "reason", "note", "started_by", "ended_by")
    query = select(*(report_pauses.c[name] for name in names))
    query = query.where(report_pauses.c.report_id == number)
    order = (report_pauses.c.started_at, report_pauses.c.id)
    return [
        dict(zip(names, row, strict=True)) for row in connection.execute(query.order_by(*order))
    ]


def stop(connection: Connection, number: int, pause: Pause, note: str, by: str) -> None:
    """Record that a report's clock stands still; `Conflict` when it does already."""
    running = select(report_pauses.c.id).where(
        report_pauses.c.report_id == number, report_pauses.c.ended_at.is_(None)
    )
    if connection.execute(running).first() is not None:
        raise Conflict("The clock of this report stands still already.", got=number)
    connection.execute(
        insert(report_pauses).values(
            report_id=number,
            started_at=pause.start,
            reason=pause.reason.value,
            note=storable(note),
            started_by=by,
        )
    )


def resume(connection: Connection, number: int, at: datetime, by: str) -> None:
    """Record that a report's clock runs on; `Conflict` when it runs."""
    statement = (
        update(report_pauses)
        .where(report_pauses.c.report_id == number, report_pauses.c.ended_at.is_(None))
        .values(ended_at=at, ended_by=by)
    )
    if not connection.execute(statement).rowcount:
        raise Conflict("The clock of this report runs already.", got=number)


def put_due(
    connection: Connection,
    number: int,
    due: Due,
    steps: Sequence[Mapping[str, Any]],
    now: datetime,
) -> None:
    """Write a deadline that was counted anew, with all steps of the report."""
    connection.execute(
        update(report_routes)
        .where(report_routes.c.report_id == number)
        .values(
            due_at=due.due_at,
            due_reason=due.reason,
            review_on=due.review_on,
            steps=list(steps),
            redue_at=now,
        )
    )
