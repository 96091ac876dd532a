"""Suggestions: plans that keep to the rules, with proof, reasons, and what could not be met.

Each region is divided by itself (:mod:`~gridmap.planning.engine`); how many grids each one
gets is decided for all of them together (:mod:`~gridmap.planning.counts`). Work is limited by
steps, never by time, and random numbers come from the seed: the same input gives the same
plans.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.planning.counts import cheapest_counts, cost_curve
from gridmap.planning.engine import ANNEAL, Outcome, Survey
from gridmap.planning.graph import PlanGraph
from gridmap.planning.plan import Plan, named_plan
from gridmap.planning.reasons import GridReason, balance, grid_reasons
from gridmap.planning.region import Region, Weights, possible_counts
from gridmap.planning.regions import Division, divide, grids_named
from gridmap.planning.rules import Finding, Limits, Rules
from gridmap.planning.working import Crew

__all__ = [
    "STYLES",
    "Suggested",
    "Suggestion",
    "as_today",
    "check_question",
    "rebalance",
    "suggest",
]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Progress = Callable[[int, int | None], None]

# The three plans: weight of change, and of shape.
STYLES: Mapping[str, tuple[float, float]] = {
    "least_change": (1.0, 0.35),
    "default": (0.3, 0.35),
    "best_balance": (0.0, 0.1),
}
_ROUNDS = 8


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
        return _Work(graph, rules, asked, total, (used, retired), crew, seed).done()


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
    _need_possible(graph, places, (rules or Rules()).limits)
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
        _need_possible(graph, places, rules.limits)
        atoms = np.isin(graph.today, places)
    asked = np.ones(len(graph), dtype=bool) if atoms is None else atoms
    _need_free(divide(graph, rules, asked), asked)


def _need_free(division: Division, atoms: Mask) -> None:
    if not division.regions:
        raise BadValue(
            "There is nothing to plan: no atom of the area is free.",
            got=f"{int(atoms.sum())} atoms",
            repair="Name another area, or lock fewer grids.",
        )


def _need_possible(graph: PlanGraph, places: Rows, limits: Limits) -> None:
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


class _Work:
    """One suggestion under way."""

    def __init__(
        self,
        graph: PlanGraph,
        rules: Rules,
        atoms: Mask,
        total: int | tuple[int, int] | None,
        codes: tuple[Collection[str], Collection[str]],
        crew: Crew,
        seed: int,
    ) -> None:
        self.graph, self.rules, self.atoms, self.codes = graph, rules, atoms, codes
        self.crew, self.seed = crew, seed
        self.division = self._division(frozenset())
        fixed = len(self.division.fixed)
        ends = (total, total) if isinstance(total, int) else total
        self.ends = None if ends is None else (ends[0] - fixed, ends[1] - fixed)
        self.weights = self._weights()

    def done(self) -> Suggestion:
        """Return the plans."""
        surveys, elastic = self._surveys()
        settled, elastic_of = self._settled(surveys, elastic)
        plans = [
            self._assembled(style, outcomes, surveys, unmet)
            for style, outcomes, unmet in zip(self._styles(), settled, elastic_of, strict=True)
        ]
        # The curve is drawn for the plan in the middle, or the only one.
        first, cost = cost_curve([one.cost[len(plans) // 2] for one in surveys])
        fixed = len(self.division.fixed)
        curve = {first + i + fixed: float(c) for i, c in enumerate(cost.tolist()) if np.isfinite(c)}
        return Suggestion(tuple(plans), curve, self.seed)

    # -- the question -----------------------------------------------------------------

    def _styles(self) -> list[str]:
        return [*STYLES] if self.rules.change is None else ["asked"]

    def _weights(self) -> list[Weights]:
        homes = sum(region.total for region in self.division.regions)
        second = sum(float(region.second.sum()) for region in self.division.regions)
        limits = self.rules.limits
        if self.ends is not None and sum(self.ends) > 0:
            grids = sum(self.ends) / 2
        else:
            grids = max(homes / ((limits.floor + limits.ceiling) / 2), 1.0)
        asked = self.rules.change
        styles = [*STYLES.values()] if asked is None else [(asked, 0.35)]
        return [
            Weights(
                target=homes / grids,
                second=self.rules.second_weight if self.rules.second else 0.0,
                second_target=max(second / grids, 1e-9),
                change=change,
                shape=shape,
            )
            for change, shape in styles
        ]

    def _division(self, opened: frozenset[str]) -> Division:
        found = divide(self.graph, self.rules, self.atoms, opened=opened)
        _need_free(found, self.atoms)
        return found

    # -- how many grids ---------------------------------------------------------------

    def _surveys(self) -> tuple[list[Survey], set[int]]:
        """Return what each region costs by its number of grids, and which must leave the band."""
        opened: set[str] = set()
        while True:
            regions = self.division.regions
            surveys = self.crew.survey(
                regions, self.rules.limits, self.weights, [self._counts(r, 1) for r in regions]
            )
            void = [at for at, one in enumerate(surveys) if not any(one.cost)]
            names = [region.name for region in regions]
            split = {n for n in {names[at] for at in void} if names.count(n) > 1} - opened
            if not split:
                break
            opened |= split
            self.division = self._division(frozenset(opened))
        self._reach_total(surveys, void)
        elastic = set(void)
        for at in void:
            surveys[at] = self._elastic(regions[at], surveys[at])
        return surveys, elastic

    def _counts(self, region: Region, around: int) -> list[int]:
        limits = self.rules.limits
        possible = possible_counts(region.total, limits.floor, limits.ceiling)
        if not len(possible):
            return []
        usual = round(region.total / self.weights[0].target)
        usual = min(max(usual, possible[0]), possible[-1])
        return [k for k in range(usual - around, usual + around + 1) if k in possible]

    def _elastic(self, region: Region, found: Survey) -> Survey:
        """Numbers of grids of a region that cannot keep to the band: those next to it."""
        limits = self.rules.limits
        few = max(int(region.total // limits.floor), 1)
        many = max(int(np.ceil(region.total / limits.ceiling)), 1)
        options = {k: 100.0 * k for k in {few, many} if k <= max(len(region), 1)} or {1: 100.0}
        return Survey(tuple(options for _ in self.weights), found.engine, found.whole)

    def _reach_total(self, surveys: list[Survey], void: Sequence[int]) -> None:
        """Look at more and fewer grids until the total asked for can be reached."""
        if self.ends is None:
            return
        regions = self.division.regions
        for around in range(2, 40):
            tables = [
                s.cost[-1] or self._elastic(r, s).cost[-1]
                for s, r in zip(surveys, regions, strict=True)
            ]
            first, cost = cost_curve(tables)
            reachable = np.flatnonzero(np.isfinite(cost)) + first
            if len(reachable) and reachable[0] <= self.ends[1] and reachable[-1] >= self.ends[0]:
                return
            wanted = [
                [] if at in void else self._counts(region, around)
                for at, region in enumerate(regions)
            ]
            if wanted == [[] if at in void else self._counts(r, around - 1)
                          for at, r in enumerate(regions)]:  # fmt: skip
                break
            surveys[:] = self.crew.survey(regions, self.rules.limits, self.weights, wanted)
        fixed = len(self.division.fixed)
        raise BadValue(
            "No division of this area has that many grids.",
            got=" to ".join(str(n + fixed) for n in dict.fromkeys(self.ends)),
            allowed=f"{reachable[0] + fixed} to {reachable[-1] + fixed}"
            if len(reachable)
            else "none",
            repair="Ask for another number, or change the floor and the ceiling.",
        )

    # -- plans ------------------------------------------------------------------------

    def _settled(
        self, surveys: Sequence[Survey], elastic: set[int]
    ) -> tuple[list[list[Outcome]], list[set[int]]]:
        """Return the outcomes of all regions for each style, and which left the band."""
        regions, styles = self.division.regions, range(len(self.weights))
        options = [[dict(one.cost[at]) for one in surveys] for at in styles]
        outcomes: list[dict[int, Outcome]] = [{} for _ in styles]
        lame = [set(elastic) for _ in styles]
        for _ in range(_ROUNDS):
            counts = [self._chosen(options[at]) for at in styles]
            todo = [
                (i, at)
                for i in range(len(regions))
                for at in styles
                if i not in outcomes[at] or outcomes[at][i].count != counts[at][i]
            ]
            if not todo:
                return [[one[i] for i in range(len(regions))] for one in outcomes], lame
            questions = [(i, self.weights[at], counts[at][i], i in lame[at]) for i, at in todo]
            found = self.crew.settle(regions, self.rules.limits, questions)
            for (i, at), one in zip(todo, found, strict=True):
                outcomes[at].pop(i, None)
                if one is not None:
                    outcomes[at][i] = one
                    continue
                # A mixture of grids that no plan comes near: this number will not do.
                del options[at][i][counts[at][i]]
                if not options[at][i]:
                    lame[at].add(i)
                    options[at][i] = dict(self._elastic(regions[i], surveys[i]).cost[at])
        raise BadValue("No plan was found.", repair="Relax the rules, for example the barriers.")

    def _chosen(self, options: Sequence[Mapping[int, float]]) -> list[int]:
        first, cost = cost_curve(options)
        if self.ends is None:
            total = first + int(np.argmin(cost))
        else:
            low = max(self.ends[0] - first, 0)
            part = cost[low : self.ends[1] - first + 1]
            if not len(part) or not np.isfinite(part).any():
                raise BadValue(
                    "No plan of that many grids was found.",
                    got=self.ends[0] + len(self.division.fixed),
                    repair="Ask for a range of numbers.",
                )
            total = first + low + int(np.argmin(part))
        counts = cheapest_counts(options, total)
        assert counts is not None
        return counts

    def _assembled(
        self,
        style: str,
        outcomes: Sequence[Outcome],
        surveys: Sequence[Survey],
        unmet: Collection[int],
    ) -> Suggested:
        graph = self.graph
        regions = self.division.regions
        findings = list(self.division.findings)
        for i in sorted(unmet):
            findings += self._unmet(regions[i], surveys[i], outcomes[i])
        # Grids that stay keep their number, regions number on behind them.
        grid_of = graph.today.copy()
        number = len(graph.grid_code)
        planned = np.zeros(len(graph), dtype=bool)
        for region, outcome in zip(regions, outcomes, strict=True):
            for node, atoms in enumerate(region.atoms):
                grid_of[atoms] = number + outcome.part[node]
                planned[atoms] = True
            number += outcome.count
        used, retired = self.codes
        plan = named_plan(graph, style, grid_of, used=used, retired=retired)
        reasons = grid_reasons(graph, plan, planned, self.rules.limits)
        cv, ideal = balance(graph, plan, planned, self.rules.limits.measure)
        homes = graph.amount.get("households", graph.held(self.rules.limits.measure))
        heir = np.append(plan.heir_of, -1)[plan.grid_of]
        stayed = planned & (heir >= 0) & (heir == graph.today)
        return Suggested(
            style=style,
            plan=plan,
            outcomes=tuple(
                (region.name, one) for region, one in zip(regions, outcomes, strict=True)
            ),
            reasons=reasons,
            findings=tuple(findings),
            grids=sum(one.count for one in outcomes),
            cv=cv,
            ideal_cv=ideal,
            kept=float(homes[stayed].sum() / max(homes[planned].sum(), 1e-9)),
        )

    def _unmet(self, region: Region, found: Survey, outcome: Outcome) -> list[Finding]:
        limits = self.rules.limits
        band = f"{limits.floor:g}-{limits.ceiling:g}"
        held = np.bincount(outcome.part, region.weight)
        got = ", ".join(f"{h:,.0f}" for h in held[(held < limits.floor) | (held > limits.ceiling)])
        what = f"{region.name} holds {region.total:,.0f} {limits.measure}"
        if not len(possible_counts(region.total, limits.floor, limits.ceiling)):
            kind = "below_floor" if region.total < limits.floor else "total_between"
            text = f"{what}: no number of grids of {band} adds up to that."
            relax = _relaxed(region.total, limits.floor, limits.ceiling)
        elif region.weight.max(initial=0.0) > limits.ceiling:
            node = int(np.argmax(region.weight))
            codes = ", ".join(self.graph.code[region.atoms[node]])
            kind = "atom_above_ceiling"
            text = f"{codes} alone holds {region.weight[node]:,.0f}, above {limits.ceiling:g}."
            relax = "Split it, let go what ties its atoms together, or raise the ceiling."
        elif found.whole and found.engine != ANNEAL:
            kind = "proved_impossible"
            text = f"{what}: of all connected sets of its atoms no choice keeps to {band}."
            relax = "Lower the floor, raise the ceiling, or split its largest atoms."
        else:
            kind = "not_found"
            text = f"{what}: no division into grids of {band} was found; there may be one."
            relax = "Lower the floor, raise the ceiling, or tie fewer atoms together."
        text += f" Its grids outside the band hold {got}." if got else ""
        return [Finding(kind, region.name, text, relax)]


def _relaxed(total: float, floor: float, ceiling: float) -> str:
    many, few = int(np.ceil(total / ceiling)), max(int(total // floor), 1)
    ways = [f"raise the ceiling to {np.ceil(total / few):,.0f} ({few} grids)"]
    if total >= floor:
        ways.append(f"lower the floor to {np.floor(total / many):,.0f} ({many} grids)")
    else:
        ways = [f"lower the floor to {np.floor(total):,.0f}"]
    return f"{' or '.join(ways).capitalize()}, or join it with a neighbouring area."
