"""NaN, infinite, out of range, empty and ill-shaped input."""

import numpy as np
import pytest

from gridmap.crs import (
    convert,
    from_wgs84,
    geodesic_m,
    in_gcj_area,
    metres_per_degree,
    to_wgs84,
    valid_lonlat,
)
from gridmap.errors import BadValue

SYSTEMS = ["wgs84", "cgcs2000", "gcj02", "bd09", "EPSG:4548", "EPSG:3857"]
BAD = [
    (np.nan, 36.0),
    (117.0, np.nan),
    (np.inf, 36.0),
    (117.0, -np.inf),
    (180.0001, 36.0),
    (117.0, 90.0001),
    (1e308, -1e308),
]


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_element_is_nan_in_both_results_and_spoils_no_other(system, bad):
    x, y = from_wgs84([117.0, bad[0], 117.1], [36.6, bad[1], 36.7], system)
    assert np.isnan([x[1], y[1]]).all()
    alone = from_wgs84([117.0, 117.1], [36.6, 36.7], system)
    assert (x[[0, 2]] == alone[0]).all()
    assert (y[[0, 2]] == alone[1]).all()


@pytest.mark.parametrize("system", ["wgs84", "cgcs2000", "gcj02", "bd09"])
@pytest.mark.parametrize("bad", BAD)
def test_a_bad_element_on_the_way_to_wgs84_is_nan_in_both(system, bad):
    lon, lat = to_wgs84([bad[0], 117.0], [bad[1], 36.6], system)
    assert np.isnan([lon[0], lat[0]]).all()
    assert np.isfinite([lon[1], lat[1]]).all()


@pytest.mark.parametrize("bad", [(np.nan, 4e6), (5e5, np.inf), (1e300, 4e6), (-4e7, 4e6)])
def test_an_impossible_easting_is_nan_in_both(bad):
    lon, lat = to_wgs84([bad[0], 500000.0], [bad[1], 4059000.0], "EPSG:4548")
    assert np.isnan([lon[0], lat[0]]).all()
    assert lon[1] == pytest.approx(117.0, abs=1e-9)


@pytest.mark.parametrize("source", SYSTEMS)
@pytest.mark.parametrize("target", SYSTEMS)
def test_empty_arrays_give_empty_arrays(source, target):
    x, y = convert([], [], source, target)
    assert x.shape == y.shape == (0,)
    assert x.dtype == y.dtype == np.float64


@pytest.mark.parametrize("system", SYSTEMS)
def test_shapes_are_kept_and_a_scalar_gives_an_array_without_dimensions(system):
    x, y = from_wgs84(np.full((2, 3), 117.0), 36.6, system)
    assert x.shape == y.shape == (2, 3)
    assert from_wgs84(117.0, 36.6, system)[0].shape == ()


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_input_is_left_as_it_was_and_not_shared(system):
    lon, lat = np.array([117.0, np.inf]), np.array([36.6, 1.0])
    x, _ = from_wgs84(lon, lat, system)
    x[0] = 0
    assert lon.tolist() == [117.0, np.inf]
    assert lat.tolist() == [36.6, 1.0]


def test_none_and_text_of_numbers_are_read_as_missing_and_as_numbers():
    lon, lat = to_wgs84([None, "117.5"], [36.0, 36.5], "wgs84")
    assert np.isnan(lon[0])
    assert (lon[1], lat[1]) == (117.5, 36.5)


@pytest.mark.parametrize(("x", "y"), [(["east"], [1.0]), ([1.0, 2.0], [1.0, 2.0, 3.0])])
def test_words_and_unequal_lengths_are_refused(x, y):
    with pytest.raises(BadValue, match="as many x as y"):
        to_wgs84(x, y, "wgs84")


def test_validity_takes_the_ends_of_the_range_and_nothing_beyond():
    lon = [-180.0, 180.0, 180.1, np.nan, 0.0, 0.0]
    lat = [-90.0, 90.0, 0.0, 0.0, np.inf, 91.0]
    assert valid_lonlat(lon, lat).tolist() == [True, True, False, False, False, False]
    assert valid_lonlat([], []).shape == (0,)


def test_the_box_takes_its_edges_and_no_nan():
    lon = np.array([72.004, 137.8347, 72.0039, np.nan, 100.0, 100.0])
    lat = np.array([0.8293, 55.8271, 30.0, 30.0, 0.8292, np.nan])
    assert in_gcj_area(lon, lat).tolist() == [True, True, False, False, False, False]


def test_distances_of_missing_points_are_nan():
    got = geodesic_m([117.0, np.nan, 117.0], [36.0, 36.0, np.inf], 117.0, 36.0)
    assert got[0] == 0
    assert np.isnan(got[1:]).all()
    assert geodesic_m([], [], [], []).shape == (0,)


def test_the_length_of_a_degree_is_nan_for_a_missing_latitude():
    kx, ky = metres_per_degree([np.nan, 91.0, np.inf])
    assert np.isnan(kx).all()
    assert np.isnan(ky).all()
    assert metres_per_degree([])[0].shape == (0,)
