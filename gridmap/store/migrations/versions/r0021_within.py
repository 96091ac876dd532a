"""Orders and notices found by their areas; months and lists of orders found by indexes alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

# Indexes that were of their first column alone, and new ones.
_INDEXES = {
    "ix_orders_received_at": ("orders", "received_at", "number", "closed_at", "due_original"),
    "ix_orders_state": ("orders", "state", "received_at", "number"),
    "ix_order_events_at": ("order_events", "at", "number"),
    "ix_order_parts_department": ("order_parts", "department", "number"),
}
_NEW = {
    "ix_orders_state_due_at": ("orders", "state", "due_at"),
    "ix_orders_item": ("orders", "item", "received_at", "number"),
}
# Of some rows alone.
_PARTIAL = {
    "ix_orders_closed_due_at": ("orders", "due_at", "closed_at IS NOT NULL"),
    "ix_report_routes_anew": (
        "report_routes", "report_id", "rerouted_at IS NOT NULL OR redue_at IS NOT NULL",
    ),
}  # fmt: skip


def upgrade() -> None:
    _create("order_areas", ["level", "code"], "number")
    _create("notice_areas", ["role", "level", "code"], "notice_id")
    connection = op.get_bind()
    each = "json_each" if connection.dialect.name == "sqlite" else "jsonb_each_text"
    # In the order of the key, so that the rows are written one behind the other.
    connection.exec_driver_sql(
        "INSERT INTO order_areas (level, code, number) SELECT a.key, a.value, t.number"
        f" FROM orders t, {each}(t.areas) a WHERE a.value <> '' ORDER BY 1, 2, 3"
    )
    connection.exec_driver_sql(
        "INSERT INTO notice_areas (role, level, code, notice_id)"
        f" SELECT t.audience, a.key, a.value, t.id FROM notices t, {each}(t.areas) a"
        " WHERE t.audience_kind = 'role' AND a.value <> '' ORDER BY 1, 2, 3, 4"
    )
    for name, (table, *columns) in _INDEXES.items():
        op.drop_index(name, table)
        op.create_index(name, table, columns)
    for name, (table, *columns) in _NEW.items():
        op.create_index(name, table, columns)
    for name, (table, column, which) in _PARTIAL.items():
        where = sa.text(which)
        op.create_index(name, table, [column], sqlite_where=where, postgresql_where=where)


def _create(name: str, texts: list[str], key: str) -> None:
    op.create_table(
        name,
        *(sa.Column(column, sa.Text(), nullable=False) for column in texts),
        sa.Column(key, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint(*texts, key, name=f"pk_{name}"),
        sqlite_with_rowid=False,
    )
