"""Two rosters of one grid, for ordinary times and for emergencies, and which of them holds."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty = sa.text("''")
    for name in ("mode", "rests", "switched"):
        op.add_column("posts", sa.Column(name, sa.Text(), nullable=False, server_default=empty))
