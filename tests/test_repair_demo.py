"""The demo's district with faults put in: found, mended, the rest untouched."""

import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.auditing.audit import audit
from gridmap.coverage.model import Coverage
from gridmap.coverage.repair.propose import Limits, Scope, propose
from tests.demo_built import shapes

CODES = "{:05d}"
ROOMY = Limits(total_share=0.01, row_m2=1e5, row_share=0.3)


def micro_grids(polygons):
    areas = [Area(-1, "microgrid", CODES.format(i), "") for i in range(len(polygons))]
    return Coverage.build("demo", Levels(["microgrid"]), areas, polygons)


@pytest.fixture(scope="module")
def clean():
    return np.array(shapes("microgrid"), dtype=object)


def test_a_clean_district_needs_nothing(clean):
    assert propose(micro_grids(clean)).rows == ()


def test_forty_seeded_faults_are_mended_and_nothing_else_changes(clean):
    dice = np.random.default_rng(20260301)
    faulty = clean.copy()
    chosen = dice.choice(len(clean), 40, replace=False)
    for number, row in enumerate(chosen):
        corners = shapely.get_coordinates(clean[row])
        corner = corners[dice.integers(len(corners))]
        # A decimetre to some metres, in or out.
        by = dice.uniform(-1, 1, 2) * (1e-6 if number % 2 else 3e-5)
        moved = shapely.transform(
            clean[row], lambda xy, at=corner, by=by: xy + by * (xy == at).all(axis=1)[:, None]
        )
        if moved.is_valid:
            faulty[row] = moved
    coverage = micro_grids(faulty)
    assert any(f.kind in {"gap", "overlap"} for f in audit(coverage))
    proposal = propose(coverage, limits=ROOMY, scope=Scope(gap_width_m=50.0))
    proposal.require_within_limits()
    kinds = {f.kind for f in audit(proposal.coverage, min_area_m2=0.0)}
    assert not kinds & {"gap", "overlap", "sliver_gap", "sliver_overlap", "invalid_geometry"}
    near = shapely.STRtree(clean[chosen]).query(clean, predicate="dwithin", distance=2e-7)[0]
    changed = {row.row for row in proposal.rows}
    assert changed <= set(near.tolist())
    for row in range(len(clean)):
        same = shapely.to_wkb(proposal.coverage.geometry[row]) == shapely.to_wkb(faulty[row])
        assert same == (row not in changed)


def test_areas_that_are_in_order_are_nearly_as_large_as_before_the_faults(clean):
    faulty = clean.copy()
    faulty[100] = shapely.transform(clean[100], lambda xy: xy + 1e-6)
    proposal = propose(micro_grids(faulty), limits=ROOMY)
    difference = shapely.area(proposal.coverage.geometry) / shapely.area(clean) - 1
    assert np.abs(difference).max() < 0.01
