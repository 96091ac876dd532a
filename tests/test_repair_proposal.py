"""What a repair proposes for each kind of fault, and what it leaves alone."""

import json
from dataclasses import replace

import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.auditing.audit import audit, has_faults
from gridmap.coverage.model import Coverage
from gridmap.coverage.repair.propose import Limits, Scope, propose
from gridmap.errors import BadValue, Conflict, UnknownLevel
from tests.partitions import flat_coverage, lattice, two_levels

# About 111 m by 89 m: a thousandth of a degree at 36.6 degrees north.
X, Y, SIDE = 117.0, 36.6, 0.001
ROOMY = Limits(total_share=1.0, row_m2=1e9, row_share=1.0)


def cell(column, row=0, *, west=0.0, east=0.0):
    """A square of a row of squares; its west and east borders moved by metres."""
    metre = SIDE / 89.4
    x, x_end, y, y_end = (
        round(start + number * SIDE, 6)
        for start, number in ((X, column), (X, column + 1), (Y, row), (Y, row + 1))
    )
    return shapely.box(x + west * metre, y, x_end + east * metre, y_end)


def flat(*polygons):
    shapes = np.empty(len(polygons), dtype=object)
    shapes[:] = polygons
    return flat_coverage(shapes)


def wkb(coverage, rows):
    return [shapely.to_wkb(coverage.geometry[r]) for r in rows]


def changed(proposal):
    return sorted(row.code for row in proposal.rows)


def test_a_clean_coverage_needs_nothing():
    coverage = flat_coverage(lattice(4, 4))
    proposal = propose(coverage)
    assert (proposal.rows, proposal.mends, proposal.transfers, proposal.left) == ((), (), (), ())
    assert all(a is b for a, b in zip(proposal.coverage.geometry, coverage.geometry, strict=True))


def test_a_coverage_without_rows_needs_nothing():
    assert propose(flat()).rows == ()


def test_an_overlap_goes_to_the_owner_with_the_longest_border_beside_it():
    # 0002 reaches 2 m into 0001 along half of the border only: most of the overlap's
    # edge lies in 0001's ground.
    tongue = shapely.box(X + SIDE - 2e-5, Y, X + SIDE, Y + SIDE / 2)
    coverage = flat(cell(0), shapely.union(cell(1), tongue), cell(2))
    proposal = propose(coverage, limits=ROOMY)
    (mend,) = proposal.mends
    assert (mend.kind, mend.to, mend.why) == ("overlap", 0, "longest shared border")
    assert not has_faults(audit(proposal.coverage, min_area_m2=0.0))
    (moved,) = proposal.transfers
    assert (moved.giver, moved.taker) == (1, 0)
    assert moved.area_m2 == pytest.approx(2e-5 * SIDE / 2 * 111_000 * 89_300, rel=0.01)
    # 0003 has nothing to do with it.
    assert wkb(proposal.coverage, [2]) == wkb(coverage, [2])


def test_a_gap_goes_to_the_neighbour_with_the_longest_shared_border():
    # The gap east of 0001 borders on 0001 as a whole, on 0002 and 0003 in halves.
    south = shapely.box(X + SIDE + 1e-5, Y, X + 2 * SIDE, Y + SIDE / 2)
    north = shapely.box(X + SIDE + 1e-5, Y + SIDE / 2, X + 2 * SIDE, Y + SIDE)
    frame = shapely.difference(
        shapely.box(X - SIDE, Y - SIDE, X + 3 * SIDE, Y + 2 * SIDE),
        shapely.box(X, Y, X + 2 * SIDE, Y + SIDE),
    )
    coverage = flat(cell(0), south, north, frame)
    proposal = propose(coverage, limits=ROOMY)
    (mend,) = proposal.mends
    assert (mend.kind, mend.to) == ("gap", 0)
    (moved,) = proposal.transfers
    assert (moved.giver, moved.taker) == (None, 0)
    assert moved.area_m2 == pytest.approx(mend.area_m2, rel=1e-4)
    assert not has_faults(audit(proposal.coverage, min_area_m2=0.0))


def test_a_declared_parent_decides_before_the_length_of_borders():
    # The gap lies between communities 100 (0001) and 101; the declared polygon of 101 has it.
    cells = np.array([cell(0), cell(1, west=1.5), cell(0, 1), cell(1, 1)], dtype=object)
    around = shapely.difference(shapely.box(X - 1, Y - 1, X + 1, Y + 1), shapely.union_all(cells))
    cells = np.append(cells, shapely.difference(around, cell(1)))
    declared = np.array(
        [shapely.union(cells[0], cells[2]), shapely.union(cell(1), cell(1, 1)), cells[4]],
        dtype=object,
    )
    coverage = two_levels(cells, np.array([0, 1, 0, 1, 2]), declared)
    proposal = propose(coverage, limits=ROOMY)
    (mend,) = proposal.mends
    assert coverage.code[mend.to] == "1010002"
    assert mend.why == "the declared polygon of its parent holds the place"


def test_what_lies_within_another_is_cut_out_of_it_not_swallowed():
    inside = shapely.box(X + 3e-4, Y + 3e-4, X + 4e-4, Y + 4e-4)
    coverage = flat(inside, cell(0), cell(1))
    proposal = propose(coverage, limits=ROOMY)
    assert changed(proposal) == ["0002"]
    assert proposal.mends[0].why == "it is more than half of the area that keeps it"
    assert shapely.get_num_interior_rings(proposal.coverage.geometry[1]) == 1
    assert not has_faults(audit(proposal.coverage, min_area_m2=0.0))


def test_twins_are_left_for_a_person_and_named():
    coverage = flat(cell(0), cell(0), cell(1))
    proposal = propose(coverage, scope=Scope(overlap_area_m2=1e9), limits=ROOMY)
    assert proposal.rows == ()
    assert "0001 (1号) and" in proposal.refused[0]
    assert "swallowed" in proposal.refused[0]
    assert [f.kind for f in proposal.left] == ["overlap"]


def test_twins_do_not_keep_other_faults_from_being_mended():
    coverage = flat(cell(0), cell(0), cell(1, east=1.0), cell(2), cell(3))
    proposal = propose(coverage, limits=ROOMY)
    assert len(proposal.mends) == 1
    assert [f.codes for f in proposal.left] == [("0001", "0002")]
    assert wkb(proposal.coverage, [0, 1, 4]) == wkb(coverage, [0, 1, 4])


def test_a_broken_ring_is_made_valid_and_a_row_without_polygon_stays_in_its_row():
    bow = shapely.Polygon([(X, Y), (X + SIDE, Y + SIDE), (X + SIDE, Y), (X, Y + SIDE), (X, Y)])
    coverage = flat(cell(1), None, bow, shapely.Polygon(), cell(2))
    proposal = propose(coverage, limits=ROOMY)
    after = proposal.coverage.geometry
    assert changed(proposal) == ["0003"]
    assert after[2].is_valid
    assert after[2].area == pytest.approx(SIDE * SIDE / 2)
    assert after[1] is None
    assert after[3].is_empty
    assert proposal.rows[0].why[0].startswith("made a valid polygon")
    assert [f.kind for f in proposal.left] == ["empty_geometry"] * 2


@pytest.mark.parametrize(
    ("scope", "word"),
    [
        (Scope(gap_width_m=1.0), "1 m in width"),
        (Scope(gap_area_m2=100.0), "100 m² are left"),
    ],
)
def test_gaps_beyond_the_scope_are_left_and_told(scope, word):
    hole = shapely.box(X + 2e-4, Y + 2e-4, X + 8e-4, Y + 2.3e-4)
    coverage = flat(shapely.difference(cell(0), hole), cell(1))
    proposal = propose(coverage, scope=scope, limits=ROOMY)
    assert proposal.rows == ()
    assert word in proposal.refused[0]
    assert [f.kind for f in proposal.left] == ["gap"]
    assert propose(coverage, limits=ROOMY).left == ()


def test_overlaps_beyond_the_scope_are_left_and_told():
    coverage = flat(cell(0, east=3.0), cell(1))
    proposal = propose(coverage, scope=Scope(overlap_area_m2=50.0), limits=ROOMY)
    assert proposal.rows == ()
    assert "more than 50 m² are left" in proposal.refused[0]


def test_an_enclave_is_never_filled():
    hole = shapely.box(X + 2e-4, Y + 2e-4, X + 6e-4, Y + 6e-4)
    coverage = flat(shapely.difference(cell(0), hole), cell(1, west=-0.5))
    proposal = propose(coverage, scope=Scope(gap_width_m=1e9, gap_area_m2=1e9), limits=ROOMY)
    assert [m.kind for m in proposal.mends] == ["overlap"]
    left = audit(proposal.coverage, min_area_m2=0.0)
    assert [f.kind for f in left] == ["enclave?"]


def test_borders_within_the_precision_become_one_and_nothing_else_moves():
    nudged = shapely.transform(cell(1), lambda xy: xy + np.where(xy == 117.001, 4e-8, 0.0))
    # Two vertices 3 mm apart on a border far from the fault are nobody's fault.
    far = shapely.Polygon(
        [
            (117.003, 36.6),
            (117.003 + 3e-8, 36.6),
            (117.004, 36.6),
            (117.004, 36.601),
            (117.003, 36.601),
        ]
    )
    coverage = flat(cell(0), nudged, cell(2), far)
    proposal = propose(coverage)
    assert set(changed(proposal)) <= {"0001", "0002"}
    assert proposal.moved_m2 < 1.0
    assert audit(proposal.coverage, min_area_m2=0.0) == []


def test_three_that_overlap_share_every_place_out_once():
    coverage = flat(cell(0, east=2.0), cell(1), cell(0, 1), shapely.box(
        X + SIDE - 3e-5, Y + SIDE - 3e-5, X + 2 * SIDE, Y + 2 * SIDE
    ))  # fmt: skip
    proposal = propose(coverage, limits=ROOMY)
    assert proposal.left == ()
    union = shapely.union_all(coverage.geometry)
    after = proposal.coverage.geometry
    assert shapely.area(after).sum() == pytest.approx(union.area, rel=1e-9)


def test_the_account_adds_up():
    cells = lattice(6, 6, seed=3)
    for row in (7, 8, 22):
        cells[row] = shapely.transform(cells[row], lambda xy: xy + np.array([1.2e-5, -0.8e-5]))
    coverage = flat_coverage(cells)
    proposal = propose(coverage, limits=ROOMY)
    assert len(proposal.rows) > 3
    given = {row.row: 0.0 for row in proposal.rows}
    taken = dict(given)
    for transfer in proposal.transfers:
        if transfer.giver is not None:
            given[transfer.giver] += transfer.area_m2
        else:
            taken[transfer.taker] += transfer.area_m2
    for row in proposal.rows:
        assert given[row.row] == pytest.approx(row.lost_m2, abs=1e-3)
        # What is gained from others was theirs and this row's before: only gaps are new.
        assert taken[row.row] == pytest.approx(row.gained_m2, abs=1e-3)
    assert proposal.moved_m2 == pytest.approx(sum(t.area_m2 for t in proposal.transfers))
    sizes = [row.moved_m2 for row in proposal.rows]
    assert sizes == sorted(sizes, reverse=True)


def test_beyond_its_limits_a_proposal_names_the_rows_and_cannot_be_applied():
    coverage = flat(cell(0, east=3.0), cell(1), cell(2))
    kept = propose(coverage, limits=ROOMY)
    kept.require_within_limits()
    (loser,) = [row for row in kept.rows if row.lost_m2 > 0]
    for limits, word in [
        (replace(ROOMY, row_m2=100.0), f"{loser.level} {loser.code} would give and take"),
        (replace(ROOMY, row_share=0.01), "the limit is 1.00%"),
        (replace(ROOMY, total_share=0.001), "of all area, would change hands"),
    ]:
        proposal = propose(coverage, limits=limits)
        assert any(word in text for text in proposal.beyond())
        with pytest.raises(Conflict, match="more than its limits") as refusal:
            proposal.require_within_limits()
        assert "--max-row-m2" in str(refusal.value)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Scope(precision_m=0.0),
        lambda: Scope(precision_m=2.0),
        lambda: Scope(gap_width_m=-1.0),
        lambda: Limits(row_share=float("nan")),
    ],
)
def test_amounts_that_are_none_are_refused(wrong):
    with pytest.raises(BadValue):
        wrong()


def test_parents_are_rebuilt_from_their_children_only_when_asked():
    cells = lattice(4, 2, seed=5)
    groups = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    declared = shapely.buffer(
        [shapely.union_all(cells[:4]), shapely.union_all(cells[4:])], 2e-6, join_style="mitre"
    )
    coverage = two_levels(cells, groups, declared)
    assert propose(coverage).rows == ()
    proposal = propose(coverage, rebuild_parents=True)
    assert changed(proposal) == ["100", "101"]
    assert all(row.is_parent and row.lost_m2 > 1 for row in proposal.rows)
    assert proposal.moved_m2 == 0.0
    assert proposal.counts() == {"rebuilt_parent": 2}
    after = proposal.coverage
    assert audit(after, min_area_m2=0.0) == []
    assert propose(after, rebuild_parents=True).rows == ()


def test_a_parent_that_would_lose_much_is_beyond_the_limits():
    cells = lattice(4, 1, seed=5)
    declared = np.array([shapely.union_all(cells).buffer(0.001)], dtype=object)
    coverage = two_levels(cells, np.zeros(4, dtype=int), declared)
    proposal = propose(coverage, rebuild_parents=True)
    assert "community 100" in proposal.beyond()[0]


def test_levels_finer_than_the_one_named_are_left_alone():
    levels = Levels(["community", "grid"])
    areas = [
        Area(-1, "community", "A", ""), Area(-1, "community", "B", ""),
        Area(-1, "grid", "A1", "", "", "community", "A"),
        Area(-1, "grid", "B1", "", "", "community", "B"),
    ]  # fmt: skip
    shapes = [cell(0, east=1.0), cell(1), cell(0, east=2.0), cell(1)]
    coverage = Coverage.build("draft", levels, areas, shapes)
    proposal = propose(coverage, level="community", limits=ROOMY)
    assert {row.level for row in proposal.rows} == {"community"}
    assert proposal.moved_m2 > 0
    assert wkb(proposal.coverage, [2, 3]) == wkb(coverage, [2, 3])
    with pytest.raises(UnknownLevel):
        propose(coverage, level="street")


def test_multipolygons_stay_what_they_are():
    one = shapely.multipolygons([cell(0, east=1.0)])
    coverage = flat(one, shapely.multipolygons([cell(1)]))
    proposal = propose(coverage, limits=ROOMY)
    assert {g.geom_type for g in proposal.coverage.geometry} == {"MultiPolygon"}


def test_the_same_coverage_gives_the_same_proposal_with_the_same_name():
    cells = lattice(5, 5, seed=1)
    cells[12] = shapely.transform(cells[12], lambda xy: xy + 1e-5)
    first, second = (propose(flat_coverage(cells), limits=ROOMY) for _ in range(2))
    assert first.as_dict() == second.as_dict()
    assert first.id == second.id
    cells[13] = shapely.transform(cells[13], lambda xy: xy + 1e-5)
    assert propose(flat_coverage(cells), limits=ROOMY).id != first.id


def test_a_proposal_is_plain_json():
    coverage = flat(cell(0, east=1.0), cell(1), cell(1))
    record = propose(coverage).as_dict()
    again = json.loads(json.dumps(record, allow_nan=False))
    assert again["totals"]["rows"] == 3
    assert [fault["kind"] for fault in again["left"]] == ["overlap", "overlap", "overlap"]
    assert again["refused"]
