"""Construction sites with their permits: blocks behind a hoarding, and diggings in streets."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.ops import substring

from gridmap.demo.dice import Dice
from gridmap.demo.duty_rows import Bodies, duty_layer, sound_on_lattice
from gridmap.demo.ground import in_metres
from gridmap.demo.kerbs import half_widths
from gridmap.demo.numbering import COUNTY
from gridmap.demo.plane import Plane
from gridmap.demo.streets import Streets

__all__ = ["building_sites"]

# First day and first day no longer of the permits that follow each other on one site; the demo
# stands at the first of July 2026.
_PERMITS: tuple[tuple[tuple[str, str | None], ...], ...] = (
    (("2025-03-01", None),),
    (("2025-01-01", "2027-04-01"),),
    (("2025-02-01", "2026-03-01"),),
    (("2025-04-01", "2026-02-01"), ("2026-02-01", None)),
    (("2026-09-01", None),),
    (("2025-05-01", None),),
)
_DIGGINGS = (
    ("2025-09-01", "2025-12-01"),
    ("2026-05-15", "2026-09-15"),
    ("2026-03-01", None),
    ("2026-08-01", "2026-11-01"),
)
_DIGGERS = ("RQ", "GS", "TX", "RL")
_LONG_M = 90.0
_M_OF_STREET_A_DIGGING = 24_000.0


def building_sites(
    layers: dict[str, gpd.GeoDataFrame],
    streets: Streets,
    plane: Plane,
    bodies: Bodies,
    firms: list[tuple[str, str]],
    dice: Dice,
) -> gpd.GeoDataFrame:
    """Return one row for each permit; no two that are in force on one day overlap."""
    owners = [bodies.add("SG", f"{zh}建筑工程公司", f"{en} Construction") for zh, en in firms]
    rows: list[dict[str, Any]] = []
    sites = layers.get("construction_site")
    if sites is not None:
        rows += _blocks(sites, owners, dice)
    taken = _taken(layers, plane)
    for n, shape in enumerate(_diggings(streets, taken, dice), start=1):
        start, end = _DIGGINGS[(n - 1) % len(_DIGGINGS)]
        rows.append(
            {
                "code": f"{COUNTY}C9{n:02d}",
                "name": f"{n}号掘路工程",
                "name_en": f"Roadworks {n}",
                "owner": dice.one(_DIGGERS) if dice.chance(0.5) else dice.one(owners),
                "source": f"掘路许可 {COUNTY}-JL-{n:03d}",
                "valid_from": start,
                "valid_to": end,
                "geometry": sound_on_lattice(shape, plane),
            }
        )
    return duty_layer(rows)


def _blocks(sites: gpd.GeoDataFrame, owners: list[str], dice: Dice) -> list[dict[str, Any]]:
    rows = []
    plans = dice.order(len(sites))
    for plan, site in zip(plans, sites.rename(columns={"name": "zh"}).itertuples(), strict=True):
        firm = dice.index(len(owners))
        for phase, (start, end) in enumerate(_PERMITS[plan % len(_PERMITS)]):
            later = phase > 0
            rows.append(
                {
                    "code": f"{site.code}{'B' if later else ''}",
                    "name": f"{site.zh}（二期）" if later else site.zh,
                    "name_en": f"{site.name_en}, phase 2" if later else site.name_en,
                    "owner": owners[(firm + phase) % len(owners)],
                    "source": f"施工许可证 {COUNTY}-SG-{site.code[-2:]}{phase + 1}",
                    "valid_from": start,
                    "valid_to": end,
                    "geometry": site.geometry,
                }
            )
    return rows


def _taken(layers: dict[str, gpd.GeoDataFrame], plane: Plane) -> shapely.STRtree:
    """Everything that no digging may touch."""
    names = ("estate", "building", "water", "park", "construction_site", "river_strip")
    shapes = [layers[name].geometry.to_numpy() for name in names if name in layers]
    return shapely.STRtree(in_metres(np.concatenate(shapes), plane))


def _diggings(streets: Streets, taken: shapely.STRtree, dice: Dice) -> list[Any]:
    """Return strips of one side of a carriageway, apart from each other."""
    frame = streets.frame
    long_enough = (frame["length_m"] > _LONG_M + 30) & frame["class"].isin(["arterial", "branch"])
    wanted = max(2, round(frame["length_m"].sum() / _M_OF_STREET_A_DIGGING))
    half = half_widths(streets)
    found: list[Any] = []
    for row in dice.shuffled(np.flatnonzero(long_enough & ~frame["bridge"]).tolist()):
        if len(found) == wanted:
            break
        shape = _strip(streets.lines[row], float(half[row]), dice)
        clear = not len(taken.query(shape, "intersects"))
        if clear and all(shapely.distance(shape, other) > 50.0 for other in found):
            found.append(shape)
    return sorted(found, key=lambda s: shapely.get_x(shapely.centroid(s)))


def _strip(line: Any, half: float, dice: Dice) -> Any:
    start = dice.between(12.0, shapely.length(line) - _LONG_M - 12.0)
    part = substring(line, start, start + _LONG_M)
    # Negative: the right side of the street's direction.
    side = half if dice.chance(0.5) else -half
    strip = shapely.buffer(part, side, single_sided=True, cap_style="flat", join_style="mitre")
    return shapely.difference(strip, shapely.buffer(part, 0.5, cap_style="flat"))
