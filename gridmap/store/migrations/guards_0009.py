"""Guards of orders: what happened to an order stays written as it happened."""

from __future__ import annotations

from sqlalchemy import Connection

from gridmap.store.migrations.append_only import guard

__all__ = ["create"]


def create(connection: Connection) -> None:
    """Create the guards in the store that `connection` leads to."""
    guard(connection, "order_events", "number", "What happened to an order is never changed.")
