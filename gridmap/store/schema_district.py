"""Tables of what stands in the district and of how reports were routed.

None of it belongs to an edition: a canteen or a red line stays where it is when the grids are
redrawn. Records of one kind are replaced by their code.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.geometry import Geometry
from gridmap.store.schema import Id, metadata, new_table, required

__all__ = [
    "RECORD_TABLES",
    "ground",
    "metadata",
    "organisations",
    "overlays",
    "parties",
    "places",
    "posts",
    "report_keys",
    "report_routes",
    "service_items",
]

# What maps are drawn upon: water, parks, railways, streets; gates, where walks begin.
ground = new_table(
    "ground",
    required("code", Text),
    required("layer", Text),
    required("name", Text),
    required("name_en", Text),
    Column("rank", Integer),
    required("geom", Geometry()),
    Column("road_class", Text, nullable=False, server_default=text("''")),
    Column("stratum", Integer),
    Column("foot", Text, nullable=False, server_default=text("''")),
    Column("households", Integer),
    UniqueConstraint("code"),
)

overlays = new_table(
    "overlays",
    required("code", Text),
    required("kind", Text),
    required("name", Text),
    required("name_en", Text),
    required("managed", Boolean),
    required("owner", Text),
    required("source", Text),
    required("priority", Integer),
    Column("valid_from", Date),
    Column("valid_to", Date),
    required("geom", Geometry()),
    required("items", JsonText),
    required("road_class", Text),
    Column("radius_m", Double),
    required("contact", Text),
    required("asset_type", Text),
    UniqueConstraint("code"),
)

parties = new_table(
    "parties",
    required("code", Text),
    required("name", Text),
    required("name_en", Text),
    required("phone", Text),
    UniqueConstraint("code"),
)

places = new_table(
    "places",
    required("code", Text),
    required("category", Text),
    required("name", Text),
    required("name_en", Text),
    required("address", Text),
    required("hours", Text),
    required("hours_text", Text),
    required("phone", Text),
    required("special_services", JsonText),
    required("floor", Text),
    required("price", Text),
    Column("wheelchair", Boolean),
    required("source", Text),
    Column("checked_on", Date),
    required("lon", Double),
    required("lat", Double),
    required("geom", Geometry("Point")),
    required("entrance", Text),
    required("address_en", Text),
    required("special_services_en", JsonText),
    Column("home_service", Boolean),
    required("booking_phone", Text),
    required("accessibility", JsonText),
    required("languages", JsonText),
    required("organiser", Text),
    required("photo", Text),
    required("closures", JsonText),
    UniqueConstraint("code"),
)

# What one can ask for, wherever it is given.
service_items = new_table(
    "service_items",
    required("code", Text),
    required("kind", Text),
    required("kind_en", Text),
    required("name", Text),
    required("name_en", Text),
    required("needs", JsonText),
    required("channel", Text),
    required("channel_en", Text),
    required("steps", JsonText),
    required("steps_en", JsonText),
    required("phone", Text),
    required("price", Text),
    required("level", Text),
    required("area_code", Text),
    required("source", Text),
    Column("checked_on", Date),
    UniqueConstraint("code"),
)

organisations = new_table(
    "organisations",
    required("code", Text),
    required("kind", Text),
    required("name", Text),
    required("name_en", Text),
    Column("parent_code", Text),
    Column("level", Text),
    Column("area_code", Text),
    required("address", Text),
    required("phone", Text),
    Column("members", Integer),
    Column("lon", Double),
    Column("lat", Double),
    Column("geom", Geometry("Point")),
    UniqueConstraint("code"),
)

posts = new_table(
    "posts",
    required("code", Text),
    required("person", Text),
    required("name", Text),
    required("role", Text),
    required("kind", Text),
    required("level", Text),
    required("area_code", Text),
    required("work_phone", Text),
    required("department", Text),
    Column("valid_from", Date),
    Column("valid_to", Date),
    required("estate_code", Text),
    required("mode", Text),
    required("rests", Text),
    required("switched", Text),
    UniqueConstraint("code"),
)
Index("ix_posts_level_area_code", posts.c.level, posts.c.area_code)

# The decision of a report: one row a report, written with it.
report_routes = new_table(
    "report_routes",
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False),
    required("decided_at", UtcTime),
    required("department", Text),
    required("co_departments", JsonText),
    required("first_responder", Text),
    required("handling_level", Text),
    Column("due_at", UtcTime),
    required("due_reason", Text),
    required("needs_person", Boolean),
    required("call_first", Text),
    required("steps", JsonText),
    # What it was decided by: a version of the rules, a state of the responsibilities.
    Column("rules_id", Id),
    Column("state_id", Id),
    Column("confidence", Double),
    Column("leader", Text),
    Column("review_on", Date),
    # When a person had the report routed anew, and its deadline counted anew: moves that were
    # recorded before are no longer what the report is routed by.
    Column("rerouted_at", UtcTime),
    Column("redue_at", UtcTime),
    # The item that it is about since a person put that right; NULL: as it was reported.
    Column("item", Text),
    UniqueConstraint("report_id"),
)
Index("ix_report_routes_department", report_routes.c.department)
Index("ix_report_routes_due_at", report_routes.c.due_at)
# Few routes wait for a calendar, and every health check counts them.
Index(
    "ix_report_routes_waiting",
    report_routes.c.report_id,
    sqlite_where=text("due_reason = 'calendar_missing'"),
    postgresql_where=text("due_reason = 'calendar_missing'"),
)

# Few reports are routed anew, and every round of the worker asks for them.
Index(
    "ix_report_routes_anew",
    report_routes.c.report_id,
    sqlite_where=text("rerouted_at IS NOT NULL OR redue_at IS NOT NULL"),
    postgresql_where=text("rerouted_at IS NOT NULL OR redue_at IS NOT NULL"),
)

# Which report a client's idempotency key stands for, and what was sent with it.
report_keys = new_table(
    "report_keys",
    required("key", Text),
    required("body_sha256", Text),
    Column("report_id", Id, ForeignKey("reports.id"), nullable=False),
    required("created_at", UtcTime),
    UniqueConstraint("key"),
)

RECORD_TABLES = {
    "ground": ground,
    "overlays": overlays,
    "parties": parties,
    "places": places,
    "organisations": organisations,
    "posts": posts,
    "service_items": service_items,
}

for _column in (ground.c.geom, overlays.c.geom, places.c.geom, organisations.c.geom):
    Index(
        f"ix_{_column.table.name}_geom",
        _column,
        postgresql_using="gist",
    ).ddl_if(dialect="postgresql")
