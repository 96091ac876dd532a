"""Tables of drafts: plans of grids as logs of edits over an edition."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Integer, Text, UniqueConstraint

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = ["metadata", "plan_drafts", "plan_edits"]

plan_drafts = new_table(
    "plan_drafts",
    required("name", Text),
    # The edition it began with, and the fingerprint that its areas had then.
    required("edition", Text),
    required("content_hash", Text),
    required("level", Text),
    # How many entries its log has.
    required("version", Integer),
    required("state", Text),
    required("created_at", UtcTime),
    required("created_by", Text),
    required("why", Text),
    Column("branched_from", Id, ForeignKey("plan_drafts.id")),
    Column("branched_version", Integer),
    # Name of the edition that was published of it.
    Column("published_as", Text),
    Column("published_version", Integer),
    # Why that edition replaces another one than the draft began with.
    Column("replaced_why", Text),
    # Set when it was given up; its state is read as `discarded` then.
    Column("discarded_at", UtcTime),
    Column("discarded_by", Text),
    Column("discarded_why", Text),
    UniqueConstraint("name"),
    CheckConstraint("state IN ('open', 'published')", name="state"),
)

# What was done to a draft, in order; added to and never changed.
plan_edits = new_table(
    "plan_edits",
    Column("draft_id", Id, ForeignKey("plan_drafts.id"), nullable=False),
    required("seq", Integer),
    required("at", UtcTime),
    required("by", Text),
    required("action", Text),
    required("why", Text),
    Column("edit", JsonText),
    required("changed", JsonText),
    required("areas", JsonText),
    UniqueConstraint("draft_id", "seq"),
    CheckConstraint("action IN ('edit', 'undo', 'redo')", name="action"),
)
