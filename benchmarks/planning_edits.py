"""What a planner waits for: edits with their numbers, replays, a few grids shared anew."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from gridmap.errors import BadValue, EditRefused
from gridmap.planning.applying import apply_edit
from gridmap.planning.arcs import arcs_between
from gridmap.planning.edits import MovePoints, Reassign
from gridmap.planning.graph import PlanGraph
from gridmap.planning.ground import Ground
from gridmap.planning.measures import Tally, measure_plan
from gridmap.planning.plan import Plan, today_plan
from gridmap.planning.replay import PastReports, replay
from gridmap.planning.state import first_state
from gridmap.planning.suggest import rebalance

__all__ = ["waited_for"]

REPORTS = 1_000_000
_PICKED = 24
_EDITS = 200

Row = tuple[str, str, str]


def waited_for(graph: PlanGraph, plan: Plan) -> list[Row]:
    """Return what is done, how long it takes, and a remark, for a table."""
    return [*_edits(graph), *_measures(graph, plan), *_replays(graph, plan), *_rebalanced(graph)]


def _ms(seconds: list[float]) -> str:
    return f"{1e3 * np.median(seconds):.2f} ms, 95 % below {1e3 * np.quantile(seconds, 0.95):.1f}"


def _edits(graph: PlanGraph) -> list[Row]:
    """Edits of a draft, each with its checks and with all numbers of the grids it touches."""
    none = np.empty(0, dtype=np.int64)
    graph = replace(graph, estate_code=none.astype(object), estate_of=none, estate_atom=none)
    first = state = first_state(Ground(graph))
    rng = np.random.default_rng(0)
    times: dict[str, list[float]] = {"an atom given to another grid": [], "a vertex dragged": []}
    for k in rng.permutation(len(graph.a)).tolist():
        one, other = int(graph.a[k]), int(graph.b[k])
        arcs = arcs_between(first.shapes[one], first.shapes[other])
        if state.grid_of[one] == state.grid_of[other] or not arcs:
            continue
        to = state.grids[int(state.grid_of[other])].code
        x, y = arcs[0].points[0]
        edits = (
            Reassign(to, (state.atoms[one].code,)),
            MovePoints((((x, y), (x + 1e-6, y + 1e-6)),)),
        )
        for name, edit in zip(times, edits, strict=True):
            began = time.process_time()
            try:
                done = apply_edit(state if name.startswith("an") else first, edit)
            except EditRefused:
                continue
            for grid in done.touched:
                done.state.numbers(grid)
            times[name].append(time.process_time() - began)
            state = done.state if name.startswith("an") else state
        if min(map(len, times.values())) >= _EDITS:
            break
    return [
        (f"{name}, checked, with all numbers", _ms(spent), f"{len(spent)} times")
        for name, spent in times.items()
    ]


def _measures(graph: PlanGraph, plan: Plan) -> list[Row]:
    rng = np.random.default_rng(0)
    tally = Tally(graph, plan)
    start, others, _ = graph.near
    times = []
    for atom in rng.integers(0, len(graph), 400).tolist():
        near = tally.grid_of[others[start[atom] : start[atom + 1]]]
        near = near[near != tally.grid_of[atom]]
        if len(near):
            began = time.process_time()
            tally.move(atom, int(near[0]))
            times.append(time.process_time() - began)
    began = time.process_time()
    measure_plan(graph, plan)
    whole = time.process_time() - began
    return [
        ("an atom moved, all numbers of both grids", _ms(times), f"{len(times)} times"),
        ("a whole plan measured", f"{1e3 * whole:.0f} ms", f"{len(plan)} grids"),
    ]


def _replays(graph: PlanGraph, plan: Plan) -> list[Row]:
    rng = np.random.default_rng(0)
    place = rng.integers(0, len(graph), REPORTS)
    none, hours = np.full(REPORTS, np.nan), np.full(REPORTS, 0.5)
    month, hour = rng.integers(0, 12, REPORTS), rng.integers(0, 24, REPORTS)
    names = np.array([f"2025-{m:02d}" for m in range(1, 13)], dtype=object)
    reports = PastReports(
        place, month, hour, month, month, np.sort(rng.random(REPORTS)), none, none, hours,
        names, names, names,
    )  # fmt: skip
    replay(graph, today_plan(graph), reports)
    times, tables = [], []
    for _ in range(15):
        began = time.process_time()
        found = replay(graph, plan, reports)
        times.append(time.process_time() - began)
        began = time.process_time()
        found.table("month")
        tables.append(time.process_time() - began)
    name = f"{REPORTS:,} located reports on a second plan"
    return [
        (name, _ms(times), "load of each grid"),
        (f"{name}, by month", _ms(tables), "beside the above"),
    ]


def _rebalanced(graph: PlanGraph) -> list[Row]:
    rng = np.random.default_rng(0)
    rows = []
    for size in (2, 3, 4, 6):
        times, refused = [], 0
        for _ in range(_PICKED):
            chosen = _beside(graph, rng, size)
            began = time.process_time()
            try:
                rebalance(graph, graph.grid_code[chosen].tolist())
            except BadValue:
                refused += 1
            else:
                times.append(time.process_time() - began)
        remark = f"{len(times)} times; {refused} of {_PICKED} refused at once as impossible"
        rows.append((f"{size} neighbouring grids share anew", _ms(times), remark))
    return rows


def _beside(graph: PlanGraph, rng: np.random.Generator, size: int) -> list[int]:
    """Grids of today that hang together, of one community."""
    chosen = [int(rng.choice(np.flatnonzero(~graph.exclusive)))]
    while len(chosen) < size:
        at = np.isin(graph.today, chosen)
        edge = np.concatenate([graph.b[at[graph.a]], graph.a[at[graph.b]]])
        beside = np.setdiff1d(graph.today[edge], chosen)
        beside = beside[(beside >= 0) & ~graph.exclusive[beside]]
        if not len(beside):
            break
        chosen.append(int(rng.choice(beside)))
    return chosen
