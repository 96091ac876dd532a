"""The table of what editions did to reports that were open when they came into force."""

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

__all__ = ["DUE", "ROUTE", "metadata", "report_moves"]

# Columns of the new route; and of its deadline, which only a report without one gets.
ROUTE = (
    "department", "co_departments", "first_responder", "handling_level", "needs_person",
    "call_first", "confidence", "leader",
)  # fmt: skip
DUE = ("due_at", "due_reason", "review_on")

# One row a report and edition; never changed. A row whose report moves counts from
# `effective_from` on, as long as its edition is published and the report was open until then:
# readers ask that of the clock, and nothing has to happen at midnight.
report_moves = new_table(
    "report_moves",
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False),
    Column("from_edition_id", Id, ForeignKey("editions.id")),
    Column("to_edition_id", Id, ForeignKey("editions.id"), nullable=False),
    required("effective_from", UtcTime),
    required("policy", Text),
    required("reason", Text),
    required("moved", Boolean),
    required("old_codes", JsonText),
    required("new_codes", JsonText),
    required("old_department", Text),
    required("old_first_responder", Text),
    # The new route; NULL when the report stays.
    Column("location_status", Text),
    Column("department", Text),
    Column("co_departments", JsonText),
    Column("first_responder", Text),
    Column("handling_level", Text),
    Column("needs_person", Boolean),
    Column("call_first", Text),
    Column("steps", JsonText),
    # Only of a report that had no deadline before: a move does not change one.
    Column("due_at", UtcTime),
    Column("due_reason", Text),
    Column("confidence", Double),
    Column("leader", Text),
    Column("review_on", Date),
    # What the new route was decided by, and the moment for which that was asked; NULL when the
    # report stays, and for moves that were recorded before this was kept.
    Column("rules_id", Id),
    Column("state_id", Id),
    Column("decided_for", UtcTime),
    required("recorded_at", UtcTime),
    required("recorded_by", Text),
    # The item that the new route was decided for; NULL as the versions are: then as reported.
    Column("item", Text),
    UniqueConstraint("report_id", "to_edition_id"),
    CheckConstraint("policy IN ('keep', 'migrate')", name="policy"),
)
# What readers look for with every report.
Index(
    "ix_report_moves_moved",
    report_moves.c.report_id,
    sqlite_where=text("moved = 1"),
    postgresql_where=text("moved"),
)
# By which reports wait for a calendar: every health check counts them.
Index(
    "ix_report_moves_waiting",
    report_moves.c.report_id,
    sqlite_where=text("moved = 1 AND due_reason = 'calendar_missing'"),
    postgresql_where=text("moved AND due_reason = 'calendar_missing'"),
)
