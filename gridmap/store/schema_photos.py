"""The table of photos: no layer, and in no view; other programs are shown none of it."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)

from gridmap.store.columns import UtcTime
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = ["metadata", "photos"]

# The picture lies in its row: there is no moment at which one is there without the other.
photos = new_table(
    "photos",
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False),
    required("kind", Text),
    required("sha256", Text),
    required("width", Integer),
    required("height", Integer),
    required("size", Integer),
    required("added_at", UtcTime),
    required("added_by", Text),
    required("data", LargeBinary),
    required("thumb", LargeBinary),
    # Of the file as it was sent; those kept before have none.
    Column("sent_sha256", Text),
    UniqueConstraint("report_id", "sha256"),
    CheckConstraint("kind IN ('report', 'before', 'after')", name="kind"),
)
Index("ix_photos_report_id", photos.c.report_id)
