"""Read-only views for other people's programs: published areas and editions, no reports.

In PostGIS they stand in a schema of their own, and the role ``gridmap_reader`` sees that
schema alone. In a GeoPackage ``published_areas`` is one more layer.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gridmap.store import gpkg

__all__ = ["READER", "VIEW_SCHEMA", "create"]

VIEW_SCHEMA = "gridmap_views"
READER = "gridmap_reader"

_log = logging.getLogger(__name__)

_EFFECTIVE_TO = (
    "(SELECT min(n.effective_from) FROM editions n WHERE n.state = 'published' "
    "AND e.state = 'published' AND n.effective_from > e.effective_from)"
)
_AREAS = (
    "SELECT a.id AS {id}, e.name AS edition, e.effective_from, {to} AS effective_to, a.level, "
    "a.code, a.name, a.name_en, a.kind, a.provisional, a.parent_level, a.parent_code, {geom} "
    "AS geom FROM areas a JOIN imports i ON i.id = a.import_id AND i.state = 'live' "
    "JOIN editions e ON e.id = a.edition_id AND e.state = 'published' "
    "LEFT JOIN area_shapes s ON s.area_id = a.id"
)


def create(connection: Connection) -> None:
    """Create the views in the store that `connection` leads to."""
    if connection.dialect.name == "sqlite":
        # GDAL takes a view's OGC_FID column for the feature id.
        query = _AREAS.format(id="OGC_FID", to=_EFFECTIVE_TO, geom="coalesce(s.geom, a.geom)")
        connection.exec_driver_sql(f"CREATE VIEW published_areas AS {query}")
        gpkg.register_features(
            connection,
            "published_areas",
            kind="Geometry",
            about="已发布网格范围 · Areas of published editions",
        )
        return
    geometry = "coalesce(s.geom, a.geom)\\:\\:geometry(Geometry,4326)"
    query = _AREAS.format(id="id", to=_EFFECTIVE_TO, geom=geometry)
    for statement in (
        f"CREATE SCHEMA IF NOT EXISTS {VIEW_SCHEMA}",
        f"CREATE VIEW {VIEW_SCHEMA}.published_areas AS {query}",
        f"CREATE VIEW {VIEW_SCHEMA}.areas_in_force AS SELECT * FROM {VIEW_SCHEMA}.published_areas "
        "WHERE effective_from <= now() AND (effective_to IS NULL OR now() < effective_to)",
        f"CREATE VIEW {VIEW_SCHEMA}.editions AS SELECT e.name, e.state, e.effective_from, "
        f"{_EFFECTIVE_TO} AS effective_to FROM editions e WHERE e.state <> 'draft'",
        f"CREATE VIEW {VIEW_SCHEMA}.levels AS SELECT rank, name, label, label_en FROM levels",
    ):
        connection.execute(text(statement))
    _let_reader_in(connection)


def _let_reader_in(connection: Connection) -> None:
    try:
        with connection.begin_nested():
            _create_reader(connection)
            connection.execute(text(f"GRANT USAGE ON SCHEMA {VIEW_SCHEMA} TO {READER}"))
            connection.execute(
                text(f"GRANT SELECT ON ALL TABLES IN SCHEMA {VIEW_SCHEMA} TO {READER}")
            )
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != "42501":
            raise
        _log.warning(
            "The role %s was not created: this database user may not create roles. As the "
            "administrator create it and grant it USAGE on schema %s and SELECT on its views.",
            READER,
            VIEW_SCHEMA,
        )


def _create_reader(connection: Connection) -> None:
    # Roles belong to the whole server: another database's migration may be making it now.
    connection.execute(
        text(
            f"DO $$ BEGIN IF to_regrole('{READER}') IS NULL THEN "
            f"CREATE ROLE {READER} NOLOGIN; END IF; "
            "EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"
        )
    )
