"""Monthly reports as they were issued; appeals against deductions."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.migrations import guards_0010

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_ATTRIBUTES = (
    ("monthly_issues", "月报 · Monthly reports"),
    ("appeal_steps", "扣分申诉 · Appeals against deductions"),
)


def upgrade() -> None:
    connection = op.get_bind()
    _create(
        "monthly_issues",
        *_texts("month"),
        *_whole("issue", "year", "seq"),
        sa.Column("issued_at", UtcTime(), nullable=False),
        *_texts("issued_by"),
        sa.Column("addressees", JsonText(), nullable=False),
        *_texts("why"),
        sa.Column("data", JsonText(), nullable=False),
        sa.UniqueConstraint("month", "issue", name="uq_monthly_issues_month_issue"),
        sa.UniqueConstraint("year", "seq", name="uq_monthly_issues_year_seq"),
    )
    target = sa.ForeignKey("monthly_issues.id", name="fk_appeal_steps_issue_id")
    _create(
        "appeal_steps",
        sa.Column("issue_id", _id(), target, nullable=False),
        *_texts("month", "deduction"),
        *_whole("seq"),
        *_texts("state", "by"),
        sa.Column("at", UtcTime(), nullable=False),
        *_texts("why"),
        sa.UniqueConstraint(
            "month", "deduction", "seq", name="uq_appeal_steps_month_deduction_seq"
        ),
    )
    if connection.dialect.name == "sqlite":
        for table, about in _ATTRIBUTES:
            gpkg.register_attributes(connection, table, about=about)
    guards_0010.create(connection)


def _id() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _create(name: str, *parts: Any) -> None:
    key = sa.Column("id", _id(), primary_key=True, autoincrement=True)
    op.create_table(name, key, *parts, sqlite_autoincrement=True)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Integer(), nullable=False) for name in names]
