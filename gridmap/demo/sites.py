"""Exclusive grids: campuses, hospitals, parks, markets and works that are grids of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from gridmap.demo.dice import Dice
from gridmap.demo.grouping import Graph, components
from gridmap.demo.notice import no_district
from gridmap.demo.scales import Scale
from gridmap.demo.town import HECTARE, Town

__all__ = ["choose_sites"]

_ORDER = (
    "hospital", "park", "school", "market", "works", "park", "school",
    "hospital", "park", "school", "works", "park", "school", "market",
)  # fmt: skip
_REBUILT = ("housing", "core", "tower")


def choose_sites(
    scale: Scale,
    town: Town,
    pieces: list[list[int]],
    graph: Graph,
    community_of: Mapping[int, int],
    dice: Dice,
) -> list[tuple[str, list[int]]]:
    """Choose the exclusive grids, at most one a community: (use, pieces) of each.

    A site is one block, whole; what is left of its community stays in one part.
    """
    offers = _offers(town, pieces, dice)
    chosen: list[tuple[str, list[int]]] = []
    taken: set[int] = set()
    for number in range(scale.exclusive):
        kind = _ORDER[number % len(_ORDER)]
        first = offers["school" if kind == "hospital" else kind]
        # Where no such site came about, a block of homes makes way for one.
        for members in [*first, *(m for use in _REBUILT for m in offers[use])]:
            home = community_of[members[0]]
            if home not in taken and _leaves_whole(members, home, graph, community_of):
                chosen.append((kind, members))
                taken.add(home)
                for face in (f for p in members for f in pieces[p]):
                    town.use[face] = kind
                break
        else:
            raise no_district(f"no site for an exclusive grid of kind {kind}")
    return chosen


def _offers(town: Town, pieces: list[list[int]], dice: Dice) -> dict[str, list[list[int]]]:
    """Return the blocks of one use, by use, as lists of pieces in random order."""
    blocks: dict[int, list[int]] = defaultdict(list)
    for p, piece in enumerate(pieces):
        blocks[town.block[piece[0]]].append(p)
    offers: dict[str, list[list[int]]] = {use: [] for use in (*_ORDER, *_REBUILT)}
    for members in dice.shuffled([blocks[b] for b in sorted(blocks)]):
        uses = {town.use[f] for p in members for f in pieces[p]}
        area = sum(town.mesh.area(f) for p in members for f in pieces[p]) / HECTARE
        use = min(uses)
        if len(uses) == 1 and use in offers and area > 2.0 and len(members) <= 4:
            offers[use].append(members)
    return offers


def _leaves_whole(
    members: list[int], home: int, graph: Graph, community_of: Mapping[int, int]
) -> bool:
    rest = [p for p, c in community_of.items() if c == home and p not in members]
    near = {p: graph.bond[p] for p in [*rest, *members]}
    return len(components(members, near)) == 1 and len(components(rest, near)) == 1
