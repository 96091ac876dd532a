"""Drafts as layers, and lines of the ground that an edit follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.model import STORED_CRS
from gridmap.errors import NotFound
from gridmap.planning.arcs import arcs_of
from gridmap.planning.drafted import drafted_coverage, level_shapes
from gridmap.planning.state import PlanState

__all__ = ["BORDERS", "draft_frame", "ground_lines"]

BORDERS = "borders"


def draft_frame(
    state: PlanState, level: str | None = None, among: NDArray[np.bool_] | None = None
) -> gpd.GeoDataFrame:
    """Return a level of a draft (EPSG:4326); the planned one by default.

    Parameters
    ----------
    among : bool (n,), optional
        Only these atoms, the grids that have one of them, or the borders on any side of which
        one lies; nothing else is narrowed.

    Raises
    ------
    NotFound
        When there is no such layer.
    """
    graph, names = state.graph, state.graph.coverage.levels.names
    if level in (None, graph.level):
        return _grids(state, among)
    if level == state.ground.finest:
        return _atoms(state, among)
    if level == BORDERS:
        return _borders(state, among)
    if level not in names:
        raise NotFound("The draft has no such layer.", got=level, allowed=(*names, BORDERS))
    frame: gpd.GeoDataFrame = drafted_coverage(state, graph.edition).frame(str(level))
    return frame[frame.geometry.notna()]


def ground_lines(
    records: Sequence[Mapping[str, Any]], along: Mapping[str, Any]
) -> list[list[tuple[float, float]]]:
    """Return the lines of a road, a river or a railway of the base data.

    Parameters
    ----------
    records : sequence of mapping
        Of the ground.
    along : mapping
        ``layer`` (``roads``, ``rivers``, ``railways`` ...) with ``name`` or ``code``.

    Raises
    ------
    NotFound
        When the ground has no such thing.
    """
    layer, name, code = (along.get(key) for key in ("layer", "name", "code"))
    found = [
        row["geom"]
        for row in records
        if row["layer"] == layer
        and (row["code"] == code if code else bool(name) and row["name"] == name)
    ]
    if not found:
        raise NotFound(
            "The base data have no such line.",
            got=f"{layer}: {code or name}",
            allowed=sorted({row["layer"] for row in records}) or "none yet",
            repair="Name a layer, and a name or code in it.",
        )
    parts = shapely.get_parts(shapely.line_merge(shapely.union_all([_as_lines(g) for g in found])))
    return [[(x, y) for x, y in shapely.get_coordinates(part).tolist()] for part in parts]


def _as_lines(shape: Any) -> Any:
    return shapely.boundary(shape) if shapely.get_dimensions(shape) == 2 else shape


def _grids(state: PlanState, among: NDArray[np.bool_] | None) -> gpd.GeoDataFrame:
    graph = state.graph
    shapes = level_shapes(state, among)
    above = np.append(graph.container_code, "")
    rows = [
        {
            "code": state.grids[g].code,
            "name": state.grids[g].title,
            "name_en": state.grids[g].title_en,
            "kind": state.grids[g].kind,
            "parent_code": str(above[state.grids[g].container]) or None,
            "atoms": int(state.tally.size[g]),
            **state.numbers(g).held,
        }
        for g, _ in shapes
    ]
    return gpd.GeoDataFrame(rows, geometry=[shape for _, shape in shapes], crs=STORED_CRS)


def _atoms(state: PlanState, among: NDArray[np.bool_] | None) -> gpd.GeoDataFrame:
    rows = []
    chosen = np.arange(len(state)) if among is None else np.flatnonzero(among)
    for i in chosen.tolist():
        one, grid = state.atoms[i], int(state.grid_of[i])
        rows.append(
            {
                "code": one.code,
                "name": one.name,
                "name_en": one.name_en,
                "kind": one.kind,
                "parent_code": state.grids[grid].code if grid >= 0 else None,
                "estimated": one.estimated,
                **{name: float(held[i]) for name, held in state.graph.amount.items()},
            }
        )
    return gpd.GeoDataFrame(rows, geometry=list(state.shapes[chosen]), crs=STORED_CRS)


def _borders(state: PlanState, among: NDArray[np.bool_] | None) -> gpd.GeoDataFrame:
    lines, sides = arcs_of(state.shapes) if among is None else _arcs_around(state, among)
    rows = []
    for left, right in sides:
        grids = [int(state.grid_of[i]) if i >= 0 else -1 for i in (left, right)]
        rows.append(
            {
                "left": state.atoms[left].code,
                "right": state.atoms[right].code if right >= 0 else None,
                "left_grid": state.grids[grids[0]].code if grids[0] >= 0 else None,
                "right_grid": state.grids[grids[1]].code if grids[1] >= 0 else None,
            }
        )
    return gpd.GeoDataFrame(rows, geometry=lines, crs=STORED_CRS)


def _arcs_around(
    state: PlanState, among: NDArray[np.bool_]
) -> tuple[list[Any], list[tuple[int, int]]]:
    """Return the arcs on a side of which one of some atoms lies.

    What is beside them is walked too, across the border of the area above as well: a border is
    between the two that have it.
    """
    beside = shapely.STRtree(state.shapes).query(state.shapes[among])[1]
    atoms = np.unique(np.concatenate([np.flatnonzero(among), beside]))
    lines, sides = arcs_of(state.shapes[atoms])
    kept, found = [], []
    for line, (left, right) in zip(lines, sides, strict=True):
        pair = (int(atoms[left]), int(atoms[right]) if right >= 0 else -1)
        if among[pair[0]] or (pair[1] >= 0 and among[pair[1]]):
            kept.append(line)
            found.append(pair)
    return kept, found
