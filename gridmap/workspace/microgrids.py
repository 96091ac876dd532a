"""Grids split into micro-grids from their buildings, and the result kept as a draft."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gridmap.access import Action, Actor
from gridmap.workspace.base import Progress
from gridmap.workspace.plan_reading import PlanReading

if TYPE_CHECKING:
    import geopandas as gpd

    from gridmap.planning.microgrids import CellGround
    from gridmap.planning.rules import Rules
    from gridmap.planning.suggestion import Suggested, Suggestion

__all__ = ["MicroSplit", "Microgrids"]


@dataclass(frozen=True, eq=False)
class MicroSplit:
    """Micro-grids planned from buildings.

    Attributes
    ----------
    ground : CellGround
    found : Suggestion
        One plan.
    frame : GeoDataFrame
        The micro-grids: code, name, parent, households, buildings, geometry.
    """

    ground: CellGround
    found: Suggestion
    frame: gpd.GeoDataFrame

    @property
    def plan(self) -> Suggested:
        """The plan, with proofs and findings."""
        return self.found.plans[0]


class Microgrids(PlanReading):
    """Finer areas planned from the buildings of those above."""

    def split_areas(
        self,
        homes: tuple[Any, Any],
        rules: Rules,
        *,
        edition: str | None = None,
        level: str = "microgrid",
        area: tuple[str, str] | None = None,
        total: int | tuple[int, int] | None = None,
        seed: int = 0,
        workers: int = 2,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
        actor: Actor | None = None,
    ) -> MicroSplit:
        """Split areas into finer ones; see :func:`gridmap.planning.suggest.suggest`.

        Parameters
        ----------
        homes : (float64 (n, 2), float64 (n,))
            Places of buildings, EPSG:4326, and their households.
        level : str
            Of the finer areas; the level above is split, exclusive areas left out.
        area : (level, code), optional
            Only inside that area.
        total : int or (int, int), optional
            How many finer areas there shall be.

        Raises
        ------
        NotFound, UnknownLevel, BadValue
        """
        from gridmap.planning.barriers import Barriers
        from gridmap.planning.microgrids import cell_ground, micro_frame
        from gridmap.planning.suggest import suggest

        self._may(actor, Action.EDITION_CHECK)
        coverage = self._planned_coverage(edition)
        inside = np.ones(len(coverage), dtype=bool)
        if area is not None:
            row, rank = coverage.row(*area), coverage.levels.rank(area[0])
            inside = coverage.ancestors[:, rank] == row
        ground = cell_ground(
            coverage,
            level,
            inside,
            homes,
            barriers=Barriers.of(**self._barriers()),
            estates=self._estate_outlines(),
        )
        found = suggest(
            ground.graph,
            rules,
            total=total,
            used=self.used_codes(level),
            retired=self.gone_codes(level),
            seed=seed,
            workers=workers,
            progress=progress,
            stop=stop,
        )
        return MicroSplit(ground, found, micro_frame(ground, found.plans[0].plan))

    def store_split(
        self, split: MicroSplit, edition: str, *, commit: bool = False, actor: Actor | None = None
    ) -> None:
        """Store planned finer areas as a draft of an edition; a dry run unless `commit`.

        Neighbours get the vertices in which borders of the new areas end.

        Raises
        ------
        Conflict
            When there is an edition of that name.
        """
        from gridmap.planning.drafted import DraftedLevel
        from gridmap.planning.microgrids import micro_coverage

        who = self._may(actor, Action.EDITION_DRAFT)
        source = split.ground.source
        self.draft(edition, source=source.edition, commit=False, actor=who)
        coverage = micro_coverage(split.ground, split.frame, edition)
        if not commit:
            return
        ground = split.ground
        drawn = {*ground.others[[*ground.cells.pinned]].tolist()}
        drawn |= {*source.ancestors[ground.parents].ravel().tolist()} - {-1}
        levels = {source.levels[int(source.rank[row])].name for row in drawn} | {ground.level}
        new = split.frame.set_index("code")[["households", "buildings"]].to_dict("index")
        made = []
        for level in sorted(levels, key=source.levels.rank):
            further = self.store.attributes(source.edition, level)
            if level == ground.level:
                further = {**further, **new}
            rows = coverage.rows(level)
            areas = [replace(coverage.area(row), id=-1) for row in rows.tolist()]
            held = [dict(further.get(area.code, {})) for area in areas]
            # As declared: the polygon of what was split, and of what holds it, is derived.
            made.append(DraftedLevel(level, areas, coverage.geometry[rows], held))
        self._store_planned(source.edition, edition, made, coverage.fingerprint(), who)
