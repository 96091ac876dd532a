"""Where reports happen: at homes, along streets, in parks, at things, at hot spots."""

from __future__ import annotations

from collections.abc import Callable

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.demo.dice import Dice
from gridmap.demo.duties import Duties
from gridmap.demo.duty_assets import ASSET_KINDS
from gridmap.demo.ground import in_metres
from gridmap.demo.kerbs import half_widths
from gridmap.demo.plane import Plane
from gridmap.demo.streets import Streets

__all__ = ["Spots"]

Floats = NDArray[np.float64]

_STREET_PULL = {"highway": 0.7, "arterial": 2.4, "branch": 1.2, "alley": 0.5}
_HOT_SHARE = 0.16
_HOT_SPOTS = 7
_HOT_SPREAD_M = 12.0
_THING_SPREAD_M = 0.6
# Of the reports about things so many mean one that is in the register.
_REGISTERED = 0.88
# Sites whose permit begins later make no dust yet, those whose permit has ended little.
_LAST_DAY = "2026-06-30"
_AFTER_PERMIT = 0.2


class Spots:
    """Draws true places, in metres, for each kind of place.

    Parameters
    ----------
    layers : dict of str to GeoDataFrame
    duties : Duties
    streets : Streets
    plane : Plane
    dice : Dice
    """

    def __init__(
        self,
        layers: dict[str, gpd.GeoDataFrame],
        duties: Duties,
        streets: Streets,
        plane: Plane,
        dice: Dice,
    ) -> None:
        self._dice = dice
        self._duties = duties.layers
        self._layers = layers
        self._streets = streets
        self._plane = plane
        building = layers["building"]
        self._entrance = plane.to_metres(building[["entrance_lon", "entrance_lat"]].to_numpy())
        codes, grid = np.unique(building["microgrid_code"].str[:15], return_inverse=True)
        # Some grids complain far more than others.
        self._temper = np.exp(0.75 * dice.bells(len(codes)))[grid]
        self._draw: dict[str, Callable[[int], Floats]] = {
            "building": self._homes(building["households"].to_numpy(dtype=float)),
            "estate": self._homes(
                building["households"].to_numpy(dtype=float) * building["estate_code"].notna()
            ),
            "tower": self._homes(
                building["households"].to_numpy(dtype=float) * (building["floors"] >= 12)
            ),
            "shop": self._homes(
                np.where(building["kind"] == "commercial", 3.0, 0.0) + self._fronts()
            ),
            "works": self._homes(np.where(building["kind"] == "industrial", 1.0, 0.0)),
            "front": self._within("street_front"),
            "street": self._along(None),
            "arterial": self._along(("highway", "arterial")),
            "park": self._within("park"),
            "river": self._within("river"),
            "water": self._within("water"),
            "site": self._at_sites(digging=False),
            "digging": self._at_sites(digging=True),
            "field": self._thinly(),
            "edge": self._thinly(),
        }
        things = {name: self._at_things(name) for name in ASSET_KINDS if name != "main"}
        self._things = frozenset([*things, "main"])
        self._draw |= things | {"main": self._over_mains()}

    def draw(self, kind: str, count: int) -> Floats:
        """Return `count` places of that kind, metres, shape (count, 2).

        A share of them lies at a few hot spots of the kind, within some 25 m.
        """
        if count == 0:
            return np.empty((0, 2))
        points = self._draw[kind](count)
        hot = self._dice.units(count) < _HOT_SHARE
        centre = self._draw[kind](_HOT_SPOTS)
        rank = self._dice.weighted(1.0 / np.arange(1.0, _HOT_SPOTS + 1.0), count)
        reach = _THING_SPREAD_M if kind in self._things else _HOT_SPREAD_M
        spread = np.column_stack([self._dice.bells(count), self._dice.bells(count)]) * reach
        points[hot] = (centre[rank] + spread)[hot]
        return points

    def home_of(self, points: Floats) -> Floats:
        """Return the entrance nearest to each point, metres."""
        tree = shapely.STRtree(shapely.points(self._entrance))
        nearest: Floats = self._entrance[tree.nearest(shapely.points(points))]
        return nearest

    def _fronts(self) -> Floats:
        """Return the pull of ground-floor shops: buildings close to a larger street."""
        points = shapely.points(self._entrance)
        tree = shapely.STRtree(self._streets.lines)
        row = tree.nearest(points)
        kind = self._streets.frame["class"].to_numpy()[row]
        near = shapely.distance(self._streets.lines[row], points) < 38.0
        return np.where(near & np.isin(kind, ["arterial", "branch"]), 1.0, 0.0)

    def _homes(self, weight: Floats | NDArray[np.float64]) -> Callable[[int], Floats]:
        pull = np.asarray(weight, dtype=float) * self._temper

        def draw(count: int) -> Floats:
            rows = self._dice.weighted(pull, count)
            shift = np.column_stack([self._dice.bells(count), self._dice.bells(count)]) * 2.5
            places: Floats = self._entrance[rows] + shift.clip(-4.0, 4.0)
            return places

        return draw

    def _along(self, classes: tuple[str, ...] | None) -> Callable[[int], Floats]:
        frame = self._streets.frame
        pull = frame["class"].map(_STREET_PULL).to_numpy(dtype=float) * frame["length_m"].to_numpy()
        if classes:
            pull = np.where(frame["class"].isin(classes), pull, 0.0)
        _, road = np.unique(frame["code"], return_inverse=True)
        pull = pull * np.exp(0.8 * self._dice.bells(int(road.max()) + 1))[road]
        half = half_widths(self._streets)

        def draw(count: int) -> Floats:
            piece = self._dice.weighted(pull, count)
            lines = self._streets.lines[piece]
            run = self._dice.units(count) * shapely.length(lines)
            here = shapely.get_coordinates(shapely.line_interpolate_point(lines, run))
            ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines, run + 1.0))
            back = shapely.get_coordinates(
                shapely.line_interpolate_point(lines, (run - 1.0).clip(0))
            )
            along = ahead - back
            along /= np.hypot(along[:, 0], along[:, 1])[:, None]
            # From the lane beside the middle to the footway behind the kerb.
            reach = half[piece] + 3.5
            side = np.where(self._dice.units(count) < 0.5, 1.0, -1.0) * (
                1.0 + (reach - 1.0) * self._dice.units(count)
            )
            places: Floats = here + np.column_stack([-along[:, 1], along[:, 0]]) * side[:, None]
            return places

        return draw

    def _within(self, layer: str) -> Callable[[int], Floats]:
        frame = self._duties.get(layer, self._layers.get(layer))
        if frame is None:
            return self._along(None)
        shapes = in_metres(frame.geometry.to_numpy(), self._plane)
        pull = np.sqrt(shapely.area(shapes)) * np.exp(0.6 * self._dice.bells(len(shapes)))
        return self._inside(shapes, pull)

    def _at_sites(self, *, digging: bool) -> Callable[[int], Floats]:
        """Return places in building sites, or in the diggings of streets."""
        frame = self._duties["construction_site"]
        kind = frame["code"].str.contains(r"C9\d\d$") == digging
        frame = frame[kind & (frame["valid_from"] <= _LAST_DAY)]
        if frame.empty:
            return self._along(None)
        shapes = in_metres(frame.geometry.to_numpy(), self._plane)
        active = np.where(frame["valid_to"].isna(), 1.0, _AFTER_PERMIT)
        pull = np.sqrt(shapely.area(shapes)) * np.exp(0.6 * self._dice.bells(len(shapes)))
        return self._inside(shapes, pull * active)

    def _at_things(self, name: str) -> Callable[[int], Floats]:
        """Return places beside things of a kind as they stand, some beside none of them."""
        frame = self._duties["asset"]
        frame = frame[frame["asset_type"] == name]
        street = self._along(None)
        if frame.empty:
            return street
        at = self._plane.to_metres(frame[["true_lon", "true_lat"]].to_numpy(dtype=float))
        pull = np.exp(0.6 * self._dice.bells(len(at)))
        beside = 0.25 * ASSET_KINDS[name].radius_m

        def draw(count: int) -> Floats:
            places: Floats = at[self._dice.weighted(pull, count)]
            shift = np.column_stack([self._dice.bells(count), self._dice.bells(count)])
            places = places + (shift * beside).clip(-2.0 * beside, 2.0 * beside)
            other = self._dice.units(count) >= _REGISTERED
            places[other] = street(count)[other]
            return places

        return draw

    def _over_mains(self) -> Callable[[int], Floats]:
        if "main" not in self._duties:
            return self._along(None)
        lines = in_metres(self._duties["main"].geometry.to_numpy(), self._plane)

        def draw(count: int) -> Floats:
            chosen = lines[self._dice.weighted(shapely.length(lines), count)]
            # The line of a street may have several parts, which interpolation counts as one.
            run = self._dice.units(count)
            parts = [shapely.get_parts(line) for line in chosen]
            pick = [p[min(int(u * len(p)), len(p) - 1)] for p, u in zip(parts, run, strict=True)]
            spot = shapely.line_interpolate_point(pick, self._dice.units(count), normalized=True)
            shift = np.column_stack([self._dice.bells(count), self._dice.bells(count)]) * 1.5
            places: Floats = shapely.get_coordinates(spot) + shift
            return places

        return draw

    def _thinly(self) -> Callable[[int], Floats]:
        frame = self._layers["microgrid"]
        shapes = in_metres(frame.geometry.to_numpy(), self._plane)
        people = frame["code"].map(
            self._layers["building"].groupby("microgrid_code")["households"].sum()
        )
        sparse = people.fillna(0).to_numpy() < 0.0012 * shapely.area(shapes)
        return self._inside(shapes[sparse], np.sqrt(shapely.area(shapes[sparse])))

    def _inside(self, shapes: NDArray[np.object_], pull: Floats) -> Callable[[int], Floats]:
        shapely.prepare(shapes)

        def draw(count: int) -> Floats:
            chosen = shapes[self._dice.weighted(pull, count)]
            points: Floats = shapely.get_coordinates(shapely.point_on_surface(chosen))
            left = np.arange(count)
            box = shapely.bounds(chosen)
            for _ in range(20):
                if not len(left):
                    break
                share = self._dice.units(2 * len(left)).reshape(-1, 2)
                tried = box[left, :2] + share * (box[left, 2:] - box[left, :2])
                good = shapely.contains_xy(chosen[left], tried[:, 0], tried[:, 1])
                points[left[good]] = tried[good]
                left = left[~good]
            return points

        return draw
