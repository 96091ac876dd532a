"""Engines: one way to read and one way to write, on either store.

A GeoPackage has one writer at a time. The driver's own idea of when a transaction begins
leaves half a migration behind, so it is switched off and every transaction begins here:
``BEGIN`` to read, ``BEGIN IMMEDIATE`` to write. PostgreSQL would show every statement of a
reading transaction another state; it is asked for one.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    ExceptionContext,
    QueuePool,
    create_engine,
    event,
    make_url,
)
from sqlalchemy.exc import ArgumentError

from gridmap.errors import StoreUnusable
from gridmap.store.geometry import reflect_geometry
from gridmap.store.gpkg import register_functions
from gridmap.store.livefile import LiveFile, live_file
from gridmap.store.translate import translated, unfit
from gridmap.times import Clock

__all__ = ["Database", "Kind", "open_database", "parse_where"]

Kind = Literal["geopackage", "postgis"]

# The HTTP service answers on up to forty threads, and each may hold a connection.
_POOL_SIZE = 40
_POSTGRES = ("postgresql", "postgres", "postgresql+psycopg2")
_BEGIN = "gridmap_begin"

# Kilobytes of pages that a connection to a GeoPackage keeps. A batch of reports changes more than
# SQLite's own 2 MB hold: what does not fit is written out before its time, and again. Of eighty
# connections two at most have the large cache: the one that writes, and one that wrote.
_CACHE_READING_KB, _CACHE_WRITING_KB = 8_192, 65_536
# Who only reads never has to be told that others wrote meanwhile: no retry is needed.
_READING: dict[Kind, dict[str, Any]] = {
    "geopackage": {},
    "postgis": {"isolation_level": "REPEATABLE READ"},
}


@dataclass(frozen=True)
class Database:
    """An engine with what the repositories need around it.

    Attributes
    ----------
    engine : sqlalchemy.Engine
    kind : str
        ``geopackage`` or ``postgis``.
    where : str
        Path or URL as people may see it; never with a password.
    clock : Clock
    busy_timeout_s : float
        How long to wait for another writer.
    live : LiveFile or None
        Watches over a GeoPackage's connections; PostGIS needs no watching.
    """

    engine: Engine
    kind: Kind
    where: str
    clock: Clock
    busy_timeout_s: float
    live: LiveFile | None = None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection in a transaction that sees one state of the store."""
        with self._begun(writing=False, **_READING[self.kind]) as connection:
            yield connection

    @contextmanager
    def write(self, *, begin: str = "BEGIN IMMEDIATE") -> Iterator[Connection]:
        """Yield a connection in a writing transaction; committed unless the block raises.

        Raises
        ------
        StoreBusy, StoreFull, StoreUnusable, Immutable, Conflict
            What the driver's errors mean.
        """
        with self._begun(writing=True, **{_BEGIN: begin}) as connection:
            yield connection

    @contextmanager
    def _begun(self, *, writing: bool, **options: Any) -> Iterator[Connection]:
        with (
            translated(self.where),
            self._guard(writing=writing),
            self.engine.connect() as connection,
        ):
            # Inside: what the options fail of gives the connection back.
            connection.execution_options(**options)
            with connection.begin():
                yield connection

    def _guard(self, *, writing: bool) -> AbstractContextManager[None]:
        if self.live is None:
            return nullcontext()
        return self.live.transaction(writing=writing, timeout_s=self.busy_timeout_s)

    def close(self) -> None:
        """Close all connections; the last one out folds the write-ahead log into the file."""
        with translated(self.where):
            self.engine.dispose()


def parse_where(where: str | Path) -> Path | URL:
    """Return what `where` names: a file, or a PostgreSQL database.

    Raises
    ------
    StoreUnusable
        When it is neither; the message never repeats a password.
    """
    if isinstance(where, Path) or "://" not in where:
        if not str(where):
            raise StoreUnusable("No store is named.", repair="Set GRIDMAP_STORE or give --store.")
        return Path(where)
    scheme, rest = where.split("://", 1)
    shown = f"{scheme}://{rest.rsplit('@', 1)[-1]}"
    if scheme not in _POSTGRES:
        raise StoreUnusable(
            "There is no such kind of store.",
            got=shown,
            allowed="a path, or postgresql+psycopg2://user@host/database",
        )
    try:
        url = make_url(where)
    except (ArgumentError, ValueError):
        # Not chained: the library's message repeats the whole text, password included.
        raise StoreUnusable(
            "The address of the database cannot be read.",
            got=shown,
            allowed="postgresql+psycopg2://user@host:port/database",
            repair="Percent-encode special characters in the password.",
        ) from None
    # A bare "postgresql" means psycopg 3 to SQLAlchemy 2.1.
    return url.set(drivername="postgresql+psycopg2")


def open_database(where: Path | URL, *, clock: Clock, busy_timeout_s: float) -> Database:
    """Return a database with its engine; nothing is connected to yet."""
    if isinstance(where, Path):
        path = where.expanduser().absolute()
        engine = _sqlite_engine(path, busy_timeout_s)
        live = live_file(path)
        live.watch(engine)
        return Database(engine, "geopackage", str(path), clock, busy_timeout_s, live)
    engine = _postgres_engine(where, busy_timeout_s)
    return Database(engine, "postgis", _shown(where), clock, busy_timeout_s)


def _refuse_unfit(engine: Engine) -> None:
    """Tell of values that a driver itself refuses as of any others that no store can hold.

    NUL in text, or half of a surrogate pair, is a bare `ValueError` of the driver; others of
    that class, out of the code around a statement, are faults and stay what they are.
    """

    @event.listens_for(engine, "handle_error")
    def handle(context: ExceptionContext) -> BaseException | None:
        error = context.original_exception
        driver_said = context.statement is not None and context.sqlalchemy_exception is None
        return unfit(error) if driver_said and isinstance(error, ValueError) else None


def _shown(url: URL) -> str:
    query = {name: value for name, value in url.query.items() if "pass" not in name.lower()}
    return url.set(password=None, query=query).render_as_string(hide_password=True)


def _sqlite_engine(path: Path, busy_timeout_s: float) -> Engine:
    engine = create_engine(
        URL.create("sqlite+pysqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_SIZE,
        # Who writes batch after batch finds the connection again that knows their pages.
        pool_use_lifo=True,
        pool_timeout=busy_timeout_s,
        hide_parameters=True,
        connect_args={"timeout": busy_timeout_s, "check_same_thread": False},
    )

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None
        register_functions(connection)
        for pragma in (
            "foreign_keys = ON",
            # A power cut must not lose a report that was answered with "received".
            "synchronous = FULL",
            # The R-tree triggers call functions of ours, which some builds distrust.
            "trusted_schema = ON",
            f"cache_size = -{_CACHE_READING_KB}",
            # Pages that one batch after another changes go from the log into the file once for
            # several batches, when the log has 32 MB.
            "wal_autocheckpoint = 8000",
            # It grows beyond by one large import, or while somebody reads for long, and would
            # stay so until the last program closes the store.
            "journal_size_limit = 67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")
        # Any read opens the log, and makes it if need be.
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()

    caches = _Caches()
    event.listen(engine, "checkin", caches.given_back)
    event.listen(engine, "close", caches.closed)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        statement = connection.get_execution_options().get(_BEGIN)
        if statement is not None and caches.is_small(connection):
            connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_WRITING_KB}")
        connection.exec_driver_sql(statement or "BEGIN")

    _refuse_unfit(engine)
    reflect_geometry(engine.dialect)
    return engine


class _Caches:
    """Which connections of an engine have the large cache of pages, and which one keeps it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._large: set[int] = set()
        self._keeper: int | None = None

    def is_small(self, connection: Connection) -> bool:
        """True when a connection has not had the large cache, which it now gets."""
        key = id(connection.connection.dbapi_connection)
        with self._lock:
            small = key not in self._large
            self._large.add(key)
        return small

    def given_back(self, connection: sqlite3.Connection | None, _record: Any) -> None:
        """Take the large cache from who wrote, unless it is the one that may keep it."""
        with self._lock:
            if connection is None or id(connection) not in self._large:
                return
            if self._keeper in {None, id(connection)}:
                self._keeper = id(connection)
                return
            self._large.discard(id(connection))
        # What was written is written: nobody is told that it failed for this.
        with suppress(sqlite3.Error):
            connection.execute(f"PRAGMA cache_size = -{_CACHE_READING_KB}")

    def closed(self, connection: sqlite3.Connection, _record: Any) -> None:
        """Forget a connection that is no more."""
        with self._lock:
            self._large.discard(id(connection))
            if self._keeper == id(connection):
                self._keeper = None


def _postgres_engine(url: URL, busy_timeout_s: float) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_SIZE // 4,
        pool_timeout=busy_timeout_s,
        hide_parameters=True,
        pool_pre_ping=True,
        connect_args={"connect_timeout": 10, "application_name": "gridmap"},
    )

    @event.listens_for(engine, "connect")
    def connect(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = %s", (f"{int(busy_timeout_s * 1000)}ms",))
            cursor.execute("SET TIME ZONE 'UTC'")
        connection.commit()

    _refuse_unfit(engine)
    reflect_geometry(engine.dialect)
    return engine
