"""What Alembic needs to know about the schema, for running and for comparing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from gridmap.store import (
    schema_accounts,
    schema_cases,
    schema_dated,
    schema_district,
    schema_drafts,
    schema_lineage,
    schema_moves,
    schema_numbers,
    schema_reviews,
    schema_rules,
)
from gridmap.store.migrate import VERSION_TABLE

__all__ = ["migration_options"]

# Each declares tables of its own with the one metadata; all have to be loaded.
_DECLARED = (
    schema_district,
    schema_dated,
    schema_lineage,
    schema_moves,
    schema_rules,
    schema_reviews,
    schema_accounts,
    schema_cases,
    schema_numbers,
    schema_drafts,
)

# The standard's own tables, R-trees with their shadow tables, and PostGIS's catalogue.
_FOREIGN = ("gpkg_", "rtree_", "sqlite_", "spatial_ref_sys", "geometry_columns")


def migration_options(connection: Connection) -> dict[str, Any]:
    """Return the keywords for Alembic's ``configure``."""
    geopackage = connection.dialect.name == "sqlite"

    def is_ours(
        element: Any, name: str | None, type_: str, reflected: bool, compare_to: Any
    ) -> bool:
        if type_ == "table":
            return not str(name).startswith(_FOREIGN)
        # A GeoPackage has R-trees where the schema declares GiST indexes.
        return not (geopackage and type_ == "index" and str(name).endswith("_geom"))

    return {
        "connection": connection,
        "target_metadata": _DECLARED[0].metadata,
        "version_table": VERSION_TABLE,
        "include_object": is_ours,
        "compare_type": True,
        # SQLite can do it, now that transactions begin where we say; Alembic assumes not.
        "transactional_ddl": True,
        "transaction_per_migration": False,
    }
