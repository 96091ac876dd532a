r"""Many rows into one table: COPY on PostGIS, executemany in a GeoPackage.

COPY takes the rows as text, so what the column types would bind is written out here: the
same values arrive, some times faster.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import lru_cache
from io import StringIO
from typing import Any, cast

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Dialect,
    Double,
    Integer,
    Table,
    Text,
    insert,
)
from sqlalchemy.sql.compiler import IdentifierPreparer

from gridmap.store.columns import JsonText, UtcTime, json_text, to_millisecond
from gridmap.store.geometry import Geometry, to_ewkb

__all__ = ["insert_columns", "insert_rows"]

# Fewer rows than this are sent as one INSERT; COPY costs a round trip to begin.
_FEW = 20

_NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows within the connection's transaction; no rows, nothing done.

    Parameters
    ----------
    rows : sequence of mapping
        Column name to value; every row names the same columns.
    """
    if rows:
        names = list(rows[0])
        insert_columns(connection, table, {name: [row[name] for row in rows] for name in names})


def insert_columns(
    connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Insert rows given by column, many times faster than one by one; see `insert_rows`.

    A value that comes again, like a moment or the codes of one area, is written out once when
    it is the same object.

    Parameters
    ----------
    columns : mapping of column name to sequence
        All of one length, at least one row.
    """
    count = len(next(iter(columns.values())))
    if connection.dialect.name != "postgresql":
        _execute_many(connection, table, columns)
    elif count < _FEW:
        rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
        connection.execute(insert(table), rows)
    else:
        _copy(connection, table, columns)


def _execute_many(
    connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]]
) -> None:
    """Hand the driver what the column types bind, without a dictionary for every row."""
    dialect = connection.dialect
    statement, names = _spelt(table, tuple(columns), dialect)
    bound = []
    for name in names:
        bind = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        bound.append(columns[name] if bind is None else _each_once(bind, columns[name]))
    connection.exec_driver_sql(statement, list(zip(*bound, strict=True)))


@lru_cache(maxsize=256)
def _spelt(table: Table, names: tuple[str, ...], dialect: Dialect) -> tuple[str, tuple[str, ...]]:
    """Return an INSERT and the columns it binds, in order; spelling it takes longer than it."""
    statement = insert(table).compile(dialect=dialect, column_keys=list(names))
    return str(statement), tuple(statement.positiontup or ())


def _copy(connection: Connection, table: Table, columns: Mapping[str, Sequence[Any]]) -> None:
    quote = IdentifierPreparer(connection.dialect).quote
    names = ", ".join(map(quote, columns))
    written = [_written(table.c[name], values) for name, values in columns.items()]
    text = "\n".join(map("\t".join, zip(*written, strict=True))) + "\n"
    dbapi = connection.connection.dbapi_connection
    assert dbapi is not None
    with closing(cast("Any", dbapi.cursor())) as cursor:
        cursor.copy_expert(f"COPY {quote(table.name)} ({names}) FROM STDIN", StringIO(text))


def _written(column: Column[Any], values: Sequence[Any]) -> list[str]:
    """Return a column's values as COPY reads them."""
    if isinstance(column.type, Double):
        # Hardly one comes again. The type's own repr, for numpy's numbers are shown otherwise.
        return [_NULL if value is None else float.__repr__(value) for value in values]
    return _each_once(_writer(column), values)


def _each_once(write: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    """Return what `write` makes of every value, asked once for each object.

    `values` holds the objects, so that no two have had the same number.
    """
    found: dict[int, Any] = {}
    out = []
    for value in values:
        key = id(value)
        if key not in found:
            found[key] = write(value)
        out.append(found[key])
    return out


def _writer(column: Column[Any]) -> Callable[[Any], str]:
    """Return what writes a column's values as COPY reads them."""
    for kind, write in _WRITERS:
        if isinstance(column.type, kind):
            return lambda value: _NULL if value is None else write(value)
    raise TypeError(f"no text form for column {column.name} of type {column.type!r}")


def _geometry(value: Any) -> str:
    binary = to_ewkb(value)
    return _NULL if binary is None else binary.hex()


def _json(value: Any) -> str:
    return json_text(value).translate(_ESCAPES)


# The first that fits: JSON is kept as Text where the store has none of its own.
_WRITERS: tuple[tuple[type[Any], Callable[[Any], str]], ...] = (
    (Geometry, _geometry),
    (UtcTime, lambda value: to_millisecond(value).isoformat()),
    (JsonText, _json),
    (Boolean, lambda value: "t" if value else "f"),
    (Integer, lambda value: str(int(value))),
    (Date, lambda value: value.isoformat()),
    (Text, lambda value: str(value).translate(_ESCAPES)),
)
