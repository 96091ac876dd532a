"""A layer in another coordinate system than it says is found by what it should lie on."""

import json
import os

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridmap.coverage.datum.compare import against_faults, compare_layers, compare_stored
from gridmap.crs import transform_geometry
from gridmap.errors import UnknownCoordSys
from tests.datum_cases import digitised_apart, in_system, moved, redrawn, swapped, true_shift
from tests.demo_built import shapes

DATA = os.environ.get("GRIDMAP_REAL_DATA")

# name of the layer: how it is cut from the small demo
CUTS = {
    "microgrids": lambda: shapes("microgrid", "exclusive"),
    "communities": lambda: shapes("community", "exclusive"),
    "outline": lambda: np.array([shapely.union_all(shapes("subdistrict", "exclusive"))]),
    "one community": lambda: shapes("community", "exclusive")[2:3],
}


def cut(name):
    return CUTS[name]()


# -- the whole district, labelled EPSG:4326 ----------------------------------------------


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
@pytest.mark.parametrize("reference", ["microgrid", "community", "outline"])
def test_a_district_in_a_map_services_system_is_recognised_with_its_shift(system, reference):
    layer = shapes("microgrid", "district")
    known = shapes("community" if reference == "outline" else reference, "district")
    if reference == "outline":
        known = np.array([shapely.union_all(known)])
    found = compare_layers(in_system(layer, system), "EPSG:4326", known)
    east, north = true_shift(layer, system)
    assert (found.verdict, found.coord_sys, found.confidence) == ("other_system", system, "clear")
    assert (found.east_m, found.north_m) == pytest.approx((east, north), abs=5)
    assert found.residual_m < 1
    assert found.fit > 0.95
    assert found.fit_declared < 0.2


def test_a_right_district_is_as_declared():
    found = compare_layers(
        shapes("microgrid", "district"), "wgs84", shapes("community", "district")
    )
    assert (found.verdict, found.confidence) == ("as_declared", "clear")
    assert found.shift_m < 1


# -- every wrong label -------------------------------------------------------------------


@pytest.mark.parametrize("said", ["wgs84", "cgcs2000", "gcj02", "bd09"])
@pytest.mark.parametrize("real", ["wgs84", "gcj02", "bd09"])
def test_each_of_the_three_taken_for_another_is_told(said, real):
    layer = cut("microgrids")
    found = compare_layers(in_system(layer, real), said, cut("communities"))
    if real == said.replace("cgcs2000", "wgs84"):
        assert found.verdict == "as_declared"
        return
    assert (found.verdict, found.coord_sys) == ("other_system", real)
    read = transform_geometry(in_system(layer, real), said)
    off = shapely.get_coordinates(read) - shapely.get_coordinates(layer)
    assert np.sign([found.east_m, found.north_m]).tolist() == np.sign(off.mean(axis=0)).tolist()


EARLIER = {
    "wgs84 positions that an earlier conversion took for gcj02": ["gcj02>wgs84"],
    "bd09 positions that an earlier conversion took for gcj02": ["wgs84>bd09", "gcj02>wgs84"],
    "gcj02 shifted twice": ["wgs84>gcj02", "wgs84>gcj02"],
}


@pytest.mark.parametrize("truth", EARLIER)
def test_a_mistake_of_an_earlier_conversion_is_told(truth):
    layer = cut("microgrids")
    for step in EARLIER[truth]:
        layer = transform_geometry(layer, *step.split(">"))
    found = compare_layers(layer, "wgs84", cut("communities"))
    assert found.verdict == "other_system"
    assert found.likely.startswith(truth)
    assert found.coord_sys is None


def test_a_layer_corrected_without_need_may_also_mean_a_wrong_reference():
    known = in_system(cut("communities"), "gcj02")
    found = compare_layers(cut("microgrids"), "wgs84", known)
    assert "or the reference is gcj02 that is declared wgs84" in found.text


# (said, coordinates made of the right layer, what is reported)
GROSS = {
    "swapped": ("wgs84", swapped, "wgs84 with the axes swapped"),
    "swapped gcj02": (
        "wgs84", lambda s: swapped(in_system(s, "gcj02")), "gcj02 with the axes swapped",
    ),
    "degrees under a zone": ("EPSG:4547", lambda s: s, "wgs84"),
    "gcj02 degrees under a zone": ("EPSG:4548", lambda s: in_system(s, "gcj02"), "gcj02"),
    "a zone under degrees": ("wgs84", lambda s: in_system(s, "EPSG:4547"), "EPSG:4547"),
    "a numbered zone under degrees": ("wgs84", lambda s: in_system(s, "EPSG:4526"), "EPSG:4526"),
    "web mercator under degrees": ("wgs84", lambda s: in_system(s, "EPSG:3857"), "EPSG:3857"),
    "UTM under degrees": ("wgs84", lambda s: in_system(s, "EPSG:32650"), "EPSG:32650"),
    "zone without its number": ("EPSG:4526", lambda s: in_system(s, "EPSG:4547"), "EPSG:4547"),
    "zone with a number": ("EPSG:4547", lambda s: in_system(s, "EPSG:4526"), "EPSG:4526"),
    "the next zone": ("EPSG:4548", lambda s: in_system(s, "EPSG:4547"), "EPSG:4547"),
    "northing first": (
        "EPSG:4547", lambda s: swapped(in_system(s, "EPSG:4547")),
        "EPSG:4547 with the axes swapped",
    ),
    "gcj02 projected": (
        "EPSG:4547", lambda s: in_system(in_system(s, "gcj02"), "EPSG:4547"),
        "gcj02 positions that an earlier conversion took for wgs84 (in EPSG:4547)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", GROSS)
def test_axes_units_and_zones_are_told(case):
    said, spoil, truth = GROSS[case]
    found = compare_layers(spoil(cut("microgrids")), said, cut("communities"))
    assert (found.verdict, found.likely) == ("other_system", truth)
    assert truth in found.text


# -- parts, drawn apart, redrawn ---------------------------------------------------------

PAIRS = [
    ("one community", "microgrids"), ("one community", "communities"),
    ("microgrids", "one community"), ("outline", "microgrids"), ("communities", "outline"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "reference"), PAIRS)
def test_a_part_and_a_whole_are_compared_either_way(layer, reference):
    right = compare_layers(cut(layer), "wgs84", cut(reference))
    wrong = compare_layers(in_system(cut(layer), "gcj02"), "wgs84", cut(reference))
    assert (right.verdict, wrong.coord_sys) == ("as_declared", "gcj02")


@pytest.mark.parametrize(
    ("layer", "reference", "metres"),
    [
        ("microgrids", "microgrids", 3),
        *[(*pair, 3) for pair in PAIRS],
        ("microgrids", "microgrids", 8),
        ("outline", "microgrids", 8),
        ("communities", "outline", 8),
    ],
)
def test_borders_digitised_apart_raise_no_alarm_and_hide_none(layer, reference, metres):
    mine = digitised_apart(cut(layer), metres, seed=1)
    theirs = digitised_apart(cut(reference), metres, step_m=40, seed=2)
    assert compare_layers(mine, "wgs84", theirs).verdict == "as_declared"
    wrong = compare_layers(in_system(mine, "gcj02"), "wgs84", theirs)
    assert wrong.coord_sys == "gcj02"
    truth = true_shift(cut(layer), "gcj02")
    assert (wrong.east_m, wrong.north_m) == pytest.approx(truth, abs=5)


@pytest.mark.parametrize("seed", range(2))
def test_a_redraw_raises_no_alarm_and_hides_none(seed):
    grids = shapes("microgrid", "exclusive")
    new = redrawn(grids, 0.6, seed)
    assert not compare_layers(new, "wgs84", grids).wrong
    assert compare_layers(in_system(new, "gcj02"), "wgs84", grids).coord_sys == "gcj02"


@pytest.mark.parametrize("seed", range(2))
def test_a_redraw_of_everything_but_the_outline_raises_no_alarm(seed):
    grids = shapes("microgrid", "exclusive")
    assert not compare_layers(redrawn(grids, 0.0, seed), "wgs84", grids).wrong


@pytest.mark.parametrize("seed", range(2))
def test_two_unlike_layers_of_one_place_raise_no_alarm(seed):
    # Without the outer border nothing is shared at all.
    grids = shapes("microgrid", "exclusive")
    inner = shapely.union_all(grids).buffer(-0.002)
    unlike = shapely.intersection(redrawn(grids, 0.0, seed), inner)
    found = compare_layers(unlike[~shapely.is_empty(unlike)], "wgs84", grids)
    assert not found.wrong
    assert found.verdict == "unclear"


@pytest.mark.parametrize("grid", range(0, 50, 14))
def test_one_small_area_raises_no_alarm(grid):
    layer = shapes("grid", "exclusive")[grid : grid + 1]
    for reference in CUTS:
        assert not compare_layers(layer, "wgs84", cut(reference)).wrong


# -- shifts that no system explains ------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "reference", "shift"),
    [
        *[("microgrids", "communities", s) for s in ((20, 0), (-60, 35), (-1200, 900))],
        *[(*PAIRS[0], s) for s in ((20, 0), (-60, 35), (300, 200))],
    ],
)
def test_an_unknown_shift_is_measured(layer, reference, shift):
    off = moved(cut(layer), *shift)
    found = compare_layers(off, "wgs84", cut(reference))
    assert (found.verdict, found.likely) == ("shifted", "")
    assert (found.east_m, found.north_m) == pytest.approx(shift, abs=3)
    bearing = np.degrees(np.arctan2(*shift)) % 360
    assert found.bearing == pytest.approx(bearing, abs=3)
    assert "no coordinate system explains its place" in found.text


def test_a_shift_of_a_few_metres_is_none():
    found = compare_layers(moved(cut("microgrids"), 4, -3), "wgs84", cut("communities"))
    assert found.verdict == "as_declared"
    assert (found.east_m, found.north_m) == pytest.approx((4, -3), abs=0.5)


def test_a_layer_of_another_place_lies_apart():
    found = compare_layers(moved(cut("microgrids"), 40_000, 0), "wgs84", cut("communities"))
    assert (found.verdict, found.wrong, found.shift_m) == ("apart", False, None)
    assert 30_000 < found.apart_m < 40_000
    assert "km from the reference" in found.text


# -- the form of the answer --------------------------------------------------------------


def test_the_text_names_truth_shift_bearing_and_remedy():
    found = compare_layers(in_system(cut("microgrids"), "gcj02"), "4326", cut("communities"))
    east, north = true_shift(cut("microgrids"), "gcj02")
    assert f"lies {np.hypot(east, north):.0f} m east of where it belongs (bearing" in found.text
    assert f": {found.east_m:.0f} m east, {-found.north_m:.0f} m south)" in found.text
    assert found.text.endswith("If so, state --coord-sys gcj02.")


def test_the_evidence_is_plain_data():
    for layer in (in_system(cut("communities"), "bd09"), swapped(cut("communities"))):
        found = compare_layers(layer, "wgs84", cut("communities"))
        record = json.loads(json.dumps(found.as_dict(), allow_nan=False))
        assert record["verdict"] == "other_system"
        assert record["text"] == found.text


def test_the_answer_is_the_same_every_time():
    layer = in_system(cut("communities"), "gcj02")
    first, second = (compare_layers(layer, "wgs84", cut("microgrids")) for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "nothing", [np.empty(0, object), np.array([None, shapely.Polygon()], object)]
)
def test_nothing_to_compare_is_unclear(nothing):
    assert compare_layers(nothing, "wgs84", cut("outline")).verdict == "unclear"
    assert compare_layers(cut("outline"), "wgs84", nothing).verdict == "unclear"


def test_missing_rows_are_passed_over():
    layer = np.array([None, *in_system(cut("communities"), "gcj02"), shapely.Polygon()], object)
    assert compare_layers(layer, "wgs84", cut("communities")).coord_sys == "gcj02"


def test_an_unknown_system_is_refused():
    with pytest.raises(UnknownCoordSys):
        compare_layers(cut("outline"), "moon", cut("outline"))


@pytest.mark.parametrize("said", ["wgs84", "gcj02", "EPSG:4547"])
def test_a_converted_layer_is_judged_as_the_raw_one(said):
    raw = in_system(in_system(cut("communities"), "gcj02"), said if "EPSG" in said else "wgs84")
    stored = transform_geometry(raw, said)
    one = compare_layers(raw, said, cut("microgrids"))
    other = compare_stored(stored, said, cut("microgrids"))
    assert (one.verdict, one.likely) == (other.verdict, other.likely)
    assert one.fit == pytest.approx(other.fit, abs=0.02)


def test_faults_against_a_reference():
    known = cut("communities")
    assert against_faults(cut("microgrids"), "wgs84", known) == []
    (wrong,) = against_faults(in_system(cut("microgrids"), "gcj02"), "wgs84", known)
    assert (wrong.kind, wrong.severity) == ("wrong_datum", "warning")
    assert "look like gcj02" in wrong.text
    assert (
        shapely.box(*shapely.total_bounds(known))
        .buffer(0.01)
        .contains(shapely.Point(wrong.lon, wrong.lat))
    )
    (apart,) = against_faults(moved(known, 0, 90_000), "wgs84", known)
    assert (apart.kind, apart.severity) == ("wrong_datum", "warning")
    (unclear,) = against_faults(np.empty(0, object), "wgs84", known)
    assert (unclear.kind, unclear.severity, unclear.lon) == ("unclear_datum", "info", None)


# -- real layers -------------------------------------------------------------------------

REAL = pytest.mark.skipif(not DATA, reason="GRIDMAP_REAL_DATA is not set")


def _read(file, layer, epsg=4326):
    frame = gpd.read_file(f"{DATA}/{file}.gpkg.zip", layer=layer).to_crs(epsg)
    return frame.geometry.to_numpy()


@REAL
@pytest.mark.parametrize(
    ("file", "layer", "reference"),
    [
        ("us_denver_redraw", "precinct2018_orig", "precinct2016_orig"),
        ("us_denver_redraw", "precinct2020_orig", "precinct2018_orig"),
        ("uk_camden_nested", "oa", "msoa"),
        ("uk_camden_nested", "ward", "lsoa"),
        ("us_sanfrancisco", "tract2020", "tract1990"),
        ("us_sanfrancisco", "neighborhood_311", "neighborhood_elections"),
        ("us_sanfrancisco", "precinct2012", "tract2010"),
    ],
)
def test_real_redraws_and_unlike_layers_raise_no_alarm(file, layer, reference):
    found = compare_layers(_read(file, layer), "wgs84", _read(file, reference))
    assert found.verdict == "as_declared"
    assert found.shift_m < 10


@REAL
@pytest.mark.parametrize(
    ("file", "layer", "reference", "epsg", "said"),
    [
        ("uk_camden_nested", "oa", "ward", 27700, "wgs84"),
        ("uk_camden_nested", "oa", "ward", 32630, "EPSG:27700"),
        ("uk_camden_nested", "oa", "ward", 4326, "EPSG:27700"),
        ("us_denver_redraw", "precinct2018_orig", "precinct2016_orig", 2232, "wgs84"),
        ("us_denver_redraw", "precinct2018_orig", "precinct2016_orig", 2232, "EPSG:26954"),
    ],
)
def test_real_layers_with_a_wrong_label_are_told(file, layer, reference, epsg, said):
    found = compare_layers(_read(file, layer, epsg), said, _read(file, reference))
    assert (found.verdict, found.coord_sys) == (
        "other_system",
        "wgs84" if epsg == 4326 else f"EPSG:{epsg}",
    )
