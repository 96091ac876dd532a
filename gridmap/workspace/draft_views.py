"""Drafts looked at: their measures and layers, beside another plan, and what the audit finds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gridmap.access import Action, Actor
from gridmap.errors import BadValue, NotFound
from gridmap.workspace.checking import Examination
from gridmap.workspace.drafting import Drafting

if TYPE_CHECKING:
    import geopandas as gpd

    from gridmap.planning.compare import Comparison
    from gridmap.planning.graph import PlanGraph
    from gridmap.planning.measures import PlanMeasures
    from gridmap.planning.state import PlanState
    from gridmap.workspace.draft_states import OpenDraft

__all__ = ["DraftViews"]


class DraftViews(Drafting):
    """What a draft is like, as it stands or as it stood at a version; for staff that plans."""

    def draft_measures(
        self, number: int, *, version: int | None = None, actor: Actor | None = None
    ) -> PlanMeasures:
        """Return the measures of a draft: by grid, by community, as a whole, and what stayed."""
        from gridmap.planning.measures import measure_plan

        state = self.draft_state(number, version=version, actor=actor)
        ground = state.ground
        return measure_plan(state.graph, state.plan, ground.limits, staff=ground.staff)

    def draft_shapes(
        self,
        number: int,
        level: str | None = None,
        *,
        version: int | None = None,
        within: tuple[str, str] | None = None,
        actor: Actor | None = None,
    ) -> gpd.GeoDataFrame:
        """Return a level of a draft in EPSG:4326: its grids, its atoms, a level above, or borders.

        ``borders`` are the lines from junction to junction with the atoms on both sides: what
        is dragged.

        Parameters
        ----------
        within : (level, code), optional
            Only grids, atoms and borders in that area above the grids, or in that grid; a level
            above comes as a whole.

        Raises
        ------
        NotFound
            When there is no such layer, or no such area.
        """
        from gridmap.workspace.draft_frames import draft_frame

        state = self.draft_state(number, version=version, actor=actor)
        among = None if within is None else self._atoms_within(state, *within)
        return draft_frame(state, level, among)

    def compare_draft(
        self,
        number: int,
        other: int | str | None = None,
        *,
        version: int | None = None,
        actor: Actor | None = None,
    ) -> Comparison:
        """Compare a draft, after, with its edition or another plan, before.

        Parameters
        ----------
        other : int or str, optional
            Number of another draft, or name of an edition; the one that the draft began with
            by default. Where borders were moved, what lies between the old and the new ones is
            a cell of its own, with its share of the homes by area.

        Raises
        ------
        NotFound, BadValue
        """
        from gridmap.planning.overlay import compare_states

        self._may(actor, Action.EDITION_CHECK)
        after = self._opened(number, version)
        name = str(other) if isinstance(other, str) else after.record["edition"]
        if isinstance(other, int):
            opened = self._opened(other)
            before, name = opened.state, opened.record["name"]
        else:
            before = self._edition_state(name, after)
        return compare_states(before, after.state, (name, after.record["name"]))

    def check_draft(
        self, number: int, *, version: int | None = None, actor: Actor | None = None
    ) -> Examination:
        """Return what the audit finds in a draft as the edition that it would be, from now on.

        Codes are looked at beside the edition in force. Routes are proved, and open reports
        that move are listed, by a dry run of :meth:`publish_draft`.
        """
        from gridmap.planning.drafted import drafted_coverage

        self._may(actor, Action.EDITION_CHECK)
        draft = self._opened(number, version)
        name = str(draft.record["name"])
        coverage, now = drafted_coverage(draft.state, name), self.clock()
        before, _ = self._neighbours(self.store.edition(draft.record["edition"]).family, now)
        faults = self._faults(coverage, now, before, stored=False)
        return Examination(name, coverage, faults)

    # -- inside ---------------------------------------------------------------------

    def _atoms_within(self, state: PlanState, level: str, code: str) -> Any:
        """Return which atoms lie in an area above the grids, or in a grid."""
        if level == state.graph.level:
            return state.grid_of == state.grid(code)
        levels = state.graph.coverage.levels
        above = levels.names[: levels.rank(state.graph.level)]
        if level not in above:
            raise NotFound(
                "The draft has no areas of that level to look into.",
                got=level,
                allowed=[*above, state.graph.level],
            )
        return self.atoms_of(state.graph, level, code)

    def _atoms_above(self, graph: PlanGraph, level: str, code: str) -> Any:
        """Return which atoms lie in an area; `BadValue` for one that is not above the grids."""
        levels = graph.coverage.levels
        allowed = levels.names[: levels.rank(graph.level)]
        if level not in allowed:
            raise BadValue("An area above the grids is meant.", got=level, allowed=allowed)
        return self.atoms_of(graph, level, code)

    def _edition_state(self, name: str, like: OpenDraft) -> PlanState:
        """Return an edition as a draft of it would begin, at the level of another draft."""
        from gridmap.planning.state import first_state

        if name == like.record["edition"]:
            return first_state(like.state.ground)
        record = self._draft_record(self._planned_coverage(name), like.record["level"])
        return first_state(self._desk.ground(record))
