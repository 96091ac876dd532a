"""Locating a million points in the demo district, beside shapely and geopandas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from benchmarks.measure import in_turn, table
from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.demo import build
from gridmap.locate.locator import Locator

POINTS = 200_000


def coverage_of_demo() -> Coverage:
    """Return the demo district's coverage without a store."""
    layers = build("district").layers
    names = ["subdistrict", "community", "grid", "microgrid"]
    areas, shapes = [], []
    for rank, name in enumerate(names):
        for row in layers[name].itertuples():
            parent = row.parent_code if rank else None
            areas.append(
                Area(-1, name, row.code, row.name, "", names[rank - 1] if rank else None, parent)
            )
            shapes.append(row.geometry)
    return Coverage.build("demo", Levels(names), areas, shapes)


def run() -> None:
    coverage = coverage_of_demo()
    atoms = coverage.geometry[coverage.atoms]
    codes = coverage.code[coverage.atoms]
    box = shapely.total_bounds(atoms)
    random = np.random.default_rng(7)
    lon = random.uniform(box[0], box[2], POINTS)
    lat = random.uniform(box[1], box[3], POINTS)
    points = shapely.points(lon, lat)
    tree = shapely.STRtree(atoms)
    frame = gpd.GeoDataFrame({"code": codes}, geometry=atoms, crs=4326)
    locator = Locator(coverage)

    own = locator.locate(lon, lat).codes["microgrid"]
    pairs = tree.query(points, predicate="intersects")
    oracle = np.full(POINTS, None, dtype=object)
    for point, atom in pairs.T:
        if oracle[point] is None or codes[atom] < oracle[point]:
            oracle[point] = codes[atom]
    assert list(own) == list(oracle), "the answers differ"

    def sjoin() -> object:
        return gpd.sjoin(gpd.GeoDataFrame(geometry=points, crs=4326), frame, how="left")

    seconds = in_turn(
        {
            "gridmap (status, 4 levels, margin)": lambda: locator.locate(lon, lat),
            "shapely STRtree.query (pairs only)": lambda: tree.query(
                points, predicate="intersects"
            ),
            "geopandas.sjoin (one level)": sjoin,
        }
    )
    table(
        f"District of {len(atoms):,} micro-grids, uniform points",
        seconds,
        POINTS,
        own="gridmap (status, 4 levels, margin)",
    )
