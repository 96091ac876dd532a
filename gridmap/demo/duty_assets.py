"""The register of things in the street: lamps, covers, cabinets, poles, shelters, mains.

The survey has come to a part of them: one lamp in three or so. As real registers are, it is
not quite right: of a few percent the owner is not known, and a
few percent stand somewhere else than it says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.demo.dice import Dice
from gridmap.demo.duty_rows import duty_layer
from gridmap.demo.ground import in_metres, on_lattice
from gridmap.demo.kerbs import half_widths
from gridmap.demo.numbering import COUNTY
from gridmap.demo.plane import Plane
from gridmap.demo.streets import Streets

__all__ = ["ASSET_KINDS", "AssetKind", "assets", "mains"]

Floats = NDArray[np.float64]

UNKNOWN_SHARE = 0.03
MISPLACED_SHARE = 0.02


@dataclass(frozen=True)
class AssetKind:
    """One type of asset.

    Attributes
    ----------
    letter : str
        In its code.
    name, name_en : str
    radius_m : float
        Within which a report means it.
    owners : tuple of (str, float)
        Owners with their shares.
    spacing : tuple of (str, float)
        Metres between two along a street, by its class.
    beside_m : float
        Metres beyond the kerb; negative: in the carriageway.
    """

    letter: str
    name: str
    name_en: str
    radius_m: float
    owners: tuple[tuple[str, float], ...]
    spacing: tuple[tuple[str, float], ...] = ()
    beside_m: float = 0.8


ASSET_KINDS = {
    "lamp": AssetKind(
        "L", "路灯", "Street lamp", 8.0, (("SZ", 1.0),),
        (("highway", 60.0), ("arterial", 60.0), ("branch", 150.0), ("alley", 300.0)),
    ),
    "cover": AssetKind(
        "M", "检查井盖", "Manhole cover", 4.0,
        (("SW", 0.46), ("GS", 0.16), ("TX", 0.18), ("DL", 0.1), ("RQ", 0.05), ("RL", 0.05)),
        (("arterial", 220.0), ("branch", 330.0), ("alley", 700.0)), -1.6,
    ),
    "grate": AssetKind(
        "Z", "雨水箅子", "Storm grate", 4.0, (("SW", 1.0),),
        (("arterial", 260.0), ("branch", 420.0)), -0.3,
    ),
    "cabinet": AssetKind(
        "X", "箱体", "Cabinet", 5.0, (("DL", 0.55), ("TX", 0.45)),
        (("arterial", 700.0), ("branch", 1200.0)), 1.6,
    ),
    "pole": AssetKind(
        "G", "杆体", "Pole", 6.0, (("TX", 0.5), ("DL", 0.4), ("JJ", 0.1)),
        (("arterial", 700.0), ("branch", 900.0), ("alley", 700.0)), 1.2,
    ),
    "bus_shelter": AssetKind(
        "J", "公交站亭", "Bus shelter", 12.0, (("JT", 1.0),), (("arterial", 520.0),), 1.5
    ),
    "cable": AssetKind(
        "K", "空中线缆", "Overhead cable", 12.0, (("TX", 0.8), ("DL", 0.2)),
        (("branch", 1500.0), ("alley", 900.0)), 0.4,
    ),
    "toilet": AssetKind("T", "公共厕所", "Public toilet", 20.0, (("HW", 1.0),)),
    "sign": AssetKind("A", "户外招牌", "Outdoor sign", 8.0, ()),
    "fitness": AssetKind("Q", "健身器材", "Fitness equipment", 12.0, ()),
    "main": AssetKind("D", "地下主管", "Main", 8.0, (("GS", 0.5), ("RQ", 0.3), ("RL", 0.2))),
}  # fmt: skip
_MAIN_NAMES = {"GS": ("供水主管", "Water main"), "RQ": ("燃气主管", "Gas main"),
               "RL": ("供热主管", "Heating main")}  # fmt: skip
_LAMP_A_HOUSE = 0.14


def assets(
    layers: dict[str, gpd.GeoDataFrame],
    fronts: gpd.GeoDataFrame,
    streets: Streets,
    plane: Plane,
    dice: Dice,
) -> gpd.GeoDataFrame:
    """Return the register's points; column ``true_lon``, ``true_lat`` say where a thing stands."""
    parts = [
        _along(name, kind, streets, dice) for name, kind in ASSET_KINDS.items() if kind.spacing
    ]
    parts += [
        _in_estates(layers, plane, dice),
        _toilets(layers, plane, dice),
        _signs(fronts, plane, dice),
        _fitness(layers, plane, dice),
    ]
    table = pd.concat(parts, ignore_index=True)
    table = table[_inside(table, layers, plane)].reset_index(drop=True)
    table["owner"] = _by_estate(table, layers["estate"], plane)
    return _registered(table, plane, dice)


def _registered(table: pd.DataFrame, plane: Plane, dice: Dice) -> gpd.GeoDataFrame:
    """Return the rows with codes and names, some of them with what is wrong in a register."""
    kinds = table["asset_type"].map(ASSET_KINDS)
    serial = table.groupby("asset_type").cumcount() + 1
    true = table[["x", "y"]].to_numpy()
    luck = dice.units(len(table))
    turn = dice.spread(0.0, 2 * np.pi, len(table))
    shift = dice.spread(35.0, 90.0, len(table))[:, None] * np.column_stack(
        [np.cos(turn), np.sin(turn)]
    )
    stated = np.where((luck > 1 - MISPLACED_SHARE)[:, None], true + shift, true)
    owner = table["owner"].where(luck >= UNKNOWN_SHARE, "")
    lonlat = plane.to_lonlat(true)
    rows = {
        "code": [f"{COUNTY}{k.letter}{n:05d}" for k, n in zip(kinds, serial, strict=True)],
        "name": [f"{k.name}{n:05d}" for k, n in zip(kinds, serial, strict=True)],
        "name_en": [f"{k.name_en} {n:05d}" for k, n in zip(kinds, serial, strict=True)],
        "owner": owner,
        "source": ["部件普查"] * len(table),
        "asset_type": table["asset_type"],
        "radius_m": [k.radius_m for k in kinds],
        "true_lon": lonlat[:, 0],
        "true_lat": lonlat[:, 1],
        "geometry": shapely.points(plane.to_lonlat(stated)),
    }
    return duty_layer(
        [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)],
        "asset_type",
        "radius_m",
        "true_lon",
        "true_lat",
    )


def _rows(name: str, xy: Floats, owner: NDArray[np.object_] | list[str] | str) -> pd.DataFrame:
    return pd.DataFrame({"asset_type": name, "x": xy[:, 0], "y": xy[:, 1], "owner": owner})


def _owners(kind: AssetKind, count: int, dice: Dice) -> NDArray[np.object_]:
    codes = np.array([code for code, _ in kind.owners], dtype=object)
    found: NDArray[np.object_] = codes[dice.weighted([s for _, s in kind.owners], count)]
    return found


def _along(name: str, kind: AssetKind, streets: Streets, dice: Dice) -> pd.DataFrame:
    """Return things at even distances beside the kerb, on one side and the other in turn."""
    spacing = streets.frame["class"].map(dict(kind.spacing)).to_numpy(dtype=float)
    length = shapely.length(streets.lines)
    # A piece of street is shorter than the distance between two: chance carries the rest over.
    due = np.nan_to_num(length / spacing) + dice.units(len(length))
    count = np.floor(due).astype(int)
    piece = np.repeat(np.arange(len(count)), count)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(count) - count, count)
    run = (number + dice.spread(0.25, 0.75, len(piece))) / count[piece] * length[piece]
    xy, along = _points(streets.lines[piece], run)
    side = np.where((number + piece) % 2 == 0, 1.0, -1.0)
    out = (half_widths(streets)[piece] + kind.beside_m) * side
    xy = xy + np.column_stack([-along[:, 1], along[:, 0]]) * out[:, None]
    return _rows(name, xy, _owners(kind, len(xy), dice))


def _points(lines: NDArray[np.object_], run: Floats) -> tuple[Floats, Floats]:
    """Return points on lines and the direction of the lines there, both (n, 2)."""
    here = shapely.get_coordinates(shapely.line_interpolate_point(lines, run))
    ahead = shapely.get_coordinates(shapely.line_interpolate_point(lines, run + 1.0))
    back = shapely.get_coordinates(shapely.line_interpolate_point(lines, (run - 1.0).clip(0)))
    along = ahead - back
    unit: Floats = along / np.hypot(along[:, 0], along[:, 1])[:, None]
    return here, unit


def _in_estates(layers: dict[str, gpd.GeoDataFrame], plane: Plane, dice: Dice) -> pd.DataFrame:
    """Return the lamps of managed estates: their property firm keeps them."""
    building = layers["building"]
    firm = layers["estate"].set_index("code")["firm_code"]
    owner = building["estate_code"].map(firm)
    lit = owner.notna().to_numpy() & (dice.units(len(building)) < _LAMP_A_HOUSE)
    doors = plane.to_metres(building[["entrance_lon", "entrance_lat"]].to_numpy())
    # South of the door: across the path in front of the house.
    return _rows("lamp", doors[lit] + [0.0, -3.0], "WY:" + owner[lit].to_numpy(dtype=object))


def _toilets(layers: dict[str, gpd.GeoDataFrame], plane: Plane, dice: Dice) -> pd.DataFrame:
    """Return toilets: at the edge of most parks, and at some public buildings."""
    parks = in_metres(layers["park"].geometry.to_numpy(), plane)
    rims = shapely.get_exterior_ring(
        [max(shapely.get_parts(shapely.buffer(p, -6.0)), key=shapely.area) for p in parks]
    )
    xy = shapely.get_coordinates(
        shapely.line_interpolate_point(rims, dice.units(len(rims)), normalized=True)
    )
    kept = xy[dice.units(len(xy)) < 0.8]
    public = layers["building"][layers["building"]["kind"] == "public"]
    doors = plane.to_metres(public[["entrance_lon", "entrance_lat"]].to_numpy())
    some = doors[dice.units(len(doors)) < 0.2] + [0.0, -6.0]
    return _rows("toilet", np.vstack([kept, some]), "HW")


def _signs(fronts: gpd.GeoDataFrame, plane: Plane, dice: Dice) -> pd.DataFrame:
    """Return the signs over commercial fronts, and a few large ones of the district."""
    let = fronts[fronts["owner"] != ""]
    xy = shapely.get_coordinates(
        shapely.point_on_surface(in_metres(let.geometry.to_numpy(), plane))
    )
    kept = dice.units(len(xy)) < 0.85
    return _rows("sign", xy[kept], let["owner"].to_numpy(dtype=object)[kept])


def _fitness(layers: dict[str, gpd.GeoDataFrame], plane: Plane, dice: Dice) -> pd.DataFrame:
    """Return fitness equipment in parks (the community's) and in managed estates (the firm's)."""
    estates = layers["estate"]
    shapes = in_metres(estates.geometry.to_numpy(), plane)
    kept = dice.units(len(shapes)) < 0.3
    firm = estates["firm_code"].where(estates["firm_code"].notna(), "")
    owner = np.array([f"WY:{f}" if f else "SQ" for f in firm], dtype=object)
    parks = in_metres(layers["park"].geometry.to_numpy(), plane)
    spots = shapely.get_coordinates(shapely.point_on_surface(np.concatenate([shapes[kept], parks])))
    # Not on the very middle, where a lake may be.
    return _rows("fitness", spots, np.concatenate([owner[kept], np.full(len(parks), "SQ")]))


def _by_estate(table: pd.DataFrame, estates: gpd.GeoDataFrame, plane: Plane) -> pd.Series:
    """Return the owners, where lamps inside a managed estate are its property firm's."""
    points = shapely.points(table[["x", "y"]].to_numpy())
    shapes = in_metres(estates.geometry.to_numpy(), plane)
    point, estate = shapely.STRtree(shapes).query(points, "within")
    firm = pd.Series(pd.NA, index=table.index, dtype=object)
    firm.iloc[point] = "WY:" + estates["firm_code"].to_numpy(dtype=object)[estate].astype(str)
    managed = firm.notna() & ~firm.isin(["WY:None", "WY:nan"]) & (table["asset_type"] == "lamp")
    return table["owner"].where(~managed, firm)


def _inside(
    table: pd.DataFrame, layers: dict[str, gpd.GeoDataFrame], plane: Plane
) -> NDArray[np.bool_]:
    """True for things in the district and clear of water and, save signs, of buildings."""
    points = shapely.points(table[["x", "y"]].to_numpy())
    inside = _hit(points, layers["subdistrict"], plane)
    wet = _hit(points, layers["water"], plane) if "water" in layers else ~inside & inside
    walled = _hit(points, layers["building"], plane)
    found: NDArray[np.bool_] = inside & ~wet & ~walled
    return found


def _hit(points: NDArray[np.object_], layer: gpd.GeoDataFrame, plane: Plane) -> NDArray[np.bool_]:
    tree = shapely.STRtree(in_metres(layer.geometry.to_numpy(), plane))
    hit = np.zeros(len(points), dtype=bool)
    hit[tree.query(points, "intersects")[0]] = True
    return hit


def mains(streets: Streets, plane: Plane, dice: Dice) -> gpd.GeoDataFrame:
    """Return the mains under arterials and collectors, one row a street and utility."""
    frame = streets.frame
    kind = ASSET_KINDS["main"]
    rows: list[dict[str, Any]] = []
    large = frame[(frame["rank"] <= 1) & ~frame["bridge"] & (frame["class"] != "highway")]
    for members in large.groupby("code", sort=True).indices.values():
        lines = streets.lines[large.index.to_numpy()[members]]
        first = large.iloc[int(members[0])]
        for n, owner in enumerate(dict.fromkeys(_owners(kind, 2, dice).tolist())):
            name, name_en = _MAIN_NAMES[owner]
            # The first lies left of the middle, the second right of it.
            shape = shapely.multilinestrings(
                [p for p in shapely.get_parts(shapely.offset_curve(lines, 2.5 - 5.0 * n))
                 if not shapely.is_empty(p)]
            )  # fmt: skip
            rows.append(
                {
                    "code": f"{COUNTY}{kind.letter}{len(rows) + 1:04d}",
                    "name": f"{first['name']}{name}",
                    "name_en": f"{name_en} in {first['name_en']}",
                    "owner": owner,
                    "source": "地下管线普查",
                    "asset_type": "main",
                    "radius_m": kind.radius_m,
                    "geometry": on_lattice(shape, plane),
                }
            )
    return duty_layer(rows, "asset_type", "radius_m")
