"""The store as the rest of gridmap sees it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Integer, Text, cast, delete, insert, select, update

from gridmap.access import Actor
from gridmap.areas import Levels
from gridmap.coverage.editions import Edition
from gridmap.coverage.model import Coverage
from gridmap.store import areas, editions, imports, levels, migrate, records, reports, routes
from gridmap.store.engine import Database, Kind, open_database, parse_where
from gridmap.store.gpkg import mark_changed
from gridmap.store.imports import Progress
from gridmap.store.schema import meta
from gridmap.times import Clock, ensure_utc, system_clock

if TYPE_CHECKING:
    from gridmap.coverage.incoming import Incoming
    from gridmap.routing.book import Decision

__all__ = ["Store"]


class Store:
    """Editions, areas and reports, in a GeoPackage or in PostGIS.

    Opened with :meth:`open`; a context manager. One object may be used by many threads.
    Every method is one transaction, except :meth:`import_areas`, which says so.

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
    ) -> Store:
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

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Store({self.where!r})"

    @property
    def kind(self) -> Kind:
        """``geopackage`` or ``postgis``."""
        return self._database.kind

    @property
    def where(self) -> str:
        """Path or URL, never with a password."""
        return self._database.where

    def change_token(self) -> int:
        """Return a number that grows when any process publishes an edition or sets levels."""
        with self._database.read() as connection:
            query = select(meta.c.value).where(meta.c.key == "change")
            return int(connection.execute(query).scalar_one())

    def levels(self) -> Levels:
        """Return the ordered levels, coarse to fine."""
        with self._database.read() as connection:
            return levels.read_levels(connection)

    def set_levels(self, new: Levels, actor: Actor) -> None:
        """Replace the levels; `Conflict` when editions use one that would go or move."""
        with self._database.write() as connection:
            levels.write_levels(connection, new, actor.name, self._database.clock())
            self._changed(connection, "levels")

    def editions(self) -> list[Edition]:
        """Return all editions: dated ones by date, then drafts in order of making."""
        with self._database.read() as connection:
            return editions.read_editions(connection)

    def edition(self, name: str) -> Edition:
        """Return one edition; `NotFound` when there is none of that name."""
        with self._database.read() as connection:
            return editions.read_edition(connection, name)

    def edition_at(self, moment: datetime) -> Edition | None:
        """Return the edition in force at `moment` (aware); None when there is none."""
        with self._database.read() as connection:
            return editions.edition_at(connection, ensure_utc(moment))

    def ensure_draft(self, name: str, actor: Actor) -> Edition:
        """Return the draft called `name`, made if need be; `Immutable` if it is published."""
        with self._database.write() as connection:
            return editions.ensure_draft(connection, name, actor.name, self._database.clock())

    def import_areas(
        self,
        edition: str,
        incoming: Incoming,
        actor: Actor,
        *,
        progress: Progress | None = None,
        batch: int = 2000,
    ) -> int:
        """Fill one level of a draft, in the place of what was there; return the row count.

        Written in transactions of `batch` rows that nobody sees, then made visible at once:
        readers see the level as it was or as it becomes, and other writers hardly wait.
        `progress` is called with (rows written, rows in all) after every batch.

        Raises
        ------
        NotFound
            When there is no such draft: see :meth:`ensure_draft`.
        Immutable
            When the edition is published.
        UnknownLevel, BadValue, Conflict
        """
        return imports.import_areas(
            self._database, edition, incoming, actor.name, progress=progress, batch=batch
        )

    def coverage(self, edition: str) -> Coverage:
        """Return all areas of an edition, draft or not, with geometry in EPSG:4326."""
        with self._database.read() as connection:
            found = editions.read_edition(connection, edition)
            return areas.read_coverage(connection, found.id, found.name)

    def attributes(self, edition: str, level: str) -> dict[str, dict[str, Any]]:
        """Return the further columns kept at import, by area code."""
        with self._database.read() as connection:
            found = editions.read_edition(connection, edition)
            return areas.read_attributes(connection, found.id, level)

    def import_reports(self, edition: str) -> list[dict[str, Any]]:
        """Return, per live import: source, level, author, date, and its ``report``."""
        with self._database.read() as connection:
            found = editions.read_edition(connection, edition)
            return imports.read_import_reports(connection, found.id)

    def publish(
        self,
        edition: str,
        effective_from: datetime,
        actor: Actor,
        *,
        accepted_faults: str | None,
        shapes: Coverage,
        content_hash: str | None,
    ) -> Edition:
        """Put a draft in force from `effective_from` (aware) until the next edition's date.

        Parameters
        ----------
        shapes : Coverage
            The draft as it was checked: its derived parent shapes are stored, and its ids
            must be those of the areas the draft holds now.

        Raises
        ------
        NotFound, Immutable, OverlappingValidity, Conflict
            See :func:`gridmap.store.editions.publish`.
        """
        moment = ensure_utc(effective_from)
        # Derived before the store is held: a union of many atoms takes its time.
        _ = shapes.shapes
        with self._database.write() as connection:
            editions.publish(
                connection,
                edition,
                effective_from=moment,
                by=actor.name,
                now=self._database.clock(),
                accepted_faults=accepted_faults,
                shapes=shapes,
                content_hash=content_hash,
            )
            self._changed(connection, "editions", "area_shapes", "published_areas")
            return editions.read_edition(connection, edition)

    def add_reports(
        self, rows: Mapping[str, Any], decisions: Sequence[Decision] | None = None
    ) -> int:
        """Store reports with their answers and routes, all or none; return how many.

        See :func:`gridmap.store.reports.add_reports` for the columns.
        """
        with self._database.write() as connection:
            ids = reports.add_reports(connection, rows, self._database.clock())
            if decisions is not None:
                routes.add_routes(connection, ids, decisions, self._database.clock())
            self._touched(connection, "reports", "report_routes")
            return len(ids)

    def add_report(
        self, rows: Mapping[str, Any], decision: Decision, *, key: str, body_sha256: str
    ) -> tuple[int, bool]:
        """Store one report once: return its id, and False when `key` stood for it already.

        Raises
        ------
        Conflict
            When the key was used with another body.
        """
        with self._database.write() as connection:
            routes.lock_key(connection, key)
            known = routes.find_key(connection, key, body_sha256)
            if known is not None:
                return known, False
            now = self._database.clock()
            ids = reports.add_reports(connection, rows, now)
            routes.add_routes(connection, ids, [decision], now)
            routes.remember_key(connection, key, body_sha256, ids[0], now)
            self._touched(connection, "reports", "report_routes", "report_keys")
            return ids[0], True

    def known_report(self, key: str, body_sha256: str) -> int | None:
        """Return the report a client's key stands for; `Conflict` with another body."""
        with self._database.read() as connection:
            return routes.find_key(connection, key, body_sha256)

    def report(self, report_id: int) -> dict[str, Any]:
        """Return one report with its route, or raise `NotFound`."""
        with self._database.read() as connection:
            return routes.read_report(connection, report_id)

    def reports(
        self,
        filters: Mapping[str, Any],
        *,
        limit: int,
        offset: int = 0,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many reports match, and one page of them, newest first."""
        with self._database.read() as connection:
            total = routes.count_matching(connection, filters, since=since, until=until)
            return total, routes.read_reports(
                connection, filters, limit=limit, offset=offset, since=since, until=until
            )

    def reports_without_due(self, *, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Return reports whose due time waits for a calendar: id, receipt, item, steps.

        In the order of their ids, at most `limit` with an id above `after`.
        """
        with self._database.read() as connection:
            return routes.due_missing(connection, after=after, limit=limit)

    def reports_without_due_count(self) -> int:
        """Return how many reports wait for a calendar."""
        with self._database.read() as connection:
            return routes.count_due_missing(connection)

    def set_due(
        self, dues: Sequence[tuple[int, datetime | None, str, Sequence[Mapping[str, Any]]]]
    ) -> int:
        """Put in due times: (report id, due, reason, steps); return how many still waited."""
        with self._database.write() as connection:
            count = routes.set_due(connection, dues)
            self._touched(connection, "report_routes")
            return count

    def put_records(
        self, kind: str, rows: Iterable[Mapping[str, Any]], *, replace: bool = False
    ) -> tuple[int, int]:
        """Write district records of a kind; see :func:`gridmap.store.records.put_records`."""
        with self._database.write() as connection:
            counts = records.put_records(connection, kind, rows, replace=replace)
            self._changed(connection, kind)
            return counts

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Return all district records of a kind, in code order."""
        with self._database.read() as connection:
            return records.get_records(connection, kind)

    def mark_demo(self) -> None:
        """Mark everything in this store as invented, for every map and page to say so."""
        with self._database.write() as connection:
            connection.execute(delete(meta).where(meta.c.key == "demo"))
            connection.execute(insert(meta).values(key="demo", value="1"))
            self._changed(connection, "meta")

    def is_demo(self) -> bool:
        """True when the store's data are invented."""
        with self._database.read() as connection:
            query = select(meta.c.value).where(meta.c.key == "demo")
            return connection.execute(query).scalar() == "1"

    def report_counts(
        self, level: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, int]:
        """Return the number of reports per area code of `level` in [since, until)."""
        with self._database.read() as connection:
            return reports.count_reports(connection, level, since=since, until=until)

    def _changed(self, connection: Connection, *tables: str) -> None:
        connection.execute(
            update(meta)
            .where(meta.c.key == "change")
            .values(value=cast(cast(meta.c.value, Integer) + 1, Text))
        )
        self._touched(connection, *tables)

    def _touched(self, connection: Connection, *tables: str) -> None:
        if self.kind == "geopackage":
            mark_changed(connection, self._database.clock(), *tables)
