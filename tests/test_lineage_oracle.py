"""Lineage of random redraws, against an oracle that knows the atoms and no geometry."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.lineage.amounts import Points
from gridmap.coverage.lineage.compute import lineage
from gridmap.coverage.lineage.crosswalk import apply_crosswalk, crosswalk
from tests.lineage_cases import expected_relations, found_relations, redraws, square_metres
from tests.specimens import nested_coverages, patchworks

BOUNDED = settings(max_examples=60, deadline=None)


@given(redraws())
@BOUNDED
def test_relations_are_those_that_the_atoms_give(redraw) -> None:
    found = lineage(redraw.old(), redraw.new())
    assert found.sliver_m2 == 0
    if any(redraw.before) or any(redraw.after):
        assert found_relations(found.level("grid")) == expected_relations(redraw)


@given(redraws())
@BOUNDED
def test_shared_land_is_that_of_the_atoms(redraw) -> None:
    found = lineage(redraw.old(), redraw.new())
    size = square_metres(redraw.cells)
    expected: dict = defaultdict(float)
    for at, pair in enumerate(zip(redraw.before, redraw.after, strict=True)):
        expected[pair] += size[at]
    expected.pop((None, None), None)
    for level in found.levels:
        if level.level == "grid":
            old, new = [*level.old_code, None], [*level.new_code, None]
            area = level.amounts["area"].value
            links = {
                (old[o], new[n]): v for o, n, v in zip(level.old, level.new, area, strict=True) if v
            }
            assert links == pytest.approx(dict(expected), rel=1e-9)


@given(patchworks())
@BOUNDED
def test_a_coverage_against_itself_is_all_kept(patchwork) -> None:
    coverage = patchwork.coverage()
    found = lineage(coverage, coverage)
    assert found.all_kept
    assert found.sliver_m2 == 0
    assert found.level("grid").counts() == {"kept": len(coverage)}


@given(nested_coverages())
@BOUNDED
def test_nested_levels_against_themselves_are_all_kept(drawn) -> None:
    coverage = drawn[0]
    found = lineage(coverage, coverage)
    assert found.all_kept
    assert sum(len(level.relations) for level in found.levels) == len(coverage)


@given(redraws(), st.integers(0, 1000))
@BOUNDED
def test_weights_add_up_to_exactly_one_and_totals_are_conserved(redraw, seed) -> None:
    old, new = redraw.old(), redraw.new()
    rng = np.random.default_rng(seed)
    totals = {"microgrid": {f"m{i}": int(rng.integers(0, 90)) for i in range(len(redraw.cells))}}
    west, south, east, north = 117.0, 36.6, 117.006, 36.605
    points = Points.of(rng.uniform(west, east, 40), rng.uniform(south, north, 40))
    found = lineage(old, new, counted={"households": totals, "reports": points})
    for level in found.levels:
        for reverse in (False, True):
            walk = crosswalk(level, reverse=reverse)
            codes = level.new_code if reverse else level.old_code
            assert set(walk.source) == set(codes)
            for measure, weights in walk.weights.items():
                assert np.all(weights >= 0)
                for code in codes:
                    mine = weights[walk.source == code]
                    # exactly, in whatever order they are added
                    assert sum(mine) == sum(mine[::-1]) == 1.0
                values = {code: float(rng.uniform(0, 1e6)) for code in codes}
                moved = apply_crosswalk(walk, values, measure=measure)
                assert sum(moved.values()) == pytest.approx(sum(values.values()), rel=1e-12)


@given(redraws())
@BOUNDED
def test_totals_of_whole_atoms_are_exact_and_come_back(redraw) -> None:
    old, new = redraw.old(), redraw.new()
    homes = {f"m{i}": 10 + i for i in range(len(redraw.cells))}
    found = lineage(old, new, counted={"households": {"microgrid": homes}})
    expected_old: dict = defaultdict(int)
    expected_new: dict = defaultdict(int)
    for at, (before, after) in enumerate(zip(redraw.before, redraw.after, strict=True)):
        if before is not None:
            expected_old[before] += homes[f"m{at}"]
            expected_new[after] += homes[f"m{at}"]
    for level in found.levels:
        if level.level == "grid":
            walk = crosswalk(level)
            assert set(walk.basis["households"]) <= {"exact"}
            there = apply_crosswalk(walk, expected_old, measure="households")
            assert there == pytest.approx(dict(expected_new), rel=1e-9)
