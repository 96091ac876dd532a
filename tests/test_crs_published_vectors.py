"""GCJ-02 and BD-09 against values that other projects publish in their tests.

The forward functions agree with every published forward value to 1e-7 degrees, and our
inverses lead back over those pairs to 1 cm. Published *inverse* values are one step of an
approximation; they are reproduced here by taking that one step, which shows that the
constants are the same, and are otherwise no measure of an exact inverse.
"""

import math

import numpy as np
import pytest

from gridmap.crs import convert, from_wgs84, geodesic_m, to_wgs84

# source, place, system in, system out, lon in, lat in, lon out, lat out
FORWARD = [
    ("eviltransform", "shanghai", "wgs84", "gcj02",
     121.5272106, 31.1774276, 121.531541859215, 31.17530398364597),
    ("eviltransform", "shenzhen", "wgs84", "gcj02",
     113.912316, 22.543847, 113.9171764808363, 22.540796131694766),
    ("eviltransform", "beijing", "wgs84", "gcj02",
     116.377817, 39.911954, 116.38404722455657, 39.91334545536069),
    ("coordtransform", "beijing", "wgs84", "gcj02",
     116.404, 39.915, 116.41024449916938, 39.91640428150164),
    ("gcoord", "123/45", "wgs84", "gcj02",
     123.0, 45.0, 123.00607541, 45.00197815),
    ("coordtransform", "beijing", "gcj02", "bd09",
     116.404, 39.915, 116.41036949371029, 39.92133699351021),
    ("chncrs", "henan 0", "gcj02", "bd09",
     114.68837663801743, 33.63312016454496, 114.69490414027017, 33.639096507711685),
    ("chncrs", "henan 1", "gcj02", "bd09",
     114.68835840204522, 33.632072446353945, 114.69488614273101, 33.63804850387785),
    ("chncrs", "henan 2", "gcj02", "bd09",
     114.68848002806972, 33.63196427051657, 114.69500713986416, 33.63794251496537),
    ("chncrs", "henan 3", "gcj02", "bd09",
     114.68926112541861, 33.63194729708501, 114.69578412001135, 33.63793958798685),
    ("chncrs", "henan 4", "gcj02", "bd09",
     114.68940588838505, 33.6319707051534, 114.6959281162725, 33.637965601694006),
    ("chncrs", "henan 5", "gcj02", "bd09",
     114.69099925796665, 33.63193416046613, 114.69751307493384, 33.63795775348675),
]  # fmt: skip

# One step of the published approximation, BD-09 to GCJ-02.
ONE_STEP_BD = [
    ("coordtransform", 116.404, 39.915, 116.39762729119315, 39.90865673957631),
    ("chncrs", 114.68837663801743, 33.63312016454496, 114.68181603717892, 33.62725656403868),
    ("chncrs", 114.68835840204522, 33.632072446353945, 114.6817979013556, 33.626209199874246),
    ("chncrs", 114.68848002806972, 33.63196427051657, 114.68192013578027, 33.62609903302379),
    ("chncrs", 114.68926112541861, 33.63194729708501, 114.68270503735356, 33.62606909947837),
    ("chncrs", 114.68940588838505, 33.6319707051534, 114.68285050678315, 33.62609007990741),
    ("chncrs", 114.69099925796665, 33.63193416046613, 114.68445184453674, 33.62602638957822),
]

# BD-09 to WGS-84 in the tests of eviltransform. Made by an early version with pi where the
# algorithm has 3000 pi / 180, then one step back: 10 m and 41 m from BD-09 as Baidu has it.
WRONG_CONSTANT = [
    (120.019809, 29.199786, 120.00877901149691, 29.196131605295484),
    (120.036455, 29.210504, 120.0253853970846, 29.206795749156136),
]


def one_step_bd(lon, lat, k):
    """The published BD-09 to GCJ-02 formula, with `k` where it has 3000 pi / 180."""
    x, y = lon - 0.0065, lat - 0.006
    z = math.hypot(x, y) - 0.00002 * math.sin(y * k)
    theta = math.atan2(y, x) - 0.000003 * math.cos(x * k)
    return z * math.cos(theta), z * math.sin(theta)


@pytest.mark.parametrize("row", FORWARD, ids=lambda r: f"{r[0]}-{r[1]}-{r[3]}")
def test_a_published_forward_value_is_met_to_1e_7_degrees(row):
    *_, source, target, x, y, want_x, want_y = row
    got_x, got_y = convert(x, y, source, target)
    assert abs(got_x - want_x) < 1e-7
    assert abs(got_y - want_y) < 1e-7


@pytest.mark.parametrize("row", FORWARD, ids=lambda r: f"{r[0]}-{r[1]}-{r[2]}")
def test_a_published_pair_read_backwards_is_met_to_1_cm(row):
    *_, source, target, x, y, want_x, want_y = row
    got_x, got_y = convert(want_x, want_y, target, source)
    assert geodesic_m(got_x, got_y, x, y) < 0.01


@pytest.mark.parametrize(
    ("lon", "lat"), [(-104.9903, 39.7392), (153.0251, -27.4698), (-43.1729, -22.9068)]
)
@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_denver_brisbane_and_rio_are_not_shifted(system, lon, lat):
    assert from_wgs84(lon, lat, system) == (lon, lat)
    assert to_wgs84(lon, lat, system) == (lon, lat)


def test_the_golden_point_in_jinan_goes_to_gcj02_and_on_to_bd09():
    gcj = from_wgs84(117.06, 36.66, "gcj02")
    bd = convert(*gcj, "gcj02", "bd09")
    np.testing.assert_allclose(gcj, (117.0660671, 36.6604122), rtol=0, atol=1e-7)
    np.testing.assert_allclose(bd, (117.0726711, 36.6660784), rtol=0, atol=1e-7)
    np.testing.assert_allclose(from_wgs84(117.06, 36.66, "bd09"), bd, rtol=0, atol=1e-12)


def test_the_published_round_values_of_beijing_station_agree_to_their_last_digit():
    # Given to five decimals, so half a metre either way in each of the two systems.
    x, y = convert(116.43351, 39.90851, "bd09", "gcj02")
    assert abs(x - 116.42703) < 1e-5
    assert abs(y - 39.90245) < 1e-5


@pytest.mark.parametrize("row", ONE_STEP_BD)
def test_a_published_inverse_of_bd09_is_one_step_of_the_same_formula_and_no_more(row):
    _, x, y, published_x, published_y = row
    assert one_step_bd(x, y, math.pi * 3000 / 180) == pytest.approx(
        (published_x, published_y), abs=1e-12
    )
    exact = convert(x, y, "bd09", "gcj02")
    assert 0.04 < geodesic_m(*exact, published_x, published_y) < 0.14
    assert geodesic_m(*convert(*exact, "gcj02", "bd09"), x, y) < 1e-6


def test_a_published_inverse_of_gcj02_is_one_step_of_the_same_formula_and_no_more():
    x, y, published = 116.404, 39.915, (116.39775550083061, 39.91359571849836)
    once_more = from_wgs84(x, y, "gcj02")
    assert (2 * x - once_more[0], 2 * y - once_more[1]) == pytest.approx(published, abs=1e-12)
    exact = to_wgs84(x, y, "gcj02")
    assert 0.05 < geodesic_m(*exact, *published) < 0.07
    assert geodesic_m(*from_wgs84(*exact, "gcj02"), x, y) < 1e-6


@pytest.mark.parametrize("row", WRONG_CONSTANT)
def test_the_two_published_values_of_yiwu_come_from_a_wrong_constant(row):
    x, y, published_x, published_y = row
    gcj = one_step_bd(x, y, math.pi)
    again = from_wgs84(*gcj, "gcj02")
    assert (2 * gcj[0] - again[0], 2 * gcj[1] - again[1]) == pytest.approx(
        (published_x, published_y), abs=1e-12
    )
    exact = to_wgs84(x, y, "bd09")
    assert 10 < geodesic_m(*exact, published_x, published_y) < 42
    assert geodesic_m(*from_wgs84(*exact, "bd09"), x, y) < 1e-6
