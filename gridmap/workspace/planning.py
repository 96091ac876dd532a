"""Planning: plans measured, replayed, compared and suggested."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gridmap.access import Action, Actor
from gridmap.coverage.families import BASE
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, NotFound
from gridmap.locate.locator import Locator
from gridmap.places.model import Post
from gridmap.tables import read_table
from gridmap.times import to_site
from gridmap.workspace.amounts import amounts_of
from gridmap.workspace.base import Progress
from gridmap.workspace.boundaries import Boundaries
from gridmap.workspace.exporting import Exporting
from gridmap.workspace.lifecycle import Lifecycle
from gridmap.workspace.mapping import Mapmaking
from gridmap.workspace.planned_levels import planned_import

if TYPE_CHECKING:
    from gridmap.maps.document import GridMap
    from gridmap.planning.compare import Comparison
    from gridmap.planning.drafted import DraftedLevel
    from gridmap.planning.graph import PlanGraph
    from gridmap.planning.measures import PlanMeasures
    from gridmap.planning.plan import Plan
    from gridmap.planning.replay import PastReports, Replay
    from gridmap.planning.rules import Limits, Rules
    from gridmap.planning.suggestion import Suggestion

__all__ = ["HANDLING_HOURS", "Planning"]

_YEAR = timedelta(days=365)
# Hours of a grid worker's time by handling level, where the site names none for an item:
# what the grid closes by itself, hands to the sub-district, or to several departments.
HANDLING_HOURS = {"G": 0.5, "S": 1.0, "X": 1.5}
_STATIONS = ("grid_station", "service_centre")


class Planning(Boundaries, Exporting, Mapmaking, Lifecycle):
    """Plans of grids over the atoms of an edition; all of it for staff."""

    def planning_graph(
        self,
        edition: str | None = None,
        *,
        level: str = "grid",
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        hours: str | Path | None = None,
        homes: bool = True,
        in_parts: bool = False,
        actor: Actor | None = None,
    ) -> PlanGraph:
        """Return the atoms of an edition with homes, reports, barriers, estates and stations.

        Parameters
        ----------
        edition : str, optional
            A draft too; the one in force now by default.
        level : str
            Whose areas are planned.
        since, until : str or datetime, optional
            Period of the reports; counted up to a year. The year up to now by default.
        hours : str or Path, optional
            CSV ``item,hours``: handling hours that are not those by level.
        homes : bool
            False: an edition whose households are not known will do.
        in_parts : bool
            The level is the finest that has areas: its areas' parts are the atoms; see
            :mod:`gridmap.planning.parts`.

        Raises
        ------
        NotFound, UnknownLevel, BadValue
        """
        from dataclasses import replace

        from gridmap.planning.barriers import Barriers
        from gridmap.planning.graph import planning_graph
        from gridmap.planning.parts import with_parts

        self._may(actor, Action.EDITION_CHECK)
        coverage = self._planned_coverage(edition)
        amounts = self._amounts(coverage, homes=homes)
        graph = planning_graph(
            with_parts(coverage, level) if in_parts else coverage,
            level=level,
            amounts=amounts,
            barriers=Barriers.of(**self._barriers()),
            estates=self._estate_outlines(),
            stations=self._stations(),
        )
        start, end = self._period(since, until)
        reports = self.past_reports(graph, since=start, until=end, hours=hours, actor=actor)
        if not len(reports):
            return graph
        a_year = _YEAR / max(end - start, timedelta(days=1))
        counted = {name: held * a_year for name, held in reports.amounts(len(graph)).items()}
        return replace(graph, amount={**graph.amount, **counted})

    def past_reports(
        self,
        graph: PlanGraph,
        *,
        since: str | datetime | None = None,
        until: str | datetime | None = None,
        hours: str | Path | None = None,
        actor: Actor | None = None,
    ) -> PastReports:
        """Return the reports of a period, located to the atoms of a graph.

        Parameters
        ----------
        since, until : str or datetime, optional
            [since, until); the year up to now by default.
        hours : str or Path, optional
            See :meth:`planning_graph`.
        """
        from gridmap.planning.replay import PastReports

        self._may(actor, Action.EDITION_CHECK)
        start, end = self._period(since, until)
        found = self.store.past_reports(start, end)
        came = found["event_at"]
        local = [to_site(datetime.fromtimestamp(t, tz=start.tzinfo), self.zone) for t in came]
        months = sorted({f"{one:%Y-%m}" for one in local})
        items, item = _legend(found["item"])
        departments, department = _legend(found["department"])
        return PastReports(
            atom=self._atoms_at(graph, found["lon"], found["lat"]),
            month=np.array([months.index(f"{one:%Y-%m}") for one in local], dtype=np.int64),
            hour=np.array([one.hour for one in local], dtype=np.int64),
            item=item,
            department=department,
            came=came / 3600.0,
            due=found["due_at"] / 3600.0,
            closed=found["closed_at"] / 3600.0,
            hours=self._handling(found, hours),
            months=np.array(months, dtype=object),
            items=items,
            departments=departments,
        )

    def measure_plan(
        self, graph: PlanGraph, plan: Plan, limits: Limits | None = None
    ) -> PlanMeasures:
        """Return the measures of a plan, with the workers of the grids that go on."""
        from gridmap.planning.measures import measure_plan

        return measure_plan(graph, plan, limits, staff=self.grid_staff(graph.level))

    def grid_staff(self, level: str = "grid") -> dict[str, float]:
        """Return how many workers hold a post of each grid today."""
        day: date = to_site(self.clock(), self.zone).date()
        out: dict[str, float] = {}
        for row in self.store.records("posts"):
            post = Post(**row)
            if post.level == level and post.role == "grid_worker" and post.on_duty(day):
                out[post.area_code] = out.get(post.area_code, 0.0) + 1.0
        return out

    def replay_plan(self, graph: PlanGraph, plan: Plan, reports: PastReports) -> Replay:
        """Put past reports on a plan."""
        from gridmap.planning.replay import replay

        return replay(graph, plan, reports)

    def compare_plans(self, graph: PlanGraph, before: Plan, after: Plan) -> Comparison:
        """Compare two plans, atom by atom and grid by grid."""
        from gridmap.planning.compare import compare_plans

        return compare_plans(graph, before, after)

    def suggest_plans(
        self,
        graph: PlanGraph,
        rules: Rules | None = None,
        *,
        area: tuple[str, str] | None = None,
        total: int | tuple[int, int] | None = None,
        used: Collection[str] = (),
        seed: int = 0,
        workers: int = 2,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
        actor: Actor | None = None,
    ) -> Suggestion:
        """Suggest plans; see :func:`gridmap.planning.suggest.suggest`.

        Parameters
        ----------
        area : (level, code), optional
            Only inside that area.
        used : collection of str
            Codes that no new grid gets, besides those of all editions: say a draft's.
        """
        from gridmap.planning.suggest import suggest

        self._may(actor, Action.EDITION_CHECK)
        return suggest(
            graph,
            rules,
            atoms=None if area is None else self.atoms_of(graph, *area),
            total=total,
            used=self.used_codes(graph.level) | {*used},
            retired=self.gone_codes(graph.level),
            seed=seed,
            workers=workers,
            progress=progress,
            stop=stop,
        )

    def rebalance_plans(
        self,
        graph: PlanGraph,
        grids: Sequence[str],
        rules: Rules | None = None,
        *,
        used: Collection[str] = (),
        seed: int = 0,
        progress: Progress | None = None,
        stop: Callable[[], bool] | None = None,
        actor: Actor | None = None,
    ) -> Suggestion:
        """Suggest how a few grids share their ground; see :func:`.suggest.rebalance`."""
        from gridmap.planning.suggest import rebalance

        self._may(actor, Action.EDITION_CHECK)
        return rebalance(
            graph,
            grids,
            rules,
            used=self.used_codes(graph.level) | {*used},
            retired=self.gone_codes(graph.level),
            seed=seed,
            progress=progress,
            stop=stop,
        )

    def atoms_of(self, graph: PlanGraph, level: str, code: str) -> Any:
        """Return which atoms lie in an area; `NotFound` when the edition has no such area."""
        coverage = graph.coverage
        row, rank = coverage.row(level, code), coverage.levels.rank(level)
        # What a draft has cut off is no area of the edition: it lies where its container does.
        above = [coverage.row(graph.above, str(one)) if one else -1 for one in graph.container_code]
        rows = np.where(graph.row >= 0, graph.row, np.array([*above, -1])[graph.container])
        return (coverage.ancestors[rows, rank] == row) & (rows >= 0)

    def used_codes(self, level: str) -> set[str]:
        """Return every code of a level that any edition has or had, and that was retired."""
        found = {one.code for one in self.store.retired_codes(BASE) if one.level == level}
        for edition in self.store.editions(BASE):
            coverage = self._stored_coverage(edition)
            if level in coverage.levels.names:
                found |= set(coverage.code[coverage.rows(level)].tolist())
        return found

    def gone_codes(self, level: str) -> set[str]:
        """Return the codes of a level that are retired and not back in use."""
        return {
            one.code
            for one in self.store.retired_codes(BASE)
            if one.level == level and one.back_in is None
        }

    def comparison_map(self, comparison: Comparison, *, actor: Actor | None = None) -> GridMap:
        """Return a document with both plans under a slider, and the from-to table to print."""
        from gridmap.maps.basemap import base_map
        from gridmap.maps.document import MapInfo
        from gridmap.maps.swipe import swipe_map

        who = self._may(actor, Action.EDITION_CHECK)
        before, after = comparison.before.name, comparison.after.name
        info = MapInfo(
            title=f"网格方案对比：{before} → {after}",
            title_en=f"Plans compared: {before} → {after}",
            lang=self.settings.language,
            edition=f"{before} → {after}",
            as_of=to_site(self.clock(), self.zone).date().isoformat(),
            review_no=self.settings.map_review_no,
            demo=self.store.is_demo(),
            internal=True,
            base=base_map(self.settings, beyond=True, for_actor=who),
        )
        return swipe_map(
            comparison.grids("before"),
            comparison.grids("after"),
            comparison.cells(),
            comparison.flows(),
            comparison.whole(),
            info=info,
            actor=who,
        )

    # -- inside ---------------------------------------------------------------------

    def _planned_coverage(self, edition: str | None) -> Coverage:
        if edition is None:
            return self.coverage_at()
        for known in self.store.editions():
            if known.name == edition:
                return self._stored_coverage(known)
        raise NotFound("There is no such edition.", got=edition, repair="See `gridmap editions`.")

    def _amounts(self, coverage: Coverage, *, homes: bool) -> dict[str, dict[str, float]]:
        out = amounts_of(self.store, coverage)
        if homes and "households" not in out:
            raise BadValue(
                "The households of the atoms are not known, and grids are planned by them.",
                got=coverage.edition,
                repair="Import the finest level with a column households (户数).",
            )
        return out

    def _barriers(self) -> dict[str, list[Any]]:
        out: dict[str, list[Any]] = {"river": [], "rail": [], "arterial": []}
        for row in self.store.records("ground"):
            if row["layer"] in ("water", "rivers"):
                out["river"].append(row["geom"])
            elif row["layer"] == "railways":
                out["rail"].append(row["geom"])
            elif row["layer"] == "roads" and row["rank"] == 0:
                out["arterial"].append(row["geom"])
        return out

    def _estate_outlines(self) -> dict[str, Any]:
        found = self.store.records("overlays")
        return {row["code"]: row["geom"] for row in found if row["kind"] == "estate"}

    def _stations(self) -> Any:
        places = self.store.records("places")
        for category in _STATIONS:
            found = [(p["lon"], p["lat"]) for p in places if p["category"] == category]
            if found:
                return np.array(found, dtype=np.float64)
        return np.empty((0, 2))

    def _period(
        self, since: str | datetime | None, until: str | datetime | None
    ) -> tuple[datetime, datetime]:
        end = self._moment(until) or self.clock()
        start = self._moment(since) or end - _YEAR
        if start >= end:
            raise BadValue(
                "The period ends before it begins.", got=f"{start.isoformat()}/{end.isoformat()}"
            )
        return start, end

    def _atoms_at(self, graph: PlanGraph, lon: Any, lat: Any) -> Any:
        out = np.full(len(lon), -1, dtype=np.int64)
        codes = Locator(graph.coverage).locate(lon, lat, areas_only=True).codes
        ranks = graph.coverage.rank[graph.row]
        for rank in np.unique(ranks).tolist():
            mine = {str(graph.code[i]): i for i in np.flatnonzero(ranks == rank).tolist()}
            column = codes[graph.coverage.levels[rank].name]
            found = np.array([mine.get(code, -1) for code in column.tolist()], dtype=np.int64)
            out = np.where(found >= 0, found, out)
        return out

    def _handling(self, found: Mapping[str, Any], path: str | Path | None) -> Any:
        known = {} if path is None else _item_hours(self.foreign(Path(path)))
        return np.array(
            [
                known.get(item, HANDLING_HOURS.get(level, HANDLING_HOURS["G"]))
                for item, level in zip(found["item"], found["handling_level"], strict=True)
            ],
            dtype=np.float64,
        )

    def _store_planned(
        self, source: str, edition: str, levels: Sequence[DraftedLevel], digest: str, who: Actor
    ) -> None:
        """Make a draft of an edition with planned areas in the place of those of their levels.

        Not a part of it is seen before the whole is.

        Parameters
        ----------
        digest : str
            SHA-256 of the plan, kept with the imports.
        """
        instead = [planned_import(level, f"plan:{edition}", digest) for level in levels]
        self.store.copy_edition(source, edition, who, instead=instead)
        self._expire()


def _item_hours(path: Path) -> dict[str, float]:
    """Return handling hours by item from a CSV table."""
    out: dict[str, float] = {}
    seen: dict[str, int] = {}
    for row in read_table(path, ("item", "hours")):
        item = row.unique("item", seen)
        try:
            out[item] = float(row.text("hours"))
        except ValueError:
            row.refuse("hours", "is not a number", allowed="hours, for example 0.5")
        if not 0 <= out[item] < 10_000:
            row.refuse("hours", "is out of range", allowed="0 to 10,000")
    return out


def _legend(values: Any) -> tuple[Any, Any]:
    """Return the different texts, and the number of each value among them, -1 for empty."""
    names = sorted({v for v in values.tolist() if v})
    number = {name: i for i, name in enumerate(names)}
    return np.array(names, dtype=object), np.array(
        [number.get(v, -1) for v in values.tolist()], dtype=np.int64
    )
