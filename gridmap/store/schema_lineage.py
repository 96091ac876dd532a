"""Tables of what became of each area from one edition to another.

All of it follows from the two editions and from what was counted when it was worked out: a
row that is lost is worked out again.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = ["lineage_links", "lineages", "metadata"]

lineages = new_table(
    "lineages",
    required("old_edition_id", Id, ForeignKey("editions.id")),
    required("new_edition_id", Id, ForeignKey("editions.id")),
    # Which rules it was worked out by.
    required("method", Integer),
    required("tolerance_m", Double),
    required("sliver_m2", Double),
    # Level -> square metres of slivers at that level.
    required("levels", JsonText),
    required("made_at", UtcTime),
    UniqueConstraint("old_edition_id", "new_edition_id"),
)

lineage_links = new_table(
    "lineage_links",
    required("lineage_id", Id, ForeignKey("lineages.id")),
    required("level", Text),
    # Areas that became each other have one number; transfers between them have none.
    Column("group_no", Integer),
    required("kind", Text),
    Column("old_code", Text),
    Column("old_name", Text),
    Column("new_code", Text),
    Column("new_name", Text),
    required("goes_on", Boolean),
    required("reparented", Boolean),
    required("area_m2", Double),
    Column("households", Double),
    Column("buildings", Double),
    Column("reports", Double),
    # Names of the measures that had to be shared out by area.
    Column("estimated", JsonText),
)
Index("ix_lineage_links_lineage_id_level", lineage_links.c.lineage_id, lineage_links.c.level)
