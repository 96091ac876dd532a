"""Real layers mended; read where GRIDMAP_REAL_DATA says, else skipped."""

import numpy as np
import pytest
import shapely

from gridmap.coverage.auditing.audit import audit
from gridmap.coverage.auditing.faces import audit_faces
from gridmap.coverage.overlaps import polygonal
from gridmap.coverage.repair.propose import Limits, Scope, propose
from gridmap.errors import Conflict
from tests.test_audit_real_layers import (
    CAMDEN,
    DENVER,
    FRISCO,
    nested,
    pytestmark,  # noqa: F401 - skips where there is no data
)


def flat(file, layer):
    """One layer as the only level of a draft, in longitude and latitude."""
    coverage, _ = nested(file, ("area", layer, None, None, None))
    return coverage


def shape_faults(faults):
    """Kinds of what is wrong with polygons: a layer read without its codes has other faults."""
    places = {"gap", "overlap", "sliver_gap", "sliver_overlap", "invalid_geometry"}
    return sorted(f.kind for f in faults if f.kind in places)


def same_bytes(proposal, coverage):
    changed = {row.row for row in proposal.rows}
    for row in range(len(coverage)):
        same = shapely.to_wkb(coverage.geometry[row]) == shapely.to_wkb(
            proposal.coverage.geometry[row]
        )
        assert same == (row not in changed)


def test_denver_2020_loses_its_overlaps_and_gaps_and_keeps_its_enclaves():
    coverage = flat(DENVER, "precinct2020_orig")
    before = audit_faces(polygonal(coverage.geometry))
    proposal = propose(coverage)
    proposal.require_within_limits()
    after = audit_faces(proposal.coverage.geometry)
    assert len(before.overlaps) > 20
    assert after.overlaps == []
    assert len(after.holes) == 9
    assert shape_faults(proposal.left) == []
    # An independent count by overlay.
    shapes = proposal.coverage.geometry
    a, b = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    assert shapely.area(shapely.intersection(shapes[a[a < b]], shapes[b[a < b]])).sum() == 0.0


def test_denver_2020_moves_less_than_a_ten_thousandth_and_only_rows_at_a_fault():
    coverage = flat(DENVER, "precinct2020_orig")
    proposal = propose(coverage)
    assert proposal.moved_share < 1e-4
    assert 10 < proposal.moved_m2 < 25
    same_bytes(proposal, coverage)
    faces = audit_faces(polygonal(coverage.geometry))
    places = np.array([o.geometry for o in faces.overlaps] + list(faces.holes), dtype=object)
    for row in proposal.rows:
        assert shapely.distance(places, row.before).min() < 1e-9
    assert len(proposal.rows) <= 30


@pytest.mark.parametrize("layer", ["precinct2016_orig", "precinct2018_orig"])
def test_denver_layers_without_faults_are_left_alone(layer):
    assert propose(flat(DENVER, layer)).rows == ()


def test_the_bad_region_needs_a_person_or_wider_limits():
    coverage = flat(DENVER, "bad_gap_region")
    proposal = propose(coverage)
    assert proposal.rows == ()
    assert shape_faults(proposal.left) == ["gap"] * 3 + ["overlap"] * 2
    assert len(proposal.refused) == 5
    wide = Scope(overlap_area_m2=1e5)
    with pytest.raises(Conflict, match=r"would give and take 58,977\.\d m²"):
        propose(coverage, scope=wide).require_within_limits()
    raised = propose(coverage, scope=wide, limits=Limits(0.01, 1e5, 0.05))
    raised.require_within_limits()
    assert shape_faults(raised.left) == ["gap"] * 3
    same_bytes(raised, coverage)


def test_frisco_has_four_invalid_precincts_and_four_overlaps_mended():
    coverage, _ = nested(
        FRISCO,
        ("supervisor", "supervisor2012", "id", None, None),
        ("precinct", "precinct2012", "prec_2012", "neighrep", "supdist"),
    )
    proposal = propose(coverage, rebuild_parents=True)
    proposal.require_within_limits()
    assert proposal.counts() == {"overlap": 4, "invalid_geometry": 4, "rebuilt_parent": 11}
    assert shape_faults(proposal.left) == []
    same_bytes(proposal, coverage)


def test_camden_parents_rebuilt_from_their_children_have_no_gap_left():
    coverage, _ = nested(
        CAMDEN,
        ("msoa", "msoa", "MSOA11CD", "MSOA11NM", None),
        ("lsoa", "lsoa", "LSOA11CD", "LSOA11NM", None),
        ("oa", "oa", "OA11CD", None, "LSOA11CD_parent"),
    )
    assert any("753 slivers" in f.text for f in audit(coverage))
    lsoa = coverage.rows("lsoa")
    assert len(audit_faces(polygonal(coverage.geometry[lsoa])).holes) > 700

    proposal = propose(coverage, rebuild_parents=True)
    proposal.require_within_limits()
    assert proposal.counts() == {"rebuilt_parent": 28 + 133}
    after = proposal.coverage
    assert not any("sliver" in f.text for f in audit(after))
    faces = audit_faces(after.geometry[lsoa])
    assert (len(faces.holes), faces.overlaps) == (0, [])
    same_bytes(proposal, coverage)
    oa = coverage.rows("oa")
    assert all(coverage.geometry[r] is after.geometry[r] for r in oa)
