"""Grids that have no finer areas, as parts of themselves: what a draft cuts and gives away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gridmap.areas import Area, Level, Levels
from gridmap.coverage.model import Coverage

if TYPE_CHECKING:
    from gridmap.planning.state import PlanState

__all__ = ["PART", "with_drawn_parts", "with_parts"]

PART = "part"


def with_parts(coverage: Coverage, level: str) -> Coverage:
    """Return an edition whose finest areas are of a level, with one part below each of them.

    A part has the code, the name and the polygon of its area, which keeps the polygon as its
    own. Parts are never stored: they are united again when the draft is.

    Parameters
    ----------
    coverage : Coverage
    level : str
        The finest one that has areas.

    Returns
    -------
    Coverage
        Its levels end with the given one and ``part`` (``part_2`` where a level is called so).
    """
    rank = coverage.levels.rank(level)
    above = coverage.levels[: rank + 1]
    taken = {one.name for one in above}
    name = next(n for n in (PART, *(f"{PART}_{k}" for k in range(2, 9))) if n not in taken)
    areas: list[Area] = []
    shapes: list[Any] = []
    for row in range(len(coverage)):
        area = coverage.area(row)
        areas.append(area)
        shapes.append(coverage.geometry[row])
        if int(coverage.rank[row]) == rank and not coverage.hidden[row]:
            areas.append(
                replace(area, level=name, parent_level=level, parent_code=area.code, kind="basic")
            )
            shapes.append(coverage.geometry[row])
    levels = Levels([*above, Level(name, label="地块", label_en="Part")])
    return Coverage.build(coverage.edition, levels, areas, shapes)


def with_drawn_parts(coverage: Coverage, state: PlanState) -> Coverage:
    """Return the coverage that a draft over parts comes to, with its parts below its areas.

    Parameters
    ----------
    coverage : Coverage
        The draft's areas, each united of its parts.
    state : PlanState
        Of the draft; its parts keep their polygons as they are, objects and all.
    """
    areas = [coverage.area(row) for row in range(len(coverage))]
    shapes = list(coverage.geometry)
    for one, grid, shape in zip(state.atoms, state.grid_of.tolist(), state.shapes, strict=True):
        if grid >= 0:
            above = state.grids[grid].code
            areas.append(
                Area(
                    -1,
                    one.level,
                    one.code,
                    one.name,
                    one.name_en,
                    state.graph.level,
                    above,
                    one.kind,
                    provisional=False,
                )
            )
            shapes.append(shape)
    return Coverage.build(coverage.edition, state.graph.coverage.levels, areas, shapes)
