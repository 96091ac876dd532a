"""Measures of a plan against plain shapely and pandas, whole and after any moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.errors import BadValue, UnknownLevel
from gridmap.planning.barriers import Barriers
from gridmap.planning.borders import shared_borders
from gridmap.planning.graph import ISLAND, planning_graph
from gridmap.planning.measures import Tally, measure_plan
from gridmap.planning.plan import Plan, named_plan, plan_of, today_plan
from gridmap.planning.rules import Limits
from tests.planning_cases import LAT, LON, SIZE, at, board, board_coverage

GRID = np.array([[1, 1, 2, 2], [1, 1, 2, 2], [3, 3, 4, 4], [3, 3, 4, 4]])
HOMES = np.arange(16).reshape(4, 4) * 12 + 20


def box(west, south, east, north):
    return shapely.box(LON + west * SIZE, LAT + south * SIZE, LON + east * SIZE, LAT + north * SIZE)


@pytest.fixture(scope="module")
def graph():
    made = board(
        HOMES,
        GRID,
        barriers=Barriers.of(
            river=[shapely.LineString([(LON + 2 * SIZE, LAT - 1), (LON + 2 * SIZE, LAT + 1)])],
            arterial=[box(0, 1.99, 4, 2.01)],
        ),
        estates={"E1": box(0.1, 0.1, 1.9, 0.9), "E2": box(1.2, 2.2, 2.8, 2.8)},
        stations=np.array([[LON, LAT], [LON + 4 * SIZE, LAT + 4 * SIZE]]),
    )
    rng = np.random.default_rng(5)
    return replace(made, amount={**made.amount, "hours": rng.random(16) * 90})


def plain(graph, grid_of, k):
    """The same figures by unions and group sums."""
    west, south, _, north = shapely.total_bounds(graph.coverage.geometry[graph.row])
    from gridmap.crs import metres_per_degree

    kx, ky = (float(v) for v in metres_per_degree((south + north) / 2))
    shapes = shapely.transform(
        graph.coverage.geometry[graph.row], lambda xy: (xy - [west, south]) * [kx, ky]
    )
    rows = []
    for g in range(k):
        mine = np.flatnonzero(grid_of == g)
        whole = shapely.union_all(shapes[mine], grid_size=1e-4)
        inside = [
            (int(kind), {int(i), int(j)} <= set(mine.tolist()))
            for i, j, kind in zip(graph.a, graph.b, graph.kind, strict=True)
        ]
        away = [
            np.average(np.hypot(*(graph.xy[mine] - s).T), weights=graph.amount["households"][mine])
            for s in graph.stations
        ]
        rows.append(
            {
                "households": graph.amount["households"][mine].sum(),
                "hours": graph.amount["hours"][mine].sum(),
                "area_m2": whole.area,
                "perimeter_m": whole.length,
                "compactness": 4 * np.pi * whole.area / whole.length**2,
                "pieces": len(shapely.get_parts(shapely.buffer(whole, 0))),
                "river": any(kind & 1 for kind, both in inside if both),
                "arterial": any(kind & 4 for kind, both in inside if both),
                "cut": sum(
                    0 < len({*graph.estate_atom[graph.estate_of == e].tolist()} & {*mine.tolist()})
                    < (graph.estate_of == e).sum()
                    for e in range(len(graph.estate_code))
                ),
                "post_m": min(away),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def check(graph, tally, grid_of):
    expected = plain(graph, grid_of, len(tally.plan))
    for g, row in enumerate(expected.to_dict("records")):
        one = tally.numbers(g)
        for name in ("area_m2", "perimeter_m", "compactness", "post_m"):
            assert getattr(one, name) == pytest.approx(row[name], rel=1e-5), name
        assert one.held["households"] == pytest.approx(row["households"])
        assert one.hours_each == pytest.approx(row["hours"])
        assert one.estates_cut == row["cut"]
        assert one.pieces == row["pieces"]
        expected_barriers = [n for n in ("river", "arterial") if row[n]]
        assert list(one.barriers) == expected_barriers
        assert one.width_m == pytest.approx(2 * row["area_m2"] / row["perimeter_m"], rel=1e-5)


def test_measures_are_those_of_unions_and_group_sums(graph):
    check(graph, Tally(graph, today_plan(graph)), graph.today)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 3)), max_size=8))
def test_after_any_moves_both_grids_are_as_if_counted_anew(graph, moves):
    tally = Tally(graph, today_plan(graph))
    for atom, grid in moves:
        if tally.grid_of[atom] == grid or tally.size[tally.grid_of[atom]] == 1:
            continue
        left, reached = tally.move(atom, grid)
        assert left.code != reached.code
    if all(tally.size):
        connected = all(tally.pieces(g) == 1 for g in range(4))
        if connected:
            check(graph, tally, tally.grid_of)
    fresh = Tally(graph, replace(today_plan(graph), grid_of=tally.grid_of))
    for g in range(4):
        one, other = tally.numbers(g), fresh.numbers(g)
        assert one.held == pytest.approx(other.held)
        assert one.perimeter_m == pytest.approx(other.perimeter_m)
        assert (one.barriers, one.estates_cut, one.pieces, one.atoms) == (
            other.barriers, other.estates_cut, other.pieces, other.atoms,
        )  # fmt: skip


def test_an_atom_moves_to_another_grid_only(graph):
    tally = Tally(graph, today_plan(graph))
    with pytest.raises(BadValue):
        tally.move(0, int(tally.grid_of[0]))
    with pytest.raises(BadValue):
        tally.move(0, 99)


def test_the_whole_plan_and_its_communities_are_sums_and_spreads(graph):
    found = measure_plan(graph, today_plan(graph), Limits("households", 250, 450))
    frame, whole = found.frame, found.whole()
    assert whole["households"] == HOMES.sum()
    held = frame["households"]
    assert whole["households_cv"] == pytest.approx(held.std(ddof=0) / held.mean())
    assert whole["in_limits"] == held.between(250, 450).sum()
    assert whole["kept_share"] == 1.0
    (area,) = found.by_area().to_dict("records")
    assert (area["grids"], area["households"]) == (4, HOMES.sum())
    spread = found.spread("households")
    assert spread["grids"].sum() == 4
    assert (spread["low"].iloc[0], spread["high"].iloc[-1]) <= (held.min(), held.max() + 1e9)
    with pytest.raises(BadValue, match="reports"):
        found.spread("reports")


def test_staff_share_the_hours_and_exclusive_grids_are_exempt():
    graph = board(HOMES, GRID, kinds={2: "exclusive"})
    found = measure_plan(graph, today_plan(graph), staff={"C0001": 2.0})
    by_code = {one.code: one for one in found.grids}
    assert by_code["C0001"].staff == 2.0
    assert by_code["C0002"].in_limits is None
    assert found.whole()["exclusive"] == 1


def test_an_area_of_exclusive_grids_alone_has_none_in_or_out_of_limits():
    community = np.array([[0, 0, 1, 1]] * 4)
    for kinds, basic in (({1: "exclusive", 3: "exclusive"}, [0, 2]), (None, [2, 2])):
        graph = board(HOMES, GRID, community, kinds=kinds)
        found = measure_plan(graph, today_plan(graph)).by_area()
        assert found["grids"].tolist() == [2, 2]
        assert (found["in_limits"] + found["out_of_limits"]).tolist() == basic
        assert found["cv"].isna().tolist() == [not n for n in basic]
    graph = board(HOMES, GRID, kinds=dict.fromkeys((1, 2, 3, 4), "exclusive"))
    (area,) = measure_plan(graph, today_plan(graph)).by_area().to_dict("records")
    assert (area["grids"], area["in_limits"], area["out_of_limits"]) == (4, 0, 0)


def test_households_whose_grid_goes_on_are_kept(graph):
    part = graph.today.copy()
    part[graph.today == 3] = 2  # grid 4 goes to grid 3, and is the larger of the two
    plan = named_plan(graph, "p", part)
    found = measure_plan(graph, plan)
    by_old = np.bincount(graph.today, graph.amount["households"])
    assert found.kept_households == by_old[[0, 1, 3]].sum()


def test_borders_are_matched_with_and_without_the_same_vertices():
    halves = np.array([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 4),
                       shapely.box(10, 4, 20, 10), shapely.box(20, 10, 30, 20)])  # fmt: skip
    found = shared_borders(halves)
    pairs = dict(
        zip(zip(found.a.tolist(), found.b.tolist(), strict=True), found.length, strict=True)
    )
    assert pairs == pytest.approx({(0, 1): 4.0, (0, 2): 6.0, (1, 2): 10.0})
    assert len(shared_borders(halves[:0]).a) == 0
    away = shared_borders(np.array([shapely.box(0, 0, 1, 1), shapely.Polygon()]))
    assert len(away.a) == 0


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000))
def test_border_lengths_are_those_of_plain_intersections(seed):
    rng = np.random.default_rng(seed)
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.multipoints(rng.random((25, 2)) * 1000), extend_to=shapely.box(0, 0, 1000, 1000)
        )
    )
    found = shared_borders(cells)
    one, other = shapely.STRtree(cells).query(cells, predicate="intersects")
    apart = one < other
    length = shapely.length(shapely.intersection(cells[one[apart]], cells[other[apart]]))
    assert found.length.sum() == pytest.approx(length.sum(), rel=1e-3)


def test_a_piece_that_touches_nothing_of_its_community_is_linked_to_the_nearest():
    grid = np.array([[1, 1, 2, 2]])
    community = np.array([[0, 0, 1, 0]])
    graph = board(np.array([[150, 150, 300, 200]]), grid, community)
    islands = graph.kind & ISLAND > 0
    assert islands.sum() == 1
    assert graph.shared_m[islands].tolist() == [0.0]


def test_another_edition_is_a_plan_of_the_same_atoms_whatever_its_codes(graph):
    other = board_coverage(np.where(GRID == 4, 3, GRID), np.zeros_like(GRID), edition="new")
    plan = plan_of(graph, other)
    expected = at(graph, np.where(GRID == 4, 3, GRID))
    assert [plan.code[g] for g in plan.grid_of] == [f"C0{g:03d}" for g in expected]
    assert isinstance(plan, Plan)
    assert plan.heir_of.tolist()[:2] == [0, 1]


def test_levels_and_amounts_that_cannot_be_planned_are_refused():
    coverage = board_coverage(GRID, np.zeros_like(GRID))
    with pytest.raises(BadValue, match="finer"):
        planning_graph(coverage, level="microgrid")
    with pytest.raises(UnknownLevel):
        planning_graph(coverage, level="street")
    with pytest.raises(BadValue, match="households"):
        planning_graph(
            coverage, amounts={"households": {str(coverage.code[coverage.atoms[0]]): -1}}
        )
    whole = planning_graph(coverage, level="community")
    assert len(whole.container_code) == 1


def test_the_fingerprint_tells_inputs_apart(graph):
    assert graph.fingerprint() == graph.fingerprint()
    more = replace(graph, amount={**graph.amount, "hours": graph.amount["hours"] + 1})
    assert more.fingerprint() != graph.fingerprint()
