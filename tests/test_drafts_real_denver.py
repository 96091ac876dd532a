"""Denver's precincts drawn over the real blocks: a border moved, and 2018 redrawn into 2020."""

from __future__ import annotations

import os

import numpy as np
import pytest
import shapely

from gridmap.coverage.auditing.segments import open_borders
from gridmap.errors import EditRefused
from gridmap.planning.applying import apply_edit
from gridmap.planning.arcs import arcs_between
from gridmap.planning.edits import MovePoints, Reassign, ReplaceBorder, SplitGrid
from gridmap.planning.graph import planning_graph
from gridmap.planning.ground import Ground
from gridmap.planning.measures import Tally
from gridmap.planning.plan import plan_of
from gridmap.planning.state import first_state
from tests.test_lineage_real_denver import edition

pytestmark = pytest.mark.skipif(
    not os.environ.get("GRIDMAP_REAL_DATA"), reason="GRIDMAP_REAL_DATA is not set"
)


@pytest.fixture(scope="module")
def first():
    return first_state(Ground(planning_graph(edition(2018), level="precinct")))


def open_ends(shapes):
    return sorted(map(tuple, open_borders(shapes).ends.reshape(-1, 4).tolist()))


def bent(first):
    """Two blocks of two precincts with a border that can be bent, and the line for it."""
    graph = first.graph
    for one, other in zip(graph.a.tolist(), graph.b.tolist(), strict=True):
        if first.grid_of[one] == first.grid_of[other] or min(first.grid_of[[one, other]]) < 0:
            continue
        arcs = arcs_between(first.shapes[one], first.shapes[other])
        if len(arcs) != 1 or len(arcs[0].points) < 3 or arcs[0].closed:
            continue
        points = np.array(arcs[0].points)
        middle = (points[0] + points[-1]) / 2
        inner = np.array(shapely.centroid(first.shapes[one]).coords[0])
        line = [points[0], middle + 0.2 * (inner - middle), points[-1]]
        edit = ReplaceBorder(
            (first.atoms[one].code, first.atoms[other].code), tuple(map(tuple, line))
        )
        try:
            return one, other, apply_edit(first, edit)
        except EditRefused:
            continue
    raise AssertionError("no border can be bent")


def test_an_arc_moved_between_two_real_precincts_keeps_every_neighbour_matched(first):
    one, other, done = bent(first)
    before, after = open_ends(first.shapes), open_ends(done.state.shapes)
    assert after == before
    changed = [i for i in range(len(first)) if done.state.shapes[i] is not first.shapes[i]]
    assert changed == sorted((one, other))
    grids = [int(first.grid_of[i]) for i in (one, other)]
    assert set(done.touched) == set(grids)
    areas = [sum(s.numbers(g).area_m2 for g in grids) for s in (first, done.state)]
    assert areas[1] == pytest.approx(areas[0], rel=1e-9)
    moved = abs(first.numbers(grids[0]).area_m2 - done.state.numbers(grids[0]).area_m2)
    assert moved > 1.0


def test_a_junction_of_real_precincts_is_dragged_with_all_that_meet_there(first):
    one, other, _ = bent(first)
    arc = arcs_between(first.shapes[one], first.shapes[other])[0]
    for node in (arc.points[0], arc.points[-1]):
        target = (node[0] + 1e-5, node[1] + 1e-5)
        try:
            done = apply_edit(first, MovePoints(((node, target),)))
        except EditRefused:
            continue
        assert open_ends(done.state.shapes) == open_ends(first.shapes)
        assert sum(d["what"] == "redrawn" and d["level"] == "block" for d in done.changed) > 2
        return
    raise AssertionError("no junction could be dragged")


def test_an_edit_log_redraws_2018_into_2020_for_the_blocks_that_changed(first):
    target = plan_of(first.graph, edition(2020))
    before = np.append(first.graph.grid_code, "")[first.grid_of]
    after = np.append(target.code, "")[target.grid_of]
    wanted = {
        i: str(after[i])
        for i in range(len(first))
        if before[i] and after[i] and int(before[i]) != int(after[i])
    }
    spelt = {int(code): code for code in first.graph.grid_code}
    state, edits, left = first, 0, dict(wanted)
    while left:
        stuck = dict(left)
        for i, code in stuck.items():
            known = spelt.get(int(code))
            if known is None:
                edit = SplitGrid(before[i], ((first.atoms[i].code,),))
            else:
                edit = Reassign(known, (first.atoms[i].code,))
            try:
                done = apply_edit(state, edit)
            except EditRefused:
                continue
            if known is None:
                spelt[int(code)] = done.edit.codes[-1]
            state, edits = done.state, edits + 1
            del left[i]
        if len(left) == len(stuck):
            break
    reached = [i for i in wanted if state.grids[state.grid_of[i]].code == spelt[int(wanted[i])]]
    # One block would tear a precinct, and it does: that precinct of 2020 lies in two pieces.
    tally = Tally(first.graph, target)
    torn = {str(target.code[g]) for g in range(len(target)) if tally.pieces(g) > 1}
    assert {state.grids[state.grid_of[i]].code for i in left} <= torn
    assert (len(wanted), len(reached), edits) == (87, 86, 86)
