"""What became of each area from one edition to the next."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ATTRIBUTES = (
    ("lineages", "沿革 · Lineages between editions"),
    ("lineage_links", "沿革明细 · What became of each area"),
)


def upgrade() -> None:
    connection = op.get_bind()
    _create_lineages()
    _create_links()
    if connection.dialect.name == "sqlite":
        for table, about in _ATTRIBUTES:
            gpkg.register_attributes(connection, table, about=about)


def _key() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _id() -> sa.Column[Any]:
    return sa.Column("id", _key(), primary_key=True, autoincrement=True)


def _link(table: str, name: str, target: str) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}")
    return sa.Column(name, _key(), key, nullable=False)


def _needed(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _create_lineages() -> None:
    op.create_table(
        "lineages",
        _id(),
        _link("lineages", "old_edition_id", "editions"),
        _link("lineages", "new_edition_id", "editions"),
        _needed("method", sa.Integer()),
        _needed("tolerance_m", sa.Double()),
        _needed("sliver_m2", sa.Double()),
        _needed("levels", JsonText()),
        _needed("made_at", UtcTime()),
        sa.UniqueConstraint(
            "old_edition_id", "new_edition_id", name="uq_lineages_old_edition_id_new_edition_id"
        ),
        sqlite_autoincrement=True,
    )


def _create_links() -> None:
    op.create_table(
        "lineage_links",
        _id(),
        _link("lineage_links", "lineage_id", "lineages"),
        _needed("level", sa.Text()),
        _optional("group_no", sa.Integer()),
        _needed("kind", sa.Text()),
        *(_optional(name, sa.Text()) for name in ("old_code", "old_name", "new_code", "new_name")),
        _needed("goes_on", sa.Boolean()),
        _needed("reparented", sa.Boolean()),
        _needed("area_m2", sa.Double()),
        *(_optional(name, sa.Double()) for name in ("households", "buildings", "reports")),
        _optional("estimated", JsonText()),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lineage_links_lineage_id_level", "lineage_links", ["lineage_id", "level"])
