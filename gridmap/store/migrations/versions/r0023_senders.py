"""Who sent a report, with a receipt; orders know which catalogue their item is of."""

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
    _catalogues()


def _catalogues() -> None:
    """Let the orders of further catalogues say so: their reports always did."""
    connection = op.get_bind()
    orders = sa.table("orders", sa.column("number"), sa.column("data", JsonText()))
    reports = sa.table("reports", sa.column("id"), sa.column("catalogue"))
    query = sa.select(orders.c.number, orders.c.data, reports.c.catalogue).join_from(
        orders, reports, reports.c.id == orders.c.number
    )
    for row in connection.execute(query.where(reports.c.catalogue != "")).all():
        data = dict(row.data) | {"catalogue": row.catalogue}
        connection.execute(sa.update(orders).where(orders.c.number == row.number).values(data=data))


def _id() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")
