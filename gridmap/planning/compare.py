"""Two plans compared: atom by atom, grid by grid, in homes and reports that change grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.areas import Area
from gridmap.coverage.lineage.compute import lineage
from gridmap.coverage.lineage.model import LevelLineage
from gridmap.coverage.model import STORED_CRS, Coverage, union_of
from gridmap.errors import BadValue
from gridmap.planning.graph import PlanGraph
from gridmap.planning.plan import Plan

__all__ = ["Comparison", "compare_plans", "plan_coverage"]

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Comparison:
    """What differs between two plans of the same atoms.

    Attributes
    ----------
    before, after : Plan
    lineage : LevelLineage
        What became of each grid: kept, renamed, split, merged; see
        :mod:`gridmap.coverage.lineage`.
    moved : bool (n,)
        Atoms whose grid does not go on as the one they were in.
    """

    graph: PlanGraph
    before: Plan
    after: Plan
    lineage: LevelLineage
    moved: NDArray[np.bool_]

    def flows(self) -> pd.DataFrame:
        """Return the from-to table: atoms, area and all amounts by former and later grid."""
        graph = self.graph
        both = (self.before.grid_of >= 0) | (self.after.grid_of >= 0)
        old = np.append(self.before.code, "")[self.before.grid_of[both]]
        new = np.append(self.after.code, "")[self.after.grid_of[both]]
        frame = pd.DataFrame(
            {
                "from": old,
                "to": new,
                "moved": self.moved[both],
                "atoms": 1,
                "area_m2": graph.area_m2[both],
                **{name: held[both] for name, held in graph.amount.items()},
            }
        )
        return frame.groupby(["from", "to", "moved"], sort=True).sum().reset_index()

    def cells(self) -> gpd.GeoDataFrame:
        """Return the atoms (EPSG:4326): code, grid before and after, moved, amounts."""
        graph = self.graph
        return gpd.GeoDataFrame(
            {
                "code": graph.code,
                "before": np.append(self.before.code, "")[self.before.grid_of],
                "after": np.append(self.after.code, "")[self.after.grid_of],
                "moved": self.moved,
                **graph.amount,
            },
            geometry=graph.coverage.geometry[graph.row],
            crs=STORED_CRS,
        )

    def grids(self, which: str = "after") -> gpd.GeoDataFrame:
        """Return the grids before or after (EPSG:4326), with what they hold."""
        if which not in ("before", "after"):
            raise BadValue("A plan is before or after.", got=which, allowed=("before", "after"))
        plan = self.before if which == "before" else self.after
        shapes = _shapes(self.graph, plan)
        held = plan.grid_of >= 0
        sums = {
            name: np.bincount(plan.grid_of[held], amount[held], len(plan))
            for name, amount in self.graph.amount.items()
        }
        return gpd.GeoDataFrame(
            {"code": plan.code, "name": plan.title, "kind": plan.kind, **sums},
            geometry=shapes,
            crs=STORED_CRS,
        )

    def whole(self) -> dict[str, float]:
        """Return the figures: grids before and after, what moved, relations by kind."""
        out: dict[str, float] = {
            "grids_before": len(self.before),
            "grids_after": len(self.after),
            "atoms_moved": int(self.moved.sum()),
        }
        for name, held in self.graph.amount.items():
            out[f"{name}_moved"] = float(held[self.moved].sum())
            out[f"{name}_moved_share"] = out[f"{name}_moved"] / max(float(held.sum()), 1e-9)
        return out | {f"grids_{kind}": n for kind, n in self.lineage.counts().items()}


def compare_plans(graph: PlanGraph, before: Plan, after: Plan) -> Comparison:
    """Compare two plans of the same atoms.

    An atom has moved when its grid after is not the one that its grid before goes on as.
    """
    one, other = (plan_coverage(graph, plan) for plan in (before, after))
    homes = graph.amount.get("households")
    counted = {}
    if homes is not None:
        held = dict(zip(graph.code.tolist(), homes.tolist(), strict=True))
        counted["households"] = {graph.finest: held}
    found = lineage(one, other, counted=counted).level(graph.level)
    place_old = {code: i for i, code in enumerate(found.old_code.tolist())}
    place_new = {code: i for i, code in enumerate(found.new_code.tolist())}
    old = np.array([place_old.get(c, -2) for c in [*before.code.tolist(), ""]])[before.grid_of]
    new = np.array([place_new.get(c, -3) for c in [*after.code.tolist(), ""]])[after.grid_of]
    heir = np.append(found.heir, [-4, -5])
    moved = heir[old] != new
    return Comparison(graph, before, after, found, moved & ~((old < 0) & (new < 0)))


def plan_coverage(graph: PlanGraph, plan: Plan) -> Coverage:
    """Return an edition's areas as they would be under a plan, to be compared.

    All atoms are of one level there, grids and communities without finer areas too: what a plan
    makes of them is told by the grids alone. They keep their codes.
    """
    source, finest = graph.coverage, graph.finest
    rank = source.levels.rank(graph.level)
    grid_at = dict(zip(graph.row.tolist(), plan.grid_of.tolist(), strict=True))
    areas: list[Area] = []
    shapes: list[object] = []
    for row in range(len(source)):
        if int(source.rank[row]) == rank and row not in grid_at:
            continue
        area = source.area(row)
        if row in grid_at:
            area = replace(area, level=finest)
        if grid_at.get(row, -1) >= 0:
            code = str(plan.code[grid_at[row]])
            area = replace(area, kind="basic", parent_level=graph.level, parent_code=code)
        areas.append(area)
        shapes.append(source.geometry[row])
    for grid in range(len(plan)):
        at = int(plan.container[grid])
        areas.append(
            Area(
                id=-1,
                level=graph.level,
                code=str(plan.code[grid]),
                name=str(plan.title[grid]),
                name_en=str(plan.title_en[grid]),
                parent_level=graph.above if rank and at >= 0 else None,
                parent_code=str(graph.container_code[at]) if rank and at >= 0 else None,
                kind=str(plan.kind[grid]),
                provisional=False,
            )
        )
        shapes.append(None)
    return Coverage.build(plan.name or source.edition, source.levels, areas, shapes)


def _shapes(graph: PlanGraph, plan: Plan) -> NDArray[np.object_]:
    out = np.empty(len(plan), dtype=object)
    shapes = graph.coverage.geometry[graph.row]
    order = np.argsort(plan.grid_of, kind="stable")
    held = order[plan.grid_of[order] >= 0]
    begins = np.flatnonzero(np.diff(plan.grid_of[held], prepend=-1))
    for members in np.split(held, begins[1:]) if len(begins) else []:
        out[plan.grid_of[members[0]]] = union_of(shapes[members])
    return out
