"""Ground, overlays, parties, places, organisations, posts; routes of reports."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.geometry import Geometry

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_FEATURES = (
    ("ground", "Geometry", "底图要素 · Water, parks, railways, streets"),
    ("overlays", "Geometry", "权属范围 · Responsibility layers"),
    ("places", "Point", "服务点位 · Service places"),
    ("organisations", "Point", "党组织与单位 · Organisations"),
)
_ATTRIBUTES = (
    ("parties", "责任主体 · Responsible bodies"),
    ("posts", "网格队伍 · Rosters"),
    ("report_routes", "派单结果 · Routes of reports"),
    ("report_keys", "请求登记 · Requests seen"),
)


def upgrade() -> None:
    connection = op.get_bind()
    _create_ground()
    _create_people()
    _create_routes()
    if connection.dialect.name == "sqlite":
        for table, kind, about in _FEATURES:
            gpkg.register_features(connection, table, kind=kind, about=about)
            gpkg.create_spatial_index(connection, table, key="id")
        for table, about in _ATTRIBUTES:
            gpkg.register_attributes(connection, table, about=about)
    else:
        for table, _, _ in _FEATURES:
            op.create_index(f"ix_{table}_geom", table, ["geom"], postgresql_using="gist")


def _create(name: str, *columns: sa.Column[Any], unique: str = "code") -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        name,
        sa.Column("id", kind, primary_key=True, autoincrement=True),
        *columns,
        sa.UniqueConstraint(unique, name=f"uq_{name}_{unique}"),
        sqlite_autoincrement=True,
    )


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _optional(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _needed(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _report(table: str) -> sa.Column[Any]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    key = sa.ForeignKey("reports.id", name=f"fk_{table}_report_id")
    return sa.Column("report_id", kind, key, nullable=False)


def _create_ground() -> None:
    _create(
        "ground",
        *_texts("code", "layer", "name", "name_en"),
        _optional("rank", sa.Integer()),
        _needed("geom", Geometry()),
    )
    _create(
        "overlays",
        *_texts("code", "kind", "name", "name_en"),
        _needed("managed", sa.Boolean()),
        *_texts("owner", "source"),
        _needed("priority", sa.Integer()),
        _optional("valid_from", sa.Date()),
        _optional("valid_to", sa.Date()),
        _needed("geom", Geometry()),
    )
    _create(
        "places",
        *_texts("code", "category", "name", "name_en", "address", "hours", "hours_text", "phone"),
        _needed("special_services", JsonText()),
        *_texts("floor", "price"),
        _optional("wheelchair", sa.Boolean()),
        *_texts("source"),
        _optional("checked_on", sa.Date()),
        _needed("lon", sa.Double()),
        _needed("lat", sa.Double()),
        _needed("geom", Geometry("Point")),
    )


def _create_people() -> None:
    _create("parties", *_texts("code", "name", "name_en", "phone"))
    _create(
        "organisations",
        *_texts("code", "kind", "name", "name_en"),
        _optional("parent_code", sa.Text()),
        _optional("level", sa.Text()),
        _optional("area_code", sa.Text()),
        *_texts("address", "phone"),
        _optional("members", sa.Integer()),
        _optional("lon", sa.Double()),
        _optional("lat", sa.Double()),
        _optional("geom", Geometry("Point")),
    )
    _create(
        "posts",
        *_texts(
            "code",
            "person",
            "name",
            "role",
            "kind",
            "level",
            "area_code",
            "work_phone",
            "department",
        ),
        _optional("valid_from", sa.Date()),
        _optional("valid_to", sa.Date()),
    )
    op.create_index("ix_posts_level_area_code", "posts", ["level", "area_code"])


def _create_routes() -> None:
    _create(
        "report_routes",
        _report("report_routes"),
        _needed("decided_at", UtcTime()),
        *_texts("department"),
        _needed("co_departments", JsonText()),
        *_texts("first_responder", "handling_level"),
        _optional("due_at", UtcTime()),
        *_texts("due_reason"),
        _needed("needs_person", sa.Boolean()),
        *_texts("call_first"),
        _needed("steps", JsonText()),
        unique="report_id",
    )
    op.create_index("ix_report_routes_department", "report_routes", ["department"])
    op.create_index("ix_report_routes_due_at", "report_routes", ["due_at"])
    op.create_index(
        "ix_report_routes_waiting",
        "report_routes",
        ["report_id"],
        sqlite_where=sa.text("due_reason = 'calendar_missing'"),
        postgresql_where=sa.text("due_reason = 'calendar_missing'"),
    )
    op.create_index("ix_reports_received_at", "reports", ["received_at"])
    _create(
        "report_keys",
        *_texts("key", "body_sha256"),
        _report("report_keys"),
        _needed("created_at", UtcTime()),
        unique="key",
    )
