"""There and back again: below 1 mm everywhere, at the edge of the GCJ-02 box included."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.crs import convert, from_wgs84, geodesic_m, in_gcj_area, to_wgs84

WEST, EAST, SOUTH, NORTH = 72.004, 137.8347, 0.8293, 55.8271
BOUNDED = settings(max_examples=60, deadline=None)

in_box = st.tuples(st.floats(WEST, EAST), st.floats(SOUTH, NORTH))
# 135 m either side of the meridian where the square root in the shift has its kink.
at_kink = st.tuples(st.floats(105 - 0.0015, 105 + 0.0015), st.floats(SOUTH, NORTH))
anywhere = st.tuples(st.floats(-180, 180), st.floats(-90, 90))
china = st.tuples(st.floats(73.5, 135.1), st.floats(18.0, 53.6))


def edge(step):
    """Points along the four edges of the box, moved outwards by `step` degrees."""
    lon, lat = np.linspace(WEST, EAST, 400), np.linspace(SOUTH, NORTH, 400)
    return (
        np.concatenate([lon, lon, np.full(400, WEST - step), np.full(400, EAST + step)]),
        np.concatenate([np.full(400, SOUTH - step), np.full(400, NORTH + step), lat, lat]),
    )


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
@BOUNDED
@given(points=st.lists(in_box | at_kink, min_size=1, max_size=50))
def test_a_point_of_the_box_comes_back_within_a_micrometre(system, points):
    lon, lat = np.array(points).T
    back = to_wgs84(*from_wgs84(lon, lat, system), system)
    assert geodesic_m(lon, lat, *back).max() < 1e-6


@BOUNDED
@given(point=china)
def test_gcj02_to_bd09_and_back_stays_within_a_micrometre(point):
    gcj = from_wgs84(*point, "gcj02")
    back = convert(*convert(*gcj, "gcj02", "bd09"), "bd09", "gcj02")
    assert geodesic_m(*gcj, *back) < 1e-6


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
@pytest.mark.parametrize("inwards", [0.0, 1e-12, 1e-6, 0.003, 0.02])
def test_a_point_at_the_edge_of_the_box_comes_back_even_when_its_image_leaves_it(system, inwards):
    lon, lat = edge(-inwards)
    assert in_gcj_area(lon, lat).all()
    x, y = from_wgs84(lon, lat, system)
    assert (~in_gcj_area(x, y)).any() or inwards == 0.02
    assert geodesic_m(lon, lat, *to_wgs84(x, y, system)).max() < 1e-6


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_a_point_outside_the_box_is_not_shifted_even_one_step_of_the_float_away(system):
    lon, lat = np.array([np.nextafter(WEST, 0), 100.0]), np.array([30.0, np.nextafter(SOUTH, 0)])
    x, y = from_wgs84(lon, lat, system)
    assert (x == lon).all()
    assert (y == lat).all()


@pytest.mark.parametrize(("system", "shift_m"), [("gcj02", 740), ("bd09", 1520)])
def test_just_outside_the_box_an_ambiguous_image_is_read_as_the_shifted_point(system, shift_m):
    # Documented: there one image has two sources, and the box wins.
    lon, lat = edge(1e-4)
    back = to_wgs84(*from_wgs84(lon, lat, system), system)
    off = geodesic_m(lon, lat, *back)
    assert off.max() < shift_m
    returned = in_gcj_area(*back)
    assert returned.any()
    assert (off[~returned] == 0).all()


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
@BOUNDED
@given(point=anywhere)
def test_anywhere_on_earth_the_answer_is_finite_and_at_most_one_shift_away(system, point):
    for x, y in (from_wgs84(*point, system), to_wgs84(*point, system)):
        assert np.isfinite(x)
        assert np.isfinite(y)
        assert geodesic_m(*point, x, y) < 1600


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_a_point_has_the_same_answer_alone_as_in_an_array_of_any_length(system):
    rng = np.random.default_rng(5)
    lon, lat = rng.uniform(73, 135, 1003), rng.uniform(18, 54, 1003)
    together = to_wgs84(lon, lat, system)
    for i in range(0, 1003, 59):
        alone = to_wgs84(lon[i], lat[i], system)
        part = to_wgs84(lon[i : i + 3], lat[i : i + 3], system)
        assert (alone[0], alone[1]) == (together[0][i], together[1][i])
        assert (part[0] == together[0][i : i + 3]).all()
        assert (part[1] == together[1][i : i + 3]).all()
