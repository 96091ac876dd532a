"""Photos of places."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store.columns import UtcTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "place_photos",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        *_columns(sa.Text, "place"),
        *_columns(sa.Integer, "rank"),
        *_columns(sa.Text, "sha256", "caption", "caption_en", "alt", "alt_en"),
        *_columns(sa.Text, "credit", "licence", "shown_to"),
        *_columns(sa.Integer, "width", "height", "size"),
        *_columns(UtcTime, "added_at"),
        *_columns(sa.Text, "added_by"),
        *_columns(sa.LargeBinary, "data", "thumb"),
        sa.UniqueConstraint("place", "sha256", name="uq_place_photos_place_sha256"),
        sa.CheckConstraint("shown_to IN ('public', 'staff')", name="ck_place_photos_shown_to"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_place_photos_place", "place_photos", ["place"])


def _columns(kind: Any, *names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, kind(), nullable=False) for name in names]
