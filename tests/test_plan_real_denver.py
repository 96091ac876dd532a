"""Denver's precincts of 2018 and 2020, compared over the blocks that they are made of."""

from __future__ import annotations

import os

import numpy as np
import pytest

from gridmap.planning.compare import compare_plans
from gridmap.planning.graph import planning_graph
from gridmap.planning.measures import measure_plan
from gridmap.planning.plan import plan_of, today_plan
from tests.test_lineage_real_denver import blocks_by_point, edition

pytestmark = pytest.mark.skipif(
    not os.environ.get("GRIDMAP_REAL_DATA"), reason="GRIDMAP_REAL_DATA is not set"
)


@pytest.fixture(scope="module")
def graph():
    return planning_graph(edition(2018), level="precinct")


def test_the_blocks_that_changed_precinct_are_those_of_a_plain_point_in_polygon(graph):
    after = plan_of(graph, edition(2020))
    found = compare_plans(graph, today_plan(graph), after)
    before_code = np.append(found.before.code, "")[found.before.grid_of]
    after_code = np.append(found.after.code, "")[found.after.grid_of]
    plain = sum(
        a is not None and b is not None and int(a) != int(b)
        for a, b in zip(blocks_by_point(2018), blocks_by_point(2020), strict=True)
    )
    changed = sum(
        bool(a) and bool(b) and int(a) != int(b)
        for a, b in zip(before_code, after_code, strict=True)
    )
    assert changed == plain == 87
    assert found.whole()["atoms_moved"] >= changed


def test_real_precincts_are_measured_and_most_are_whole(graph):
    whole = measure_plan(graph, today_plan(graph)).whole()
    assert whole["grids"] > 300
    assert whole["in_pieces"] < 0.2 * whole["grids"]
    assert 0.2 < whole["compactness_mean"] < 0.8
