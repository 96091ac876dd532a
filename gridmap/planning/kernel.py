"""Compiled loops over sets of nodes: which there are, and what each of them is like.

A set of up to 126 nodes is two words of 63 bits. Enumeration grows connected sets from their
smallest node; a node that was tried is left out of all that follows, so that each set is met
once. Sets whose rest cannot be divided any more are dropped at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.tiles.jit import compiled, inlined, inner, lowest_bit

__all__ = [
    "MOST_NODES",
    "cheapest_cover",
    "cost_of",
    "costs",
    "describe",
    "find_sets",
    "masks_of",
    "reduced_costs",
]

WORD = 63
MOST_NODES = 2 * WORD

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


def masks_of(member: NDArray[np.bool_]) -> tuple[Rows, Rows]:
    """Return rows of a boolean matrix (k, n) as two words each."""
    bits = np.left_shift(np.int64(1), np.arange(WORD, dtype=np.int64))
    low, high = member[:, :WORD], member[:, WORD:MOST_NODES]
    return (
        (low * bits[: low.shape[1]]).sum(axis=1, dtype=np.int64),
        (high * bits[: high.shape[1]]).sum(axis=1, dtype=np.int64),
    )


@inlined
def _first(low: int, high: int) -> int:
    """Lowest node of a set that is not empty."""
    if low != 0:
        return lowest_bit(low)
    return WORD + lowest_bit(high)


@inner
def _rest_divides(
    low: int,
    high: int,
    near_low: Rows,
    near_high: Rows,
    weight: Floats,
    floor: float,
    ceiling: float,
    fewest: int,
    most: int,
) -> bool:
    """True when each piece of what is left can have some number of grids in the band."""
    least = 1
    largest = 1
    while low != 0 or high != 0:
        node = _first(low, high)
        if node < WORD:
            edge_low, edge_high = np.int64(1) << node, np.int64(0)
        else:
            edge_low, edge_high = np.int64(0), np.int64(1) << (node - WORD)
        total = 0.0
        low &= ~edge_low
        high &= ~edge_high
        while edge_low != 0 or edge_high != 0:
            node = _first(edge_low, edge_high)
            if node < WORD:
                edge_low &= edge_low - 1
            else:
                edge_high &= edge_high - 1
            total += weight[node]
            new_low, new_high = near_low[node] & low, near_high[node] & high
            edge_low |= new_low
            edge_high |= new_high
            low &= ~new_low
            high &= ~new_high
        a = np.int64(np.ceil(total / ceiling - 1e-9))
        b = np.int64(np.floor(total / floor + 1e-9))
        if a < 1:
            a = np.int64(1)
        if b < a:
            return False
        least += a
        largest += b
    return least <= most and largest >= fewest


@compiled
def find_sets(
    weight: Floats,
    near_low: Rows,
    near_high: Rows,
    far_low: Rows,
    far_high: Rows,
    floor: float,
    ceiling: float,
    fewest: int,
    most: int,
    room: int,
    steps: int,
) -> tuple[int, Rows, Rows]:
    """Return the connected sets in the band, as two words each.

    Parameters
    ----------
    weight : float64 (n,)
        0 or more.
    near_low, near_high : int64 (n,)
        Neighbours of each node.
    far_low, far_high : int64 (n,)
        Nodes that are in no set with it.
    floor, ceiling : float
        ``floor > 0``.
    fewest, most : int
        How many grids all nodes may become: sets whose rest does not allow it are left out.
    room, steps : int
        Most sets to return, most sets to look at.

    Returns
    -------
    count, low, high
        `count` is -1 when `room` or `steps` did not do.
    """
    n = len(weight)
    low_of, high_of = np.empty(room, np.int64), np.empty(room, np.int64)
    set_low, set_high = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    edge_low, edge_high = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    out_low, out_high = np.zeros(n + 1, np.int64), np.zeros(n + 1, np.int64)
    total = np.zeros(n + 1)
    all_low = np.int64(0)
    all_high = np.int64(0)
    for i in range(n):
        if i < WORD:
            all_low |= np.int64(1) << i
        else:
            all_high |= np.int64(1) << (i - WORD)
    count = 0
    looked = 0
    before_low = np.int64(0)
    before_high = np.int64(0)
    for root in range(n):
        bit_low, bit_high = np.int64(0), np.int64(0)
        if root < WORD:
            bit_low = np.int64(1) << root
        else:
            bit_high = np.int64(1) << (root - WORD)
        set_low[0], set_high[0] = bit_low, bit_high
        out_low[0] = before_low | far_low[root] | bit_low
        out_high[0] = before_high | far_high[root] | bit_high
        edge_low[0] = near_low[root] & ~out_low[0]
        edge_high[0] = near_high[root] & ~out_high[0]
        total[0] = weight[root]
        before_low |= bit_low
        before_high |= bit_high
        if weight[root] > ceiling:
            continue
        depth = 0
        fresh = True
        while depth >= 0:
            if fresh:
                fresh = False
                looked += 1
                if looked > steps:
                    return -1, low_of[:0], high_of[:0]
                if total[depth] >= floor and _rest_divides(
                    all_low & ~set_low[depth],
                    all_high & ~set_high[depth],
                    near_low,
                    near_high,
                    weight,
                    floor,
                    ceiling,
                    fewest,
                    most,
                ):
                    if count == room:
                        return -1, low_of[:0], high_of[:0]
                    low_of[count], high_of[count] = set_low[depth], set_high[depth]
                    count += 1
            if edge_low[depth] == 0 and edge_high[depth] == 0:
                depth -= 1
                continue
            node = _first(edge_low[depth], edge_high[depth])
            bit_low, bit_high = np.int64(0), np.int64(0)
            if node < WORD:
                bit_low = np.int64(1) << node
            else:
                bit_high = np.int64(1) << (node - WORD)
            edge_low[depth] &= ~bit_low
            edge_high[depth] &= ~bit_high
            out_low[depth] |= bit_low
            out_high[depth] |= bit_high
            if total[depth] + weight[node] <= ceiling:
                up = depth + 1
                set_low[up] = set_low[depth] | bit_low
                set_high[up] = set_high[depth] | bit_high
                out_low[up] = out_low[depth] | far_low[node]
                out_high[up] = out_high[depth] | far_high[node]
                edge_low[up] = (edge_low[depth] | near_low[node]) & ~out_low[up]
                edge_high[up] = (edge_high[depth] | near_high[node]) & ~out_high[up]
                total[up] = total[depth] + weight[node]
                depth = up
                fresh = True
    return count, low_of[:count], high_of[:count]


@compiled
def describe(
    low: Rows,
    high: Rows,
    amounts: Floats,
    start: Rows,
    others: Rows,
    link: Rows,
    shared: Floats,
    kind: Rows,
    today: Floats,
    today_homes: Floats,
    estate_low: Rows,
    estate_high: Rows,
) -> tuple[Floats, Rows]:
    """Return what sets are like: columns of amounts, perimeter, kept, and bits with cuts.

    Parameters
    ----------
    amounts : float64 (n, 5)
        Measure, households, second measure, area, outline of each node.
    start, others, link : int64
        Neighbours in compressed rows; see :attr:`gridmap.planning.region.Region.near`.

    Returns
    -------
    float64 (k, 6)
        Measure, households, second measure, area, perimeter, and households whose grid goes
        on: it holds more than half of theirs, and they are more than half of it.
    int64 (k, 2)
        Bits of the barriers inside, and estates cut.
    """
    count, grids = len(low), today.shape[1]
    out = np.zeros((count, 6))
    marks = np.zeros((count, 2), np.int64)
    parts = np.zeros(grids)
    for at in range(count):
        rest_low, rest_high = low[at], high[at]
        parts[:] = 0.0
        while rest_low != 0 or rest_high != 0:
            node = _first(rest_low, rest_high)
            if node < WORD:
                rest_low &= rest_low - 1
            else:
                rest_high &= rest_high - 1
            for column in range(5):
                out[at, column] += amounts[node, column]
            for g in range(grids):
                parts[g] += today[node, g]
            for place in range(start[node], start[node + 1]):
                other = others[place]
                if other > node:
                    word = low[at] >> other if other < WORD else high[at] >> (other - WORD)
                    if word & 1:
                        out[at, 4] -= 2.0 * shared[link[place]]
                        marks[at, 0] |= kind[link[place]]
        for g in range(grids):
            if 2.0 * parts[g] > out[at, 1] and 2.0 * parts[g] > today_homes[g]:
                out[at, 5] = parts[g]
        for e in range(len(estate_low)):
            here = (estate_low[e] & low[at]) | (estate_high[e] & high[at])
            there = (estate_low[e] & ~low[at]) | (estate_high[e] & ~high[at])
            if here != 0 and there != 0:
                marks[at, 1] += 1
    return out, marks


@inlined
def cost_of(
    measure: float,
    homes: float,
    second: float,
    area: float,
    outline: float,
    kept: float,
    bits: int,
    cuts: int,
    w: Floats,
) -> float:
    """Cost of one grid; `w` as :func:`gridmap.planning.costing.packed` lays it out."""
    off = (measure - w[0]) / 100.0
    value = off * off
    if w[1] > 0.0:
        off = (second - w[2]) / (0.25 * w[2])
        value += w[1] * off * off
    if area > 0.0 and outline > 0.0:
        rough = outline * outline / (4.0 * np.pi * area) - 1.3
        if rough > 0.0:
            value += w[3] * rough
    hard = np.int64(w[8])
    if bits & hard:
        value += w[4]
    if bits & 7 & ~hard:
        value += w[5]
    value += w[6] * cuts + w[7] * (homes - kept) / 100.0
    short = max(w[9] - measure, measure - w[10])
    if short > 0.0:
        value += w[11] * (1.0 + short / 25.0)
    return value


@compiled
def costs(numbers: Floats, marks: Rows, w: Floats) -> Floats:
    """Return the cost of each set that :func:`describe` described."""
    out = np.empty(len(numbers))
    for at in range(len(numbers)):
        out[at] = cost_of(
            numbers[at, 0],
            numbers[at, 1],
            numbers[at, 2],
            numbers[at, 3],
            numbers[at, 4],
            numbers[at, 5],
            marks[at, 0],
            marks[at, 1],
            w,
        )
    return out


@compiled
def reduced_costs(low: Rows, high: Rows, cost: Floats, price: Floats, each: float) -> Floats:
    """Return cost less the prices of the nodes in each set, and less `each`."""
    out = np.empty(len(low))
    for at in range(len(low)):
        rest_low, rest_high = low[at], high[at]
        value = cost[at] - each
        while rest_low != 0:
            value -= price[lowest_bit(rest_low)]
            rest_low &= rest_low - 1
        while rest_high != 0:
            value -= price[WORD + lowest_bit(rest_high)]
            rest_high &= rest_high - 1
        out[at] = value
    return out


@compiled
def cheapest_cover(
    low: Rows,
    high: Rows,
    price: Floats,
    begin: Rows,
    held: Floats,
    total: float,
    nodes: int,
    count: int,
    floor: float,
    ceiling: float,
    limit: float,
    steps: int,
) -> tuple[float, Rows, int]:
    """Return the choice of `count` sets that hold each node once for the lowest sum of prices.

    Parameters
    ----------
    low, high : int64 (k,)
        The sets, those with the same lowest node together and there the cheapest first.
    price : float64 (k,)
        0 or more, but for rounding.
    begin : int64 (nodes + 1,)
        Where the sets of each lowest node begin.
    held : float64 (k,)
        The measure of each set, between `floor` and `ceiling`.
    total : float
        The measure of all nodes.
    limit : float
        Only choices that cost less than this.
    steps : int
        Most sets to try.

    Returns
    -------
    float, int64 (count,), int
        The sum, `limit` if there is no choice below it; the sets; how many were tried, more
        than `steps` when the search was given up.
    """
    chosen, at = np.zeros(count, np.int64), np.zeros(count, np.int64)
    done_low, done_high = np.zeros(count + 1, np.int64), np.zeros(count + 1, np.int64)
    spent, left = np.zeros(count + 1), np.zeros(count + 1)
    best, plan = limit, np.zeros(count, np.int64)
    all_low, all_high = np.int64(0), np.int64(0)
    for i in range(nodes):
        if i < WORD:
            all_low |= np.int64(1) << i
        else:
            all_high |= np.int64(1) << (i - WORD)
    left[0] = total
    depth, tried = 0, 0
    at[0] = begin[0]
    end = begin[1]
    while depth >= 0:
        node = _first(all_low & ~done_low[depth], all_high & ~done_high[depth])
        end = begin[node + 1]
        forward = False
        while at[depth] < end:
            one = at[depth]
            at[depth] += 1
            if spent[depth] + price[one] >= best:
                at[depth] = end
                break
            tried += 1
            if tried > steps:
                return best, plan, tried
            if (low[one] & done_low[depth]) != 0 or (high[one] & done_high[depth]) != 0:
                continue
            rest = left[depth] - held[one]
            more = count - depth - 1
            if rest < more * floor - 1e-6 or rest > more * ceiling + 1e-6:
                continue
            chosen[depth] = one
            new_low, new_high = done_low[depth] | low[one], done_high[depth] | high[one]
            if new_low == all_low and new_high == all_high:
                if more == 0:
                    best = spent[depth] + price[one]
                    plan[:] = chosen
                continue
            if more == 0:
                continue
            spent[depth + 1] = spent[depth] + price[one]
            left[depth + 1] = rest
            done_low[depth + 1], done_high[depth + 1] = new_low, new_high
            forward = True
            break
        if forward:
            depth += 1
            at[depth] = begin[_first(all_low & ~done_low[depth], all_high & ~done_high[depth])]
        else:
            depth -= 1
    return best, plan, tried
