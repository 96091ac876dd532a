"""Which file a photo came from: sent once more it is known without being decoded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("photos", sa.Column("sent_sha256", sa.Text(), nullable=True))
