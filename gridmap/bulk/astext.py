"""Any Arrow column as text, for files that hold nothing else."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["as_text", "json_value"]


def as_text(column: pa.Array) -> pa.Array:
    """Return the column as text; text stays as it is, nulls stay null, lists become JSON."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if pa.types.is_string(kind):
        return column
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_nested(kind):
        return pa.array([_text(value) for value in column.to_pylist()], pa.string())
    return pc.cast(column, pa.string())


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bytes):
        return value.hex()
    return json.dumps(value, ensure_ascii=False, default=json_value)


def json_value(value: Any) -> str:
    """Return what JSON has no form for as text: bytes as hexadecimal, times as ISO 8601."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)
