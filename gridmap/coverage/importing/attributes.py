"""Further columns of a layer: which are stored, which are left out, and their values."""

from __future__ import annotations

import datetime as dt
import decimal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.coverage.importing.known_as import free_key
from gridmap.coverage.importing.privacy import personal_reason
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.read import Layer

__all__ = ["SplitColumns", "attribute_records", "split_columns"]


@dataclass(frozen=True, slots=True)
class SplitColumns:
    """Columns to store, columns left out, and the report of the latter."""

    kept: tuple[str, ...]
    dropped: tuple[str, ...]
    notes: tuple[ImportNote, ...]


def split_columns(layer: Layer, mapped: Sequence[str], keep: Sequence[str]) -> SplitColumns:
    """Decide which further columns are stored as attributes (visible to staff).

    All plain columns that are not mapped are, except those that look personal, which are
    stored only when named in `keep`.
    """
    kept: list[str] = []
    reasons: dict[str, str] = {}
    for column in layer.columns:
        if column in mapped:
            continue
        values = layer.frame[column]
        reason = None if column in keep else personal_reason(column, values.dropna())
        if reason is None and not _is_plain(values):
            reason = "values that are not plain"
        if reason is None:
            kept.append(column)
        else:
            reasons[column] = reason
    notes = []
    if reasons:
        listed = ", ".join(f"'{c}' ({why})" for c, why in reasons.items())
        text = f"Columns left out: {listed}. Name a column in keep to store it."
        details = tuple({"column": c, "reason": why} for c, why in reasons.items())
        notes.append(ImportNote("personal_columns", "warning", text, details=details))
    return SplitColumns(tuple(kept), tuple(reasons), tuple(notes))


def attribute_records(
    layer: Layer, columns: Sequence[str], rows: NDArray[np.int64]
) -> list[dict[str, Any]]:
    """Return one JSON-able record a row with the values that are not missing.

    A column whose name is a reserved key gets another; see
    :mod:`gridmap.coverage.importing.known_as`.
    """
    values = {free_key(c): layer.frame[c].tolist() for c in columns}
    records = []
    for row in rows.tolist():
        record = {c: _plain(v[row]) for c, v in values.items()}
        records.append({c: v for c, v in record.items() if v is not None})
    return records


def _is_plain(values: pd.Series[Any]) -> bool:
    return not any(isinstance(v, (bytes, memoryview)) for v in values.dropna())


def _plain(value: Any) -> Any:
    """Return a value as JSON knows it; None for a missing or not finite one."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    value = value.item() if isinstance(value, np.generic) else value
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, (float, decimal.Decimal)):
        return float(value) if np.isfinite(float(value)) else None
    if isinstance(value, (dt.date, dt.time)):  # datetimes and pandas' timestamps are dates
        return value.isoformat()
    return value if isinstance(value, (str, bool, int)) else str(value)
