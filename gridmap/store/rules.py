"""What routes were decided by, kept by content: the same content is kept once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from gridmap.errors import NotFound
from gridmap.store.columns import storable
from gridmap.store.geometry import encode
from gridmap.store.schema_rules import (
    responsibilities,
    responsibility_states,
    rule_uses,
    rule_versions,
)

__all__ = [
    "basis_ids",
    "keep_rules",
    "keep_state",
    "read_rules",
    "read_state",
    "read_uses",
    "rules_in_use",
    "use_rules",
]

# SQLite refuses a statement with more than 32,766 values.
_AT_ONCE = 5_000
# How many differences are laid upon each other before a state is written whole.
_DEEPEST = 20


def _insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows of which another process may be writing the same."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    if rows:
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), list(rows))


# -- rules ------------------------------------------------------------------------------------


def keep_rules(
    connection: Connection, fingerprint: str, texts: Mapping[str, str], who: str, now: datetime
) -> int:
    """Keep a site's tables; return the version's id."""
    key = select(rule_versions.c.id).where(rule_versions.c.fingerprint == fingerprint)
    found = connection.execute(key).scalar()
    if found is None:
        row = {
            "fingerprint": fingerprint,
            "texts": {name: storable(text) for name, text in texts.items()},
            "recorded_at": now,
            "recorded_by": who,
        }
        _insert_new(connection, rule_versions, [row])
        found = connection.execute(key).scalar_one()
    return int(found)


def use_rules(connection: Connection, version: int, note: str, who: str, now: datetime) -> None:
    """Put a version in use from now on."""
    row = {"version_id": version, "note": storable(note), "used_from": now, "used_by": who}
    connection.execute(insert(rule_uses).values(row))


def rules_in_use(connection: Connection) -> str | None:
    """Return the fingerprint of the version in use, None when none was imported."""
    query = (
        select(rule_versions.c.fingerprint)
        .join_from(rule_uses, rule_versions)
        .order_by(rule_uses.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


def read_rules(connection: Connection, fingerprint: str) -> dict[str, str]:
    """Return the tables of a version."""
    query = select(rule_versions.c.texts).where(rule_versions.c.fingerprint == fingerprint)
    found = connection.execute(query).scalar()
    if found is None:
        raise NotFound("No such version of the rules is kept.", got=fingerprint)
    return dict(found)


def read_uses(connection: Connection) -> list[dict[str, Any]]:
    """Return which versions were in use from when on, the latest first."""
    columns = (rule_uses.c.used_from, rule_uses.c.used_by, rule_uses.c.note)
    query = (
        select(rule_versions.c.fingerprint, *columns)
        .join_from(rule_uses, rule_versions)
        .order_by(rule_uses.c.id.desc())
    )
    return [dict(row) for row in connection.execute(query).mappings()]


# -- responsibilities ---------------------------------------------------------------------------


def keep_state(
    connection: Connection,
    fingerprint: str,
    records: Iterable[tuple[str, str, Mapping[str, Any]]],
    now: datetime,
) -> int:
    """Keep the records that hold together; return the state's id.

    Parameters
    ----------
    fingerprint : str
    records : iterable of (digest, kind, record)
    """
    states = responsibility_states
    key = select(states.c.id).where(states.c.fingerprint == fingerprint)
    found = connection.execute(key).scalar()
    if found is not None:
        return int(found)
    members = _keep_records(connection, list(records), now)
    last = connection.execute(select(func.max(states.c.id))).scalar()
    base, depth, added, removed = _difference(connection, members, last)
    row = {
        "fingerprint": fingerprint,
        "base_id": base,
        "depth": depth,
        "added": sorted(added),
        "removed": sorted(removed),
        "recorded_at": now,
    }
    _insert_new(connection, states, [row])
    return int(connection.execute(key).scalar_one())


def _keep_records(
    connection: Connection, records: Sequence[tuple[str, str, Mapping[str, Any]]], now: datetime
) -> set[int]:
    known = _ids_of(connection, [digest for digest, _, _ in records])
    new = [one for one in records if one[0] not in known]
    shapes = encode([record.get("geom") for _, _, record in new])
    rows = [
        {
            "digest": digest,
            "kind": kind,
            "code": record["code"],
            "record": {name: _plain(value) for name, value in record.items() if name != "geom"},
            "recorded_at": now,
            "geom": shape,
        }
        for (digest, kind, record), shape in zip(new, shapes, strict=True)
    ]
    for start in range(0, len(rows), _AT_ONCE):
        _insert_new(connection, responsibilities, rows[start : start + _AT_ONCE])
    return set((known | _ids_of(connection, [digest for digest, _, _ in new])).values())


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _ids_of(connection: Connection, digests: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    columns = (responsibilities.c.digest, responsibilities.c.id)
    for start in range(0, len(digests), _AT_ONCE):
        some = digests[start : start + _AT_ONCE]
        rows = connection.execute(select(*columns).where(columns[0].in_(some)))
        found.update((digest, int(key)) for digest, key in rows)
    return found


def _difference(
    connection: Connection, members: set[int], last: int | None
) -> tuple[int | None, int, set[int], set[int]]:
    """Return base, depth, and what is added to and removed from it; written whole if shorter."""
    if last is not None:
        depth, before = _members(connection, last)
        added, removed = members - before, before - members
        if depth < _DEEPEST and len(added) + len(removed) < len(members):
            return last, depth + 1, added, removed
    return None, 0, members, set()


def _members(connection: Connection, state: int) -> tuple[int, set[int]]:
    """Return the depth of a state, and the ids of its records."""
    columns = responsibility_states.c
    chain: list[Any] = []
    key: int | None = state
    while key is not None:
        query = select(columns.base_id, columns.depth, columns.added, columns.removed)
        row = connection.execute(query.where(columns.id == key)).one()
        chain.append(row)
        key = row.base_id
    found: set[int] = set()
    for row in reversed(chain):
        found = (found - set(row.removed)) | set(row.added)
    return int(chain[0].depth), found


def read_state(connection: Connection, fingerprint: str) -> dict[str, list[dict[str, Any]]]:
    """Return the records of a state by kind, in code order, as they were read when it was kept."""
    columns = responsibility_states.c
    query = select(columns.id).where(columns.fingerprint == fingerprint)
    state = connection.execute(query).scalar()
    if state is None:
        raise NotFound("No such state of the responsibilities is kept.", got=fingerprint)
    ids = sorted(_members(connection, state)[1])
    found: dict[str, list[dict[str, Any]]] = {}
    kept = responsibilities.c
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        rows = connection.execute(
            select(kept.kind, kept.record, kept.geom).where(kept.id.in_(some))
        )
        for kind, record, geom in rows:
            shape = {"geom": geom} if kind == "overlays" else {}
            found.setdefault(kind, []).append(_dated(record) | shape)
    for records in found.values():
        records.sort(key=lambda record: record["code"].encode())
    return found


def _dated(record: Mapping[str, Any]) -> dict[str, Any]:
    days = ("valid_from", "valid_to")
    return {
        name: date.fromisoformat(value) if name in days and value else value
        for name, value in record.items()
    }


def basis_ids(
    connection: Connection, rules: Iterable[str], states: Iterable[str]
) -> tuple[dict[str, int], dict[str, int]]:
    """Return the ids of versions and states that are kept, by their fingerprints."""
    out = []
    for table, wanted in ((rule_versions, set(rules)), (responsibility_states, set(states))):
        query = select(table.c.fingerprint, table.c.id).where(table.c.fingerprint.in_(wanted))
        out.append({name: int(key) for name, key in connection.execute(query)} if wanted else {})
    return out[0], out[1]
