"""Who keeps green and water: parks, green lines, the segments of the river and their chiefs."""

from __future__ import annotations

import itertools
import math
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.demo.dice import Dice
from gridmap.demo.duty_rows import Bodies, duty_layer
from gridmap.demo.ground import in_metres, on_lattice
from gridmap.demo.kerbs import half_widths
from gridmap.demo.names import ordinal
from gridmap.demo.numbering import COUNTY
from gridmap.demo.plane import Plane
from gridmap.demo.rosters import invented_name
from gridmap.demo.streets import RAILWAY, RIVER, Streets

__all__ = ["green", "river_segments"]

_OFFICE_FROM_M2 = 30_000.0
_SEGMENT_M = 750.0
# A green line runs along the railway between these distances.
_BELT_M = (16.0, 34.0)
_BELT_FROM_M2 = 500.0


def green(
    layers: dict[str, gpd.GeoDataFrame], streets: Streets, plane: Plane, bodies: Bodies
) -> gpd.GeoDataFrame:
    """Return parks (large ones have an office of their own) and green lines."""
    parks = layers["park"].rename(columns={"name": "zh"})
    sizes = shapely.area(in_metres(parks.geometry.to_numpy(), plane))
    rows = []
    for size, park in zip(sizes, parks.itertuples(), strict=True):
        owner = "YL"
        if size >= _OFFICE_FROM_M2:
            owner = bodies.add("GY", f"{park.zh}管理处", f"{park.name_en} Office")
        rows.append(
            {
                "code": park.code,
                "name": park.zh,
                "name_en": park.name_en,
                "owner": owner,
                "source": "公园名录" if owner != "YL" else "城市绿线图",
                "geometry": park.geometry,
            }
        )
    belts = _belts(layers, streets, plane)
    rows += [
        {
            "code": f"{COUNTY}G{n:03d}",
            "name": f"{RAILWAY[0]}防护绿带第{ordinal(n)}段",
            "name_en": f"Green line {n} along the {RAILWAY[1]}",
            "owner": "YL",
            "source": "城市绿线图",
            "geometry": on_lattice(belt, plane),
        }
        for n, belt in enumerate(belts, start=1)
    ]
    return duty_layer(rows)


def _belts(layers: dict[str, gpd.GeoDataFrame], streets: Streets, plane: Plane) -> list[Any]:
    """Return what is free along the railway, in one piece between two obstacles each."""
    if "railway" not in layers:
        return []
    rail = shapely.union_all(in_metres(layers["railway"].geometry.to_numpy(), plane))
    near, far = (shapely.buffer(rail, reach, cap_style="flat", quad_segs=2) for reach in _BELT_M)
    names = ("estate", "building", "water", "park", "construction_site", "river_strip")
    taken = np.concatenate(
        [
            *(in_metres(layers[n].geometry.to_numpy(), plane) for n in names if n in layers),
            shapely.buffer(streets.lines, half_widths(streets) + 1.0, quad_segs=2),
        ]
    )
    touching = taken[np.sort(shapely.STRtree(taken).query(far, "intersects"))]
    whole = shapely.union_all(in_metres(layers["subdistrict"].geometry.to_numpy(), plane))
    free = shapely.difference(shapely.difference(far, near), shapely.union_all(touching))
    # Opened, so that no thread of land between two walls is called a green belt.
    free = shapely.buffer(shapely.buffer(shapely.intersection(free, whole), -2.0), 2.0)
    parts = shapely.get_parts(free)
    parts = parts[shapely.area(parts) >= _BELT_FROM_M2][:99]
    return sorted(parts, key=lambda s: tuple(shapely.bounds(s)))


def river_segments(
    layers: dict[str, gpd.GeoDataFrame], streets: Streets, plane: Plane, dice: Dice
) -> gpd.GeoDataFrame | None:
    """Return the river's management strip in segments of some 750 m, each with its chief.

    The strip ends at the kerbs of its two roads; None where there is no river.
    """
    if "river_strip" not in layers:
        return None
    along = streets.frame["class"].eq("branch") & ~streets.frame["bridge"]
    kerbs = shapely.buffer(
        streets.lines[along], half_widths(streets)[along.to_numpy()], quad_segs=2
    )
    tree = shapely.STRtree(kerbs)
    cut: list[Any] = []
    for strip in in_metres(layers["river_strip"].geometry.to_numpy(), plane):
        banks = kerbs[np.sort(tree.query(strip, "intersects"))]
        free = shapely.difference(strip, shapely.union_all(banks))
        parts = shapely.get_parts(free)
        free = parts[int(np.argmax(shapely.area(parts)))]
        cut += _cut(free)
    rows = [
        {
            "code": f"{COUNTY}V{n:02d}",
            "name": f"{RIVER[0]}管理段{n:02d}",
            "name_en": f"{RIVER[1]}, segment {n}",
            "owner": "SW",
            "contact": f"{invented_name(dice)} 0990-558{n:04d}",
            "source": "河道管理范围划定公告",
            "geometry": on_lattice(shape, plane),
        }
        for n, shape in enumerate(cut, start=1)
    ]
    return duty_layer(rows, "contact")


def _cut(strip: Any) -> list[NDArray[np.object_]]:
    """Cut a reach that runs north to south into segments of equal height, from the north."""
    west, south, east, north = shapely.bounds(strip)
    count = max(1, math.ceil((north - south) / _SEGMENT_M))
    edges = np.linspace(north, south, count + 1)
    found = []
    for upper, lower in itertools.pairwise(edges):
        part = shapely.intersection(strip, shapely.box(west, lower, east, upper))
        found.append(shapely.union_all([p for p in shapely.get_parts(part) if p.area > 1.0]))
    return found
