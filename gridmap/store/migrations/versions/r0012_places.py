"""What places say more, and services that people ask for."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _extend_places()
    _create_service_items()


def _extend_places() -> None:
    nothing, none = sa.text("''"), sa.text("'[]'")
    for name in ("entrance", "address_en", "booking_phone", "organiser", "photo"):
        op.add_column("places", sa.Column(name, sa.Text(), nullable=False, server_default=nothing))
    for name in ("special_services_en", "accessibility", "languages", "closures"):
        op.add_column("places", sa.Column(name, JsonText(), nullable=False, server_default=none))
    op.add_column("places", sa.Column("home_service", sa.Boolean(), nullable=True))


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _lists(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, JsonText(), nullable=False) for name in names]


def _create_service_items() -> None:
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "service_items",
        sa.Column("id", key, primary_key=True, autoincrement=True),
        *_texts("code", "kind", "kind_en", "name", "name_en"),
        *_lists("needs"),
        *_texts("channel", "channel_en"),
        *_lists("steps", "steps_en"),
        *_texts("phone", "price", "level", "area_code", "source"),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.UniqueConstraint("code", name="uq_service_items_code"),
        sqlite_autoincrement=True,
    )
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        about = "服务事项 · Services to ask for"
        gpkg.register_attributes(connection, "service_items", about=about)
