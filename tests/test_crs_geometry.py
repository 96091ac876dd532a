"""Whole geometries, and lengths on the ellipsoid."""

import itertools

import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon

from gridmap.crs import (
    from_wgs84,
    geodesic_m,
    metres_per_degree,
    to_wgs84,
    transform_geometry,
    use_offset,
)
from gridmap.errors import BadValue, UnknownCoordSys

RING = [(117.0, 36.6), (117.01, 36.6), (117.01, 36.61), (117.0, 36.61)]
HOLE = [(117.002, 36.602), (117.004, 36.602), (117.004, 36.604)]
SHAPES = [
    Point(117.0, 36.6),
    LineString(RING),
    Polygon(RING, [HOLE]),
    MultiPolygon([Polygon(RING), Polygon([(117.1, 36.6), (117.2, 36.6), (117.2, 36.7)])]),
]


def array(*shapes):
    out = np.empty(len(shapes), dtype=object)
    out[:] = shapes
    return out


@pytest.mark.parametrize("system", ["gcj02", "bd09", "EPSG:4548", "cgcs2000"])
@pytest.mark.parametrize("shape", SHAPES, ids=lambda s: s.geom_type)
def test_every_vertex_is_where_the_array_function_puts_it(system, shape):
    (moved,) = transform_geometry(array(shape), "wgs84", system)
    x, y = from_wgs84(*shapely.get_coordinates(shape).T, system)
    assert np.array_equal(shapely.get_coordinates(moved), np.column_stack([x, y]))
    assert moved.geom_type == shape.geom_type
    assert moved.is_valid


@pytest.mark.parametrize("system", ["gcj02", "bd09", "EPSG:4548"])
def test_geometries_come_back_within_a_micrometre(system):
    there = transform_geometry(array(*SHAPES), "wgs84", system)
    back = transform_geometry(there, system)
    before, after = shapely.get_coordinates(array(*SHAPES)), shapely.get_coordinates(back)
    assert geodesic_m(*before.T, *after.T).max() < 1e-6


def test_neighbours_keep_their_common_vertices_exactly():
    # Vertices are converted alike wherever they stand in whichever array.
    rng = np.random.default_rng(3)
    xs, ys = np.sort(rng.uniform(117, 117.2, 40)), np.sort(rng.uniform(36.5, 36.7, 40))
    cells = itertools.product(itertools.pairwise(xs), itertools.pairwise(ys))
    boxes = array(*(shapely.box(a, c, b, d) for (a, b), (c, d) in cells))
    moved = transform_geometry(boxes, "gcj02")
    assert shapely.coverage_is_valid(moved)
    assert len(np.unique(shapely.get_coordinates(moved), axis=0)) == 1600


def test_heights_and_measures_are_dropped():
    shape = array(Point(117, 36.6, 50), shapely.from_wkt("LINESTRING M (117 36 1, 117.1 36 2)"))
    for system in ("wgs84", "gcj02"):
        moved = transform_geometry(shape, "wgs84", system)
        assert not shapely.has_z(moved).any()
        assert not shapely.has_m(moved).any()


def test_none_stays_none_and_empty_stays_empty():
    moved = transform_geometry(array(None, Polygon(), Point(117, 36.6)), "gcj02")
    assert moved[0] is None
    assert moved[1].is_empty
    assert not moved[2].is_empty
    assert transform_geometry(array(), "gcj02").shape == (0,)


def test_the_input_is_left_as_it_was():
    shapes = array(*SHAPES)
    transform_geometry(shapes, "gcj02")
    assert [s.wkb for s in shapes] == [s.wkb for s in SHAPES]


def test_vertices_out_of_range_are_refused_with_the_row_and_the_repair():
    shapes = array(Point(117, 36.6), Polygon([(5e5, 4e6), (5e5, 4.1e6), (6e5, 4.1e6)]))
    with pytest.raises(BadValue, match=r"4 vertices in 1 geometries.*row 2\..*500000 4000000"):
        transform_geometry(shapes, "wgs84")


def test_an_unknown_system_is_refused_even_for_no_geometry():
    with pytest.raises(UnknownCoordSys):
        transform_geometry(array(), "nowhere")


@pytest.mark.parametrize("lat", [-89.0, -36.0, 0.0, 36.66, 60.0, 89.0])
def test_the_length_of_a_degree_agrees_with_the_geodesic(lat):
    kx, ky = metres_per_degree(lat)
    step = 1e-4
    assert kx * step == pytest.approx(geodesic_m(0, lat, step, lat), rel=1e-7)
    assert ky * step == pytest.approx(geodesic_m(0, lat - step / 2, 0, lat + step / 2), rel=1e-7)


def test_the_length_of_a_degree_at_the_equator_and_the_poles_is_that_of_the_ellipsoid():
    kx, ky = metres_per_degree([0.0, 90.0])
    assert kx[0] == pytest.approx(111_319.4908, abs=1e-4)
    assert kx[1] == pytest.approx(0.0, abs=1e-8)
    assert ky == pytest.approx([110_574.2758, 111_693.9797], abs=1e-3)


def test_a_plane_distance_within_a_kilometre_is_good_to_one_in_ten_thousand():
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(73, 135, 500), rng.uniform(18, 54, 500)
    dx, dy = rng.uniform(-700, 700, 500), rng.uniform(-700, 700, 500)
    kx, ky = metres_per_degree(lat)
    true = geodesic_m(lon, lat, lon + dx / kx, lat + dy / ky)
    assert np.abs(np.hypot(dx, dy) / true - 1).max() < 1.5e-4


def test_a_site_can_put_its_own_conversion_in_place():
    class Authorised:
        def forward(self, lon, lat):
            return lon + 0.005, lat + 0.001

        def inverse(self, x, y):
            return x - 0.005, y - 0.001

    replaced = use_offset("gcj02", Authorised())
    try:
        assert from_wgs84(117.0, 36.0, "火星坐标") == (117.005, 36.001)
        assert to_wgs84(117.005, 36.001, "gcj02") == pytest.approx((117.0, 36.0))
    finally:
        use_offset("gcj02", replaced)
    assert from_wgs84(117.06, 36.66, "gcj02")[0] == pytest.approx(117.0660671, abs=1e-7)


def test_only_the_shifted_systems_can_be_replaced():
    with pytest.raises(UnknownCoordSys, match="bd09, gcj02"):
        use_offset("wgs84", object())
