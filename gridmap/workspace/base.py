"""What every part of the workspace stands on: the store, the clock, and compiled editions."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from gridmap.access import Actor
from gridmap.areas import Levels
from gridmap.coverage.editions import Edition, EditionState
from gridmap.errors import BadValue, GridmapError, NotAllowed
from gridmap.locate.atlas import Atlas, Validity
from gridmap.locate.locator import Locator
from gridmap.places.model import Post
from gridmap.routing.book import RouteBook, load_route_book
from gridmap.routing.decision import Router
from gridmap.routing.overlays import Overlay, OverlayMap
from gridmap.routing.parties import Party
from gridmap.settings import Settings
from gridmap.store.store import Store
from gridmap.times import Clock, ensure_utc, parse_when, site_zone

__all__ = ["Base", "Progress"]

log = logging.getLogger("gridmap.workspace")

# Other processes' publications are noticed within this time.
REFRESH_SECONDS = 1.0

Progress = Callable[[int, int | None], None]


class Base:
    """A store with its current editions compiled; the parts of the workspace build on it."""

    def __init__(
        self,
        store: Store,
        *,
        settings: Settings,
        clock: Clock,
        actor: Actor | None = None,
    ) -> None:
        self.store = store
        self.settings = settings
        self.clock = clock
        self.zone = site_zone(settings.zone)
        self.actor = actor or Actor.operator()
        self._lock = threading.RLock()
        self._locators: dict[int, Locator] = {}
        self._routers: dict[str, Router] = {}
        self._routers_of = 0
        self._atlas: Atlas | None = None
        self._editions: list[Edition] = []
        self._token: object = None
        self._checked = 0.0
        self._book: RouteBook | None = None
        self._book_stamp: object = None
        self._book_fault = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the store's connections."""
        self.store.close()

    @property
    def atlas(self) -> Atlas:
        """The published editions over time, reread when any process published one."""
        return self._current()[0]

    def levels(self) -> Levels:
        """Return the store's levels, coarse to fine."""
        return self.store.levels()

    @property
    def book(self) -> RouteBook:
        """The tables that routes are decided by, reread when a file in the rules folder changes.

        A table that cannot be used raises when there is none before it. Later the tables in
        use stay, for a typing error must not stop the intake: see :attr:`book_fault`.
        """
        with self._lock:
            stamp = _stamp(self.settings.rules)
            if self._book is None:
                self._book = load_route_book(self.settings.rules, zone=self.zone)
                self._book_stamp = stamp
            elif stamp != self._book_stamp:
                self._book_stamp = stamp
                self._reread_book()
            return self._book

    @property
    def book_fault(self) -> str:
        """Why the tables in the rules folder are not those in use; empty when they are."""
        return self._book_fault

    def router(self, edition: str) -> Router:
        """Return the router of a published edition."""
        coverage = self.atlas.named(edition).coverage
        with self._lock:
            # Together: tables reread in between would be taken for those of this router.
            book = self.book
            found, made_of = self._routers.get(edition), self._routers_of
        if found is None:
            found = Router(book, coverage, *self._responsibilities())
            with self._lock:
                # Not kept when something it is made of was changed meanwhile.
                if made_of == self._routers_of:
                    self._routers[edition] = found
        return found

    # -- inside ---------------------------------------------------------------------

    def _staff(self, actor: Actor | None) -> Actor:
        who = actor or self.actor
        if not who.is_staff:
            raise NotAllowed("Only staff may do this.", got=who.name, repair="Use a staff account.")
        return who

    def foreign(self, path: Path) -> Path:
        """Return `path` unless it is the live store itself.

        Opening the store's own file beside SQLite in one process drops SQLite's locks, and
        GDAL then removes the write-ahead log under it.
        """
        if self.store.kind == "geopackage" and path.exists():
            own = Path(self.store.where)
            if own.exists() and path.samefile(own):
                raise BadValue(
                    "This file is the live store itself.",
                    got=str(path),
                    repair="Copy or export what is to be read, and name that file.",
                )
        return path

    def _moment(self, at: str | datetime | None) -> datetime | None:
        return None if at is None else parse_when(at, self.zone)

    def _reread_book(self) -> None:
        try:
            self._book = load_route_book(self.settings.rules, zone=self.zone)
        except GridmapError as error:
            self._book_fault = str(error)
            log.error("the tables in the rules folder are not used: %s", error)
            return
        self._book_fault = ""
        self._drop_routers()
        log.warning("the tables in the rules folder have changed and are in use")

    def _drop_routers(self) -> None:
        self._routers.clear()
        self._routers_of += 1

    def _expire(self) -> None:
        with self._lock:
            self._checked = 0.0

    def _current(self) -> tuple[Atlas, list[Edition]]:
        now = time.monotonic()
        with self._lock:
            if self._atlas is not None and now - self._checked < REFRESH_SECONDS:
                return self._atlas, self._editions
            token = self.store.change_token()
            if self._atlas is None or token != self._token:
                self._editions = self.store.editions()
                self._atlas = self._compile(self._editions)
                self._token = token
                self._drop_routers()
            self._checked = now
            return self._atlas, self._editions

    def _compile(self, editions: list[Edition]) -> Atlas:
        published = [
            Validity(
                edition=e.name,
                effective_from=ensure_utc(e.effective_from),
                effective_to=e.effective_to,
                load=self._loader(e),
            )
            for e in editions
            if e.state is EditionState.PUBLISHED and e.effective_from is not None
        ]
        return Atlas(published, self.store.levels())

    def _loader(self, edition: Edition) -> Callable[[], Locator]:
        def load() -> Locator:
            # A published edition never changes, so its locator outlives every refresh.
            with self._lock:
                found = self._locators.get(edition.id)
            if found is None:
                found = Locator(self.store.coverage(edition.name))
                with self._lock:
                    found = self._locators.setdefault(edition.id, found)
            return found

        return load

    def _responsibilities(self) -> tuple[OverlayMap, list[Party], list[Post]]:
        rows = self.store.records("overlays")
        shapes = np.empty(len(rows), dtype=object)
        for i, row in enumerate(rows):
            shapes[i] = row.pop("geom")
        overlays = OverlayMap([Overlay(**row) for row in rows], shapes)
        parties = [Party(**row) for row in self.store.records("parties")]
        return overlays, parties, [Post(**row) for row in self.store.records("posts")]


def _stamp(folder: Path | None) -> tuple[Any, ...]:
    """Names, times and sizes of a folder's tables: what tells that one was changed."""
    if folder is None or not folder.is_dir():
        return ()
    found = ((path.name, path.stat()) for path in folder.glob("*.csv"))
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in found))
