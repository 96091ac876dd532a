"""The item that a report is about since it was put right, and orders that wait, marked as such."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gridmap.store.columns import JsonText, UtcTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_COLUMNS = (("report_routes", "item"), ("report_reroutes", "old_item"), ("report_moves", "item"))
_orders = sa.table(
    "orders",
    sa.column("number"), sa.column("item"), sa.column("closed_at"), sa.column("due_at"),
    sa.column("due_original"), sa.column("data", JsonText),
)  # fmt: skip
_reports = sa.table("reports", sa.column("id"), sa.column("item"))
_routes = sa.table("report_routes", sa.column("report_id"), sa.column("item"))
_pauses = sa.table(
    "report_pauses",
    sa.column("report_id"), sa.column("started_at", UtcTime), sa.column("ended_at"),
)  # fmt: skip


def upgrade() -> None:
    for table, name in _COLUMNS:
        op.add_column(table, sa.Column(name, sa.Text(), nullable=True))
    connection = op.get_bind()
    _put_right(connection)
    _mark_waiting(connection)


def _put_right(connection: sa.Connection) -> None:
    """What was put right at its confirmation stood with the order alone."""
    reported = sa.func.coalesce(_reports.c.item, "")
    query = (
        sa.select(_orders.c.number, _orders.c.item)
        .join(_reports, _reports.c.id == _orders.c.number)
        .where(_orders.c.item != "", _orders.c.item != reported)
    )
    own = _routes.c.report_id == sa.bindparam("of")
    rows = [{"of": number, "new": item} for number, item in connection.execute(query)]
    if rows:
        statement = sa.update(_routes).where(own).values(item=sa.bindparam("new"))
        connection.execute(statement, rows)


def _mark_waiting(connection: sa.Connection) -> None:
    """Since when the clocks of orders stand still stood with their reports alone."""
    query = (
        sa.select(_orders.c.number, _orders.c.data, _pauses.c.started_at)
        .join(_pauses, _pauses.c.report_id == _orders.c.number)
        .where(_pauses.c.ended_at.is_(None), _orders.c.closed_at.is_(None))
        .where(_orders.c.due_at.is_(None), _orders.c.due_original.is_not(None))
    )
    for number, data, since in connection.execute(query).all():
        if data.get("managed_by"):
            continue
        marked = {**data, "paused_at": since.isoformat(timespec="milliseconds")}
        statement = sa.update(_orders).where(_orders.c.number == number).values(data=marked)
        connection.execute(statement)
