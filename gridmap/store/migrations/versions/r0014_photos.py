"""Photos of reports and of work done."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store.columns import UtcTime

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "photos",
        sa.Column("id", _id(), primary_key=True, autoincrement=True),
        sa.Column(
            "report_id",
            _id(),
            sa.ForeignKey("reports.id", name="fk_photos_report_id"),
            nullable=False,
        ),
        *_texts("kind", "sha256"),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("width", "height", "size")),
        sa.Column("added_at", UtcTime(), nullable=False),
        *_texts("added_by"),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("data", "thumb")),
        sa.UniqueConstraint("report_id", "sha256", name="uq_photos_report_id_sha256"),
        sa.CheckConstraint("kind IN ('report', 'before', 'after')", name="ck_photos_kind"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_photos_report_id", "photos", ["report_id"])


def _id() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]
