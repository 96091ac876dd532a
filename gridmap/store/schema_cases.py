"""Tables of work orders: the orders, their events, and what is told and done about them."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = [
    "jobs",
    "metadata",
    "notice_reads",
    "notices",
    "order_events",
    "order_parts",
    "orders",
    "outbox",
    "supervisions",
    "webhooks",
]

# One row a report, under the report's number. `data` is the whole order; the columns beside
# it repeat what lists are narrowed and sorted by.
orders = Table(
    "orders",
    metadata,
    Column("number", Id, ForeignKey("reports.id"), primary_key=True, autoincrement=False),
    required("version", Integer),
    required("state", Text),
    required("level", Text),
    required("item", Text),
    required("lead", Text),
    required("received_at", UtcTime),
    required("created_at", UtcTime),
    Column("due_at", UtcTime),
    Column("due_original", UtcTime),
    Column("resolved_at", UtcTime),
    Column("closed_at", UtcTime),
    required("areas", JsonText),
    required("data", JsonText),
    # The last move of editions that was applied to it.
    Column("moved", Id),
    # Until when it has followed what became of its report's route.
    Column("followed_at", UtcTime),
)
# Lists are read in the order in which an index has them, up to the page that is shown.
Index("ix_orders_state", orders.c.state, orders.c.received_at, orders.c.number)
Index("ix_orders_state_due_at", orders.c.state, orders.c.due_at)
Index("ix_orders_item", orders.c.item, orders.c.received_at, orders.c.number)
Index(
    "ix_orders_closed_due_at",
    orders.c.due_at,
    sqlite_where=text("closed_at IS NOT NULL"),
    postgresql_where=text("closed_at IS NOT NULL"),
)
# With what a month is found by: no row of an order is read for that.
Index(
    "ix_orders_received_at",
    orders.c.received_at,
    orders.c.number,
    orders.c.closed_at,
    orders.c.due_original,
)
Index(
    "ix_orders_open_due_at",
    orders.c.due_at,
    sqlite_where=text("closed_at IS NULL"),
    postgresql_where=text("closed_at IS NULL"),
)

# Who an order is with now: its lead, each co-department, and who was called by a whistle
# (`called`, unless it has a share of its own).
order_parts = new_table(
    "order_parts",
    Column("number", Id, ForeignKey("orders.number"), nullable=False),
    required("department", Text),
    required("lead", Boolean),
    required("state", Text),
    UniqueConstraint("number", "department"),
)
# Of those that have a share now: who gave one back has none.
Index(
    "ix_order_parts_department",
    order_parts.c.department,
    order_parts.c.number,
    sqlite_where=text("lead OR state <> 'returned'"),
    postgresql_where=text("lead OR state <> 'returned'"),
)

# What happened, in order; added to and never changed. An order is the fold of its events.
order_events = new_table(
    "order_events",
    Column("number", Id, ForeignKey("orders.number"), nullable=False),
    required("seq", Integer),
    required("at", UtcTime),
    required("by", Text),
    required("roles", JsonText),
    required("action", Text),
    Column("from_state", Text),
    required("to_state", Text),
    # As the order stood after it: what the numbers are counted by.
    required("level", Text),
    required("item", Text),
    required("lead", Text),
    Column("due_at", UtcTime),
    required("fields", JsonText),
    UniqueConstraint("number", "seq"),
)
Index("ix_order_events_at", order_events.c.at, order_events.c.number)
# In what orders somebody had a hand.
Index("ix_order_events_by_number", order_events.c.by, order_events.c.number)

# What is to be done at a moment, once: `key` is never used twice.
jobs = new_table(
    "jobs",
    required("kind", Text),
    required("key", Text),
    Column("number", Id),
    required("run_at", UtcTime),
    required("state", Text),
    required("attempts", Integer),
    required("payload", JsonText),
    Column("owner", Text),
    Column("leased_at", UtcTime),
    Column("done_at", UtcTime),
    required("note", Text),
    UniqueConstraint("key"),
    CheckConstraint("state IN ('waiting', 'leased', 'done', 'dead')", name="state"),
)
Index(
    "ix_jobs_due",
    jobs.c.run_at,
    sqlite_where=text("state IN ('waiting', 'leased')"),
    postgresql_where=text("state IN ('waiting', 'leased')"),
)
Index("ix_jobs_kind_state", jobs.c.kind, jobs.c.state)

# What other programs are told, in the order in which it was committed.
outbox = new_table(
    "outbox",
    required("event_id", Text),
    required("type", Text),
    required("at", UtcTime),
    Column("number", Id),
    required("data", JsonText),
    UniqueConstraint("event_id"),
)

# Where it is told. Its secret is derived, and stands nowhere in the store.
webhooks = new_table(
    "webhooks",
    required("name", Text),
    required("url", Text),
    required("types", JsonText),
    required("active", Boolean),
    required("salt", Text),
    required("created_at", UtcTime),
    required("created_by", Text),
    UniqueConstraint("name"),
)

notices = new_table(
    "notices",
    required("at", UtcTime),
    required("kind", Text),
    required("audience_kind", Text),
    required("audience", Text),
    Column("number", Id),
    required("areas", JsonText),
    required("params", JsonText),
)
Index("ix_notices_audience", notices.c.audience_kind, notices.c.audience, notices.c.id)

notice_reads = new_table(
    "notice_reads",
    Column("notice_id", Id, ForeignKey("notices.id"), nullable=False),
    required("reader", Text),
    required("at", UtcTime),
    UniqueConstraint("notice_id", "reader"),
)

supervisions = new_table(
    "supervisions",
    required("year", Integer),
    required("seq", Integer),
    Column("number", Id, ForeignKey("orders.number")),
    required("department", Text),
    required("state", Text),
    required("version", Integer),
    required("issued_at", UtcTime),
    required("reply_by", UtcTime),
    Column("closed_at", UtcTime),
    required("data", JsonText),
    UniqueConstraint("year", "seq"),
)
Index("ix_supervisions_department", supervisions.c.department)
