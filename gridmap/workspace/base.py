"""What every part of the workspace stands on: the store, the clock, and compiled editions."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gridmap.access import (
    EVERYWHERE,
    Action,
    Actor,
    Subject,
    may_see,
    reach,
    require_may,
)
from gridmap.areas import Levels
from gridmap.cases.rules import CaseRules
from gridmap.coverage.editions import Edition, EditionState
from gridmap.coverage.families import BASE, Family
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, Conflict, GridmapError, Immutable, NotAllowed, NotFound
from gridmap.locate.atlas import Atlas, Validity
from gridmap.locate.locator import Locator
from gridmap.routing.book import Basis, RouteBook, RouteBooks
from gridmap.routing.decision import Router
from gridmap.settings import Settings
from gridmap.store.store import Store
from gridmap.times import Clock, ensure_utc, parse_when, site_zone
from gridmap.workspace.bases import Bases
from gridmap.workspace.books import BookKeeper
from gridmap.workspace.facts_state import STATE_KINDS, FactState
from gridmap.workspace.shelving import index_shelf

if TYPE_CHECKING:
    from gridmap.reach.streets import Streets

__all__ = ["Base", "Progress"]

log = logging.getLogger("gridmap.workspace")

# Other processes' publications are in use after this time at the latest.
REFRESH_SECONDS = 1.0

# Once the store was asked this long ago a thread asks it again, while answers go on.
_AHEAD_SECONDS = REFRESH_SECONDS / 2

# Past editions that stay compiled when something changes, those used last. One takes as much
# memory as the one in force. What is asked of the past is mostly of the edition before, of the
# last month, and of the month and the year that it is compared with.
_PAST_AT_HAND = 4

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
        self._shelf = index_shelf(store, settings)
        self._locators: dict[int, Locator] = {}
        self._routers: dict[tuple[str, str], Router] = {}
        self._routers_of = 0
        self._routing: dict[tuple[str, str], threading.Lock] = {}
        # Together: who asks without the lock must not find a family without its atlas.
        self._answering: tuple[dict[str, Atlas], list[Family]] | None = None
        self._editions: list[Edition] = []
        # Made before what answers: who reads it after that has none older than the answer.
        self._starts: list[datetime] = []
        self._token: object = None
        self._checked = 0.0
        # Counts what this process itself has changed or taken up: no thread undoes that.
        self._turn = 0
        self._reading: dict[int, threading.Lock] = {}
        self._reader = ThreadPoolExecutor(1, thread_name_prefix="editions")
        self._asking = threading.Lock()
        self._keeper = BookKeeper(settings.rules, self.zone, store.rules)
        self._rules_in_use: str | None = None
        self._facts: FactState | None = None
        self._bases = Bases(store)
        # Turn it was looked at, digest of the roads, and the network made of them.
        self._network: tuple[int, bytes, Streets] | None = None
        # Areas within reach of places, and the network they were found on.
        self._reached: tuple[Streets | None, dict[tuple[float, float, float], Any]] = (None, {})

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
        """Close the store's connections, after what is being read has been."""
        self._reader.shutdown(cancel_futures=True)
        self.store.close()

    @property
    def atlas(self) -> Atlas:
        """The base grids' published editions over time, reread when any process published one."""
        return self.atlas_of(BASE)

    def atlas_of(self, family: str) -> Atlas:
        """Return the published editions over time of one family; `NotFound` without such one."""
        atlases = self._current()[0]
        if family not in atlases:
            raise NotFound(
                "There is no such family of grids.",
                got=family,
                allowed=list(atlases),
                repair="See `gridmap families`.",
            )
        return atlases[family]

    def families_seen(self, actor: Actor | None = None) -> list[Family]:
        """Return the families of grids that the actor may see, the base grids first."""
        self._current()
        families = self._answering[1] if self._answering else []
        return [f for f in families if may_see(actor or self.actor, f.visibility)]

    def levels(self, family: str = BASE) -> Levels:
        """Return the levels of a family, coarse to fine."""
        return self.store.levels(family)

    @property
    def books(self) -> RouteBooks:
        """The rules of all catalogues, reread when a table in the rules folder changes.

        A table that cannot be used raises when there is none before it. Later the tables in
        use stay, for a typing error must not stop the intake: see :attr:`book_fault`.
        """
        return self._rules()[0]

    @property
    def book(self) -> RouteBook:
        """The rules of the site's own catalogue."""
        return self.books.site

    @property
    def case_rules(self) -> CaseRules:
        """The limits of orders; they change with the tables that routes are decided by."""
        return self._rules()[1]

    @property
    def book_fault(self) -> str:
        """Why the tables in the rules folder are not those in use; empty when they are."""
        return self._keeper.fault

    def router(self, edition: str, catalogue: str | None = None) -> Router:
        """Return the router of a published edition, by the rules of a catalogue."""
        coverage = self.atlas.named(edition).coverage
        with self._lock:
            # Together: tables reread in between would be taken for those of this router.
            books, state = self.books, self._state()
            book = books.of(catalogue)
            key = (edition, book.catalogue.name)
            found, made_of = self._routers.get(key), self._routers_of
        if found is not None:
            return found
        # After a change all requests need a new one at once: one makes it, the others wait.
        with self._routing.setdefault(key, threading.Lock()):
            with self._lock:
                found = self._routers.get(key) if made_of == self._routers_of else None
            if found is None:
                found = self._router_by(books, state, coverage, catalogue)
                with self._lock:
                    # Not kept when something it is made of was changed meanwhile.
                    if made_of == self._routers_of:
                        self._routers[key] = found
        return found

    # -- inside ---------------------------------------------------------------------

    def _rules(self) -> tuple[RouteBooks, CaseRules]:
        """Return the rules of routes and orders in use, once it is asked whether they changed."""
        with self._lock:
            if self._keeper.folder is None:
                self._current()
            books, cases, changed = self._keeper.rules(self._rules_in_use)
            if changed:
                self._drop_routers()
            return books, cases

    def _may(self, actor: Actor | None, action: Action, subject: Subject | None = None) -> Actor:
        """Return who asks when they may do it, or raise `NotAllowed`."""
        return require_may(actor or self.actor, action, subject)

    def _may_on(self, number: int, action: Action, actor: Actor | None) -> Actor:
        """Return who asks when they may do it where a report is, or raise `NotAllowed`."""
        who = self._may(actor, action)
        if EVERYWHERE not in reach(who, action):
            self._may(who, action, self.report_subject(number, self.store.report(number)))
        return who

    def report_subject(self, number: int, record: Mapping[str, Any]) -> Subject:
        """Return what a report is about, for where a role holds.

        What knows orders overrides this: an order may have been sent to others since.
        """
        del number
        return Subject.of_report(record)

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

    def _may_see_family(self, family: str, who: Actor) -> None:
        """Raise `NotAllowed` when a family is not for the actor."""
        self.atlas_of(family)
        if family not in {one.name for one in self.families_seen(who)}:
            raise NotAllowed(
                "These grids are for staff.", got=who.name, repair="Use a staff account."
            )

    def _family_of(self, edition: str, family: str | None) -> str:
        """Return the family of an edition that is to be written; `Conflict` if not `family`."""
        for known in self.store.editions():
            if known.name == edition:
                if family not in (None, known.family):
                    raise Conflict(
                        f"The edition belongs to the family '{known.family}'.",
                        got=family,
                        repair="Leave the family out, or choose another name for the edition.",
                    )
                return known.family
        return family or BASE

    def _draft_coverage(self, name: str) -> Coverage | None:
        for edition in self.store.editions():
            if edition.name == name:
                if edition.state is not EditionState.DRAFT:
                    raise Immutable(
                        f"Edition '{name}' is {edition.state.value} and is never changed.",
                        got=name,
                        repair="Import into a new edition and publish that from a date.",
                    )
                return self.store.coverage(name)
        return None

    def _stored_coverage(self, edition: Edition) -> Coverage:
        """Return an edition's areas; those of one that answers already are not read again."""
        with self._lock:
            found = self._locators.get(edition.id)
        return self.store.coverage(edition.name) if found is None else found.coverage

    def _moment(self, at: str | datetime | None) -> datetime | None:
        return None if at is None else parse_when(at, self.zone)

    def _drop_routers(self) -> None:
        self._routers.clear()
        self._facts = None
        self._routers_of += 1

    def keep_fresh(self) -> None:
        """Ask the store in a thread whether another process has published; return at once.

        Nobody waits for that: answers go on from the editions known, and where one that is
        new is in force already, it is read before it takes over. A caller finds it in use
        within `REFRESH_SECONDS` of its publication or waits for what is left of the reading.
        """
        if time.monotonic() - self._checked < _AHEAD_SECONDS:
            return
        if self._asking.acquire(blocking=False):
            try:
                self._reader.submit(self._ask_ahead)
            except RuntimeError:  # The workspace is being closed.
                self._asking.release()

    def _ask_ahead(self) -> None:
        try:
            self._take_up()
            self._ask_also()
        except GridmapError as error:
            # Whoever asks next asks the store for themselves, and is told.
            log.warning("the editions could not be read again: %s", error)
        except Exception:
            log.exception("the editions could not be read again")
        finally:
            self._asking.release()

    def _ask_also(self) -> None:
        """Ask what else requests would have to wait for; parts of the workspace add to it."""

    def _take_up(self) -> None:
        """Read what was published elsewhere, and only then answer from it."""
        with self._lock:
            turn, known = self._turn, self._token
        asked = time.monotonic()
        token = self.store.change_token()
        if token == known:
            with self._lock:
                if self._turn == turn:
                    self._checked = asked
            return
        families, editions = self.store.families(), self.store.editions()
        rules = self.store.rules_in_use()
        now, published = self.clock(), EditionState.PUBLISHED
        for edition in editions:
            if edition.state is published and edition.in_force(now):
                self._loader(edition)()
        with self._lock:
            if self._turn == turn:
                self._use(token, families, editions, rules)
                self._checked = asked
            atlases = self._answering[0] if self._answering else {}
        # Those to come have time; they are at hand when theirs has come.
        for edition in editions:
            start = edition.effective_from
            if edition.state is published and start is not None and start > now:
                atlases[edition.family].named(edition.name)

    def _use(
        self, token: object, families: list[Family], editions: list[Edition], rules: str | None
    ) -> None:
        """Answer from these editions and rules from now on; call it with the lock held."""
        self._turn += 1
        self._rules_in_use = rules
        self._editions, self._token = editions, token
        self._starts = sorted(
            edition.effective_from
            for edition in editions
            if edition.state is EditionState.PUBLISHED and edition.effective_from is not None
        )
        atlases = {
            family.name: self._compile(
                [e for e in editions if e.family == family.name], family.levels
            )
            for family in families
        }
        for edition in self._kept_compiled(editions):
            atlases[edition.family].named(edition.name)
        self._answering = atlases, families
        self._drop_routers()

    def _kept_compiled(self, editions: list[Edition]) -> list[Edition]:
        """Return the compiled editions to go on with; those of the past in the order of their use.

        All that are in force or to come, and `_PAST_AT_HAND` others; the rest are let go.
        """
        now, compiled = self.clock(), set(self._locators)
        used: dict[str, float] = {}
        for atlas in self._answering[0].values() if self._answering else ():
            used |= atlas.last_used()
        past: list[Edition] = []
        kept: list[Edition] = []
        for edition in editions:
            if edition.id in compiled and edition.state is EditionState.PUBLISHED:
                over = edition.effective_to is not None and edition.effective_to <= now
                (past if over else kept).append(edition)
        # What had no end until now has answered until now; in the order of dates otherwise.
        past.sort(key=lambda edition: used.get(edition.name, math.inf))
        kept += past[-_PAST_AT_HAND:]
        for number in compiled - {edition.id for edition in kept}:
            del self._locators[number]
            self._reading.pop(number, None)
        return kept

    def _expire(self) -> None:
        with self._lock:
            self._turn += 1
            self._checked = 0.0

    def _current(self) -> tuple[dict[str, Atlas], list[Edition]]:
        now = time.monotonic()
        with self._lock:
            if self._answering is not None and now - self._checked < REFRESH_SECONDS:
                return self._answering[0], self._editions
            token = self.store.change_token()
            if self._answering is None or token != self._token:
                editions = self.store.editions()
                self._use(token, self.store.families(), editions, self.store.rules_in_use())
            assert self._answering is not None
            self._checked = now
            return self._answering[0], self._editions

    def _compile(self, editions: list[Edition], levels: Levels) -> Atlas:
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
        return Atlas(published, levels)

    def _loader(self, edition: Edition) -> Callable[[], Locator]:
        def load() -> Locator:
            # A published edition never changes, so its locator outlives every refresh.
            # Who needs an edition that a thread is reading waits for that. Not under the lock
            # of all, which who waits may hold.
            with self._reading.setdefault(edition.id, threading.Lock()):
                found = self._locators.get(edition.id)
                if found is None:
                    found = self._locators[edition.id] = self._shelved(edition)
            return found

        return load

    def _shelved(self, edition: Edition) -> Locator:
        """Return an edition's locator over its saved index, which is made when there is none."""
        coverage = self.store.coverage(edition.name)
        content = coverage.fingerprint()
        if content != edition.content_hash:
            # Not what was published, or published before fingerprints: nothing vouches for it.
            return Locator(coverage)
        locator, saved = self._shelf.locator(coverage, content)
        if saved:
            self._sweep_shelf(content)
        return locator

    def _shelve(self, coverage: Coverage, content: str) -> None:
        """Save the index of an edition about to come into force: the others only map it."""
        if self._shelf.put(coverage, content):
            self._sweep_shelf(content)

    def _sweep_shelf(self, content: str) -> None:
        known = {edition.content_hash for edition in self.store.editions()} | {content}
        self._shelf.sweep({one for one in known if one})

    def _state(self) -> FactState:
        """Return overlays, parties and posts as they are now."""
        with self._lock:
            if self._facts is None:
                self._facts = FactState(self.store.records_of(STATE_KINDS))
            return self._facts

    def _router_by(
        self,
        books: RouteBooks,
        state: FactState,
        coverage: Coverage,
        catalogue: str | None = None,
        *,
        keep: bool = True,
    ) -> Router:
        """Return a router; `keep` when decisions that it makes may be stored."""
        book = books.of(catalogue)
        basis = Basis(book.version, state.fingerprint)
        if keep:
            self._bases.remember(basis, books.tables, state)
        return Router(book, coverage, *state.responsibilities(book), basis)
