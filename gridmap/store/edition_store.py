"""Levels, editions and their areas in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from gridmap.access import Actor
from gridmap.areas import Levels
from gridmap.coverage.editions import Edition
from gridmap.coverage.families import BASE, Family
from gridmap.coverage.model import Coverage
from gridmap.coverage.retired import CodeHolder, CodeKey, CodeNote, RetiredCode
from gridmap.store import (
    areas,
    copies,
    drafts,
    editions,
    families,
    imports,
    levels,
    publications,
    repairs,
    retired,
)
from gridmap.store.imports import Progress
from gridmap.store.opened import OpenedStore
from gridmap.store.publications import Dating
from gridmap.times import ensure_utc

if TYPE_CHECKING:
    from gridmap.coverage.importing.incoming import Incoming
    from gridmap.coverage.repair.model import Proposal
    from gridmap.routing.moves import MovePlan
    from gridmap.store.drafts import DraftClosing

__all__ = ["EditionStore"]


class EditionStore(OpenedStore):
    """Boundaries over time, in families of grids."""

    def levels(self, family: str = BASE) -> Levels:
        """Return a family's ordered levels, coarse to fine."""
        with self._database.read() as connection:
            families.need_family(connection, family)
            return levels.read_levels(connection, family)

    def set_levels(self, new: Levels, actor: Actor, *, family: str = BASE) -> None:
        """Replace a family's levels; `Conflict` when editions use one that would go or move."""
        with self._database.write() as connection:
            families.need_family(connection, family)
            levels.write_levels(connection, new, actor.name, self._database.clock(), family)
            self._changed(connection, "levels")

    def families(self) -> list[Family]:
        """Return the families of grids: the base grids first, then in order of making."""
        with self._database.read() as connection:
            return families.read_families(connection)

    def add_family(self, family: Family, actor: Actor) -> None:
        """Add a family; `Conflict` when it, or one of its levels, is there already."""
        with self._database.write() as connection:
            families.add_family(connection, family, actor.name, self._database.clock())
            self._changed(connection, "families", "levels")

    def editions(self, family: str | None = None) -> list[Edition]:
        """Return all editions, or a family's: dated ones by date, then drafts as made."""
        with self._database.read() as connection:
            return editions.read_editions(connection, family)

    def edition(self, name: str) -> Edition:
        """Return one edition; `NotFound` when there is none of that name."""
        with self._database.read() as connection:
            return editions.read_edition(connection, name)

    def edition_at(self, moment: datetime, family: str = BASE) -> Edition | None:
        """Return the edition of a family in force at `moment` (aware); None without one."""
        with self._database.read() as connection:
            return editions.edition_at(connection, ensure_utc(moment), family)

    def ensure_draft(self, name: str, actor: Actor, *, family: str | None = None) -> Edition:
        """Return the draft called `name`, made if need be; `Immutable` if it is published.

        A draft that is made belongs to `family`, by default to the base grids; one that is
        there must belong to it.
        """
        with self._database.write() as connection:
            return editions.ensure_draft(
                connection, name, actor.name, self._database.clock(), family
            )

    def copy_edition(
        self,
        source: str,
        name: str,
        actor: Actor,
        *,
        instead: Sequence[Incoming] = (),
        over: bool = False,
        progress: Progress | None = None,
    ) -> Edition:
        """Make the draft `name` with all that `source` holds; see :mod:`gridmap.store.copies`.

        Like :meth:`import_areas`, in short transactions that nobody sees and one last one.

        Parameters
        ----------
        instead : sequence of Incoming
            Areas in the place of those that `source` has of their levels.
        over : bool
            A draft of that name gets the areas, in the place of all that it holds.
        """
        copies.copy_to_draft(
            self._database, source, name, actor.name, instead=instead, over=over, progress=progress
        )
        return self.edition(name)

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

    def repair_areas(
        self,
        edition: str,
        proposal: Proposal,
        actor: Actor,
        *,
        progress: Progress | None = None,
        batch: int = 2000,
    ) -> int:
        """Apply a proposed repair to a draft; return how many areas it changed.

        Like :meth:`import_areas`, in short transactions that nobody sees and one last one;
        see :mod:`gridmap.store.repairs`.

        Raises
        ------
        NotFound, Immutable
        Conflict
            When it goes beyond its limits, or the draft has changed since.
        """
        return repairs.apply_repair(
            self._database, edition, proposal, actor.name, progress=progress, batch=batch
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
        route_check: str | None = None,
        why: str | None = None,
        backdated: str | None = None,
        notes: Mapping[CodeKey, CodeNote] | None = None,
        moves: MovePlan | None = None,
        beside: tuple[str | None, str | None] | None = None,
        closing: DraftClosing | None = None,
    ) -> Edition:
        """Put a draft in force from `effective_from` (aware) until the next edition's date.

        Parameters
        ----------
        shapes : Coverage
            The draft as it was checked: its derived parent shapes are stored, and its ids
            must be those of the areas the draft holds now.
        route_check : str, optional
            What the proof of routes found.
        why, backdated, notes, moves, beside
            See :class:`gridmap.store.publications.Dating`.
        closing : DraftClosing, optional
            The draft of a plan that it was written from: closed with it, or neither is done.

        Raises
        ------
        NotFound, Immutable, OverlappingValidity, Conflict
            See :func:`gridmap.store.publications.publish`.
        Stale, Conflict
            When the draft of the plan was changed or closed meanwhile.
        """
        dating = self._dating(effective_from, actor, why, backdated, notes, moves, beside)
        # Derived before the store is held: a union of many atoms takes its time.
        _ = shapes.shapes
        with self._database.write() as connection:
            publications.publish(
                connection,
                edition,
                dating,
                accepted_faults=accepted_faults,
                shapes=shapes,
                content_hash=content_hash,
                route_check=route_check,
            )
            if closing is not None:
                drafts.mark_published(connection, closing, edition)
                self._touched(connection, "plan_drafts")
            self._changed(connection, "editions", "area_shapes", "published_areas")
            return editions.read_edition(connection, edition)

    def check_date(
        self, family: str, effective_from: datetime, actor: Actor, *, backdated: str | None = None
    ) -> None:
        """Raise what :meth:`publish` would raise for this date; writes nothing."""
        dating = self._dating(effective_from, actor, None, backdated, None)
        with self._database.read() as connection:
            publications.check_date(connection, family, dating)

    def restore(
        self,
        former: str,
        name: str,
        effective_from: datetime,
        actor: Actor,
        *,
        why: str,
        backdated: str | None = None,
        notes: Mapping[CodeKey, CodeNote] | None = None,
        moves: MovePlan | None = None,
        beside: tuple[str | None, str | None] | None = None,
        progress: Progress | None = None,
    ) -> Edition:
        """Put a former edition in force anew, as the edition `name`; see :meth:`copy_edition`.

        Raises
        ------
        NotFound, OverlappingValidity, Conflict
            See :func:`gridmap.store.copies.restore`.
        """
        dating = self._dating(effective_from, actor, why, backdated, notes, moves, beside)
        copies.restore(self._database, former, name, dating, progress=progress)
        return self.edition(name)

    def retire(self, edition: str, actor: Actor, *, why: str) -> Edition:
        """Withdraw a published edition before its date.

        Raises
        ------
        NotFound, Immutable, Conflict
            See :func:`gridmap.store.publications.retire`.
        """
        with self._database.write() as connection:
            now = self._database.clock()
            publications.retire(connection, edition, by=actor.name, now=now, why=why)
            self._changed(connection, "editions", "retired_codes", "published_areas")
            return editions.read_edition(connection, edition)

    def check_retirable(self, edition: str) -> Edition:
        """Return the edition, or raise what :meth:`retire` would raise; writes nothing."""
        with self._database.read() as connection:
            found = editions.read_edition(connection, edition)
            publications.need_withdrawable(connection, found, self._database.clock())
            return found

    def retired_codes(self, family: str | None = None) -> list[RetiredCode]:
        """Return the codes that are no longer in use, of one family or all, by date."""
        with self._database.read() as connection:
            return retired.read_retired(connection, family)

    def code_holders(self, edition: str, effective_from: datetime) -> list[CodeHolder]:
        """Return who had the codes that a draft would bring in anew from a date on."""
        with self._database.read() as connection:
            return retired.read_holders(connection, edition, ensure_utc(effective_from))

    def _dating(
        self,
        effective_from: datetime,
        actor: Actor,
        why: str | None,
        backdated: str | None,
        notes: Mapping[CodeKey, CodeNote] | None,
        moves: MovePlan | None = None,
        beside: tuple[str | None, str | None] | None = None,
    ) -> Dating:
        moment, now = ensure_utc(effective_from), self._database.clock()
        return Dating(moment, actor.name, now, why, backdated, notes or {}, moves, beside)
