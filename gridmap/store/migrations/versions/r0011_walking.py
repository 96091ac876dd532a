"""What kind of road a road is, at which height, and whether one walks there."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty = sa.text("''")
    for name in ("road_class", "foot"):
        op.add_column("ground", sa.Column(name, sa.Text(), nullable=False, server_default=empty))
    op.add_column("ground", sa.Column("stratum", sa.Integer(), nullable=True))
