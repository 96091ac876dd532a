"""Tables of ownership reviews, of reports that were routed anew, and of stopped clocks."""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Text,
    UniqueConstraint,
    text,
)

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = [
    "metadata",
    "report_pauses",
    "report_reroutes",
    "report_returns",
    "review_reports",
    "reviews",
    "rulings",
]


def _report() -> Column[int]:
    return Column("report_id", Id, ForeignKey("reports.id"), nullable=False)


# One review is about an item at one place under the same overlays, whoever reported it.
reviews = new_table(
    "reviews",
    required("key", Text),
    required("state", Text),
    required("reason", Text),
    Column("item", Text),
    required("catalogue", Text),
    required("area_level", Text),
    required("area_code", Text),
    Column("edition", Text),
    required("overlays", JsonText),
    Column("lon", Double),
    Column("lat", Double),
    required("opened_at", UtcTime),
    required("opened_by", Text),
    Column("settled_at", UtcTime),
    Column("settled_by", Text),
    CheckConstraint("state IN ('open', 'ruled')", name="state"),
    CheckConstraint("reason IN ('no_owner', 'returned', 'asked')", name="reason"),
)
Index(
    "uq_reviews_open",
    reviews.c.key,
    unique=True,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)

review_reports = new_table(
    "review_reports",
    Column("review_id", Id, ForeignKey("reviews.id"), nullable=False),
    _report(),
    required("reason", Text),
    required("why", Text),
    required("added_at", UtcTime),
    required("added_by", Text),
    UniqueConstraint("review_id", "report_id"),
)
Index("ix_review_reports_report_id", review_reports.c.report_id)

# Each time a body sent a report back as not its own; never changed.
report_returns = new_table(
    "report_returns",
    _report(),
    required("department", Text),
    required("why", Text),
    required("returned_at", UtcTime),
    required("returned_by", Text),
)
Index("ix_report_returns_report_id", report_returns.c.report_id)

# How a review ended: written in the transaction that makes the overlay; never changed.
rulings = new_table(
    "rulings",
    Column("review_id", Id, ForeignKey("reviews.id"), nullable=False),
    required("overlay_code", Text),
    required("owner", Text),
    required("items", JsonText),
    required("ground", JsonText),
    required("document", Text),
    required("valid_from", Date),
    Column("valid_to", Date),
    required("ruled_at", UtcTime),
    required("ruled_by", Text),
    UniqueConstraint("review_id"),
    UniqueConstraint("overlay_code"),
)

# Routes that reports had before they were routed anew; never changed.
report_reroutes = new_table(
    "report_reroutes",
    _report(),
    Column("ruling_id", Id, ForeignKey("rulings.id")),
    required("why", Text),
    required("rerouted_at", UtcTime),
    required("rerouted_by", Text),
    required("old_department", Text),
    required("old_co_departments", JsonText),
    required("old_first_responder", Text),
    required("old_handling_level", Text),
    required("old_needs_person", Boolean),
    required("old_steps", JsonText),
    Column("old_due_at", UtcTime),
    required("old_due_reason", Text),
    Column("old_review_on", Date),
    Column("old_confidence", Double),
    required("old_leader", Text),
    required("old_call_first", Text),
    required("old_decided_at", UtcTime),
    # What the former route was decided by.
    Column("old_rules_id", Id),
    Column("old_state_id", Id),
    required("new_department", Text),
    required("new_first_responder", Text),
    # The item that the former route was about; NULL: as it was reported.
    Column("old_item", Text),
)
Index("ix_report_reroutes_report_id", report_reroutes.c.report_id)

report_pauses = new_table(
    "report_pauses",
    _report(),
    required("started_at", UtcTime),
    Column("ended_at", UtcTime),
    required("reason", Text),
    required("note", Text),
    required("started_by", Text),
    Column("ended_by", Text),
    CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="order"),
)
Index("ix_report_pauses_report_id", report_pauses.c.report_id)
# A clock stands still once.
Index(
    "uq_report_pauses_running",
    report_pauses.c.report_id,
    unique=True,
    sqlite_where=text("ended_at IS NULL"),
    postgresql_where=text("ended_at IS NULL"),
)
