"""The ordered levels of each family of grids."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from gridmap.areas import Level, Levels
from gridmap.coverage.families import BASE
from gridmap.errors import Conflict
from gridmap.store.schema import editions, imports, levels

__all__ = [
    "insert_levels",
    "levels_in_use",
    "need_own_levels",
    "read_levels",
    "read_levels_of",
    "write_levels",
]


def read_levels(connection: Connection, family: str = BASE) -> Levels:
    """Return a family's levels, coarse to fine."""
    query = (
        select(levels.c.name, levels.c.label, levels.c.label_en)
        .where(levels.c.family == family)
        .order_by(levels.c.rank)
    )
    return Levels(Level(*row) for row in connection.execute(query))


def read_levels_of(connection: Connection, edition_id: int) -> Levels:
    """Return the levels of the family that an edition belongs to."""
    query = select(editions.c.family).where(editions.c.id == edition_id)
    return read_levels(connection, connection.execute(query).scalar_one())


def levels_in_use(connection: Connection, family: str = BASE) -> set[str]:
    """Return the levels at which some edition of a family has, or is being given, areas."""
    query = (
        select(imports.c.level)
        .join(editions, editions.c.id == imports.c.edition_id)
        .where(imports.c.state != "superseded", editions.c.family == family)
        .distinct()
    )
    return set(connection.execute(query).scalars())


def write_levels(
    connection: Connection, new: Levels, by: str, now: datetime, family: str = BASE
) -> None:
    """Replace a family's levels.

    Raises
    ------
    Conflict
        When a level that an edition uses would vanish, or two such would change places:
        parent links lead from fine to coarse, and published ones cannot be mended. When a
        level is another family's.
    """
    need_own_levels(connection, new, family)
    used = levels_in_use(connection, family)
    before = [name for name in read_levels(connection, family).names if name in used]
    after = [name for name in new.names if name in used]
    if before != after:
        raise Conflict(
            "Levels that editions use must stay, in their order.",
            got=",".join(new.names),
            allowed=f"{' > '.join(before)}, with further levels between or below",
            repair="Use a new store for another hierarchy.",
        )
    connection.execute(delete(levels).where(levels.c.family == family))
    insert_levels(connection, new, by, now, family)


def insert_levels(connection: Connection, new: Levels, by: str, now: datetime, family: str) -> None:
    """Write the levels of a family that has none."""
    connection.execute(
        insert(levels),
        [
            {
                "rank": rank,
                "name": level.name,
                "label": level.label,
                "label_en": level.label_en,
                "changed_at": now,
                "changed_by": by,
                "family": family,
            }
            for rank, level in enumerate(new)
        ],
    )


def need_own_levels(connection: Connection, wanted: Levels, family: str) -> None:
    """Raise `Conflict` when one of `wanted` belongs to another family."""
    query = select(levels.c.name, levels.c.family)
    owners = {row.name: row.family for row in connection.execute(query)}
    taken = [name for name in wanted.names if owners.get(name, family) != family]
    if taken:
        raise Conflict(
            f"The level '{taken[0]}' belongs to the family '{owners[taken[0]]}'.",
            got=", ".join(wanted.names),
            repair=f"Choose another name for it, for example '{family}_{taken[0]}'.",
        )
