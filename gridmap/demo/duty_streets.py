"""Who keeps the streets: roads by class, and the strips in front of shops (门前三包)."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.ops import substring

from gridmap.demo.dice import Dice
from gridmap.demo.duty_rows import Bodies, duty_layer
from gridmap.demo.ground import in_metres, on_lattice
from gridmap.demo.kerbs import HALF_WIDTH_M, half_widths, in_estates
from gridmap.demo.numbering import COUNTY
from gridmap.demo.plane import Plane
from gridmap.demo.streets import Streets

__all__ = ["one_builder_where_they_meet", "roads", "street_fronts"]

# Where two streets cross, the larger one is meant.
_PRIORITY = {"highway": 40, "arterial": 30, "branch": 20, "alley": 10}
# A street that its builder has not yet handed over to the district.
_NOT_HANDED_OVER = 0.02
# Streets that come as near as this, kerb to kerb, are taken to meet.
_APART_M = 1.0
_FRONT_REACH_M = {"arterial": 30.0, "branch": 20.0}
_LET_SHARE = 0.3
_FRONT_FROM_M2 = 12.0


def roads(
    layers: dict[str, gpd.GeoDataFrame],
    streets: Streets,
    plane: Plane,
    bodies: Bodies,
    firms: list[tuple[str, str]],
    dice: Dice,
) -> gpd.GeoDataFrame:
    """Return one row a street: its lines, class and half width; lanes inside estates are none.

    The owner is that of its class, save where a builder still keeps it. Streets that meet are
    kept by one builder: on a crossing of two nobody could tell whose ground it is.
    """
    builders = [bodies.add("KF", f"{zh}置业公司", f"{en} Developers") for zh, en in firms]
    private = in_estates(streets, in_metres(layers["estate"].geometry.to_numpy(), plane))
    frame = streets.frame[~private]
    rows: list[dict[str, Any]] = []
    for code, rows_of in frame.groupby("code", sort=True).indices.items():
        first = frame.iloc[int(rows_of[0])]
        kind = first["class"]
        kept = kind == "branch" and first["rank"] == 2 and dice.chance(_NOT_HANDED_OVER)
        rows.append(
            {
                "code": code,
                "name": first["name"],
                "name_en": first["name_en"],
                "owner": dice.one(builders) if kept else "",
                "source": "未移交道路台账" if kept else "道路普查",
                "priority": _PRIORITY[kind] - 5 * kept,
                "road_class": kind,
                "radius_m": HALF_WIDTH_M[kind],
                "geometry": shapely.multilinestrings(frame.geometry.to_numpy()[rows_of].tolist()),
            }
        )
    one_builder_where_they_meet([row for row in rows if row["owner"]], plane)
    return duty_layer(rows, "road_class", "radius_m")


def one_builder_where_they_meet(kept: list[dict[str, Any]], plane: Plane) -> None:
    """Give streets that meet, one by one or through others, the builder of their first."""
    lines = in_metres(np.array([row["geometry"] for row in kept], dtype=object), plane)
    group = np.arange(len(kept))
    for n, row in enumerate(kept):
        widths = np.array([other["radius_m"] for other in kept[:n]]) + row["radius_m"]
        met = np.flatnonzero(shapely.distance(lines[:n], lines[n]) < widths + _APART_M)
        joined = group[[*met, n]]
        group[np.isin(group, joined)] = joined.min()
    for row, first in zip(kept, group.tolist(), strict=True):
        row["owner"] = kept[first]["owner"]


def street_fronts(
    layers: dict[str, gpd.GeoDataFrame],
    streets: Streets,
    plane: Plane,
    bodies: Bodies,
    dice: Dice,
) -> gpd.GeoDataFrame:
    """Return the strips between the kerb and the buildings that have shops in front.

    A commercial building's strip is its unit's; the small shops under homes share theirs, which
    the community looks after. Strips overlap nothing and stay in the building's community.
    """
    building = layers["building"]
    shapes = in_metres(building.geometry.to_numpy(), plane)
    rank = streets.frame["rank"].to_numpy()
    usable = np.flatnonzero(
        streets.frame["class"].isin(list(_FRONT_REACH_M)) & ~streets.frame["bridge"]
    )
    tree = shapely.STRtree(streets.lines[usable])
    street = usable[tree.nearest(shapes)]
    away = shapely.distance(shapes, streets.lines[street])
    reach = streets.frame["class"].map(_FRONT_REACH_M).to_numpy(dtype=float)[street]
    trade = (building["kind"] == "commercial").to_numpy()
    homes = (building["kind"] == "residential").to_numpy() & (rank[street] <= 1)
    let = homes & (dice.units(len(shapes)) < _LET_SHARE)
    chosen = np.flatnonzero((away < reach) & (trade | let))
    cut = _Cutter(layers, streets, shapes, plane)
    rows: list[dict[str, Any]] = []
    for b in chosen.tolist():
        strip = cut.strip(b, int(street[b]))
        if strip is None:
            continue
        zh, en = building["address"].iloc[b], building["address_en"].iloc[b]
        owner = bodies.add("SH", f"{zh}商户", f"Shop at {en}") if trade[b] else ""
        rows.append(
            {
                "code": f"{COUNTY}F{len(rows) + 1:04d}",
                "name": f"{zh}门前",
                "name_en": f"In front of {en}",
                "owner": owner,
                "source": "门前三包责任书",
                "geometry": on_lattice(strip, plane),
            }
        )
    return duty_layer(rows)


class _Cutter:
    """Draws the strip in front of one building after another."""

    def __init__(
        self,
        layers: dict[str, gpd.GeoDataFrame],
        streets: Streets,
        buildings: NDArray[np.object_],
        plane: Plane,
    ) -> None:
        names = ("estate", "park", "water", "construction_site", "river_strip", "railway_corridor")
        sites = [
            in_metres(layers[name].geometry.to_numpy(), plane) for name in names if name in layers
        ]
        ways = shapely.buffer(streets.lines, half_widths(streets) + 0.3, quad_segs=4)
        self._fixed = np.concatenate([buildings, ways, *sites])
        self._tree = shapely.STRtree(self._fixed)
        self._buildings = buildings
        self._lines = streets.lines
        micro = layers["microgrid"].set_index("code").geometry
        inside = micro.loc[layers["building"]["microgrid_code"]].to_numpy()
        self._community = layers["building"]["microgrid_code"].str[:12].to_numpy()
        self._homes = in_metres(inside, plane)
        self._done: list[Any] = []

    def strip(self, building: int, street: int) -> Any | None:
        """Return the strip, None where there is no room for one."""
        shape, line = self._buildings[building], self._lines[street]
        corners = shapely.points(shapely.get_coordinates(shape)[:4])
        run = shapely.line_locate_point(line, corners)
        low, high = float(run.min()), float(run.max())
        if high - low < 4.0:
            return None
        reach = shapely.convex_hull(shapely.union(shape, substring(line, low, high)))
        rows = np.sort(self._tree.query(reach, "intersects"))
        near = [*self._fixed[rows], *(s for s in self._done if shapely.intersects(s, reach))]
        free = shapely.difference(reach, shapely.union_all(near))
        # Half a metre keeps strips of the lattice apart from each other and from walls.
        free = shapely.intersection(
            shapely.buffer(free, -0.3, join_style="mitre"), self._homes[building]
        )
        parts = shapely.get_parts(free)
        if not len(parts):
            return None
        best = parts[int(np.argmax(shapely.area(parts)))]
        if shapely.area(best) < _FRONT_FROM_M2:
            return None
        self._done.append(best)
        return best
