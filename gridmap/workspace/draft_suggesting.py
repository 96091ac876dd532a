"""Suggestions for a draft: from the grids as they are drawn, taken over as an edit."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gridmap.access import Action, Actor
from gridmap.errors import BadValue, Conflict
from gridmap.workspace.base import Progress
from gridmap.workspace.draft_views import DraftViews
from gridmap.workspace.drafting import EditOutcome

if TYPE_CHECKING:
    from gridmap.planning.graph import PlanGraph
    from gridmap.planning.rules import Rules
    from gridmap.planning.state import PlanState
    from gridmap.planning.suggestion import Suggested, Suggestion

__all__ = ["ONE_AT_A_TIME", "DraftSuggesting", "DraftSuggestion"]

# The optimiser takes all processors that there are.
ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, eq=False)
class DraftSuggestion:
    """What was suggested for a draft.

    Attributes
    ----------
    number, version : int
        Of the draft that it was suggested for.
    graph : PlanGraph
        Its atoms, with the draft's grids as those of today.
    found : Suggestion
    chosen : Suggested
        The plan that was taken over, or would be.
    outcome : EditOutcome or None
        What taking it over came to; None on a dry run.
    """

    number: int
    version: int
    graph: PlanGraph
    found: Suggestion
    chosen: Suggested
    outcome: EditOutcome | None


class DraftSuggesting(DraftViews):
    """The optimiser at work on a draft."""

    def suggest_draft(
        self,
        number: int,
        version: int,
        rules: Rules | None = None,
        *,
        area: tuple[str, str] | None = None,
        total: int | tuple[int, int] | None = None,
        only: Sequence[str] = (),
        pick: str | None = None,
        seed: int = 0,
        workers: int = 2,
        why: str = "",
        commit: bool = False,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
        actor: Actor | None = None,
    ) -> DraftSuggestion:
        """Suggest grids for a draft; with `commit` take one plan over, as one edit of its log.

        Parameters
        ----------
        version : int
            The one that was looked at.
        rules : Rules, optional
            Grids without finer areas and exclusive ones stay as they are in any case.
        area : (level, code), optional
            Only inside that area of a level above the grids.
        total : int or (int, int), optional
            How many grids there are to be.
        only : sequence of str
            Share just these grids anew; neither `area` nor `total` then.
        pick : str, optional
            Which of the plans is taken over; the one in the middle by default.
        seed, workers, progress, stop
            See :func:`gridmap.planning.suggest.suggest`.

        Raises
        ------
        Stale
            When the draft has another version, at the beginning or at the end.
        EditRefused
            When the plan is what the draft is already.
        Conflict
            When a suggestion is being worked out in this process.
        NotFound, BadValue
        """
        from gridmap.planning.edits import edit_record
        from gridmap.planning.rules import Rules
        from gridmap.planning.takeover import graph_now, taken_over

        who = self._may(actor, Action.EDITION_DRAFT)
        with self._changes_told():
            draft = self._draft_at(number, version)
        state, asked = draft.state, rules or Rules()
        graph = graph_now(state)
        more = {"seed": seed, "progress": progress, "stop": stop, "workers": workers}
        with _alone():
            found = self._plans_for(state, graph, asked, area, total, only, more)
        chosen = found.plan(pick) if pick else found.plans[len(found.plans) // 2]
        outcome = None
        if commit:
            source = f"suggestion: {chosen.style}, seed {seed}"
            edit = edit_record(taken_over(state, chosen.plan, source))
            outcome = self.edit_draft(number, version, edit, why=why, actor=who)
        return DraftSuggestion(number, version, graph, found, chosen, outcome)

    # -- inside ---------------------------------------------------------------------

    def _plans_for(
        self,
        state: PlanState,
        graph: PlanGraph,
        rules: Rules,
        area: tuple[str, str] | None,
        total: int | tuple[int, int] | None,
        only: Sequence[str],
        more: dict[str, Any],
    ) -> Suggestion:
        from gridmap.planning.coding import codes_in_use
        from gridmap.planning.suggest import rebalance, suggest

        used = codes_in_use(state)
        gone = set(state.ground.gone)
        if only:
            if area is not None or total is not None:
                raise BadValue("Some grids are shared anew without an area or a total.", got=only)
            more = {name: more[name] for name in ("seed", "progress", "stop")}
            return rebalance(graph, only, rules, used=used, retired=gone, **more)
        atoms = None if area is None else self._atoms_above(graph, *area)
        return suggest(graph, rules, atoms=atoms, total=total, used=used, retired=gone, **more)


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the optimiser: it takes all processors that there are."""
    if not ONE_AT_A_TIME.acquire(blocking=False):
        raise Conflict(
            "A suggestion is being worked out already.", repair="Ask again when it is done."
        )
    try:
        yield
    finally:
        ONE_AT_A_TIME.release()
