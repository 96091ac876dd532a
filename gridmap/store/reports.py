"""Reports: written many at a time, counted by area."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import shapely
from sqlalchemy import Connection, func, insert, select

from gridmap.areas import Levels
from gridmap.errors import BadValue, MissingColumn
from gridmap.store.columns import json_value, storable
from gridmap.store.geometry import Encoded, encode
from gridmap.store.ids import reserve_ids
from gridmap.store.levels import read_levels
from gridmap.store.schema import editions, reports
from gridmap.times import ensure_utc

__all__ = ["COLUMNS", "add_reports", "count_reports"]

_REQUIRED = ("x", "y", "coord_sys", "location_status")
_TIMES = ("received_at", "observed_at")
_NUMBERS = ("x", "y", "accuracy_m", "lon", "lat")
_TEXTS = ("source", "item", "text", "coord_sys", "location_status", "warning", "edition")
COLUMNS = (*_TIMES, *_NUMBERS, *_TEXTS, "codes")


def add_reports(connection: Connection, rows: Mapping[str, Any], now: datetime) -> list[int]:
    """Write reports with the answers of the locator, all or none; return their ids in order.

    Parameters
    ----------
    rows : mapping of column name to array, list or scalar
        Required: ``x``, ``y`` (raw, in ``coord_sys``), ``coord_sys``, ``location_status``.
        Optional: ``received_at`` (aware; `now` where missing), ``observed_at``, ``source``,
        ``item``, ``text``, ``accuracy_m``, ``lon``, ``lat`` (EPSG:4326), ``warning``,
        ``edition`` (name of the edition that answered), and ``codes``: a mapping of level to
        codes, None where there is none. A scalar stands for every row; NaN means missing.

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
    for key, row in zip(ids, values, strict=True):
        row["id"] = key
    connection.execute(insert(reports), values)
    return ids


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
    return [convert(v) for v in _spread(value, count, name)]


def _spread(value: Any, count: int, name: str) -> list[Any]:
    # tolist, because the drivers know Python's numbers and not numpy's.
    out = value.tolist() if isinstance(value, np.ndarray) and name not in _TIMES else list(value)
    if len(out) != count:
        raise BadValue("The columns differ in length.", got=f"{name}: {len(out)}", allowed=count)
    return out


def _values(
    rows: Mapping[str, Any], count: int, connection: Connection, now: datetime
) -> list[dict[str, Any]]:
    number = {name: _column(rows, name, count, _number) for name in _NUMBERS}
    words = {name: _column(rows, name, count, _string) for name in _TEXTS}
    received = [v or now for v in _column(rows, "received_at", count, _moment)]
    observed = _column(rows, "observed_at", count, _moment)
    edition_ids = _edition_ids(connection, words["edition"])
    answers = _answers(rows.get("codes") or {}, count, read_levels(connection))
    points = _points(number["lon"], number["lat"])
    return [
        {
            "received_at": received[i],
            "observed_at": observed[i],
            "event_at": observed[i] or received[i],
            "source": words["source"][i] or "",
            "item": words["item"][i],
            "text": words["text"][i],
            "raw_x": number["x"][i],
            "raw_y": number["y"][i],
            "coord_sys": words["coord_sys"][i] or "",
            "accuracy_m": number["accuracy_m"][i],
            "lon": number["lon"][i],
            "lat": number["lat"][i],
            "location_status": words["location_status"][i],
            "warning": words["warning"][i] or None,
            "edition_id": edition_ids.get(words["edition"][i]),
            "area_level": answers[i][0],
            "area_code": answers[i][1],
            "codes": answers[i][2],
            "geom": points[i],
        }
        for i in range(count)
    ]


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
) -> list[tuple[str | None, str | None, dict[str, str] | None]]:
    """Per report: finest level and code present, and the codes of all levels."""
    ordered = sorted(codes, key=levels.rank)
    columns = [(name, _column(codes, name, count, _string)) for name in ordered]
    out: list[tuple[str | None, str | None, dict[str, str] | None]] = []
    for i in range(count):
        found = {name: code for name, values in columns if (code := values[i]) is not None}
        finest = next(reversed(found), None)
        out.append((finest, found[finest] if finest else None, found or None))
    return out


def _points(lon: list[float | None], lat: list[float | None]) -> list[Encoded | None]:
    x, y = np.array(lon, dtype=float), np.array(lat, dtype=float)
    known = ~(np.isnan(x) | np.isnan(y))
    points = np.full(len(x), None, dtype=object)
    points[known] = shapely.points(x[known], y[known])
    return encode(points)


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
