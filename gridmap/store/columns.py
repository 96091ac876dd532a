"""Column types that hold the same on both stores: moments in UTC, and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, Text
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, UserDefinedType

from gridmap.times import ensure_utc

__all__ = [
    "JsonText",
    "UtcTime",
    "json_holds",
    "json_text",
    "json_value",
    "storable",
    "to_millisecond",
]


# Made once: `json.dumps` with options makes an encoder at each call.
json_text: Callable[[Any], str] = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":")
).encode


def storable(value: Any) -> Any:
    """Return text as both stores can keep it; other values as they are.

    PostgreSQL has no NUL in text: it is left out. Half of a surrogate pair is no character
    and has no UTF-8: it becomes a question mark.
    """
    if not isinstance(value, str):
        return value
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def to_millisecond(moment: datetime) -> datetime:
    """Return `moment` (aware) in UTC, cut to the millisecond: what both stores keep."""
    utc = ensure_utc(moment)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


class _GpkgTime(UserDefinedType[Any]):
    """GeoPackage ``DATETIME``: text of fixed width, so that text order is time order."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "DATETIME"

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str | None]:
        def process(value: datetime | None) -> str | None:
            if value is None:
                return None
            return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], Any]:
        return lambda value: None if value is None else datetime.fromisoformat(value)


class UtcTime(TypeDecorator[datetime]):
    """Aware moments, stored in UTC to the millisecond; naive ones are refused."""

    impl = _GpkgTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Return ``timestamptz`` on PostGIS, ``DATETIME`` text in a GeoPackage."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(TIMESTAMP(timezone=True))
        return dialect.type_descriptor(_GpkgTime())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn to UTC; the millisecond's parts are cut off, by the text where it is text."""
        if value is None:
            return None
        return to_millisecond(value) if dialect.name == "postgresql" else ensure_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware moment in UTC."""
        return None if value is None else value.astimezone(UTC)


class JsonText(TypeDecorator[Any]):
    """JSON values: ``jsonb`` on PostGIS, text in a GeoPackage (GDAL shows it as it is)."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        """Return the store's own column type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write JSON text where the store has no JSON of its own."""
        if value is None or dialect.name == "postgresql":
            return value
        return json_text(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read it back."""
        if value is None or dialect.name == "postgresql":
            return value
        return json.loads(value)


class json_value(FunctionElement[str]):  # noqa: N801 - reads like the SQL function it is
    """``json_value(column, key)``: the text at `key` of a JSON object, NULL when absent."""

    type = Text()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], key: str) -> None:
        super().__init__(column, key)


@compiles(json_value, "postgresql")
def _postgis_value(element: json_value, compiler: Any, **kw: Any) -> str:
    column, key = element.clauses
    return f"({compiler.process(column, **kw)} ->> {compiler.process(key, **kw)})"


@compiles(json_value, "sqlite")
def _gpkg_value(element: json_value, compiler: Any, **kw: Any) -> str:
    column, key = element.clauses
    return f"json_extract({compiler.process(column, **kw)}, '$.' || {compiler.process(key, **kw)})"


class json_holds(FunctionElement[bool]):  # noqa: N801 - reads like the SQL function it is
    """``json_holds(column, text)``: true when a JSON list of texts holds `text`."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[Any], value: str) -> None:
        super().__init__(column, value)


@compiles(json_holds, "postgresql")
def _postgis_holds(element: json_holds, compiler: Any, **kw: Any) -> str:
    column, value = element.clauses
    return f"({compiler.process(column, **kw)} ? {compiler.process(value, **kw)})"


@compiles(json_holds, "sqlite")
def _gpkg_holds(element: json_holds, compiler: Any, **kw: Any) -> str:
    column, value = element.clauses
    own, wanted = compiler.process(column, **kw), compiler.process(value, **kw)
    return f"EXISTS (SELECT 1 FROM json_each({own}) WHERE value = {wanted})"
