"""Names on the map of a sheet, the important ones first, none upon another."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import shapely

from gridmap.sheets.district import District, GroundLayer
from gridmap.sheets.frame import Frame
from gridmap.sheets.ground import grids_of, road_rank
from gridmap.sheets.labels import Labels
from gridmap.sheets.model import Sheet

__all__ = ["name_things"]


def name_things(
    district: District, sheet: Sheet, frame: Frame, focus: Any, labels: Labels, zoom: float
) -> None:
    """Place names, the important ones first."""
    lang = sheet.request.lang
    box = shapely.box(*frame.bounds)
    _name_own(district, sheet, focus, labels, zoom)
    labels.keep_clear(shapely.buffer(shapely.boundary(focus), 0.5 * zoom))
    for row, shape in grids_of(district, sheet, frame):
        tries = product(_grid_names(district, row, lang), (3.1, 2.6))
        # As large and in as many words as there is room for.
        any(labels.on_area(name, shape, size * zoom, "grid", within=shape) for name, size in tries)
    roads = district.ground.get("roads")
    if roads is not None:
        rows = roads.within(box)
        rows = rows[np.argsort([road_rank(r) for r in roads.rank[rows]], kind="stable")]
        for row, shape in zip(rows, frame.drawn(roads.shapes[rows]), strict=True):
            if not shapely.is_empty(shape):
                line = shapely.line_merge(shape) if shape.geom_type != "LineString" else shape
                size = (2.8 if road_rank(roads.rank[row]) < 2 else 2.4) * zoom
                labels.along(_said(roads, row, lang), line, size, "road")
    _name_estates(district, sheet, frame, labels, zoom)
    for layer, style in (("water", "water"), ("parks", "park")):
        found = district.ground.get(layer)
        if found is None:
            continue
        for row in found.within(box):
            shape = frame.drawn(found.shapes[[row]])[0]
            labels.on_area(_said(found, row, lang), shape, 2.6 * zoom, style)
    if district.is_estate(sheet.request.level) and sheet.request.kind == "services":
        _name_houses(district, sheet, frame, focus, labels, zoom)


def _name_own(district: District, sheet: Sheet, focus: Any, labels: Labels, zoom: float) -> None:
    """Place the name of the estate that the sheet is about, in it or at least upon it."""
    if district.is_estate(sheet.request.level):
        name = sheet.name.say(sheet.request.lang)
        tries = [(4.2, focus), (3.4, focus), (3.4, None)]
        any(
            labels.on_area(name, focus, size * zoom, "own", within=within) for size, within in tries
        )


def _grid_names(district: District, row: int, lang: str) -> list[str]:
    """Return how a grid may be called: in full, and without the name of what it is a part of."""
    coverage = district.coverage
    name = str((coverage.name_en[row] if lang == "en" else "") or coverage.name[row])
    parent = int(coverage.parent[row])
    above = "" if parent < 0 else str(coverage.name[parent])
    short = name.removeprefix(above) if above else name
    return list(dict.fromkeys(one for one in (name, short) if one))


def _name_estates(
    district: District, sheet: Sheet, frame: Frame, labels: Labels, zoom: float
) -> None:
    if not district.estates:
        return
    lang = sheet.request.lang
    estates, tree = district.estate_tree
    own = sheet.request.code if district.is_estate(sheet.request.level) else None
    near = [estates[i] for i in np.sort(tree.query(shapely.box(*frame.bounds), "intersects"))]
    for one in near:
        if one.code != own:
            shape = frame.drawn(np.array([one.shape], dtype=object))[0]
            labels.on_area(one.name.say(lang), shape, 2.7 * zoom, "estate", within=shape)


def _name_houses(
    district: District, sheet: Sheet, frame: Frame, focus: Any, labels: Labels, zoom: float
) -> None:
    """Place the numbers of the estate's own houses, without its name before each."""
    lang = sheet.request.lang
    layer = district.ground.get("buildings")
    if layer is None or frame.scale > 6000:
        return
    rows = layer.within(shapely.box(*frame.bounds))
    shapes = frame.drawn(layer.shapes[rows])
    mine = shapely.intersects(focus, shapely.point_on_surface(shapes))
    for row, shape in zip(rows[mine], shapes[mine], strict=True):
        name = _said(layer, row, lang).removeprefix(sheet.name.say(lang)).strip()
        labels.on_area(name, shape, 2.0 * zoom, "house", within=focus)


def _said(layer: GroundLayer, row: int, lang: str) -> str:
    english = layer.name_en[row] if lang == "en" else ""
    return str(english or layer.name[row] or "")
