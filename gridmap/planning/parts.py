"""Grids that have no finer areas, as parts of themselves: what a draft cuts and gives away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from gridmap.areas import Area, Level, Levels
from gridmap.coverage.model import Coverage

__all__ = ["PART", "with_parts"]

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
