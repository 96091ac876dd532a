"""Whether a question can be answered at all, told before the work begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.planning.graph import PlanGraph
from gridmap.planning.region import possible_counts
from gridmap.planning.regions import Division
from gridmap.planning.rules import Limits

__all__ = ["need_free", "need_possible"]

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]


def need_free(division: Division, atoms: Mask) -> None:
    """Raise `BadValue` where no atom of an area may be regrouped."""
    if not division.regions:
        raise BadValue(
            "There is nothing to plan: no atom of the area is free.",
            got=f"{int(atoms.sum())} atoms",
            repair="Name another area, or lock fewer grids.",
        )


def need_possible(graph: PlanGraph, places: Rows, limits: Limits) -> None:
    """Raise `BadValue` where the grids of an area cannot share their sum; say who would help."""
    held = graph.held(limits.measure)
    known = graph.today >= 0
    sums = np.bincount(graph.today[known], held[known], len(graph.grid_code))
    places = np.unique(places[~graph.exclusive[places]])
    for container in np.unique(graph.grid_container[places]).tolist():
        mine = places[graph.grid_container[places] == container]
        total = float(sums[mine].sum())
        if len(mine) in possible_counts(total, limits.floor, limits.ceiling):
            continue
        one, other = graph.today[graph.a], graph.today[graph.b]
        around = np.unique(np.concatenate([one[np.isin(other, mine)], other[np.isin(one, mine)]]))
        beside = [g for g in around.tolist() if g >= 0 and g not in mine and not graph.exclusive[g]]
        helpful = [
            str(graph.grid_code[g])
            for g in beside
            if len(mine) + 1
            in possible_counts(total + float(sums[g]), limits.floor, limits.ceiling)
        ]
        raise BadValue(
            f"{len(mine)} grids of {limits.floor:g}-{limits.ceiling:g} cannot share what these "
            "hold together.",
            got=f"{total:,.0f} {limits.measure} in {', '.join(graph.grid_code[mine])}",
            allowed=f"{len(mine) * limits.floor:,.0f}-{len(mine) * limits.ceiling:,.0f}",
            repair=f"With one of these neighbours it can be tried: {', '.join(helpful)}."
            if helpful
            else "No single neighbour makes it possible: name more grids.",
        )
