"""The table of places' photos: no layer, and in no view; pictures leave by the workspace alone."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, Integer, LargeBinary, Text, UniqueConstraint

from gridmap.store.columns import UtcTime
from gridmap.store.schema import metadata, new_table, required

__all__ = ["metadata", "place_photos"]

# By the place's code, not its row: an import writes the row anew, and the photos stay.
place_photos = new_table(
    "place_photos",
    required("place", Text),
    required("rank", Integer),
    required("sha256", Text),
    required("caption", Text),
    required("caption_en", Text),
    required("alt", Text),
    required("alt_en", Text),
    required("credit", Text),
    required("licence", Text),
    required("shown_to", Text),
    required("width", Integer),
    required("height", Integer),
    required("size", Integer),
    required("added_at", UtcTime),
    required("added_by", Text),
    required("data", LargeBinary),
    required("thumb", LargeBinary),
    UniqueConstraint("place", "sha256"),
    CheckConstraint("shown_to IN ('public', 'staff')", name="shown_to"),
)
Index("ix_place_photos_place", place_photos.c.place)
