"""Reports found by their edition alone: which area they are in is asked of their codes."""

from __future__ import annotations

from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_reports_edition_id_area_level_area_code", "reports")
    op.create_index("ix_reports_edition_id", "reports", ["edition_id"])
