"""The tables, declared once for both stores.

Text columns are ``TEXT`` (GDAL ignores ``VARCHAR``), ids are never reused, and every table
has an integer key, as a GeoPackage wants it. What SQLAlchemy cannot declare alike on both
stores (the GeoPackage's own tables, guards, views) is made by the migrations.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    text,
)

from gridmap.store.columns import JsonText, UtcTime
from gridmap.store.geometry import Geometry

__all__ = [
    "Id",
    "area_shapes",
    "areas",
    "editions",
    "imports",
    "levels",
    "meta",
    "metadata",
    "new_table",
    "reports",
    "required",
]

# SQLite knows one kind of integer; only under the name INTEGER may it be the row's id.
Id = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def new_table(name: str, *parts: Any) -> Table:
    """Declare a table with an integer key that is never reused."""
    key = Column("id", Id, primary_key=True, autoincrement=True)
    return Table(name, metadata, key, *parts, sqlite_autoincrement=True)


def required(name: str, kind: Any, *args: Any) -> Column[Any]:
    """Declare a column that is never NULL."""
    return Column(name, kind, *args, nullable=False)


meta = new_table(
    "meta",
    required("key", Text),
    required("value", Text),
    UniqueConstraint("key"),
)

levels = new_table(
    "levels",
    required("rank", Integer),
    required("name", Text),
    required("label", Text),
    required("label_en", Text),
    Column("changed_at", UtcTime),
    Column("changed_by", Text),
    # Whose levels they are; a name belongs to one family, so a level alone tells which.
    Column("family", Text, nullable=False, server_default=text("'base'")),
    UniqueConstraint("name"),
)

editions = new_table(
    "editions",
    required("name", Text),
    required("state", Text),
    Column("effective_from", UtcTime),
    required("created_at", UtcTime),
    required("created_by", Text),
    Column("published_at", UtcTime),
    Column("published_by", Text),
    Column("retired_at", UtcTime),
    Column("retired_by", Text),
    Column("accepted_faults", Text),
    Column("content_hash", Text),
    Column("based_on", Text),
    Column("family", Text, nullable=False, server_default=text("'base'")),
    # Name of the former edition that this one puts in force again.
    Column("restores", Text),
    Column("published_why", Text),
    Column("backdated_why", Text),
    Column("retired_why", Text),
    # What becomes of open reports whose area changes: keep or migrate.
    Column("reports_policy", Text, nullable=False, server_default=text("'keep'")),
    # What the proof of routes found when it was published.
    Column("route_check", Text),
    # A copy under way: nobody sees it until it is whole.
    Column("hidden", Boolean, nullable=False, server_default=false()),
    UniqueConstraint("name"),
    CheckConstraint("state IN ('draft', 'published', 'retired')", name="state"),
    CheckConstraint("state = 'draft' OR effective_from IS NOT NULL", name="dated"),
)
# Two editions in force from the same moment would leave no rule for which one answers.
Index(
    "uq_editions_in_force",
    editions.c.family,
    editions.c.effective_from,
    unique=True,
    sqlite_where=text("state = 'published'"),
    postgresql_where=text("state = 'published'"),
)

imports = new_table(
    "imports",
    required("edition_id", Id, ForeignKey("editions.id")),
    required("level", Text),
    required("state", Text),
    required("source", Text),
    Column("source_layer", Text),
    Column("source_sha256", Text),
    Column("coord_sys", Text),
    Column("encoding", Text),
    required("areas", Integer),
    Column("report", JsonText),
    required("created_at", UtcTime),
    required("created_by", Text),
    required("heartbeat_at", UtcTime),
    required("owner", Text),
    CheckConstraint("state IN ('pending', 'live', 'superseded')", name="state"),
)
Index("ix_imports_edition_id", imports.c.edition_id)
Index(
    "uq_imports_live",
    imports.c.edition_id,
    imports.c.level,
    unique=True,
    sqlite_where=text("state = 'live'"),
    postgresql_where=text("state = 'live'"),
)

areas = new_table(
    "areas",
    required("edition_id", Id, ForeignKey("editions.id")),
    required("import_id", Id, ForeignKey("imports.id")),
    required("level", Text),
    required("code", Text),
    required("name", Text),
    required("name_en", Text),
    required("kind", Text),
    required("provisional", Boolean),
    Column("parent_level", Text),
    Column("parent_code", Text),
    Column("attributes", JsonText),
    Column("geom", Geometry()),
    UniqueConstraint("import_id", "code"),
)
Index("ix_areas_edition_id_level_code", areas.c.edition_id, areas.c.level, areas.c.code)

# What a parent's polygon is once its edition is published: the union of its atoms.
area_shapes = Table(
    "area_shapes",
    metadata,
    Column("area_id", Id, ForeignKey("areas.id"), primary_key=True, autoincrement=False),
    required("edition_id", Id, ForeignKey("editions.id")),
    required("level", Text),
    required("code", Text),
    required("geom", Geometry()),
)
Index("ix_area_shapes_edition_id", area_shapes.c.edition_id)

reports = new_table(
    "reports",
    required("received_at", UtcTime),
    Column("observed_at", UtcTime),
    # The moment that counts: observed, else received.
    required("event_at", UtcTime),
    required("source", Text),
    Column("item", Text),
    Column("text", Text),
    Column("raw_x", Double),
    Column("raw_y", Double),
    required("coord_sys", Text),
    Column("accuracy_m", Double),
    Column("lon", Double),
    Column("lat", Double),
    required("location_status", Text),
    Column("warning", Text),
    Column("edition_id", Id, ForeignKey("editions.id")),
    # The finest area that answered, and the code at every level as it was answered.
    Column("area_level", Text),
    Column("area_code", Text),
    Column("codes", JsonText),
    Column("geom", Geometry("Point")),
    # Open while NULL.
    Column("closed_at", UtcTime),
    Column("closed_by", Text),
    # Which catalogue the item is of; empty for the site's own.
    required("catalogue", Text),
)
Index("ix_reports_event_at", reports.c.event_at)
# Few reports are open, and every edition that comes looks at all of them.
Index(
    "ix_reports_open",
    reports.c.event_at,
    sqlite_where=text("closed_at IS NULL"),
    postgresql_where=text("closed_at IS NULL"),
)
Index("ix_reports_received_at", reports.c.received_at)
# Those of one edition lie one behind the other: by areas, each would go to a page of its own.
Index("ix_reports_edition_id", reports.c.edition_id)

# GiST on PostGIS; a GeoPackage has its R-trees instead.
for _column in (areas.c.geom, area_shapes.c.geom, reports.c.geom):
    Index(
        f"ix_{_column.table.name}_geom",
        _column,
        postgresql_using="gist",
    ).ddl_if(dialect="postgresql")
