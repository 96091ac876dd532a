"""Candidates and their proof, against every subset and every partition there is."""

from __future__ import annotations

from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.planning.anneal import anneal_region, first_draft, set_costs
from gridmap.planning.costing import Band, candidates, described, packed
from gridmap.planning.engine import ANNEAL, POOL, settle, settle_one, survey
from gridmap.planning.kernel import masks_of
from gridmap.planning.pool import Master, choose
from gridmap.planning.region import Region, Weights, possible_counts
from tests.planning_cases import connected, random_region

WEIGHTS = Weights(200.0, second=0.3, second_target=60.0, change=0.4)


def subsets(n):
    return chain.from_iterable(combinations(range(n), size) for size in range(1, n + 1))


def partitions(n, sets, count, start=frozenset()):
    """All ways to hold each node once by `count` of the sets."""
    if len(start) == n:
        if count == 0:
            yield ()
        return
    if count == 0:
        return
    first = min(set(range(n)) - start)
    for one in sets:
        if first in one and not start & one:
            for rest in partitions(n, sets, count - 1, start | one):
                yield (one, *rest)


def members(pool, n):
    return [frozenset(np.flatnonzero(row).tolist()) for row in pool.member(n)]


@pytest.mark.parametrize("seed", range(6))
def test_candidates_are_all_connected_sets_in_the_band_whose_rest_can_be_divided(seed):
    region = random_region(np.random.default_rng(seed), 11)
    links = region.links.tolist()
    band = Band(150.0, 420.0, 1, 99)
    found = members(candidates(region, band, whole=True), len(region))
    assert len(found) == len(set(found))

    def divides(nodes):
        left, least = set(nodes), 1
        while left:
            piece = {min(left)}
            grown = True
            while grown:
                more = {j for i, j in links if i in piece} | {i for i, j in links if j in piece}
                grown = bool((more & left) - piece)
                piece |= more & left
            left -= piece
            options = possible_counts(region.weight[sorted(piece)].sum(), 150.0, 420.0)
            if not len(options):
                return False
            least += options[0]
        return least <= 99

    expected = {
        frozenset(nodes)
        for nodes in subsets(len(region))
        if 150 <= region.weight[list(nodes)].sum() <= 420
        and connected(nodes, links)
        and divides(set(range(len(region))) - set(nodes))
    }
    assert set(found) == expected


def test_sets_of_more_than_63_nodes_are_kept_apart():
    n = 70
    member = np.eye(n, dtype=bool) | np.eye(n, k=1, dtype=bool)
    low, high = masks_of(member)
    region = random_region(np.random.default_rng(1), n)
    pool = described(region, low, high, 0.0)
    assert np.array_equal(pool.member(n), member)
    assert np.allclose(pool.numbers[:, 0], member @ region.weight)


@pytest.mark.parametrize("seed", range(8))
def test_what_a_candidate_costs_is_what_a_plain_count_over_its_nodes_gives(seed):
    region = random_region(np.random.default_rng(seed), 10, estates=3)
    band = Band(100.0, 500.0, 1, 99)
    pool = candidates(region, band)
    w = packed(WEIGHTS, region, band)
    cost = pool.cost(w)
    for at, one in enumerate(members(pool, len(region))):
        nodes = sorted(one)
        inside = [k for k, (i, j) in enumerate(region.links.tolist()) if {i, j} <= one]
        homes = region.homes[nodes].sum()
        outline = 400.0 * len(nodes) - 200.0 * len(inside)
        rough = max(outline**2 / (4 * np.pi * 10_000.0 * len(nodes)) - 1.3, 0.0)
        bits = np.bitwise_or.reduce(region.kind[inside]) if inside else 0
        cut = sum(0 < row[nodes].sum() < row.sum() for row in region.estates)
        kept = 0.0
        for g in range(region.today.shape[1]):
            part = region.today[nodes, g].sum()
            if 2 * part > homes and 2 * part > region.today_homes[g]:
                kept = part
        plain = (
            ((homes - 200) / 100) ** 2
            + 0.3 * ((region.second[nodes].sum() - 60) / 15) ** 2
            + 0.35 * rough
            + 0.5 * bool(bits & 3)
            + 0.1 * bool(bits & 4)
            + 0.15 * cut
            + 0.4 * (homes - kept) / 100
        )
        assert cost[at] == pytest.approx(plain)
    assert np.allclose(set_costs(region, pool.member(len(region)), w), cost)


@pytest.mark.parametrize("seed", range(10))
def test_the_plan_is_the_cheapest_of_all_partitions_and_the_bound_meets_it(seed):
    region = random_region(np.random.default_rng(100 + seed), 11, estates=2)
    band = Band(120.0, 450.0, 2, 5)
    pool = candidates(region, band)
    assert pool is not None
    w = packed(WEIGHTS, region, band)
    sets = members(pool, len(region))
    cost = dict(zip(sets, pool.cost(w).tolist(), strict=True))
    for count in range(2, 6):
        plans = [sum(cost[s] for s in p) for p in partitions(len(region), sets, count)]
        found = settle_one(region, 120.0, 450.0, WEIGHTS, count)
        if not plans:
            assert found is None
            continue
        assert found is not None
        # Fewer candidates are left when the number of grids is known: never a better plan.
        assert found.cost == pytest.approx(min(plans))
        assert found.bound == pytest.approx(found.cost)
        assert found.engine == POOL


@pytest.mark.parametrize("seed", range(6))
def test_the_survey_is_a_bound_of_every_plan(seed):
    region = random_region(np.random.default_rng(40 + seed), 12)
    seen = survey(region, 150.0, 420.0, [WEIGHTS], [2, 3, 4])
    for count in (2, 3, 4):
        found = settle_one(region, 150.0, 420.0, WEIGHTS, count)
        if found is not None:
            assert seen.cost[0][count] <= found.cost + 1e-6
        elif count in seen.cost[0]:
            # A mixture of grids covers the ground although no plan does.
            assert seen.cost[0][count] > 0


def test_the_integer_programme_gives_the_best_choice_and_says_when_there_is_none():
    member = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 1], [0, 1, 0]], dtype=bool)
    cost = np.array([1.0, 5.0, 1.0, 2.0, 9.0])
    plan, bound, proven = choose(member, cost, 2)
    assert (plan.tolist(), bound, proven) == ([0, 3], 3.0, True)
    assert choose(member[:2], cost[:2], 2) == (None, np.inf, True)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(6, 16), count=st.integers(1, 4))
def test_annealing_keeps_grids_connected_and_counts_their_cost_right(seed, n, count):
    region = random_region(np.random.default_rng(seed), n, estates=2)
    draft = first_draft(region, count)
    links = region.links.tolist()
    assert sorted(set(draft.tolist())) == list(range(count))
    band = Band(100.0, 600.0, count, count)
    w = packed(WEIGHTS, region, band)
    made = anneal_region(region, count, w, seed=seed, effort=0.1)
    for part in (draft, made.part):
        for g in range(count):
            assert connected(np.flatnonzero(part == g).tolist(), links)
    member = np.array([made.part == g for g in range(count)])
    assert made.cost == pytest.approx(set_costs(region, member, w).sum())


@pytest.mark.parametrize("seed", range(1, 5))
def test_annealing_comes_near_the_proved_best(seed):
    region = random_region(np.random.default_rng(seed), 14)
    best = settle_one(region, 150.0, 600.0, WEIGHTS, 3)
    assert best is not None
    made = anneal_region(region, 3, packed(WEIGHTS, region, Band(150.0, 600.0, 3, 3)))
    assert best.cost - 1e-9 <= made.cost <= best.cost * 1.1 + 0.1


def test_a_region_too_large_for_the_pool_is_annealed_and_says_that_nothing_is_proved():
    region = random_region(np.random.default_rng(3), 140)
    (found,) = settle(region, 800.0, 2600.0, [(Weights(1500.0), 9)])
    assert found.engine == ANNEAL
    assert found.gap is None
    assert found.in_band
    for g in range(9):
        assert connected(np.flatnonzero(found.part == g).tolist(), region.links.tolist())


def test_where_the_search_of_the_pool_gives_up_the_region_is_annealed(monkeypatch):
    monkeypatch.setattr(Master, "solve", lambda *_: None)
    region = random_region(np.random.default_rng(7), 30)
    usual = round(region.total / 350.0)
    for elastic in (False, True):
        (found,) = settle(region, 150.0, 600.0, [(Weights(350.0), usual)], elastic=elastic)
        assert (found.engine, found.in_band, found.count) == (ANNEAL, True, usual)
        assert found.gap is None
        for g in range(usual):
            assert connected(np.flatnonzero(found.part == g).tolist(), region.links.tolist())


def test_without_a_plan_in_the_band_there_is_one_outside_it_where_that_may_be():
    region = random_region(np.random.default_rng(7), 30)
    narrow = region.total / 4
    wanted = [(Weights(narrow), 4)]
    assert settle(region, narrow - 0.01, narrow + 0.01, wanted) == [None]
    (found,) = settle(region, narrow - 0.01, narrow + 0.01, wanted, elastic=True)
    assert sorted(set(found.part.tolist())) == [0, 1, 2, 3]
    assert not found.in_band


def test_the_same_seed_gives_the_same_plan_and_another_may_not():
    region = random_region(np.random.default_rng(3), 130)
    w = packed(Weights(1500.0), region, Band(800.0, 2600.0, 9, 9))
    one, two = (anneal_region(region, 9, w, seed=5, effort=0.2) for _ in range(2))
    assert np.array_equal(one.part, two.part)
    assert one.cost == two.cost


def test_pairs_that_must_be_apart_are_in_no_candidate():
    region = random_region(np.random.default_rng(2), 10)
    kept = Region(**{f: getattr(region, f) for f in Region.__dataclass_fields__}
                  | {"never": region.links[:1]})  # fmt: skip
    i, j = region.links[0].tolist()
    band = Band(50.0, 900.0, 1, 9)
    assert any({i, j} <= s for s in members(candidates(region, band), 10))
    assert not any({i, j} <= s for s in members(candidates(kept, band), 10))


@pytest.mark.parametrize(
    ("total", "counts"),
    [(299, []), (300, [1]), (550, []), (600, [2]), (1000, [2, 3]), (1600, [4, 5]), (599, [])],
)
def test_a_total_can_be_divided_when_some_number_of_grids_fits(total, counts):
    assert list(possible_counts(total, 300, 500)) == counts
