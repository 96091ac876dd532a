"""The ordered levels of a store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from gridmap.areas import Level, Levels
from gridmap.errors import Conflict
from gridmap.store.schema import imports, levels

__all__ = ["levels_in_use", "read_levels", "write_levels"]


def read_levels(connection: Connection) -> Levels:
    """Return the store's levels, coarse to fine."""
    query = select(levels.c.name, levels.c.label, levels.c.label_en).order_by(levels.c.rank)
    return Levels(Level(*row) for row in connection.execute(query))


def levels_in_use(connection: Connection) -> set[str]:
    """Return the names of the levels at which some edition has, or is being given, areas."""
    query = select(imports.c.level).where(imports.c.state != "superseded").distinct()
    return set(connection.execute(query).scalars())


def write_levels(connection: Connection, new: Levels, by: str, now: datetime) -> None:
    """Replace the levels.

    Raises
    ------
    Conflict
        When a level that an edition uses would vanish, or two such would change places:
        parent links lead from fine to coarse, and published ones cannot be mended.
    """
    used = levels_in_use(connection)
    before = [name for name in read_levels(connection).names if name in used]
    after = [name for name in new.names if name in used]
    if before != after:
        raise Conflict(
            "Levels that editions use must stay, in their order.",
            got=",".join(new.names),
            allowed=f"{' > '.join(before)}, with further levels between or below",
            repair="Use a new store for another hierarchy.",
        )
    connection.execute(delete(levels))
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
            }
            for rank, level in enumerate(new)
        ],
    )
