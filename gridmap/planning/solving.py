"""The work on a suggestion: how many grids each region gets, its plans, what could not be met.

Each region is divided by itself (:mod:`~gridmap.planning.engine`); how many grids each one
gets is decided for all of them together (:mod:`~gridmap.planning.counts`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.planning.counts import cheapest_counts, cost_curve
from gridmap.planning.engine import ANNEAL, Outcome, Survey
from gridmap.planning.graph import PlanGraph
from gridmap.planning.plan import named_plan
from gridmap.planning.possible import need_free
from gridmap.planning.reasons import balance, grid_reasons
from gridmap.planning.region import Region, Weights, possible_counts
from gridmap.planning.regions import Division, divide
from gridmap.planning.rules import Finding, Rules
from gridmap.planning.suggestion import STYLES, Suggested, Suggestion
from gridmap.planning.working import Crew

__all__ = ["Work"]

Mask = NDArray[np.bool_]

# Each round takes a number of grids from a region, or ends: more than any district has seen.
_ROUNDS = 60


class Work:
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
        need_free(found, self.atoms)
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
