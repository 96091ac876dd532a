"""The read-only views again: validity is counted in each family of grids by itself.

Families that are not for the public are left out: who reads the views is not known.
"""

from __future__ import annotations

import logging

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gridmap.store.migrations.views_0001 import READER, VIEW_SCHEMA

__all__ = ["create"]

_log = logging.getLogger(__name__)

_EFFECTIVE_TO = (
    "(SELECT min(n.effective_from) FROM editions n WHERE n.state = 'published' "
    "AND e.state = 'published' AND n.family = e.family AND n.effective_from > e.effective_from)"
)
_PUBLIC = "JOIN families f ON f.name = e.family AND f.visibility = 'public'"
_AREAS = (
    "SELECT a.id AS {id}, e.name AS edition, e.family, e.effective_from, {to} AS effective_to, "
    "a.level, a.code, a.name, a.name_en, a.kind, a.provisional, a.parent_level, a.parent_code, "
    "{geom} AS geom FROM areas a JOIN imports i ON i.id = a.import_id AND i.state = 'live' "
    f"JOIN editions e ON e.id = a.edition_id AND e.state = 'published' {_PUBLIC} "
    "LEFT JOIN area_shapes s ON s.area_id = a.id"
)


def create(connection: Connection) -> None:
    """Replace the views in the store that `connection` leads to."""
    if connection.dialect.name == "sqlite":
        # GDAL takes a view's OGC_FID column for the feature id.
        query = _AREAS.format(id="OGC_FID", to=_EFFECTIVE_TO, geom="coalesce(s.geom, a.geom)")
        connection.exec_driver_sql("DROP VIEW published_areas")
        connection.exec_driver_sql(f"CREATE VIEW published_areas AS {query}")
        return
    geometry = "coalesce(s.geom, a.geom)\\:\\:geometry(Geometry,4326)"
    query = _AREAS.format(id="id", to=_EFFECTIVE_TO, geom=geometry)
    for name in ("areas_in_force", "published_areas", "editions", "levels"):
        connection.execute(text(f"DROP VIEW {VIEW_SCHEMA}.{name}"))
    for statement in (
        f"CREATE VIEW {VIEW_SCHEMA}.published_areas AS {query}",
        f"CREATE VIEW {VIEW_SCHEMA}.areas_in_force AS SELECT * FROM {VIEW_SCHEMA}.published_areas "
        "WHERE effective_from <= now() AND (effective_to IS NULL OR now() < effective_to)",
        f"CREATE VIEW {VIEW_SCHEMA}.editions AS SELECT e.name, e.family, e.state, "
        f"e.effective_from, {_EFFECTIVE_TO} AS effective_to FROM editions e {_PUBLIC} "
        "WHERE e.state = 'published'",
        f"CREATE VIEW {VIEW_SCHEMA}.levels AS SELECT l.family, l.rank, l.name, l.label, "
        "l.label_en FROM levels l JOIN families f ON f.name = l.family "
        "AND f.visibility = 'public'",
    ):
        connection.execute(text(statement))
    _let_reader_in(connection)


def _let_reader_in(connection: Connection) -> None:
    query = text("SELECT 1 FROM pg_roles WHERE rolname = :name")
    if connection.execute(query, {"name": READER}).scalar() is None:
        return
    try:
        with connection.begin_nested():
            connection.execute(
                text(f"GRANT SELECT ON ALL TABLES IN SCHEMA {VIEW_SCHEMA} TO {READER}")
            )
    except DBAPIError as error:
        if getattr(error.orig, "pgcode", None) != "42501":
            raise
        _log.warning(
            "The role %s may not read the new views: grant it SELECT on those of schema %s.",
            READER,
            VIEW_SCHEMA,
        )
