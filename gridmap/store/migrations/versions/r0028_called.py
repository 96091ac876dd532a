"""Orders listed for departments called by whistles, and no more for who gave a share back."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

# Every call of every whistle.
_CALLS = {
    "sqlite": (
        "json_extract(c.value, '$.department')",
        "json_each(o.data, '$.whistles') w, json_each(w.value, '$.calls') c",
    ),
    "postgresql": (
        "c ->> 'department'",
        "jsonb_array_elements(o.data -> 'whistles') w, jsonb_array_elements(w -> 'calls') c",
    ),
}


def upgrade() -> None:
    connection = op.get_bind()
    department, calls = _CALLS[connection.dialect.name]
    # In a fixed order, so that the rows of an order lie together.
    connection.exec_driver_sql(
        "INSERT INTO order_parts (number, department, lead, state)"
        f" SELECT DISTINCT o.number, {department}, 1 = 0, 'called' FROM orders o, {calls}"
        " WHERE true ORDER BY 1, 2"
        " ON CONFLICT (number, department) DO UPDATE SET state = 'called'"
        " WHERE NOT order_parts.lead AND order_parts.state = 'returned'"
    )
    where = sa.text("lead OR state <> 'returned'")
    name = "ix_order_parts_department"
    op.drop_index(name, "order_parts")
    op.create_index(
        name,
        "order_parts",
        ["department", "number"],
        sqlite_where=where,
        postgresql_where=where,
    )
