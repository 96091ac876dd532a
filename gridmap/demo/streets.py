"""The street network: named lines between junctions, and where a door number counts from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.demo.names import Names, ordinal
from gridmap.demo.notice import CRS, NOTE
from gridmap.demo.numbering import COUNTY
from gridmap.demo.plane import Plane
from gridmap.demo.shapes import Arc, Outlines
from gridmap.demo.town import Town

__all__ = ["RAILWAY", "RIVER", "Streets", "build_streets"]

Floats = NDArray[np.float64]

RIVER = ("沁砚河", "Qinyan River")
RAILWAY = ("岚禾铁路", "Lanhe Railway")
# Class of a street, and how early a map draws it.
_CLASS = {
    "highway": ("highway", 0),
    "arterial": ("arterial", 0),
    "riverside": ("branch", 1),
    "collector": ("branch", 1),
    "branch": ("branch", 2),
    "alley": ("alley", 3),
}


@dataclass(frozen=True)
class Streets:
    """The network.

    Attributes
    ----------
    frame : GeoDataFrame
        One row a piece of street between two junctions.
    lines : object array
        The same pieces in metres.
    along_x : bool (n,)
        True where the street runs west to east: its door numbers count from the west, others
        from the north.
    start : float64 (n,)
        Metres at which the piece's street begins on that axis.
    """

    frame: gpd.GeoDataFrame
    lines: NDArray[np.object_]
    along_x: NDArray[np.bool_]
    start: Floats

    def address(self, points: NDArray[np.object_]) -> tuple[list[str], list[str], Floats]:
        """Return name and English name of the address of each point (metres), and its street row.

        The nearest street counts; numbers go up by two every 12 m, odd ones to the left of its
        direction.
        """
        tree = shapely.STRtree(self.lines)
        row = tree.nearest(points)
        x, y = shapely.get_x(points), shapely.get_y(points)
        run = np.where(self.along_x[row], x, -y) - self.start[row]
        foot = shapely.line_interpolate_point(
            self.lines[row], shapely.line_locate_point(self.lines[row], points)
        )
        left = np.where(self.along_x[row], y > shapely.get_y(foot), x > shapely.get_x(foot))
        number = 2 * np.floor(run.clip(0) / 12.0).astype(int) + np.where(left, 1, 2)
        zh = self.frame["name"].to_numpy()[row]
        en = self.frame["name_en"].to_numpy()[row]
        return (
            [f"{street}{n}号" for street, n in zip(zh, number, strict=True)],
            [f"{n} {street}" for street, n in zip(en, number, strict=True)],
            row,
        )


def build_streets(town: Town, outlines: Outlines, plane: Plane, names: Names) -> Streets:
    """Return the network of all arcs that are streets, street by street from its beginning."""
    paved = [
        (arc.road, arc, plane.to_metres(arc.lonlat))
        for arc in outlines.arcs
        if arc.road is not None and town.roads[arc.road].kind in _CLASS
    ]
    used = sorted({road for road, _, _ in paved})
    named = _names(town, used, names)
    serial = {road: n + 1 for n, road in enumerate(used)}

    def run(road: int, metres: Floats) -> Floats:
        return metres[:, 0] if town.roads[road].along_x else -metres[:, 1]

    paved.sort(key=lambda p: (p[0], float(run(p[0], p[2])[0]), float(p[2][0].sum())))
    begin: dict[int, float] = {}
    for road, _, metres in paved:
        begin[road] = min(begin.get(road, np.inf), float(run(road, metres).min()))
    rows = [_row(town, arc, road, metres, serial[road], named[road]) for road, arc, metres in paved]
    frame = gpd.GeoDataFrame(rows, geometry=_lines([a.lonlat for _, a, _ in paved]), crs=CRS)
    return Streets(
        frame,
        _lines([metres for _, _, metres in paved]),
        np.array([town.roads[road].along_x for road, _, _ in paved]),
        np.array([begin[road] for road, _, _ in paved]),
    )


def _lines(courses: list[Floats]) -> NDArray[np.object_]:
    lines: NDArray[np.object_] = shapely.linestrings(
        np.vstack(courses), indices=np.repeat(np.arange(len(courses)), [len(c) for c in courses])
    )
    return lines


def _row(
    town: Town, arc: Arc, road: int, metres: Floats, serial: int, name: tuple[str, str]
) -> dict[str, Any]:
    length = float(np.hypot(*np.diff(metres, axis=0).T).sum())
    kind = town.roads[road].kind
    return {
        "code": f"{COUNTY}S{serial:04d}",
        "name": name[0],
        "name_en": name[1],
        "class": _CLASS[kind][0],
        "rank": _CLASS[kind][1],
        "from_node": arc.vertices[0],
        "to_node": arc.vertices[-1],
        "bridge": kind != "riverside" and _over_river(town, arc),
        "length_m": round(length, 1),
        "note": NOTE,
    }


def _over_river(town: Town, arc: Arc) -> bool:
    a, b = arc.vertices[:2]
    sides = [town.mesh.left.get(e) for e in ((a, b), (b, a))]
    return any(f is not None and town.use[f] == "river" for f in sides)


def _names(town: Town, used: list[int], names: Names) -> dict[int, tuple[str, str]]:
    """Return each road's names: those of the frame have their own, small ones their quarter's."""
    named: dict[int, tuple[str, str]] = {}
    quarter: dict[int, tuple[str, str]] = {}
    count: Counter[tuple[int, str]] = Counter()
    banks = iter(("西路", "东路"))
    banks_en = iter(("West Road", "East Road"))
    for road in used:
        kind, across = town.roads[road].kind, town.roads[road].along_x
        if kind == "riverside":
            named[road] = (f"沁砚{next(banks)}", f"Qinyan {next(banks_en)}")
        elif kind in {"highway", "arterial", "collector"}:
            zh, en = names.next()
            big = kind == "arterial"
            zh_end = "大道" if kind == "highway" else "路" if across else "大街" if big else "街"
            en_end = "Avenue" if kind == "highway" else "Road" if across else "Street"
            named[road] = (zh + zh_end, f"{en} {en_end}")
        else:
            block = town.roads[road].superblock
            zh_end, en_end = (
                ("巷", "Lane")
                if kind == "alley"
                else ("路", "Road")
                if across
                else ("街", "Street")
            )
            if block not in quarter or count[block, zh_end] == 12:
                # Nobody counts past twelve: the rest of the quarter has a name of its own.
                quarter[block] = names.next()
                count = Counter({key: n for key, n in count.items() if key[0] != block})
            count[block, zh_end] += 1
            n = count[block, zh_end]
            zh, en = quarter[block]
            named[road] = (f"{zh}{ordinal(n)}{zh_end}", f"{en} {en_end} {n}")
    return named
