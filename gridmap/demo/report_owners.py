"""Whose a report is, where its true place leaves no doubt; asked of the layers' plain geometry.

Nothing here knows how reports are routed: what is on or near a border, under two layers or of
an owner that nobody knows is left out.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.demo.duties import Duties
from gridmap.demo.ground import in_metres
from gridmap.demo.plane import Plane

__all__ = ["draw_owners"]

Texts = NDArray[np.object_]
Flags = NDArray[np.bool_]

# Metres between a place without doubt and the nearest border that matters.
_CLEAR_M = 3.0
_THING_CLEAR_M = 0.5
_SITE_ITEMS = ("0501", "0502", "0503", "0504", "0506")
_WATER_ITEMS = ("0406", "0407", "0804")
_GREEN_ITEMS = ("0402", "0403", "0404", "0405")
_HOME_ITEMS = ("0601", "0602", "0603", "0604")
# Which things an item may be about.
_THINGS = {
    "0105": ("toilet",),
    "0206": ("sign",),
    "0208": ("cable",),
    "0301": ("cover",),
    "0302": ("grate",),
    "0306": ("lamp",),
    "0310": ("cabinet",),
    "0311": ("pole", "lamp"),
    "0312": ("bus_shelter",),
    "0313": ("fitness",),
    "1204": ("main",),
}


def draw_owners(
    reports: pd.DataFrame,
    truth: pd.DataFrame,
    layers: dict[str, gpd.GeoDataFrame],
    duties: Duties,
    plane: Plane,
) -> tuple[Texts, Texts]:
    """Return the kind of layer and the owner of each report, None where there is doubt."""
    asked = _Asked(reports, truth, duties, plane)
    layer = np.full(len(reports), None, dtype=object)
    owner = np.full(len(reports), None, dtype=object)

    def settle(kind: str, rows: Flags, found: Texts) -> None:
        settled = rows & (found != "")
        layer[settled], owner[settled] = kind, found[settled]

    site, near_site = asked.inside("construction_site")
    settle("construction_site", asked.about(_SITE_ITEMS), site)
    free = ~near_site & ~asked.inside("agreement")[1]
    if "river" in duties.layers:
        river, _ = asked.inside("river")
        settle("river", asked.about(_WATER_ITEMS) & free, river)
    for item in _THINGS:
        settle("asset", asked.about((item,)) & free, asked.thing(item))
    compound = asked.inside("exclusive_site")[1] | asked.in_exclusive_grid
    firm, in_estate = asked.estate(layers["estate"])
    settle("estate", asked.about(_HOME_ITEMS) & free & ~compound, firm)
    park, _ = asked.inside("park")
    settle("park", asked.about(_GREEN_ITEMS) & free & ~compound & ~in_estate, park)
    return layer, owner


class _Asked:
    """The true places, asked of one layer after another."""

    def __init__(
        self, reports: pd.DataFrame, truth: pd.DataFrame, duties: Duties, plane: Plane
    ) -> None:
        metres = plane.to_metres(truth[["lon", "lat"]].to_numpy())
        self._points = shapely.points(metres)
        self._item = reports["item"].to_numpy(dtype=object)
        self._home = truth["microgrid"].notna().to_numpy()
        seen = reports["observed_at"].where(reports["observed_at"].notna(), reports["received_at"])
        self._day = seen.str[:10].to_numpy(dtype=object)
        self._duties, self._plane = duties.layers, plane
        serial = truth["microgrid"].fillna("").str[12:15]
        self.in_exclusive_grid: Flags = (serial >= "901").to_numpy()

    def about(self, items: tuple[str, ...]) -> Flags:
        """True for reports of the district about some items."""
        found: Flags = np.isin(self._item.astype(str), items) & self._home
        return found

    def inside(self, kind: str) -> tuple[Texts, Flags]:
        """Return the owner where a place lies well inside one in force, else an empty text;
        and true where it lies in or near any, in force or not.
        """
        if kind not in self._duties:
            return np.full(len(self._points), "", dtype=object), np.zeros(len(self._points), bool)
        frame = self._duties[kind]
        shapes = in_metres(frame.geometry.to_numpy(), self._plane)
        begins = frame["valid_from"].to_numpy(dtype=object)
        ends = frame["valid_to"].where(frame["valid_to"].notna(), "9999").to_numpy(dtype=object)
        return self._within(shapes, frame["owner"].to_numpy(dtype=object), begins, ends)

    def estate(self, estates: gpd.GeoDataFrame) -> tuple[Texts, Flags]:
        """Return the firm where a place lies well inside a managed estate; and true in or near."""
        shapes = in_metres(estates.geometry.to_numpy(), self._plane)
        firm = ("WY:" + estates["firm_code"]).where(estates["firm_code"].notna(), "")
        always = np.full(len(shapes), "0000", dtype=object)
        never = np.full(len(shapes), "9999", dtype=object)
        return self._within(shapes, firm.to_numpy(dtype=object), always, never)

    def _within(
        self, shapes: NDArray[np.object_], owners: Texts, begins: Texts, ends: Texts
    ) -> tuple[Texts, Flags]:
        count = len(self._points)
        point, row = shapely.STRtree(shapes).query(self._points, "dwithin", distance=_CLEAR_M)
        near = np.zeros(count, dtype=bool)
        near[point] = True
        edge = shapely.distance(shapely.boundary(shapes[row]), self._points[point])
        live = (begins[row] <= self._day[point]) & (self._day[point] < ends[row])
        hits = np.bincount(point[live], minlength=count)
        sure = live & (edge > _CLEAR_M) & (hits[point] == 1)
        found = np.full(count, "", dtype=object)
        found[point[sure]] = owners[row[sure]]
        return found, near

    def thing(self, item: str) -> Texts:
        """Return the owner where all registered things an item may be about are one owner's."""
        shapes, radius, owners = self._register(item)
        found = np.full(len(self._points), "", dtype=object)
        rows = np.flatnonzero(self.about((item,)))
        if not len(shapes) or not len(rows):
            return found
        reach = float(radius.max()) + _THING_CLEAR_M
        point, thing = shapely.STRtree(shapes).query(self._points[rows], "dwithin", distance=reach)
        away = shapely.distance(self._points[rows[point]], shapes[thing])
        maybe = away < radius[thing] + _THING_CLEAR_M
        surely = away < radius[thing] - _THING_CLEAR_M
        table = pd.DataFrame({"row": rows[point], "owner": owners[thing], "sure": surely})[maybe]
        group = table.groupby("row")
        one = group["owner"].agg(["nunique", "first"])
        one = one[(one["nunique"] == 1) & group["sure"].any()]
        found[one.index.to_numpy()] = one["first"].to_numpy()
        return found

    def _register(self, item: str) -> tuple[NDArray[np.object_], NDArray[np.float64], Texts]:
        kinds = _THINGS[item]
        frames = [self._duties[name] for name in ("asset", "main") if name in self._duties]
        parts = [f[f["asset_type"].isin(kinds)] for f in frames]
        shapes = np.concatenate([p.geometry.to_numpy() for p in parts])
        radius = np.concatenate([p["radius_m"].to_numpy(dtype=float) for p in parts])
        owners = np.concatenate([p["owner"].to_numpy(dtype=object) for p in parts])
        return in_metres(shapes, self._plane), radius, owners
