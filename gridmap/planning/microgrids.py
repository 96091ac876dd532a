"""Areas split into finer ones from the buildings in them: grids into micro-grids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import Area, Levels
from gridmap.coverage.model import STORED_CRS, Coverage, union_of
from gridmap.errors import BadValue
from gridmap.planning.barriers import Barriers
from gridmap.planning.cells import Cells, building_cells
from gridmap.planning.graph import PlanGraph, planning_graph
from gridmap.planning.plan import Plan

__all__ = ["CellGround", "cell_ground", "micro_coverage", "micro_frame"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

_CELL = "building_cell"


@dataclass(frozen=True, eq=False)
class CellGround:
    """Areas divided into cells, to plan finer areas from.

    Attributes
    ----------
    source : Coverage
    level : str
        Of the areas that are planned.
    parents : int64 (k,)
        Rows of `source` that are split.
    others : int64 (m,)
        Rows of the finest areas around.
    cells : Cells
    graph : PlanGraph
        Over the cells; the areas of today, where there are any, are those of `level`.
    """

    source: Coverage
    level: str
    parents: Rows
    others: Rows
    cells: Cells
    graph: PlanGraph


def cell_ground(
    source: Coverage,
    level: str,
    inside: NDArray[np.bool_],
    homes: tuple[Floats, Floats],
    *,
    barriers: Barriers | None = None,
    estates: Mapping[str, Any] | None = None,
) -> CellGround:
    """Return areas divided among their buildings.

    Parameters
    ----------
    source : Coverage
        EPSG:4326.
    level : str
        Of the areas to plan, the finest one; those of the level above are split.
    inside : bool (rows of `source`,)
        Which areas of the level above are split; exclusive ones never are.
    homes : (float64 (b, 2), float64 (b,))
        Places of buildings, EPSG:4326, and households.

    Raises
    ------
    UnknownLevel
    BadValue
        When the level is not the finest, or nothing is there to be split.
    """
    rank = source.levels.rank(level)
    if rank == 0 or rank != len(source.levels.names) - 1:
        raise BadValue(
            "Areas of the finest level are planned from buildings.",
            got=level,
            allowed=source.levels.names[-1],
            repair="Name the finer level first: gridmap levels --set.",
        )
    above = source.levels.names[rank - 1]
    rows = source.rows(above)
    parents = rows[inside[rows] & (source.kind[rows] == "basic") & ~source.hidden[rows]]
    if not len(parents):
        raise BadValue(
            "There is nothing to split.", got=above, allowed=f"an area with basic areas of {above}"
        )
    atoms = source.atoms
    owner = source.ancestors[atoms, rank - 1]
    mine = np.isin(owner, parents)
    others = atoms[~mine & ~source.hidden[atoms]]
    outlines = np.empty(len(parents), dtype=object)
    for k, row in enumerate(parents.tolist()):
        outlines[k] = union_of(source.geometry[atoms[owner == row]])
    cells = building_cells(outlines, source.geometry[others], *homes)
    fine = atoms[mine & (source.rank[atoms] == rank)]
    coverage = _cell_coverage(source, level, above, parents, fine, cells)
    names = _cell_codes(source, parents, cells)
    amounts = {
        "households": dict(zip(names, cells.households.tolist(), strict=True)),
        "buildings": dict(zip(names, cells.buildings.astype(float).tolist(), strict=True)),
    }
    graph = planning_graph(
        coverage, level=level, amounts=amounts, barriers=barriers, estates=estates
    )
    return CellGround(source, level, parents, others, cells, graph)


def micro_frame(ground: CellGround, plan: Plan) -> gpd.GeoDataFrame:
    """Return planned areas as a layer (EPSG:4326), ready to be imported."""
    graph = ground.graph
    shapes = graph.coverage.geometry[graph.row]
    outline = np.empty(len(plan), dtype=object)
    for grid in range(len(plan)):
        outline[grid] = union_of(shapes[plan.members(grid)])
    sums = {
        name: np.bincount(plan.grid_of, held, len(plan)).astype(np.int64)
        for name, held in graph.amount.items()
    }
    return gpd.GeoDataFrame(
        {
            "code": plan.code,
            "name": plan.title,
            "name_en": plan.title_en,
            "parent": graph.container_code[plan.container],
            "kind": plan.kind,
            **sums,
        },
        geometry=outline,
        crs=STORED_CRS,
    )


def micro_coverage(ground: CellGround, frame: gpd.GeoDataFrame, edition: str) -> Coverage:
    """Return the edition with its areas split as planned, vertices put into the neighbours."""
    source, rank = ground.source, ground.source.levels.rank(ground.level)
    above = source.levels.names[rank - 1]
    pinned = {int(ground.others[i]): shape for i, shape in ground.cells.pinned.items()}
    split = set(ground.parents.tolist())
    # What is split, and what that lies in, is drawn anew from what is in it.
    derived = {*source.ancestors[ground.parents].ravel().tolist()} - {-1}
    areas: list[Area] = []
    shapes: list[Any] = []
    for row in range(len(source)):
        if int(source.rank[row]) == rank and int(source.ancestors[row, rank - 1]) in split:
            continue
        areas.append(replace(source.area(row), id=-1))
        shapes.append(None if row in derived else pinned.get(row, source.geometry[row]))
    for one in frame.to_dict("records"):
        areas.append(
            Area(
                -1, ground.level, one["code"], one["name"], one["name_en"], above, one["parent"],
                one["kind"], provisional=False,
            )
        )  # fmt: skip
        shapes.append(one["geometry"])
    return Coverage.build(edition, source.levels, areas, shapes)


def _cell_coverage(
    source: Coverage, level: str, above: str, parents: Rows, fine: Rows, cells: Cells
) -> Coverage:
    """Return the cells under the areas of today that they lie in, else under what is split."""
    inner = shapely.point_on_surface(cells.shape)
    at, found = shapely.STRtree(source.geometry[fine]).query(inner, predicate="intersects")
    today = dict(zip(at[::-1].tolist(), fine[found[::-1]].tolist(), strict=True))
    areas = [
        replace(source.area(int(row)), id=-1, parent_level=None, parent_code=None)
        for row in parents
    ]
    areas += [replace(source.area(row), id=-1) for row in sorted({*today.values()})]
    shapes: list[Any] = [None] * len(areas)
    codes = _cell_codes(source, parents, cells)
    for k, (shape, code) in enumerate(zip(cells.shape, codes, strict=True)):
        row = today.get(k)
        parent = (above, parents[cells.area[k]]) if row is None else (level, row)
        areas.append(
            Area(
                -1, _CELL, code, "", "", parent[0], str(source.code[parent[1]]), "basic",
                provisional=False,
            )
        )  # fmt: skip
        shapes.append(shape)
    return Coverage.build(source.edition, Levels([above, level, _CELL]), areas, shapes)


def _cell_codes(source: Coverage, parents: Rows, cells: Cells) -> list[str]:
    """Names for cells in what is told of them: the area that each is in, and a number."""
    return [f"{source.code[parents[area]]}/{k + 1}" for k, area in enumerate(cells.area.tolist())]
