"""Reports that are closed, and those that changed hands when an edition came into force."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.migrations import guards_0005

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("reports", sa.Column("closed_at", UtcTime(), nullable=True))
    op.add_column("reports", _text("closed_by", nullable=True))
    op.create_index(
        "ix_reports_open",
        "reports",
        ["event_at"],
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    keep = sa.text("'keep'")
    op.add_column(
        "editions", sa.Column("reports_policy", sa.Text(), nullable=False, server_default=keep)
    )
    _create_moves()
    if connection.dialect.name == "sqlite":
        gpkg.register_attributes(
            connection, "report_moves", about="版本更替的工单 · Reports moved by editions"
        )
    guards_0005.create(connection)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _key(name: str, target: str, *, nullable: bool = False) -> sa.Column[Any]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    key = sa.ForeignKey(f"{target}.id", name=f"fk_report_moves_{name}")
    return sa.Column(name, kind, key, nullable=nullable)


def _json(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, JsonText(), nullable=nullable)


def _create_moves() -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "report_moves",
        sa.Column("id", kind, primary_key=True, autoincrement=True),
        _key("report_id", "reports"),
        _key("from_edition_id", "editions", nullable=True),
        _key("to_edition_id", "editions"),
        sa.Column("effective_from", UtcTime(), nullable=False),
        _text("policy"),
        _text("reason"),
        sa.Column("moved", sa.Boolean(), nullable=False),
        _json("old_codes"),
        _json("new_codes"),
        _text("old_department"),
        _text("old_first_responder"),
        _text("location_status", nullable=True),
        _text("department", nullable=True),
        _json("co_departments", nullable=True),
        _text("first_responder", nullable=True),
        _text("handling_level", nullable=True),
        sa.Column("needs_person", sa.Boolean(), nullable=True),
        _text("call_first", nullable=True),
        _json("steps", nullable=True),
        sa.Column("due_at", UtcTime(), nullable=True),
        _text("due_reason", nullable=True),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        _text("recorded_by"),
        sa.UniqueConstraint(
            "report_id", "to_edition_id", name="uq_report_moves_report_id_to_edition_id"
        ),
        sa.CheckConstraint("policy IN ('keep', 'migrate')", name="ck_report_moves_policy"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_report_moves_moved",
        "report_moves",
        ["report_id"],
        sqlite_where=sa.text("moved = 1"),
        postgresql_where=sa.text("moved"),
    )
