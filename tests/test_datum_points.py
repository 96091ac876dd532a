"""A batch of points in another coordinate system than it says is found by where they fall."""

import numpy as np
import pyarrow as pa
import pytest
import shapely

from gridmap.bulk.datum import DatumSample
from gridmap.coverage.datum.points import hold_in, points_evidence
from gridmap.crs import from_wgs84
from gridmap.locate.model import Points
from tests import assign_stub as stub
from tests.cli_district import gridmap
from tests.demo_built import district, shapes

pytest_plugins = ["tests.cli_fixtures"]

SYSTEMS = ["wgs84", "gcj02", "bd09"]


@pytest.fixture(scope="module")
def grids():
    layer = district("exclusive").layers["microgrid"]
    return layer.geometry.to_numpy(), layer["code"].to_numpy(object)


@pytest.fixture(scope="module")
def hold(grids):
    return hold_in(*grids)


def spots(count, *, beyond=0.0, seed=0):
    """Points (EPSG:4326) all over the place, a share of them anywhere around it."""
    rng = np.random.default_rng(seed)
    ground = shapely.union_all(shapes("subdistrict", "exclusive"))
    box = np.array(shapely.total_bounds(ground))
    inside = rng.uniform(box[:2], box[2:], (count * 8, 2))
    inside = inside[shapely.contains_xy(ground, inside)][: round(count * (1 - beyond))]
    around = rng.uniform(box[:2] - 0.02, box[2:] + 0.02, (count * 8, 2))
    around = around[~shapely.contains_xy(ground, around)][: count - len(inside)]
    return rng.permutation(np.concatenate([inside, around])).T


@pytest.mark.parametrize("beyond", [0.0, 0.03, 0.08])
@pytest.mark.parametrize("said", SYSTEMS)
@pytest.mark.parametrize("real", SYSTEMS)
def test_each_of_the_three_taken_for_another_is_told(hold, said, real, beyond):
    x, y = from_wgs84(*spots(1000, beyond=beyond), real)
    found = points_evidence(x, y, said, hold)
    if real == said:
        assert found.verdict != "other_system"
    else:
        assert (found.verdict, found.coord_sys) == ("other_system", real)
        assert found.outside > found.outside_then
        assert f"state --coord-sys {real}" in found.text


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("beyond", [0.02, 0.05, 0.2, 0.6])
def test_reports_from_around_the_place_raise_no_alarm(hold, beyond, seed):
    x, y = spots(600, beyond=beyond, seed=seed)
    assert points_evidence(x, y, "wgs84", hold).verdict != "other_system"


@pytest.mark.parametrize("seed", range(5))
def test_reports_from_one_neighbour_raise_no_alarm(hold, seed):
    x, y = spots(1000, seed=seed)
    # Just across the eastern border, where GCJ-02 would have them come from.
    east = np.random.default_rng(seed).uniform(0.0, 0.02, 60)
    x[:60] = shapely.total_bounds(shapes("subdistrict", "exclusive"))[2] + east
    assert points_evidence(x, y, "wgs84", hold).verdict != "other_system"


def test_a_few_points_are_not_enough_and_that_is_said(hold):
    x, y = from_wgs84(*spots(40), "gcj02")
    found = points_evidence(x, y, "wgs84", hold)
    assert (found.verdict, found.coord_sys, found.points) == ("not_enough", None, 40)
    assert "not enough to tell" in found.text


def test_nothing_is_not_enough(hold):
    nothing = np.array([np.nan, 0.0, np.inf])
    found = points_evidence(nothing, nothing, "wgs84", hold)
    assert (found.verdict, found.points) == ("not_enough", 0)
    assert points_evidence(np.empty(0), np.empty(0), "wgs84", hold).text


GROSS = {
    "swapped": ("wgs84", "wgs84", True, "wgs84 with the axes swapped"),
    "degrees under a zone": ("EPSG:4547", "wgs84", False, "wgs84"),
    "a zone under degrees": ("wgs84", "EPSG:4547", False, "EPSG:4547"),
    "a numbered zone under degrees": ("wgs84", "EPSG:4526", False, "EPSG:4526"),
    "zone with a number": ("EPSG:4547", "EPSG:4526", False, "EPSG:4526"),
    "zone without its number": ("EPSG:4526", "EPSG:4547", False, "EPSG:4547"),
    "northing first": ("EPSG:4547", "EPSG:4547", True, "EPSG:4547 with the axes swapped"),
}


@pytest.mark.parametrize("case", GROSS)
def test_axes_units_and_zones_are_told(hold, case):
    said, real, swap, truth = GROSS[case]
    x, y = from_wgs84(*spots(500, beyond=0.02), real)
    found = points_evidence(*((y, x) if swap else (x, y)), said, hold)
    assert (found.verdict, found.likely, found.outside) == ("other_system", truth, 500)


# -- codes that came with the points -------------------------------------------------------


def codes_at(hold, lon, lat):
    return hold(lon, lat, np.arange(len(lon))).codes["area"]


def test_codes_tell_where_too_few_points_lie_outside(hold):
    lon, lat = spots(25)
    columns = {"text": np.full(25, "路灯坏了", object), "网格": codes_at(hold, lon, lat)}
    x, y = from_wgs84(lon, lat, "gcj02")
    assert points_evidence(x, y, "wgs84", hold).verdict == "not_enough"
    found = points_evidence(x, y, "wgs84", hold, columns=columns)
    assert (found.coord_sys, found.column, found.level) == ("gcj02", "网格", "area")
    assert found.agree < 0.2
    assert found.agree_then == 1
    assert "column '网格' agrees for" in found.text


@pytest.mark.parametrize("wrong", [0.0, 0.1])
def test_codes_that_agree_vouch_for_the_declared_system(hold, wrong):
    lon, lat = spots(400, beyond=0.1)
    codes = codes_at(hold, lon, lat)
    codes[: int(400 * wrong)] = "990101009001001"
    found = points_evidence(lon, lat, "wgs84", hold, columns={"code": codes})
    assert found.verdict == "as_declared"


def test_codes_that_agree_nowhere_raise_no_alarm(hold):
    lon, lat = spots(400)
    codes = np.random.default_rng(0).permutation(codes_at(hold, lon, lat))
    assert points_evidence(lon, lat, "wgs84", hold, columns={"code": codes}).column == ""


# -- assign --------------------------------------------------------------------------------


def assigned(folder, store, x, y, *words, **columns):
    """Assign points of the district of squares; return what was said and written."""
    columns = {"lon": x, "lat": y, **columns}
    lines = [
        ",".join(columns),
        *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True)),
    ]
    source, out = folder / "in.csv", folder / "out.csv"
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = gridmap("assign", source, out, "--store", store, *words)
    assert done.exit_code == 0, done.output
    return done.stdout, out.read_bytes()


def in_squares(count, seed=0):
    return np.random.default_rng(seed).uniform([117.0, 36.0], [117.04, 36.02], (count, 2)).T


def test_assign_warns_and_changes_no_answer(tmp_path, published_url):
    x, y = from_wgs84(*in_squares(1500), "gcj02")
    said, answers = assigned(tmp_path, published_url, x, y)
    assert "Warning: 1,500 points are declared wgs84 but look like gcj02" in said
    assert answers.count(b",outside,") > 100
    right, _ = assigned(tmp_path, published_url, x, y, "--coord-sys", "gcj02")
    assert "Warning" not in right


def test_assign_judges_each_system_of_a_file_by_itself(tmp_path, published_url):
    lon, lat = in_squares(1200)
    x, y = from_wgs84(lon, lat, "bd09")
    x[:600], y[:600] = lon[:600], lat[:600]
    systems = ["wgs84"] * 600 + ["gcj02"] * 600
    said, _ = assigned(tmp_path, published_url, x, y, coord_sys=systems)
    assert "points are declared gcj02 but look like bd09" in said
    assert said.count("Warning") == 1


def test_assign_takes_codes_in_the_file_as_evidence(tmp_path, published_url):
    lon, lat = in_squares(80)
    column, row = ((lon - 117.0) * 100).astype(int), ((lat - 36.0) * 100).astype(int)
    codes = [f"{'AB'[c // 2]}{c % 2}{r}" for c, r in zip(column, row, strict=True)]
    x, y = from_wgs84(lon, lat, "gcj02")
    said, _ = assigned(tmp_path, published_url, x, y, wanted=codes)
    assert "the grid code in column 'wanted' agrees" in said


def test_the_sample_is_bounded_and_the_same_every_time():
    rng = np.random.default_rng(0)
    samples = [DatumSample(), DatumSample()]
    for _ in range(6):
        x, y = rng.uniform(0, 1, (2, 1500))
        x[:10] = np.nan
        text = pa.array([f"{v:.3f}" if v < 0.5 else None for v in y])
        table = pa.RecordBatch.from_arrays([text, pa.array(x)], names=["code", "x"])
        for sample in samples:
            sample.add(table, Points(x, y))
    asked = []

    def locate(points):
        asked.append(np.column_stack([points.x, points.y]))
        return stub.locate(points)

    assert [sample.warning(locate) for sample in samples] == ["", ""]
    assert max(len(points) for points in asked) == 2000
    half = len(asked) // 2
    assert all(np.array_equal(a, b) for a, b in zip(asked[:half], asked[half:], strict=True))
    assert np.unique(asked[0], axis=0).shape == asked[0].shape
