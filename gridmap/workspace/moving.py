"""Open reports when the boundaries change: who keeps, who moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from gridmap.access import Action, Actor
from gridmap.cases.ladder import Job
from gridmap.coverage.editions import Edition, EditionState
from gridmap.coverage.families import BASE
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue
from gridmap.routing.decision import Router
from gridmap.routing.moves import MovePlan, MovePolicy
from gridmap.store.columns import to_millisecond
from gridmap.times import to_site
from gridmap.workspace.base import Base
from gridmap.workspace.move_planning import MovePlanner

__all__ = ["Moving", "move_policy"]


class Moving(Base):
    """What a new edition does to reports that are open when it comes into force."""

    def plan_moves(
        self,
        edition: str,
        coverage: Coverage,
        start: datetime,
        policy: MovePolicy = MovePolicy.KEEP,
        *,
        family: str = BASE,
        numbers: Sequence[int] | None = None,
        after: int = 0,
    ) -> MovePlan | None:
        """Return what an edition would do, or does, to open reports; writes nothing.

        Each open report is located anew in the edition. Where a level that both editions have
        gives another code, its area changes; a report that was nowhere and now is somewhere
        counts too. With the policy ``migrate`` the router of the edition decides anew.

        Parameters
        ----------
        edition, coverage : str, Coverage
            A draft, or a published edition: then reports it has dealt with are left out.
        start : datetime
            Aware; from when it is in force.
        family : str
            Its family of grids: reports are routed by the base grids, others give None.
        numbers : sequence of int, optional
            Only these reports.
        after : int
            Only reports with a higher number.
        """
        if family != BASE:
            return None
        now = self.clock()
        editions = [e for e in self.store.editions() if e.family == BASE]
        until = _end(editions, edition, start)
        # Cut to what the stores keep, so that a move can be decided again for the very moment.
        plan = MovePlan(edition, to_millisecond(max(start, now)), policy)
        if until is not None and until <= now:
            return plan  # It has come and gone: who is open belongs to a later one.
        done = any(e.name == edition and not e.is_draft for e in editions)
        found = self.store.open_reports(
            start=start,
            until=until,
            edition=edition if done else None,
            numbers=numbers,
            after=after,
        )
        if not found:
            return plan
        levels_of = {e.name: frozenset(e.levels) for e in editions}
        moves = MovePlanner(coverage, plan, self._router_for).moves(found, levels_of)
        return replace(plan, open=len(found), last=found[-1].number, moves=tuple(moves))

    def move_reports(
        self,
        *,
        numbers: Sequence[int] | None = None,
        commit: bool = False,
        actor: Actor | None = None,
    ) -> list[MovePlan]:
        """Let reports follow that came in after an edition with ``migrate`` was published.

        Editions in force and to come are gone through in the order of their dates; what they
        dealt with before is left. A dry run unless `commit`.
        """
        who = self._may(actor, Action.REPORT_MOVE)
        self._expire()
        return self._catch_up(who, numbers=numbers, commit=commit)

    def _catch_up(
        self,
        who: Actor,
        *,
        numbers: Sequence[int] | None = None,
        seen: MovePlan | None = None,
        commit: bool,
    ) -> list[MovePlan]:
        """As :meth:`move_reports`; what a plan of this moment has looked at is passed over."""
        now, plans = self.clock(), []
        for edition in self._current()[1]:
            if _migrates(edition, now) and edition.effective_from is not None:
                plan = self.plan_moves(
                    edition.name,
                    self.atlas.named(edition.name).coverage,
                    edition.effective_from,
                    MovePolicy.MIGRATE,
                    numbers=numbers,
                    after=seen.last if seen and seen.edition == edition.name else 0,
                )
                if plan is not None:
                    if commit and plan.moves:
                        self.keep_bases(plan)
                        self.store.record_moves(plan, who)
                    plans.append(plan)
        return plans

    def keep_bases(self, plan: MovePlan | None) -> None:
        """Put into the store what the decisions of a plan were made by, before they are."""
        if plan is not None:
            self._bases.keep(move.decision for move in plan.moves if move.decision is not None)

    def settle_moves(self, plan: MovePlan | None) -> None:
        """After a publication: see the new edition, and let stragglers follow.

        Reports may have come in while the plan was made; and an edition put before another
        one changes where reports come from when that takes over.
        """
        self._expire()
        if plan is not None:
            self._catch_up(Actor.operator("gridmap"), seen=plan, commit=True)

    def goes_on(self, event_at: datetime) -> bool:
        """True when an edition that reports migrate to takes over after a report's moment."""
        now = self.clock()
        later = (e.effective_from for e in self._current()[1] if _migrates(e, now))
        return any(start is not None and start > event_at for start in later)

    def follow_editions(self, number: int) -> None:
        """Record where a report goes when the next edition takes over; it may be asked twice."""
        self.move_reports(numbers=[number], commit=True, actor=Actor.operator("gridmap"))

    def move_job(self, number: int, why: str) -> Job:
        """Return the job that :meth:`follow_editions` is asked by, whoever dies before."""
        return Job("move", f"move:{number}:{why}", self.clock(), number)

    def report_moves(self, number: int, *, actor: Actor | None = None) -> list[dict[str, Any]]:
        """Return what editions did to a report, by date, with local times; for staff."""
        self._may(actor, Action.REPORT_READ)
        return [
            move | {name: to_site(move[name], self.zone) for name in _TIMES}
            for move in self.store.moves_of(number)
        ]

    def _router_for(self, coverage: Coverage, catalogue: str) -> Router:
        # A catalogue that is gone knows no item: its reports keep their owners.
        known = catalogue if catalogue in self.books.by_name else None
        published = any(
            e.name == coverage.edition and e.state is EditionState.PUBLISHED
            for e in self._current()[1]
        )
        if published:
            return self.router(coverage.edition, known)
        return self._router_by(self.books, self._state(), coverage, known)


_TIMES = ("effective_from", "recorded_at")


def move_policy(text: str | MovePolicy) -> MovePolicy:
    """Return the policy of that name, or raise `BadValue`."""
    try:
        return MovePolicy(text)
    except ValueError:
        raise BadValue(
            "There is no such policy for open reports.",
            got=text,
            allowed=[policy.value for policy in MovePolicy],
            repair="keep: they keep their owner; migrate: those whose area changes move.",
        ) from None


def _end(editions: Sequence[Edition], name: str, start: datetime) -> datetime | None:
    """Return when the next edition takes over from one in force from `start`."""
    later = (
        e.effective_from
        for e in editions
        if e.state is EditionState.PUBLISHED and e.name != name and e.effective_from is not None
    )
    return min((moment for moment in later if moment > start), default=None)


def _migrates(edition: Edition, now: datetime) -> bool:
    return (
        edition.state is EditionState.PUBLISHED
        and edition.family == BASE
        and edition.reports_policy == MovePolicy.MIGRATE
        and (edition.effective_to is None or edition.effective_to > now)
    )
