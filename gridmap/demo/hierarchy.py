"""The four levels: parts of blocks become micro-grids, these grids, tracts communities and more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from gridmap.demo.dice import Dice
from gridmap.demo.grouping import Graph, components, divide, shares_of
from gridmap.demo.pieces import coarser, graph_of, join_faces
from gridmap.demo.scales import Scale
from gridmap.demo.sites import choose_sites
from gridmap.demo.town import Town
from gridmap.demo.twins import Twins

__all__ = ["Hierarchy", "build_hierarchy"]


@dataclass
class Hierarchy:
    """Who belongs to whom, by number.

    Attributes
    ----------
    microgrid : list of list of int
        Faces of each micro-grid; several parts that do not touch make a multipart one.
    parts : list of (int, list of int)
        Micro-grid and faces of each part; the faces of a part touch.
    grid, community, subdistrict : list of int
        Parent of each micro-grid, grid and community.
    exclusive : dict of int to str
        Exclusive grids and what they are.
    """

    microgrid: list[list[int]]
    parts: list[tuple[int, list[int]]]
    grid: list[int] = field(default_factory=list)
    community: list[int] = field(default_factory=list)
    subdistrict: list[int] = field(default_factory=list)
    exclusive: dict[int, str] = field(default_factory=dict)


def build_hierarchy(scale: Scale, town: Town, dice: Dice) -> Hierarchy:
    """Group the town's faces into the exact counts of the scale."""
    pieces = join_faces(town, scale.microgrids + scale.twins, dice)
    graph = graph_of(town, pieces)
    subdistrict, community_of = _upper_levels(scale, town, pieces, graph, dice)
    sites = choose_sites(scale, town, pieces, graph, community_of, dice)
    grid_of, community, exclusive = _grids(scale, graph, community_of, sites, dice)
    joined = Twins(town, pieces, graph, grid_of, community, subdistrict).join(scale.twins, dice)
    keep = [p for p in range(len(pieces)) if p not in joined]
    row = {p: number for number, p in enumerate(keep)}
    home = {p: row[joined.get(p, p)] for p in range(len(pieces))}
    faces: list[list[int]] = [[] for _ in keep]
    for p in [*keep, *joined]:
        faces[home[p]] += pieces[p]
    return Hierarchy(
        faces,
        [(home[p], piece) for p, piece in enumerate(pieces)],
        [grid_of[p] for p in keep],
        community,
        subdistrict,
        exclusive,
    )


def _upper_levels(
    scale: Scale, town: Town, pieces: list[list[int]], graph: Graph, dice: Dice
) -> tuple[list[int], dict[int, int]]:
    """Return the sub-district of every community and the community of every piece."""
    tract_of = {p: town.tract[piece[0]] for p, piece in enumerate(pieces)}
    tracts = coarser(graph, tract_of, tract_of)
    superblock = {t: town.superblock[t] for t in tracts.weight}
    unit_of: dict[int, int] = {}
    for name in sorted(set(superblock.values())):
        members = [t for t in superblock if superblock[t] == name]
        for part in components(members, {t: tracts.bond[t] for t in members}):
            unit_of.update(dict.fromkeys(part, part[0]))
    units = coarser(tracts, unit_of, sorted(unit_of))
    shares = list(dice.spread(0.75, 1.35, scale.subdistricts))
    districts = divide(units, sorted(units.weight), shares, dice)
    inside = [[t for t in sorted(unit_of) if unit_of[t] in set(group)] for group in districts]
    counts = shares_of(
        scale.communities, [sum(tracts.weight[t] for t in group) for group in inside], 3
    )
    subdistrict: list[int] = []
    community_of_tract: dict[int, int] = {}
    for number, (group, count) in enumerate(zip(inside, counts, strict=True)):
        for members in divide(tracts, group, list(dice.spread(0.7, 1.4, count)), dice):
            community_of_tract.update(dict.fromkeys(members, len(subdistrict)))
            subdistrict.append(number)
    return subdistrict, {p: community_of_tract[t] for p, t in tract_of.items()}


def _grids(
    scale: Scale,
    graph: Graph,
    community_of: Mapping[int, int],
    sites: list[tuple[str, list[int]]],
    dice: Dice,
) -> tuple[dict[int, int], list[int], dict[int, str]]:
    """Return the grid of every piece, the community of every grid, the exclusive grids."""
    taken = {p for _, members in sites for p in members}
    members_of: dict[int, list[int]] = defaultdict(list)
    for p, c in community_of.items():
        if p not in taken:
            members_of[c].append(p)
    communities = sorted(members_of)
    weights = [sum(graph.weight[p] for p in members_of[c]) for c in communities]
    counts = shares_of(scale.grids - len(sites), weights, 3)
    grid_of: dict[int, int] = {}
    community: list[int] = []
    for c, count in zip(communities, counts, strict=True):
        shares = list(1.0 + 0.2 * dice.bells(count).clip(-2, 2))
        for group in divide(graph, members_of[c], shares, dice):
            grid_of.update(dict.fromkeys(group, len(community)))
            community.append(c)
    exclusive: dict[int, str] = {}
    for use, members in sites:
        exclusive[len(community)] = use
        grid_of.update(dict.fromkeys(members, len(community)))
        community.append(community_of[members[0]])
    return grid_of, community, exclusive
