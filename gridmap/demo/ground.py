"""Ground cover: the river and its strip, lakes, parks, the railway corridor."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridmap.demo.areas import Areas, union
from gridmap.demo.dice import Dice
from gridmap.demo.hierarchy import Hierarchy
from gridmap.demo.kerbs import BuildingLine
from gridmap.demo.names import Names, ordinal
from gridmap.demo.notice import CRS, NOTE
from gridmap.demo.numbering import COUNTY
from gridmap.demo.plane import Plane
from gridmap.demo.shapes import Outlines
from gridmap.demo.streets import RAILWAY, RIVER, Streets
from gridmap.demo.town import Town

__all__ = ["build_ground", "in_metres", "on_lattice", "unfolded"]

_BANK_M = 24.0
_RAIL_M = 16.0


def in_metres(shapes: Any, plane: Plane) -> Any:
    """Return lon/lat shapes in metres of the plane."""
    return shapely.transform(shapes, plane.to_metres)


def on_lattice(shapes: Any, plane: Plane) -> Any:
    """Return metric shapes in lon/lat on the lattice, in normal form."""
    return shapely.normalize(shapely.transform(shapes, plane.to_lonlat))


def unfolded(shape: Any) -> Any:
    """Return a valid polygon: of one that rounding folded over itself, the largest part."""
    if shapely.is_valid(shape):
        return shape
    parts = [p for p in shapely.get_parts(shapely.make_valid(shape)) if shapely.area(p) > 0]
    return shapely.normalize(max(parts, key=shapely.area))


def build_ground(
    town: Town,
    tree: Hierarchy,
    areas: Areas,
    outlines: Outlines,
    plane: Plane,
    names: Names,
    streets: Streets,
    dice: Dice,
) -> dict[str, gpd.GeoDataFrame]:
    """Return the layers of water, parks, railway and construction sites."""
    line = BuildingLine(streets)
    parks = _parks(town, tree, areas, outlines, plane, names, line)
    lakes = _lakes(parks, plane, dice)
    strips = _strips(town, outlines)
    layers = {"park": parks}
    waters = [*_river(town, strips, outlines, plane), *lakes]
    if waters:
        layers["water"] = _layer(waters)
    if strips:
        layers["river_strip"] = _layer(strips)
    rails = _railway(town, outlines, plane)
    layers |= {name: _layer(rows) for name, rows in rails.items()}
    sites = _sites(town, outlines, plane, line)
    if sites:
        layers["construction_site"] = _layer(sites)
    return layers


def _layer(rows: list[dict[str, Any]]) -> gpd.GeoDataFrame:
    rows = [{**row, "note": NOTE, "geometry": row["geometry"]} for row in rows]
    frame = gpd.GeoDataFrame(rows, geometry="geometry", crs=CRS)
    return frame[[c for c in frame.columns if c != "geometry"] + ["geometry"]]


def _strips(town: Town, outlines: Outlines) -> list[dict[str, Any]]:
    """Return the reaches of the river between bridges, from road to road, north to south."""
    reaches = [outlines.face[f] for f in outlines.face if town.use[f] == "river"]
    reaches.sort(key=lambda shape: -shapely.get_y(shapely.centroid(shape)))
    return [
        {
            "code": f"{COUNTY}R{n:02d}",
            "name": f"{RIVER[0]}第{ordinal(n)}段",
            "name_en": f"{RIVER[1]}, reach {n}",
            "geometry": shapely.normalize(shape),
        }
        for n, shape in enumerate(reaches, start=1)
    ]


def _river(
    town: Town, strips: list[dict[str, Any]], outlines: Outlines, plane: Plane
) -> list[dict[str, Any]]:
    """Return the water: the strip without the green slopes along its two roads."""
    if not strips:
        return []
    whole = in_metres(union([s["geometry"] for s in strips]), plane)
    banks = shapely.multilinestrings(_courses(town, outlines, plane, "riverside"))
    water = shapely.difference(whole, shapely.buffer(banks, _BANK_M, quad_segs=2))
    parts = shapely.get_parts(water)
    water = parts[int(np.argmax(shapely.area(parts)))]
    return [
        {
            "code": f"{COUNTY}W01",
            "name": RIVER[0],
            "name_en": RIVER[1],
            "kind": "river",
            "geometry": on_lattice(water, plane),
        }
    ]


def _parks(
    town: Town,
    tree: Hierarchy,
    areas: Areas,
    outlines: Outlines,
    plane: Plane,
    names: Names,
    line: BuildingLine,
) -> gpd.GeoDataFrame:
    blocks: dict[int, list[int]] = defaultdict(list)
    for face in outlines.face:
        if town.use[face] == "park":
            blocks[town.block[face]].append(face)
    grid_of = {f: tree.grid[m] for m, faces in enumerate(tree.microgrid) for f in faces}
    rows = []
    for faces in blocks.values():
        shape = shapely.buffer(
            in_metres(union([outlines.face[f] for f in faces]), plane), -8.0, join_style="mitre"
        )
        shape = line.plot(shape)
        if shapely.area(shape) < 1500.0:
            continue
        grid = grid_of[faces[0]]
        if grid in tree.exclusive:
            zh, en = areas.stem[tree.community[grid]]
        else:
            zh, en = names.next()
        rows.append(
            {
                "name": f"{zh}公园",
                "name_en": f"{en} Park",
                "geometry": unfolded(on_lattice(shape, plane)),
            }
        )
    rows.sort(key=lambda row: shapely.get_x(shapely.centroid(row["geometry"])))
    return _layer([{"code": f"{COUNTY}P{n:03d}", **row} for n, row in enumerate(rows, start=1)])


def _lakes(parks: gpd.GeoDataFrame, plane: Plane, dice: Dice) -> list[dict[str, Any]]:
    lakes: list[dict[str, Any]] = []
    shapes = in_metres(parks.geometry.to_numpy(), plane)
    turn = np.arange(28) * (2 * np.pi / 28)
    for name, name_en, shape in zip(parks["name"], parks["name_en"], shapes, strict=True):
        p, q = dice.spread(0.0, 2 * np.pi, 2)
        if shapely.area(shape) < 85_000:
            continue
        size = 0.3 * np.sqrt(shapely.area(shape))
        radius = size * (1 + 0.22 * np.sin(2 * turn + p) + 0.12 * np.sin(3 * turn + q))
        middle = shapely.get_coordinates(shapely.centroid(shape))[0]
        lake = shapely.Polygon(
            middle + radius[:, None] * np.column_stack([np.cos(turn), 0.7 * np.sin(turn)])
        )
        if shapely.contains_properly(shape, lake):
            lakes.append(
                {
                    "code": f"{COUNTY}W{len(lakes) + 2:02d}",
                    "name": name.replace("公园", "湖"),
                    "name_en": name_en.replace("Park", "Lake"),
                    "kind": "lake",
                    "geometry": on_lattice(lake, plane),
                }
            )
    return lakes


def _sites(
    town: Town, outlines: Outlines, plane: Plane, line: BuildingLine
) -> list[dict[str, Any]]:
    """Return the construction sites: blocks behind a hoarding, west to east."""
    blocks: dict[int, list[Any]] = defaultdict(list)
    for face, shape in outlines.face.items():
        if town.use[face] == "site":
            blocks[town.block[face]].append(shape)
    shapes = [
        line.plot(shapely.buffer(in_metres(union(faces), plane), -6.0, join_style="mitre"))
        for faces in blocks.values()
    ]
    shapes = [s for s in shapes if shapely.area(s) > 1200.0]
    shapes.sort(key=lambda s: shapely.get_x(shapely.centroid(s)))
    return [
        {
            "code": f"{COUNTY}C{n:02d}",
            "name": f"{n}号建设工地",
            "name_en": f"Construction site {n}",
            "geometry": on_lattice(shape, plane),
        }
        for n, shape in enumerate(shapes, start=1)
    ]


def _railway(town: Town, outlines: Outlines, plane: Plane) -> dict[str, list[dict[str, Any]]]:
    """Return the layers ``railway`` (lines) and ``railway_corridor`` (what it owns)."""
    courses = _courses(town, outlines, plane, "railway")
    if not courses:
        return {}
    line = shapely.line_merge(shapely.multilinestrings(courses))
    corridor = shapely.buffer(line, _RAIL_M, cap_style="flat", quad_segs=2)
    named = {"code": f"{COUNTY}T01", "name": RAILWAY[0], "name_en": RAILWAY[1]}
    return {
        "railway": [{**named, "geometry": on_lattice(line, plane)}],
        "railway_corridor": [{**named, "geometry": on_lattice(corridor, plane)}],
    }


def _courses(town: Town, outlines: Outlines, plane: Plane, kind: str) -> list[Any]:
    """Return the lines, in metres, of all roads of a kind."""
    return [
        shapely.linestrings(plane.to_metres(arc.lonlat))
        for arc in outlines.arcs
        if arc.road is not None and town.roads[arc.road].kind == kind
    ]
