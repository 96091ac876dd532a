"""Contiguous groups: how micro-grids become grids, and tracts communities and sub-districts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gridmap.demo.dice import Dice
from gridmap.demo.notice import no_district

__all__ = ["Graph", "components", "divide", "shares_of"]

_TRIES = 14
_CUTS_A_TREE = 4


@dataclass(frozen=True)
class Graph:
    """Places that touch.

    Attributes
    ----------
    weight : mapping of int to float
        What the groups share out evenly.
    bond : mapping of int to mapping of int to float
        How strongly two neighbours belong together: metres of common border times a factor
        that is small where an arterial, the river or the railway runs between.
    """

    weight: Mapping[int, float]
    bond: Mapping[int, Mapping[int, float]]


def shares_of(total: int, weights: Sequence[float], least: int) -> list[int]:
    """Return whole numbers that add up to `total`, in proportion to the weights.

    Largest remainders win; nobody gets fewer than `least`.
    """
    whole = sum(weights)
    spare = total - least * len(weights)
    exact = [spare * w / whole for w in weights]
    counts = [int(e) for e in exact]
    order = sorted(range(len(weights)), key=lambda i: (counts[i] - exact[i], i))
    for i in order[: spare - sum(counts)]:
        counts[i] += 1
    return [c + least for c in counts]


def components(nodes: Iterable[int], bond: Mapping[int, Mapping[int, float]]) -> list[list[int]]:
    """Return the connected pieces of `nodes`, largest first, each sorted."""
    left = set(nodes)
    found = []
    while left:
        edge = [min(left)]
        piece = []
        left.discard(edge[0])
        while edge:
            node = edge.pop()
            piece.append(node)
            for other in sorted(bond[node]):
                if other in left:
                    left.discard(other)
                    edge.append(other)
        found.append(sorted(piece))
    return sorted(found, key=lambda piece: (-len(piece), piece[0]))


def divide(
    graph: Graph, nodes: Sequence[int], shares: Sequence[float], dice: Dice
) -> list[list[int]]:
    """Divide connected nodes into connected groups whose weights follow `shares`.

    Halves are cut off random spanning trees, again and again; of many cuts the one with the
    best balance and the shortest border wins. There must be at least one node a share.
    """
    if len(shares) == 1:
        return [sorted(nodes)]
    head = len(shares) // 2
    target = sum(shares[:head]) / sum(shares)
    best: tuple[float, set[int]] | None = None
    for attempt in range(_TRIES * 4):
        if attempt >= _TRIES and best is not None:
            break
        for score, side in _cuts(graph, nodes, target, head, len(shares), dice):
            if best is None or score < best[0]:
                best = (score, side)
    if best is None:
        raise no_district(f"no cut of {len(nodes)} places into {len(shares)} groups")
    first = sorted(best[1])
    rest = sorted(set(nodes) - best[1])
    return divide(graph, first, shares[:head], dice) + divide(graph, rest, shares[head:], dice)


def _cuts(
    graph: Graph, nodes: Sequence[int], target: float, head: int, groups: int, dice: Dice
) -> list[tuple[float, set[int]]]:
    """Return (score, nodes of the first side) for the best-balanced cuts of one random tree."""
    order, parent = _tree(graph, nodes, dice)
    weight = {n: graph.weight[n] for n in nodes}
    count = dict.fromkeys(nodes, 1)
    for node in reversed(order[1:]):
        weight[parent[node]] += weight[node]
        count[parent[node]] += count[node]
    whole, size = weight[order[0]], len(nodes)
    found: list[tuple[float, int, bool]] = []
    for node in order[1:]:
        for inner in (True, False):
            n = count[node] if inner else size - count[node]
            if n < head or size - n < groups - head:
                continue
            part = weight[node] / whole if inner else 1 - weight[node] / whole
            found.append((abs(part - target) / min(target, 1 - target), node, inner))
    found.sort(key=lambda f: (f[0], f[1], f[2]))
    results = []
    around = sum(sum(graph.bond[n].values()) for n in nodes) / math.sqrt(size)
    for off, node, inner in found[:_CUTS_A_TREE]:
        below = _subtree(node, order, parent)
        side = below if inner else set(nodes) - below
        border = sum(
            b for n in below for o, b in graph.bond[n].items() if o in count and o not in below
        )
        results.append((off + 0.45 * border / around, side))
    return results


def _tree(graph: Graph, nodes: Sequence[int], dice: Dice) -> tuple[list[int], dict[int, int]]:
    """Return a random spanning tree that prefers strong bonds: order from the root, parents."""
    inside = set(nodes)
    edges = [(n, o) for n in sorted(inside) for o in sorted(graph.bond[n]) if n < o and o in inside]
    noise = dice.spread(0.15, 1.0, len(edges))
    keyed = sorted(
        (-graph.bond[n][o] * luck, n, o) for (n, o), luck in zip(edges, noise, strict=True)
    )
    leader = {n: n for n in inside}

    def lead(node: int) -> int:
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    links: dict[int, list[int]] = {n: [] for n in inside}
    for _, n, o in keyed:
        a, b = lead(n), lead(o)
        if a != b:
            leader[a] = b
            links[n].append(o)
            links[o].append(n)
    root = min(inside)
    order, parent = [root], {root: root}
    for node in order:
        for other in links[node]:
            if other not in parent:
                parent[other] = node
                order.append(other)
    assert len(order) == len(inside), "places to divide must be connected"
    return order, parent


def _subtree(node: int, order: list[int], parent: dict[int, int]) -> set[int]:
    below = {node}
    for other in order:
        if other != order[0] and parent[other] in below:
            below.add(other)
    return below
