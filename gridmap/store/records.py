"""Records of the district, kept by code: put many, get all of a kind.

One pair of functions for all kinds, because to the store they are alike: a code, plain
columns, perhaps a geometry. What the columns mean is the domain's business.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import shapely
from sqlalchemy import Column, ColumnElement, Connection, Table, Text, delete, insert, select, text

from gridmap.errors import BadValue
from gridmap.store.columns import JsonText, storable
from gridmap.store.geometry import Geometry
from gridmap.store.schema_district import RECORD_TABLES

__all__ = ["RECORD_KINDS", "get_records", "lock_records", "put_records"]

RECORD_KINDS = tuple(RECORD_TABLES)

# SQLite refuses a statement with more than 32,766 values.
_CODES_AT_ONCE = 5_000

_SPACE = 0x7265  # "re"


def put_records(
    connection: Connection,
    kind: str,
    records: Iterable[Mapping[str, Any]],
    *,
    replace: bool = False,
    only: Mapping[str, Any] | None = None,
) -> tuple[int, int]:
    """Write records of a kind; those whose code is stored already take its place.

    Text that is not given is stored as empty.

    Parameters
    ----------
    kind : str
        One of :data:`RECORD_KINDS`.
    records : iterable of mappings
        Column values by name; ``geom`` a shapely geometry. ``lon``/``lat`` make the point
        where the table has a point and none is given.
    replace : bool
        Remove all records of the kind first.
    only : mapping, optional
        Write among the records alone that have these values: no other is removed, or gives
        its code away.

    Returns
    -------
    tuple of int
        How many were new, and how many took another's place.

    Raises
    ------
    BadValue
        For a kind, column or geometry that does not exist, a missing value, or a code that
        is empty or stands twice.
    """
    table = _table(kind)
    rows = [_row(table, record) for record in records]
    codes = [row["code"] for row in rows]
    twice = sorted(code for code, times in Counter(codes).items() if times > 1)
    if twice:
        raise BadValue("A code stands twice among the records.", got=", ".join(twice[:10]))
    known = set(connection.execute(select(table.c.code)).scalars())
    alike = [table.c[name] == value for name, value in (only or {}).items()]
    if only is not None:
        _need_alike(connection, table, alike, known.intersection(codes))
    if replace:
        connection.execute(delete(table).where(*alike))
    else:
        both = sorted(known.intersection(codes))
        for start in range(0, len(both), _CODES_AT_ONCE):
            some = both[start : start + _CODES_AT_ONCE]
            connection.execute(delete(table).where(table.c.code.in_(some)))
    if rows:
        connection.execute(insert(table), rows)
    changed = len(known.intersection(codes))
    return len(rows) - changed, changed


def _need_alike(
    connection: Connection, table: Table, alike: list[ColumnElement[bool]], codes: set[str]
) -> None:
    own = set(connection.execute(select(table.c.code).where(*alike)).scalars())
    if codes - own:
        raise BadValue(
            f"Codes are those of other '{table.name}'.",
            got=", ".join(sorted(codes - own)[:10]),
            repair="Give them codes of their own.",
        )


def lock_records(connection: Connection, kind: str) -> None:
    """Let others who decide by the records of a kind wait until this transaction has ended.

    In a GeoPackage every other writer waits anyway.
    """
    if connection.dialect.name == "postgresql":
        query = text("SELECT pg_advisory_xact_lock(:space, hashtext(:kind))")
        connection.execute(query, {"space": _SPACE, "kind": kind})


def get_records(connection: Connection, kind: str) -> list[dict[str, Any]]:
    """Return all records of a kind in code order, without the store's row ids."""
    table = _table(kind)
    columns = [column for column in table.c if column.name != "id"]
    names = [str(column.name) for column in columns]
    found = connection.execute(select(*columns))
    rows = (dict(zip(names, row, strict=True)) for row in found)
    return sorted(rows, key=lambda row: row["code"].encode())


def _table(kind: str) -> Table:
    try:
        return RECORD_TABLES[kind]
    except KeyError:
        raise BadValue("There is no such kind of record.", got=kind, allowed=RECORD_KINDS) from None


def _row(table: Table, record: Mapping[str, Any]) -> dict[str, Any]:
    columns = [column for column in table.c if column.name != "id"]
    row = {column.name: _value(column, record.get(column.name)) for column in columns}
    unknown = sorted(set(record) - set(row))
    if unknown:
        raise BadValue(
            f"'{table.name}' has no such column.", got=", ".join(unknown), allowed=list(row)
        )
    if "geom" in row and row["geom"] is None and None not in (row.get("lon"), row.get("lat")):
        row["geom"] = shapely.Point(row["lon"], row["lat"])
    lacking = [c.name for c in columns if row[c.name] is None and not c.nullable]
    if lacking or not row["code"]:
        raise BadValue(
            f"A record of '{table.name}' lacks what it needs.",
            got=f"{row['code'] or 'no code'}: {', '.join(lacking) or 'code'}",
        )
    return row


def _value(column: Column[Any], value: Any) -> Any:
    """Return a value as both stores keep it alike."""
    kind = column.type
    if isinstance(kind, JsonText):
        return [storable(text) for text in value or ()]
    if value is None:
        return "" if isinstance(kind, Text) and not column.nullable else None
    if isinstance(kind, Geometry):
        if kind.kind == "Point" and value.geom_type != "Point":
            raise BadValue(
                f"'{column.table.name}' has points only.", got=value.geom_type, allowed="Point"
            )
        return value
    # SQLite would take NaN for missing, PostGIS for a number.
    return None if value != value else storable(value)  # noqa: PLR0124
