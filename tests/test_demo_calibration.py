"""The demo's shapes keep inside what was measured on real districts.

The bounds are facts measured on seven Chinese places with 11 to 74 streets, 14 to 250
communities, 51 to 605 grids and 229 micro-grids each: the range of their medians, or of a
share; a little room is left where the demo is a compact town and they are not.
"""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from tests.demo_built import compactness, district, hole_count, metric, segment_lengths, shapes


def median(values):
    return float(np.median(values))


@pytest.mark.parametrize(
    ("level", "low", "high"),
    [
        ("microgrid", 0.7, 20.8),  # real 20.73 in a rural town; blocks of 150 m x 120 m are 1.8
        ("grid", 5.0, 37.7),  # real 7.46 and 37.68
        ("community", 30.9, 145.0),  # real 30.96 to 105.88
        ("subdistrict", 460.0, 2390.0),  # real 461.68 to 2385.17
    ],
)
def test_the_median_area_is_a_real_one(level, low, high):
    assert low <= median(shapely.area(metric(shapes(level)))) / 1e4 <= high


@pytest.mark.parametrize(
    ("level", "low", "high"),
    [
        ("microgrid", 15, 100),  # real 15 (grids) to 100
        ("grid", 15, 93),  # real 15 and 93
        ("community", 30, 295),  # real 30 to 295
        ("subdistrict", 160, 1553),  # real 160 to 1553
    ],
)
def test_the_median_number_of_vertices_is_a_real_one(level, low, high):
    assert low <= median(shapely.get_num_coordinates(shapes(level))) <= high


@pytest.mark.parametrize("level", ["microgrid", "grid", "community", "subdistrict"])
def test_segments_are_as_long_as_real_ones(level):
    q05, q50, q95 = np.percentile(segment_lengths(metric(shapes(level))), [5, 50, 95])
    assert 0.3 <= q05 <= 14.3
    assert 10 <= q50 <= 33  # real 7.8 to 38.9
    assert 45 <= q95 <= 237  # real 45.9 to 400


@pytest.mark.parametrize(
    ("level", "low", "high"),
    [
        ("microgrid", 0.38, 0.62),  # real 0.435; grids 0.383 and 0.529, special grids 0.703
        ("grid", 0.38, 0.60),
        ("community", 0.30, 0.62),  # real 0.299 to 0.541
        ("subdistrict", 0.25, 0.56),  # real 0.254 to 0.447
    ],
)
def test_the_median_compactness_is_a_real_one(level, low, high):
    assert low <= median(compactness(metric(shapes(level)))) <= high


def test_shapes_are_no_honeycomb():
    # Voronoi cells are convex, with six neighbours and all compact (above 0.6).
    areas = metric(shapes("microgrid"))
    convexity = shapely.area(areas) / shapely.area(shapely.convex_hull(areas))
    assert np.percentile(convexity, 25) < 0.9
    assert np.percentile(compactness(areas), 5) < 0.40


@pytest.mark.parametrize(
    ("level", "parts", "holes"),
    [
        ("microgrid", (0.004, 0.02), (0.004, 0.02)),  # real 0.009 and 0.009
        ("grid", (0.004, 0.066), (0.002, 0.039)),  # real 0.02 to 0.066, 0.002 to 0.039
        ("community", (0.05, 0.21), (0.03, 0.16)),  # real 0 to 0.207, 0 to 0.062
    ],
)
def test_parts_apart_and_holes_are_as_frequent_as_real_ones(level, parts, holes):
    areas = shapes(level)
    assert parts[0] <= (shapely.get_num_geometries(areas) > 1).mean() <= parts[1]
    assert holes[0] <= (hole_count(areas) > 0).mean() <= holes[1]


@pytest.mark.parametrize(
    ("level", "usual", "most"), [("microgrid", (3, 6), 14), ("grid", (7, 18), 39)]
)
def test_children_a_parent_are_as_many_as_real_ones(level, usual, most):
    counts = district().layers[level]["parent_code"].value_counts()
    assert usual[0] <= counts.median() <= usual[1]
    assert counts.max() <= most


def test_basic_grids_hold_300_to_500_households_on_average():
    for scale in ("district", "exclusive"):
        grids = district(scale).layers["grid"]
        basic = grids[grids["kind"] == "basic"]["households"]
        assert 300 <= basic.mean() <= 500
        # Today's plan leaves something to do: loads differ.
        assert 0.2 <= basic.std() / basic.mean() <= 0.45
