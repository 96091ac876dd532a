"""Grids that have no finer areas where others have some: suggestions leave them as they are."""

from __future__ import annotations

import numpy as np
import shapely

from gridmap.coverage.model import Coverage
from gridmap.planning.applying import apply_edit
from gridmap.planning.edits import MovePoints
from gridmap.planning.graph import planning_graph
from gridmap.planning.ground import Ground
from gridmap.planning.regions import divide
from gridmap.planning.reshaping import SAME_PLACE
from gridmap.planning.rules import Rules
from gridmap.planning.state import first_state
from tests.draft_cases import ground, start
from tests.planning_cases import SIZE

WHOLE = "C0001"


def test_where_all_grids_are_divided_all_ground_is_planned():
    graph = ground().graph
    assert graph.loose.all()
    assert start().graph.loose.all()
    assert divide(graph, Rules(), np.ones(len(graph), dtype=bool)).fixed.tolist() == []


def test_a_grid_without_finer_areas_has_to_stay():
    board = ground().graph.coverage
    areas, shapes, cells = [], [], []
    for row in range(len(board)):
        area, shape = board.area(row), board.geometry[row]
        if area.parent_code == WHOLE:
            cells.append(shape)
            continue
        areas.append(area)
        shapes.append(shape if area.level == "microgrid" else None)
    shapes[[area.code for area in areas].index(WHOLE)] = shapely.union_all(cells)
    graph = planning_graph(
        Coverage.build("mixed", board.levels, areas, shapes), amounts={"households": {}}
    )
    assert graph.code[~graph.loose].tolist() == [WHOLE]
    found = divide(graph, Rules(), np.ones(len(graph), dtype=bool))
    assert graph.grid_code[found.fixed].tolist() == [WHOLE]
    planned = np.concatenate([atoms for region in found.regions for atoms in region.atoms])
    assert graph.place[WHOLE] not in planned
    assert len(planned) == len(graph) - 1
    # Nor does it lose that by a border that is moved.
    state = first_state(Ground(graph))
    x, y = next(
        point
        for point in shapely.get_coordinates(state.shapes[graph.place[WHOLE]]).tolist()
        if shapely.dwithin(state.shapes, shapely.Point(point), SAME_PLACE).sum() == 4
    )
    after = apply_edit(state, MovePoints((((x, y), (x + 0.1 * SIZE, y)),))).state
    assert after.graph.row[graph.place[WHOLE]] < 0
    assert after.graph.code[~after.graph.loose].tolist() == [WHOLE]
