import numpy as np
import pytest
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.auditing.audit import audit, has_faults
from gridmap.coverage.model import Coverage
from gridmap.crs import metres_per_degree
from tests.partitions import LAT, lattice, merged, two_levels

E, N = (1 / float(k) for k in metres_per_degree(LAT))  # a metre, in degrees
CELLS = lattice(6, 6, jitter=0.0)
GROUPS = np.repeat([0, 1, 2], 12)
PARENTS = merged(CELLS, GROUPS)


def kinds(faults):
    return [(f.kind, f.severity) for f in faults]


def grown(polygon, metres):
    x0, y0, x1, y1 = polygon.bounds
    return shapely.box(x0, y0, x1 + metres * E, y1)


@pytest.mark.parametrize("seed", range(4))
def test_parents_that_are_the_union_of_their_children_have_no_faults(seed):
    cells = lattice(8, 8, seed)
    groups = np.random.default_rng(seed).integers(0, 5, 64)
    assert {f.kind for f in audit(two_levels(cells, groups), min_area_m2=0.0)} <= {"island"}


def test_parents_without_declared_polygons_have_no_faults():
    nothing = np.full(3, None, dtype=object)
    assert audit(two_levels(CELLS, GROUPS, nothing)) == []


def test_a_child_beyond_its_parent_is_told_with_area_and_share():
    declared = PARENTS.copy()
    declared[0] = grown(PARENTS[0], -20)
    declared[1] = shapely.union(PARENTS[1], PARENTS[0].difference(declared[0]))
    faults = audit(two_levels(CELLS, GROUPS, declared))
    assert kinds(faults) == [("outside_parent", "warning")] * 6
    first = faults[0]
    assert first.codes[1] == "100"
    assert first.area_m2 == pytest.approx(20 * 111, rel=0.01)
    assert "22.3% of it" in first.text or "22.4% of it" in first.text
    assert first.geometry.covers(shapely.Point(first.lon, first.lat))


def test_a_child_that_lies_mostly_in_another_parent_disagrees():
    coverage = two_levels(CELLS, GROUPS, PARENTS, wrong_parent={3: 2})
    (fault,) = audit(coverage)
    assert (fault.kind, fault.severity, fault.level) == ("parent_disagrees", "warning", "grid")
    assert fault.codes == ("1020004", "102")
    assert "community 100" in fault.text


def test_a_child_that_lies_in_no_declared_polygon_is_outside_its_parent():
    declared = PARENTS.copy()
    declared[1] = shapely.box(118, 37, 118.001, 37.001)
    faults = audit(two_levels(CELLS, GROUPS, declared))
    assert kinds(faults) == [("outside_parent", "warning")] * 12 + [
        ("parent_not_covered", "warning")
    ]


def test_a_declared_part_that_no_child_covers_is_told():
    declared = PARENTS.copy()
    declared[2] = grown(PARENTS[2], 50)
    (fault,) = audit(two_levels(CELLS, GROUPS, declared))
    assert (fault.kind, fault.level, fault.codes) == ("parent_not_covered", "community", ("102",))
    assert fault.area_m2 == pytest.approx(50 * 6 * 111, rel=0.01)


def test_a_missing_atom_at_the_outer_border_is_told_by_its_parent():
    keep = np.arange(36) != 33
    (fault,) = audit(two_levels(CELLS[keep], GROUPS[keep], PARENTS))
    assert (fault.kind, fault.codes) == ("parent_not_covered", ("102",))
    assert fault.geometry.equals_exact(shapely.MultiPolygon([CELLS[33]]), 1e-9, normalize=True)


def test_levels_drawn_apart_are_counted_in_one_line_and_are_no_fault():
    declared = shapely.transform(PARENTS, lambda xy: xy + 0.002 * N * np.sin(1e6 * xy))
    faults = audit(two_levels(CELLS, GROUPS, declared))
    assert {f.kind for f in faults} == {"levels_drawn_apart"}
    assert not has_faults(faults)
    assert sum(f.area_m2 for f in faults) > 0


def test_the_same_uncovered_place_is_told_once_at_the_finest_level():
    outer = grown(shapely.union_all(PARENTS), 50)
    declared = PARENTS.copy()
    declared[2] = grown(PARENTS[2], 50)
    areas = [Area(-1, "subdistrict", "1", "辛安街道")]
    areas += [
        Area(-1, "community", f"1{n}", f"{n}社区", parent_level="subdistrict", parent_code="1")
        for n in range(3)
    ]
    areas += [
        Area(-1, "grid", f"1{g}{n:03d}", f"{n}号", parent_level="community", parent_code=f"1{g}")
        for n, g in enumerate(GROUPS)
    ]
    levels = Levels(["subdistrict", "community", "grid"])
    coverage = Coverage.build("draft", levels, areas, [outer, *declared, *CELLS])
    (fault,) = audit(coverage)
    assert (fault.kind, fault.level, fault.codes) == ("parent_not_covered", "community", ("12",))


def test_a_child_beyond_its_parent_is_found_two_levels_up_too():
    small = grown(shapely.union_all(PARENTS), -30)
    areas = [Area(-1, "subdistrict", "1", "辛安街道")]
    areas += [
        Area(-1, "community", f"1{n}", f"{n}社区", parent_level="subdistrict", parent_code="1")
        for n in range(3)
    ]
    areas += [
        Area(-1, "grid", f"1{g}{n:03d}", f"{n}号", parent_level="community", parent_code=f"1{g}")
        for n, g in enumerate(GROUPS)
    ]
    levels = Levels(["subdistrict", "community", "grid"])
    coverage = Coverage.build("draft", levels, areas, [small, *[None] * 3, *CELLS])
    (fault,) = audit(coverage)
    assert (fault.kind, fault.level, fault.codes) == ("outside_parent", "community", ("12", "1"))


def test_an_area_without_children_among_others_with_some_is_mentioned():
    keep = GROUPS != 2
    (fault,) = audit(two_levels(CELLS[keep], GROUPS[keep], PARENTS))
    assert (fault.kind, fault.severity, fault.codes) == ("no_children", "info", ("102",))


def test_a_broken_declared_polygon_is_a_warning_of_its_level():
    declared = PARENTS.copy()
    ring = shapely.get_coordinates(PARENTS[0])
    ring = np.insert(ring[:-1], 2, ring[1] + (ring[2] - ring[1]) * 2, axis=0)
    declared[0] = shapely.Polygon(ring)
    assert not declared[0].is_valid
    faults = audit(two_levels(CELLS, GROUPS, declared))
    assert kinds(faults)[0] == ("invalid_geometry", "warning")
    assert faults[0].codes == ("100",)
