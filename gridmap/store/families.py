"""Families of grids: reading them, adding one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, select

from gridmap.access import Visibility
from gridmap.coverage.families import BASE, Family
from gridmap.errors import Conflict, NotFound
from gridmap.store.levels import insert_levels, need_own_levels, read_levels
from gridmap.store.schema_dated import families

__all__ = ["add_family", "lock_family", "need_family", "read_families"]


def read_families(connection: Connection) -> list[Family]:
    """Return all families: the base grids first, then in order of making."""
    rows = connection.execute(select(families).order_by(families.c.id)).all()
    found = [
        Family(
            row.name,
            row.label,
            row.label_en,
            read_levels(connection, row.name),
            Visibility(row.visibility),
        )
        for row in rows
    ]
    return sorted(found, key=lambda family: family.name != BASE)


def need_family(connection: Connection, name: str) -> None:
    """Raise `NotFound` unless there is a family called `name`."""
    known = list(connection.execute(select(families.c.name).order_by(families.c.id)).scalars())
    if name not in known:
        raise NotFound(
            "There is no such family of grids.",
            got=name,
            allowed=known,
            repair="Add it: gridmap families --add NAME --label TITLE --levels LEVEL,LEVEL.",
        )


def lock_family(connection: Connection, name: str) -> None:
    """Hold a family for this transaction: editions of one family come into force in turn."""
    connection.execute(select(families.c.id).where(families.c.name == name).with_for_update())


def add_family(connection: Connection, family: Family, by: str, now: datetime) -> None:
    """Add a family with its levels.

    Raises
    ------
    Conflict
        When there is a family of that name, or one of the levels is another family's.
    """
    known = list(connection.execute(select(families.c.name)).scalars())
    if family.name in known:
        raise Conflict("There is a family of that name already.", got=family.name)
    need_own_levels(connection, family.levels, family.name)
    connection.execute(
        insert(families).values(
            name=family.name,
            label=family.label,
            label_en=family.label_en,
            visibility=family.visibility.value,
            created_at=now,
            created_by=by,
        )
    )
    insert_levels(connection, family.levels, by, now, family.name)
