"""Work orders: every report gets one; jobs, what is told to people and to programs."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store import gpkg
from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.migrations import guards_0009, orders_0009

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_ATTRIBUTES = (
    ("orders", "工单 · Work orders"),
    ("order_parts", "主办与协办 · Lead and co-departments"),
    ("order_events", "工单流程 · History of orders"),
    ("jobs", "定时任务 · Jobs"),
    ("outbox", "对外消息 · Messages to programs"),
    ("webhooks", "对接地址 · Webhooks"),
    ("notices", "通知 · Notices"),
    ("notice_reads", "通知已读 · Notices read"),
    ("supervisions", "督办单 · Supervision orders"),
)
_UNFINISHED = "state IN ('waiting', 'leased')"


def upgrade() -> None:
    connection = op.get_bind()
    _create_orders()
    _create_jobs()
    _create_told()
    if connection.dialect.name == "sqlite":
        for table, about in _ATTRIBUTES:
            gpkg.register_attributes(connection, table, about=about)
    orders_0009.fill(connection)
    guards_0009.create(connection)


def _id() -> Any:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _create(name: str, *parts: Any) -> None:
    key = sa.Column("id", _id(), primary_key=True, autoincrement=True)
    op.create_table(name, key, *parts, sqlite_autoincrement=True)


def _texts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _json(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, JsonText(), nullable=False) for name in names]


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcTime(), nullable=nullable)


def _whole(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _of(table: str, target: str, name: str = "number", *, nullable: bool = False) -> Any:
    key = sa.ForeignKey(target, name=f"fk_{table}_{name}")
    return sa.Column(name, _id(), key, nullable=nullable)


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _index(table: str, *columns: str, name: str = "", where: str = "") -> None:
    condition = sa.text(where) if where else None
    op.create_index(
        f"ix_{table}_{name or '_'.join(columns)}",
        table,
        list(columns),
        sqlite_where=condition,
        postgresql_where=condition,
    )


def _create_orders() -> None:
    number = sa.ForeignKey("reports.id", name="fk_orders_number")
    op.create_table(
        "orders",
        sa.Column("number", _id(), number, primary_key=True, autoincrement=False),
        _whole("version"),
        *_texts("state", "level", "item", "lead"),
        _time("received_at"),
        _time("created_at"),
        *(_time(n, nullable=True) for n in ("due_at", "due_original", "resolved_at", "closed_at")),
        *_json("areas", "data"),
        sa.Column("moved", _id(), nullable=True),
        _time("followed_at", nullable=True),
    )
    _index("orders", "state")
    _index("orders", "received_at")
    _index("orders", "due_at", name="open_due_at", where="closed_at IS NULL")
    _create(
        "order_parts",
        _of("order_parts", "orders.number"),
        *_texts("department"),
        sa.Column("lead", sa.Boolean(), nullable=False),
        *_texts("state"),
        _unique("order_parts", "number", "department"),
    )
    _index("order_parts", "department")
    _create(
        "order_events",
        _of("order_events", "orders.number"),
        _whole("seq"),
        _time("at"),
        *_texts("by"),
        *_json("roles"),
        *_texts("action"),
        sa.Column("from_state", sa.Text(), nullable=True),
        *_texts("to_state", "level", "item", "lead"),
        _time("due_at", nullable=True),
        *_json("fields"),
        _unique("order_events", "number", "seq"),
    )
    _index("order_events", "at")


def _create_jobs() -> None:
    _create(
        "jobs",
        *_texts("kind", "key"),
        sa.Column("number", _id(), nullable=True),
        _time("run_at"),
        *_texts("state"),
        _whole("attempts"),
        *_json("payload"),
        sa.Column("owner", sa.Text(), nullable=True),
        _time("leased_at", nullable=True),
        _time("done_at", nullable=True),
        *_texts("note"),
        _unique("jobs", "key"),
        sa.CheckConstraint("state IN ('waiting', 'leased', 'done', 'dead')", name="ck_jobs_state"),
    )
    _index("jobs", "run_at", name="due", where=_UNFINISHED)
    _index("jobs", "kind", "state")


def _create_told() -> None:
    _create(
        "outbox",
        *_texts("event_id", "type"),
        _time("at"),
        sa.Column("number", _id(), nullable=True),
        *_json("data"),
        _unique("outbox", "event_id"),
    )
    _create(
        "webhooks",
        *_texts("name", "url"),
        *_json("types"),
        sa.Column("active", sa.Boolean(), nullable=False),
        *_texts("salt"),
        _time("created_at"),
        *_texts("created_by"),
        _unique("webhooks", "name"),
    )
    _create(
        "notices",
        _time("at"),
        *_texts("kind", "audience_kind", "audience"),
        sa.Column("number", _id(), nullable=True),
        *_json("areas", "params"),
    )
    _index("notices", "audience_kind", "audience", "id", name="audience")
    _create(
        "notice_reads",
        _of("notice_reads", "notices.id", "notice_id"),
        *_texts("reader"),
        _time("at"),
        _unique("notice_reads", "notice_id", "reader"),
    )
    _create(
        "supervisions",
        _whole("year"),
        _whole("seq"),
        _of("supervisions", "orders.number", nullable=True),
        *_texts("department", "state"),
        _whole("version"),
        _time("issued_at"),
        _time("reply_by"),
        _time("closed_at", nullable=True),
        *_json("data"),
        _unique("supervisions", "year", "seq"),
    )
    _index("supervisions", "department")
