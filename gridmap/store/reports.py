"""Reports: written many at a time, counted by area."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from gridmap.areas import Levels
from gridmap.errors import BadValue, MissingColumn
from gridmap.store.columns import json_value, storable
from gridmap.store.geometry import encode_points
from gridmap.store.ids import reserve_ids
from gridmap.store.levels import read_levels
from gridmap.store.rows import insert_columns
from gridmap.store.schema import editions, reports
from gridmap.times import ensure_utc

__all__ = ["COLUMNS", "add_reports", "count_reports"]

_REQUIRED = ("x", "y", "coord_sys", "location_status")
_TIMES = ("received_at", "observed_at")
_NUMBERS = ("x", "y", "accuracy_m", "lon", "lat")
_TEXTS = (
    "source",
    "item",
    "catalogue",
    "text",
    "coord_sys",
    "location_status",
    "warning",
    "edition",
)
COLUMNS = (*_TIMES, *_NUMBERS, *_TEXTS, "codes")


def add_reports(
    connection: Connection, rows: Mapping[str, Any], now: datetime
) -> list[dict[str, Any]]:
    """Write reports with the answers of the locator, all or none; return the rows in order.

    Parameters
    ----------
    rows : mapping of column name to array, list or scalar
        Required: ``x``, ``y`` (raw, in ``coord_sys``), ``coord_sys``, ``location_status``.
        Optional: ``received_at`` (aware; `now` where missing), ``observed_at``, ``source``,
        ``item``, ``catalogue`` (empty for the site's own), ``text``, ``accuracy_m``, ``lon``,
        ``lat`` (EPSG:4326), ``warning``, ``edition`` (name of the edition that answered), and
        ``codes``: a mapping of level to codes, None where there is none. A scalar stands for
        every row; NaN means missing.

    Raises
    ------
    MissingColumn, BadValue
        When the columns are not these, or not of one length.
    """
    count = _length(rows)
    if not count:
        return []
    values = _values(rows, count, connection, now)
    # Ids first: asking SQLite for those it gave costs a statement a row.
    ids = reserve_ids(connection, reports, count)
    insert_columns(connection, reports, {"id": ids, **values})
    names = ("received_at", "item", "catalogue", "codes")
    columns = [values[name] for name in names]
    return [
        {"id": key, **dict(zip(names, row, strict=True))}
        for key, row in zip(ids, zip(*columns, strict=True), strict=True)
    ]


def _length(rows: Mapping[str, Any]) -> int:
    unknown = [name for name in rows if name not in COLUMNS]
    if unknown:
        raise BadValue("Reports have no such column.", got=", ".join(unknown), allowed=COLUMNS)
    missing = [name for name in _REQUIRED if name not in rows]
    if missing:
        raise MissingColumn("A column of the reports is missing.", got=", ".join(missing))
    return len(rows["x"])


def _column(
    rows: Mapping[str, Any], name: str, count: int, convert: Callable[[Any], Any]
) -> list[Any]:
    value = rows.get(name)
    if value is None or isinstance(value, (str, int, float, datetime)):
        return [convert(value)] * count
    return _each_once(convert, _spread(value, count, name))


def _each_once(convert: Callable[[Any], Any], values: list[Any]) -> list[Any]:
    """Convert every object once, so that what comes again is one object afterwards too."""
    found: dict[int, Any] = {}
    out = []
    for value in values:
        key = id(value)
        if key not in found:
            found[key] = convert(value)
        out.append(found[key])
    return out


def _spread(value: Any, count: int, name: str) -> list[Any]:
    # tolist, because the drivers know Python's numbers and not numpy's.
    out = value.tolist() if isinstance(value, np.ndarray) and name not in _TIMES else list(value)
    if len(out) != count:
        raise BadValue("The columns differ in length.", got=f"{name}: {len(out)}", allowed=count)
    return out


def _values(
    rows: Mapping[str, Any], count: int, connection: Connection, now: datetime
) -> dict[str, list[Any]]:
    number = {name: _numbers(rows, name, count) for name in _NUMBERS}
    words = {name: _column(rows, name, count, _string) for name in _TEXTS}
    received = [v or now for v in _column(rows, "received_at", count, _moment)]
    observed = _column(rows, "observed_at", count, _moment)
    edition_ids = _edition_ids(connection, words["edition"])
    level, code, codes = _answers(rows.get("codes") or {}, count, read_levels(connection))
    return {
        "received_at": received,
        "observed_at": observed,
        "event_at": [o or r for o, r in zip(observed, received, strict=True)],
        "source": [text or "" for text in words["source"]],
        "item": words["item"],
        "catalogue": [text or "" for text in words["catalogue"]],
        "text": words["text"],
        "raw_x": number["x"],
        "raw_y": number["y"],
        "coord_sys": [text or "" for text in words["coord_sys"]],
        "accuracy_m": number["accuracy_m"],
        "lon": number["lon"],
        "lat": number["lat"],
        "location_status": words["location_status"],
        "warning": [text or None for text in words["warning"]],
        "edition_id": [edition_ids.get(name) for name in words["edition"]],
        "area_level": level,
        "area_code": code,
        "codes": codes,
        "geom": encode_points(number["lon"], number["lat"]),
    }


def _numbers(rows: Mapping[str, Any], name: str, count: int) -> list[float | None]:
    value = rows.get(name)
    if isinstance(value, np.ndarray) and value.dtype == np.float64 and len(value) == count:
        out: list[float | None] = value.tolist()
        for i in np.flatnonzero(~np.isfinite(value)).tolist():
            out[i] = None
        return out
    return _column(rows, name, count, _number)


def _number(value: Any) -> float | None:
    # Infinite is a value a phone can send, and no store's number: kept as missing.
    return float(value) if value is not None and math.isfinite(value) else None


def _string(value: Any) -> str | None:
    return None if _is_missing(value) else str(storable(str(value)))


def _is_missing(value: Any) -> bool:
    # NaN and NaT differ from themselves.
    return value is None or bool(value != value)  # noqa: PLR0124


def _moment(value: Any) -> datetime | None:
    if _is_missing(value):
        return None
    if isinstance(value, np.datetime64):
        # numpy's moments have no zone; by convention they are UTC.
        plain: datetime = value.astype("datetime64[ms]").astype(datetime)
        return plain.replace(tzinfo=UTC)
    if isinstance(value, datetime):
        return ensure_utc(value)
    raise BadValue("The time of a report is not a moment.", got=repr(value))


def _edition_ids(connection: Connection, names: list[str | None]) -> dict[str | None, int]:
    known: dict[str | None, int] = {
        name: int(key) for key, name in connection.execute(select(editions.c.id, editions.c.name))
    }
    unknown = {name for name in names if name is not None} - set(known)
    if unknown:
        raise BadValue("There is no such edition.", got=", ".join(sorted(map(str, unknown))))
    return known


def _answers(
    codes: Mapping[str, Any], count: int, levels: Levels
) -> tuple[list[str | None], list[str | None], list[dict[str, str] | None]]:
    """Finest level and code present, and the codes of all levels: one object an area."""
    ordered = sorted(codes, key=levels.rank)
    if not ordered:
        return [None] * count, [None] * count, [None] * count
    columns = [_column(codes, name, count, _string) for name in ordered]
    areas = {found: _answer(ordered, found) for found in set(zip(*columns, strict=True))}
    rows = [areas[found] for found in zip(*columns, strict=True)]
    return [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]


def _answer(
    levels: Sequence[str], codes: tuple[str | None, ...]
) -> tuple[str | None, str | None, dict[str, str] | None]:
    found = {name: code for name, code in zip(levels, codes, strict=True) if code is not None}
    finest = next(reversed(found), None)
    return finest, found[finest] if finest else None, found or None


def count_reports(
    connection: Connection,
    level: str,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> dict[str, int]:
    """Return the number of reports per code of `level`, observed (else received) in a time.

    `since` is included, `until` is not. Reports in no area of that level are not counted.
    """
    read_levels(connection).rank(level)
    code = json_value(reports.c.codes, level)
    query = select(code, func.count()).where(code.is_not(None)).group_by(code)
    if since is not None:
        query = query.where(reports.c.event_at >= since)
    if until is not None:
        query = query.where(reports.c.event_at < until)
    return {str(name): int(count) for name, count in connection.execute(query)}
