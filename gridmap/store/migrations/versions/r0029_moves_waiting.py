"""Moves by which reports wait for a calendar, found without reading all moves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_report_moves_waiting",
        "report_moves",
        ["report_id"],
        sqlite_where=sa.text("moved = 1 AND due_reason = 'calendar_missing'"),
        postgresql_where=sa.text("moved AND due_reason = 'calendar_missing'"),
    )
