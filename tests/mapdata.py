"""A small invented district for the map tests: nested, irregular, with an exclusive grid."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely

from gridmap.areas import DEFAULT_LEVELS, Area
from gridmap.coverage.model import STORED_CRS, Coverage

CENTRE = (113.2, 35.3)
HOSTILE = "</script><img src=x\u2028onerror=alert(1)>&'\"`${1}"


def district(atoms: int = 120, *, seed: int = 7, hostile: bool = False) -> Coverage:
    """Voronoi micro-grids around random points, grouped by nearest centre into three levels."""
    dice = np.random.default_rng(seed)
    outline = shapely.Point(0, 0).buffer(0.03)
    points = dice.uniform(-0.03, 0.03, (atoms * 2, 2))
    points = points[shapely.contains_xy(outline, points)][:atoms]
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points)))
    cells = shapely.intersection(cells, outline)
    cells = shapely.transform(cells, lambda xy: xy + np.array(CENTRE))
    order = shapely.STRtree(cells).query(shapely.points(points + np.array(CENTRE)), "intersects")
    cells = cells[order[1][np.argsort(order[0])]]
    grid = _nearest(points, points[: max(atoms // 5, 3)])
    community = _nearest(points[: max(atoms // 5, 3)], points[: max(atoms // 20, 3)])
    sub = _nearest(points[: max(atoms // 20, 3)], points[:3])
    names = ["云溪", "河东", "南桥"]
    areas = [
        Area(-1, "subdistrict", f"9901010{s}", f"{names[s]}街道", f"Sub {s}") for s in range(3)
    ]
    for c, parent in enumerate(sub):
        name = HOSTILE if hostile and c == 1 else f"{names[parent]}第{c + 1}社区"
        areas.append(
            Area(
                -1,
                "community",
                f"99010100{c:02d}",
                name,
                f"Community {c}",
                "subdistrict",
                f"9901010{parent}",
            )
        )
    for g, parent in enumerate(community):
        kind = "exclusive" if g == 2 else "basic"
        areas.append(
            Area(
                -1,
                "grid",
                f"G{g:03d}",
                f"第{g:03d}网格",
                f"Grid {g}",
                "community",
                f"99010100{parent:02d}",
                kind,
            )
        )
    for m, parent in enumerate(grid):
        areas.append(
            Area(-1, "microgrid", f"M{m:04d}", f"{m:04d}微网格", "", "grid", f"G{parent:03d}")
        )
    shapes = [None] * (len(areas) - len(grid)) + list(cells)
    return Coverage.build("2026-春", DEFAULT_LEVELS, areas, shapes)


def counts(coverage: Coverage, level: str = "grid") -> dict[str, int]:
    """0, 3, 6, ... reports by area."""
    return {code: 3 * i for i, code in enumerate(coverage.code[coverage.rows(level)])}


def ground() -> dict[str, gpd.GeoDataFrame]:
    """A river, a park, a railway and two roads through the invented district."""
    x, y = CENTRE

    def frame(*shapes: object, **columns: object) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=STORED_CRS)

    return {
        "water": frame(
            shapely.LineString([(x - 0.03, y), (x, y + 0.005), (x + 0.03, y)]).buffer(0.0012)
        ),
        "parks": frame(shapely.Point(x + 0.01, y - 0.01).buffer(0.004)),
        "railways": frame(shapely.LineString([(x - 0.025, y - 0.015), (x + 0.025, y - 0.01)])),
        "roads": frame(
            shapely.LineString([(x - 0.028, y - 0.004), (x + 0.028, y - 0.004)]),
            shapely.LineString([(x, y - 0.028), (x, y + 0.028)]),
            **{"class": ["arterial", "branch"]},
        ),
    }


def _nearest(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return np.argmin(((points[:, None] - centres[None]) ** 2).sum(axis=2), axis=1)
