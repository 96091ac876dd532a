"""Deliberately wrong positions, in stated shares."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.demo.dice import Dice
from gridmap.demo.ground import in_metres
from gridmap.demo.plane import Plane
from gridmap.demo.streets import Streets

__all__ = ["SHARES", "Faults", "spoil"]

Floats = NDArray[np.float64]
Texts = NDArray[np.object_]

# Share of all reports that have each fault.
SHARES = {
    "region_geocode": 0.05,
    "wrong_datum": 0.02,
    "border_road": 0.02,
    "outside": 0.016,
    "missing": 0.011,
    "null_island": 0.009,
    "on_border": 0.006,
}


@dataclass
class Faults:
    """Positions before and after they are spoilt; one row a report.

    Attributes
    ----------
    true, stated : float64 (n, 2)
        EPSG:4326 on the lattice: where it happened, and what is reported.
    systems : object (n,)
        Coordinate system that the report claims.
    accuracy : float64 (n,)
        Metres, NaN when not given.
    real_system : object (n,)
        System the numbers are really in; another one where the datum is wrong.
    error : object (n,)
        Key of :data:`SHARES` or empty.
    """

    true: Floats
    stated: Floats
    systems: Texts
    accuracy: Floats
    real_system: Texts = field(init=False)
    error: Texts = field(init=False)

    def __post_init__(self) -> None:
        self.real_system = self.systems.copy()
        self.error = np.full(len(self.true), "", dtype=object)

    @property
    def blank(self) -> NDArray[np.bool_]:
        """True where the report has no coordinates."""
        found: NDArray[np.bool_] = self.error == "missing"
        return found

    @property
    def null(self) -> NDArray[np.bool_]:
        """True where the report lies at exactly 0,0."""
        found: NDArray[np.bool_] = self.error == "null_island"
        return found


def spoil(
    faults: Faults,
    layers: dict[str, gpd.GeoDataFrame],
    streets: Streets,
    plane: Plane,
    dice: Dice,
) -> Faults:
    """Spoil the stated shares of the reports, each in one way."""
    count = len(faults.true)
    order = dice.order(count)
    at = 0
    for kind, share in SHARES.items():
        size = round(share * count)
        faults.error[order[at : at + size]] = kind
        at += size
    _outside(faults, layers, plane, dice)
    _borders(faults, layers, dice)
    _border_roads(faults, layers, streets, plane, dice)
    _regions(faults, layers, dice)
    wrong = faults.error == "wrong_datum"
    faults.systems[wrong], faults.real_system[wrong] = "wgs84", "gcj02"
    empty = faults.blank | faults.null
    faults.accuracy[empty & (dice.units(count) < 0.7)] = np.nan
    return faults


def _outside(faults: Faults, layers: dict[str, gpd.GeoDataFrame], plane: Plane, dice: Dice) -> None:
    """Move reports over the district's border: most of them near, a few in another town."""
    rows = np.flatnonzero(faults.error == "outside")
    whole = shapely.union_all(in_metres(layers["subdistrict"].geometry.to_numpy(), plane))
    edge = shapely.get_exterior_ring(shapely.get_parts(whole))[0]
    middle = shapely.get_coordinates(shapely.centroid(whole))[0]
    points = np.empty((len(rows), 2))
    left = np.arange(len(rows))
    reach = 8.0
    while len(left):
        start = shapely.get_coordinates(
            shapely.line_interpolate_point(edge, dice.units(len(left)) * shapely.length(edge))
        )
        outward = (start - middle) / np.hypot(*(start - middle).T)[:, None]
        away = np.exp(np.log(reach) + dice.units(len(left)) * np.log(400.0))
        points[left] = start + outward * away[:, None]
        inside = shapely.contains_xy(whole, points[left, 0], points[left, 1])
        left = left[inside | (shapely.distance(whole, shapely.points(points[left])) < 5.0)]
    far = dice.units(len(rows)) < 0.06
    points[far] = points[far] * 14.0
    faults.true[rows] = faults.stated[rows] = plane.to_lonlat(points)


def _borders(faults: Faults, layers: dict[str, gpd.GeoDataFrame], dice: Dice) -> None:
    """Put reports exactly on vertices that several micro-grids share."""
    rows = np.flatnonzero(faults.error == "on_border")
    coords = shapely.get_coordinates(layers["microgrid"].geometry.to_numpy())
    points, counts = np.unique(coords, axis=0, return_counts=True)
    shared = points[counts >= 3]
    chosen = shared[dice.weighted(np.ones(len(shared)), len(rows))]
    faults.true[rows] = faults.stated[rows] = chosen
    # Only these systems hold the very numbers of the vertex.
    plain = np.where(dice.units(len(rows)) < 0.5, "wgs84", "cgcs2000").astype(object)
    faults.systems[rows] = faults.real_system[rows] = plain
    faults.accuracy[rows[dice.units(len(rows)) < 0.5]] = np.nan


def _border_roads(
    faults: Faults,
    layers: dict[str, gpd.GeoDataFrame],
    streets: Streets,
    plane: Plane,
    dice: Dice,
) -> None:
    """Put reports on the carriageway of streets that divide two communities."""
    rows = np.flatnonzero(faults.error == "border_road")
    lines = streets.lines
    tree = shapely.STRtree(in_metres(layers["community"].geometry.to_numpy(), plane))
    middles = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    line, _ = tree.query(middles, "dwithin", distance=0.5)
    between = np.flatnonzero(np.bincount(line, minlength=len(lines)) >= 2)
    pull: list[float] = shapely.length(lines[between]).tolist()
    chosen = lines[between[dice.weighted(pull, len(rows))]]
    run = dice.units(len(rows)) * shapely.length(chosen)
    spot = shapely.get_coordinates(shapely.line_interpolate_point(chosen, run))
    shift = np.column_stack([dice.bells(len(rows)), dice.bells(len(rows))]) * 1.6
    faults.true[rows] = faults.stated[rows] = plane.to_lonlat(spot + shift)
    faults.accuracy[rows] = np.round(dice.spread(8.0, 30.0, len(rows)), 1)


def _regions(faults: Faults, layers: dict[str, gpd.GeoDataFrame], dice: Dice) -> None:
    """Stack reports on the points that a geocoder gives for a community or sub-district."""
    rows = np.flatnonzero(faults.error == "region_geocode")
    places = np.concatenate(
        [layers[name].geometry.to_numpy() for name in ("subdistrict", "community")]
    )
    points = shapely.get_coordinates(shapely.point_on_surface(places))
    points = np.rint(points * 1e6) / 1e6
    rank = dice.order(len(points))
    pull: Floats = np.power(1.0 + rank, -1.3)
    chosen = dice.weighted(pull, len(rows))
    faults.stated[rows] = points[chosen]
    system = np.where(dice.units(len(rows)) < 0.8, "gcj02", "bd09").astype(object)
    faults.systems[rows] = faults.real_system[rows] = system
    faults.accuracy[rows] = np.nan
