"""Reading areas: a whole edition as a coverage, or what was kept of their attributes."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection, Select, select

from gridmap.areas import Area
from gridmap.coverage.model import Coverage
from gridmap.store.levels import read_levels_of
from gridmap.store.schema import areas, imports

__all__ = ["read_attributes", "read_coverage"]

_COLUMNS = (
    areas.c.id, areas.c.level, areas.c.code, areas.c.name, areas.c.name_en, areas.c.parent_level,
    areas.c.parent_code, areas.c.kind, areas.c.provisional,
)  # fmt: skip


def _live(edition_id: int, *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .join(imports, imports.c.id == areas.c.import_id)
        .where(areas.c.edition_id == edition_id, imports.c.state == "live")
    )


def read_coverage(connection: Connection, edition_id: int, name: str) -> Coverage:
    """Return the edition's areas with their geometry; without areas, an empty coverage."""
    rows = connection.execute(_live(edition_id, *_COLUMNS, areas.c.geom)).all()
    geometry = np.empty(len(rows), dtype=object)
    geometry[:] = [row.geom for row in rows]
    found = [Area(*row[:-1]) for row in rows]
    return Coverage.build(name, read_levels_of(connection, edition_id), found, geometry)


def read_attributes(connection: Connection, edition_id: int, level: str) -> dict[str, Any]:
    """Return what the import kept of each area's further columns, by code."""
    read_levels_of(connection, edition_id).rank(level)
    query = _live(edition_id, areas.c.code, areas.c.attributes).where(areas.c.level == level)
    return {code: attributes or {} for code, attributes in connection.execute(query)}
