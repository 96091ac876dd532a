"""What a suggestion is: plans of three styles, with their proof, reasons and findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np

from gridmap.errors import BadValue
from gridmap.planning.engine import Outcome
from gridmap.planning.plan import Plan
from gridmap.planning.reasons import GridReason
from gridmap.planning.rules import Finding

__all__ = ["STYLES", "Suggested", "Suggestion"]

# The three plans: weight of change, and of shape.
STYLES: Mapping[str, tuple[float, float]] = {
    "least_change": (1.0, 0.35),
    "default": (0.3, 0.35),
    "best_balance": (0.0, 0.1),
}


@dataclass(frozen=True, eq=False)
class Suggested:
    """One plan, and how good it is.

    Attributes
    ----------
    style : str
        Of :data:`STYLES`, or ``asked``.
    plan : Plan
        Of all atoms of the graph; outside the area asked for as today.
    outcomes : tuple of (str, Outcome)
        Of each region, by the code of its area.
    reasons : tuple of GridReason
        Of each grid that was planned.
    findings : tuple of Finding
    grids : int
        How many grids were planned, those that stay not counted.
    cv, ideal_cv : float
        Coefficient of variation of the measure over the planned grids, and what it would be
        with perfect balance inside each area of the level above.
    kept : float
        Part of the households whose grid goes on with its code.
    """

    style: str
    plan: Plan
    outcomes: tuple[tuple[str, Outcome], ...]
    reasons: tuple[GridReason, ...]
    findings: tuple[Finding, ...]
    grids: int
    cv: float
    ideal_cv: float
    kept: float

    @property
    def gap(self) -> float | None:
        """Part of the cost by which the best plan may be better; None where not known."""
        found = [one for _, one in self.outcomes]
        if any(np.isnan(one.bound) for one in found):
            return None
        cost = sum(one.cost for one in found)
        return max(cost - sum(one.bound for one in found), 0.0) / max(abs(cost), 1e-9)

    @property
    def proved(self) -> int:
        """How many regions are proved to be best over their candidates."""
        return sum(one.gap is not None and one.gap < 1e-6 for _, one in self.outcomes)


@dataclass(frozen=True, eq=False)
class Suggestion:
    """What came of a question.

    Attributes
    ----------
    plans : tuple of Suggested
        None when nothing was found at all.
    curve : mapping of int to float
        Cost at least (as found, where annealed) by the total number of grids.
    versions : mapping of str to str
        Of the solvers.
    seed : int
    """

    plans: tuple[Suggested, ...]
    curve: Mapping[int, float]
    seed: int
    versions: Mapping[str, str] = field(
        default_factory=lambda: {name: version(name) for name in ("highspy", "pymetis", "numba")}
    )

    def plan(self, style: str) -> Suggested:
        """Return a plan by its style, or raise `BadValue`."""
        for one in self.plans:
            if one.style == style:
                return one
        raise BadValue(
            "There is no such plan.", got=style, allowed=[one.style for one in self.plans]
        )
