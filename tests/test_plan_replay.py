"""Replay and comparison against loops over single reports and single atoms."""

from __future__ import annotations

import heapq
from collections import Counter

import numpy as np
import pytest

from gridmap.errors import BadValue
from gridmap.planning.compare import compare_plans, plan_coverage
from gridmap.planning.plan import named_plan, today_plan
from gridmap.planning.replay import DAY_HOURS, PastReports, replay
from tests.planning_cases import at, board

GRID = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]])
HOMES = np.full((4, 4), 90)
COUNT = 900


@pytest.fixture(scope="module")
def graph():
    return board(HOMES, GRID)


@pytest.fixture(scope="module")
def plan(graph):
    part = at(graph, [[1, 1, 1, 2], [1, 1, 1, 2], [3, 3, 3, 3], [3, 3, 3, 3]])
    return named_plan(graph, "planned", part)


@pytest.fixture(scope="module")
def reports(graph):
    rng = np.random.default_rng(8)
    came = np.sort(rng.uniform(0, 2000, COUNT))
    closed = came + rng.exponential(30, COUNT)
    closed[::9] = np.nan
    due = came + 24
    due[::13] = np.nan
    return PastReports(
        atom=rng.integers(-1, len(graph), COUNT),
        month=rng.integers(0, 3, COUNT),
        hour=rng.integers(0, 24, COUNT),
        item=rng.integers(-1, 4, COUNT),
        department=rng.integers(0, 2, COUNT),
        came=came,
        due=due,
        closed=closed,
        hours=rng.choice([0.5, 1.0, 1.5], COUNT),
        months=np.array(["2025-01", "2025-02", "2025-03"], dtype=object),
        items=np.array(["0101", "0102", "0103", "0104"], dtype=object),
        departments=np.array(["CG", "SZ"], dtype=object),
    )


@pytest.mark.parametrize("by", ["month", "hour", "item", "department"])
def test_every_report_is_counted_where_a_loop_puts_it(graph, plan, reports, by):
    found = replay(graph, plan, reports)
    labels = {
        "month": reports.months, "hour": [f"{h:02d}" for h in range(24)],
        "item": reports.items, "department": reports.departments,
    }[by]  # fmt: skip
    expected = Counter()
    for atom, value in zip(reports.atom.tolist(), getattr(reports, by).tolist(), strict=True):
        if atom >= 0 and value >= 0:
            expected[plan.code[plan.grid_of[atom]], labels[value]] += 1
    table = found.table(by)
    assert table.to_numpy().sum() == sum(expected.values())
    for (code, label), count in expected.items():
        assert table.loc[code, label] == count
    atoms = reports.counts(len(graph), by)
    assert atoms.sum() == sum(expected.values())


def test_loads_and_hours_are_sums_over_atoms(graph, plan, reports):
    found = replay(graph, plan, reports)
    amounts = reports.amounts(len(graph))
    assert found.load.tolist() == np.bincount(plan.grid_of, amounts["reports"]).tolist()
    assert found.hours == pytest.approx(np.bincount(plan.grid_of, amounts["hours"]))
    with pytest.raises(BadValue, match="month"):
        found.table("year")


def test_who_would_have_had_what(graph, plan, reports):
    today, there = replay(graph, today_plan(graph), reports), replay(graph, plan, reports)
    expected = Counter(
        (graph.grid_code[graph.today[a]], plan.code[plan.grid_of[a]])
        for a in reports.atom.tolist()
        if a >= 0
    )
    rows = {(r["from"], r["to"]): r["reports"] for r in today.moved(there).to_dict("records")}
    assert rows == dict(expected)


def waits(plan, reports, staff):
    """Each report waits for the first of its grid's workers that is free."""
    free = {}
    out = []
    for i, atom in enumerate(reports.atom.tolist()):
        if atom < 0:
            out.append(0.0)
            continue
        code = plan.code[plan.grid_of[atom]]
        heap = free.setdefault(code, [0.0] * staff.get(code, 1))
        start = max(reports.came[i], heapq.heappop(heap))
        heapq.heappush(heap, start + reports.hours[i] * 24 / DAY_HOURS)
        out.append(start - reports.came[i])
    return np.array(out)


def test_missed_deadlines_shift_by_what_a_report_waits_more(graph, plan, reports):
    staff = {"C0001": 2}
    today, there = replay(graph, today_plan(graph), reports), replay(graph, plan, reports)
    found = there.missed(today, staff).set_index("code")
    shift = waits(plan, reports, staff) - waits(today_plan(graph), reports, staff)
    for code in plan.code:
        mine = np.array(
            [a >= 0 and plan.code[plan.grid_of[a]] == code for a in reports.atom.tolist()]
        )
        counted = mine & ~np.isnan(reports.due) & ~np.isnan(reports.closed)
        assert found.loc[code, "reports"] == counted.sum()
        assert found.loc[code, "observed"] == (counted & (reports.closed > reports.due)).sum()
        late = counted & (reports.closed + shift > reports.due)
        assert found.loc[code, "estimated"] == late.sum()
    same = today.missed(today, staff)
    assert (same["observed"] == same["estimated"]).all()
    assert found["estimated"].sum() != found["observed"].sum()


def test_a_plan_of_other_atoms_is_refused(graph, reports):
    other = board(HOMES[:2], GRID[:2])
    with pytest.raises(BadValue):
        replay(graph, today_plan(other), reports)


def test_atoms_that_change_grid_are_found_and_the_relations_are_those_of_the_lineage(graph, plan):
    found = compare_plans(graph, today_plan(graph), plan)
    # Grid 3 and 4 are one now, of a half each: neither goes on by its homes.
    changed = {
        graph.code[i]
        for i in range(len(graph))
        if graph.grid_code[graph.today[i]] != plan.code[plan.grid_of[i]]
    }
    moved = set(graph.code[found.moved])
    assert {c for c in moved if c[-2] in "01"} == {c for c in changed if c[-2] in "01"}
    whole = found.whole()
    assert (whole["grids_before"], whole["grids_after"]) == (4, 3)
    assert whole["households_moved"] == 90 * len(moved)
    assert sum(n for k, n in whole.items() if k == "grids_merged") == 1
    flows = found.flows()
    assert flows["households"].sum() == HOMES.sum()
    assert flows.loc[flows["moved"], "atoms"].sum() == len(moved)
    cells = found.cells()
    assert cells["moved"].sum() == len(moved)
    assert found.grids("after")["households"].sum() == HOMES.sum()
    with pytest.raises(BadValue):
        found.grids("middle")


def test_nothing_moves_between_a_plan_and_itself(graph):
    today = today_plan(graph)
    found = compare_plans(graph, today, today)
    assert not found.moved.any()
    assert found.whole()["grids_kept"] == 4


def test_a_plan_as_an_edition_has_the_same_ground_and_sound_parents(graph, plan):
    made = plan_coverage(graph, plan)
    assert len(made.rows("grid")) == len(plan)
    assert len(made.rows("microgrid")) == len(graph)
    assert np.all(made.parent[made.rows("microgrid")] >= 0)
    assert np.all(made.parent[made.rows("grid")] >= 0)
    assert set(made.code[made.rows("microgrid")]) == set(graph.code)
