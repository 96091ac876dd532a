"""Two states of a level compared: what was added, removed, moved, renamed, and what stayed."""

import json

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.importing.differences import TOLERANCE_DEG, Differences, differences
from gridmap.coverage.importing.sameness import plain_value, same_value
from gridmap.errors import BadValue, MissingColumn
from tests.patchworks import patchworks


def frame(codes, shapes, **columns):
    return gpd.GeoDataFrame({"code": codes, **columns}, geometry=list(shapes), crs=4326)


def squares(*at):
    return [shapely.box(117 + 0.01 * x, 36, 117.01 + 0.01 * x, 36.01) for x in at]


PLAIN = frame(["a", "b", "c"], squares(0, 1, 2), name=["甲", "乙", "丙"], n=[1, 2, 3])


def changed(**columns):
    return PLAIN.assign(**columns)


def test_a_level_does_not_differ_from_itself_in_any_order_of_rows():
    found = differences(PLAIN, PLAIN.iloc[[2, 0, 1]])
    assert found == Differences(unchanged=3)
    assert not found


def test_areas_that_came_and_went_are_named():
    found = differences(PLAIN, frame(["c", "b", "d"], squares(2, 1, 5), name=list("丙乙丁"), n=3))
    assert (found.added, found.removed) == (("d",), ("a",))
    assert [(v.code, v.old, v.new) for v in found.values] == [("b", 2, 3)]
    assert found.unchanged == 1


def test_a_moved_border_is_measured_on_both_sides():
    shapes = squares(0, 1, 2)
    # A strip of a tenth of a hundredth of a degree goes from b to a.
    shapes[0] = shapely.box(117, 36, 117.011, 36.01)
    shapes[1] = shapely.box(117.011, 36, 117.02, 36.01)
    found = differences(PLAIN, PLAIN.set_geometry(shapes, crs=4326))
    strip = 0.001 * 90163.6 * 0.01 * 110958.4  # degrees at 36 north on the ellipsoid
    moved = {one.code: (one.gained_m2, one.lost_m2) for one in found.shapes}
    assert moved == {
        "a": (pytest.approx(strip, rel=1e-3), 0),
        "b": (0, pytest.approx(strip, rel=1e-3)),
    }
    assert found.unchanged == 1


def test_a_vertex_more_on_a_straight_edge_is_a_change_of_no_ground():
    shapes = squares(0, 1, 2)
    shapes[0] = shapely.segmentize(shapes[0], 0.006)
    (one,) = differences(PLAIN, PLAIN.set_geometry(shapes, crs=4326)).shapes
    assert (one.code, one.moved_m2) == ("a", pytest.approx(0, abs=1e-3))


def test_ring_start_direction_and_one_part_multipolygons_do_not_matter():
    shapes = squares(0, 1, 2)
    xy = shapely.get_coordinates(shapes[0])[:-1]
    shapes[0] = shapely.Polygon(np.roll(xy, 2, axis=0)[::-1])
    shapes[1] = shapely.MultiPolygon([shapes[1]])
    assert not differences(PLAIN, PLAIN.set_geometry(shapes, crs=4326))


@pytest.mark.parametrize(("shift", "differs"), [(0.4, False), (3.0, True)])
def test_the_tolerance_is_what_is_stated(shift, differs):
    shapes = shapely.transform(
        np.array(squares(0, 1, 2), dtype=object), lambda xy: xy + shift * TOLERANCE_DEG
    )
    assert bool(differences(PLAIN, PLAIN.set_geometry(list(shapes), crs=4326)).shapes) is differs


def test_rounding_that_lets_another_vertex_come_first_is_no_change():
    shape = shapely.Polygon([(117, 36), (117.01, 36), (117.01, 36.01), (117, 36.01)])
    # West side: of two vertices with one longitude the lower comes first, unless rounding
    # moves the upper a hair to the west.
    other = shapely.Polygon([(117, 36), (117.01, 36), (117.01, 36.01), (117 - 1e-10, 36.01)])
    assert not differences(frame(["a"], [shape]), frame(["a"], [other]))


def test_a_polygon_that_is_missing_on_one_side_counts_whole():
    none = PLAIN.set_geometry([None, *squares(1, 2)], crs=4326)
    (one,) = differences(none, PLAIN).shapes
    assert one.gained_m2 > 1e6
    assert one.lost_m2 == 0
    assert not differences(none, none)


def test_an_invalid_polygon_is_measured_all_the_same():
    bow = shapely.Polygon([(117, 36), (117.01, 36.01), (117.01, 36), (117, 36.01)])
    (one,) = differences(PLAIN, PLAIN.set_geometry([bow, *squares(1, 2)], crs=4326)).shapes
    assert one.lost_m2 == pytest.approx(1.0004e6 / 2, rel=1e-2)


def test_a_parent_may_equal_what_was_declared_or_what_its_children_make():
    derived = np.array([shapely.box(117, 36, 117.0101, 36.01), *squares(1, 2)], dtype=object)
    after = PLAIN.set_geometry(list(derived), crs=4326)
    assert differences(PLAIN, after).shapes
    assert not differences(PLAIN, after, also=derived)
    assert not differences(PLAIN, PLAIN, also=derived)


def test_columns_that_came_or_went_are_said_once_and_not_for_every_area():
    found = differences(PLAIN, PLAIN.drop(columns="n").assign(households=[1, 2, 3]))
    assert (found.columns_added, found.columns_removed) == (("households",), ("n",))
    assert (found.values, found.unchanged) == ((), 3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (None, ""),
        (float("nan"), None),
        (pd.NA, ""),
        (5, 5.0),
        (5, "5"),
        (5.5, "5.5"),
        (True, 1),
        (True, "true"),
        (False, "0"),
        (0.1 + 0.2, 0.3),
        ("2024-05-01", pd.Timestamp("2024-05-01")),
        ("2024-05-01T08:00:00+08:00", "2024-05-01T00:00:00+00:00"),
        ([1, {"a": 2}], '[1, {"a": 2}]'),
    ],
)
def test_values_that_say_the_same(old, new):
    assert same_value(plain_value(old), plain_value(new))
    assert same_value(plain_value(new), plain_value(old))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0105", 105),
        ("0105", "105"),
        (10**12, 10**12 + 1),
        (str(2**53 + 1), 2**53),
        (1.0, 1.001),
        ("甲", "乙"),
        ("no", False),
        (0, None),
        ("2024-05-01", "2024-05-02"),
        ([1], "1"),
    ],
)
def test_values_that_do_not(old, new):
    assert not same_value(plain_value(old), plain_value(new))
    assert not same_value(plain_value(new), plain_value(old))


def test_the_record_is_json():
    found = differences(PLAIN, changed(name=["甲", "乙", "新"]).iloc[1:])
    record = json.loads(json.dumps(found.as_dict()))
    assert record["removed"] == ["a"]
    assert record["values"] == [{"code": "c", "column": "name", "old": "丙", "new": "新"}]
    assert record["unchanged"] == 1


def test_areas_without_codes_or_with_one_twice_are_refused():
    with pytest.raises(MissingColumn):
        differences(PLAIN, PLAIN.drop(columns="code"))
    with pytest.raises(BadValue, match="unique"):
        differences(changed(code=["a", "a", "b"]), PLAIN)


def test_two_empty_levels_do_not_differ():
    assert not differences(PLAIN.iloc[:0], PLAIN.iloc[:0])


@settings(max_examples=40, deadline=None)
@given(patchworks(), st.randoms(use_true_random=False), st.data())
def test_random_edits_are_found_and_nothing_else_is(patchwork, dice, data):
    count = len(patchwork.polygons)
    before = frame(patchwork.codes, patchwork.polygons, n=list(range(count)))
    order = list(range(count))
    dice.shuffle(order)
    after = before.iloc[order].reset_index(drop=True)
    gone = data.draw(st.sets(st.sampled_from(order), max_size=count - 1))
    renamed = data.draw(st.sets(st.sampled_from(order), max_size=3)) - gone
    after.loc[after["n"].isin(renamed), "n"] += 1000
    after = after[~after["n"].isin(gone)]
    found = differences(before, after)
    assert found.removed == tuple(sorted(before["code"].iloc[sorted(gone)]))
    assert {v.old for v in found.values} == renamed
    assert (found.added, found.shapes) == ((), ())
    assert found.unchanged == count - len(gone) - len(renamed)
