"""Opening a store, and what all parts of it need."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection

from gridmap.store import migrate
from gridmap.store.changes import note_change, read_token, touch
from gridmap.store.engine import Database, Kind, open_database, parse_where
from gridmap.times import Clock, system_clock

__all__ = ["OpenedStore"]


class OpenedStore:
    """A GeoPackage or a PostGIS database that holds a store of this program's schema.

    Opened with :meth:`open`; a context manager. One object may be used by many threads.

    Any method may raise :class:`~gridmap.errors.StoreBusy` (another program has been writing
    for longer than `busy_timeout_s`), :class:`~gridmap.errors.StoreFull` and
    :class:`~gridmap.errors.StoreUnusable`.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(
        cls,
        where: str | Path,
        *,
        clock: Clock = system_clock,
        busy_timeout_s: float = 30.0,
        create: bool = True,
    ) -> Self:
        """Open the store at `where`, made first if there is none and `create` is True.

        Parameters
        ----------
        where : str or Path
            Path of a GeoPackage, or ``postgresql+psycopg2://user@host/database``.
        clock : Clock
            Where the time comes from.
        busy_timeout_s : float
            Seconds to wait for another writer.
        create : bool
            False: a store that does not exist is an error.

        Raises
        ------
        StoreUnusable
            When it is no store, is on a network drive, cannot be reached, or has a schema
            older (run ``gridmap migrate``) or newer than this program's.
        """
        database = open_database(parse_where(where), clock=clock, busy_timeout_s=busy_timeout_s)
        try:
            migrate.prepare(database, create=create)
        except BaseException:
            database.close()
            raise
        return cls(database)

    @classmethod
    def migrate(
        cls,
        where: str | Path,
        *,
        clock: Clock = system_clock,
        busy_timeout_s: float = 30.0,
    ) -> tuple[str | None, str]:
        """Bring the store at `where` to this program's schema; return versions before, after."""
        database = open_database(parse_where(where), clock=clock, busy_timeout_s=busy_timeout_s)
        try:
            return migrate.upgrade(database)
        finally:
            database.close()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.where!r})"

    @property
    def kind(self) -> Kind:
        """``geopackage`` or ``postgis``."""
        return self._database.kind

    @property
    def where(self) -> str:
        """Path or URL, never with a password."""
        return self._database.where

    def change_token(self) -> int:
        """Return a number that grows when answers, or what a draft edition holds, may change."""
        with self._database.read() as connection:
            return read_token(connection)

    def _changed(self, connection: Connection, *tables: str) -> None:
        note_change(connection)
        self._touched(connection, *tables)

    def _touched(self, connection: Connection, *tables: str) -> None:
        touch(self._database, connection, *tables)
