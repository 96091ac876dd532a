"""Suggestions: the rules are kept or what could not be met is named; the same twice."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.errors import BadValue, Conflict, NotFound
from gridmap.planning.barriers import Barriers
from gridmap.planning.counts import cheapest_counts, cost_curve
from gridmap.planning.drafted import drafted_coverage
from gridmap.planning.ground import Ground
from gridmap.planning.measures import measure_plan
from gridmap.planning.plan import named_plan, today_plan
from gridmap.planning.rules import Limits, Rules
from gridmap.planning.suggest import rebalance, suggest
from gridmap.planning.suggestion import STYLES
from gridmap.planning.takeover import planned_state
from tests.planning_cases import LAT, LON, SIZE, at, board

# Six columns of two grids each, 100 homes a cell: 2,400 homes.
HOMES = np.full((4, 6), 100)
GRID = np.repeat(np.repeat(np.arange(1, 7).reshape(2, 3), 2, axis=0), 2, axis=1)


def town(**further):
    return board(HOMES, GRID, **further)


def held_of(graph, plan):
    return np.bincount(plan.grid_of, graph.amount["households"], len(plan))


def sound(graph, one, floor=300, ceiling=500):
    """Everything that a plan promises, counted the plain way."""
    numbers = measure_plan(graph, one.plan, Limits("households", floor, ceiling))
    assert all(grid.pieces == 1 for grid in numbers.grids)
    assert len(set(one.plan.code)) == len(one.plan)
    for grid in range(len(one.plan)):
        members = one.plan.members(grid)
        assert len(set(graph.container[members].tolist())) == 1
    return numbers


def test_three_plans_come_and_the_least_change_is_none_where_today_is_right():
    graph = town()
    found = suggest(graph, total=6)
    assert [one.style for one in found.plans] == [*STYLES]
    for one in found.plans:
        numbers = sound(graph, one)
        assert numbers.whole()["out_of_limits"] == 0
        assert one.gap == pytest.approx(0.0, abs=1e-9)
        assert one.proved == 1
    least = found.plan("least_change")
    assert least.kept == 1.0
    assert {reason.kind for reason in least.reasons} == {"unchanged"}
    assert np.array_equal(least.plan.code[least.plan.grid_of], graph.grid_code[graph.today])


def test_the_number_asked_for_is_kept_over_all_communities():
    community = np.repeat([[0, 1]], 4, axis=0).repeat(3, axis=1)
    graph = board(HOMES, GRID, community)
    for total in (6, 7, 8):
        found = suggest(graph, total=total)
        assert {len(one.plan) for one in found.plans} == {total}
        for one in found.plans:
            sound(graph, one)
            assert all(outcome.in_band for _, outcome in one.outcomes)


def test_a_range_gives_the_cheapest_number_in_it_and_the_curve_tells_the_others():
    graph = town()
    found = suggest(graph, Rules(change=0.0), total=(5, 8))
    (one,) = found.plans
    assert set(found.curve) >= {5, 6, 7}
    assert found.curve[len(one.plan)] == pytest.approx(
        min(cost for count, cost in found.curve.items() if 5 <= count <= 8)
    )


def test_a_number_that_cannot_be_is_refused_with_those_that_can():
    with pytest.raises(BadValue, match="5 to 8"):
        suggest(town(), total=12)


def test_the_same_question_has_the_same_answer():
    rng = np.random.default_rng(4)
    homes = rng.integers(40, 160, (6, 8))
    grid = np.repeat(np.repeat(np.arange(1, 13).reshape(3, 4), 2, axis=0), 2, axis=1)
    graph = board(homes, grid)
    one, two = (suggest(graph, seed=3) for _ in range(2))
    for a, b in zip(one.plans, two.plans, strict=True):
        assert np.array_equal(a.plan.grid_of, b.plan.grid_of)
        assert a.plan.code.tolist() == b.plan.code.tolist()
    assert one.curve == two.curve
    assert set(one.versions) == {"highspy", "pymetis", "numba"}


def villages():
    """Fourteen communities of a grid or two each: enough for a pool of processes."""
    rng = np.random.default_rng(2)
    homes = rng.integers(60, 140, (4, 28))
    community = np.repeat(np.arange(14), 2)[None, :].repeat(4, axis=0)
    grid = np.repeat(np.arange(1, 29).reshape(2, 14), 2, axis=0).repeat(2, axis=1)
    return board(homes, grid, community)


def digest(graph, found):
    """SHA-256 over the code of each atom's grid, in all plans."""
    told = [sorted(one.plan.by_atom(graph).items()) for one in found.plans]
    return hashlib.sha256(repr(told).encode()).hexdigest()


def test_a_pool_of_processes_brings_the_same_plans_and_can_be_stopped():
    graph = villages()
    alone, many = (suggest(graph, total=28, workers=n) for n in (1, 2))
    assert digest(graph, alone) == digest(graph, many)
    assert alone.curve == many.curve
    steps = []
    with pytest.raises(Conflict, match="stopped"):
        suggest(
            graph, total=28, workers=2, progress=lambda *step: steps.append(step),
            stop=lambda: len(steps) >= 3,
        )  # fmt: skip
    assert len(steps) == 3


def test_locked_and_exclusive_grids_stay_and_exclusive_ones_are_exempt():
    homes = HOMES.copy()
    homes[:2, :2] = 3  # the exclusive grid 1 holds 12 homes
    graph = board(homes, GRID, kinds={1: "exclusive"})
    found = suggest(graph, Rules(locked=frozenset({"C0006"})), total=6)
    for one in found.plans:
        for code in ("C0001", "C0006"):
            place = int(np.flatnonzero(one.plan.code == code)[0])
            before = int(np.flatnonzero(graph.grid_code == code)[0])
            assert np.array_equal(one.plan.grid_of == place, graph.today == before)
        assert "C0001" not in {reason.code for reason in one.reasons}
    numbers = measure_plan(graph, found.plans[0].plan)
    assert next(g for g in numbers.grids if g.code == "C0001").in_limits is None


def test_atoms_that_belong_together_stay_so_and_others_are_kept_apart():
    graph = town()
    pair, foes = ("C000100", "C000304"), ("C000100", "C000101")
    code = graph.code.tolist()
    pair = (code[at_cell(graph, 0, 1)], code[at_cell(graph, 0, 2)])
    foes = (code[at_cell(graph, 3, 0)], code[at_cell(graph, 3, 1)])
    found = suggest(graph, Rules(together=(pair,), apart=(foes,)), total=6)
    for one in found.plans:
        sound(graph, one)
        place = {c: one.plan.grid_of[graph.place[c]] for c in (*pair, *foes)}
        assert place[pair[0]] == place[pair[1]]
        assert place[foes[0]] != place[foes[1]]


def at_cell(graph, r, c):
    return next(i for i, code in enumerate(graph.code.tolist()) if code.endswith(f"{r}{c}"))


def test_an_estate_stays_whole_when_asked():
    import shapely

    estate = shapely.box(LON + 1.2 * SIZE, LAT + 0.2 * SIZE, LON + 2.8 * SIZE, LAT + 0.8 * SIZE)
    graph = town(estates={"E1": estate})
    assert len(graph.estate_atom) == 2
    found = suggest(graph, Rules(estates_whole=True), total=6)
    for one in found.plans:
        assert len(set(one.plan.grid_of[graph.estate_atom].tolist())) == 1
        assert measure_plan(graph, one.plan).whole()["estates_cut"] == 0
    assert measure_plan(graph, today_plan(graph)).whole()["estates_cut"] == 1


def river(column):
    import shapely

    x = LON + SIZE * column
    return Barriers.of(river=[shapely.LineString([(x, LAT - SIZE), (x, LAT + 5 * SIZE)])])


def test_no_grid_crosses_a_river_that_can_be_kept_to():
    graph = town(barriers=river(3))
    for one in suggest(graph, total=6).plans:
        numbers = sound(graph, one)
        assert not any(grid.barriers for grid in numbers.grids)
    free = suggest(graph, Rules(barriers=(), change=3.0), total=6)
    crossing = measure_plan(graph, free.plans[0].plan)
    assert any(grid.barriers == ("river",) for grid in crossing.grids)


def test_a_side_that_cannot_be_divided_is_joined_over_the_river_and_named():
    homes = np.full((2, 4), 100)
    homes[:, 0] = 60  # west of the river: 120 homes, too few for a grid
    grid = np.array([[1, 1, 2, 2], [1, 1, 2, 2]])
    graph = board(homes, grid, barriers=river(1))
    found = suggest(graph, total=2)
    for one in found.plans:
        assert [f.kind for f in one.findings] == ["barrier_crossed"]
        assert "river" in one.findings[0].text
        assert all(outcome.in_band for _, outcome in one.outcomes)


def test_a_total_between_one_grid_and_two_is_named_with_the_rule_to_relax():
    graph = board(np.full((1, 5), 110), np.array([[1, 1, 1, 2, 2]]))
    found = suggest(graph, total=2)
    for one in found.plans:
        (finding,) = one.findings
        assert finding.kind == "total_between"
        assert "550" in finding.text
        assert "ceiling to 550" in finding.relax
        assert "floor to 275" in finding.relax
        sound(graph, one)


def test_too_few_homes_for_one_grid_are_named():
    graph = board(np.full((1, 2), 50), np.array([[1, 1]]))
    (finding,) = suggest(graph, total=1).plans[0].findings
    assert finding.kind == "below_floor"
    assert "100" in finding.text


def test_an_atom_above_the_ceiling_is_named():
    graph = board(np.array([[620, 190, 190]]), np.array([[1, 2, 2]]))
    kinds = {f.kind for one in suggest(graph, total=2).plans for f in one.findings}
    assert kinds == {"atom_above_ceiling"}


def test_what_no_choice_of_sets_can_meet_is_proved_impossible():
    # In a row: 250, 100, 250 and 400: no cut gives two or three grids of 300-500.
    graph = board(np.array([[250, 260, 250, 240]]), np.array([[1, 1, 2, 2]]))
    limits = Limits("households", 300, 500)
    found = suggest(graph, Rules(limits=limits), total=(1, 4))
    kinds = {f.kind for one in found.plans for f in one.findings}
    assert kinds == {"proved_impossible"}


def test_a_few_grids_share_their_ground_anew_and_all_others_stay():
    homes = HOMES.copy()
    homes[:2, :2] = 125
    homes[:2, 2:4] = 76  # 500 and 304
    graph = board(homes, GRID)
    found = rebalance(graph, ["C0001", "C0002"])
    (one,) = found.plans
    sound(graph, one)
    held = held_of(graph, one.plan)
    two = [reason.held for reason in one.reasons]
    assert len(two) == 2
    assert max(two) - min(two) < 196
    others = ~np.isin(graph.today, [0, 1])
    assert np.array_equal(
        one.plan.code[one.plan.grid_of[others]], graph.grid_code[graph.today[others]]
    )
    assert held.sum() == homes.sum()


def test_grids_that_cannot_share_are_refused_and_a_neighbour_that_helps_is_named():
    homes = HOMES.copy()
    homes[:2, :4] = 70
    with pytest.raises(BadValue, match="560 households") as told:
        rebalance(board(homes, GRID), ["C0001", "C0002"])
    assert "C000" in str(told.value.repair)
    with pytest.raises(NotFound):
        rebalance(town(), ["nowhere"])


def test_work_can_be_watched_and_stopped():
    seen = []
    suggest(town(), total=6, progress=lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 1
    with pytest.raises(Conflict, match="stopped"):
        suggest(town(), total=6, stop=lambda: True)


def test_a_second_measure_is_balanced_too():
    rng = np.random.default_rng(7)
    graph = town()
    graph = replace(graph, amount={**graph.amount, "reports": rng.integers(0, 60, 24) * 1.0})

    def spread(plan):
        return np.bincount(plan.grid_of, graph.amount["reports"], len(plan)).std()

    plain = suggest(graph, Rules(change=0.0), total=6).plans[0]
    both = suggest(graph, Rules(change=0.0, second="reports", second_weight=3.0), total=6).plans[0]
    sound(graph, both)
    assert spread(both.plan) < spread(plain.plan)
    with pytest.raises(BadValue, match="households"):
        suggest(town(), Rules(second="reports"), total=6)


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), floor=st.integers(150, 320), change=st.sampled_from([0.0, 0.5]))
def test_any_board_gives_whole_grids_inside_their_community_or_says_what_is_not(
    seed, floor, change
):
    rng = np.random.default_rng(seed)
    homes = rng.integers(0, 150, (4, 6))
    community = np.repeat([[0, 0, 0, 1, 1, 1]], 4, axis=0)
    graph = board(homes, GRID, community)
    limits = Limits("households", floor, floor * 1.7)
    (one,) = suggest(graph, Rules(limits=limits, change=change)).plans
    numbers = sound(graph, one)
    assert np.all(one.plan.grid_of >= 0)
    assert held_of(graph, one.plan).sum() == homes.sum()
    named = {finding.container for finding in one.findings}
    for grid, numbers_of in enumerate(numbers.grids):
        inside = limits.floor <= numbers_of.held["households"] <= limits.ceiling
        assert inside or graph.container_code[one.plan.container[grid]] in named


def test_the_successor_with_more_than_half_both_ways_keeps_the_code_and_others_are_new():
    graph = town()
    # C0001 and C0002 become one of a half each; a column of C0003 goes to C0006.
    part = at(graph, [[1, 1, 1, 1, 3, 3]] * 2 + [[4, 4, 5, 5, 6, 6]] * 2)
    part[at_cell(graph, 1, 5)] = 6
    plan = named_plan(graph, "p", part, used={"C0007"})
    assert sorted(plan.code) == ["C0003", "C0004", "C0005", "C0006", "C0008"]
    new = int(np.flatnonzero(plan.code == "C0008")[0])
    assert plan.heir_of[new] == -1
    assert plan.title[new] == "0社区第8网格"
    # An atom's code begins with its grid's.
    drawn = drafted_coverage(planned_state(Ground(graph), plan, "test"), "p")
    codes = set(drawn.code[drawn.rows("microgrid")].tolist())
    assert len(codes) == len(graph)
    assert len(codes - set(graph.code.tolist())) == 9
    for row in drawn.rows("microgrid"):
        assert drawn.code[row].startswith(drawn.code[drawn.parent[row]])
    # A code that a later edition has dropped is not kept either.
    gone = named_plan(graph, "p", part, used={"C0007"}, retired={"C0004"})
    assert "C0004" not in gone.code


def test_new_codes_run_from_west_to_east_and_north_to_south():
    graph = town()
    part = at(graph, [[1, 1, 2, 2, 3, 3], [4, 4, 5, 5, 6, 6]] * 2)
    plan = named_plan(graph, "p", part)
    centre = {
        code: graph.xy[plan.grid_of == g].mean(axis=0) for g, code in enumerate(plan.code)
        if plan.heir_of[g] < 0
    }  # fmt: skip
    order = sorted(centre, key=lambda code: (round(centre[code][0]), -centre[code][1]))
    assert order == sorted(centre)
    assert min(centre) > "C0006"


def test_the_numbers_of_all_regions_add_up_for_the_least_cost():
    rng = np.random.default_rng(0)
    options = [{k: float(rng.random()) for k in (2, 3, 4)} for _ in range(5)]
    del options[2][3]
    from itertools import product

    first, cost = cost_curve(options)
    for total in range(first, first + len(cost)):
        plain = [
            sum(o[k] for o, k in zip(options, counts, strict=True))
            for counts in product(*options)
            if sum(counts) == total
        ]
        assert cost[total - first] == pytest.approx(min(plain, default=np.inf))
        counts = cheapest_counts(options, total)
        if plain:
            assert sum(counts) == total
            assert sum(o[k] for o, k in zip(options, counts, strict=True)) == pytest.approx(
                min(plain)
            )
    assert cheapest_counts(options, 99) is None


def test_rules_that_contradict_each_other_are_refused_with_the_atoms():
    graph = town()
    pair = (graph.code[at_cell(graph, 0, 1)], graph.code[at_cell(graph, 0, 2)])
    with pytest.raises(BadValue, match="must also stay together") as told:
        suggest(graph, Rules(together=(pair,), apart=(pair,)), total=6)
    assert pair[0] in str(told.value)


def test_ground_without_grids_gets_its_first_ones():
    graph = town()
    none = np.empty(0, dtype=object)
    bare = replace(
        graph, today=np.full(len(graph), -1), grid_code=none, grid_name=none, grid_name_en=none,
        grid_kind=none, grid_container=np.empty(0, dtype=np.int64),
    )  # fmt: skip
    for one in suggest(bare, total=6).plans:
        sound(bare, one)
        assert len(one.plan) == 6
        assert one.kept == 0.0
        assert {reason.kind for reason in one.reasons} == {"new"}
        assert all(code.startswith("C0") for code in one.plan.code)


def test_bad_rules_are_refused():
    for make in (
        lambda: Limits("households", 500, 300),
        lambda: Limits("households", 0, 300),
        lambda: Rules(barriers=("wall",)),
        lambda: Rules(change=-1.0),
    ):
        with pytest.raises(BadValue):
            make()
    with pytest.raises(NotFound):
        suggest(town(), Rules(together=(("nobody", "C000100"),)))
