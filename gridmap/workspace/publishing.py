"""Putting editions in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from gridmap.access import ANYTHING, Action, Actor
from gridmap.coverage.auditing.audit import Fault, audit
from gridmap.coverage.auditing.faults import worst_first
from gridmap.coverage.editions import Edition, EditionState
from gridmap.coverage.families import BASE
from gridmap.coverage.model import Coverage
from gridmap.coverage.retired import CodeKey, CodeNote, moved_faults, reuse_faults
from gridmap.errors import Conflict, CoverageFaulty, NotFound
from gridmap.routing.moves import MovePlan, MovePolicy
from gridmap.routing.proof import RouteProof
from gridmap.routing.route_faults import RouteFault
from gridmap.store.drafts import DraftClosing
from gridmap.times import parse_when
from gridmap.workspace.lifecycle import Lifecycle, need_text
from gridmap.workspace.moving import move_policy
from gridmap.workspace.proving import Proving

__all__ = ["FromPlan", "PublishOutcome", "PublishTerms", "Publishing"]


@dataclass(frozen=True, slots=True)
class PublishTerms:
    """From when an edition is put in force, and what is said of it.

    Attributes
    ----------
    effective_from, accept_faults, why, reasons, backdate, reports, accept_replaced
        See :meth:`Publishing.publish`.
    """

    effective_from: str | datetime
    accept_faults: str | None = None
    why: str | None = None
    reasons: Mapping[str, str] | None = None
    backdate: str | None = None
    reports: str | MovePolicy = MovePolicy.KEEP
    accept_replaced: str | None = None


@dataclass(frozen=True, slots=True)
class FromPlan:
    """The draft of a plan that an edition is written from, and closed with its publication.

    Attributes
    ----------
    number, version : int
    edition : str
        Name of the edition that it began with.
    content : str
        Fingerprint of the areas that it comes to.
    """

    number: int
    version: int
    edition: str
    content: str


@dataclass(frozen=True)
class PublishOutcome:
    """What publishing did, or would do when `committed` is False.

    Attributes
    ----------
    areas : mapping of str to int
        Number of areas by level.
    family : str
    replaces : str or None
        The edition that was in force at that date; None when there was none.
    followed_by : str or None
        The published edition that takes over from it; None when there is none.
    effective_to : datetime or None
        When that one does.
    begun_with : str or None
        The edition that the draft began with, where it replaces another one.
    retired : mapping
        Codes that go out of use, by (level, code), with what is recorded of them.
    moves : MovePlan or None
        What it does to open reports; None of a family that no report is routed by.
    routes : tuple of RouteFault
        What the proof of routes finds; nothing while nobody was entered who answers for
        reports.
    route_check : str or None
        The same in a line, recorded with the edition.
    """

    edition: str
    effective_from: datetime
    committed: bool
    faults: list[Fault]
    areas: dict[str, int] = field(default_factory=dict)
    family: str = ""
    replaces: str | None = None
    followed_by: str | None = None
    effective_to: datetime | None = None
    begun_with: str | None = None
    retired: Mapping[CodeKey, CodeNote] = field(default_factory=dict)
    moves: MovePlan | None = None
    routes: tuple[RouteFault, ...] = ()
    route_check: str | None = None


class Publishing(Lifecycle, Proving):
    """From a draft to an edition in force."""

    def publish(
        self,
        edition: str,
        *,
        effective_from: str | datetime,
        accept_faults: str | None = None,
        why: str | None = None,
        reasons: Mapping[str, str] | None = None,
        backdate: str | None = None,
        reports: str | MovePolicy = MovePolicy.KEEP,
        accept_replaced: str | None = None,
        commit: bool = False,
        actor: Actor | None = None,
    ) -> PublishOutcome:
        """Audit a draft, prove its routes, and put it in force from a date.

        A dry run unless `commit`.

        Parameters
        ----------
        effective_from : str or datetime
            A bare date means 00:00 in the site's zone.
        accept_faults : str, optional
            Why the edition is published although there are errors; recorded with it.
        why : str, optional
            Why the boundaries change; recorded with the edition and with every code that
            goes out of use.
        reasons : mapping of str to str, optional
            By code, or ``LEVEL/CODE``: why this one goes out of use.
        backdate : str, optional
            Why from a date that is past although reports were routed since; recorded.
        reports : str
            What becomes of open reports whose area changes: ``keep`` their owner or
            ``migrate``; stored with the edition.
        accept_replaced : str, optional
            Why it replaces another edition than the one that it was drafted from, and so undoes
            what changed since; recorded with the edition, after `why`.

        Raises
        ------
        CoverageFaulty
            When the audit or the proof of routes finds errors and no reason is given.
        Immutable, OverlappingValidity
            When it is published already, or another edition starts at that moment.
        Conflict
            When the date is past, reports were routed since, and no reason is given; when it was
            drafted from another edition than it would replace, and no reason is given. When
            another edition was published or withdrawn beside it before it was in force.
        NotAllowed
            Also for who may publish in some places only: an edition is of all of them.
        """
        who = self._may(actor, Action.EDITION_PUBLISH, ANYTHING)
        terms = PublishTerms(
            effective_from, accept_faults, why, reasons, backdate, reports, accept_replaced
        )
        return self._put_in_force(edition, who, terms, commit=commit)

    # -- inside ---------------------------------------------------------------------

    def _put_in_force(
        self,
        edition: str,
        who: Actor,
        terms: PublishTerms,
        *,
        commit: bool,
        plan: FromPlan | None = None,
    ) -> PublishOutcome:
        """Judge a draft and, with `commit`, put it in force and close the plan that it is of."""
        coverage = self._publishable(edition)
        content = coverage.fingerprint()
        if plan is not None and content != plan.content:
            raise Conflict(
                "The edition does not hold what the draft comes to: it was changed meanwhile.",
                got=edition,
                repair="Publish the draft again: the edition is written anew.",
            )
        family = self.store.edition(edition).family
        outcome, accepted = self._judged(coverage, family, who, terms, commit=commit, plan=plan)
        start, moves = outcome.effective_from, outcome.moves
        if commit:
            self._shelve(coverage, content)
            self.keep_bases(moves)
            self.store.publish(
                edition,
                start,
                who,
                accepted_faults=terms.accept_faults if accepted else None,
                shapes=coverage,
                content_hash=content,
                route_check=outcome.route_check,
                why=terms.why if plan else _whys(terms, outcome),
                backdated=terms.backdate,
                notes=outcome.retired,
                moves=moves,
                beside=(outcome.replaces, outcome.followed_by),
                closing=None if plan is None else _closing(plan, terms, outcome),
            )
            self.settle_moves(moves)
            self.record_lineage(edition, actor=who)
        return outcome

    def _judged(
        self,
        coverage: Coverage,
        family: str,
        who: Actor,
        terms: PublishTerms,
        *,
        commit: bool,
        plan: FromPlan | None = None,
        stored: bool = True,
    ) -> tuple[PublishOutcome, bool]:
        """Return what publishing these areas would come to, and whether faults were accepted.

        Not `stored`: areas that are still to be written; that no code of theirs stood for
        another place is then up to whoever chose them.
        """
        edition = coverage.edition
        start = parse_when(terms.effective_from, self.zone)
        for what, text in (
            ("Accepting faults", terms.accept_faults),
            ("Publishing", terms.why),
            ("Backdating", terms.backdate),
            ("Replacing another edition", terms.accept_replaced),
        ):
            if text is not None:
                need_text(what, text)
        self.store.check_date(family, start, who, backdated=terms.backdate)
        before, after = self._neighbours(family, start)
        began = plan.edition if plan else self.store.edition(edition).based_on
        begun_with = self._need_own_base(before, began, terms.accept_replaced)
        if plan is not None:
            self._need_reach(who, before, plan)
        faults = self._faults(coverage, start, before, stored=stored)
        errors = _need_sound(edition, faults, terms.accept_faults, plan)
        proofs = self.prove_draft(coverage, start) if family == BASE else []
        errors += _need_routed(edition, proofs, terms.accept_faults, plan)
        policy = move_policy(terms.reports)
        outcome = PublishOutcome(
            edition=edition,
            effective_from=start,
            committed=commit,
            faults=faults,
            areas=_count_levels(coverage),
            family=family,
            replaces=before.name if before else None,
            followed_by=after.name if after else None,
            effective_to=after.effective_from if after else None,
            begun_with=begun_with,
            retired=self._notes(coverage, before, after, why=terms.why, reasons=terms.reasons),
            moves=self.plan_moves(edition, coverage, start, policy, family=family),
            routes=tuple(fault for _, proof in proofs for fault in proof.faults),
            route_check=_in_a_line(proofs),
        )
        return outcome, errors > 0

    def _need_own_base(
        self, before: Edition | None, began: str | None, accepted: str | None
    ) -> str | None:
        """Refuse a draft that did not begin with what it would replace, unless that is accepted.

        It holds nothing of what was published since it began. One that began with an edition
        which was never in force holds what that one was based on.

        Returns
        -------
        str or None
            What it began with, where it replaces another one.
        """
        known = {one.name: one for one in self.store.editions()}
        base = known.get(began or "")
        while base is not None and base.state is not EditionState.PUBLISHED:
            base = known.get(base.based_on or "")
        if before is None or base is None or self._root(base) == self._root(before):
            return None
        if accepted is None:
            raise Conflict(
                "The draft began with another edition than the one that it would replace: what "
                "changed since would be undone.",
                got=before.name,
                allowed=base.name,
                repair=f"Begin a draft from '{before.name}' and make the edits in it, or say why "
                "with --accept-replaced WHY.",
            )
        return began

    def _need_reach(self, who: Actor, before: Edition | None, plan: FromPlan) -> None:
        """Refuse who acts in some places only, unless a draft's edits are all that changes."""
        begun = self.store.edition(plan.edition)
        # What was never in force may differ from what is anywhere.
        if (
            before is None
            or begun.state is not EditionState.PUBLISHED
            or self._root(begun) != self._root(before)
        ):
            self._may(who, Action.EDITION_PUBLISH, ANYTHING)

    def _publishable(self, edition: str) -> Coverage:
        coverage = self._draft_coverage(edition)
        if coverage is None or not len(coverage):
            raise NotFound(
                "There is no draft of that name with areas in it.",
                got=edition,
                allowed=[e.name for e in self.store.editions() if e.state is EditionState.DRAFT]
                or "no draft yet",
                repair="Import a layer first: gridmap import FILE --edition NAME --level LEVEL.",
            )
        return coverage

    def _faults(
        self, coverage: Coverage, start: datetime, before: Edition | None, *, stored: bool = True
    ) -> list[Fault]:
        """Return what the audit finds, and what is wrong with codes beside past editions."""
        holders = self.store.code_holders(coverage.edition, start) if stored else []
        found = [*audit(coverage), *reuse_faults(coverage, holders, zone=self.zone)]
        if before is not None:
            found += moved_faults(coverage, self._stored_coverage(before))
        return worst_first(found)


def _closing(plan: FromPlan, terms: PublishTerms, outcome: PublishOutcome) -> DraftClosing:
    why = terms.accept_replaced if outcome.begun_with else None
    return DraftClosing(plan.number, plan.version, why)


def _whys(terms: PublishTerms, outcome: PublishOutcome) -> str | None:
    """Return why an edition is published, and why it replaces another than it was drafted from."""
    replaced = terms.accept_replaced if outcome.begun_with else None
    return "; ".join(why for why in (terms.why, replaced) if why) or None


def _need_sound(
    edition: str, faults: list[Fault], accepted: str | None, plan: FromPlan | None
) -> int:
    """Return how many errors there are; refuse any that are not accepted."""
    errors = [fault for fault in faults if fault.severity == "error"]
    if errors and accepted is None:
        raise CoverageFaulty(
            f"The audit of '{edition}' found {len(errors)} errors; the first: {errors[0].text}",
            got=f"{len(errors)} errors",
            allowed="none",
            repair=f"See `gridmap plan draft check {plan.number}` and mend the draft, or publish "
            "with --accept-faults WHY."
            if plan
            else f"See `gridmap check {edition}` and mend the source, or publish with "
            "--accept-faults WHY.",
            faults=errors,
        )
    return len(errors)


def _need_routed(
    edition: str,
    proofs: Sequence[tuple[str, RouteProof]],
    accepted: str | None,
    plan: FromPlan | None,
) -> int:
    """Return how many errors there are in the routes; refuse any that are not accepted."""
    errors = [fault for _, proof in proofs for fault in proof.faults if fault.severity == "error"]
    if errors and accepted is None:
        raise CoverageFaulty(
            f"The proof of routes of '{edition}' found {len(errors)} errors; the first: "
            f"{errors[0].as_dict('en')['text']}",
            got=f"{len(errors)} errors",
            allowed="none",
            # There is no edition yet whose routes could be proved by themselves.
            repair="A dry run with --accept-faults WHY lists them all. Mend the rules, or publish "
            "with --accept-faults WHY."
            if plan
            else f"See `gridmap route check {edition}` and mend the rules, or publish with "
            "--accept-faults WHY.",
            faults=errors,
        )
    return len(errors)


def _in_a_line(proofs: Sequence[tuple[str, RouteProof]]) -> str | None:
    if not proofs:
        return None
    parts = []
    for name, proof in proofs:
        counts = Counter(fault.severity for fault in proof.faults)
        parts.append(
            f"{name}: {proof.items} items at {proof.places} kinds of place, "
            f"{counts['error']} errors, {counts['warning']} warnings"
        )
    return "; ".join(parts)


def _count_levels(coverage: Coverage) -> dict[str, int]:
    return {name: len(coverage.rows(name)) for name in coverage.levels.names}
