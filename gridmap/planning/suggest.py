"""Suggestions: plans that keep to the rules, with proof, reasons, and what could not be met.

Work is limited by steps, never by time, and random numbers come from the seed: the same input
gives the same plans.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from gridmap.planning.graph import PlanGraph
from gridmap.planning.plan import Plan
from gridmap.planning.possible import need_free, need_possible
from gridmap.planning.regions import divide, grids_named
from gridmap.planning.rules import Rules
from gridmap.planning.solving import Work
from gridmap.planning.suggestion import Suggestion
from gridmap.planning.working import Crew

__all__ = ["as_today", "check_question", "rebalance", "suggest"]

Mask = NDArray[np.bool_]
Progress = Callable[[int, int | None], None]


def suggest(
    graph: PlanGraph,
    rules: Rules | None = None,
    *,
    atoms: Mask | None = None,
    total: int | tuple[int, int] | None = None,
    used: Collection[str] = (),
    retired: Collection[str] = (),
    seed: int = 0,
    workers: int = 1,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Suggestion:
    """Suggest how the atoms should be grouped into grids.

    Parameters
    ----------
    graph : PlanGraph
    rules : Rules, optional
    atoms : bool (n,), optional
        Which atoms may be regrouped, say those of some communities; all by default.
    total : int or (int, int), optional
        How many grids there shall be in that area, locked and exclusive ones counted; or the
        range in which the best number is sought. Not given: any number.
    used : collection of str
        Codes that were ever in use, besides today's.
    retired : collection of str
        Of these, those that went out of use.
    workers : int
        Processes; 1 works in this one.
    progress : callable, optional
        Called with steps done and steps there are.
    stop : callable, optional
        Asked now and then; True ends the work.

    Returns
    -------
    Suggestion
        Three plans, or one where the rules name the weight of change.

    Raises
    ------
    BadValue
        When the rules contradict what there is, or no choice gives the total asked for.
    Conflict
        When it was stopped.
    """
    rules = rules or Rules()
    asked = np.ones(len(graph), dtype=bool) if atoms is None else atoms
    with Crew(workers, seed, progress, stop) as crew:
        return Work(graph, rules, asked, total, (used, retired), crew, seed).done()


def rebalance(
    graph: PlanGraph,
    grids: Sequence[str],
    rules: Rules | None = None,
    *,
    grid_of: Plan | None = None,
    used: Collection[str] = (),
    retired: Collection[str] = (),
    seed: int = 0,
    progress: Progress | None = None,
    stop: Callable[[], bool] | None = None,
) -> Suggestion:
    """Suggest how a few grids of today, or of a plan, share their ground anew; as many as now.

    Parameters
    ----------
    grids : sequence of str
        Their codes. Grids of several areas are balanced inside each.
    grid_of : Plan, optional
        The plan whose grids they are; today's by default.

    Returns
    -------
    Suggestion
        One plan: the best balance that keeps change small.
    """
    if grid_of is not None:
        graph = as_today(graph, grid_of)
    places = grids_named(graph, grids)
    need_possible(graph, places, (rules or Rules()).limits)
    atoms = np.isin(graph.today, places)
    rules = replace(rules or Rules(), change=0.1 if rules is None else rules.change or 0.1)
    return suggest(
        graph,
        rules,
        atoms=atoms,
        total=len(set(places.tolist())),
        used=used,
        retired=retired,
        seed=seed,
        progress=progress,
        stop=stop,
    )


def check_question(
    graph: PlanGraph,
    rules: Rules | None = None,
    *,
    atoms: Mask | None = None,
    grids: Sequence[str] = (),
) -> None:
    """Raise at once what :func:`suggest`, or :func:`rebalance` of some grids, begins with."""
    rules = rules or Rules()
    if grids:
        places = grids_named(graph, grids)
        need_possible(graph, places, rules.limits)
        atoms = np.isin(graph.today, places)
    asked = np.ones(len(graph), dtype=bool) if atoms is None else atoms
    need_free(divide(graph, rules, asked), asked)


def as_today(graph: PlanGraph, plan: Plan) -> PlanGraph:
    """Return the graph with a plan in the place of today's grids."""
    return replace(
        graph,
        today=plan.grid_of,
        grid_code=plan.code,
        grid_name=plan.title,
        grid_name_en=plan.title_en,
        grid_kind=plan.kind,
        grid_container=plan.container,
    )
