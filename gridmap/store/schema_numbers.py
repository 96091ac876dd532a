"""Tables of monthly reports: what was issued, and what was said against it."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, Text, UniqueConstraint

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = ["appeal_steps", "metadata", "monthly_issues"]

# A report as it was issued, added and never changed: `data` is all of it. A correction is a
# new issue of the month, under the next number of the year.
monthly_issues = new_table(
    "monthly_issues",
    required("month", Text),
    required("issue", Integer),
    required("year", Integer),
    required("seq", Integer),
    required("issued_at", UtcTime),
    required("issued_by", Text),
    required("addressees", JsonText),
    required("why", Text),
    required("data", JsonText),
    UniqueConstraint("month", "issue"),
    UniqueConstraint("year", "seq"),
)

# What was said about a deduction, in order; added to and never changed. An appeal is the fold
# of its steps.
appeal_steps = new_table(
    "appeal_steps",
    Column("issue_id", Id, ForeignKey("monthly_issues.id"), nullable=False),
    required("month", Text),
    required("deduction", Text),
    required("seq", Integer),
    required("state", Text),
    required("by", Text),
    required("at", UtcTime),
    required("why", Text),
    UniqueConstraint("month", "deduction", "seq"),
)
