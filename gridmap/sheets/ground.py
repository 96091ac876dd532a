"""What lies on the map of a sheet: water, green, roads, houses, and the borders of grids."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.sheets.district import District, GroundLayer
from gridmap.sheets.frame import Frame
from gridmap.sheets.model import Sheet
from gridmap.sheets.signs import Line, path

__all__ = ["borders", "grids_of", "ground", "houses", "road_rank"]

Objects = NDArray[np.object_]

# Casing and inner width of a road by rank, millimetres at 1:3,000.
_ROADS = ((3.4, 2.8), (2.6, 2.0), (1.7, 1.25))
_ROAD_SCALE = 3000
_EDGE = 0.1


def ground(district: District, frame: Frame, zoom: float) -> Iterator[str]:
    """Yield parks, water, houses, railways and roads, in the order they are painted in."""
    box = shapely.box(*frame.bounds)
    areas = {
        "parks": Line("#b9d3a6", 0.2, fill="#d8e8cb"),
        "water": Line("#9dbfd6", 0.2, fill="#c5dbea"),
    }
    for layer, line in areas.items():
        yield from (path(shape, line) for shape in _shapes(district, layer, box, frame))
    for shape in _shapes(district, "rivers", box, frame):
        flat = shape.geom_type.endswith("LineString")
        yield path(shape, Line("#c5dbea", 1.6 * zoom) if flat else areas["water"])
    yield from _roads(district.ground.get("roads"), box, frame, zoom)
    for shape in _shapes(district, "railways", box, frame):
        line = shapely.boundary(shape) if shape.geom_type.endswith("Polygon") else shape
        yield path(line, Line("#6f7880", 0.75 * zoom))
        yield path(line, Line("#ffffff", 0.45 * zoom, dash="2 2"))
    # Houses and streets of a kind are one path: hundreds of them take longer to set.
    houses = shapely.geometrycollections(_shapes(district, "buildings", box, frame))
    yield path(houses, Line("#c2b9a7", 0.15, fill="#ddd6c9"))


def _roads(layer: GroundLayer | None, box: Any, frame: Frame, zoom: float) -> Iterator[str]:
    if layer is None:
        return
    rows = layer.within(box)
    shapes = frame.drawn(layer.shapes[rows])
    grow = zoom * float(np.clip(_ROAD_SCALE / frame.scale, 0.45, 1.5))
    ranks = [road_rank(rank) for rank in layer.rank[rows]]
    for casing in (True, False):
        for rank in (2, 1, 0):
            width = _ROADS[rank][0 if casing else 1] * grow
            colour = "#b8ae99" if casing else "#ffffff"
            alike = [shape for shape, own in zip(shapes, ranks, strict=True) if own == rank]
            yield path(shapely.geometrycollections(alike), Line(colour, width))


def road_rank(rank: object) -> int:
    """Return the class a road is drawn in; one without a rank is a small one."""
    if not isinstance(rank, (int, float)) or math.isnan(rank):
        return 2
    return min(int(rank), 2)


def houses(district: District, frame: Frame, focus: Any) -> Iterator[str]:
    """Yield the houses of the sheet's own ground once more, stronger."""
    layer = district.ground.get("buildings")
    if layer is None:
        return
    rows = layer.within(shapely.box(*frame.bounds))
    shapes = frame.drawn(layer.shapes[rows])
    shapely.prepare(focus)
    mine = shapely.intersects(focus, shapely.point_on_surface(shapes))
    yield path(shapely.geometrycollections(shapes[mine]), Line("#9c8d70", 0.2, fill="#cdbf9f"))


def borders(district: District, sheet: Sheet, frame: Frame, zoom: float) -> Iterator[str]:
    """Yield the borders of the grids: of an estate's neighbourhood, or within an area."""
    shapes = [shape for _, shape in grids_of(district, sheet, frame)]
    if shapes:
        lines = shapely.union_all(shapely.boundary(np.array(shapes)))
        # Where the paper cuts an area is no border of it.
        wide, high = frame.box.width, frame.box.height
        lines = shapely.clip_by_rect(lines, _EDGE, _EDGE, wide - _EDGE, high - _EDGE)
        lines = shapely.line_merge(lines)
        yield path(lines, Line("#ffffff", 0.9 * zoom))
        yield path(lines, Line("#3a7ca5", 0.4 * zoom, dash="2.2 1.1"))


def grids_of(district: District, sheet: Sheet, frame: Frame) -> list[tuple[int, Any]]:
    """Return the areas whose borders are drawn: their rows, and their shapes on paper."""
    coverage = district.coverage
    names = coverage.levels.names
    if district.is_estate(sheet.request.level):
        level = "grid" if "grid" in names else names[-1]
    else:
        level = names[min(coverage.levels.rank(sheet.request.level) + 1, len(names) - 1)]
    rows, tree = district.area_tree[level]
    found = rows[np.sort(tree.query(shapely.box(*frame.bounds), predicate="intersects"))]
    found = found[~coverage.hidden[found]]
    if not district.is_estate(sheet.request.level):
        # Only its own: names and borders of the neighbours would drown it.
        own = coverage.row(sheet.request.level, sheet.request.code)
        found = found[coverage.ancestors[found, coverage.rank[own]] == own]
    shapes = frame.drawn(district.shapes[found])
    return [(int(r), s) for r, s in zip(found, shapes, strict=True) if not shapely.is_empty(s)]


def _shapes(district: District, layer: str, box: Any, frame: Frame) -> Objects:
    found = district.ground.get(layer)
    if found is None:
        return np.empty(0, dtype=object)
    shapes = frame.drawn(found.shapes[found.within(box)])
    drawn: Objects = shapes[~shapely.is_empty(shapes)]
    return drawn
