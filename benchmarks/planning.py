"""620 grids redrawn to 539, by gridmap and by its rivals, and what a planner waits for.

Every rival divides each community by itself into as many grids as gridmap's plan of best
balance has there, max-p into as many as it finds above the floor. Seconds are those of the
processor, of all processes, where not said otherwise. ``python -m benchmarks.planning --write
benchmarks/PLANNING.md`` writes the tables as well.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.planning_edits import waited_for
from benchmarks.planning_ground import CEILING, FLOOR, TOTAL, Line, cpu, graph_of
from benchmarks.planning_rivals import compared
from benchmarks.planning_split import split_subdistrict
from benchmarks.results import machine
from gridmap.planning.counts import cheapest_counts
from gridmap.planning.graph import PlanGraph
from gridmap.planning.measures import measure_plan
from gridmap.planning.plan import today_plan
from gridmap.planning.region import possible_counts
from gridmap.planning.regions import divide
from gridmap.planning.rules import Rules
from gridmap.planning.suggest import suggest
from gridmap.planning.suggestion import Suggested, Suggestion

__all__ = ["run"]

WORKERS = 2
_LIBRARIES = (
    "gridmap", "numpy", "numba", "shapely", "highspy", "pymetis", "spopt", "libpysal",
    "gerrychain",
)  # fmt: skip
# How much the spread may be above that of perfect balance inside each community.
_BEST, _KEPT, _KEEPS = 0.03, 0.05, 0.80


@dataclass
class Page:
    """Lines that are printed as they come, and written as a page part by part."""

    path: Path | None = None
    lines: list[str] = field(default_factory=list)

    def write(self) -> None:
        """Write what there is, with the machine and the versions, if there is a path."""
        if self.path is not None:
            head, *rest = self.lines
            lines = [head, "", *machine("python -m benchmarks.planning", _LIBRARIES), *rest]
            self.path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")

    def say(self, *lines: str) -> None:
        """Add lines."""
        for line in lines:
            print(f"  {line}" if line else "", flush=True)
        self.lines += lines

    def table(self, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Add a table."""
        self.say("", _row(head), _row(["---"] * len(head)), *map(_row, rows), "")


def run(write: Path | None = None, *, times: int = 2) -> None:
    """Measure, print, and write the page if its path is given.

    `times` is how often the whole redraw is made: twice tells whether it comes out the same.
    """
    page = Page(write)
    page.say("# Planning", "")
    graph = graph_of()
    _instance(page, graph)
    found = _redrawn(page, graph, times)
    page.write()
    page.say("## What a planner waits for", "", "Seconds of the processor, in one process.")
    page.table(("what", "median", ""), waited_for(graph, found.plan("default").plan))
    page.write()
    _rivals(page, graph, found.plan("best_balance"))
    page.write()
    _split(page)
    page.write()


def _instance(page: Page, graph: PlanGraph) -> None:
    whole = measure_plan(graph, today_plan(graph)).whole()
    homes = graph.amount["households"]
    page.say(
        "## The ground",
        "",
        f"Synthetic district `redraw`: {len(graph):,} micro-grids in "
        f"{len(graph.container_code)} communities, {homes.sum():,.0f} households (micro-grids: "
        f"{(homes == 0).mean():.1%} without any, at most {homes.max():,.0f}), {whole['grids']} "
        f"grids today, {whole['exclusive']} of them exclusive; {whole['out_of_limits']} outside "
        f"300-500; CV {whole['households_cv']:.4f}.",
        f"sha256 of all that a plan depends on: `{graph.fingerprint()}`.",
        "",
    )


def _redrawn(page: Page, graph: PlanGraph, times: int) -> Suggestion:
    results = []
    for _ in range(times):
        began, wall = cpu(), time.perf_counter()
        found = suggest(graph, total=TOTAL, workers=WORKERS)
        results.append((found, time.perf_counter() - wall, cpu() - began))
    found = results[0][0]
    took = "; ".join(f"{wall:.1f} s, {spent:.1f} s" for _, wall, spent in results)
    digests = [_digest(graph, one) for one, _, _ in results]
    page.say(
        f"## From {len(graph.grid_code)} grids to {TOTAL}",
        "",
        f"All three plans and the curve, with {WORKERS} processes, by the clock and by the "
        f"processor: {took}. sha256 of the plans (grid by micro-grid): "
        + ", ".join(f"`{one}`" for one in dict.fromkeys(digests))
        + (f" in {times} of {times} runs." if len(set(digests)) == 1 else ": NOT THE SAME."),
        "",
        "F is the spread with perfect balance inside each community: the coefficient of "
        "variation over all basic grids if each held its community's households over its "
        "number of grids, as many as the plan has there. The least that F can be with so many "
        f"grids in all, whatever each community gets of them: {_least_spread(graph):.4f}.",
    )  # fmt: skip
    page.table(
        ("plan", "grids", "in 300-500", "in pieces", "outside one community",
         "over river or rail, not named", "CV", "F", "CV - F", "keep their grid", "proved best",
         "gap"),
        [_plan_row(graph, one) for one in found.plans],
    )  # fmt: skip
    best, default = found.plan("best_balance"), found.plan("default")
    page.say(
        f"Asked: best balance within F + {_BEST:g}: {_met(best.cv <= best.ideal_cv + _BEST)}; "
        f"a plan that keeps {_KEEPS:.0%} of the households in their grid within F + {_KEPT:g}: "
        f"{_met(default.kept >= _KEEPS and default.cv <= default.ideal_cv + _KEPT)} (default).",
        "",
    )
    named = {f.text + " " + f.relax for one in found.plans for f in one.findings}
    page.say("What could not be met, or is worth telling:", "", *(f"- {t}" for t in sorted(named)))
    near = sorted(n for n in found.curve if abs(n - TOTAL) % 10 == 0 and abs(n - TOTAL) <= 40)
    page.say("", "How many grids? The least cost of the default weights by their number:")
    page.table([str(n) for n in near], [[f"{found.curve[n]:.1f}" for n in near]])
    return found


def _least_spread(graph: PlanGraph) -> float:
    """The least F of any numbers of grids by community that add up."""
    basic = ~np.append(graph.exclusive, False)[graph.today]
    homes, of = graph.amount["households"][basic], graph.container[basic]
    number = TOTAL - int(graph.exclusive.sum())
    mean = homes.sum() / number
    options = [
        {
            k: k * (total / k - mean) ** 2
            for k in possible_counts(total, FLOOR, CEILING) or (max(round(total / mean), 1),)
        }
        for total in np.bincount(of, homes).tolist()
        if total > 0
    ]
    counts = cheapest_counts(options, number)
    assert counts is not None
    spread = sum(one[k] for one, k in zip(options, counts, strict=True)) / number
    return float(np.sqrt(spread) / mean)


def _plan_row(graph: PlanGraph, one: Suggested) -> list[object]:
    numbers = measure_plan(graph, one.plan)
    basic = [g for g, exempt in zip(numbers.grids, one.plan.exempt, strict=True) if not exempt]
    named = {f.container for f in one.findings if f.kind == "barrier_crossed"}
    across = sum(
        len(set(graph.container[one.plan.members(g)].tolist())) > 1 for g in range(len(one.plan))
    )
    over = sum(
        bool({"river", "rail"} & set(numbers.grids[g].barriers))
        and not one.plan.exempt[g]
        and graph.container_code[one.plan.container[g]] not in named
        for g in range(len(one.plan))
    )
    gap = "-" if one.gap is None else f"{one.gap:.2%}"
    return [
        one.style, len(one.plan), f"{np.mean([bool(g.in_limits) for g in basic]):.1%}",
        sum(g.pieces != 1 for g in numbers.grids), across, over, f"{one.cv:.4f}",
        f"{one.ideal_cv:.4f}", f"{one.cv - one.ideal_cv:.4f}", f"{one.kept:.1%}",
        f"{one.proved} of {len(one.outcomes)}", gap,
    ]  # fmt: skip


def _split(page: Page) -> None:
    """One sub-district redrawn to 84 grids, and these split into micro-grids by buildings."""
    page.say("## Micro-grids from buildings", "", *split_subdistrict(), "")


def _rivals(page: Page, graph: PlanGraph, plan: Suggested) -> None:
    everywhere = np.ones(len(graph), dtype=bool)
    before = [region.name for region in divide(graph, Rules(), everywhere).regions]
    planned = [name for name, _ in plan.outcomes]
    # Communities that are one region in the plan although a barrier parts them.
    joined = frozenset(n for n in before if before.count(n) > planned.count(n))
    regions = divide(graph, Rules(), everywhere, opened=joined).regions
    page.say("## The same communities by others", "")
    lines = compared(regions, [one.count for _, one in plan.outcomes])
    page.table(
        ("method", "grids", "in 300-500", "CV", "compactness", "connected", "CPU s", "remark"),
        [_line(one) for one in lines],
    )
    page.say(
        f"{len(regions)} regions, {sum(map(len, regions)):,} micro-grids, exclusive grids left "
        "out, one process; no method sees an edge over river or rail but where a region has to "
        "cross it. Compactness: mean Polsby-Popper. SKATER and METIS do not know limits, max-p "
        "knows the floor and finds its own number of grids (its defaults are 99 constructions and "
        "10 annealings of each); in some regions it has no end, and is ended after 20 s. "
        "GerryChain: a recursive tree partition within 25 % of the mean (else 40, 70), then 30 "
        "bursts of 10 ReCom steps towards even grids.",
        "",
    )


def _line(one: Line) -> list[object]:
    return [
        one.name, one.grids, f"{one.inside:.1%}", f"{one.cv:.4f}", f"{one.compactness:.3f}",
        f"{one.whole:.1%}", f"{one.seconds:.1f}", one.note,
    ]  # fmt: skip


def _digest(graph: PlanGraph, found: Suggestion) -> str:
    """SHA-256 of all plans: the code of each atom's grid."""
    digest = hashlib.sha256()
    for one in found.plans:
        for atom, code in sorted(one.plan.by_atom(graph).items()):
            digest.update(f"{one.style}\0{atom}\0{code}\n".encode())
    return digest.hexdigest()


def _met(yes: bool) -> str:
    return "met" if yes else "**not met**"


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planning", description=__doc__)
    parser.add_argument("--write", type=Path, help="also write the tables into this file")
    parser.add_argument("--times", type=int, default=2, help="how often the redraw is made")
    given = parser.parse_args()
    run(given.write, times=given.times)
