"""The engine for large regions: METIS begins, annealing goes on, set partition polishes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pymetis
from numpy.typing import NDArray

from gridmap.planning.flips import anneal
from gridmap.planning.pool import choose
from gridmap.planning.region import Region

__all__ = ["Annealed", "anneal_region", "first_draft"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

_STEPS_A_NODE = 4_000
_LEAST_STEPS, _MOST_STEPS = 150_000, 3_000_000
_SHOTS = 200
# Most grids to choose from at last: the cheapest for what they hold.
_MOST_SETS = 3_000
# Price of leaving the band while annealing is hot.
_SOFT = 2.0


@dataclass(frozen=True, eq=False)
class Annealed:
    """The best division met, and what it costs; whether it is the best there is, is not known."""

    part: Rows
    cost: float


def first_draft(region: Region, count: int, *, seed: int = 0) -> Rows:
    """Return a division into `count` grids by METIS; none is empty, all are connected.

    Needs at least `count` nodes.
    """
    n = len(region)
    if count <= 1:
        return np.zeros(n, dtype=np.int64)
    start, others, link = region.near
    # METIS weighs whole numbers, and a node without weight would go anywhere.
    heavy = np.maximum(np.rint(region.weight), 1).astype(np.int64)
    bond = np.maximum(np.rint(region.shared), 1).astype(np.int64)
    options = pymetis.Options(seed=seed, contig=1, ufactor=60)
    _, found = pymetis.part_graph(
        count,
        pymetis.CSRAdjacency(start.tolist(), others.tolist()),
        vweights=heavy.tolist(),
        eweights=bond[link].tolist(),
        recursive=False,
        options=options,
    )
    return _connected(region, np.array(found, dtype=np.int64), count)


def _connected(region: Region, part: Rows, count: int) -> Rows:
    """Return the division with loose pieces joined to neighbours and empty grids filled."""
    label = _pieces(region, part)
    size = np.bincount(label, region.weight)
    owner = np.full(len(size), -1, dtype=np.int64)
    for g in range(count):
        mine = np.unique(label[part == g])
        if len(mine):
            owner[mine[np.argmax(size[mine])]] = g
    part = owner[label]
    while np.any(part < 0):
        p, q = region.links.T
        for i, j in ((p, q), (q, p)):
            loose = (part[i] < 0) & (part[j] >= 0)
            part[i[loose]] = part[j[loose]]
    for g in range(count):
        if not np.any(part == g):
            _split_largest(region, part, g)
    return part


def _pieces(region: Region, part: Rows) -> Rows:
    """Return the number of the connected piece of one grid that each node is in."""
    start, others, _ = region.near
    label = np.full(len(part), -1, dtype=np.int64)
    count = 0
    for node in range(len(part)):
        if label[node] >= 0:
            continue
        stack = [node]
        label[node] = count
        while stack:
            at = stack.pop()
            for other in others[start[at] : start[at + 1]].tolist():
                if label[other] < 0 and part[other] == part[at]:
                    label[other] = count
                    stack.append(other)
        count += 1
    return label


def _split_largest(region: Region, part: Rows, fresh: int) -> None:
    """Give the grid `fresh` about half of the largest grid that has two nodes or more."""
    sizes = np.bincount(part, minlength=fresh + 1)
    weight = np.bincount(part, region.weight, len(sizes))
    largest = int(np.argmax(np.where(sizes > 1, weight, -1.0)))
    members = np.flatnonzero(part == largest)
    start, others, _ = region.near
    inside, order = set(members.tolist()), [int(members[0])]
    above: dict[int, int] = {order[0]: -1}
    for at in order:
        for other in others[start[at] : start[at + 1]].tolist():
            if other in inside and other not in above:
                above[other] = at
                order.append(other)
    below = {at: float(region.weight[at]) for at in order}
    for at in reversed(order[1:]):
        below[above[at]] += below[at]
    half = below[order[0]] / 2
    top = min(order[1:], key=lambda at: (abs(below[at] - half), at))
    taken = {top}
    for at in order:
        if above[at] in taken:
            taken.add(at)
    part[sorted(taken)] = fresh


def anneal_region(
    region: Region,
    count: int,
    weights: Floats,
    *,
    seed: int = 0,
    effort: float = 1.0,
    starts: int = 2,
) -> Annealed:
    """Divide a region into `count` grids as well as annealing finds.

    Parameters
    ----------
    weights : float64
        See :func:`gridmap.planning.costing.packed`.
    effort : float
        Multiplies the attempts; never a time, so that the same input gives the same plan.
    starts : int
        How many times to begin anew; the grids of all of them are put together anew at last.
    """
    n = len(region)
    steps = int(min(max(_STEPS_A_NODE * n, _LEAST_STEPS), _MOST_STEPS) * effort)
    estate_start, estate_of = _listed(region.estates)
    never_start, never_of = _pairs(region.never, n)
    start, others, link = region.near
    nodes = np.column_stack([region.weight, region.homes, region.second, region.area, region.edge])
    best: Annealed | None = None
    met: list[Rows] = []
    # At first the band is a matter of price, or few ways would lead from plan to plan.
    soft = weights.copy()
    soft[11] = min(soft[11], _SOFT)
    sizes = region.estates.sum(axis=1).astype(np.int64)
    for number in range(starts):
        part = first_draft(region, count, seed=seed + number)
        for stage, (price, hot, cold) in enumerate(((soft, 3.0, 0.3), (weights, 0.6, 0.01))):
            cost, part, shots = anneal(
                part, count, nodes, start, others, link, region.shared, region.kind, region.today,
                region.today_homes, sizes, estate_start, estate_of, never_start, never_of, price,
                steps // 2, hot, cold, 2 * (seed + number) + stage + 1, _SHOTS // 2,
            )  # fmt: skip
            met += [part[None], shots]
        if best is None or cost < best.cost:
            best = Annealed(part, float(cost))
    assert best is not None
    return _polished(region, count, weights, best, np.concatenate(met))


def _polished(region: Region, count: int, weights: Floats, best: Annealed, met: Rows) -> Annealed:
    """Choose anew among all grids that were met on the way."""
    rows = np.unique(np.concatenate([np.packbits(met == g, axis=1) for g in range(count)]), axis=0)
    member = np.unpackbits(rows, axis=1, count=len(region)).astype(bool)
    member = member[member.any(axis=1)]
    held = member @ region.weight
    inside = (held >= weights[9] - 1e-9) & (held <= weights[10] + 1e-9)
    mine = np.array([best.part == g for g in range(count)])
    member = np.concatenate([mine, member[inside]])
    cost = set_costs(region, member, weights)
    if len(member) > _MOST_SETS:
        keep = np.sort(np.argsort(cost[count:] / held[inside], kind="stable")[: _MOST_SETS - count])
        keep = np.concatenate([np.arange(count), count + keep])
        member, cost = member[keep], cost[keep]
    plan, _, _ = choose(member, cost, count, np.arange(count))
    if plan is None or cost[plan].sum() >= best.cost - 1e-9:
        return best
    part = np.argmax(member[plan], axis=0).astype(np.int64)
    return Annealed(part, float(cost[plan].sum()))


def set_costs(region: Region, member: NDArray[np.bool_], weights: Floats) -> Floats:
    """Return what any sets of nodes cost, given as a boolean matrix (k, n)."""
    from gridmap.planning.kernel import costs

    m = member.astype(np.float64)
    p, q = region.links.T
    both = member[:, p] & member[:, q]
    inner = both @ region.shared
    numbers = np.column_stack(
        [m @ region.weight, m @ region.homes, m @ region.second, m @ region.area,
         m @ region.edge - 2.0 * inner, np.zeros(len(m))]
    )  # fmt: skip
    held = m @ region.today
    keeps = (2 * held > numbers[:, 1:2]) & (2 * held > region.today_homes)
    numbers[:, 5] = (held * keeps).sum(axis=1)
    marks = np.zeros((len(m), 2), dtype=np.int64)
    for bit in range(3):
        marks[:, 0] |= (both @ ((region.kind >> bit) & 1) > 0).astype(np.int64) << bit
    parts = m @ region.estates.T.astype(np.float64)
    marks[:, 1] = ((parts > 0) & (parts < region.estates.sum(axis=1))).sum(axis=1)
    found: Floats = costs(numbers, marks, weights)
    return found


def _listed(estates: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Return the estates of each node in compressed rows."""
    node, estate = np.nonzero(estates.T)
    start = np.searchsorted(node, np.arange(estates.shape[1] + 1))
    return start.astype(np.int64), estate.astype(np.int64)


def _pairs(never: Rows, n: int) -> tuple[Rows, Rows]:
    one = np.concatenate([never[:, 0], never[:, 1]])
    other = np.concatenate([never[:, 1], never[:, 0]])
    order = np.argsort(one, kind="stable")
    start = np.searchsorted(one[order], np.arange(n + 1))
    return start.astype(np.int64), other[order]
