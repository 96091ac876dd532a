"""What stands where: uses of tracts and blocks, from the old town outwards."""

from __future__ import annotations

import math

from gridmap.demo.dice import Dice
from gridmap.demo.mesh import Point
from gridmap.demo.scales import Scale
from gridmap.demo.town import HECTARE, Town

__all__ = ["block_size", "choose_block_use", "choose_tract_use", "tract_size"]


def _reach(scale: Scale, at: Point) -> float:
    """Return 0 in the middle of the old town and 1 at the edge of the plane."""
    return max(abs(at[0]) / scale.half_width, abs(at[1]) / scale.half_height)


def tract_size(scale: Scale, at: Point) -> float:
    """Return the usual size of a tract at that place, square metres."""
    return (11.0 + 34.0 * _reach(scale, at) ** 2) * HECTARE


def block_size(scale: Scale, use: str, at: Point) -> float:
    """Return the usual size of a block of that use at that place, square metres."""
    if use == "field":
        return 38.0 * HECTARE
    if use in {"works", "park"}:
        return 14.0 * HECTARE
    if math.hypot(*at) < scale.core_m:
        return 2.6 * HECTARE
    return (3.4 + 4.0 * _reach(scale, at)) * HECTARE


def choose_tract_use(town: Town, scale: Scale, dice: Dice) -> None:
    """Give every tract a use: core, housing, towers, works, villages, fields."""
    for face in range(len(town.use)):
        if town.use[face] == "river":
            continue
        at = town.centre(face)
        away = _reach(scale, at) + 0.09 * dice.bell()
        throw = dice.unit()
        if math.hypot(*at) < scale.core_m * 0.75:
            use = "core" if throw < 0.9 else "park" if throw < 0.95 else "housing"
        elif away < 0.62 or scale.name in {"exclusive", "street"}:
            use = (
                "housing"
                if throw < 0.62
                else "tower"
                if throw < 0.87
                else "park"
                if throw < 0.92
                else "works"
            )
        elif away < 0.8:
            use = (
                "housing"
                if throw < 0.38
                else "works"
                if throw < 0.68
                else "village"
                if throw < 0.85
                else "field"
            )
        else:
            use = "village" if throw < 0.27 else "works" if throw < 0.37 else "field"
        if scale.built_up and use in {"works", "field"}:
            use = "village"
        town.use[face] = use


def choose_block_use(town: Town, dice: Dice) -> None:
    """Give some blocks of homes another use, and every block its own density."""
    for face in range(len(town.use)):
        town.lift[town.block[face]] = math.exp(0.42 * dice.bell())
        if town.use[face] in {"core", "housing", "tower"}:
            throw = dice.unit()
            if throw < 0.07:
                town.use[face] = "shops"
            elif throw < 0.115:
                town.use[face] = "school"
            elif throw < 0.145:
                town.use[face] = "park"
            elif throw < 0.16:
                town.use[face] = "market"
            elif throw < 0.175:
                town.use[face] = "site"
