"""Accounts, keys, sessions; whom reports name, sealed; who read it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from gridmap.store.columns import JsonText, UtcTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # None of these is registered as a layer: a GIS that opens the file is not shown them.
    _create_accounts()
    _create_people()


def _create(name: str, *columns: sa.Column[Any], unique: tuple[str, ...] = ()) -> None:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    extra = [sa.UniqueConstraint(*unique, name=f"uq_{name}_{'_'.join(unique)}")] if unique else []
    op.create_table(
        name,
        sa.Column("id", kind, primary_key=True, autoincrement=True),
        *columns,
        *extra,
        sqlite_autoincrement=True,
    )


def _text(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, UtcTime(), nullable=nullable)


def _key(table: str, name: str, target: str) -> sa.Column[Any]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(
        name, kind, sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{name}"), nullable=False
    )


def _create_accounts() -> None:
    _create(
        "users",
        _text("name"),
        _text("label"),
        _text("password_hash", nullable=True),
        sa.Column("demo", sa.Boolean(), nullable=False),
        _time("created_at"),
        _text("created_by"),
        _time("password_at", nullable=True),
        _time("disabled_at", nullable=True),
        _text("disabled_by", nullable=True),
        unique=("name",),
    )
    _create(
        "user_roles",
        _key("user_roles", "user_id", "users"),
        _text("role"),
        sa.Column("areas", JsonText(), nullable=False),
        sa.Column("departments", JsonText(), nullable=False),
        _time("granted_at"),
        _text("granted_by"),
        unique=("user_id", "role"),
    )
    _create(
        "api_keys",
        _key("api_keys", "user_id", "users"),
        _text("prefix"),
        _text("token_hash"),
        _text("label"),
        _time("created_at"),
        _text("created_by"),
        _time("expires_at", nullable=True),
        _time("last_used_at", nullable=True),
        _time("revoked_at", nullable=True),
        _text("revoked_by", nullable=True),
        unique=("prefix",),
    )
    op.create_index("ix_api_keys_user_id", "api_keys", ["user_id"])
    _create(
        "sessions",
        _key("sessions", "user_id", "users"),
        _text("token_hash"),
        _time("created_at"),
        _time("seen_at"),
        _time("expires_at"),
        unique=("token_hash",),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    _create("login_attempts", _text("bucket"), _time("at"))
    op.create_index("ix_login_attempts_bucket_at", "login_attempts", ["bucket", "at"])


def _create_people() -> None:
    _create(
        "report_people",
        _key("report_people", "report_id", "reports"),
        _text("reporter_name", nullable=True),
        _text("reporter_phone", nullable=True),
        _text("reporter_address", nullable=True),
        _text("sealed_with"),
        _time("created_at"),
        _time("anonymised_at", nullable=True),
        unique=("report_id",),
    )
    op.create_index("ix_report_people_sealed_with", "report_people", ["sealed_with"])
    _create(
        "personal_reads",
        _key("personal_reads", "report_id", "reports"),
        _text("read_by"),
        _text("roles"),
        _time("read_at"),
        _text("why"),
    )
    op.create_index("ix_personal_reads_report_id", "personal_reads", ["report_id"])
