"""Grids that have no finer areas where others have some: suggestions for drafts leave them."""

from __future__ import annotations

import shapely

from gridmap.coverage.model import Coverage
from gridmap.planning.graph import planning_graph
from gridmap.planning.takeover import immovable, undivided
from tests.draft_cases import ground, start

WHOLE = "C0001"


def test_where_all_grids_are_divided_none_has_to_stay():
    assert undivided(ground().graph) == frozenset()
    assert immovable(start()) == frozenset()


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
    graph = planning_graph(Coverage.build("mixed", board.levels, areas, shapes))
    assert WHOLE in graph.code
    assert undivided(graph) == {WHOLE}
