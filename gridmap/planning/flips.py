"""Compiled annealing: worse steps less and less often.

A step gives one node to a neighbouring grid; now and then two neighbouring grids are drawn anew
together, by cutting a random spanning tree of their nodes: where ground is narrow, no way leads
from plan to plan one node at a time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.tiles.jit import compiled, inlined, inner
from gridmap.planning.kernel import cost_of

__all__ = ["anneal"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

# Every so many steps two grids are drawn anew together.
_REDRAW = 12


@inlined
def _next(state: Rows) -> int:
    """Next of a stream of 63-bit numbers (xorshift): the same on every machine."""
    x = state[0]
    x ^= x << 13
    x ^= (x >> 7) & 0x01FFFFFFFFFFFFFF
    x ^= x << 17
    state[0] = x
    return x & 0x7FFFFFFFFFFFFFFF


@inner
def _holds_without(
    node: int, part: Rows, size: int, start: Rows, others: Rows, seen: Rows, stack: Rows, mark: int
) -> bool:
    """True when a grid stays in one piece without a node."""
    here = part[node]
    top = 0
    for place in range(start[node], start[node + 1]):
        if part[others[place]] == here:
            stack[0] = others[place]
            seen[others[place]] = mark
            top = 1
            break
    if top == 0:
        return False
    found = 1
    while top > 0:
        top -= 1
        at = stack[top]
        for place in range(start[at], start[at + 1]):
            other = others[place]
            if other != node and part[other] == here and seen[other] != mark:
                seen[other] = mark
                stack[top] = other
                top += 1
                found += 1
    return found == size - 1


@inner
def _grid_cost(
    g: int, amounts: Floats, today: Floats, today_homes: Floats, bits: Rows, cuts: Rows,
    clashes: Rows, w: Floats,
) -> float:  # fmt: skip
    kept = 0.0
    for old in range(today.shape[1]):
        part = today[g, old]
        if 2.0 * part > amounts[g, 1] and 2.0 * part > today_homes[old]:
            kept = part
    flags = 0
    for bit in range(3):
        if bits[g, bit] > 0:
            flags |= 1 << bit
    value = cost_of(
        amounts[g, 0], amounts[g, 1], amounts[g, 2], amounts[g, 3], amounts[g, 4], kept, flags,
        cuts[g], w,
    )  # fmt: skip
    return value + w[11] * clashes[g]


@inner
def _shift(
    node: int, g: int, sign: int, part: Rows, nodes: Floats, start: Rows, others: Rows,
    link: Rows, shared: Floats, kind: Rows, node_today: Floats, amounts: Floats, today: Floats,
    bits: Rows, cuts: Rows, held: Rows, size_of: Rows, estate_start: Rows, estate_of: Rows,
    clashes: Rows, never_start: Rows, never_of: Rows,
) -> None:  # fmt: skip
    """Add a node to a grid's sums (sign 1) or take it away (-1); `part` is left alone."""
    for column in range(5):
        amounts[g, column] += sign * nodes[node, column]
    for old in range(today.shape[1]):
        today[g, old] += sign * node_today[node, old]
    for place in range(start[node], start[node + 1]):
        if part[others[place]] == g and others[place] != node:
            amounts[g, 4] -= sign * 2.0 * shared[link[place]]
            for bit in range(3):
                if kind[link[place]] & (1 << bit):
                    bits[g, bit] += sign
    for place in range(estate_start[node], estate_start[node + 1]):
        e = estate_of[place]
        before = 0 < held[e, g] < size_of[e]
        held[e, g] += sign
        after = 0 < held[e, g] < size_of[e]
        cuts[g] += np.int64(after) - np.int64(before)
    for place in range(never_start[node], never_start[node + 1]):
        if part[never_of[place]] == g:
            clashes[g] += sign


@inner
def _exchange(
    members: Rows, here: int, there: int, size: Rows, part: Rows, nodes: Floats, start: Rows,
    others: Rows, link: Rows, shared: Floats, kind: Rows, node_today: Floats, amounts: Floats,
    today: Floats, bits: Rows, cuts: Rows, held: Rows, size_of: Rows, estate_start: Rows,
    estate_of: Rows, clashes: Rows, never_start: Rows, never_of: Rows,
) -> None:  # fmt: skip
    """Move each of some nodes to the other of two grids; done twice, all is as it was."""
    for at in range(len(members)):
        member = members[at]
        goal = there if part[member] == here else here
        _shift(
            member, part[member], -1, part, nodes, start, others, link, shared, kind, node_today,
            amounts, today, bits, cuts, held, size_of, estate_start, estate_of, clashes,
            never_start, never_of,
        )  # fmt: skip
        _shift(
            member, goal, 1, part, nodes, start, others, link, shared, kind, node_today, amounts,
            today, bits, cuts, held, size_of, estate_start, estate_of, clashes, never_start,
            never_of,
        )  # fmt: skip
        size[part[member]] -= 1
        size[goal] += 1
        part[member] = goal


@inner
def _redrawn(
    one: int, other: int, part: Rows, start: Rows, others: Rows, weight: Floats, state: Rows,
    order: Rows, above: Rows, below: Floats, seen: Rows, mark: int,
) -> int:  # fmt: skip
    """Cut a random tree of two neighbouring grids; return the node whose branch is one of them.

    `order` holds their nodes from the root, `above` the parent of each; nodes of the branch
    are marked ``mark + 1``. -1 when the two are not one piece.
    """
    g, h = part[one], part[other]
    order[0] = one
    seen[one] = mark
    above[one] = -1
    size, held = 1, 0
    for node in range(len(part)):
        if part[node] == g or part[node] == h:
            held += 1
    # A random node of those reached grows on, to a random neighbour: neither deep nor broad.
    tries = 0
    while size < held and tries < 40 * held:
        tries += 1
        node = order[_next(state) % size]
        degree = start[node + 1] - start[node]
        if degree == 0:
            continue
        near = others[start[node] + _next(state) % degree]
        if seen[near] != mark and (part[near] == g or part[near] == h):
            seen[near] = mark
            above[near] = node
            order[size] = near
            size += 1
    if size < held or held < 2:
        return -1
    for at in range(size):
        below[order[at]] = weight[order[at]]
    for at in range(size - 1, 0, -1):
        below[above[order[at]]] += below[order[at]]
    # Of a few random cuts the most even one: most others are far outside the band.
    cut, gap = -1, np.inf
    for _ in range(1 + _next(state) % 4):
        node = order[1 + _next(state) % (size - 1)]
        uneven = abs(2.0 * below[node] - below[one])
        if uneven < gap:
            cut, gap = node, uneven
    seen[cut] = mark + 1
    for at in range(1, size):
        node = order[at]
        if seen[above[node]] == mark + 1:
            seen[node] = mark + 1
    return cut


@compiled
def anneal(
    part: Rows, count: int, nodes: Floats, start: Rows, others: Rows, link: Rows, shared: Floats,
    kind: Rows, node_today: Floats, today_homes: Floats, size_of: Rows, estate_start: Rows,
    estate_of: Rows, never_start: Rows, never_of: Rows, w: Floats, steps: int, hot: float,
    cold: float, seed: int, shots: int,
) -> tuple[float, Rows, Rows]:  # fmt: skip
    """Anneal a division; return its cost, the best one met, and divisions on the way.

    Parameters
    ----------
    part : int64 (n,)
        Grid of each node; every grid has a node.
    nodes : float64 (n, 5)
        Measure, households, second measure, area, outline.
    steps : int
        Attempts; the temperature falls from `hot` to `cold` in equal ratios.
    shots : int
        How many divisions to return, the best and the latest, evenly over the attempts.

    Returns
    -------
    cost, int64 (n,), int64 (k, n)
    """
    n, olds = len(part), node_today.shape[1]
    part = part.copy()
    amounts, today = np.zeros((count, 5)), np.zeros((count, olds))
    bits, cuts = np.zeros((count, 3), np.int64), np.zeros(count, np.int64)
    held = np.zeros((len(size_of), count), np.int64)
    clashes, size = np.zeros(count, np.int64), np.zeros(count, np.int64)
    seen, stack = np.zeros(n, np.int64), np.zeros(n, np.int64)
    placed = np.full(n, -1, np.int64)
    order, above, below = np.zeros(n, np.int64), np.zeros(n, np.int64), np.zeros(n)
    shifted = np.zeros(n, np.int64)
    for node in range(n):
        _shift(
            node, part[node], 1, placed, nodes, start, others, link, shared, kind, node_today,
            amounts, today, bits, cuts, held, size_of, estate_start, estate_of, clashes,
            never_start, never_of,
        )  # fmt: skip
        placed[node] = part[node]
        size[part[node]] += 1
    value = np.zeros(count)
    total = 0.0
    for g in range(count):
        value[g] = _grid_cost(g, amounts, today, today_homes, bits, cuts, clashes, w)
        total += value[g]
    best, best_part = total, part.copy()
    taken = np.zeros((2 * shots, n), np.int64)
    kept_shots = 0
    state = np.zeros(1, np.int64)
    state[0] = seed * 2654435761 + 88172645463325252
    for _ in range(8):
        _next(state)
    every = max(steps // max(shots, 1), 1)
    ratio = (cold / hot) ** (1.0 / max(steps, 1))
    heat = hot
    mark = 0
    for step in range(steps):
        heat *= ratio
        if step % every == every - 1 and kept_shots + 2 <= len(taken):
            taken[kept_shots] = part
            taken[kept_shots + 1] = best_part
            kept_shots += 2
        node = _next(state) % n
        degree = start[node + 1] - start[node]
        if degree == 0:
            continue
        other = others[start[node] + _next(state) % degree]
        here, there = part[node], part[other]
        if here == there:
            continue
        mark += 2
        if step % _REDRAW == 0:
            cut = _redrawn(
                node, other, part, start, others, nodes[:, 0], state, order, above, below, seen,
                mark,
            )  # fmt: skip
            if cut < 0:
                continue
            moved = 0
            for member in range(n):
                if part[member] == here or part[member] == there:
                    goal = there if seen[member] == mark + 1 else here
                    if goal != part[member]:
                        shifted[moved] = member
                        moved += 1
            _exchange(
                shifted[:moved], here, there, size, part, nodes, start, others, link, shared, kind,
                node_today, amounts, today, bits, cuts, held, size_of, estate_start, estate_of,
                clashes, never_start, never_of,
            )  # fmt: skip
            new_here = _grid_cost(here, amounts, today, today_homes, bits, cuts, clashes, w)
            new_there = _grid_cost(there, amounts, today, today_homes, bits, cuts, clashes, w)
            more = new_here + new_there - value[here] - value[there]
            luck = (_next(state) >> 10) / 9007199254740992.0
            if more <= 0.0 or luck < np.exp(-more / heat):
                value[here], value[there] = new_here, new_there
                total += more
                if total < best - 1e-9:
                    best = total
                    best_part[:] = part
                continue
            _exchange(
                shifted[:moved], here, there, size, part, nodes, start, others, link, shared, kind,
                node_today, amounts, today, bits, cuts, held, size_of, estate_start, estate_of,
                clashes, never_start, never_of,
            )  # fmt: skip
            continue
        if size[here] == 1:
            continue
        if not _holds_without(node, part, size[here], start, others, seen, stack, mark):
            continue
        _shift(
            node, here, -1, part, nodes, start, others, link, shared, kind, node_today, amounts,
            today, bits, cuts, held, size_of, estate_start, estate_of, clashes, never_start,
            never_of,
        )  # fmt: skip
        _shift(
            node, there, 1, part, nodes, start, others, link, shared, kind, node_today, amounts,
            today, bits, cuts, held, size_of, estate_start, estate_of, clashes, never_start,
            never_of,
        )  # fmt: skip
        new_here = _grid_cost(here, amounts, today, today_homes, bits, cuts, clashes, w)
        new_there = _grid_cost(there, amounts, today, today_homes, bits, cuts, clashes, w)
        more = new_here + new_there - value[here] - value[there]
        luck = (_next(state) >> 10) / 9007199254740992.0
        if more <= 0.0 or luck < np.exp(-more / heat):
            part[node] = there
            size[here] -= 1
            size[there] += 1
            value[here], value[there] = new_here, new_there
            total += more
            if total < best - 1e-9:
                best = total
                best_part[:] = part
        else:
            _shift(
                node, there, -1, part, nodes, start, others, link, shared, kind, node_today,
                amounts, today, bits, cuts, held, size_of, estate_start, estate_of, clashes,
                never_start, never_of,
            )  # fmt: skip
            _shift(
                node, here, 1, part, nodes, start, others, link, shared, kind, node_today,
                amounts, today, bits, cuts, held, size_of, estate_start, estate_of, clashes,
                never_start, never_of,
            )  # fmt: skip
    return best, best_part, taken[:kept_shots]
