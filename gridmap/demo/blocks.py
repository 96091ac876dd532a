"""Streets inside the frame: superblocks are cut into tracts, tracts into blocks, blocks into parts.

Every cut is a street or, inside a block, a lane or a compound wall, and meets older streets in
T-junctions, as streets do.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable

from gridmap.demo.cutting import find_cut, long_axis, within
from gridmap.demo.dice import Dice
from gridmap.demo.extent import choose_extent
from gridmap.demo.frame import Frame, Road
from gridmap.demo.landuse import block_size, choose_block_use, choose_tract_use, tract_size
from gridmap.demo.notice import no_district
from gridmap.demo.scales import Scale
from gridmap.demo.town import HECTARE, Town

__all__ = ["build_blocks"]

# Faces to a micro-grid: most are joined of two, into shapes that are no rectangles.
_PARTS = 1.85
_WALLED = frozenset({"park", "school", "hospital", "market", "site", "river"})


def build_blocks(scale: Scale, frame: Frame, dice: Dice) -> Town:
    """Cut the frame until as many faces lie in the district as its micro-grids need parts."""
    parts = round(_PARTS * scale.microgrids)
    town = Town.of_frame(frame)
    for face in _refine(town, lambda f: tract_size(scale, town.centre(f)), "collector", dice):
        town.tract[face] = face
    choose_extent(town, scale, dice)
    choose_tract_use(town, scale, dice)
    _refine(town, lambda f: block_size(scale, town.use[f], town.centre(f)), "branch", dice)
    choose_block_use(town, dice)
    town.usual = scale.households / parts
    town.crowd = scale.households / sum(town.homes(f) for f in town.faces())
    _cut_to_count(town, parts - scale.enclaves, dice)
    _carve_enclaves(town, scale.enclaves, dice)
    return town


def _cut(town: Town, face: int, kind: str, wander: float, dice: Dice) -> int | None:
    """Cut a face in two and return the new one; None when it cannot be cut fairly."""
    cut = find_cut(town.mesh.points(face), kind, wander, dice)
    if cut is None:
        return None
    road = None
    if kind != "wall":
        road = len(town.roads)
        town.roads.append(Road(kind, cut.along_x, town.superblock[face]))
    new = town.mesh.cut(face, cut.path, cut.edges, road)
    town.inherit(face)
    return new


def _refine(town: Town, size: Callable[[int], float], kind: str, dice: Dice) -> list[int]:
    """Cut every face until none is larger than `size(face)` asks; return the new faces.

    Each new face is a block of its own, and keeps its parent's tract unless that is set apart.
    """
    made: list[int] = []
    work = [f for f in town.faces() if town.use[f] != "river"]
    while work:
        face = work.pop()
        if town.mesh.area(face) <= size(face) * dice.between(0.7, 1.45):
            continue
        new = _cut(town, face, kind, 5.0, dice)
        if new is not None:
            town.block[new] = new
            made.append(new)
            if kind == "collector":
                town.tract[new] = new
            work += [face, new]
    return made


def _cut_to_count(town: Town, parts: int, dice: Dice) -> None:
    """Cut the face that asks for it most until there are exactly `parts` in the district."""
    heap = [(-town.load(f), f) for f in town.faces()]
    heapq.heapify(heap)
    count = len(heap)
    while count < parts:
        if not heap:
            raise no_district(f"{count} parts are left that cannot be cut, {parts} are wanted")
        _, face = heapq.heappop(heap)
        area = town.mesh.area(face)
        kind = "branch" if area > 5.5 * HECTARE else "alley" if area > 1.9 * HECTARE else "wall"
        if town.use[face] in _WALLED:
            kind = "wall"
        new = _cut(town, face, kind, 3.5, dice)
        if new is None:
            continue
        count += 1
        if kind == "branch":
            town.block[new] = new
            town.lift[new] = town.lift[town.block[face]]
        heapq.heappush(heap, (-town.load(face), face))
        heapq.heappush(heap, (-town.load(new), new))


_ENCLAVE_USE = {
    "field": "village",
    "village": "school",
    "works": "housing",
    "park": "core",
    "housing": "school",
    "core": "market",
    "tower": "school",
}


def _carve_enclaves(town: Town, count: int, dice: Dice) -> None:
    """Set walled compounds into roomy faces: the face keeps a hole."""
    made = 0
    for i in dice.order(len(town.use)):
        face = int(i)
        area = town.mesh.area(face)
        if made == count:
            return
        if not town.inside[face] or town.use[face] not in _ENCLAVE_USE or area < 1.1 * HECTARE:
            continue
        points = town.mesh.points(face)
        axis, long, wide, middle = long_axis(points)
        size = dice.between(0.3, 0.5)
        a, b = size * long / 2, size * wide / 2
        notch = dice.between(0.25, 0.6)
        plan = [(-a, -b), (a, -b), (a, b * notch), (a * notch, b * notch), (a * notch, b), (-a, b)]
        cos, sin = math.cos(axis), math.sin(axis)
        ring = [(middle[0] + u * cos - v * sin, middle[1] + u * sin + v * cos) for u, v in plan]
        if not within(ring, points):
            continue
        new = town.mesh.enclose(face, ring)
        town.inherit(face)
        town.block[new] = new
        town.use[new] = _ENCLAVE_USE[town.use[face]]
        town.enclaves |= {face, new}
        made += 1
