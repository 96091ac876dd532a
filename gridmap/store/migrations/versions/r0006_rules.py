"""What overlays say more, and what reports are decided by: rules and responsibilities."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.geometry import Geometry

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


_ATTRIBUTES = (
    ("rule_versions", "规则版本 · Versions of the rules"),
    ("rule_uses", "规则启用 · Rules put in use"),
    ("responsibility_states", "权属状态 · States of the responsibilities"),
)
_FEATURES = ("responsibilities", "权属档案 · Responsibilities as they ever were")


def upgrade() -> None:
    connection = op.get_bind()
    _extend_overlays()
    _extend_reports()
    _create_rules()
    _create_responsibilities()
    if connection.dialect.name == "sqlite":
        for table, about in _ATTRIBUTES:
            gpkg.register_attributes(connection, table, about=about)
        table, about = _FEATURES
        gpkg.register_features(connection, table, kind="Geometry", about=about)
        gpkg.create_spatial_index(connection, table, key="id")
    else:
        op.create_index(
            "ix_responsibilities_geom", "responsibilities", ["geom"], postgresql_using="gist"
        )


def _extend_overlays() -> None:
    nothing, none = sa.text("''"), sa.text("'[]'")
    op.add_column("overlays", sa.Column("items", JsonText(), nullable=False, server_default=none))
    for name in ("road_class", "contact", "asset_type"):
        column = sa.Column(name, sa.Text(), nullable=False, server_default=nothing)
        op.add_column("overlays", column)
    op.add_column("overlays", sa.Column("radius_m", sa.Double(), nullable=True))


def _key() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _extend_reports() -> None:
    nothing = sa.text("''")
    column = sa.Column("catalogue", sa.Text(), nullable=False, server_default=nothing)
    op.add_column("reports", column)
    op.add_column("editions", sa.Column("route_check", sa.Text(), nullable=True))
    for name in ("rules_id", "state_id"):
        op.add_column("report_routes", sa.Column(name, _key(), nullable=True))


def _create(name: str, *columns: Any, unique: str | None = None) -> None:
    once = [sa.UniqueConstraint(unique, name=f"uq_{name}_{unique}")] if unique else []
    key = sa.Column("id", _key(), primary_key=True, autoincrement=True)
    op.create_table(name, key, *columns, *once, sqlite_autoincrement=True)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, JsonText(), nullable=False)


def _time(name: str) -> sa.Column[Any]:
    return sa.Column(name, UtcTime(), nullable=False)


def _create_rules() -> None:
    _create(
        "rule_versions",
        _text("fingerprint"),
        _json("texts"),
        _time("recorded_at"),
        _text("recorded_by"),
        unique="fingerprint",
    )
    version = sa.ForeignKey("rule_versions.id", name="fk_rule_uses_version_id")
    _create(
        "rule_uses",
        sa.Column("version_id", _key(), version, nullable=False),
        _text("note"),
        _time("used_from"),
        _text("used_by"),
    )


def _create_responsibilities() -> None:
    _create(
        "responsibilities",
        _text("digest"),
        _text("kind"),
        _text("code"),
        _json("record"),
        _time("recorded_at"),
        sa.Column("geom", Geometry(), nullable=True),
        unique="digest",
    )
    op.create_index("ix_responsibilities_kind_code", "responsibilities", ["kind", "code"])
    base = sa.ForeignKey("responsibility_states.id", name="fk_responsibility_states_base_id")
    _create(
        "responsibility_states",
        _text("fingerprint"),
        sa.Column("base_id", _key(), base, nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        _json("added"),
        _json("removed"),
        _time("recorded_at"),
        unique="fingerprint",
    )
