"""In what orders somebody had a hand, found without reading every event."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_order_events_by_number", "order_events", ["by", "number"])
