"""Tables that tell in which areas something lies: one narrow row an area, found by the area.

An order and a notice carry their areas as they are told, in JSON; who works in one grid or
community would have to read all of them. These rows repeat it, in the order in which they are
asked for, and hold nothing that is not there.
"""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text

from gridmap.store.schema import Id, metadata, required

__all__ = ["notice_areas", "order_areas"]


def _areas_of(name: str, key: str) -> Table:
    """Declare a table whose rows are found by their area, and by the number of what lies in it.

    Its key is all there is: no table of a GeoPackage that other programs are shown.
    """
    return Table(
        name,
        metadata,
        required("level", Text),
        required("code", Text),
        Column(key, Id, nullable=False),
        PrimaryKeyConstraint("level", "code", key),
        sqlite_with_rowid=False,
    )


# Where each order lies now.
order_areas = _areas_of("order_areas", "number")

# Where that lies which people in some role are told of; what is about no area has no row.
notice_areas = _areas_of("notice_areas", "notice_id")
