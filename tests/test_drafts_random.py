"""Whatever is edited, nothing tears: random sequences of edits against the face audit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.auditing.audit import audit, has_faults
from gridmap.coverage.auditing.faces import audit_faces
from gridmap.planning.applying import replayed
from gridmap.planning.chains import chain_of
from gridmap.planning.drafted import drafted_coverage
from gridmap.planning.edits import edit_from, edit_record
from gridmap.planning.measures import measure_plan
from gridmap.planning.parts import with_parts
from gridmap.planning.state import PlanState, first_state
from tests.draft_cases import ground, ground_in_parts, random_edit, tried

GROUNDS = [
    replace(ground(0), staff={"C0001": 2.0, "C0003": 0.0, "C1005": 3.0, "C1006": 4.0}),
    ground(1, jitter=0.0),
    ground(2, homes=False),
    ground_in_parts(3),
]


def walk(seed: int, length: int) -> tuple[PlanState, list[PlanState], list]:
    """A draft after some random edits: its first state, all states, and the edits as logged."""
    rng = np.random.default_rng(seed)
    first = first_state(GROUNDS[seed % len(GROUNDS)])
    states, edits = [first], []
    for _ in range(length):
        done = tried(states[-1], random_edit(rng, states[-1]))
        if done is not None:
            states.append(done.state)
            edits.append(edit_from(edit_record(done.edit)))
    return first, states, edits


def need_sound(first: PlanState, state: PlanState) -> None:
    faces = audit_faces(state.shapes)
    assert len(faces.holes) == 0
    assert faces.overlaps == []
    assert shapely.is_valid(state.shapes).all()
    found = audit(drafted_coverage(state, "new"))
    assert not has_faults(found), [(f.kind, f.text) for f in found]
    assert shapely.area(state.shapes).sum() == pytest.approx(
        shapely.area(first.shapes).sum(), rel=1e-12
    )
    for name, held in first.graph.amount.items():
        assert state.graph.amount[name].sum() == held.sum()
    for grid in state.grid_at.values():
        assert state.tally.pieces(grid) == 1
        containers = {int(state.graph.container[i]) for i in state.members(grid)}
        assert containers == {state.grids[grid].container}
    assert len(state.grid_at) == state.live.sum()
    codes = [one.code for one in state.atoms]
    assert len(set(codes)) == len(codes)


def need_measured(state: PlanState) -> None:
    """Sums that went along with the edits are those of a graph made anew."""
    from gridmap.planning.graph import planning_graph

    coverage = drafted_coverage(state, "new")
    if state.ground.in_parts:
        coverage = with_parts(coverage, "grid")
    graph = planning_graph(coverage)
    whole = measure_plan(graph, state_plan(graph)).frame.set_index("code")
    for code, grid in state.grid_at.items():
        numbers = state.numbers(grid)
        assert numbers.area_m2 == pytest.approx(whole.loc[code, "area_m2"], rel=1e-6)
        # Common borders are measured to the millimetre; of a whole polygon none is subtracted.
        least = 0.01 if state.ground.in_parts else None
        assert numbers.perimeter_m == pytest.approx(
            whole.loc[code, "perimeter_m"], rel=1e-6, abs=least
        )
        assert numbers.pieces == whole.loc[code, "pieces"]
        assert numbers.staff == state.ground.staff.get(code, 1.0)


def state_plan(graph):
    from gridmap.planning.plan import today_plan

    return today_plan(graph)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_accepted_sequence_leaves_a_valid_coverage_and_is_undone_to_the_byte(seed: int) -> None:
    first, states, edits = walk(seed, 14)
    need_sound(first, states[-1])
    need_measured(states[-1])
    back = len(edits) // 2
    again = replayed(first, edits[:back])
    assert again.fingerprint() == states[back].fingerprint()
    assert replayed(again, edits[back:]).fingerprint() == states[-1].fingerprint()


def test_random_edits_are_of_every_kind_and_many_are_accepted() -> None:
    accepted: dict[str, int] = {}
    for seed in range(20):
        for edit in walk(seed, 14)[2]:
            accepted[edit.op] = accepted.get(edit.op, 0) + 1
    assert {
        "reassign", "split_grid", "split_atom", "merge_atoms", "replace_border", "move_points",
        "exclusive", "describe", "regroup",
    } <= set(accepted)  # fmt: skip
    assert sum(accepted.values()) > 50


@pytest.mark.soak
@pytest.mark.parametrize("block", range(20))
def test_thousands_of_random_sequences_leave_valid_coverages(block: int) -> None:
    for seed in range(block * 150, block * 150 + 150):
        first, states, edits = walk(seed + 10_000, 30)
        need_sound(first, states[-1])
        assert replayed(first, edits).fingerprint() == states[-1].fingerprint()


def test_the_chain_tells_a_gap_that_a_tolerance_would_not() -> None:
    first = first_state(GROUNDS[0])
    shapes = first.shapes.copy()
    before = chain_of(shapes)
    xy = shapely.get_coordinates(shapes[7])
    xy[1] += 1e-15 + np.spacing(xy[1])
    shapes[7] = shapely.Polygon(xy[:-1])
    assert chain_of(shapes) != before
