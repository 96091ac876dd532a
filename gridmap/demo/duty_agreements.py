"""Agreements that differ from the legal line: who took over what, by which document, how long."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridmap.demo.dice import Dice
from gridmap.demo.duty_rows import Bodies, duty_layer, sound_on_lattice
from gridmap.demo.ground import in_metres, on_lattice
from gridmap.demo.kerbs import HALF_WIDTH_M, in_estates
from gridmap.demo.numbering import COUNTY
from gridmap.demo.plane import Plane
from gridmap.demo.streets import Streets

__all__ = ["agreements"]

_EDGE_M = 9.0
# First day, first day no longer; the demo stands at the first of July 2026. In force all year,
# begun in the middle of it, expired, of the future.
_TERMS = (
    ("2025-03-01", "2028-03-01"),
    ("2025-12-01", None),
    ("2024-05-01", "2025-11-01"),
    ("2026-10-01", None),
)
_GREEN_ITEMS = "0402 0403 0405"
_CLEAN_ITEMS = "0101 0103 0109"
_HOME_ITEMS = "0601 0602 0607"
_CLEANED_ALLEYS = 6


def agreements(
    layers: dict[str, gpd.GeoDataFrame],
    streets: Streets,
    plane: Plane,
    bodies: Bodies,
    firms: list[tuple[str, str]],
    dice: Dice,
) -> gpd.GeoDataFrame:
    """Return park edges that a sub-district keeps, alleys that a firm cleans, open estates that
    a firm manages on trial; column ``items`` names what each agreement is about.
    """
    found = [
        *_park_edges(layers, plane),
        *_alleys(layers, streets, plane, bodies, firms, dice),
        *_trials(layers, bodies, dice),
    ]
    rows = []
    for n, row in enumerate(found, start=1):
        start, end = _TERMS[row.pop("term") % len(_TERMS)]
        rows.append(
            {
                **row,
                "code": f"{COUNTY}Y{n:03d}",
                "source": f"{row['source']}（{start[:4]}）{n:02d}号",
                "valid_from": start,
                "valid_to": end,
            }
        )
    return duty_layer(rows, "items")


def _park_edges(layers: dict[str, gpd.GeoDataFrame], plane: Plane) -> list[dict[str, Any]]:
    """Return the rims of the largest parks: the sub-district looks after them."""
    parks = layers["park"].rename(columns={"name": "zh"})
    shapes = in_metres(parks.geometry.to_numpy(), plane)
    order = np.argsort(-shapely.area(shapes), kind="stable")[: 2 * len(_TERMS)]
    found = []
    for term, row in enumerate(order.tolist()):
        rim = shapely.difference(shapes[row], shapely.buffer(shapes[row], -_EDGE_M))
        found.append(
            {
                "term": term,
                "name": f"{parks['zh'].iloc[row]}外缘绿带",
                "name_en": f"Outer edge of {parks['name_en'].iloc[row]}",
                # The office of the place, whichever that is.
                "owner": "JD",
                "source": "绿地养护移交协议",
                "items": _GREEN_ITEMS,
                "geometry": on_lattice(rim, plane),
            }
        )
    return found


def _alleys(
    layers: dict[str, gpd.GeoDataFrame],
    streets: Streets,
    plane: Plane,
    bodies: Bodies,
    firms: list[tuple[str, str]],
    dice: Dice,
) -> list[dict[str, Any]]:
    frame = streets.frame
    owners = [bodies.add("BJ", f"{zh}保洁公司", f"{en} Cleaning") for zh, en in firms]
    private = in_estates(streets, in_metres(layers["estate"].geometry.to_numpy(), plane))
    inside = set(frame.loc[private, "code"])
    codes = sorted(set(frame.loc[frame["class"] == "alley", "code"]) - inside)
    taken = shapely.Polygon()
    found: list[dict[str, Any]] = []
    for code in dice.shuffled(codes):
        rows = np.flatnonzero((frame["code"] == code).to_numpy())
        # A cleaner's lane ends before the next street, and so before the next agreement.
        line = shapely.union_all(streets.lines[rows])
        lane = shapely.buffer(line, HALF_WIDTH_M["alley"], cap_style="flat", quad_segs=2)
        if shapely.length(line) < 60.0 or shapely.intersects(taken, lane):
            continue
        taken = shapely.union(taken, lane)
        found.append(
            {
                "term": len(found),
                "name": f"{frame['name'].iloc[rows[0]]}保洁",
                "name_en": f"Cleaning of {frame['name_en'].iloc[rows[0]]}",
                "owner": dice.one(owners),
                "source": "背街小巷保洁服务合同",
                "items": _CLEAN_ITEMS,
                "geometry": sound_on_lattice(lane, plane),
            }
        )
        if len(found) == _CLEANED_ALLEYS:
            break
    return found


def _trials(
    layers: dict[str, gpd.GeoDataFrame], bodies: Bodies, dice: Dice
) -> list[dict[str, Any]]:
    estates = layers["estate"].rename(columns={"name": "zh"})
    firms = sorted(row["code"] for row in bodies.rows if row["code"].startswith("WY:"))
    chosen = dice.shuffled(np.flatnonzero(estates["kind"] == "open").tolist())[: len(_TERMS)]
    return [
        {
            "term": term,
            "name": f"{estates['zh'].iloc[row]}试行物业服务",
            "name_en": f"Trial property service of {estates['name_en'].iloc[row]}",
            "owner": dice.one(firms),
            "source": "老旧小区物业托管协议",
            "items": _HOME_ITEMS,
            "geometry": estates.geometry.iloc[row],
        }
        for term, row in enumerate(sorted(chosen))
    ]
