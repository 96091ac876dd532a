"""Plans by name: editions, and drafts as they stand, measured, compared and replayed alike."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gridmap.access import Action, Actor
from gridmap.errors import BadValue
from gridmap.workspace.suggesting import Suggesting

if TYPE_CHECKING:
    from gridmap.coverage.model import Coverage
    from gridmap.planning.compare import Comparison
    from gridmap.planning.graph import PlanGraph
    from gridmap.planning.measures import PlanMeasures
    from gridmap.planning.plan import Plan
    from gridmap.planning.replay import PastReports, Replay
    from gridmap.planning.rules import Limits

__all__ = ["PlanReading"]

# A draft is named draft:NUMBER, or draft:NUMBER@VERSION.
_DRAFT = re.compile(r"draft:(\d{1,15})(?:@(\d{1,9}))?")
_When = str | datetime | None


class PlanReading(Suggesting):
    """Figures of plans that are named: ``2026``, ``draft:7``, ``draft:7@12``."""

    def plan_measures(
        self,
        plan: str | None = None,
        limits: Limits | None = None,
        *,
        on: str | None = None,
        level: str = "grid",
        since: _When = None,
        until: _When = None,
        hours: str | Path | None = None,
        actor: Actor | None = None,
    ) -> PlanMeasures:
        """Return the measures of a plan.

        Parameters
        ----------
        plan : str, optional
            An edition, or a draft; the edition in force by default.
        on : str, optional
            Whose atoms; its own by default.
        since, until
            Period of the reports, counted up to a year.
        hours : str or Path, optional
            See :meth:`.planning.Planning.planning_graph`; a draft counts those by level.
        """
        graph = self._plan_graph(on or plan, level, since, until, actor, hours)
        return self.measure_plan(graph, self._plan_on(graph, plan, actor), limits)

    def plans_compared(
        self,
        before: str,
        after: str,
        *,
        level: str = "grid",
        since: _When = None,
        until: _When = None,
        actor: Actor | None = None,
    ) -> Comparison:
        """Compare two plans: editions over the atoms of the first, a draft over common cells.

        Where a draft moved borders, what lies between the old and the new ones is a cell of its
        own; see :meth:`.DraftViews.compare_draft`.
        """
        if _numbered(before) or _numbered(after):
            return self._drawn_compared(before, after, level, actor)
        graph = self._plan_graph(before, level, since, until, actor)
        return self.compare_plans(
            graph, self._plan_on(graph, before, actor), self._plan_on(graph, after, actor)
        )

    def plan_replayed(
        self,
        plan: str,
        *,
        before: str | None = None,
        level: str = "grid",
        since: _When = None,
        until: _When = None,
        hours: str | Path | None = None,
        actor: Actor | None = None,
    ) -> tuple[Replay, Replay]:
        """Return past reports on a plan before, the edition in force by default, and on another."""
        atoms = plan if _numbered(plan) else before
        graph = self._plan_graph(atoms, level, since, until, actor)
        reports: PastReports = self.past_reports(
            graph, since=since, until=until, hours=hours, actor=actor
        )
        return (
            self.replay_plan(graph, self._plan_on(graph, before, actor), reports),
            self.replay_plan(graph, self._plan_on(graph, plan, actor), reports),
        )

    # -- inside ---------------------------------------------------------------------

    def _drawn_compared(
        self, before: str, after: str, level: str, actor: Actor | None
    ) -> Comparison:
        from gridmap.planning.overlay import compare_states

        self._may(actor, Action.EDITION_CHECK)
        named = [(name, _numbered(name)) for name in (before, after)]
        opened = {name: self._opened(*found) for name, found in named if found}
        like = next(iter(opened.values()))
        if level != like.record["level"]:
            raise BadValue(
                "The draft is of another level.", got=level, allowed=like.record["level"]
            )
        states = [
            opened[name].state if found else self._edition_state(name, like)
            for name, found in named
        ]
        return compare_states(states[0], states[1], (before, after))

    def _plan_graph(
        self,
        plan: str | None,
        level: str,
        since: _When,
        until: _When,
        actor: Actor | None,
        hours: str | Path | None = None,
    ) -> PlanGraph:
        found = _numbered(plan)
        if found is None:
            return self.planning_graph(
                plan, level=level, since=since, until=until, hours=hours, actor=actor
            )
        from gridmap.planning.barriers import Barriers
        from gridmap.planning.drafted import drafted_coverage
        from gridmap.planning.graph import planning_graph
        from gridmap.planning.parts import with_drawn_parts

        state = self.draft_state(found[0], version=found[1], actor=actor)
        if level != state.graph.level:
            raise BadValue("The draft is of another level.", got=level, allowed=state.graph.level)
        coverage = drafted_coverage(state, str(plan))
        if state.ground.in_parts:
            coverage = with_drawn_parts(coverage, state)
        # Atoms that were given another code are known by their shape, which both share.
        code = {id(coverage.geometry[row]): str(coverage.code[row]) for row in coverage.atoms}
        amounts = {
            name: {code[id(shape)]: float(n) for shape, n in zip(state.shapes, held, strict=True)}
            for name, held in state.graph.amount.items()
        }
        return planning_graph(
            coverage,
            level=level,
            amounts=amounts,
            barriers=Barriers.of(**self._barriers()),
            estates=self._estate_outlines(),
            stations=self._stations(),
        )

    def _plan_on(self, graph: PlanGraph, plan: str | None, actor: Actor | None) -> Plan:
        """Return a plan over a graph's atoms."""
        from gridmap.planning.plan import plan_of, today_plan

        coverage = None if plan == graph.edition else self._plan_coverage(plan, actor)
        if coverage is None or coverage.edition == graph.edition:
            return today_plan(graph)
        return plan_of(graph, coverage)

    def _plan_coverage(self, plan: str | None, actor: Actor | None) -> Coverage:
        self._may(actor, Action.EDITION_CHECK)
        found = _numbered(plan)
        if found is None:
            return self._planned_coverage(plan)
        from gridmap.planning.drafted import drafted_coverage

        return drafted_coverage(
            self.draft_state(found[0], version=found[1], actor=actor), str(plan)
        )


def _numbered(plan: str | None) -> tuple[int, int | None] | None:
    """Return number and version of a draft that is named; None for an edition."""
    hit: Any = None if plan is None else _DRAFT.fullmatch(plan)
    return None if hit is None else (int(hit[1]), None if hit[2] is None else int(hit[2]))
