"""The crosswalk: what weights rest on, and figures of one edition on the areas of another."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.lineage.amounts import Points
from gridmap.coverage.lineage.compute import lineage
from gridmap.coverage.lineage.crosswalk import apply_crosswalk, crosswalk
from gridmap.coverage.lineage.crosswalk_table import crosswalk_columns, crosswalk_rows
from gridmap.coverage.lineage.succession import follow, life_of, successor
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, NotFound
from tests.lineage_cases import flat, nested
from tests.partitions import lattice


def strip(west: float, east: float) -> shapely.Polygon:
    return shapely.box(117 + west / 1000, 36, 117 + east / 1000, 36.001)


def walk_of(old, new, *, reverse=False, **counted):
    level = lineage(old, new, counted=counted).level("grid")
    return crosswalk(level, reverse=reverse)


def table(walk, measure="area"):
    return {
        (s, t): (pytest.approx(w), b)
        for s, t, w, b in zip(
            walk.source, walk.target, walk.weights[measure], walk.basis[measure], strict=True
        )
    }


SPLIT = (
    flat("old", {"a": strip(0, 4)}),
    flat("new", {"x": strip(0, 1), "y": strip(1, 4)}),
)


def test_a_total_of_an_area_that_is_cut_is_shared_by_area_and_marked() -> None:
    walk = walk_of(*SPLIT, households={"grid": {"a": 80}})
    assert table(walk, "households") == {
        ("a", "y"): (0.75, "estimated"),
        ("a", "x"): (0.25, "estimated"),
    }


def test_homes_at_their_entrances_are_exact() -> None:
    homes = Points.of([117.0005, 117.0015, 117.002, np.nan], [36.0005] * 4, [6, 3, 1, 99])
    walk = walk_of(*SPLIT, households=homes)
    assert table(walk, "households") == {("a", "y"): (0.4, "exact"), ("a", "x"): (0.6, "exact")}


def test_totals_of_atoms_that_were_only_grouped_anew_are_exact() -> None:
    cells = lattice(3, 1)
    old, new = nested("old", cells, ["g1"] * 3), nested("new", cells, ["g1", "g1", "g2"])
    homes = {"microgrid": {"m0": 10, "m1": 20, "m2": 70}, "grid": {"g1": 5}}
    walk = walk_of(old, new, households=homes)
    assert table(walk, "households") == {("g1", "g1"): (0.3, "exact"), ("g1", "g2"): (0.7, "exact")}


def test_where_one_atom_is_not_known_the_total_of_the_whole_is_shared() -> None:
    cells = lattice(3, 1)
    old, new = nested("old", cells, ["g1"] * 3), nested("new", cells, ["g1", "g1", "g2"])
    some = {"microgrid": {"m0": 10, "m1": 20}}
    whole = walk_of(old, new, households={**some, "grid": {"g1": 100}})
    assert set(whole.basis["households"]) == {"estimated"}
    unknown = walk_of(old, new, households=some)
    assert set(unknown.basis["households"]) == {"by_area"}
    for walk in (whole, unknown):
        assert np.array_equal(walk.weights["households"], walk.weights["area"])


def test_where_nothing_is_counted_area_stands_in_and_says_so() -> None:
    walk = walk_of(*SPLIT, reports=Points.of([117.9], [36.0]), households={"grid": {"a": 0}})
    for measure in ("reports", "households"):
        assert table(walk, measure) == {
            ("a", "y"): (0.75, "by_area"),
            ("a", "x"): (0.25, "by_area"),
        }


def test_land_outside_the_other_edition_weighs_as_nowhere() -> None:
    old, new = flat("old", {"a": strip(0, 4), "b": strip(6, 7)}), flat("new", {"a": strip(1, 5)})
    assert table(walk_of(old, new)) == {
        ("a", "a"): (0.75, "exact"),
        ("a", None): (0.25, "exact"),
        ("b", None): (1.0, "exact"),
    }
    assert table(walk_of(old, new, reverse=True)) == {
        ("a", "a"): (0.75, "exact"),
        ("a", None): (0.25, "exact"),
    }


def test_an_area_without_land_goes_to_its_heir() -> None:
    old = flat("old", {"a": strip(0, 1), "v": None, "w": None})
    new = flat("new", {"a": strip(0, 1), "v": None})
    assert table(walk_of(old, new)) == {
        ("a", "a"): (1.0, "exact"),
        ("v", "v"): (1.0, "no_land"),
        ("w", None): (1.0, "no_land"),
    }


def test_the_table_has_the_weights_both_ways() -> None:
    old, new = flat("old", {"a": strip(0, 3), "b": strip(3, 4)}), flat("new", {"n": strip(0, 4)})
    level = lineage(old, new, counted={"households": {"grid": {"a": 30, "b": 30}}}).level("grid")
    rows = crosswalk_rows(level)
    columns = crosswalk_columns(level.amounts)
    assert all(set(row) <= set(columns) for row in rows)
    (a, b) = rows
    assert (a["old_code"], a["new_code"], a["relation"]) == ("a", "n", "merged")
    assert (a["weight_area"], a["back_area"]) == (1.0, pytest.approx(0.75))
    assert (b["back_households"], b["back_basis_households"]) == (0.5, "exact")


def test_figures_move_to_the_new_areas_and_their_sum_stays() -> None:
    walk = walk_of(*SPLIT)
    assert apply_crosswalk(walk, {"a": 10}) == pytest.approx({"x": 2.5, "y": 7.5})
    assert sum(apply_crosswalk(walk, {"a": 0.1 + 0.2}).values()) == 0.1 + 0.2
    assert apply_crosswalk(walk, {}) == {}


@pytest.mark.parametrize(
    ("values", "measure", "message"),
    [
        ({"zz": 1}, "area", "'old' has no grid of these codes"),
        ({"a": float("nan")}, "area", "no number"),
        ({"a": 1}, "votes", "no such measure"),
    ],
)
def test_figures_that_do_not_belong_are_refused(values, measure, message) -> None:
    with pytest.raises(BadValue, match=message):
        apply_crosswalk(walk_of(*SPLIT), values, measure=measure)


@pytest.mark.parametrize(
    "given",
    [([0.0, 1.0], [0.0], 1), ([0.0], [0.0], -1), ([0.0], [0.0], np.nan), ([0.0], [0.0], np.inf)],
)
def test_points_that_cannot_be_counted_are_refused(given) -> None:
    with pytest.raises(BadValue):
        Points.of(*given)


def chain():
    """b is shared out in 2, what b's successor a became is split in 3."""
    one = flat("1", {"a": strip(0, 1), "b": strip(1, 4), "c": strip(4, 5)}, {"b": "乙"})
    two = flat("2", {"a": strip(0, 3), "c": strip(3, 5)}, {"a": "甲"})
    three = flat("3", {"x": strip(0, 1.2), "y": strip(1.2, 3), "c": strip(3, 5)}, {"y": "新"})
    editions = (one, two, three)
    levels = [lineage(old, new).level("grid") for old, new in pairwise(editions)]
    names = [dict(zip(e.code, e.name, strict=True)) for e in editions]
    return levels, names


def test_the_successor_is_the_area_with_the_largest_part() -> None:
    levels, _ = chain()
    first = successor(levels[0], "b")
    assert (first.code, first.name, first.kind) == ("a", "甲", "abolished")
    assert first.share == pytest.approx(2 / 3)
    assert (first.measure, first.basis) == ("area", "exact")
    assert [one.code for one in follow(levels, "b")] == ["a", "y"]
    with pytest.raises(NotFound):
        successor(levels[0], "zz")


def test_homes_decide_about_the_successor_where_they_are_known() -> None:
    old, new = flat("old", {"a": strip(0, 3)}), flat("new", {"x": strip(0, 1), "y": strip(1, 3)})
    homes = Points.of([117.0005] * 9 + [117.002], [36.0005] * 10)
    found = successor(lineage(old, new, counted={"households": homes}).level("grid"), "a")
    assert (found.code, found.share, found.measure) == ("x", pytest.approx(0.9), "households")


def test_an_area_that_left_has_nobody_and_the_chain_ends() -> None:
    one, two = flat("1", {"a": strip(0, 1)}), flat("2", {"z": strip(8, 9)})
    levels = [lineage(one, two).level("grid"), lineage(two, two).level("grid")]
    (only,) = follow(levels, "a")
    assert (only.code, only.share) == (None, 1.0)


def test_a_life_runs_through_codes_and_ends_with_successors() -> None:
    levels, names = chain()
    life = life_of(["1", "2", "3"], names, levels, "b")
    (stage,) = life.stages
    assert (stage.edition, stage.name, stage.before) == ("1", "乙", None)
    assert stage.after.kind == "abolished"
    assert [(p.code, p.kind) for p in stage.after.parts] == [("a", "transfer"), ("c", "transfer")]
    assert [one.edition for one in life.successors] == ["2", "3"]
    assert life_of(["1", "2", "3"], names, levels, "zz") is None


def test_a_life_under_several_codes_is_found_by_each() -> None:
    editions = [flat(str(n), {code: strip(0, 1), "b": strip(1, 2)}) for n, code in enumerate("aab")]
    editions[2] = flat("2", {"n": strip(0, 1), "a": strip(1, 2)})
    levels = [lineage(x, y).level("grid") for x, y in pairwise(editions)]
    names = [dict(zip(e.code, e.name, strict=True)) for e in editions]
    life = life_of("012", names, levels, "n")
    assert [(s.edition, s.code) for s in life.stages] == [("0", "a"), ("1", "a"), ("2", "n")]
    assert [s.before.kind for s in life.stages[1:]] == ["kept", "recoded"]
    assert life.also == ()
    # in edition 2 the code a stands for what was b
    other = life_of("012", names, levels, "a")
    assert [(s.edition, s.code) for s in other.stages] == [("0", "b"), ("1", "b"), ("2", "a")]
    assert other.also == ("0", "1")


def test_a_life_in_one_edition_has_no_changes() -> None:
    life = life_of(["1"], [{"a": "甲"}], [], "a")
    (stage,) = life.stages
    assert (stage.before, stage.after, life.successors) == (None, None, ())


def test_the_point_on_a_border_counts_where_locate_puts_it() -> None:
    levels = Levels(["grid", "microgrid"])
    areas = [
        Area(-1, "grid", "a", ""),
        Area(-1, "microgrid", "m2", ""),
        Area(-1, "microgrid", "m1", ""),
    ]
    coverage = Coverage.build("c", levels, areas, [strip(0, 1), strip(1, 2), strip(2, 3)])
    # on a | m2, on m2 | m1, and outside
    where = Points.of([117.001, 117.002, 118.0], [36.0005] * 3, [1, 2, 4])
    found = lineage(coverage, coverage, counted={"reports": where})
    amounts = {one.level: one.amounts["reports"].value.tolist() for one in found.levels}
    assert amounts["microgrid"] == [2.0, 1.0]
    assert amounts["grid"] == [0.0]
