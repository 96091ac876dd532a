"""Drafts: plans of grids as logs of edits."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.migrations.append_only import guard

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    connection = op.get_bind()
    _create(
        "plan_drafts",
        *_texts("name", "edition", "content_hash", "level"),
        sa.Column("version", sa.Integer(), nullable=False),
        *_texts("state"),
        sa.Column("created_at", UtcTime(), nullable=False),
        *_texts("created_by", "why"),
        _of("plan_drafts", "branched_from", nullable=True),
        sa.Column("branched_version", sa.Integer(), nullable=True),
        sa.Column("published_as", sa.Text(), nullable=True),
        sa.Column("published_version", sa.Integer(), nullable=True),
        sa.UniqueConstraint("name", name="uq_plan_drafts_name"),
        sa.CheckConstraint("state IN ('open', 'published')", name="ck_plan_drafts_state"),
    )
    _create(
        "plan_edits",
        _of("plan_edits", "draft_id", nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        *_texts("by", "action", "why"),
        sa.Column("edit", JsonText(), nullable=True),
        sa.Column("changed", JsonText(), nullable=False),
        sa.Column("areas", JsonText(), nullable=False),
        sa.UniqueConstraint("draft_id", "seq", name="uq_plan_edits_draft_id_seq"),
        sa.CheckConstraint("action IN ('edit', 'undo', 'redo')", name="ck_plan_edits_action"),
    )
    if connection.dialect.name == "sqlite":
        gpkg.register_attributes(connection, "plan_drafts", about="网格方案 · Drafts of plans")
        gpkg.register_attributes(connection, "plan_edits", about="方案修改 · Edits of drafts")
    guard(connection, "plan_edits", "draft_id", "What was done to a draft is never changed.")


def _create(name: str, *parts: Any) -> None:
    key = sa.Column("id", _id(), primary_key=True, autoincrement=True)
    op.create_table(name, key, *parts, sqlite_autoincrement=True)


def _id() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _of(table: str, name: str, *, nullable: bool) -> Any:
    key = sa.ForeignKey("plan_drafts.id", name=f"fk_{table}_{name}")
    return sa.Column(name, _id(), key, nullable=nullable)
