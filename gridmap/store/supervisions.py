"""Supervision orders: numbered by year without gaps, read, changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from gridmap.cases.record import plain
from gridmap.cases.supervision import RefusedReply, Supervision, SupervisionState
from gridmap.errors import NotFound
from gridmap.store.schema_cases import supervisions

__all__ = ["add", "change", "listed", "lock", "read"]

_LOCK = 0x737570


def add(connection: Connection, one: Supervision) -> Supervision:
    """Write a new supervision order under the next number of its year, and return it."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    last = select(func.max(supervisions.c.seq)).where(supervisions.c.year == one.year)
    one = replace(one, seq=int(connection.execute(last).scalar() or 0) + 1)
    done = connection.execute(insert(supervisions).values(**_columns(one)))
    assert done.inserted_primary_key is not None
    return replace(one, id=int(done.inserted_primary_key[0]))


def _columns(one: Supervision) -> dict[str, Any]:
    names = (
        "year", "seq", "number", "department", "version", "issued_at", "reply_by", "closed_at"
    )  # fmt: skip
    values = {name: getattr(one, name) for name in names}
    return values | {"state": one.state.value, "data": plain(one)}


def read(connection: Connection, key: int) -> Supervision:
    """Return one, or raise `NotFound`."""
    return lock(connection, key, lock=False)


def lock(connection: Connection, key: int, *, lock: bool = True) -> Supervision:
    """Return one, kept from others until the transaction ends; or raise `NotFound`."""
    query = select(supervisions.c.id, supervisions.c.data).where(supervisions.c.id == key)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("There is no such supervision order.", got=key)
    return _from(row.id, row.data)


def change(connection: Connection, one: Supervision) -> None:
    """Write one that this transaction has locked."""
    connection.execute(
        update(supervisions).where(supervisions.c.id == one.id).values(**_columns(one))
    )


def listed(
    connection: Connection,
    *,
    number: int | None = None,
    state: str | None = None,
    department: str | None = None,
    departments: frozenset[str] | None = None,
    limit: int = 1_000,
) -> list[Supervision]:
    """Return supervision orders, the newest first; `departments` are those one may see."""
    query = select(supervisions.c.id, supervisions.c.data).order_by(supervisions.c.id.desc())
    for column, value in (("number", number), ("state", state), ("department", department)):
        if value is not None:
            query = query.where(supervisions.c[column] == value)
    found = (_from(row.id, row.data) for row in connection.execute(query))
    # Copies stand in the record alone: what one may not see takes nothing of the limit.
    seen = (
        one for one in found if departments is None or departments & {one.department, *one.copies}
    )
    return list(islice(seen, limit))


def _from(key: int, stored: Mapping[str, Any]) -> Supervision:
    record = _moments(stored) | {"id": key, "state": SupervisionState(stored["state"])}
    record["copies"] = tuple(record["copies"])
    record["refusals"] = tuple(RefusedReply(**_moments(r)) for r in record.get("refusals", ()))
    if record["state"] is SupervisionState.ISSUED and record["replied_at"] is not None:
        # Written when a refused reply stayed where it was: when it was due and when it was
        # refused is not known, so that it is taken as given in time.
        at, by = record["replied_at"], record["replied_by"]
        refused = RefusedReply(at, record["reply"], at, by, at, record["refused_why"])
        record |= {"reply": "", "replied_at": None, "replied_by": "", "refusals": (refused,)}
    return Supervision(**record)


def _moments(stored: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: datetime.fromisoformat(value) if name in _TIMES and value is not None else value
        for name, value in stored.items()
    }


_TIMES = frozenset({"issued_at", "reply_by", "replied_at", "closed_at", "refused_at"})
