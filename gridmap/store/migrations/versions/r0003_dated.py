"""Families of grids, editions taken back and restored, codes no longer in use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.migrations import guards_0003, views_0003

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ATTRIBUTES = (
    ("families", "网格体系 · Families of grids"),
    ("retired_codes", "停用编码 · Codes no longer in use"),
)


def upgrade() -> None:
    connection = op.get_bind()
    _widen_levels_and_editions()
    _create_families()
    _create_retired_codes()
    if connection.dialect.name == "sqlite":
        for table, about in _ATTRIBUTES:
            gpkg.register_attributes(connection, table, about=about)
    _fill(connection)
    guards_0003.create(connection)
    views_0003.create(connection)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _key() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _edition(name: str) -> sa.Column[Any]:
    key = sa.ForeignKey("editions.id", name=f"fk_retired_codes_{name}")
    return sa.Column(name, _key(), key, nullable=False)


def _widen_levels_and_editions() -> None:
    for table in ("levels", "editions"):
        base = sa.text("'base'")
        op.add_column(table, sa.Column("family", sa.Text(), nullable=False, server_default=base))
    for name in ("restores", "published_why", "backdated_why", "retired_why"):
        op.add_column("editions", _text(name, nullable=True))
    hidden: sa.Column[Any] = sa.Column(
        "hidden", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("editions", hidden)
    op.drop_index("uq_editions_in_force", "editions")
    op.create_index(
        "uq_editions_in_force",
        "editions",
        ["family", "effective_from"],
        unique=True,
        sqlite_where=sa.text("state = 'published'"),
        postgresql_where=sa.text("state = 'published'"),
    )


def _create_families() -> None:
    op.create_table(
        "families",
        sa.Column("id", _key(), primary_key=True, autoincrement=True),
        _text("name"),
        _text("label"),
        _text("label_en"),
        _text("visibility"),
        sa.Column("created_at", UtcTime(), nullable=False),
        _text("created_by"),
        sa.UniqueConstraint("name", name="uq_families_name"),
        sqlite_autoincrement=True,
    )


def _create_retired_codes() -> None:
    op.create_table(
        "retired_codes",
        sa.Column("id", _key(), primary_key=True, autoincrement=True),
        _text("family"),
        _text("level"),
        _text("code"),
        _edition("last_edition_id"),
        _edition("edition_id"),
        sa.Column("retired_at", UtcTime(), nullable=False),
        _text("reason"),
        sa.Column("successors", JsonText(), nullable=True),
        sa.Column("recorded_at", UtcTime(), nullable=False),
        _text("recorded_by"),
        sa.UniqueConstraint(
            "edition_id",
            "last_edition_id",
            "level",
            "code",
            name="uq_retired_codes_edition_id_last_edition_id_level_code",
        ),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_retired_codes_level_code", "retired_codes", ["level", "code"])


def _fill(connection: sa.Connection) -> None:
    table = sa.table(
        "families",
        sa.column("name", sa.Text()),
        sa.column("label", sa.Text()),
        sa.column("label_en", sa.Text()),
        sa.column("visibility", sa.Text()),
        sa.column("created_at", UtcTime()),
        sa.column("created_by", sa.Text()),
    )
    base = {
        "name": "base",
        "label": "基础网格",
        "label_en": "Base grids",
        "visibility": "public",
        # The family is as old as the first store: no clock is asked.
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "created_by": "gridmap",
    }
    connection.execute(sa.insert(table).values(base))
