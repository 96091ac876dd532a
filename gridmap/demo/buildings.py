"""Buildings: rows of slabs that face south, towers, workshops, farm rows; homes in each."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.demo.areas import union
from gridmap.demo.dice import Dice
from gridmap.demo.ground import in_metres, on_lattice
from gridmap.demo.hierarchy import Hierarchy
from gridmap.demo.kerbs import BuildingLine
from gridmap.demo.notice import CRS, NOTE, no_district
from gridmap.demo.numbering import COUNTY, Codes
from gridmap.demo.plane import Plane
from gridmap.demo.shapes import Outlines
from gridmap.demo.streets import Streets
from gridmap.demo.town import Town

__all__ = ["build_buildings"]

Floats = NDArray[np.float64]
_SET_BACK_M = 5.0
_TRIES = 5


@dataclass(frozen=True)
class _Row:
    """How a use is built: size of a building, distances between middles, share of plots built."""

    long: float
    deep: float
    apart: float
    rows: float
    built: float
    kind: str
    floors: tuple[int, int]


_ROWS = {
    "core": _Row(38, 11, 45, 24, 0.85, "residential", (4, 7)),
    "housing": _Row(42, 12, 51, 29, 0.88, "residential", (5, 12)),
    "tower": _Row(28, 18, 44, 46, 0.9, "residential", (17, 33)),
    "village": _Row(46, 10, 62, 34, 0.62, "residential", (1, 3)),
    "shops": _Row(46, 26, 62, 46, 0.8, "commercial", (2, 6)),
    "market": _Row(64, 36, 80, 54, 0.8, "commercial", (1, 2)),
    "school": _Row(58, 15, 78, 44, 0.6, "public", (3, 6)),
    "hospital": _Row(60, 20, 74, 44, 0.75, "public", (4, 14)),
    "works": _Row(74, 38, 104, 66, 0.55, "industrial", (1, 3)),
    "park": _Row(18, 10, 150, 130, 0.25, "public", (1, 1)),
    "field": _Row(26, 9, 240, 210, 0.3, "industrial", (1, 1)),
}


def build_buildings(
    town: Town,
    tree: Hierarchy,
    outlines: Outlines,
    codes: Codes,
    estates: gpd.GeoDataFrame,
    streets: Streets,
    ground: dict[str, gpd.GeoDataFrame],
    plane: Plane,
    households: int,
    dice: Dice,
    exactly: int = 0,
) -> gpd.GeoDataFrame:
    """Return the buildings: footprint, entrance, homes, estate and address.

    `exactly` so many where that is given, else as many as find room.

    Homes follow the use and size of the plot they stand on, with lognormal chance; every entrance
    lies inside its micro-grid.
    """
    built = [
        (microgrid, plot)
        for microgrid, faces in tree.parts
        if town.use[faces[0]] in _ROWS
        for plot in _plots(town, faces)
    ]
    uses = np.array([town.use[faces[0]] for _, faces in built], dtype=object)
    plots = np.empty(len(built), dtype=object)
    plots[:] = [union([outlines.face[f] for f in faces]) for _, faces in built]
    owner, shapes, size = _footprints(uses, in_metres(plots, plane), BuildingLine(streets), dice)
    dry = _off(shapes, ground, plane)
    owner, shapes, size = owner[dry], shapes[dry], size[dry]
    if exactly:
        left = _thinned(owner, exactly, dice)
        owner, shapes, size = owner[left], shapes[left], size[left]
    use = uses[owner]
    floors = np.array([_ROWS[u].floors[0] for u in use]) + np.floor(
        dice.units(len(use)) * np.array([_ROWS[u].floors[1] - _ROWS[u].floors[0] + 1 for u in use])
    ).astype(int)
    wanted = np.array([sum(town.homes(f) for f in faces) for _, faces in built])
    homes = _homes(wanted, owner, use, size * floors, households, dice)
    corners = shapely.get_coordinates(shapes).reshape(-1, 5, 2)
    entrance = (corners[:, 0] + corners[:, 1]) / 2 * 0.96 + corners[:, :4].mean(axis=1) * 0.04
    points = shapely.points(entrance)
    address, address_en, _ = streets.address(points)
    estate = np.full(len(points), -1)
    inside, red = shapely.STRtree(in_metres(estates.geometry.to_numpy(), plane)).query(
        points, "within"
    )
    estate[inside] = red
    estate_code = np.array([*estates["code"], None], dtype=object)[estate]
    lonlat = plane.to_lonlat(entrance)
    frame = gpd.GeoDataFrame(
        {
            "microgrid_code": [codes.microgrid[built[p][0]] for p in owner],
            "estate_code": estate_code,
            "kind": [_ROWS[u].kind for u in use],
            "floors": floors,
            "households": homes,
            "entrance_lon": lonlat[:, 0],
            "entrance_lat": lonlat[:, 1],
            "address": address,
            "address_en": address_en,
            "note": NOTE,
        },
        geometry=on_lattice(shapes, plane),
        crs=CRS,
    )
    return _named(frame, estates)


def _thinned(owner: NDArray[np.int64], count: int, dice: Dice) -> NDArray[np.int64]:
    """Return which buildings are left of too many, by chance; no plot loses its last one."""
    if len(owner) < count:
        raise no_district(f"{len(owner)} buildings found room, {count} are wanted")
    order = np.array(dice.order(len(owner)), dtype=np.int64)
    _, first = np.unique(owner[order], return_index=True)
    last = np.zeros(len(owner), dtype=bool)
    last[order[first]] = True
    ranked = np.concatenate([order[last[order]], order[~last[order]]])
    return np.sort(ranked[:count])


def _off(
    shapes: NDArray[np.object_], ground: dict[str, gpd.GeoDataFrame], plane: Plane
) -> NDArray[np.bool_]:
    """True for footprints clear of water and railway."""
    clear = np.ones(len(shapes), dtype=bool)
    for name in ("water", "railway_corridor"):
        if name in ground:
            tree = shapely.STRtree(in_metres(ground[name].geometry.to_numpy(), plane))
            clear[tree.query(shapes, "intersects")[0]] = False
    return clear


def _plots(town: Town, faces: list[int]) -> list[list[int]]:
    """Return the faces in groups that no street runs between."""
    mesh = town.mesh
    groups: list[list[int]] = []
    for face in faces:
        near = {
            mesh.left.get((b, a))
            for ring in (mesh.ring[face], *mesh.holes.get(face, []))
            for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
            if (min(a, b), max(a, b)) not in mesh.road
        }
        touching = [group for group in groups if near & set(group)]
        groups = [group for group in groups if group not in touching]
        groups.append([face, *(f for group in touching for f in group)])
    return groups


def _footprints(
    uses: NDArray[np.object_], plots: NDArray[np.object_], line: BuildingLine, dice: Dice
) -> tuple[NDArray[np.int64], NDArray[np.object_], Floats]:
    """Return the row of the plot, the footprint and its square metres for every building."""
    room = shapely.buffer(plots, -_SET_BACK_M, join_style="mitre")
    room = np.array([line.clear(shape) for shape in room], dtype=object)
    shapely.prepare(room)
    owners, boxes = [], []
    for row, use in enumerate(uses):
        plan = _ROWS[use]
        box, fits = _best_lattice(plots[row], room[row], plan, dice)
        fits &= dice.units(len(box)) < plan.built
        if not fits.any() and plan.kind == "residential":
            box = _single(plots[row], line)
            fits = np.ones(1, dtype=bool)
        owners.append(np.full(int(fits.sum()), row))
        boxes.append(box[fits])
    corners = np.vstack(boxes)
    size = np.hypot(*(corners[:, 1] - corners[:, 0]).T) * np.hypot(
        *(corners[:, 2] - corners[:, 1]).T
    )
    return np.concatenate(owners), shapely.polygons(corners), size


def _best_lattice(
    plot: shapely.Polygon, room: shapely.Polygon, plan: _Row, dice: Dice
) -> tuple[Floats, NDArray[np.bool_]]:
    """Return the rectangles of the fullest of a few lattices, and which of them fit."""
    lean = _lean(plot)
    tries = [_lattice(plot, lean, plan, dice) for _ in range(_TRIES)]
    fits = shapely.contains_properly(room, shapely.polygons(np.vstack(tries)))
    found = np.split(fits, np.cumsum([len(t) for t in tries])[:-1])
    best = int(np.argmax([f.sum() for f in found]))
    return tries[best], found[best]


def _lattice(plot: shapely.Polygon, lean: float, plan: _Row, dice: Dice) -> Floats:
    """Return the corners of a lattice of rectangles over a plot, shape (n, 4, 2).

    The first edge of each is its south side.
    """
    west, south, east, north = shapely.bounds(plot)
    middle = np.array([(west + east) / 2, (south + north) / 2])
    reach = np.hypot(east - west, north - south) / 2
    steps_x = np.arange(-reach, reach, plan.apart) + plan.apart * dice.unit()
    steps_y = np.arange(-reach, reach, plan.rows) + plan.rows * dice.unit()
    gx = np.tile(steps_x, len(steps_y))
    gy = np.repeat(steps_y, len(steps_x))
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2.0
    stretch = dice.spread(0.78, 1.12, len(gx))
    x = gx[:, None] + half[:, 0] * plan.long * stretch[:, None]
    y = gy[:, None] + half[:, 1] * plan.deep
    cos, sin = np.cos(lean), np.sin(lean)
    corners: Floats = middle + np.stack([x * cos - y * sin, x * sin + y * cos], axis=-1)
    return corners


def _lean(plot: shapely.Polygon) -> float:
    """Return the angle of the border that runs nearest to west-east, within 30 degrees of it."""
    corners = shapely.get_coordinates(shapely.get_exterior_ring(plot))
    run = np.diff(corners, axis=0)
    length = np.hypot(run[:, 0], run[:, 1])
    angle = np.arctan2(run[:, 1], run[:, 0])
    angle = (angle + np.pi / 4) % (np.pi / 2) - np.pi / 4
    near = np.abs(angle) < np.radians(30)
    if not near.any():
        return 0.0
    return float((angle * length)[near].sum() / length[near].sum())


def _single(plot: shapely.Polygon, line: BuildingLine) -> Floats:
    """Return one small house at the roomiest place of a plot."""
    free = line.clear(plot)
    free = plot if shapely.is_empty(free) else free
    room = shapely.get_coordinates(shapely.maximum_inscribed_circle(free, tolerance=1.0))
    reach = min(np.hypot(*(room[1] - room[0])) * 0.6, 7.0)
    half = np.array([[-1.0, -0.6], [1.0, -0.6], [1.0, 0.6], [-1.0, 0.6]])
    corners: Floats = (room[0] + half * reach)[None]
    return corners


def _homes(
    wanted: Floats,
    owner: NDArray[np.int64],
    use: NDArray[np.object_],
    floor_space: Floats,
    households: int,
    dice: Dice,
) -> NDArray[np.int64]:
    """Return homes by building, about `households` of them in all.

    `wanted` are the homes expected on each plot, `owner` the plot of each building.
    """
    inhabited = np.array([_ROWS[u].kind in {"residential", "commercial"} for u in use])
    weight = np.where(inhabited, floor_space * np.exp(0.35 * dice.bells(len(use))), 0.0)
    sums = np.bincount(owner, weight, len(wanted))[owner]
    lucky = wanted * np.exp(0.22 * dice.bells(len(wanted)))
    exact = np.divide(weight, sums, out=np.zeros_like(weight), where=sums > 0) * lucky[owner]
    exact *= households / exact.sum()
    homes: NDArray[np.int64] = np.rint(exact).astype(np.int64)
    return homes


def _named(frame: gpd.GeoDataFrame, estates: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the buildings in the order of their micro-grids, with codes and names."""
    order = np.lexsort((frame["entrance_lon"], -frame["entrance_lat"], frame["microgrid_code"]))
    frame = frame.iloc[order].reset_index(drop=True)
    frame.insert(0, "code", [f"{COUNTY}B{n:06d}" for n in range(1, len(frame) + 1)])
    inside = frame["estate_code"].notna()
    number = frame["estate_code"].fillna("").groupby(frame["estate_code"].fillna("")).cumcount() + 1
    title = estates.set_index("code")
    zh = frame["estate_code"].map(title["name"]) + number.astype(str) + "号楼"
    en = frame["estate_code"].map(title["name_en"]) + " No. " + number.astype(str)
    frame.insert(1, "name", zh.where(inside, frame["address"]))
    frame.insert(2, "name_en", en.where(inside, frame["address_en"]))
    return frame
