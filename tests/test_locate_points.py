"""Points as they come in: coordinate systems, unreadable values, and the warnings."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import numpy as np
import pytest

from gridmap.crs import from_wgs84
from gridmap.errors import BadValue, UnknownCoordSys
from gridmap.locate.atlas import Atlas, Validity
from gridmap.locate.locator import Locator
from gridmap.locate.model import Location, LocationStatus, Points
from tests.specimens import at, nested, objects, specimen

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def atlas_of(locator: Locator) -> Atlas:
    validity = Validity("e", datetime(2026, 1, 1, tzinfo=UTC), None, lambda: locator)
    return Atlas([validity], locator.coverage.levels)


@pytest.fixture(scope="module")
def atlas() -> Atlas:
    return atlas_of(Locator(nested()))


def locate(atlas: Atlas, x: object, y: object, **how: object) -> Location:
    return atlas.locate_one(x, y, now=NOW, **how)


@pytest.mark.parametrize(
    "coord_sys",
    ["wgs84", "WGS-84", "cgcs2000", "gcj02", "bd09", "EPSG:4547", "EPSG:4548", "4490", "火星坐标"],
)
def test_a_point_is_found_in_any_system(atlas: Atlas, coord_sys: str) -> None:
    lon, lat = at(32, 96)
    x, y = from_wgs84([lon], [lat], coord_sys)
    answer = locate(atlas, x[0], y[0], coord_sys=coord_sys)
    assert answer.areas["grid"] == "1002"
    assert (answer.lon, answer.lat) == pytest.approx((lon, lat), abs=1e-8)
    assert answer.warning == ""


def test_each_point_may_have_its_own_system(atlas: Atlas) -> None:
    names = ["wgs84", "gcj02", "bd09", "EPSG:4548", "gcj02", "GCJ-02"] * 3
    lon, lat = at(32, 96)
    xy = [from_wgs84([lon], [lat], name) for name in names]
    x, y = np.array([p[0][0] for p in xy]), np.array([p[1][0] for p in xy])
    answers = atlas.locate(Points(x, y, coord_sys=objects(names)), now=NOW)
    assert answers.codes["grid"].tolist() == ["1002"] * len(names)
    assert answers.lon == pytest.approx(np.full(len(names), lon), abs=1e-8)


def test_an_unknown_system_of_one_point_makes_that_point_invalid(atlas: Atlas) -> None:
    lon, lat = at(32, 96)
    names = objects(["wgs84", "mars", None, math.nan, ""])
    answers = atlas.locate(Points(np.full(5, lon), np.full(5, lat), coord_sys=names), now=NOW)
    assert answers.status.tolist() == ["inside"] + ["invalid"] * 4
    assert answers.warning.tolist() == [""] + ["unknown_coord_sys"] * 4
    assert np.isnan(answers.lon[1:]).all()


def test_an_unknown_system_for_all_points_is_refused(atlas: Atlas) -> None:
    with pytest.raises(UnknownCoordSys, match="mars"):
        locate(atlas, 117.0, 36.5, coord_sys="mars")


@pytest.mark.parametrize(
    ("x", "y", "coord_sys", "warning"),
    [
        (math.nan, 36.5, "wgs84", "missing"),
        (117.0, None, "gcj02", "missing"),
        (math.inf, 36.5, "wgs84", "out_of_range"),
        (117.0, -math.inf, "EPSG:4548", "out_of_range"),
        (36.5, 117.0, "wgs84", "out_of_range"),
        (181.0, 36.5, "bd09", "out_of_range"),
        (0.0, 0.0, "wgs84", "null_island"),
        (0.0, -0.0, "gcj02", "null_island"),
    ],
)
def test_impossible_coordinates_are_invalid_with_the_reason(
    atlas: Atlas, x: object, y: object, coord_sys: str, warning: str
) -> None:
    answer = locate(atlas, x, y, coord_sys=coord_sys)
    assert answer.location_status is LocationStatus.INVALID
    assert (answer.lon, answer.lat, answer.areas) == (None, None, {})
    assert answer.warning == warning


def test_zero_zero_is_judged_in_the_system_given() -> None:
    case = specimen("around_zero")
    atlas = atlas_of(Locator(case.coverage()))
    assert locate(atlas, 0.0, 0.0).location_status is LocationStatus.INVALID
    assert locate(atlas, 1e-9, 0.0).location_status is LocationStatus.BOUNDARY
    # Nothing but zero in both is suspicious: 500 km west of the meridian is a place.
    west = locate(atlas, 0.0, 4040000.0, coord_sys="EPSG:4548")
    assert west.location_status is LocationStatus.OUTSIDE
    assert locate(atlas, 0.0, 0.0, coord_sys="EPSG:4548").warning == "null_island"


def test_the_reason_why_a_point_could_not_be_read_is_carried_on(atlas: Atlas) -> None:
    notes = objects(["unparseable: a;b", None, math.nan, ""])
    points = Points(np.full(4, np.nan), np.full(4, 36.5), note=notes)
    answers = atlas.locate(points, now=NOW)
    assert answers.warning.tolist() == ["unparseable: a,b", "missing", "missing", "missing"]
    assert set(answers.status) == {"invalid"}


def test_a_note_on_a_readable_point_is_only_a_warning(atlas: Atlas) -> None:
    lon, lat = at(8, 8)
    points = Points(np.array([lon]), np.array([lat]), note=objects(["degrees in minutes"]))
    answer = atlas.locate(points, now=NOW)[0]
    assert answer.location_status is LocationStatus.INSIDE
    assert answer.warning == "degrees in minutes"


@pytest.mark.parametrize("coord_sys", ["gcj02", "bd09"])
def test_a_shifted_system_outside_its_box_is_warned_of(atlas: Atlas, coord_sys: str) -> None:
    assert locate(atlas, 2.35, 48.85, coord_sys=coord_sys).warning == "outside_gcj_area"
    assert locate(atlas, 2.35, 48.85).warning == ""
    assert locate(atlas, 117.0, 36.5, coord_sys=coord_sys).warning == ""


def test_warnings_of_reading_and_locating_are_joined(atlas: Atlas) -> None:
    answer = locate(atlas, 2.35, 48.85, coord_sys="gcj02", accuracy_m=-1.0)
    assert answer.warning == "outside_gcj_area;accuracy_ignored"
    assert answer.location_status is LocationStatus.OUTSIDE


def test_a_missing_accuracy_is_not_given(atlas: Atlas) -> None:
    lon, lat = at(8, 64)
    for accuracy in (None, math.nan):
        answer = locate(atlas, lon, lat, accuracy_m=accuracy)
        assert answer.location_status is LocationStatus.BOUNDARY
        assert answer.warning == ""


def test_a_bad_point_does_not_disturb_its_neighbours(atlas: Atlas) -> None:
    lon, lat = at(np.full(9, 32.0), np.full(9, 96.0))
    x, y = lon.copy(), lat.copy()
    x[1], y[3], x[5] = math.nan, math.inf, 1e300
    x[7], y[7] = 0.0, 0.0
    answers = atlas.locate(Points(x, y, accuracy_m=np.full(9, 5.0)), now=NOW)
    assert answers.status.tolist() == ["inside", "invalid"] * 4 + ["inside"]


@pytest.mark.parametrize(
    "points",
    [
        Points(np.array(["x"], dtype=object), np.array([1.0])),
        Points(np.array([1.0]), np.array([1.0, 2.0])),
        Points(np.array([1.0]), np.array([1.0]), accuracy_m=np.array([1.0, 2.0])),
        Points(np.array([1.0]), np.array([1.0]), accuracy_m=np.array(["wide"], dtype=object)),
        Points(np.array([1.0]), np.array([1.0]), coord_sys=objects(["wgs84", "wgs84"])),
        Points(np.array([1.0]), np.array([1.0]), at=[]),
        Points(np.array([1.0]), np.array([1.0]), note=objects([])),
    ],
)
def test_columns_that_do_not_fit_are_refused(atlas: Atlas, points: Points) -> None:
    with pytest.raises(BadValue):
        atlas.locate(points, now=NOW)
