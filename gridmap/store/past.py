"""Past reports as columns: where, when, what, whose, and by when they were done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from gridmap.store.moved import ITEM
from gridmap.store.schema import reports
from gridmap.store.schema_district import report_routes

__all__ = ["COLUMNS", "read_past_reports"]

_TIMES = ("event_at", "due_at", "closed_at")
COLUMNS = ("lon", "lat", "item", "department", "handling_level", *_TIMES)


def read_past_reports(
    connection: Connection, since: datetime, until: datetime
) -> dict[str, np.ndarray[Any, Any]]:
    """Return the reports observed, else received, in [since, until), in order of that time.

    Returns
    -------
    dict of str to array
        ``lon``, ``lat`` (float64, NaN for reports without a place), ``item``, ``department``,
        ``handling_level`` (object, empty where there is none), and times as seconds since
        1970 (float64, NaN where there is none).
    """
    query = (
        select(
            reports.c.lon,
            reports.c.lat,
            ITEM,
            report_routes.c.department,
            report_routes.c.handling_level,
            reports.c.event_at,
            report_routes.c.due_at,
            reports.c.closed_at,
        )
        .select_from(reports.outerjoin(report_routes, report_routes.c.report_id == reports.c.id))
        .where(reports.c.event_at >= since, reports.c.event_at < until)
        .order_by(reports.c.event_at, reports.c.id)
    )
    rows = [tuple(row) for row in connection.execute(query)]
    columns = dict(zip(COLUMNS, zip(*rows, strict=True), strict=True)) if rows else {}
    out: dict[str, np.ndarray[Any, Any]] = {}
    for name in COLUMNS:
        values = columns.get(name, ())
        if name in ("lon", "lat"):
            out[name] = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        elif name in _TIMES:
            out[name] = np.array([_seconds(v) for v in values], dtype=np.float64)
        else:
            out[name] = np.array([v or "" for v in values], dtype=object)
    return out


def _seconds(value: datetime | None) -> float:
    return float("nan") if value is None else value.astimezone(UTC).timestamp()
