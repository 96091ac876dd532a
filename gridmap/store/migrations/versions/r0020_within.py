"""In which areas orders and notices lie, found by the area."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

# Whose areas each table repeats, and which of its rows.
_TABLES = (
    ("order_areas", "number", "orders", "true"),
    ("notice_areas", "notice_id", "notices", "t.audience_kind = 'role'"),
)


def upgrade() -> None:
    for name, key, source, wanted in _TABLES:
        op.create_table(
            name,
            sa.Column("level", sa.Text(), nullable=False),
            sa.Column("code", sa.Text(), nullable=False),
            sa.Column(key, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
            sa.PrimaryKeyConstraint("level", "code", key, name=f"pk_{name}"),
            sqlite_with_rowid=False,
        )
        _fill(name, key, source, wanted)


def _fill(name: str, key: str, source: str, wanted: str) -> None:
    connection = op.get_bind()
    each = "json_each" if connection.dialect.name == "sqlite" else "jsonb_each_text"
    own = "number" if source == "orders" else "id"
    # In the order of the key, so that the rows are written one behind the other.
    connection.exec_driver_sql(
        f"INSERT INTO {name} (level, code, {key}) SELECT a.key, a.value, t.{own}"
        f" FROM {source} t, {each}(t.areas) a WHERE {wanted} AND a.value <> '' ORDER BY 1, 2, 3"
    )
