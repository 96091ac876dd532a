"""What makes a SQLite file a GeoPackage 1.3, written with the stock ``sqlite3`` alone.

The triggers that keep an R-tree in step call ``ST_MinX`` and its kin. GDAL brings those
functions along and stock SQLite has none, so every connection of this room registers its
own (:func:`register_functions`): the triggers are the standard's, word for word, and work
from both sides.

The text of tables and triggers follows https://www.geopackage.org/spec130/ (annexes C, D
and F.3).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from shapely.errors import ShapelyError
from sqlalchemy import Connection, text

from gridmap.store.geometry import SRID, Bounds, bounds_of
from gridmap.times import ensure_utc

__all__ = [
    "APPLICATION_ID",
    "USER_VERSION",
    "create_spatial_index",
    "create_system_tables",
    "mark_changed",
    "register_attributes",
    "register_features",
    "register_functions",
]

APPLICATION_ID = 0x47504B47  # "GPKG"
USER_VERSION = 10300

_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,'
    'AUTHORITY["EPSG","7030"]],AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,'
    'AUTHORITY["EPSG","8901"]],UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],'
    'AXIS["Latitude",NORTH],AXIS["Longitude",EAST],AUTHORITY["EPSG","4326"]]'
)

_SYSTEM_TABLES = (
    """CREATE TABLE gpkg_spatial_ref_sys (
  srs_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL,
  organization_coordsys_id INTEGER NOT NULL,
  definition TEXT NOT NULL,
  description TEXT)""",
    """CREATE TABLE gpkg_contents (
  table_name TEXT NOT NULL PRIMARY KEY,
  data_type TEXT NOT NULL,
  identifier TEXT UNIQUE,
  description TEXT DEFAULT '',
  last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE,
  srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id))""",
    """CREATE TABLE gpkg_geometry_columns (
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL,
  srs_id INTEGER NOT NULL,
  z TINYINT NOT NULL,
  m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name),
  CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys (srs_id))""",
    """CREATE TABLE gpkg_extensions (
  table_name TEXT,
  column_name TEXT,
  extension_name TEXT NOT NULL,
  definition TEXT NOT NULL,
  scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))""",
)

_SYSTEMS = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian system"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic system"),
    ("WGS 84 geodetic", SRID, "EPSG", SRID, _WGS84, "longitude, latitude in decimal degrees"),
)

# {t}: table, {c}: geometry column, {i}: integer key.
_RTREE = (
    'CREATE VIRTUAL TABLE "rtree_{t}_{c}" USING rtree(id, minx, maxx, miny, maxy)',
    """CREATE TRIGGER "rtree_{t}_{c}_insert" AFTER INSERT ON "{t}"
WHEN (new."{c}" NOT NULL AND NOT ST_IsEmpty(NEW."{c}"))
BEGIN INSERT OR REPLACE INTO "rtree_{t}_{c}" VALUES (NEW."{i}",
ST_MinX(NEW."{c}"), ST_MaxX(NEW."{c}"), ST_MinY(NEW."{c}"), ST_MaxY(NEW."{c}")); END""",
    """CREATE TRIGGER "rtree_{t}_{c}_update1" AFTER UPDATE OF "{c}" ON "{t}"
WHEN OLD."{i}" = NEW."{i}" AND (NEW."{c}" NOTNULL AND NOT ST_IsEmpty(NEW."{c}"))
BEGIN INSERT OR REPLACE INTO "rtree_{t}_{c}" VALUES (NEW."{i}",
ST_MinX(NEW."{c}"), ST_MaxX(NEW."{c}"), ST_MinY(NEW."{c}"), ST_MaxY(NEW."{c}")); END""",
    """CREATE TRIGGER "rtree_{t}_{c}_update2" AFTER UPDATE OF "{c}" ON "{t}"
WHEN OLD."{i}" = NEW."{i}" AND (NEW."{c}" ISNULL OR ST_IsEmpty(NEW."{c}"))
BEGIN DELETE FROM "rtree_{t}_{c}" WHERE id = OLD."{i}"; END""",
    """CREATE TRIGGER "rtree_{t}_{c}_update3" AFTER UPDATE ON "{t}"
WHEN OLD."{i}" != NEW."{i}" AND (NEW."{c}" NOTNULL AND NOT ST_IsEmpty(NEW."{c}"))
BEGIN DELETE FROM "rtree_{t}_{c}" WHERE id = OLD."{i}";
INSERT OR REPLACE INTO "rtree_{t}_{c}" VALUES (NEW."{i}",
ST_MinX(NEW."{c}"), ST_MaxX(NEW."{c}"), ST_MinY(NEW."{c}"), ST_MaxY(NEW."{c}")); END""",
    """CREATE TRIGGER "rtree_{t}_{c}_update4" AFTER UPDATE ON "{t}"
WHEN OLD."{i}" != NEW."{i}" AND (NEW."{c}" ISNULL OR ST_IsEmpty(NEW."{c}"))
BEGIN DELETE FROM "rtree_{t}_{c}" WHERE id IN (OLD."{i}", NEW."{i}"); END""",
    """CREATE TRIGGER "rtree_{t}_{c}_delete" AFTER DELETE ON "{t}"
WHEN old."{c}" NOT NULL
BEGIN DELETE FROM "rtree_{t}_{c}" WHERE id = OLD."{i}"; END""",
)


def register_functions(connection: sqlite3.Connection) -> None:
    """Give a connection the functions that the R-tree triggers call."""
    bounds = _LastBounds()
    functions: dict[str, Callable[[object], float | int | None]] = {
        "ST_IsEmpty": lambda blob: None if blob is None else int(bounds(blob) is None),
        "ST_MinX": lambda blob: None if (box := bounds(blob)) is None else box[0],
        "ST_MinY": lambda blob: None if (box := bounds(blob)) is None else box[1],
        "ST_MaxX": lambda blob: None if (box := bounds(blob)) is None else box[2],
        "ST_MaxY": lambda blob: None if (box := bounds(blob)) is None else box[3],
    }
    for name, function in functions.items():
        connection.create_function(name, 1, function, deterministic=True)


class _LastBounds:
    """Bounds of a geometry, remembered: a trigger asks five times for each row."""

    def __init__(self) -> None:
        self._blob: object = None
        self._bounds: Bounds | None = None

    def __call__(self, blob: object) -> Bounds | None:
        if blob != self._blob:
            self._blob, self._bounds = blob, _bounds(blob)
        return self._bounds


def _bounds(blob: object) -> Bounds | None:
    # The standard's functions answer NULL for what is not a geometry; an exception here
    # would only reach the caller as "user-defined function raised exception".
    if not isinstance(blob, bytes):
        return None
    try:
        return bounds_of(blob)
    except (ValueError, IndexError, ShapelyError):
        return None


def create_system_tables(connection: Connection) -> None:
    """Mark the file as a GeoPackage and make the tables that describe its content."""
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.exec_driver_sql(f"PRAGMA user_version = {USER_VERSION}")
    for statement in _SYSTEM_TABLES:
        connection.exec_driver_sql(statement)
    for system in _SYSTEMS:
        connection.exec_driver_sql("INSERT INTO gpkg_spatial_ref_sys VALUES (?,?,?,?,?,?)", system)


def register_features(
    connection: Connection, table: str, *, column: str = "geom", kind: str, about: str
) -> None:
    """Announce a table or view with geometry; GDAL and QGIS then show it as a layer."""
    _register(connection, table, "features", about, srs_id=SRID)
    connection.exec_driver_sql(
        "INSERT INTO gpkg_geometry_columns VALUES (?, ?, ?, ?, 0, 0)",
        (table, column, kind.upper(), SRID),
    )


def register_attributes(connection: Connection, table: str, *, about: str) -> None:
    """Announce a table without geometry."""
    _register(connection, table, "attributes", about, srs_id=None)


def _register(
    connection: Connection, table: str, data_type: str, about: str, *, srs_id: int | None
) -> None:
    # Extents stay NULL on purpose: GDAL then takes them from the R-tree, always right.
    connection.exec_driver_sql(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, srs_id) "
        "VALUES (?, ?, ?, ?, ?)",
        (table, data_type, table, about, srs_id),
    )


def create_spatial_index(
    connection: Connection, table: str, *, column: str = "geom", key: str = "id"
) -> None:
    """Make the R-tree of a geometry column, with the triggers that keep it in step."""
    for statement in _RTREE:
        connection.exec_driver_sql(statement.format(t=table, c=column, i=key))
    connection.exec_driver_sql(
        "INSERT INTO gpkg_extensions VALUES (?, ?, 'gpkg_rtree_index', "
        "'http://www.geopackage.org/spec120/#extension_rtree', 'write-only')",
        (table, column),
    )


def mark_changed(connection: Connection, moment: datetime, *tables: str) -> None:
    """Note when tables changed, and forget an extent that another program has recorded."""
    stamp = ensure_utc(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    for table in tables:
        connection.execute(
            text(
                "UPDATE gpkg_contents SET last_change = :stamp, min_x = NULL, min_y = NULL, "
                "max_x = NULL, max_y = NULL WHERE table_name = :table"
            ),
            {"stamp": stamp, "table": table},
        )
