"""Any Arrow column as text, for files that hold nothing else."""

from __future__ import annotations

import datetime
import json
from functools import lru_cache
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["as_text", "as_values", "in_known_zone", "json_value"]


def as_text(column: pa.Array) -> pa.Array:
    """Return the column as text; text stays as it is, nulls stay null, lists become JSON.

    Bytes are written as hexadecimal, those of a UUID as people write it.
    """
    column = _in_known_zone(column)
    kind = column.type
    if pa.types.is_dictionary(kind):
        return as_text(column.dictionary_decode())
    if pa.types.is_string(kind):
        return column
    if pa.types.is_null(kind):
        return pa.nulls(len(column), pa.string())
    if kind == pa.uuid() or pa.types.is_nested(kind) or any(are(kind) for are in _BYTES):
        return pa.array([_text(value) for value in as_values(column)], pa.string())
    if isinstance(column, pa.ExtensionArray):
        return as_text(column.storage)
    return pc.cast(column, pa.string())


_BYTES = (
    pa.types.is_binary,
    pa.types.is_large_binary,
    pa.types.is_binary_view,
    pa.types.is_fixed_size_binary,
)


def as_values(column: pa.Array) -> list[Any]:
    """Return the column as Python's values, as text those that Python has none for.

    Arrow's times and dates reach some 292,000 years, Python's end with the year 9999.
    """
    try:
        found: list[Any] = _in_known_zone(column).to_pylist()
    except _NO_VALUE:
        return [_value(one) for one in column]
    return found


# Of times too far away, and of those in an unknown zone within lists and the like.
_NO_VALUE = (OverflowError, pa.ArrowInvalid)


def _value(one: pa.Scalar) -> Any:
    one = _in_known_zone(one)
    try:
        return one.as_py()
    except _NO_VALUE:
        pass
    if isinstance(one, pa.StructScalar):
        return {field.name: _value(one[i]) for i, field in enumerate(one.type)}
    if pa.types.is_nested(one.type):
        return [_value(inner) for inner in one.values]
    if pa.types.is_dictionary(one.type):
        return _value(one.value)
    if pa.types.is_timestamp(one.type):
        # As UTC: so far away Arrow is wrong about zones.
        one = pc.cast(one, pa.timestamp(one.type.unit))
    return pc.cast(one, pa.string()).as_py()


def in_known_zone(kind: pa.DataType) -> pa.DataType:
    """Return a type, UTC in place of a zone that is not known here ("China Standard Time").

    Arrow holds times in UTC whatever their zone, so that they stay the same.
    """
    if not pa.types.is_timestamp(kind) or kind.tz is None or _is_known(kind.tz):
        return kind
    return pa.timestamp(kind.unit, "UTC")


def _in_known_zone(times: Any) -> Any:
    known = in_known_zone(times.type)
    return times if known == times.type else pc.cast(times, known)


@lru_cache(maxsize=64)
def _is_known(zone: str) -> bool:
    # Python and Arrow each have a register of their own.
    example = pa.array([0], pa.timestamp("s", zone))
    try:
        example.to_pylist()
        pc.cast(example, pa.string())
    except (pa.ArrowException, ValueError, LookupError, OSError):
        return False
    return True


def _text(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, (bytes, UUID)):
        return json_value(value)
    return json.dumps(value, ensure_ascii=False, default=json_value)


def json_value(value: Any) -> str:
    """Return what JSON has no form for as text: bytes as hexadecimal, times as ISO 8601."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)
