"""Every kind of fault put into clean boundaries is found, each where it is, and no other."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.auditing.audit import audit, has_faults
from gridmap.coverage.model import Coverage
from tests.demo_built import district
from tests.injected import INJECTIONS, Expected, Workshop, lattice_coverage

LEVELS = ("subdistrict", "community", "grid", "microgrid")


@cache
def demo():
    """The demo district's 2,623 micro-grids with the declared polygons of all levels."""
    areas, shapes = [], []
    for rank, name in enumerate(LEVELS):
        for row in district().layers[name].itertuples():
            above = (LEVELS[rank - 1], row.parent_code) if rank else (None, None)
            areas.append(Area(-1, name, row.code, row.name, "", *above))
            shapes.append(row.geometry)
    return Coverage.build("demo", Levels(LEVELS), areas, shapes)


@cache
def large():
    """30,000 micro-grids in 1,200 grids."""
    return lattice_coverage(200, 150)


def is_found(expected: Expected, faults):
    return any(
        fault.kind == expected.kind
        and set(expected.codes) <= set(fault.codes)
        and (expected.area_m2 is None or fault.area_m2 == pytest.approx(expected.area_m2, rel=0.02))
        and (fault.geometry is None or fault.geometry.covers(shapely.Point(fault.lon, fault.lat)))
        for fault in faults
    )


def check(coverage, faults, expected):
    missed = [e for e in expected if not is_found(e, faults)]
    assert missed == []
    loud = Counter(f.kind for f in faults if f.severity != "info")
    assert loud == Counter(e.kind for e in expected)
    placed = [f for f in faults if f.kind != "empty_geometry"]
    assert all(f.lon is not None and f.lat is not None for f in placed)


def test_the_clean_demo_district_has_no_faults_and_its_exclaves_are_told():
    coverage = demo()
    faults = audit(coverage)
    assert len(coverage.atoms) == 2623
    assert not has_faults(faults)
    assert {f.kind for f in faults} == {"island"}
    parts = shapely.get_num_geometries(coverage.geometry) > 1
    assert {f.codes[0] for f in faults} == set(coverage.code[parts])


@pytest.mark.parametrize("inject", INJECTIONS, ids=lambda f: f.__name__)
def test_each_kind_of_fault_is_found_in_the_demo_district(inject):
    shop = Workshop.on(demo(), seed=INJECTIONS.index(inject))
    for _ in range(3):
        inject(shop)
    coverage = shop.build()
    check(coverage, audit(coverage), shop.expected)


@pytest.mark.parametrize("seed", [1, 2])
def test_all_kinds_together_are_found_in_the_demo_district(seed):
    shop = Workshop.on(demo(), seed)
    for inject in INJECTIONS:
        for _ in range(3):
            inject(shop)
    coverage = shop.build()
    check(coverage, audit(coverage), shop.expected)


def test_all_kinds_together_are_found_among_30000_atoms():
    assert audit(large()) == []
    shop = Workshop.on(large(), 5)
    for inject in INJECTIONS:
        for _ in range(10):
            inject(shop)
    coverage = shop.build()
    check(coverage, audit(coverage), shop.expected)
