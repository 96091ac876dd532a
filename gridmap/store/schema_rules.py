"""Tables of what routes were decided by: rules by version, and responsibilities by state."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, Text, UniqueConstraint

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.geometry import Geometry
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = ["metadata", "responsibilities", "responsibility_states", "rule_uses", "rule_versions"]

# All tables of a site as they were at some time, as text; never changed.
rule_versions = new_table(
    "rule_versions",
    required("fingerprint", Text),
    required("texts", JsonText),
    required("recorded_at", UtcTime),
    required("recorded_by", Text),
    UniqueConstraint("fingerprint"),
)

# Versions put in use, the latest last. A store without one goes by the package's tables.
rule_uses = new_table(
    "rule_uses",
    Column("version_id", Id, ForeignKey("rule_versions.id"), nullable=False),
    required("note", Text),
    required("used_from", UtcTime),
    required("used_by", Text),
)

# Every overlay, party and post as it ever was when a report was decided or records were
# imported; never changed. A record that is replaced or removed stays here.
responsibilities = new_table(
    "responsibilities",
    required("digest", Text),
    required("kind", Text),
    required("code", Text),
    required("record", JsonText),
    required("recorded_at", UtcTime),
    Column("geom", Geometry()),
    UniqueConstraint("digest"),
)
Index("ix_responsibilities_kind_code", responsibilities.c.kind, responsibilities.c.code)
Index("ix_responsibilities_geom", responsibilities.c.geom, postgresql_using="gist").ddl_if(
    dialect="postgresql"
)

# Which of them held together, as the difference from an earlier state.
responsibility_states = new_table(
    "responsibility_states",
    required("fingerprint", Text),
    Column("base_id", Id, ForeignKey("responsibility_states.id")),
    required("depth", Integer),
    required("added", JsonText),
    required("removed", JsonText),
    required("recorded_at", UtcTime),
    UniqueConstraint("fingerprint"),
)
