"""A small made-up town for routing, on a lattice of 0.001 degrees (about 90 m by 111 m).

Two sub-districts, west and east of x = 8; four communities, below and above y = 4; grids of
4 x 4 units, each with four microgrids of 2 x 2, save the hospital's, which is one whole
exclusive grid. Red lines run inside the grids::

    y 8 +--------------+---------------+--------------+--------------+
        | W-A2-1       |   hospital    | E07 / E08    |  E09         |
        |   E06 open   |   (4..8)      | open/managed |  firm unknown|
      4 +---(crosses)--+---------------+--------------+--E05 crosses-+
        |   E01        |   E02 open    | E03 | E04    |              |
        |   managed    |               | managed      |              |
      0 +--------------+---------------+--------------+--------------+
        0              4               8              12             16 x
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from gridmap.areas import DEFAULT_LEVELS, Area
from gridmap.coverage.model import Coverage
from gridmap.places.model import Post
from gridmap.routing import Overlay, OverlayMap, Party

__all__ = [
    "ESTATES",
    "FIRMS",
    "HOSPITAL",
    "POSTS",
    "at",
    "coverage",
    "estate_map",
    "rectangle",
    "write_town",
]

EDITION = "town"
WEST, EAST = "990101001", "990101002"
HOSPITAL = "990101001002901"

_SUBDISTRICTS = {
    WEST: ("望禾街道", "Wanghe Sub-district"),
    EAST: ("青砚街道", "Qingyan Sub-district"),
}
# Community: its name and its west and south sides.
_COMMUNITIES = {
    WEST + "001": ("禾东社区", "Hedong Community", 0, 0),
    WEST + "002": ("禾北社区", "Hebei Community", 0, 4),
    EAST + "001": ("砚南社区", "Yannan Community", 8, 0),
    EAST + "002": ("砚北社区", "Yanbei Community", 8, 4),
}

FIRMS = (
    Party("WY:F001", "安禾物业", "Anhe Property", "0990-5550101"),
    Party("WY:F002", "砚湖物业", "Yanhu Property", "0990-5550102"),
    Party("WY:F003", "新安物业", "Xin'an Property", "0990-5550103"),
)

_OCTOBER = date(2026, 10, 1)
# West, south, east, north of each red line.
_ESTATES = (
    (Overlay("E01", "estate", "锦禾苑", "Jinhe Court", True, "WY:F001"), (0.5, 0.5, 3.5, 3.5)),
    (Overlay("E02", "estate", "机床厂宿舍", "Machine Works Dormitory", False), (4.5, 0.5, 7.5, 3)),
    (Overlay("E03", "estate", "砚湖一期", "Yanhu One", True, "WY:F002"), (8.5, 0.5, 10, 3.5)),
    (Overlay("E04", "estate", "砚湖二期", "Yanhu Two", True, "WY:F002"), (10, 0.5, 11.5, 3.5)),
    (Overlay("E05", "estate", "两社花园", "Liangshe Garden", True, "WY:F001"), (12.5, 3, 15.5, 5)),
    (Overlay("E06", "estate", "禾里老街", "Heli Old Street", False), (0.5, 3.7, 3.5, 6)),
    (
        Overlay("E07", "estate", "砚里小区", "Yanli Estate", False, valid_to=_OCTOBER),
        (8.5, 4.5, 11.5, 7.5),
    ),
    (
        Overlay("E08", "estate", "砚里小区", "Yanli Estate", True, "WY:F003", valid_from=_OCTOBER),
        (8.5, 4.5, 11.5, 7.5),
    ),
    (Overlay("E09", "estate", "砚东新村", "Yandong New Village", True), (12.5, 5.5, 15.5, 7.5)),
)
ESTATES = tuple(overlay for overlay, _ in _ESTATES)


def _post(code: str, area: str, role: str = "grid_worker", kind: str = "basic", **more) -> Post:
    level = {12: "community", 15: "grid", 17: "microgrid"}[len(area)]
    return Post(code, f"person-{code}", f"演示{code}", role, kind, level, area, **more)


_MARCH, _JUNE = date(2026, 3, 1), date(2026, 6, 1)
POSTS = (
    _post("W-A1-1", WEST + "001001"),
    _post("W-A1-2a", WEST + "001002", valid_to=_JUNE),
    _post("W-A1-2b", WEST + "001002", valid_from=_JUNE),
    _post("W-A2-1", WEST + "002001"),
    _post("W-A2-1-03", WEST + "00200103"),
    _post("L-B1-1", EAST + "001001", "grid_lead", "linked"),
    _post("W-B1-1", EAST + "001001"),
    _post("L-B1-2", EAST + "001002", "grid_lead", "linked"),
    _post("P-B2-1", EAST + "002001", "professional_worker", "professional", department="GA"),
    _post("W-B2-1", EAST + "002001", valid_from=_MARCH),
    _post("W-B2", EAST + "002", "grid_worker", "linked"),
)


def at(x: float, y: float) -> tuple[float, float]:
    """Lattice units to degrees, as they would be typed."""
    return round(117 + x / 1000, 7), round(36.6 + y / 1000, 7)


def rectangle(west: float, south: float, east: float, north: float) -> shapely.Polygon:
    return shapely.Polygon([at(west, south), at(east, south), at(east, north), at(west, north)])


def _areas() -> list[tuple[Area, shapely.Polygon]]:
    found = []
    for code, (name, name_en) in _SUBDISTRICTS.items():
        west = 0 if code == WEST else 8
        found.append(
            (Area(-1, "subdistrict", code, name, name_en), rectangle(west, 0, west + 8, 8))
        )
    for code, (name, name_en, west, south) in _COMMUNITIES.items():
        found.append(
            (
                Area(-1, "community", code, name, name_en, "subdistrict", code[:9]),
                rectangle(west, south, west + 8, south + 4),
            )
        )
        found += _grid(code, "001", f"{name}第一网格", f"{name_en} Grid 1", west, south)
        if code == WEST + "002":
            hospital = Area(
                -1, "grid", HOSPITAL, "望禾医院", "Wanghe Hospital", "community", code, "exclusive"
            )
            found.append((hospital, rectangle(4, 4, 8, 8)))
        else:
            found += _grid(code, "002", f"{name}第二网格", f"{name_en} Grid 2", west + 4, south)
    return found


def _grid(
    community: str, number: str, name: str, name_en: str, west: int, south: int
) -> list[tuple[Area, shapely.Polygon]]:
    code = community + number
    whole = Area(-1, "grid", code, name, name_en, "community", community)
    found = [(whole, rectangle(west, south, west + 4, south + 4))]
    for n, (dx, dy) in enumerate(((0, 0), (2, 0), (0, 2), (2, 2)), start=1):
        part = Area(
            -1, "microgrid", f"{code}{n:02d}", f"{name}{n:02d}", f"{name_en}-{n:02d}", "grid", code
        )
        x, y = west + dx, south + dy
        found.append((part, rectangle(x, y, x + 2, y + 2)))
    return found


def coverage() -> Coverage:
    areas = _areas()
    return Coverage.build(
        EDITION, DEFAULT_LEVELS, [a for a, _ in areas], [shape for _, shape in areas]
    )


def estate_map() -> OverlayMap:
    return OverlayMap(ESTATES, [rectangle(*box) for _, box in _ESTATES])


def write_town(folder: Path) -> dict[str, Path]:
    """Write the town as files that can be imported; return their paths by layer."""
    paths = {}
    areas = _areas()
    for level in DEFAULT_LEVELS.names:
        own = [(area, shape) for area, shape in areas if area.level == level]
        frame = gpd.GeoDataFrame(
            [
                {"code": a.code, "name": a.name, "name_en": a.name_en, "kind": a.kind}
                | ({"parent": a.parent_code} if a.parent_code else {})
                for a, _ in own
            ],
            geometry=[shape for _, shape in own],
            crs="EPSG:4326",
        )
        paths[level] = _write(frame, folder / f"{level}.gpkg")
    estates = gpd.GeoDataFrame(
        [
            {
                "code": e.code,
                "name": e.name,
                "name_en": e.name_en,
                "kind": "managed" if e.managed else "open",
                "firm_code": e.owner.removeprefix("WY:"),
                "valid_from": e.valid_from and e.valid_from.isoformat(),
                "valid_to": e.valid_to and e.valid_to.isoformat(),
            }
            for e in ESTATES
        ],
        geometry=[rectangle(*box) for _, box in _ESTATES],
        crs="EPSG:4326",
    )
    paths["estates"] = _write(estates, folder / "estates.gpkg")
    paths["firms"] = folder / "firms.csv"
    pd.DataFrame([asdict(firm) for firm in FIRMS]).to_csv(paths["firms"], index=False)
    paths["posts"] = folder / "posts.csv"
    pd.DataFrame([asdict(post) for post in POSTS]).to_csv(paths["posts"], index=False)
    return paths


def _write(frame: gpd.GeoDataFrame, path: Path) -> Path:
    frame.to_file(path, driver="GPKG", engine="pyogrio")
    return path
