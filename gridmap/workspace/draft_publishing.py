"""Drafts of plans become editions: audited, routed, told what moves, dated."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from gridmap.access import Action, Actor
from gridmap.errors import Conflict
from gridmap.routing.moves import MovePolicy
from gridmap.workspace.draft_suggesting import DraftSuggesting
from gridmap.workspace.planned_levels import planned_import
from gridmap.workspace.publishing import FromPlan, PublishOutcome, PublishTerms

if TYPE_CHECKING:
    from gridmap.workspace.draft_states import OpenDraft

__all__ = ["DraftPublishing"]


class DraftPublishing(DraftSuggesting):
    """From a log of edits to an edition in force."""

    def publish_draft(
        self,
        number: int,
        version: int,
        *,
        edition: str,
        effective_from: str | datetime,
        why: str | None = None,
        accept_faults: str | None = None,
        accept_replaced: str | None = None,
        backdate: str | None = None,
        reports: str | MovePolicy = MovePolicy.KEEP,
        commit: bool = False,
        actor: Actor | None = None,
    ) -> PublishOutcome:
        """Audit a draft, prove its routes, list the orders that move, and put it in force.

        A dry run unless `commit`. The draft becomes an edition, by the same way as others do,
        and is closed; :meth:`rollback` takes it back. Who may publish in some places only may do
        so with all edits in effect there, and nothing else changing.

        Parameters
        ----------
        edition : str
            Name of the edition that it becomes.
        effective_from, why, accept_faults, backdate, reports
            See :meth:`gridmap.workspace.publishing.Publishing.publish`.
        accept_replaced : str, optional
            Why it replaces another edition than the one that it began with, and so undoes what
            changed since; recorded with the draft.

        Raises
        ------
        Stale
            When the draft has another version, or gets one before the edition is in force:
            then nothing is, and what others did is told.
        Conflict
            When it began with another edition than it would replace, and no reason is given;
            when what it began with was changed since; and as for other editions.
        NotAllowed
            When an edit in effect lies out of where one may publish; or, for who does not act
            everywhere, when it would replace anything but what it began with.
        EditRefused
            When a grid without finer areas holds others beside itself, as an edit of a former
            version may have left it: its own ground would be in no grid.
        CoverageFaulty, OverlappingValidity, NotFound, BadValue
        """
        from gridmap.planning.changing import need_undivided
        from gridmap.planning.drafted import drafted_coverage

        who = self._may(actor, Action.EDITION_PUBLISH)
        with self._changes_told():
            draft = self._draft_at(number, version)
        # Other programs write into a draft edition too, and tell nobody.
        self._begun_with(draft.record)
        # One without edits is a plan of the whole edition; an edit that names no area was logged
        # when ground in none was not named.
        areas = {area for entry in draft.done for area in entry.areas or ("",)} or {""}
        self._may_there(who, draft.state, areas, Action.EDITION_PUBLISH)
        need_undivided(draft.state)
        begun = self._begun(number, edition)
        if not begun:
            self._need_free_name(edition)
        terms = PublishTerms(
            effective_from, accept_faults, why, None, backdate, reports, accept_replaced
        )
        coverage = drafted_coverage(draft.state, edition)
        family = self.store.edition(draft.record["edition"]).family
        plan = FromPlan(number, version, draft.record["edition"], coverage.fingerprint())
        outcome, _ = self._judged(
            coverage, family, who, terms, commit=False, plan=plan, stored=False
        )
        if not commit:
            return outcome
        self._written(draft, edition, who, over=begun)
        self._begun_with(draft.record)
        with self._changes_told():
            return self._put_in_force(edition, who, terms, commit=True, plan=plan)

    # -- inside ---------------------------------------------------------------------

    def _begun(self, number: int, edition: str) -> bool:
        """True for an edition that an earlier try to publish the draft has left unpublished."""
        found = next((e for e in self.store.editions() if e.name == edition), None)
        if found is None or not found.is_draft:
            return False
        sources = {one["source"] for one in self.store.import_reports(edition)}
        if _source(number) not in sources:
            raise Conflict(
                "There is an edition of that name already.",
                got=edition,
                repair="Choose another name.",
            )
        return True

    def _written(self, draft: OpenDraft, edition: str, who: Actor, *, over: bool) -> None:
        """Write a draft as an edition: levels that it changes, and the others of its edition.

        Not a part of it is seen before the whole is. `over`: in the place of what an earlier
        try has left, whatever that wrote.
        """
        from gridmap.planning.drafted import drafted

        names = draft.state.graph.coverage.levels.names
        levels = sorted(drafted(draft.state).levels, key=lambda one: names.index(one.level))
        digest = draft.state.fingerprint()
        changed = [planned_import(level, _source(draft.number), digest) for level in levels]
        self.store.copy_edition(draft.record["edition"], edition, who, instead=changed, over=over)
        self._expire()


def _source(number: int) -> str:
    return f"draft:{number}"
