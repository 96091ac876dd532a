"""Tables that tell in which areas something lies: one narrow row an area, found by the area.

An order and a notice carry their areas as they are told, in JSON; who works in one grid or
community would have to read all of them. These rows repeat it, in the order in which they are
asked for, and hold nothing that is not there. The key is all that a row has, and neither table
is one that other programs are shown in a GeoPackage.
"""

from __future__ import annotations

from sqlalchemy import Column, PrimaryKeyConstraint, Table, Text

from gridmap.store.schema import Id, metadata, required

__all__ = ["notice_areas", "order_areas"]


# Where each order lies now.
order_areas = Table(
    "order_areas",
    metadata,
    required("level", Text),
    required("code", Text),
    Column("number", Id, nullable=False),
    PrimaryKeyConstraint("level", "code", "number"),
    sqlite_with_rowid=False,
)

# Where that lies which people in some role are told of, the newest last; what is about no area
# has no row.
notice_areas = Table(
    "notice_areas",
    metadata,
    required("role", Text),
    required("level", Text),
    required("code", Text),
    Column("notice_id", Id, nullable=False),
    PrimaryKeyConstraint("role", "level", "code", "notice_id"),
    sqlite_with_rowid=False,
)
