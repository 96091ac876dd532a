"""Random coverages, random cracks: what is mended is clean, what is not touched is the same."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.auditing.audit import audit
from gridmap.coverage.auditing.faces import audit_faces
from gridmap.coverage.overlaps import polygonal
from gridmap.coverage.repair.propose import Scope, propose
from tests.patchworks import broken_patchworks, flat_coverage, nested_coverages, objects, patchworks

EVERYTHING = Scope(gap_width_m=1e12, gap_area_m2=1e12, overlap_area_m2=1e12)


def codes(count):
    return [f"{i:04d}" for i in range(count)]


@st.composite
def cracked(draw):
    """A valid coverage, and the same with vertices of single polygons moved by up to a metre."""
    whole = draw(patchworks(max_side=4)).polygons
    cracks = list(whole)
    for _ in range(draw(st.integers(1, 4))):
        row = draw(st.integers(0, len(cracks) - 1))
        corners = shapely.get_coordinates(cracks[row])
        corner = corners[draw(st.integers(0, len(corners) - 1))]
        east, north = draw(st.floats(-1, 1)), draw(st.floats(-1, 1))
        step = np.array([east, north]) * 10.0 ** draw(st.integers(-9, -5))
        moved = shapely.transform(
            cracks[row], lambda xy, at=corner, by=step: xy + by * (xy == at).all(axis=1)[:, None]
        )
        if moved.is_valid:
            cracks[row] = moved
    return whole, objects(cracks)


@settings(max_examples=60, deadline=None)
@given(cracked())
def test_cracks_are_closed_and_areas_away_from_them_keep_their_bytes(case):
    whole, cracks = case
    coverage = flat_coverage(codes(len(cracks)), cracks)
    proposal = propose(coverage)
    after = proposal.coverage.geometry
    assert proposal.refused == ()
    faults = audit(proposal.coverage, min_area_m2=0.0)
    assert {f.kind for f in faults} <= {"enclave?", "island"}
    assert not audit_faces(after).overlaps
    assert shapely.is_valid(after).all()
    # An area is at a crack when it, or one it touches, was moved.
    moved = ~shapely.equals_exact(whole, cracks, 0.0)
    near = shapely.STRtree(cracks[moved]).query(cracks, predicate="dwithin", distance=2e-7)[0]
    for row in range(len(cracks)):
        if row not in near:
            assert shapely.to_wkb(after[row]) == shapely.to_wkb(cracks[row])


@settings(max_examples=40, deadline=None)
@given(broken_patchworks())
def test_what_cannot_be_mended_is_told_and_all_else_is_mended(patchwork):
    coverage = flat_coverage(codes(len(patchwork.polygons)), patchwork.polygons)
    proposal = propose(coverage, scope=EVERYTHING)
    listed = {row.row for row in proposal.rows}
    for row, (a, b) in enumerate(zip(coverage.geometry, proposal.coverage.geometry, strict=True)):
        assert (a is b) == (row not in listed)
    places = {f.kind for f in proposal.left} & {"gap", "overlap"}
    assert proposal.refused or not places
    assert not shapely.is_empty(proposal.coverage.geometry).any()


@settings(max_examples=25, deadline=None)
@given(nested_coverages(broken=True))
def test_no_level_is_an_obstacle_and_parents_follow(case):
    coverage, _ = case
    proposal = propose(coverage, scope=EVERYTHING, rebuild_parents=True)
    atoms = coverage.atoms
    if not proposal.refused:
        assert not audit_faces(polygonal(proposal.coverage.geometry[atoms])).overlaps
    assert list(proposal.coverage.code) == list(coverage.code)
    assert list(proposal.coverage.parent) == list(coverage.parent)
