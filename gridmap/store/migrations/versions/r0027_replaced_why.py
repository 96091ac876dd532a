"""Drafts whose edition replaces another one than they began with: why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("plan_drafts", sa.Column("replaced_why", sa.Text(), nullable=True))
