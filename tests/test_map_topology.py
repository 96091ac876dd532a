"""Shared arcs give back every polygon, once per border, whatever the coverage looks like."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.errors import BadValue, MissingColumn
from gridmap.maps.geometry import as_coverage, bounds_of, label_places, simplified
from gridmap.maps.topology import MICRO, Topology, build_topology, delta
from tests.mapdata import CENTRE, district


def rebuilt(topology: Topology, area: int) -> shapely.Geometry:
    """Put an area together from its arcs, as the page's script does."""
    polygons = []
    for polygon in topology.areas[area]:
        rings = []
        for refs in polygon:
            lines = [topology.arcs[r] if r >= 0 else topology.arcs[~r][::-1] for r in refs]
            for before, after in pairwise([*lines, lines[0]]):
                assert before[-1].tolist() == after[0].tolist()
            rings.append(np.concatenate([line[:-1] for line in lines]) / MICRO)
        polygons.append(shapely.Polygon(rings[0], rings[1:]))
    return shapely.union_all(polygons) if polygons else shapely.Polygon()


def as_drawn(geometry: shapely.Geometry) -> shapely.Geometry:
    return shapely.transform(geometry, lambda xy: np.rint(xy * MICRO) / MICRO)


def test_every_area_of_every_level_is_given_back() -> None:
    coverage = simplified(district(150), 3.0)
    topology = build_topology(coverage.shapes, coverage.rank.tolist())
    for row in range(len(coverage)):
        assert shapely.equals(rebuilt(topology, row), as_drawn(coverage.shapes[row]))


def test_a_border_inside_is_one_arc_used_once_each_way_by_the_atoms() -> None:
    coverage = simplified(district(150), 3.0)
    topology = build_topology(coverage.shapes, coverage.rank.tolist())
    uses = Counter(
        ref
        for atom in coverage.atoms
        for polygon in topology.areas[atom]
        for r in polygon
        for ref in r
    )
    assert max(uses.values()) == 1
    outer = [arc for arc in range(len(topology.arcs)) if (arc in uses) != (~arc in uses)]
    whole = shapely.union_all([coverage.shapes[row] for row in coverage.rows("subdistrict")])
    drawn = sum(shapely.length(shapely.LineString(topology.arcs[a] / MICRO)) for a in outer)
    assert drawn == pytest.approx(shapely.length(whole.boundary), rel=1e-9)


def test_an_arc_has_the_rank_of_the_coarsest_border_it_draws() -> None:
    halves = [shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]
    topology = build_topology([shapely.coverage_union_all(halves), *halves], [0, 1, 1])
    assert sorted(topology.rank) == [0, 0, 1]
    inner = topology.arcs[topology.rank.index(1)]
    assert {tuple(p) for p in (inner / MICRO).tolist()} == {(1.0, 0.0), (1.0, 1.0)}


def test_an_island_in_a_hole_shares_the_ring_around_it() -> None:
    island = shapely.Point(0.5, 0.5).buffer(0.1)
    around = shapely.difference(shapely.box(0, 0, 1, 1), island)
    topology = build_topology([around, island], [0, 0])
    assert len(topology.arcs) == 2
    assert shapely.equals(rebuilt(topology, 0), as_drawn(around))
    assert shapely.equals(rebuilt(topology, 1), as_drawn(island))


def test_multiparts_holes_and_rings_that_touch_themselves_survive() -> None:
    parts = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)])
    hole = shapely.Polygon(
        [(3, 0), (5, 0), (5, 2), (3, 2)], [[(3, 0), (3.5, 0.5), (4, 0.5), (3.5, 0.2)]]
    )
    topology = build_topology([parts, hole], [0, 0])
    assert shapely.equals(rebuilt(topology, 0), parts)
    assert shapely.equals(rebuilt(topology, 1), as_drawn(hole))


def test_nothing_empty_and_too_small_to_draw_give_no_rings() -> None:
    speck = shapely.box(0, 0, 1e-8, 1e-8)
    topology = build_topology([None, shapely.Polygon(), speck, shapely.Point(0, 0)], [0, 0, 0, 0])
    assert topology == Topology([], [[], [], [], []], [])
    assert build_topology([], []) == Topology()


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 60), st.integers(0, 10**6))
def test_any_coverage_comes_back_area_by_area(atoms: int, seed: int) -> None:
    coverage = simplified(district(atoms, seed=seed), 0)
    topology = build_topology(coverage.shapes, coverage.rank.tolist())
    for row in range(len(coverage)):
        wanted = coverage.shapes[row]
        drawn = 0.0 if wanted is None else shapely.area(as_drawn(wanted))
        assert shapely.area(rebuilt(topology, row)) == pytest.approx(drawn, abs=1e-12)


def test_steps_lead_back_to_the_points() -> None:
    points = np.array([[5, 7], [6, 7], [2, -1]], dtype=np.int64)
    steps = np.array(delta(points, (1, 2))).reshape(-1, 2)
    assert (steps.cumsum(axis=0) + np.array([1, 2])).tolist() == points.tolist()
    assert delta(points[:1], (0, 0)) == [5, 7]


def test_simplifying_keeps_borders_shared_and_parents_the_union_of_their_atoms() -> None:
    coverage = district(200)
    thin = simplified(coverage, 60.0)
    before = sum(map(shapely.get_num_coordinates, coverage.geometry[coverage.atoms]))
    after = sum(map(shapely.get_num_coordinates, thin.geometry[thin.atoms]))
    assert after < before
    assert shapely.coverage_is_valid(thin.geometry[thin.atoms])
    for row in thin.rows("grid"):
        atoms = thin.atoms[thin.parent[thin.atoms] == row]
        union = shapely.union_all(list(thin.geometry[atoms]))
        assert shapely.equals(thin.shapes[row], union)


def test_levels_without_links_are_simplified_apart() -> None:
    old = gpd.GeoDataFrame(
        {"code": ["A", "B"], "name": ["甲", "乙"]},
        geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)],
        crs="EPSG:4326",
    )
    new = gpd.GeoDataFrame(
        {"code": ["1"], "name": ["全"]}, geometry=[shapely.box(0, 0, 2, 1)], crs="EPSG:4326"
    )
    coverage = simplified(as_coverage({"ward": old, "precinct": new}), 10.0)
    assert [shapely.area(g) for g in coverage.shapes] == pytest.approx([1, 1, 2])


def test_frames_become_a_coverage_with_links_by_code() -> None:
    coverage = district(60)
    frames = {level: coverage.frame(level) for level in coverage.levels.names}
    again = as_coverage(frames)
    assert again.parent.tolist() == coverage.parent.tolist()
    assert again.kind.tolist() == coverage.kind.tolist()
    assert as_coverage(coverage) is coverage


def test_a_frame_in_metres_is_brought_to_degrees() -> None:
    frame = district(60).frame("subdistrict")
    metres = frame.to_crs("EPSG:4547")
    west, south, *_ = bounds_of(as_coverage({"subdistrict": metres}))
    assert (west, south) == pytest.approx(frame.total_bounds[:2], abs=1e-6)


def test_a_frame_without_codes_is_refused() -> None:
    frame = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 1, 1)])
    with pytest.raises(MissingColumn, match="grid"):
        as_coverage({"grid": frame})


def test_nothing_to_draw_is_said() -> None:
    frame = gpd.GeoDataFrame({"code": ["1"], "name": ["空"]}, geometry=[None], crs="EPSG:4326")
    with pytest.raises(BadValue, match="nothing to draw"):
        bounds_of(as_coverage({"grid": frame}))


def test_a_label_stands_where_there_is_most_room() -> None:
    x, y = CENTRE
    lollipop = shapely.union(
        shapely.box(x, y, x + 0.01, y + 0.01), shapely.box(x + 0.01, y, x + 0.1, y + 0.001)
    )
    places = label_places(np.array([lollipop, None, shapely.Polygon()], dtype=object))
    assert x < places[0, 0] < x + 0.011
    assert places[0, 2] == pytest.approx(0.005 * 91_000, rel=0.25)
    assert np.isnan(places[1:]).all()
