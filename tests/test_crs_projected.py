"""CGCS2000, its Gauss-Krueger zones and other EPSG systems."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Transformer

from gridmap.crs import convert, from_wgs84, geodesic_m, to_wgs84

# place, longitude, latitude, central meridian, EPSG without and with the zone number
CITIES = [
    ("Xuchang", 113.8, 34.03, 114, 4547, 4526),
    ("Jinan", 117.06, 36.66, 117, 4548, 4527),
    ("Jining", 116.6, 35.4, 117, 4548, 4527),
    ("Qingdao", 120.1, 35.95, 120, 4549, 4528),
    ("Huinan", 126.05, 42.68, 126, 4551, 4530),
]
ZONES = [(4534 + i, 4513 + i, 75 + 3 * i, 25 + i) for i in range(21)]


@pytest.mark.parametrize(("place", "lon", "lat", "meridian", "cm", "zone"), CITIES)
def test_a_city_falls_near_the_middle_of_its_zone_in_both_series(
    place, lon, lat, meridian, cm, zone
):
    easting, northing = from_wgs84(lon, lat, f"EPSG:{cm}")
    assert abs(easting - 500_000) < 100_000
    assert 3.7e6 < northing < 4.8e6
    numbered, same_northing = from_wgs84(lon, lat, f"EPSG:{zone}")
    assert numbered == pytest.approx(easting + meridian // 3 * 1_000_000, abs=1e-6)
    assert same_northing == pytest.approx(northing, abs=1e-6)
    assert len(str(int(easting))) == 6
    assert len(str(int(numbered))) == 8


@pytest.mark.parametrize(("cm", "zone", "meridian", "number"), ZONES)
def test_every_zone_has_its_central_meridian_at_500_km(cm, zone, meridian, number):
    lon, lat = to_wgs84([500_000.0], [4_000_000.0], f"EPSG:{cm}")
    assert lon[0] == pytest.approx(meridian, abs=1e-12)
    lon2, lat2 = to_wgs84([number * 1e6 + 500_000.0], [4_000_000.0], f"EPSG:{zone}")
    assert (lon2[0], lat2[0]) == pytest.approx((lon[0], lat[0]), abs=1e-12)


def test_the_meridian_arc_agrees_with_the_series_of_the_survey_handbook():
    # Northing on the central meridian at 45 N on the CGCS2000 ellipsoid, by Helmert's series:
    # 111132.952547 * 45 - 16038.508797 * sin 90 + 16.832613 * sin 180 - 0.021975 * sin 270.
    _, northing = from_wgs84(126.0, 45.0, "EPSG:4551")
    assert northing == pytest.approx(111132.952547 * 45 - 16038.508797 + 0.021975, abs=0.001)


@pytest.mark.parametrize("cm", [4547, 4548, 4549, 4551])
@settings(max_examples=40, deadline=None)
@given(off=st.floats(-1.5, 1.5), lat=st.floats(18, 53))
def test_a_point_of_the_zone_comes_back_within_a_micrometre(cm, off, lat):
    lon = 75 + 3 * (cm - 4534) + off
    back = to_wgs84(*from_wgs84(lon, lat, f"EPSG:{cm}"), f"EPSG:{cm}")
    assert geodesic_m(lon, lat, *back) < 1e-6


def test_cgcs2000_is_treated_as_equal_to_wgs84():
    lon, lat = np.array([117.06, 126.05]), np.array([36.66, 42.68])
    assert np.array_equal(from_wgs84(lon, lat, "cgcs2000"), (lon, lat))
    assert np.array_equal(to_wgs84(lon, lat, "4490"), (lon, lat))
    here = from_wgs84(lon[:1], lat[:1], "EPSG:4548")
    proj = Transformer.from_crs(4490, 4548, always_xy=True).transform(lon[:1], lat[:1])
    np.testing.assert_allclose(here, proj, rtol=0, atol=1e-9)


@pytest.mark.parametrize("code", [4490, 4547, 4526])
def test_longitude_and_easting_come_first_although_epsg_declares_the_reverse(code):
    first_axis = CRS(code).axis_info[0].direction
    assert first_axis == "north"
    x, y = from_wgs84(114.1, 34.0, f"EPSG:{code}")
    if code == 4490:
        assert (x, y) == (114.1, 34.0)
    else:
        assert x % 1_000_000 == pytest.approx(509_238.5, abs=1)
        assert y == pytest.approx(3_763_666, abs=10)


@pytest.mark.parametrize(
    ("x", "y", "system"),
    [
        (3_763_661.0, 500_000.0, "EPSG:4547"),  # northing written first
        (38_500_000.0, 3_763_661.0, "EPSG:4547"),  # easting with zone number, series without
        (500_000.0, 3_763_661.0, "EPSG:4526"),  # and the reverse
        (114.0, 34.0, "EPSG:4547"),  # degrees taken for metres
    ],
)
def test_swapped_axes_wrong_series_and_degrees_for_metres_are_out_of_range(x, y, system):
    assert np.isnan(to_wgs84(x, y, system)).all()


def test_a_whole_province_in_one_zone_is_still_in_range():
    # Shandong reaches 5.7 degrees east of the meridian of Jinan.
    back = to_wgs84(*from_wgs84(122.7, 37.4, "EPSG:4548"), "EPSG:4548")
    assert back == pytest.approx((122.7, 37.4), abs=1e-9)


@pytest.mark.parametrize("lat", [18.5, 36.0, 53.0])
@pytest.mark.parametrize(("zone", "other"), [(4526, 4527), (4527, 4526), (4497, 4498)])
def test_an_easting_of_the_neighbouring_numbered_zone_is_out_of_range(zone, other, lat):
    meridian = 114.0 if zone == 4526 else 117.0 if zone == 4527 else 111.0
    easting, northing = from_wgs84(meridian + 0.1, lat, f"EPSG:{zone}")
    assert np.isfinite(easting)
    assert np.isnan(to_wgs84(easting, northing, f"EPSG:{other}")).all()


def test_what_lies_in_the_next_numbered_zone_has_no_easting_in_this_one():
    assert np.isnan(from_wgs84(125.0, 36.0, "EPSG:4526")).all()


def test_a_numbered_zone_that_is_in_no_register_is_told_by_its_false_easting():
    text = CRS(4526).to_wkt("WKT1_ESRI").replace("114.0", "114.3")
    assert to_wgs84(38_500_000.0, 3_763_661.0, text)[0] == pytest.approx(114.3, abs=1e-9)
    assert np.isnan(to_wgs84(39_500_000.0, 3_763_661.0, text)).all()


def test_a_whole_province_in_one_numbered_zone_is_still_in_range():
    # The east end of Shandong: its easting begins with the number of the next zone.
    easting, northing = from_wgs84(122.7, 37.4, "EPSG:4527")
    assert 40_000_000 < easting < 40_010_000
    assert to_wgs84(easting, northing, "EPSG:4527") == pytest.approx((122.7, 37.4), abs=1e-9)


def test_a_point_far_from_the_zone_is_out_of_range():
    assert np.isnan(from_wgs84(-104.99, 39.74, "EPSG:4547")).all()


def test_a_projection_of_the_united_states_in_feet_agrees_with_proj():
    x, y = from_wgs84([-104.99], [39.74], "EPSG:2232")
    want = Transformer.from_crs(4326, 2232, always_xy=True).transform([-104.99], [39.74])
    np.testing.assert_allclose((x, y), want, rtol=0, atol=1e-6)
    np.testing.assert_allclose(to_wgs84(x, y, "EPSG:2232"), ([-104.99], [39.74]), atol=1e-9)


def test_a_system_across_the_date_line_takes_both_sides_of_it():
    lon, lat = to_wgs84(*from_wgs84([179.5, -179.5], [-17.8, -17.8], "EPSG:3460"), "EPSG:3460")
    np.testing.assert_allclose(lon, [179.5, -179.5], atol=1e-6)
    np.testing.assert_allclose(lat, [-17.8, -17.8], atol=1e-6)


def test_from_a_zone_to_gcj02_passes_through_wgs84_once():
    easting, northing = from_wgs84(117.06, 36.66, "EPSG:4548")
    assert convert(easting, northing, "EPSG:4548", "amap") == pytest.approx(
        (117.0660671, 36.6604122), abs=1e-7
    )


@pytest.mark.parametrize("version", ["WKT2_2019", "WKT1_GDAL", "WKT1_ESRI"])
@pytest.mark.parametrize("code", [4547, 32649])
def test_a_definition_outside_the_registers_is_usable_as_it_stands(code, version):
    meridian = r"(?i)(central.meridian|longitude of natural origin)(\W+)11[14]\b"
    text = re.sub(meridian, r"\g<1>\g<2>114.3", CRS(code).to_wkt(version))
    assert to_wgs84(500_000.0, 3_763_661.0, text)[0] == pytest.approx(114.3, abs=1e-9)


def test_converting_to_the_system_itself_only_checks_the_range():
    x, y = convert([117.0, 200.0], [36.0, 36.0], "GCJ-02", "gcj02")
    assert (x[0], y[0]) == (117.0, 36.0)
    assert np.isnan([x[1], y[1]]).all()
