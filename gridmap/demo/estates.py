"""Estates (小区): red lines inside the blocks, managed by a property firm or open."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridmap.demo.areas import union
from gridmap.demo.dice import Dice
from gridmap.demo.ground import in_metres, on_lattice
from gridmap.demo.kerbs import BuildingLine
from gridmap.demo.names import Names
from gridmap.demo.notice import CRS, NOTE, no_district
from gridmap.demo.numbering import COUNTY, reading_order
from gridmap.demo.plane import Plane
from gridmap.demo.shapes import Outlines
from gridmap.demo.streets import Streets
from gridmap.demo.town import HECTARE, Town

__all__ = ["build_estates", "chosen_estates"]

_SET_BACK_M = 8.0
_ENDINGS = {
    "core": (("小区", "Estate"), ("里", "Close"), ("新村", "New Village"), ("巷院", "Yards")),
    "housing": (
        ("花园", "Garden"), ("家园", "Homes"), ("苑", "Court"),
        ("小区", "Estate"), ("佳园", "Place"),
    ),
    "tower": (("府", "Mansion"), ("华庭", "Heights"), ("国际", "Plaza"), ("嘉园", "Park Homes")),
    "village": (("庄", "Village"), ("村", "Hamlet"), ("新村", "New Village")),
}  # fmt: skip
# About one estate in six is open over all.
_OPEN_SHARE = {"core": 0.27, "housing": 0.10, "tower": 0.0, "village": 0.68}


def build_estates(
    town: Town, outlines: Outlines, plane: Plane, streets: Streets, names: Names, dice: Dice
) -> gpd.GeoDataFrame:
    """Return the estates, numbered over the whole district in reading order."""
    line = BuildingLine(streets)
    found = []
    for use, faces in _plots(town, outlines, dice):
        shape = in_metres(union([outlines.face[f] for f in faces]), plane)
        red = shapely.buffer(
            shapely.simplify(shape, 1.0), -_SET_BACK_M, join_style="mitre", mitre_limit=2.0
        )
        red = line.plot(red)
        if shapely.area(red) > 3200.0:
            found.append((use, faces, red))
    centres = shapely.get_coordinates(shapely.centroid([red for _, _, red in found]))
    found = [found[i] for i in reading_order(centres)]
    shapes = np.array([red for _, _, red in found], dtype=object)
    rows = _rows([use for use, _, _ in found], names, dice)
    address, address_en, street = streets.address(shapely.centroid(shapes))
    # The gate is where the red line comes nearest to the street of the address.
    gate = shapely.get_coordinates(shapely.shortest_line(shapes.tolist(), streets.lines[street]))[
        ::2
    ]
    lonlat = plane.to_lonlat(gate)
    frame = gpd.GeoDataFrame(rows, geometry=on_lattice(shapes, plane), crs=CRS)
    for at, (column, values) in enumerate(
        {
            "address": address,
            "address_en": address_en,
            "gate_lon": lonlat[:, 0],
            "gate_lat": lonlat[:, 1],
        }.items()
    ):
        frame.insert(6 + at, column, values)
    return frame


def chosen_estates(
    estates: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, managed: int, open_: int
) -> gpd.GeoDataFrame:
    """Return the estates with the most homes, so many walled and so many open ones."""
    homes = estates["code"].map(buildings.groupby("estate_code")["households"].sum()).fillna(0)
    order = estates.assign(homes=homes).sort_values(["homes", "code"], ascending=[False, True])
    order = order[order["homes"] > 0]
    kept = []
    for kind, count in (("managed", managed), ("open", open_)):
        those = order.index[order["kind"] == kind]
        if len(those) < count:
            raise no_district(f"{len(those)} {kind} estates came about, {count} are wanted")
        kept += those[:count].tolist()
    return estates.loc[sorted(kept)].reset_index(drop=True)


def _plots(town: Town, outlines: Outlines, dice: Dice) -> list[tuple[str, list[int]]]:
    """Return the faces of each estate: blocks, large ones in halves, some left without."""
    blocks: dict[int, list[int]] = defaultdict(list)
    for face in sorted(outlines.face):
        if town.use[face] in _ENDINGS:
            blocks[town.block[face]].append(face)
    plots: list[tuple[str, list[int]]] = []
    for faces in blocks.values():
        uses = Counter(town.use[f] for f in faces)
        use = max(uses, key=lambda u: (uses[u], u))
        area = sum(town.mesh.area(f) for f in faces) / HECTARE
        if dice.chance(0.42 if use == "core" else 0.14):
            continue
        limit = 16.0 if use == "village" else 9.0
        most = limit if area > limit else area + 1.0
        plots.extend((use, part) for part in _joined(town, faces, most))
    return plots


def _joined(town: Town, faces: list[int], limit: float) -> list[list[int]]:
    """Return the faces in touching groups of no more than `limit` hectares."""
    mesh = town.mesh
    left = list(faces)
    groups = []
    while left:
        group, area = [left.pop(0)], 0.0
        area = mesh.area(group[0]) / HECTARE
        grown = True
        while grown:
            grown = False
            for face in list(left):
                near = {
                    mesh.left.get((b, a))
                    for ring in (mesh.ring[face], *mesh.holes.get(face, []))
                    for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
                }
                size = mesh.area(face) / HECTARE
                if near & set(group) and area + size <= limit:
                    group.append(face)
                    left.remove(face)
                    area += size
                    grown = True
        groups.append(sorted(group))
    return groups


def _rows(uses: list[str], names: Names, dice: Dice) -> list[dict[str, Any]]:
    rows = []
    firms = [(f"F{n:04d}", f"{names.next()[0]}物业") for n in range(1, max(3, len(uses) // 16) + 1)]
    for number, use in enumerate(uses, start=1):
        zh, en = names.next()
        end, end_en = dice.one(_ENDINGS[use])
        managed = not dice.chance(_OPEN_SHARE[use])
        firm = dice.one(firms)
        rows.append(
            {
                "code": f"{COUNTY}E{number:04d}",
                "name": zh + end,
                "name_en": f"{en} {end_en}",
                "kind": "managed" if managed else "open",
                "firm_code": firm[0] if managed else None,
                "firm_name": firm[1] if managed else None,
                "built": int(
                    {"core": 1984, "housing": 2001, "tower": 2014, "village": 1992}[use]
                    + 9 * dice.unit()
                ),
                "note": NOTE,
            }
        )
    return rows
