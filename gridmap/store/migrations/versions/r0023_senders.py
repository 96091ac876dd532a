"""Who sent a report, with a receipt; orders know their catalogue, and if a person decides."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store.columns import JsonText

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "report_senders",
        sa.Column("id", _id(), primary_key=True, autoincrement=True),
        sa.Column(
            "report_id",
            _id(),
            sa.ForeignKey("reports.id", name="fk_report_senders_report_id"),
            nullable=False,
        ),
        sa.Column("receipt", sa.Text(), nullable=False),
        sa.Column(
            "account_id",
            _id(),
            sa.ForeignKey("users.id", name="fk_report_senders_account_id"),
            nullable=True,
        ),
        sa.UniqueConstraint("report_id", name="uq_report_senders_report_id"),
        sa.UniqueConstraint("receipt", name="uq_report_senders_receipt"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_report_senders_account_id", "report_senders", ["account_id"])
    _orders()


def _orders() -> None:
    """Let old orders say what their reports always did: the catalogue, and who decides."""
    connection = op.get_bind()
    orders = sa.table("orders", sa.column("number"), sa.column("data", JsonText()))
    reports = sa.table("reports", sa.column("id"), sa.column("catalogue"))
    routes = sa.table(
        "report_routes", sa.column("report_id"), sa.column("needs_person", sa.Boolean())
    )
    joined = sa.join(orders, reports, reports.c.id == orders.c.number)
    joined = joined.outerjoin(routes, routes.c.report_id == orders.c.number)
    waits = sa.func.coalesce(routes.c.needs_person, sa.false())
    query = (
        sa.select(orders.c.number, orders.c.data, reports.c.catalogue, waits.label("waits"))
        .select_from(joined)
        .where(sa.or_(reports.c.catalogue != "", waits))
    )
    for row in connection.execute(query).all():
        told = {"catalogue": row.catalogue} if row.catalogue else {}
        told |= {"needs_person": True} if row.waits else {}
        data = dict(row.data) | told
        connection.execute(sa.update(orders).where(orders.c.number == row.number).values(data=data))


def _id() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
