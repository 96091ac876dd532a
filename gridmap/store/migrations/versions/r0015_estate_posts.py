"""Which estate a post is about, where it is about less than its area."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    empty = sa.text("''")
    op.add_column(
        "posts", sa.Column("estate_code", sa.Text(), nullable=False, server_default=empty)
    )
