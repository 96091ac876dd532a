"""Layers as the numbers a page draws: areas with classes and people, ground, places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.model import STORED_CRS, Coverage
from gridmap.errors import BadValue
from gridmap.maps.fills import Choropleth, fill_data, fill_legend
from gridmap.maps.geometry import Bounds, label_places, simplified_lines
from gridmap.maps.topology import MICRO, build_topology, delta

__all__ = ["GROUND", "Choropleth", "areas_data", "ground_data", "reach_data"]

GROUND = ("water", "rivers", "parks", "buildings", "railways", "roads")
_FILLED = ("water", "parks", "buildings")
# Words for roads in the data, widest first; what is in none of the rows is the last.
_ROAD_CLASSES = (
    ("highway", "motorway", "trunk"),
    ("arterial", "primary", "secondary"),
    ("collector", "branch", "tertiary", "residential", "unclassified"),
    (),
)

Origin = tuple[int, int]


def areas_data(
    coverage: Coverage,
    *,
    choropleth: Choropleth | None = None,
    further: Sequence[Choropleth] = (),
    people: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]] | None = None,
) -> dict[str, Any]:
    """Return all areas of a (simplified) coverage for ``gridmap.addAreas``.

    Parameters
    ----------
    choropleth : Choropleth, optional
        What the areas are coloured by at first.
    further : sequence of Choropleth
        What the reader may choose instead.
    people : mapping of (level, code) to records, optional
        Staff shown in an area's card; already cut down to what the reader may see.
    """
    shapes = coverage.shapes
    topology = build_topology(shapes, coverage.rank.tolist())
    origin = _origin(topology.arcs)
    labels = label_places(shapes)
    radius = [_median(labels[coverage.rank == r, 2]) for r in range(len(coverage.levels))]
    data: dict[str, Any] = {
        "levels": [{"name": x.name, "zh": x.label, "en": x.label_en} for x in coverage.levels],
        "radius": radius,
        "origin": list(origin),
        "arcs": [delta(arc, origin) for arc in topology.arcs],
        "arcRank": topology.rank,
        "columns": {
            "code": coverage.code.tolist(),
            "name": coverage.name.tolist(),
            "nameEn": coverage.name_en.tolist(),
            "kind": coverage.kind.tolist(),
            "rank": coverage.rank.tolist(),
            "parent": coverage.parent.tolist(),
            "rings": topology.areas,
            "label": [_label(place) for place in labels],
        },
        "details": _details(coverage, people or {}),
    }
    if choropleth is not None:
        data["fill"], count, classes = fill_legend(coverage, choropleth)
        data["columns"] |= {"count": count, "cls": classes}
    if further:
        data["fills"] = [fill_data(coverage, one) for one in further]
    return data


def ground_data(
    ground: Mapping[str, gpd.GeoDataFrame], bounds: Bounds, *, tolerance_m: float
) -> dict[str, Any] | None:
    """Return water, parks, railways and roads for ``gridmap.addGround``; None when empty.

    Parameters
    ----------
    ground : mapping of layer name to GeoDataFrame
        Names of :data:`GROUND`. Water, parks and buildings are areas, the others lines (of
        a railway drawn as an area its outline); roads may have a column ``class``
        (``highway``, ``arterial``, ``branch``, ``alley``, or OpenStreetMap's words).
    """
    unknown = sorted(set(ground) - set(GROUND))
    if unknown:
        raise BadValue("There is no such ground layer.", got=unknown, allowed=GROUND)
    origin = (round(bounds[0] * MICRO), round(bounds[1] * MICRO))
    out: dict[str, Any] = {"origin": list(origin)}
    for name, frame in ground.items():
        if not len(frame):
            continue
        degrees = (
            frame if frame.crs is None or frame.crs == STORED_CRS else frame.to_crs(STORED_CRS)
        )
        shapes = simplified_lines(degrees.geometry.to_numpy(), tolerance_m)
        if name == "roads":
            kinds = frame["class"] if "class" in frame else ["arterial"] * len(frame)
            rank = np.array([_road_class(kind) for kind in kinds])
            out[name] = [
                _lines(_merged(shapes[rank == r]), origin) for r in range(len(_ROAD_CLASSES))
            ]
        else:
            out[name] = _areas(shapes, origin) if name in _FILLED else _lines(shapes, origin)
    return out if len(out) > 1 else None


def reach_data(
    areas: Sequence[Any], bounds: Bounds, *, of: Sequence[str] = (), tolerance_m: float = 3.0
) -> dict[str, Any]:
    """Return areas within reach (polygons, EPSG:4326) for ``gridmap.addReach``.

    They are thinned by `tolerance_m`: for looking at, not for asking what is inside. All of
    them as one; with `of`, the codes of the places they belong to, also each by itself.
    """
    origin = (round(bounds[0] * MICRO), round(bounds[1] * MICRO))

    def thin(shapes: Sequence[Any]) -> list[list[list[int]]]:
        kept = np.array([*shapes, None], dtype=object)[:-1]
        return _areas(simplified_lines(kept, tolerance_m), origin)

    own = {code: thin([shape]) for code, shape in zip(of, areas, strict=False)}
    whole = thin([shapely.union_all(list(areas))])
    return {"origin": list(origin), "areas": whole} | ({"of": own} if own else {})


def _details(
    coverage: Coverage, people: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]
) -> dict[str, Any]:
    out = {}
    for row in range(len(coverage)):
        key = (coverage.levels[int(coverage.rank[row])].name, coverage.code[row])
        if key in people:
            out[str(row)] = list(people[key])
    return out


def _origin(arcs: Sequence[NDArray[np.int64]]) -> Origin:
    if not arcs:
        return (0, 0)
    low = np.min([arc.min(axis=0) for arc in arcs], axis=0)
    return int(low[0]), int(low[1])


def _median(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return round(float(np.median(known)), 1) if len(known) else 0.0


def _label(place: NDArray[np.float64]) -> list[float] | None:
    if not np.isfinite(place).all():
        return None
    return [round(float(place[0]), 6), round(float(place[1]), 6), round(float(place[2]))]


def _micro(line: Any) -> NDArray[np.int64]:
    points: NDArray[np.int64] = np.rint(shapely.get_coordinates(line) * MICRO).astype(np.int64)
    return points


def _lines(shapes: NDArray[np.object_], origin: Origin) -> list[list[int]]:
    parts = shapely.get_parts(shapes)
    flat = np.where(shapely.get_dimensions(parts) == 2, shapely.boundary(parts), parts)
    return [
        delta(_micro(x), origin) for x in shapely.get_parts(flat) if shapely.get_dimensions(x) == 1
    ]


def _areas(shapes: NDArray[np.object_], origin: Origin) -> list[list[list[int]]]:
    polygons = [x for x in shapely.get_parts(shapes) if x.geom_type == "Polygon" and not x.is_empty]
    return [[delta(_micro(r)[:-1], origin) for r in (p.exterior, *p.interiors)] for p in polygons]


def _road_class(kind: object) -> int:
    return next(
        (n for n, words in enumerate(_ROAD_CLASSES) if kind in words), len(_ROAD_CLASSES) - 1
    )


def _merged(lines: NDArray[np.object_]) -> NDArray[np.object_]:
    """Join pieces of road that meet end to end: fewer, longer lines draw and store better."""
    parts = shapely.get_parts(lines)
    merged: NDArray[np.object_] = shapely.get_parts(
        shapely.line_merge(shapely.multilinestrings(parts))
    )
    return merged
