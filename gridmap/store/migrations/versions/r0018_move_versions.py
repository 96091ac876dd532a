"""What a move of a report was decided by, and for which moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gridmap.store.columns import UtcTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("rules_id", "state_id"):
        key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
        op.add_column("report_moves", sa.Column(name, key, nullable=True))
    op.add_column("report_moves", sa.Column("decided_for", UtcTime(), nullable=True))
