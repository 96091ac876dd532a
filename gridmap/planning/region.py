"""A region: connected ground that is to be divided, as small arrays for the engines.

Atoms that must stay together are one node. Everything an engine needs to know about a grid,
what it holds, its shape, what it cuts, what it keeps of today, adds up over its nodes and the
links among them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["Region", "Weights", "possible_counts"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Weights:
    """What a grid costs; a plan costs what its grids do.

    Attributes
    ----------
    target : float
        Of the measure that is balanced: 1 is the cost of being 100 off.
    second, second_target : float
        Weight of the second measure's balance, and its target; 1 of cost at a quarter off.
    shape : float
        Of 1/Polsby-Popper above 1.3, that of a fair rectangle.
    barrier, soft : float
        Of a grid that crosses a barrier that is kept to, or another one.
    estate : float
        Of each estate that a grid has a part of.
    change : float
        Of 100 households whose grid does not go on as the one they are in today.
    """

    target: float
    second: float = 0.0
    second_target: float = 1.0
    shape: float = 0.35
    barrier: float = 0.5
    soft: float = 0.1
    estate: float = 0.15
    change: float = 0.0


@dataclass(frozen=True, eq=False)
class Region:
    """Nodes to divide; all arrays by node unless said otherwise.

    Attributes
    ----------
    atoms : tuple of int64 arrays
        Atoms of each node.
    name : str
        Code of the area of the level above.
    weight : float64 (n,)
        The measure with floor and ceiling.
    homes, second : float64 (n,)
        Households, and the second measure (zeros without one).
    area, edge : float64 (n,)
        Square metres, and metres of outline.
    xy : float64 (n, 2)
    links : int64 (m, 2)
        Pairs of neighbours, the smaller first.
    shared : float64 (m,)
    kind : int64 (m,)
        Bits of the barrier along the link.
    today : float64 (n, g)
        Households by today's grids, of those that have any here.
    today_homes : float64 (g,)
        All households of those grids, here and elsewhere.
    estates : bool (e, n)
        Estates that lie in several nodes.
    never : int64 (p, 2)
        Pairs of nodes that must not be in one grid.
    hard : int
        Bits of barriers that cost `Weights.barrier`.
    """

    name: str
    atoms: tuple[Rows, ...]
    weight: Floats
    homes: Floats
    second: Floats
    area: Floats
    edge: Floats
    xy: Floats
    links: Rows
    shared: Floats
    kind: Rows
    today: Floats
    today_homes: Floats
    estates: NDArray[np.bool_]
    never: Rows = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    hard: int = 3
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def total(self) -> float:
        """The measure over all nodes."""
        return float(self.weight.sum())

    @cached_property
    def near(self) -> tuple[Rows, Rows, Rows]:
        """Where each node's neighbours begin, the neighbours, and their links."""
        ends = np.concatenate([self.links[:, 0], self.links[:, 1]])
        others = np.concatenate([self.links[:, 1], self.links[:, 0]])
        link = np.tile(np.arange(len(self.links)), 2)
        order = np.lexsort((others, ends))
        start = np.searchsorted(ends[order], np.arange(len(self) + 1))
        return start.astype(np.int64), others[order], link[order].astype(np.int64)


def possible_counts(total: float, floor: float, ceiling: float) -> range:
    """Return how many grids a total can be divided into, if it could be divided at will.

    Empty where it cannot: between the ceiling and twice the floor, for example.
    """
    least = int(np.ceil(total / ceiling - 1e-9))
    most = int(np.floor(total / floor + 1e-9)) if floor > 0 else max(least, 1_000_000)
    return range(max(least, 1), most + 1)
