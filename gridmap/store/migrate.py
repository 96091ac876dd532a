"""Bringing a store's schema up: from nothing, or from an older version.

One process migrates at a time: SQLite's write lock is taken before anything is looked at,
PostgreSQL has an advisory lock. The whole migration is one transaction on both, so that a
killed one leaves nothing behind.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from gridmap.errors import StoreUnusable
from gridmap.store.engine import Database
from gridmap.store.files import check_place
from gridmap.store.gpkg import APPLICATION_ID
from gridmap.store.translate import translated

__all__ = ["HEAD", "REVISIONS", "VERSION_TABLE", "prepare", "run_migrations", "upgrade"]

# Oldest first. Kept beside the scripts so that opening a store need not load Alembic.
REVISIONS = (
    "0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009", "0010", "0011",
    "0012", "0013", "0014", "0015", "0016", "0017", "0018", "0019", "0020", "0021", "0022",
    "0023", "0024", "0025", "0026", "0027", "0028", "0029",
)  # fmt: skip
HEAD = REVISIONS[-1]
VERSION_TABLE = "gridmap_version"

# Any number, as long as it is always the same: "gridmap" in ASCII, shortened to 63 bits.
_LOCK = 0x677269646D6170

_MIGRATE = "Make a backup, then run `gridmap migrate`."


def prepare(database: Database, *, create: bool) -> None:
    """Make sure the store exists and has the schema this program knows.

    Raises
    ------
    StoreUnusable
        When there is none and `create` is False, when it is something else's file or
        database, or when its schema is older or newer than this program's.
    """
    if database.kind == "geopackage":
        check_place(Path(database.where), create=create)
    with database.read() as connection:
        version = _version(connection, database)
    if version is None:
        if not create:
            raise StoreUnusable("There is no store here.", got=database.where)
        upgrade(database)
    elif version != HEAD:
        _refuse(version, database)
    elif database.kind == "geopackage":
        _settle_journal(database)


def upgrade(database: Database) -> tuple[str | None, str]:
    """Migrate the store to this program's schema; return the versions before and after."""
    if database.kind == "geopackage":
        check_place(Path(database.where), create=True)
        before = _upgrade_locked(database, begin="BEGIN EXCLUSIVE")
        _settle_journal(database)
    else:
        before = _upgrade_locked(database, begin="")
    return before, HEAD


def _upgrade_locked(database: Database, *, begin: str) -> str | None:
    with database.write(begin=begin) as connection:
        if database.kind == "postgis":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        before = _version(connection, database)
        if before != HEAD:
            if before is not None and before not in REVISIONS:
                _refuse(before, database)
            if database.kind == "postgis":
                _need_postgis(connection, database)
            run_migrations(connection)
        return before


def run_migrations(connection: Connection, *, to: str = "head") -> None:
    """Run Alembic on an open transaction."""
    # Imported late: Alembic takes longer to load than most commands take to run.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "gridmap.store:migrations")
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def _version(connection: Connection, database: Database) -> str | None:
    """Return the schema's version; None for an empty store; refuse what is not a store."""
    if inspect(connection).has_table(VERSION_TABLE):
        found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
        return None if found is None else str(found)
    if database.kind == "postgis":
        # Other tables in the database are no hindrance, unless they bear our names.
        if inspect(connection).has_table("editions"):
            raise StoreUnusable(
                "The database has a table 'editions' that is not gridmap's.",
                got=database.where,
                repair="Give gridmap a database of its own.",
            )
        return None
    if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar():
        is_gpkg = connection.exec_driver_sql("PRAGMA application_id").scalar() == APPLICATION_ID
        raise StoreUnusable(
            "This GeoPackage is not a gridmap store."
            if is_gpkg
            else "This SQLite file is not a gridmap store.",
            got=database.where,
            repair="Choose another name for the store; read this file with `gridmap import`."
            if is_gpkg
            else "Choose another name for the store.",
        )
    return None


def _refuse(version: str, database: Database) -> None:
    known = version in REVISIONS
    raise StoreUnusable(
        "The store was written by an older gridmap."
        if known
        else "The store was written by a newer gridmap.",
        got=f"{database.where}, schema {version}",
        allowed=f"schema {HEAD}",
        repair=_MIGRATE if known else "Upgrade gridmap.",
    )


def _need_postgis(connection: Connection, database: Database) -> None:
    encoding = connection.execute(text("SHOW server_encoding")).scalar()
    if encoding != "UTF8":
        raise StoreUnusable(
            "The database cannot hold Chinese text.",
            got=f"{database.where}, encoding {encoding}",
            allowed="UTF8",
            repair="Create it with ENCODING 'UTF8' TEMPLATE template0.",
        )
    if connection.execute(text("SELECT 1 FROM pg_extension WHERE extname = 'postgis'")).scalar():
        return
    offered = connection.execute(
        text("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'")
    ).scalar()
    allowed = connection.execute(
        text(
            "SELECT rolsuper FROM pg_roles WHERE rolname = current_user "
            "UNION ALL SELECT trusted AND has_database_privilege(current_database(), 'CREATE') "
            "FROM pg_available_extension_versions WHERE name = 'postgis'"
        )
    ).scalars()
    if not offered or not any(allowed):
        raise StoreUnusable(
            "The database has no PostGIS.",
            got=database.where,
            repair="As its administrator run: CREATE EXTENSION postgis;"
            if offered
            else "Install PostGIS on the server, then run: CREATE EXTENSION postgis;",
        )
    connection.execute(text("CREATE EXTENSION IF NOT EXISTS postgis"))


def _settle_journal(database: Database) -> None:
    """Switch the file to write-ahead logging, with everything so far in the file itself.

    Done for a new file, and again where another program (QGIS does) has switched it back.
    """
    with database.read() as connection:
        if connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal":
            return
    deadline = time.monotonic() + database.busy_timeout_s
    with translated(database.where):
        raw = database.engine.raw_connection()
        try:
            while True:
                try:
                    raw.cursor().execute("PRAGMA journal_mode = WAL")
                    raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    break
                except sqlite3.OperationalError as error:
                    # SQLite does not wait for this lock by itself.
                    if "locked" not in str(error) or time.monotonic() > deadline:
                        raise
                    time.sleep(0.02)
        finally:
            raw.close()
    # Connections made before there was a log do not know it.
    database.close()
