"""What drafts are drawn over, and drafts opened at a version."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from gridmap.access import Actor
from gridmap.errors import Conflict, NotFound, Stale
from gridmap.planning.log import need_version
from gridmap.times import to_site
from gridmap.workspace.planning import Planning
from gridmap.workspace.publishing import Publishing

if TYPE_CHECKING:
    from gridmap.areas import Levels
    from gridmap.coverage.model import Coverage
    from gridmap.planning.graph import PlanGraph
    from gridmap.planning.ground import Ground
    from gridmap.workspace.draft_states import DraftDesk, OpenDraft

__all__ = ["DraftGrounds"]


class DraftGrounds(Planning, Publishing):
    """Editions as grounds for drafts, and the names of things on the ground that edits use."""

    @cached_property
    def _desk(self) -> DraftDesk:
        from gridmap.workspace.draft_states import DraftDesk

        return DraftDesk(self.store, self._ground_of)

    def _draft_at(self, number: int, version: int) -> OpenDraft:
        """Return a draft that has a version, or raise what appending to another one would."""
        draft = self._desk.open(number)
        if draft.version != version or draft.record["state"] != "open":
            need_version(draft.record, version, draft.log)
        return draft

    @contextmanager
    def _changes_told(self) -> Iterator[None]:
        """Tell what others did meanwhile in the site's time, as the log does."""
        try:
            yield
        except Stale as error:
            for one in error.changes:
                at = to_site(datetime.fromisoformat(one["at"]), self.zone)
                one["at"] = at.isoformat()
            raise

    def _draft_record(self, coverage: Coverage, level: str | None) -> dict[str, Any]:
        """Return what a draft that begins with an edition is drawn over."""
        return {
            "edition": coverage.edition,
            "content_hash": coverage.fingerprint(),
            "level": self._level_to_plan(coverage, level),
        }

    def _level_to_plan(self, coverage: Coverage, level: str | None) -> str:
        """Return the level that is planned over an edition; `BadValue` for one that cannot be."""
        from gridmap.planning.ground import planned_level

        counts = {name: len(coverage.rows(name)) for name in coverage.levels.names}
        return planned_level(coverage.levels.names, counts, level)

    def _ground_of(self, record: Mapping[str, Any]) -> Ground:
        """Return what a draft is drawn over; `Conflict` when its edition was changed since."""
        from gridmap.planning.ground import need_plannable

        level = record["level"]
        coverage = self._begun_with(record)
        finer = coverage.levels.names[coverage.levels.rank(level) + 1 :]
        in_parts = not any(len(coverage.rows(name)) for name in finer)
        graph = self.planning_graph(
            record["edition"], level=level, homes=False, in_parts=in_parts, actor=Actor.operator()
        )
        need_plannable(graph)
        return self._ground_on(graph, coverage.levels if in_parts else None)

    def _begun_with(self, record: Mapping[str, Any]) -> Coverage:
        """Return the areas that a draft began with; `Conflict` when they were changed since."""
        coverage = self._planned_coverage(record["edition"])
        if coverage.fingerprint() != record["content_hash"]:
            raise Conflict(
                "The edition that the draft began with has been changed since.",
                got=record["edition"],
                repair="Begin another draft from it as it is now.",
            )
        return coverage

    def _ground_on(self, graph: PlanGraph, levels: Levels | None = None) -> Ground:
        """Return the atoms of an edition with all that drafts have of it.

        Parameters
        ----------
        levels : Levels, optional
            Of the edition, where the atoms are parts.
        """
        from gridmap.planning.barriers import Barriers
        from gridmap.planning.ground import Ground, need_codes

        need_codes(graph)
        names = graph.coverage.levels.names
        kept = self.store.attributes(graph.edition, graph.level)
        return Ground(
            graph=graph,
            barriers=Barriers.of(**self._barriers()),
            estates=self._estate_outlines(),
            grid_kept=kept,
            atom_kept=kept if levels else self.store.attributes(graph.edition, graph.finest),
            above_kept={
                name: self.store.attributes(graph.edition, name)
                for name in names[: names.index(graph.level)]
            },
            used_grids=frozenset(self.used_codes(graph.level)),
            used_atoms=frozenset() if levels else frozenset(self.used_codes(graph.finest)),
            gone=frozenset(self.gone_codes(graph.level)),
            staff=self.grid_staff(graph.level),
            levels=levels,
        )

    def _resolved(self, edit: Mapping[str, Any]) -> dict[str, Any]:
        """Return an edit with the ground and the estates that it names as lines and outlines."""
        made = dict(edit)
        along = made.get("along")
        if isinstance(along, Mapping):
            from gridmap.workspace.draft_frames import ground_lines

            made["lines"] = ground_lines(self.store.records("ground"), along)
            made["along"] = f"{along.get('layer', '')}: {along.get('name') or along.get('code')}"
        code = made.pop("estate", None)
        if code is not None:
            import shapely

            estates = self._estate_outlines()
            if code not in estates:
                raise NotFound("There is no estate of that code.", got=code)
            made["outline"] = shapely.geometry.mapping(estates[code])
            made["along"] = f"estate: {code}"
        return made
