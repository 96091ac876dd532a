"""Geometry for drawing: fewer vertices with shared borders kept, places for labels.

Nothing here answers a question about a point: these shapes are pictures of an edition.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.areas import Area, Levels
from gridmap.coverage.model import STORED_CRS, Coverage
from gridmap.crs import metres_per_degree
from gridmap.errors import BadValue, MissingColumn

__all__ = [
    "as_coverage",
    "bounds_of",
    "label_places",
    "round_micro",
    "simplified",
    "simplified_lines",
]

Objects = NDArray[np.object_]
Bounds = tuple[float, float, float, float]


def as_coverage(
    frames: Coverage | Mapping[str, gpd.GeoDataFrame],
    *,
    levels: Levels | None = None,
    edition: str = "",
) -> Coverage:
    """Return frames (one a level, coarse to fine) as a coverage; a coverage as it is.

    Parameters
    ----------
    frames : Coverage or mapping of level name to GeoDataFrame
        Columns ``code``, ``name``, ``geometry``, and where known ``name_en``, ``kind``,
        ``parent_code`` (an area of the nearest coarser level that has such a code). EPSG:4326
        or any declared system.
    levels : Levels, optional
        Labels and order; the mapping's order otherwise.
    """
    if isinstance(frames, Coverage):
        return frames
    levels = levels or Levels(frames)
    areas: list[Area] = []
    shapes: list[Any] = []
    seen: list[tuple[str, set[str]]] = []
    for level in levels.names:
        frame = _in_degrees(frames[level], level) if level in frames else None
        if frame is None:
            continue
        areas += [
            _area(row, level, seen) for row in frame.drop(columns="geometry").to_dict("records")
        ]
        shapes += list(frame.geometry)
        seen.insert(0, (level, {str(code) for code in frame["code"]}))
    return Coverage.build(edition, levels, areas, shapes)


def bounds_of(coverage: Coverage) -> Bounds:
    """Return west, south, east, north of all areas; `BadValue` when there is nothing to draw."""
    present = [g for g in coverage.shapes if g is not None and not g.is_empty]
    if not present:
        raise BadValue(
            "There is nothing to draw.",
            got="no area with a geometry",
            repair="Import a layer into the edition first.",
        )
    west, south, east, north = (float(x) for x in shapely.total_bounds(np.array(present)))
    return west, south, east, north


def simplified(coverage: Coverage, tolerance_m: float) -> Coverage:
    """Return the coverage with fewer vertices, on whole micro-degrees, shared borders shared.

    Atoms are simplified together (`shapely.coverage_simplify`, Visvalingam-Whyatt: triangles
    smaller than half the squared tolerance go); every parent is the union of its simplified
    atoms, so the borders of all levels coincide. Levels without any link to a coarser one
    are simplified apart from it.

    Parameters
    ----------
    tolerance_m : float
        Metres; 0 rounds only.
    """
    shapes = coverage.geometry.copy()
    for rows in _atom_groups(coverage):
        shapes[rows] = _simplify_together(coverage.geometry[rows], tolerance_m)
    parents = np.setdiff1d(np.arange(len(coverage)), coverage.atoms)
    shapes[parents] = None
    return replace(coverage, geometry=shapes)


def simplified_lines(geometry: Objects, tolerance_m: float) -> Objects:
    """Return lines or polygons of a background layer with fewer vertices, each by itself."""
    if not len(geometry):
        return geometry
    scale = _scale(geometry)
    out = shapely.simplify(_times(geometry, scale), tolerance_m, preserve_topology=True)
    return round_micro(_times(out, 1 / scale))


def label_places(geometry: Objects) -> NDArray[np.float64]:
    """Return for each polygon longitude, latitude and radius in metres of its largest circle.

    The centre of the largest circle that fits is where a label has most room. Shape (n, 3);
    NaN for None and empty.
    """
    out = np.full((len(geometry), 3), np.nan)
    rows = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
    if not len(rows):
        return out
    scale = _scale(geometry[rows])
    flat = _times(geometry[rows], scale)
    # A fiftieth of the size is well below what a reader notices, and quick to find.
    tolerance = np.maximum(np.sqrt(shapely.area(flat)) / 50, 0.5)
    radius = shapely.maximum_inscribed_circle(flat, tolerance)
    centre = shapely.get_coordinates(shapely.get_point(radius, 0)) / scale
    out[rows] = np.column_stack([centre, shapely.length(radius)])
    return out


def round_micro(geometry: Objects) -> Objects:
    """Return geometry with coordinates rounded to 1e-6 degree, vertex by vertex."""
    return _mapped(geometry, lambda xy: np.round(xy, 6))


def _in_degrees(frame: gpd.GeoDataFrame, level: str) -> gpd.GeoDataFrame:
    for column in ("code", "name"):
        if column not in frame.columns:
            raise MissingColumn(
                f"The layer of level '{level}' lacks a column.",
                got=list(frame.columns),
                allowed=column,
            )
    return frame if frame.crs is None or frame.crs == STORED_CRS else frame.to_crs(STORED_CRS)


def _area(row: Mapping[Any, Any], level: str, seen: list[tuple[str, set[str]]]) -> Area:
    def word(key: str, default: str = "") -> str:
        value = row.get(key)
        return default if pd.isna(value) else str(value)

    parent = word("parent_code")
    parent_level = next((name for name, codes in seen if parent in codes), None)
    return Area(
        id=-1,
        level=level,
        code=word("code"),
        name=word("name"),
        name_en=word("name_en"),
        parent_level=parent_level,
        parent_code=parent if parent_level else None,
        kind=word("kind", "basic"),
        provisional=bool(row.get("provisional", False)),
    )


def _atom_groups(coverage: Coverage) -> list[NDArray[np.int64]]:
    """Atoms that partition the same ground: levels tied by links are one group."""
    linked = [
        bool((coverage.parent[coverage.rank == rank] >= 0).any())
        for rank in range(len(coverage.levels))
    ]
    group = np.cumsum(~np.array(linked))
    of_atom = group[coverage.rank[coverage.atoms]]
    return [coverage.atoms[of_atom == g] for g in np.unique(of_atom)]


def _simplify_together(geometry: Objects, tolerance_m: float) -> Objects:
    out = np.full(len(geometry), None, dtype=object)
    rows = np.flatnonzero(~(shapely.is_missing(geometry) | shapely.is_empty(geometry)))
    if not len(rows):
        return out
    scale = _scale(geometry[rows])
    flat = _times(shapely.force_2d(geometry[rows]), scale)
    if tolerance_m > 0:
        flat = shapely.coverage_simplify(flat, tolerance_m)
    out[rows] = round_micro(_times(flat, 1 / scale))
    return out


def _scale(geometry: Objects) -> NDArray[np.float64]:
    """Metres per degree east and north in the middle of the layer: straight enough to draw."""
    south, north = shapely.total_bounds(geometry)[[1, 3]]
    kx, ky = metres_per_degree((south + north) / 2)
    return np.array([float(kx), float(ky)])


def _times(geometry: Objects, scale: NDArray[np.float64]) -> Objects:
    return _mapped(geometry, lambda xy: xy * scale)


def _mapped(geometry: Objects, change: Any) -> Objects:
    out: Objects = shapely.transform(geometry, change)
    return out
