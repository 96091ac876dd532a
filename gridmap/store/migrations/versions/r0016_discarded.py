"""Drafts that were given up: when, by whom and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gridmap.store.columns import UtcTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("discarded_at", UtcTime(), nullable=True),
        sa.Column("discarded_by", sa.Text(), nullable=True),
        sa.Column("discarded_why", sa.Text(), nullable=True),
    ):
        op.add_column("plan_drafts", column)
