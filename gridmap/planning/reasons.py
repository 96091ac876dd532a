"""Why each grid of a plan is as it is, in figures and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gridmap.planning.graph import PlanGraph
from gridmap.planning.plan import Plan
from gridmap.planning.rules import Limits
from gridmap.planning.sums import summed

__all__ = ["GridReason", "balance", "grid_reasons"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class GridReason:
    """What became of a grid, and why.

    Attributes
    ----------
    code : str
    kind : str
        ``unchanged``, ``changed`` (keeps its code), ``new``.
    held : float
        The measure with floor and ceiling.
    of : tuple of (str, float)
        Grids of today it is made of, with what of the measure comes from each.
    cause : str
        ``balanced`` (the grids it is made of were in the band), ``below_floor``,
        ``above_ceiling`` (one of them was not), ``none``.
    text : str
    """

    code: str
    kind: str
    held: float
    of: tuple[tuple[str, float], ...]
    cause: str
    text: str


def grid_reasons(
    graph: PlanGraph, plan: Plan, planned: Mask, limits: Limits
) -> tuple[GridReason, ...]:
    """Return the reason of each grid that was planned, in the plan's order."""
    held = graph.held(limits.measure)
    before = summed(graph.today, held, len(graph.grid_code))
    out = []
    for grid in np.unique(plan.grid_of[planned & (plan.grid_of >= 0)]).tolist():
        members = plan.members(grid)
        olds = [g for g in np.unique(graph.today[members]).tolist() if g >= 0]
        parts = [float(held[members[graph.today[members] == g]].sum()) for g in olds]
        whole = all(np.all(plan.grid_of[graph.today == g] == grid) for g in olds)
        heir = int(plan.heir_of[grid])
        kind = "new" if heir < 0 else "unchanged" if whole and len(olds) == 1 else "changed"
        low = [g for g in olds if before[g] < limits.floor]
        high = [g for g in olds if before[g] > limits.ceiling]
        cause = (
            "none"
            if kind == "unchanged"
            else "below_floor"
            if low
            else "above_ceiling"
            if high
            else "balanced"
        )
        order = sorted(range(len(olds)), key=lambda i: (-parts[i], str(graph.grid_code[olds[i]])))
        of = tuple((str(graph.grid_code[olds[i]]), parts[i]) for i in order)
        out.append(
            GridReason(
                str(plan.code[grid]),
                kind,
                float(held[members].sum()),
                of,
                cause,
                _text(graph, limits, kind, of, (low, high), before),
            )
        )
    return tuple(out)


def _text(
    graph: PlanGraph,
    limits: Limits,
    kind: str,
    of: tuple[tuple[str, float], ...],
    outside: tuple[list[int], list[int]],
    before: NDArray[np.float64],
) -> str:
    if kind == "unchanged":
        return "As today."
    parts = ", ".join(f"{amount:,.0f} of {code}" for code, amount in of)
    head = "Goes on with its code: " if kind == "changed" else "New: "
    named = [
        f"{graph.grid_code[g]} held {before[g]:,.0f}, {word} {limit:g}"
        for grids, word, limit in (
            (outside[0], "below", limits.floor),
            (outside[1], "above", limits.ceiling),
        )
        for g in grids[:3]
    ]
    why = "; ".join(named) if named else "makes its neighbours even, or their number right"
    return f"{head}{parts}; {why}."


def balance(graph: PlanGraph, plan: Plan, planned: Mask, measure: str) -> tuple[float, float]:
    """Return the coefficient of variation over the planned grids, and the least there can be.

    The latter with as many grids in each area of the level above, all of that area alike.
    """
    held = graph.held(measure)
    inside = planned & (plan.grid_of >= 0)
    grids = np.unique(plan.grid_of[inside])
    sums = np.bincount(plan.grid_of[inside], held[inside], len(plan))[grids]
    mean = sums.mean() if len(sums) else 0.0
    if mean <= 0:
        return 0.0, 0.0
    of = plan.container[grids] - plan.container[grids].min()
    number = np.bincount(of)
    even = (np.bincount(of, sums) / np.maximum(number, 1))[of]
    return float(sums.std() / mean), float(even.std() / mean)
