"""Levels, editions, imports, areas, reports; guards and views."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.geometry import Geometry
from gridmap.store.migrations import guards_0001, views_0001

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_LEVELS = (
    ("subdistrict", "街道", "Sub-district"),
    ("community", "社区", "Community"),
    ("grid", "网格", "Grid"),
    ("microgrid", "微网格", "Micro-grid"),
)

_FEATURES = (
    ("areas", "id", "Geometry", "网格范围（各版本）· Areas of all editions"),
    ("area_shapes", "area_id", "Geometry", "上级范围（由下级合成）· Parents, from their parts"),
    ("reports", "id", "Point", "诉求 · Reports"),
)
_ATTRIBUTES = (
    ("meta", "库信息 · About the store"),
    ("levels", "层级 · Levels"),
    ("editions", "版本 · Editions"),
    ("imports", "导入记录 · Imports"),
)


def upgrade() -> None:
    connection = op.get_bind()
    geopackage = connection.dialect.name == "sqlite"
    if geopackage:
        gpkg.create_system_tables(connection)
    _create_bookkeeping()
    _create_editions()
    _create_areas()
    _create_reports()
    if geopackage:
        for table, key, kind, about in _FEATURES:
            gpkg.register_features(connection, table, kind=kind, about=about)
            gpkg.create_spatial_index(connection, table, key=key)
        for table, about in _ATTRIBUTES:
            gpkg.register_attributes(connection, table, about=about)
    else:
        for table, _, _, _ in _FEATURES:
            op.create_index(f"ix_{table}_geom", table, ["geom"], postgresql_using="gist")
    _fill(connection)
    guards_0001.create(connection)
    views_0001.create(connection)


def _id() -> sa.Column[Any]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def _link(name: str, target: str, table: str, *, nullable: bool = False) -> sa.Column[Any]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    key = sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}")
    return sa.Column(name, kind, key, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcTime(), nullable=nullable)


def _create_bookkeeping() -> None:
    op.create_table(
        "meta",
        _id(),
        _text("key"),
        _text("value"),
        sa.UniqueConstraint("key", name="uq_meta_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "levels",
        _id(),
        sa.Column("rank", sa.Integer(), nullable=False),
        _text("name"),
        _text("label"),
        _text("label_en"),
        _time("changed_at", nullable=True),
        _text("changed_by", nullable=True),
        sa.UniqueConstraint("name", name="uq_levels_name"),
        sqlite_autoincrement=True,
    )


def _create_editions() -> None:
    op.create_table(
        "editions",
        _id(),
        _text("name"),
        _text("state"),
        _time("effective_from", nullable=True),
        _time("created_at"),
        _text("created_by"),
        _time("published_at", nullable=True),
        _text("published_by", nullable=True),
        _time("retired_at", nullable=True),
        _text("retired_by", nullable=True),
        _text("accepted_faults", nullable=True),
        _text("content_hash", nullable=True),
        _text("based_on", nullable=True),
        sa.UniqueConstraint("name", name="uq_editions_name"),
        sa.CheckConstraint("state IN ('draft', 'published', 'retired')", name="ck_editions_state"),
        sa.CheckConstraint(
            "state = 'draft' OR effective_from IS NOT NULL", name="ck_editions_dated"
        ),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "uq_editions_in_force",
        "editions",
        ["effective_from"],
        unique=True,
        sqlite_where=sa.text("state = 'published'"),
        postgresql_where=sa.text("state = 'published'"),
    )
    op.create_table(
        "imports",
        _id(),
        _link("edition_id", "editions", "imports"),
        _text("level"),
        _text("state"),
        _text("source"),
        _text("source_layer", nullable=True),
        _text("source_sha256", nullable=True),
        _text("coord_sys", nullable=True),
        _text("encoding", nullable=True),
        sa.Column("areas", sa.Integer(), nullable=False),
        sa.Column("report", JsonText(), nullable=True),
        _time("created_at"),
        _text("created_by"),
        _time("heartbeat_at"),
        _text("owner"),
        sa.CheckConstraint("state IN ('pending', 'live', 'superseded')", name="ck_imports_state"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_imports_edition_id", "imports", ["edition_id"])
    op.create_index(
        "uq_imports_live",
        "imports",
        ["edition_id", "level"],
        unique=True,
        sqlite_where=sa.text("state = 'live'"),
        postgresql_where=sa.text("state = 'live'"),
    )


def _create_areas() -> None:
    op.create_table(
        "areas",
        _id(),
        _link("edition_id", "editions", "areas"),
        _link("import_id", "imports", "areas"),
        _text("level"),
        _text("code"),
        _text("name"),
        _text("name_en"),
        _text("kind"),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        _text("parent_level", nullable=True),
        _text("parent_code", nullable=True),
        sa.Column("attributes", JsonText(), nullable=True),
        sa.Column("geom", Geometry(), nullable=True),
        sa.UniqueConstraint("import_id", "code", name="uq_areas_import_id_code"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_areas_edition_id_level_code", "areas", ["edition_id", "level", "code"])
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "area_shapes",
        sa.Column(
            "area_id",
            key,
            sa.ForeignKey("areas.id", name="fk_area_shapes_area_id"),
            primary_key=True,
            autoincrement=False,
        ),
        _link("edition_id", "editions", "area_shapes"),
        _text("level"),
        _text("code"),
        sa.Column("geom", Geometry(), nullable=False),
    )
    op.create_index("ix_area_shapes_edition_id", "area_shapes", ["edition_id"])


def _create_reports() -> None:
    op.create_table(
        "reports",
        _id(),
        _time("received_at"),
        _time("observed_at", nullable=True),
        _time("event_at"),
        _text("source"),
        _text("item", nullable=True),
        _text("text", nullable=True),
        sa.Column("raw_x", sa.Double(), nullable=True),
        sa.Column("raw_y", sa.Double(), nullable=True),
        _text("coord_sys"),
        sa.Column("accuracy_m", sa.Double(), nullable=True),
        sa.Column("lon", sa.Double(), nullable=True),
        sa.Column("lat", sa.Double(), nullable=True),
        _text("location_status"),
        _text("warning", nullable=True),
        _link("edition_id", "editions", "reports", nullable=True),
        _text("area_level", nullable=True),
        _text("area_code", nullable=True),
        sa.Column("codes", JsonText(), nullable=True),
        sa.Column("geom", Geometry("Point"), nullable=True),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_event_at", "reports", ["event_at"])
    op.create_index(
        "ix_reports_edition_id_area_level_area_code",
        "reports",
        ["edition_id", "area_level", "area_code"],
    )


def _fill(connection: sa.Connection) -> None:
    for key, value in (("store", "gridmap"), ("change", "0")):
        connection.execute(
            sa.text("INSERT INTO meta (key, value) VALUES (:key, :value)"),
            {"key": key, "value": value},
        )
    for rank, (name, label, label_en) in enumerate(_LEVELS):
        connection.execute(
            sa.text(
                "INSERT INTO levels (rank, name, label, label_en) "
                "VALUES (:rank, :name, :label, :label_en)"
            ),
            {"rank": rank, "name": name, "label": label, "label_en": label_en},
        )
