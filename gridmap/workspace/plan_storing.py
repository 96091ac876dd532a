"""Plans stored as ordinary draft editions: by way of the state that a draft of them would have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gridmap.access import Action, Actor
from gridmap.workspace.draft_grounds import DraftGrounds

if TYPE_CHECKING:
    from gridmap.planning.graph import PlanGraph
    from gridmap.planning.plan import Plan

__all__ = ["PlanOutcome", "PlanStoring"]


@dataclass(frozen=True)
class PlanOutcome:
    """A plan stored as a draft, or what would be stored when `committed` is False."""

    edition: str
    based_on: str
    grids: int
    atoms_moved: int
    new_codes: tuple[str, ...]
    gone_codes: tuple[str, ...]
    committed: bool


class PlanStoring(DraftGrounds):
    """From a plan to an edition that is checked, exported and published as any other."""

    def store_plan(
        self,
        graph: PlanGraph,
        plan: Plan,
        edition: str,
        *,
        commit: bool = False,
        actor: Actor | None = None,
    ) -> PlanOutcome:
        """Store a plan as a draft based on the graph's edition; a dry run unless `commit`.

        The draft has all areas of that edition; grids and atoms take the place of its own, so
        that checking, exporting and publishing know it as any other.

        Raises
        ------
        Conflict
            When there is an edition of that name.
        EditRefused
            When the plan moves what has no finer areas, or tears a grid apart.
        BadValue
            When the level is neither the finest that has areas nor the one above it.
        """
        from gridmap.planning.drafted import drafted
        from gridmap.planning.plan import today_plan
        from gridmap.planning.takeover import planned_state

        who = self._may(actor, Action.EDITION_DRAFT)
        self.draft(edition, source=graph.edition, commit=False, actor=who)
        self._level_to_plan(graph.coverage, graph.level)
        ground = self._ground_on(graph)
        state = planned_state(ground, plan, f"plan: {edition}")
        levels = [one for one in drafted(state).levels if one.level in (graph.level, ground.finest)]
        if commit:
            levels.sort(key=lambda one: graph.coverage.levels.rank(one.level))
            self._store_planned(graph.edition, edition, levels, state.fingerprint(), who)
        today = today_plan(graph)
        moved = np.append(plan.heir_of, -1)[plan.grid_of] != graph.today
        return PlanOutcome(
            edition,
            graph.edition,
            len(plan),
            int(moved.sum()),
            tuple(sorted(set(plan.code.tolist()) - set(today.code.tolist()))),
            tuple(sorted(set(today.code.tolist()) - set(plan.code.tolist()))),
            commit,
        )
