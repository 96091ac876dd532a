"""Pieces: faces joined into the parts of micro-grids, and how strongly they hold together."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping

from gridmap.demo.dice import Dice
from gridmap.demo.grouping import Graph
from gridmap.demo.notice import no_district
from gridmap.demo.town import HECTARE, Town

__all__ = ["coarser", "graph_of", "join_faces"]

_ROUNDS = 40
# How much a border of that kind holds its two sides together.
_HOLD = {
    "wall": 3.0,
    "alley": 2.4,
    "branch": 1.0,
    "collector": 0.8,
    "arterial": 0.42,
    "riverside": 0.3,
    "highway": 0.2,
    "railway": 0.1,
}


def join_faces(town: Town, count: int, dice: Dice) -> list[list[int]]:
    """Join neighbouring faces of a tract until `count` pieces are left: L- and T-shapes."""
    faces = town.faces()
    pieces = {i: [f] for i, f in enumerate(faces)}
    load = {i: town.load(f) for i, f in enumerate(faces)}
    bond = {i: dict(near) for i, near in graph_of(town, [[f] for f in faces]).bond.items()}

    def fits(a: int, b: int) -> bool:
        f, g = pieces[a][0], pieces[b][0]
        alike = town.tract[f] == town.tract[g] and town.use[f] == town.use[g]
        return alike and g not in town.enclaves and load[a] + load[b] < ceiling

    ceiling = 1.25
    for _ in range(_ROUNDS):
        busy: set[int] = set()
        for i in dice.shuffled(sorted(pieces)):
            if len(pieces) == count:
                return [pieces[i] for i in sorted(pieces)]
            if i in busy or pieces[i][0] in town.enclaves:
                continue
            near = [b for b in sorted(bond[i]) if b not in busy and fits(i, b)]
            if near:
                pull = [bond[i][b] ** 0.5 * dice.between(0.2, 1.0) for b in near]
                best = near[pull.index(max(pull))]
                busy |= {i, best}
                pieces[i] += pieces.pop(best)
                load[i] += load.pop(best)
                _merge(bond, i, best)
        ceiling *= 1.12
    raise no_district(f"{len(pieces)} pieces are left, {count} were wanted")


def _merge(bond: dict[int, dict[int, float]], host: int, gone: int) -> None:
    """Give the bonds of `gone` to `host`."""
    for other, hold in bond.pop(gone).items():
        del bond[other][gone]
        if other != host:
            bond[host][other] = bond[other][host] = bond[host].get(other, 0.0) + hold


def graph_of(town: Town, pieces: list[list[int]]) -> Graph:
    """Return which pieces touch and how strongly they hold together; the weight is homes."""
    of = {face: number for number, piece in enumerate(pieces) for face in piece}
    bond: dict[int, dict[int, float]] = {number: {} for number in range(len(pieces))}
    mesh = town.mesh
    for (a, b), face in mesh.left.items():
        other = mesh.left.get((b, a))
        if face not in of or other not in of or of[face] == of[other]:
            continue
        road = mesh.road.get((min(a, b), max(a, b)))
        hold = _HOLD[town.roads[road].kind if road is not None else "wall"]
        metres = math.dist(mesh.xy[a], mesh.xy[b])
        here, there = of[face], of[other]
        bond[here][there] = bond[here].get(there, 0.0) + hold * metres
    # A touch of a few metres is no neighbourhood.
    bond = {n: {o: w for o, w in near.items() if w > 4.0} for n, near in bond.items()}
    weight = {
        number: sum(town.homes(f) + 2.0 * town.mesh.area(f) / HECTARE for f in piece)
        for number, piece in enumerate(pieces)
    }
    return Graph(weight, bond)


def coarser(graph: Graph, unit_of: Mapping[int, int], nodes: Iterable[int]) -> Graph:
    """Return the graph of units that several nodes make up."""
    weight: dict[int, float] = defaultdict(float)
    bond: dict[int, dict[int, float]] = {}
    for node in nodes:
        unit = unit_of[node]
        weight[unit] += graph.weight[node]
        near = bond.setdefault(unit, {})
        for other, hold in graph.bond[node].items():
            if other in unit_of and unit_of[other] != unit:
                near[unit_of[other]] = near.get(unit_of[other], 0.0) + hold
    return Graph(weight, bond)
