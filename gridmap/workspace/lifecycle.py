"""The life of an edition: drafted from another, withdrawn, put in force again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from gridmap.access import ANYTHING, Action, Actor
from gridmap.coverage.editions import Edition, EditionState, check_name, in_succession
from gridmap.coverage.model import Coverage
from gridmap.coverage.retired import CodeKey, CodeNote, drop_notes
from gridmap.errors import BadValue, Conflict
from gridmap.routing.moves import MovePlan, MovePolicy
from gridmap.times import parse_when
from gridmap.workspace.base import Progress
from gridmap.workspace.lineage import Lineages
from gridmap.workspace.listing import Listing
from gridmap.workspace.moving import Moving, move_policy

__all__ = ["DraftOutcome", "Lifecycle", "RetireOutcome", "RollbackOutcome", "need_text"]


@dataclass(frozen=True)
class DraftOutcome:
    """What drafting from an edition did, or would do when `committed` is False."""

    edition: str
    based_on: str
    family: str
    areas: int
    committed: bool


@dataclass(frozen=True)
class RetireOutcome:
    """Which edition was withdrawn, and which one stays in force in its place."""

    edition: str
    effective_from: datetime | None
    instead: str | None
    committed: bool


@dataclass(frozen=True)
class RollbackOutcome:
    """Which edition was put in force again, or would be when `committed` is False.

    Attributes
    ----------
    edition : str
        Name of the new edition.
    restores, replaces : str
        The former edition, and the one it takes over from.
    effective_from : datetime
    effective_to : datetime or None
        When an edition that is published already takes over; None when there is none.
    retired : mapping
        Codes that go out of use, by (level, code), with what is recorded of them.
    moves : MovePlan or None
        What it does to open reports; None of a family that no report is routed by.
    """

    edition: str
    restores: str
    replaces: str
    family: str
    effective_from: datetime
    effective_to: datetime | None
    areas: int
    committed: bool
    retired: Mapping[CodeKey, CodeNote] = field(default_factory=dict)
    moves: MovePlan | None = None


class Lifecycle(Listing, Moving, Lineages):
    """What becomes of editions, apart from being filled and published."""

    def draft(
        self,
        name: str,
        *,
        source: str,
        commit: bool = False,
        progress: Progress | None = None,
        actor: Actor | None = None,
    ) -> DraftOutcome:
        """Make a draft with all areas of another edition; a dry run unless `commit`.

        Areas, attributes, parent links, geometry and where they came from are copied; the
        draft belongs to the same family and names the edition it is based on.

        Raises
        ------
        NotFound
            When there is no edition `source`.
        Conflict
            When there is an edition `name`, or `source` has no areas.
        """
        who = self._may(actor, Action.EDITION_DRAFT)
        check_name(name)
        edition = self.store.edition(source)
        if not edition.areas:
            raise Conflict("The edition has no areas to copy.", got=source)
        self._need_free_name(name)
        if commit:
            self.store.copy_edition(source, name, who, progress=progress)
            self._expire()
        return DraftOutcome(name, source, edition.family, edition.areas, commit)

    def retire(
        self, edition: str, *, why: str, commit: bool = False, actor: Actor | None = None
    ) -> RetireOutcome:
        """Withdraw a published edition before its date; a dry run unless `commit`.

        Raises
        ------
        Immutable
            When it is or was in force: roll back to a former one instead.
        """
        who = self._may(actor, Action.EDITION_PUBLISH, ANYTHING)
        need_text("Retiring an edition", why)
        found = self.store.check_retirable(edition)
        before, _ = self._neighbours(found.family, found.effective_from)
        if commit:
            self.store.retire(edition, who, why=why)
            self._expire()
        instead = before.name if before else None
        return RetireOutcome(edition, found.effective_from, instead, commit)

    def rollback(
        self,
        edition: str | None = None,
        *,
        to: str,
        effective_from: str | datetime,
        why: str,
        name: str | None = None,
        backdate: str | None = None,
        reports: str | MovePolicy = MovePolicy.KEEP,
        commit: bool = False,
        progress: Progress | None = None,
        actor: Actor | None = None,
    ) -> RollbackOutcome:
        """Put a former edition in force again from a date; a dry run unless `commit`.

        The former edition is published anew, as an edition with a name and a date of its own:
        from that date on `locate` answers as it did then, and before it as it did all along.

        Parameters
        ----------
        edition : str, optional
            The one to be replaced; must be in force at that date.
        name : str, optional
            Of the new edition; ``FORMER (2)`` and so on if not given.
        backdate : str, optional
            Why from a date that is past although reports were routed since.
        reports : str
            What becomes of open reports whose area changes: ``keep`` or ``migrate``.

        Raises
        ------
        Conflict
            When `to` was not in force before that date, or is in force then anyway; or when
            another edition was published or withdrawn beside it meanwhile.
        OverlappingValidity
            When another edition begins at that moment.
        """
        who = self._may(actor, Action.EDITION_PUBLISH, ANYTHING)
        need_text("Rolling back", why)
        if backdate is not None:
            need_text("Backdating", backdate)
        start = parse_when(effective_from, self.zone)
        former = self.store.edition(to)
        before, after = self._neighbours(former.family, start)
        replaced = self._replaced(former, before, edition, start)
        name = name or self._next_name(former)
        self._need_free_name(name)
        self.store.check_date(former.family, start, who, backdated=backdate)
        content = self._stored_coverage(former)
        notes = self._notes(content, replaced, after, why=why)
        moves = self.plan_moves(name, content, start, move_policy(reports), family=former.family)
        if commit:
            self._shelve(content, content.fingerprint())
            self.keep_bases(moves)
            self.store.restore(
                to,
                name,
                start,
                who,
                why=why,
                backdated=backdate,
                notes=notes,
                moves=moves,
                beside=(replaced.name, after.name if after else None),
                progress=progress,
            )
            self.settle_moves(moves)
            self.record_lineage(name, actor=who)
        return RollbackOutcome(
            edition=name,
            restores=to,
            replaces=replaced.name,
            family=former.family,
            effective_from=start,
            effective_to=after.effective_from if after else None,
            areas=former.areas,
            committed=commit,
            retired=notes,
            moves=moves,
        )

    # -- inside ---------------------------------------------------------------------

    def _neighbours(
        self, family: str, start: datetime | None
    ) -> tuple[Edition | None, Edition | None]:
        """Return the published editions of a family before and after a moment."""
        before, after = None, None
        for edition in in_succession(self.store.editions(family), family):
            if start is not None and edition.effective_from is not None:
                if edition.effective_from < start:
                    before = edition
                elif edition.effective_from > start and after is None:
                    after = edition
        return before, after

    def _notes(
        self,
        coverage: Coverage,
        before: Edition | None,
        after: Edition | None,
        *,
        why: str | None = None,
        reasons: Mapping[str, str] | None = None,
    ) -> dict[CodeKey, CodeNote]:
        """Return what to record of codes that go when `coverage` comes between two editions."""
        notes: dict[CodeKey, CodeNote] = {}
        if before is not None:
            former = self._stored_coverage(before)
            notes |= drop_notes(former, coverage, why=why, reasons=reasons or {})
        elif reasons:
            raise BadValue(
                "No code is retired: no edition comes before this one.", got=", ".join(reasons)
            )
        if after is not None:
            notes |= drop_notes(coverage, self._stored_coverage(after), reasons={})
        return notes

    def _replaced(
        self, former: Edition, before: Edition | None, named: str | None, start: datetime
    ) -> Edition:
        """Return the edition a rollback takes over from, or say why it cannot be."""
        if (
            former.state is not EditionState.PUBLISHED
            or former.effective_from is None
            or before is None
            or former.effective_from >= start
        ):
            raise Conflict(
                f"The edition '{former.name}' was not in force before that date.",
                got=start.isoformat(),
                allowed=[
                    edition.name
                    for edition in in_succession(self.store.editions(), former.family)
                    if edition.effective_from is not None and edition.effective_from < start
                ]
                or "no edition was",
            )
        if named is not None and named != before.name:
            self.store.edition(named)
            raise Conflict(
                f"'{named}' is not the edition in force at that date.",
                got=start.isoformat(),
                allowed=before.name,
                repair="An edition whose date is still to come is withdrawn with gridmap retire.",
            )
        if self._root(before) == self._root(former):
            raise Conflict(
                f"The boundaries of '{former.name}' are in force at that date anyway.",
                got=before.name,
            )
        return before

    def _root(self, edition: Edition) -> str:
        """Return the name of the edition whose boundaries these are."""
        known = {one.name: one for one in self.store.editions()}
        while edition.restores in known:
            edition = known[edition.restores]
        return edition.name

    def _next_name(self, former: Edition) -> str:
        taken = {edition.name for edition in self.store.editions()}
        root, number = self._root(former), 2
        while f"{root} ({number})" in taken:
            number += 1
        return f"{root} ({number})"

    def _need_free_name(self, name: str) -> None:
        check_name(name)
        if name in {edition.name for edition in self.store.editions()}:
            raise Conflict(
                "There is an edition of that name already.",
                got=name,
                repair="Choose another name.",
            )


def need_text(what: str, text: str) -> None:
    """Raise `BadValue` when a reason that is kept for ever is blank."""
    if not text.strip():
        raise BadValue(f"{what} needs a reason.", got=repr(text))
