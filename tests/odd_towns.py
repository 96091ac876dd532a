"""Small towns of rectangles, to be divided where borders are odd."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import shapely

from gridmap.areas import Area
from gridmap.coverage.model import Coverage
from gridmap.planning.graph import planning_graph
from gridmap.planning.ground import Ground
from gridmap.planning.state import PlanState, first_state
from tests.planning_cases import LAT, LEVELS, LON, SIZE


def ring(*corners: tuple[float, float]) -> shapely.Polygon:
    """A polygon by its corners, in cells from the south-west of the board."""
    return shapely.Polygon([place(*corner) for corner in corners])


def place(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a place on the board."""
    return LON + SIZE * x, LAT + SIZE * y


def box(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    """A rectangle, with a vertex at every whole number of its sides."""
    found = ring((west, south), (east, south), (east, north), (west, north))
    every = [place(x, y) for x in range(8) for y in range(8)]
    on = [p for p in every if shapely.distance(found.exterior, shapely.Point(p)) < 1e-12]
    corners = [tuple(p) for p in shapely.get_coordinates(found)[:-1].tolist()]
    line = found.exterior
    points = sorted({*corners, *on}, key=lambda p: line.project(shapely.Point(p)))
    return shapely.Polygon(points)


def town(
    shapes: Mapping[str, Any],
    homes: Mapping[str, float] | None = None,
    grids: Mapping[str, Mapping[str, Any]] | None = None,
) -> PlanState:
    """Micro-grids by code: the first two letters are the community's, the first four the grid's.

    `homes` are households of micro-grids, of those that are named; `grids` attributes of grids.
    """
    areas, geometry = [], []

    def add(level: str, code: str, above: str | None, parent: str | None, shape: Any) -> None:
        areas.append(
            Area(len(areas), level, code, "", "", above, parent, "basic", provisional=False)
        )
        geometry.append(shape)

    for code in sorted({one[:2] for one in shapes}):
        add("community", code, None, None, None)
    for code in sorted({one[:4] for one in shapes}):
        add("grid", code, "community", code[:2], None)
    for code, shape in shapes.items():
        add("microgrid", code, "grid", code[:4], shape)
    coverage = Coverage.build("old", LEVELS, areas, np.array(geometry, dtype=object))
    amounts = None if homes is None else {"households": dict(homes)}
    kept = {code: {"households": int(held)} for code, held in (homes or {}).items()}
    graph = planning_graph(coverage, amounts=amounts)
    return first_state(Ground(graph, atom_kept=kept, grid_kept=grids or {}))
