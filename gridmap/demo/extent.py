"""How far the district reaches: an irregular piece of the plane, in one part, without holes."""

from __future__ import annotations

import math

from gridmap.demo.dice import Dice
from gridmap.demo.scales import Scale
from gridmap.demo.town import Town

__all__ = ["choose_extent"]


def choose_extent(town: Town, scale: Scale, dice: Dice) -> None:
    """Choose the tracts of the district: an irregular piece of the plane in one part."""
    phases = dice.spread(0.0, 2 * math.pi, 4)
    left = town.mesh.left
    rim = {face for (a, b), face in left.items() if (b, a) not in left}
    chosen = []
    for face in range(len(town.use)):
        x, y = town.centre(face)
        angle = math.atan2(y / scale.half_height, x / scale.half_width)
        limit = (
            0.95 + 0.05 * math.sin(2 * angle + phases[0]) + 0.07 * math.sin(3 * angle + phases[1])
        )
        limit += 0.045 * math.sin(7 * angle + phases[2]) + 0.03 * math.sin(13 * angle + phases[3])
        radius = (abs(x / scale.half_width) ** 3 + abs(y / scale.half_height) ** 3) ** (1 / 3)
        chosen.append(radius < limit and face not in rim)
    town.inside[:] = chosen
    _choose_river(town)
    _drop_islands(town)


def _choose_river(town: Town) -> None:
    """Count a reach of the river in where most of its banks belong to the district."""
    mesh = town.mesh
    river = {face for face in range(len(town.use)) if town.use[face] == "river"}
    for face in sorted(river):
        ring = mesh.ring[face]
        inside = total = 0.0
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            other = mesh.left.get((b, a))
            if other not in river:
                total += math.dist(mesh.xy[a], mesh.xy[b])
                inside += math.dist(mesh.xy[a], mesh.xy[b]) * (
                    other is not None and town.inside[other]
                )
        town.inside[face] = inside > 0.42 * total


def _drop_islands(town: Town) -> None:
    """Keep the largest connected piece and fill the holes in it."""
    near: dict[int, set[int]] = {f: set() for f in range(len(town.use))}
    rim = set()
    for (a, b), face in town.mesh.left.items():
        other = town.mesh.left.get((b, a))
        if other is None:
            rim.add(face)
        elif other != face:
            near[face].add(other)

    def pieces(wanted: bool) -> list[set[int]]:
        left = {f for f in near if town.inside[f] is wanted}
        found = []
        while left:
            piece, edge = set(), [min(left)]
            while edge:
                face = edge.pop()
                if face in left:
                    left.discard(face)
                    piece.add(face)
                    edge += sorted(near[face] & left)
            found.append(piece)
        return found

    for face in range(len(town.use)):
        # A tract that hangs on by less than a third of its border is no part of the district.
        if town.inside[face] and _held(town, face) < 0.34:
            town.inside[face] = False
    islands = sorted(pieces(True), key=len)[:-1]
    for face in (f for island in islands for f in island):
        town.inside[face] = False
    for piece in pieces(False):
        if not piece & rim:
            for face in piece:
                town.inside[face] = True


def _held(town: Town, face: int) -> float:
    """Return the share of a face's border that it has in common with the district."""
    mesh = town.mesh
    ring = mesh.ring[face]
    held = total = 0.0
    for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
        size = math.dist(mesh.xy[a], mesh.xy[b])
        other = mesh.left.get((b, a))
        total += size
        held += size if other is not None and town.inside[other] else 0.0
    return held / total
