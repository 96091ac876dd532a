"""Ownership reviews, rulings and reroutes; stopped clocks; how sure a route is and who manages."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.migrations import guards_0007

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_ATTRIBUTES = (
    ("reviews", "确权 · Ownership reviews"),
    ("review_reports", "确权工单 · Reports under review"),
    ("report_returns", "退单 · Returns of reports"),
    ("rulings", "确权裁定 · Rulings"),
    ("report_reroutes", "改派 · Reports routed anew"),
    ("report_pauses", "暂停计时 · Stopped clocks"),
)


def upgrade() -> None:
    connection = op.get_bind()
    _extend_routes()
    _create_reviews()
    _create_rulings()
    _create_reroutes()
    _create_pauses()
    if connection.dialect.name == "sqlite":
        for table, about in _ATTRIBUTES:
            gpkg.register_attributes(connection, table, about=about)
    guards_0007.create(connection)


def _extend_routes() -> None:
    for table in ("report_routes", "report_moves"):
        op.add_column(table, _maybe("confidence", sa.Double()))
        op.add_column(table, _maybe("leader", sa.Text()))
        op.add_column(table, _maybe("review_on", sa.Date()))
    op.add_column("report_routes", _maybe("rerouted_at", UtcTime()))
    op.add_column("report_routes", _maybe("redue_at", UtcTime()))


def _key() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _link(table: str, name: str, target: str, *, nullable: bool = False) -> sa.Column[Any]:
    key = sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}")
    return sa.Column(name, _key(), key, nullable=nullable)


def _needed(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def _maybe(name: str, kind: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=True)


def _table(name: str, *parts: Any) -> None:
    key = sa.Column("id", _key(), primary_key=True, autoincrement=True)
    op.create_table(name, key, *parts, sqlite_autoincrement=True)


def _create_reviews() -> None:
    _table(
        "reviews",
        _needed("key", sa.Text()),
        _needed("state", sa.Text()),
        _needed("reason", sa.Text()),
        _maybe("item", sa.Text()),
        _needed("catalogue", sa.Text()),
        _needed("area_level", sa.Text()),
        _needed("area_code", sa.Text()),
        _maybe("edition", sa.Text()),
        _needed("overlays", JsonText()),
        _maybe("lon", sa.Double()),
        _maybe("lat", sa.Double()),
        _needed("opened_at", UtcTime()),
        _needed("opened_by", sa.Text()),
        _maybe("settled_at", UtcTime()),
        _maybe("settled_by", sa.Text()),
        sa.CheckConstraint("state IN ('open', 'ruled')", name="ck_reviews_state"),
        sa.CheckConstraint("reason IN ('no_owner', 'returned', 'asked')", name="ck_reviews_reason"),
    )
    op.create_index(
        "uq_reviews_open",
        "reviews",
        ["key"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    _table(
        "review_reports",
        _link("review_reports", "review_id", "reviews"),
        _link("review_reports", "report_id", "reports"),
        _needed("reason", sa.Text()),
        _needed("why", sa.Text()),
        _needed("added_at", UtcTime()),
        _needed("added_by", sa.Text()),
        sa.UniqueConstraint("review_id", "report_id", name="uq_review_reports_review_id_report_id"),
    )
    op.create_index("ix_review_reports_report_id", "review_reports", ["report_id"])
    _table(
        "report_returns",
        _link("report_returns", "report_id", "reports"),
        _needed("department", sa.Text()),
        _needed("why", sa.Text()),
        _needed("returned_at", UtcTime()),
        _needed("returned_by", sa.Text()),
    )
    op.create_index("ix_report_returns_report_id", "report_returns", ["report_id"])


def _create_rulings() -> None:
    _table(
        "rulings",
        _link("rulings", "review_id", "reviews"),
        _needed("overlay_code", sa.Text()),
        _needed("owner", sa.Text()),
        _needed("items", JsonText()),
        _needed("ground", JsonText()),
        _needed("document", sa.Text()),
        _needed("valid_from", sa.Date()),
        _maybe("valid_to", sa.Date()),
        _needed("ruled_at", UtcTime()),
        _needed("ruled_by", sa.Text()),
        sa.UniqueConstraint("review_id", name="uq_rulings_review_id"),
        sa.UniqueConstraint("overlay_code", name="uq_rulings_overlay_code"),
    )


def _create_reroutes() -> None:
    _table(
        "report_reroutes",
        _link("report_reroutes", "report_id", "reports"),
        _link("report_reroutes", "ruling_id", "rulings", nullable=True),
        _needed("why", sa.Text()),
        _needed("rerouted_at", UtcTime()),
        _needed("rerouted_by", sa.Text()),
        _needed("old_department", sa.Text()),
        _needed("old_co_departments", JsonText()),
        _needed("old_first_responder", sa.Text()),
        _needed("old_handling_level", sa.Text()),
        _needed("old_needs_person", sa.Boolean()),
        _needed("old_steps", JsonText()),
        _maybe("old_due_at", UtcTime()),
        _needed("old_due_reason", sa.Text()),
        _maybe("old_review_on", sa.Date()),
        _maybe("old_confidence", sa.Double()),
        _needed("old_leader", sa.Text()),
        _needed("old_call_first", sa.Text()),
        _needed("old_decided_at", UtcTime()),
        _maybe("old_rules_id", _key()),
        _maybe("old_state_id", _key()),
        _needed("new_department", sa.Text()),
        _needed("new_first_responder", sa.Text()),
    )
    op.create_index("ix_report_reroutes_report_id", "report_reroutes", ["report_id"])


def _create_pauses() -> None:
    _table(
        "report_pauses",
        _link("report_pauses", "report_id", "reports"),
        _needed("started_at", UtcTime()),
        _maybe("ended_at", UtcTime()),
        _needed("reason", sa.Text()),
        _needed("note", sa.Text()),
        _needed("started_by", sa.Text()),
        _maybe("ended_by", sa.Text()),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= started_at", name="ck_report_pauses_order"
        ),
    )
    op.create_index("ix_report_pauses_report_id", "report_pauses", ["report_id"])
    op.create_index(
        "uq_report_pauses_running",
        "report_pauses",
        ["report_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
