"""Replay: past reports on any plan. They are located to atoms once; a plan only adds up atoms.

How missed deadlines are estimated. The workers of a grid are taken to work off its reports in
the order they come, each for the handling hours of its item, so many hours a day. How long a
report waits follows from that, on the plan that was in force and on the other. A report's
closing is then moved by the difference of the two waits: on today's plan every report is
missed or met exactly as it was, and what changes elsewhere is due to load alone. A report that
was not closed, or has no deadline, is not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.locate.tiles.jit import compiled
from gridmap.planning.graph import PlanGraph
from gridmap.planning.plan import Plan
from gridmap.planning.sums import summed

__all__ = ["AXES", "DAY_HOURS", "PastReports", "Replay", "check_axis", "replay"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Names = NDArray[np.object_]

# Working hours of a day: handling hours are stretched by 24 over this.
DAY_HOURS = 8.0


# What reports are counted by beside grids.
AXES = ("month", "hour", "item", "department")


def check_axis(by: str) -> None:
    """Raise `BadValue` for what reports are not counted by."""
    if by not in AXES:
        raise BadValue("Reports are not counted by this.", got=by, allowed=AXES)


@dataclass(frozen=True, eq=False)
class PastReports:
    """Reports of a period, located to atoms.

    Attributes
    ----------
    atom : int64 (n,)
        Atom of each report, -1 for those in none.
    month, hour : int64 (n,)
        Number among `months`, and hour of the day 0-23, in the site's zone.
    item, department : int64 (n,)
        Number among `items` and `departments`, -1 for none.
    came, due, closed : float64 (n,)
        Hours since any moment; NaN where there is none.
    hours : float64 (n,)
        Handling hours.
    months, items, departments : object
        Their names, ``2025-03``.
    """

    atom: Rows
    month: Rows
    hour: Rows
    item: Rows
    department: Rows
    came: Floats
    due: Floats
    closed: Floats
    hours: Floats
    months: Names
    items: Names
    departments: Names

    def __len__(self) -> int:
        return len(self.atom)

    def counts(self, atoms: int, by: str) -> NDArray[np.float64]:
        """Return reports by atom and by ``month``, ``hour``, ``item`` or ``department``."""
        place, labels = self._axis(by)
        known = (self.atom >= 0) & (place >= 0)
        flat = np.bincount(
            self.atom[known] * len(labels) + place[known], minlength=atoms * len(labels)
        )
        return flat.reshape(atoms, len(labels)).astype(np.float64)

    def amounts(self, atoms: int) -> dict[str, Floats]:
        """Return reports and hours of work by atom, for :func:`planning_graph`."""
        inside = self.atom >= 0
        return {
            "reports": np.bincount(self.atom[inside], minlength=atoms).astype(np.float64),
            "hours": summed(self.atom, self.hours, atoms),
        }

    def _axis(self, by: str) -> tuple[Rows, Names]:
        axes = {
            "month": (self.month, self.months),
            "hour": (self.hour, np.array([f"{h:02d}" for h in range(24)], dtype=object)),
            "item": (self.item, self.items),
            "department": (self.department, self.departments),
        }
        check_axis(by)
        return axes[by]


@dataclass(frozen=True, eq=False)
class Replay:
    """Reports on one plan.

    Attributes
    ----------
    plan : Plan
    grid : int64 (n,)
        Grid of each report, -1 for none.
    load : int64 (k,)
        Reports of each grid.
    """

    graph: PlanGraph
    plan: Plan
    reports: PastReports
    grid: Rows
    load: Rows

    def table(self, by: str) -> pd.DataFrame:
        """Return reports by grid (rows, by code) and ``month``, ``hour``, ``item``, ...."""
        place, labels = self.reports._axis(by)
        known = (self.grid >= 0) & (place >= 0)
        width = max(len(labels), 1)
        flat = np.bincount(
            self.grid[known] * width + place[known], minlength=len(self.plan) * width
        )
        cells = flat.reshape(-1, width)[:, : len(labels)]
        return pd.DataFrame(cells, index=self.plan.code, columns=list(labels))

    @cached_property
    def hours(self) -> Floats:
        """Hours of work of each grid."""
        return summed(self.grid, self.reports.hours, len(self.plan))

    def moved(self, other: Replay) -> pd.DataFrame:
        """Return who would have got what: reports by grid here and grid there, largest first."""
        both = (self.grid >= 0) & (other.grid >= 0)
        width = len(other.plan)
        flat = np.bincount(
            self.grid[both] * width + other.grid[both], minlength=len(self.plan) * width
        )
        at = np.flatnonzero(flat)
        old, new = self.plan.code[at // width], other.plan.code[at % width]
        frame = pd.DataFrame({"from": old, "to": new, "reports": flat[at]})
        return frame.sort_values(
            ["reports", "from", "to"], ascending=[False, True, True], ignore_index=True
        )

    def missed(self, before: Replay, staff: Mapping[str, float] | None = None) -> pd.DataFrame:
        """Estimate deadlines missed on this plan; see the module for how.

        Parameters
        ----------
        before : Replay
            The same reports on the plan that was in force.
        staff : mapping of grid code to number, optional
            Workers; one a grid that is not named.

        Returns
        -------
        DataFrame
            A row a grid: ``code``, ``reports`` with deadline and closing, ``observed`` (of
            these reports, missed in fact), ``estimated`` (missed on this plan).
        """
        reports = self.reports
        shift = _waits(self, staff) - _waits(before, staff)
        counted = (self.grid >= 0) & ~np.isnan(reports.due) & ~np.isnan(reports.closed)
        late = counted & (reports.closed > reports.due)
        estimated = counted & (reports.closed + shift > reports.due)
        k = len(self.plan)
        return pd.DataFrame(
            {
                "code": self.plan.code,
                **{
                    name: np.bincount(self.grid[mask], minlength=k)
                    for name, mask in (
                        ("reports", counted), ("observed", late), ("estimated", estimated),
                    )
                },
            }
        )  # fmt: skip


def replay(graph: PlanGraph, plan: Plan, reports: PastReports) -> Replay:
    """Put past reports on a plan: one look-up and one count."""
    if plan.grid_of.shape != (len(graph),):
        raise BadValue("The plan is not one of these atoms.", got=plan.grid_of.shape)
    grid = np.append(plan.grid_of, -1)[reports.atom]
    load = np.bincount(grid + 1, minlength=len(plan) + 1)[1:]
    return Replay(graph, plan, reports, grid, load)


def _waits(one: Replay, staff: Mapping[str, float] | None) -> Floats:
    """Return how many hours each report waits for a worker of its grid."""
    workers = np.array(
        [max(int((staff or {}).get(code, 1)), 1) for code in one.plan.code.tolist()],
        dtype=np.int64,
    )
    order = np.argsort(one.reports.came, kind="stable")
    waits = np.zeros(len(order))
    busy = one.reports.hours * (24.0 / DAY_HOURS)
    waits[order] = _queue(one.grid[order], one.reports.came[order], busy[order], workers)
    return waits


@compiled
def _queue(grid: Rows, came: Floats, busy: Floats, workers: Rows) -> Floats:
    """Wait of each report for the first free of its grid's workers; reports by time."""
    first = np.zeros(len(workers) + 1, np.int64)
    for g in range(len(workers)):
        first[g + 1] = first[g] + workers[g]
    free = np.full(first[-1], -np.inf)
    out = np.zeros(len(grid))
    for i in range(len(grid)):
        g = grid[i]
        if g < 0:
            continue
        best = first[g]
        for worker in range(first[g] + 1, first[g + 1]):
            if free[worker] < free[best]:
                best = worker
        start = max(came[i], free[best])
        out[i] = start - came[i]
        free[best] = start + busy[i]
    return out
