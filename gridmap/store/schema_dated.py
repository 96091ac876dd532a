"""Tables of the families of grids and of the codes that are no longer in use."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Text, UniqueConstraint

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = ["families", "metadata", "retired_codes"]

# The base grids and, beside them, the coverages of police, sanitation and others.
families = new_table(
    "families",
    required("name", Text),
    required("label", Text),
    required("label_en", Text),
    required("visibility", Text),
    required("created_at", UtcTime),
    required("created_by", Text),
    UniqueConstraint("name"),
)

# A row holds between two editions that follow each other: `last_edition_id` has the code,
# `edition_id` has it no more. An edition put between the two, or withdrawn from between
# them, brings rows of its own; which rows count is decided by who follows whom now.
retired_codes = new_table(
    "retired_codes",
    required("family", Text),
    required("level", Text),
    required("code", Text),
    required("last_edition_id", Id, ForeignKey("editions.id")),
    required("edition_id", Id, ForeignKey("editions.id")),
    required("retired_at", UtcTime),
    required("reason", Text),
    Column("successors", JsonText),
    required("recorded_at", UtcTime),
    required("recorded_by", Text),
    UniqueConstraint("edition_id", "last_edition_id", "level", "code"),
)
Index("ix_retired_codes_level_code", retired_codes.c.level, retired_codes.c.code)
