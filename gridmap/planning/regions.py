"""From rules to regions: what is left of each community once barriers and locks are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue, NotFound
from gridmap.planning.barriers import bits_of, names_of
from gridmap.planning.graph import ISLAND, PlanGraph
from gridmap.planning.region import Region, possible_counts
from gridmap.planning.rules import Finding, Rules
from gridmap.planning.sums import summed

__all__ = ["Division", "divide", "grids_named"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Division:
    """Regions to plan.

    Attributes
    ----------
    regions : tuple of Region
    fixed : int64
        Places of today's grids, in the area asked for, that stay as they are.
    findings : tuple of Finding
    """

    regions: tuple[Region, ...]
    fixed: Rows
    findings: tuple[Finding, ...]


class _Sets:
    """Sets that are joined."""

    def __init__(self, count: int) -> None:
        self.parent = list(range(count))

    def root(self, i: int) -> int:
        while self.parent[i] != i:
            self.parent[i] = self.parent[self.parent[i]]
            i = self.parent[i]
        return i

    def join(self, i: int, j: int) -> None:
        i, j = self.root(i), self.root(j)
        self.parent[max(i, j)] = min(i, j)

    def labels(self) -> Rows:
        return np.array([self.root(i) for i in range(len(self.parent))], dtype=np.int64)


def grids_named(graph: PlanGraph, codes: Iterable[str]) -> Rows:
    """Return the places of today's grids by code, or raise `NotFound`."""
    place = {code: i for i, code in enumerate(graph.grid_code.tolist())}
    wanted = [*codes]
    missing = [code for code in wanted if code not in place]
    if missing:
        raise NotFound(
            f"Edition '{graph.edition}' has no {graph.level} of that code.",
            got=", ".join(missing[:10]),
            repair=f"List them with /api/areas?level={graph.level}.",
        )
    return np.array([place[code] for code in wanted], dtype=np.int64)


def divide(
    graph: PlanGraph, rules: Rules, atoms: Mask, *, opened: frozenset[str] = frozenset()
) -> Division:
    """Return the regions that the atoms asked for fall into.

    Parameters
    ----------
    atoms : bool (n,)
        Which atoms may be regrouped. Those of locked and exclusive grids stay, and what is a
        grid or a community itself.
    opened : frozenset of str
        Areas of the level above in which barriers are not kept to, because their sides
        could not be divided by themselves.
    """
    # One more: that of no grid.
    fixed = np.append(graph.exclusive, False)
    fixed[grids_named(graph, rules.locked)] = True
    fixed[graph.today[~graph.loose & (graph.today >= 0)]] = True
    inside = atoms & (graph.container >= 0)
    held = inside & (graph.today >= 0) & fixed[graph.today]
    free = inside & graph.loose & ~held
    sets, findings = _together(graph, rules, free)
    hard = bits_of(rules.barriers)
    regions: list[Region] = []
    node_of = sets.labels()
    never = _places(graph, rules.apart)
    _need_apart(graph, never, node_of)
    for container in np.unique(graph.container[free]).tolist():
        members = np.flatnonzero(free & (graph.container == container))
        code = str(graph.container_code[container])
        for part, crossed in _pieces(graph, rules, members, node_of, hard, code in opened):
            if crossed:
                findings.append(_crossed(graph, rules, code, part, crossed))
            regions.append(_region(graph, rules, code, part, node_of, never, hard))
    findings += _islands(graph, free)
    return Division(tuple(regions), np.unique(graph.today[held]), tuple(findings))


def _places(graph: PlanGraph, groups: Sequence[Sequence[str]]) -> list[list[int]]:
    missing = [code for group in groups for code in group if code not in graph.place]
    if missing:
        raise NotFound(
            f"Edition '{graph.edition}' has no atom of that code.", got=", ".join(missing[:10])
        )
    return [[graph.place[code] for code in group] for group in groups]


def _need_apart(graph: PlanGraph, never: Sequence[Sequence[int]], node_of: Rows) -> None:
    both = [pair for pair in never if node_of[pair[0]] == node_of[pair[1]]]
    if both:
        raise BadValue(
            "Areas that must never be in one grid must also stay together.",
            got="; ".join(", ".join(graph.code[pair]) for pair in both[:5]),
            repair="Let go one of the two rules, or let estates be divided.",
        )


def _together(graph: PlanGraph, rules: Rules, free: Mask) -> tuple[_Sets, list[Finding]]:
    """Join the atoms that stay together; say where an estate cannot."""
    sets, findings = _Sets(len(graph)), []
    held = graph.held(rules.limits.measure)
    groups = [(group, "") for group in _places(graph, rules.together)]
    if rules.estates_whole:
        for e, code in enumerate(graph.estate_code.tolist()):
            found = graph.estate_atom[graph.estate_of == e]
            if len(found) > 1:
                groups.append((found.tolist(), str(code)))
    for group, estate in groups:
        members = [i for i in group if free[i]]
        for container in sorted({int(graph.container[i]) for i in members}):
            mine = [i for i in members if graph.container[i] == container]
            roots = {sets.root(i) for i in mine}
            whole = [i for i in np.flatnonzero(free) if sets.root(int(i)) in roots]
            code = str(graph.container_code[container])
            if estate and held[whole].sum() > rules.limits.ceiling:
                findings.append(
                    Finding(
                        "estate_above_ceiling",
                        code,
                        f"Estate {estate} and what is tied to it hold {held[whole].sum():,.0f} "
                        f"{rules.limits.measure}, more than {rules.limits.ceiling:,.0f}: it may "
                        "be divided.",
                        "Raise the ceiling, or divide the estate.",
                        atoms=tuple(graph.code[whole]),
                    )
                )
                continue
            for i in mine[1:]:
                sets.join(mine[0], i)
    return sets, findings


def _pieces(
    graph: PlanGraph, rules: Rules, members: Rows, node_of: Rows, hard: int, opened: bool
) -> list[tuple[Rows, int]]:
    """Return connected pieces of a community, with the barriers that had to be crossed."""
    limits = rules.limits
    local = {int(i): at for at, i in enumerate(members)}
    sets = _Sets(len(members))
    first: dict[int, int] = {}
    for i in members.tolist():
        if node_of[i] in first:
            sets.join(local[first[int(node_of[i])]], local[i])
        first.setdefault(int(node_of[i]), i)
    mine = np.isin(graph.a, members) & np.isin(graph.b, members)
    edges = np.flatnonzero(mine)
    held = graph.held(limits.measure)[members]
    closed = []
    for e in edges.tolist():
        if graph.kind[e] & hard:
            closed.append(e)
        else:
            sets.join(local[int(graph.a[e])], local[int(graph.b[e])])
    crossed: dict[int, int] = {}
    while True:
        label = sets.labels()
        total = {int(r): float(held[label == r].sum()) for r in np.unique(label)}
        lame = [r for r, t in total.items() if not _fits(t, limits.floor, limits.ceiling)]
        if opened:
            lame = [*total]
        ways = [
            (len(possible_counts(total[r], limits.floor, limits.ceiling)), total[r], e)
            for e in closed
            for r in {sets.root(local[int(graph.a[e])]), sets.root(local[int(graph.b[e])])}
            if r in lame and sets.root(local[int(graph.a[e])]) != sets.root(local[int(graph.b[e])])
        ]
        if not ways:
            break
        _, _, e = min(ways)
        i, j = local[int(graph.a[e])], local[int(graph.b[e])]
        bits = crossed.pop(sets.root(i), 0) | crossed.pop(sets.root(j), 0)
        bits |= int(graph.kind[e]) & hard
        sets.join(i, j)
        crossed[sets.root(i)] = bits
    label = sets.labels()
    return [(members[label == r], crossed.get(int(r), 0)) for r in np.unique(label)]


def _fits(total: float, floor: float, ceiling: float) -> bool:
    return len(possible_counts(total, floor, ceiling)) > 0


def _crossed(graph: PlanGraph, rules: Rules, code: str, part: Rows, bits: int) -> Finding:
    names = " and ".join(names_of(bits))
    limits = rules.limits
    return Finding(
        "barrier_crossed",
        code,
        f"In {code} a side of the {names} cannot be divided into grids of {limits.floor:g}-"
        f"{limits.ceiling:g} {limits.measure} by itself: a grid may cross it there.",
        f"Lower the floor or raise the ceiling to keep to the {names}.",
        atoms=tuple(graph.code[part]) if len(part) <= 40 else (),
    )


def _islands(graph: PlanGraph, free: Mask) -> list[Finding]:
    found = []
    for e in np.flatnonzero(graph.kind & ISLAND):
        i, j = int(graph.a[e]), int(graph.b[e])
        if free[i] and free[j]:
            code = str(graph.container_code[graph.container[i]])
            found.append(
                Finding(
                    "island_linked",
                    code,
                    f"{graph.code[i]} and {graph.code[j]} touch no common border, but the one "
                    f"piece of {code} is nearest to the other there: they count as neighbours.",
                    atoms=(str(graph.code[i]), str(graph.code[j])),
                )
            )
    return found


def _region(
    graph: PlanGraph,
    rules: Rules,
    code: str,
    members: Rows,
    node_of: Rows,
    never: list[list[int]],
    hard: int,
) -> Region:
    roots, node = np.unique(node_of[members], return_inverse=True)
    n = len(roots)
    of = dict(zip(members.tolist(), node.tolist(), strict=True))
    inside = np.flatnonzero(np.isin(graph.a, members) & np.isin(graph.b, members))
    p, q = (node[np.searchsorted(members, side[inside])] for side in (graph.a, graph.b))
    within = p == q
    edge = summed(node, graph.perimeter_m[members], n)
    edge -= 2.0 * summed(p[within], graph.shared_m[inside[within]], n)
    links, shared, kind = _merged(
        p[~within], q[~within], graph.shared_m[inside[~within]], graph.kind[inside[~within]]
    )
    homes = graph.amount.get("households", graph.held(rules.limits.measure))
    today, today_homes = _today(graph, members, node, n, homes)
    area = graph.area_m2[members]
    ground = np.maximum(summed(node, area, n), 1e-9)
    xy = np.column_stack([summed(node, graph.xy[members, k] * area, n) / ground for k in (0, 1)])
    pairs = [sorted((of[i], of[j])) for i, j in never if i in of and j in of and of[i] != of[j]]
    return Region(
        name=code,
        atoms=tuple(members[node == k] for k in range(n)),
        weight=summed(node, graph.held(rules.limits.measure)[members], n),
        homes=summed(node, homes[members], n),
        second=summed(node, graph.held(rules.second)[members], n) if rules.second else np.zeros(n),
        area=summed(node, area, n),
        edge=edge,
        xy=xy,
        links=links,
        shared=shared,
        kind=kind,
        today=today,
        today_homes=today_homes,
        estates=_estates(graph, of, n),
        never=np.array(pairs, dtype=np.int64).reshape(-1, 2),
        hard=hard,
    )


def _merged(p: Rows, q: Rows, shared: Floats, kind: Rows) -> tuple[Rows, Floats, Rows]:
    """Return links between nodes: a link over several borders is a barrier where all are."""
    pairs = np.sort(np.stack([p, q], axis=1), axis=1)
    links, which = np.unique(pairs, axis=0, return_inverse=True)
    which = which.reshape(-1)
    both = np.full(len(links), -1, dtype=np.int64)
    np.bitwise_and.at(both, which, kind)
    return links, summed(which, shared, len(links)), both


def _today(
    graph: PlanGraph, members: Rows, node: Rows, n: int, homes: Floats
) -> tuple[Floats, Floats]:
    grids = np.unique(graph.today[members])
    grids = grids[grids >= 0]
    out = np.zeros((n, len(grids)))
    known = graph.today[members] >= 0
    at = np.searchsorted(grids, graph.today[members][known])
    np.add.at(out, (node[known], at), homes[members][known])
    whole = summed(graph.today, homes, len(graph.grid_code))
    return out, whole[grids]


def _estates(graph: PlanGraph, of: dict[int, int], n: int) -> Mask:
    rows: dict[int, set[int]] = {}
    for e, i in zip(graph.estate_of.tolist(), graph.estate_atom.tolist(), strict=True):
        if i in of:
            rows.setdefault(e, set()).add(of[i])
    many = [nodes for nodes in rows.values() if len(nodes) > 1]
    out = np.zeros((len(many), n), dtype=bool)
    for at, nodes in enumerate(many):
        out[at, sorted(nodes)] = True
    return out
