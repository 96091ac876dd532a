"""Service points: canteens, day care, repair shops, centres, stations and the like."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.demo.dice import Dice
from gridmap.demo.ground import in_metres
from gridmap.demo.notice import NOTE
from gridmap.demo.numbering import COUNTY
from gridmap.demo.offers import Offer, load_offers
from gridmap.demo.plane import Plane
from gridmap.demo.scales import Scale
from gridmap.demo.streets import Streets

__all__ = ["build_places"]

_COLUMNS = (
    "code", "category", "name", "name_en", "lon", "lat", "coord_sys", "address", "hours",
    "hours_text", "phone", "special_services", "floor", "price", "wheelchair", "source",
    "checked_on", "note",
)  # fmt: skip
_FLOORS = ("一层", "一层", "一层", "二层", "院内")
# Themes of service centres, and the room that each has beside its hall.
_THEMES = (
    ("青年", "Youth", "青年会客厅"),
    ("人才", "Talent", "人才驿站"),
    ("产业", "Industrial", "产业服务大厅"),
    ("银龄", "Elders'", "长者活动室"),
    ("亲子", "Family", "亲子阅览室"),
    ("法治", "Legal", "法治讲堂"),
    ("文化", "Culture", "文化展厅"),
    ("健康", "Health", "健康小屋"),
    ("志愿", "Volunteer", "志愿服务厅"),
    ("邻里", "Neighbours'", "邻里会客厅"),
    ("创业", "Start-up", "创业孵化室"),
    ("新业态", "New Trades", "骑手之家"),
)
_FULL = 38  # communities of the scale whose counts the offers give


def build_places(
    scale: Scale, layers: dict[str, gpd.GeoDataFrame], streets: Streets, plane: Plane, dice: Dice
) -> pd.DataFrame:
    """Return the service points, spread over the communities; no two share an entrance.

    Columns are the fields of :class:`gridmap.places.model.Place`, several special services
    separated by ``、``, and ``note``. Phones are invented.
    """
    stands = _stands(layers, plane)
    community = layers["community"]
    names = community.set_index("code")[["name", "name_en"]]
    rows = []
    taken: set[int] = set()
    for offer in load_offers():
        spots = stands[offer.stands]
        turn = dice.shuffled(community["code"].tolist())
        usual = max(1, round(offer.count * scale.communities / _FULL))
        for number in range(scale.places.get(offer.category, usual)):
            spot = _free_spot(spots, turn[number % len(turn)], taken, dice)
            taken.add(spot)
            home = str(spots["community"].loc[spot])
            rows.append(
                {
                    "category": offer.category,
                    **_named(offer, names.loc[home], dice),
                    "x": spots["x"].loc[spot],
                    "y": spots["y"].loc[spot],
                    **_offered(offer, dice),
                }
            )
            if scale.themed and offer.category == "service_centre":
                rows[-1] |= _themed(rows[-1], number)
    return _finished(pd.DataFrame(rows), streets, plane, dice)


def _stands(layers: dict[str, gpd.GeoDataFrame], plane: Plane) -> dict[str, pd.DataFrame]:
    """Return where places may stand, by kind: metres and community, indexed alike."""
    building = layers["building"]
    metres = plane.to_metres(building[["entrance_lon", "entrance_lat"]].to_numpy())
    spots = pd.DataFrame(
        {"x": metres[:, 0], "y": metres[:, 1], "community": building["microgrid_code"].str[:12]}
    )
    housing = building["kind"] == "residential"
    front = building["kind"].isin(["commercial", "public"])
    return {
        "building": spots[housing | front],
        "estate": spots[housing & building["estate_code"].notna()],
        "shop": spots[front | (housing & (building["floors"] >= 4))],
        "park": _in_parks(layers, plane, len(spots)),
    }


def _in_parks(layers: dict[str, gpd.GeoDataFrame], plane: Plane, first: int) -> pd.DataFrame:
    """Return two spots a park, on its path: half-way from its middle to its border."""
    shapes = in_metres(layers["park"].geometry.to_numpy(), plane)
    middle = shapely.get_coordinates(shapely.point_on_surface(shapes))
    rings = shapely.get_exterior_ring([shapely.get_parts(s)[0] for s in shapes])
    points = np.vstack(
        [
            (
                middle
                + shapely.get_coordinates(shapely.line_interpolate_point(rings, t, normalized=True))
            )
            / 2
            for t in (0.15, 0.65)
        ]
    )
    communities = layers["community"]
    tree = shapely.STRtree(in_metres(communities.geometry.to_numpy(), plane))
    home = communities["code"].to_numpy()[tree.nearest(shapely.points(points))]
    index = np.arange(first, first + len(points))
    return pd.DataFrame({"x": points[:, 0], "y": points[:, 1], "community": home}, index=index)


def _free_spot(spots: pd.DataFrame, community: str, taken: set[int], dice: Dice) -> int:
    """Return a spot of the community that nobody took, or of any when it has none.

    A district of one small park has more chess tables than corners: then a spot is shared.
    """
    free = spots.index[~spots.index.isin(sorted(taken))]
    free = free if len(free) else spots.index
    near = free[spots.loc[free, "community"] == community]
    offered: NDArray[np.int64] = (near if len(near) else free).to_numpy()
    return int(offered[dice.index(len(offered))])


def _named(offer: Offer, community: pd.Series, dice: Dice) -> dict[str, str]:
    zh, en = dice.one(offer.names)
    return {
        "name": f"{community['name']}{zh}",
        "name_en": f"{community['name_en'].removesuffix(' Community')} {en}",
    }


def _themed(row: dict[str, object], number: int) -> dict[str, object]:
    """Return what makes a service centre one of its theme: name, halls, rooms."""
    theme, theme_en, room = _THEMES[number % len(_THEMES)]
    return {
        "name": str(row["name"]).replace("党群服务中心", f"{theme}党群服务中心"),
        "name_en": str(row["name_en"]).replace("Service Centre", f"{theme_en} Service Centre"),
        "special_services": f"{theme}主题、{room}、{row['special_services']}",
    }


def _offered(offer: Offer, dice: Dice) -> dict[str, object]:
    hours, words = dice.one(offer.hours)
    services = dice.shuffled(offer.services)[: 1 + dice.index(3)]
    throw = dice.unit()
    return {
        "hours": hours,
        "hours_text": words,
        "special_services": "、".join(services),
        "floor": "" if offer.stands == "park" else dice.one(_FLOORS),
        "price": dice.one(offer.prices),
        "wheelchair": True if throw < 0.62 else False if throw < 0.82 else None,
        "source": dice.one(("社区填报", "网格员核查", "部门共享")),
        "checked_on": f"2026-{1 + dice.index(6):02d}-{1 + dice.index(28):02d}",
    }


def _finished(table: pd.DataFrame, streets: Streets, plane: Plane, dice: Dice) -> pd.DataFrame:
    metres = table[["x", "y"]].to_numpy()
    lonlat = plane.to_lonlat(metres)
    address, _, _ = streets.address(shapely.points(metres))
    # A community's second canteen is its No. 2.
    again = table.groupby(["name"]).cumcount()
    table["name"] += ["" if n == 0 else f"（{n + 1}号点）" for n in again]
    table["name_en"] += ["" if n == 0 else f" No. {n + 1}" for n in again]
    line = dice.order(1000)[: len(table)]
    table = table.assign(
        code=[f"{COUNTY}L{n:04d}" for n in range(1, len(table) + 1)],
        lon=lonlat[:, 0],
        lat=lonlat[:, 1],
        coord_sys="wgs84",
        address=address,
        phone=[f"0990-5550{n:03d}" for n in line],
        note=NOTE,
    )
    return table[list(_COLUMNS)]
