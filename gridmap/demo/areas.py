"""The four area layers with names and codes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.demo.hierarchy import Hierarchy
from gridmap.demo.names import SUBDISTRICTS, Names, ordinal
from gridmap.demo.notice import CRS, NOTE
from gridmap.demo.numbering import Codes, number_areas
from gridmap.demo.plane import Plane
from gridmap.demo.scales import Scale
from gridmap.demo.shapes import Outlines
from gridmap.demo.town import Town

__all__ = ["Areas", "build_areas"]

Shapes = NDArray[np.object_]

_EXCLUSIVE_NAMES = {
    "school": ("学校", "School"),
    "hospital": ("医院", "Hospital"),
    "park": ("公园", "Park"),
    "market": ("市场", "Market"),
    "works": ("产业园", "Industrial Park"),
}


@dataclass(frozen=True)
class Areas:
    """Finished areas.

    Attributes
    ----------
    codes : Codes
        By row of the hierarchy's lists.
    shapes : dict of str to object array
        Geometry by level, in the same order, EPSG:4326.
    frames : dict of str to GeoDataFrame
        The layers, in code order.
    stem : list of (str, str)
        Two-character name of each community.
    """

    codes: Codes
    shapes: dict[str, Shapes]
    frames: dict[str, gpd.GeoDataFrame]
    stem: list[tuple[str, str]]


def build_areas(
    scale: Scale, town: Town, tree: Hierarchy, outlines: Outlines, plane: Plane, names: Names
) -> Areas:
    """Return the areas of all levels; households and buildings are filled in later."""
    shapes = _shapes(tree, outlines)
    centres = {level: plane.to_metres(_centres(s)) for level, s in shapes.items()}
    codes = number_areas(tree, scale.first_subdistrict, centres)
    stem: list[tuple[str, str]] = [("", "")] * len(codes.community)
    for row in np.argsort(codes.community):
        stem[int(row)] = names.next()
    frames = {
        "subdistrict": _subdistricts(codes, shapes["subdistrict"]),
        "community": _communities(tree, codes, stem, shapes["community"]),
        "grid": _grids(tree, codes, stem, shapes["grid"]),
        "microgrid": _microgrids(tree, codes, stem, shapes["microgrid"]),
    }
    return Areas(codes, shapes, frames, stem)


def union(shapes: Sequence[Any]) -> Any:
    """Return the union of shapes whose borders match, in normal form."""
    if len(shapes) == 1:
        return shapely.normalize(shapes[0])
    return shapely.normalize(shapely.coverage_union_all(np.array(shapes, dtype=object)))


def _shapes(tree: Hierarchy, outlines: Outlines) -> dict[str, Shapes]:
    parts = [union([outlines.face[f] for f in faces]) for faces in tree.microgrid]
    shapes = {"microgrid": _array(parts)}
    below = "microgrid"
    for level, parents in (
        ("grid", tree.grid),
        ("community", tree.community),
        ("subdistrict", tree.subdistrict),
    ):
        members: list[list[int]] = [[] for _ in range(max(parents) + 1)]
        for row, parent in enumerate(parents):
            members[parent].append(row)
        shapes[level] = _array([union([shapes[below][r] for r in rows]) for rows in members])
        below = level
    return shapes


def _array(items: list[Any]) -> Shapes:
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out


def _centres(shapes: Shapes) -> NDArray[np.float64]:
    centres: NDArray[np.float64] = shapely.get_coordinates(shapely.centroid(shapes))
    return centres


def _frame(rows: dict[str, Any], shapes: Shapes) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame({**rows, "note": NOTE}, geometry=shapes, crs=CRS)
    return frame.sort_values("code", kind="stable", ignore_index=True)


def _subdistricts(codes: Codes, shapes: Shapes) -> gpd.GeoDataFrame:
    serial = [int(code[6:]) for code in codes.subdistrict]
    chosen = [SUBDISTRICTS[(n - 1) % len(SUBDISTRICTS)] for n in serial]
    return _frame(
        {
            "code": codes.subdistrict,
            "name": [f"{zh}街道" for zh, _ in chosen],
            "name_en": [f"{en} Sub-district" for _, en in chosen],
            "parent_code": None,
            "kind": "basic",
        },
        shapes,
    )


def _communities(
    tree: Hierarchy, codes: Codes, stem: list[tuple[str, str]], shapes: Shapes
) -> gpd.GeoDataFrame:
    return _frame(
        {
            "code": codes.community,
            "name": [f"{zh}社区" for zh, _ in stem],
            "name_en": [f"{en} Community" for _, en in stem],
            "parent_code": [codes.subdistrict[p] for p in tree.subdistrict],
            "kind": "basic",
        },
        shapes,
    )


def grid_name(code: str, use: str | None, stem: tuple[str, str]) -> tuple[str, str]:
    """Return a grid's names: its number in the community, or the site that it is."""
    zh, en = stem
    if use is not None:
        site, site_en = _EXCLUSIVE_NAMES[use]
        return f"{zh}{site}专属网格", f"{en} {site_en} (exclusive grid)"
    number = int(code[12:15])
    return f"{zh}社区第{ordinal(number)}网格", f"{en} Grid {number}"


def _grids(
    tree: Hierarchy, codes: Codes, stem: list[tuple[str, str]], shapes: Shapes
) -> gpd.GeoDataFrame:
    named = [
        grid_name(code, tree.exclusive.get(g), stem[tree.community[g]])
        for g, code in enumerate(codes.grid)
    ]
    return _frame(
        {
            "code": codes.grid,
            "name": [zh for zh, _ in named],
            "name_en": [en for _, en in named],
            "parent_code": [codes.community[p] for p in tree.community],
            "kind": ["exclusive" if g in tree.exclusive else "basic" for g in range(len(named))],
        },
        shapes,
    )


def _microgrids(
    tree: Hierarchy, codes: Codes, stem: list[tuple[str, str]], shapes: Shapes
) -> gpd.GeoDataFrame:
    rows = []
    for code, g in zip(codes.microgrid, tree.grid, strict=True):
        zh, en = stem[tree.community[g]]
        mark = f"{int(code[12:15])}-{code[15:]}"
        rows.append((f"{zh}{mark}微网格", f"{en} {mark}"))
    return _frame(
        {
            "code": codes.microgrid,
            "name": [zh for zh, _ in rows],
            "name_en": [en for _, en in rows],
            "parent_code": [codes.grid[g] for g in tree.grid],
            "kind": ["exclusive" if g in tree.exclusive else "basic" for g in tree.grid],
        },
        shapes,
    )
