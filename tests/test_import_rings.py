"""Layers of lines: closed ones are areas, a network of edges is none."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.auditing.audit import audit_layer
from gridmap.coverage.reading.rings import lines_to_polygons
from gridmap.coverage.reading.shaping import only_polygons
from gridmap.errors import BadValue
from tests.layers import SQUARES, layer

RINGS = [shapely.LineString(s.exterior) for s in SQUARES]
STREET = shapely.LineString([(117, 36), (117.01, 36), (117.02, 36.003)])


def shaped(*geometry):
    out = np.empty(len(geometry), dtype=object)
    out[:] = geometry
    found = only_polygons(out)
    return found.geometry, {n.kind: n for n in found.notes}


def lines(*geometry):
    out = np.empty(len(geometry), dtype=object)
    out[:] = geometry
    return lines_to_polygons(out)


@pytest.mark.parametrize("kind", [shapely.LineString, shapely.LinearRing])
def test_closed_lines_are_the_polygons_they_enclose(kind):
    found, notes = shaped(*(kind(r.coords) for r in RINGS))
    assert all(shapely.equals(found, np.array(SQUARES)))
    assert notes["rings_filled"].severity == "info"
    assert set(notes) == {"rings_filled"}


def test_a_line_that_all_but_closes_is_closed_and_named():
    almost = shapely.LineString([*RINGS[1].coords[:-1], (117.02, 36.0003)])
    found, notes = shaped(RINGS[0], almost)
    assert found[1].area == pytest.approx(SQUARES[1].area, rel=0.05)
    assert (notes["ring_closed"].severity, notes["ring_closed"].rows) == ("warning", (2,))


def test_an_open_line_among_rings_is_left_out_and_named():
    found, notes = shaped(RINGS[0], STREET, RINGS[1])
    assert [g is None for g in found] == [False, True, False]
    assert (notes["not_a_polygon"].severity, notes["not_a_polygon"].rows) == ("error", (2,))


def test_parts_of_a_line_are_joined_end_to_end():
    corners = list(RINGS[0].coords)
    pieces = shapely.MultiLineString([corners[:3], corners[2:]])
    found, _ = shaped(pieces)
    assert found[0].equals(SQUARES[0])


def test_a_ring_within_a_ring_of_one_row_is_its_hole():
    inner = SQUARES[0].buffer(-0.002)
    island = SQUARES[0].buffer(-0.004)
    drawn = shapely.MultiLineString([island.exterior, SQUARES[0].exterior, inner.exterior])
    found, _ = shaped(drawn)
    assert found[0].equals(shapely.MultiPolygon([SQUARES[0].difference(inner), island]))


def test_rings_apart_in_one_row_are_one_area():
    found, _ = shaped(shapely.MultiLineString([RINGS[0], RINGS[2]]))
    assert found[0].equals(shapely.MultiPolygon([SQUARES[0], SQUARES[2]]))


def test_a_row_is_no_area_when_one_of_its_lines_is_open():
    found, notes = shaped(RINGS[0], shapely.MultiLineString([RINGS[1], STREET]))
    assert found[1] is None
    assert notes["not_a_polygon"].rows == (2,)


def test_streets_with_a_roundabout_among_them_are_refused_with_the_way_out():
    with pytest.raises(BadValue, match="no rings") as caught:
        shaped(STREET, shapely.affinity.translate(STREET, 0, 0.01), STREET, RINGS[0])
    assert caught.value.got == "4 lines, 1 of them closed"
    assert "polygonize" in caught.value.repair


def test_edges_that_areas_share_are_refused():
    edges = shapely.get_parts(shapely.node(shapely.MultiLineString(RINGS)))
    with pytest.raises(BadValue, match="no polygons"):
        shaped(*edges)


def test_a_ring_that_crosses_itself_is_kept_for_the_audit_to_show(tmp_path):
    bowtie = shapely.LineString([(117, 36), (117.01, 36.01), (117.01, 36), (117, 36.01), (117, 36)])
    faults = audit_layer(layer({"code": ["1", "2"]}, [bowtie, RINGS[2]], folder=tmp_path))
    assert "invalid_geometry" in {f.kind for f in faults}


@pytest.mark.parametrize(
    "line",
    [
        shapely.LineString([(117, 36), (117.01, 36), (117, 36)]),  # there and back
        shapely.LineString([(117, 36), (117.01, 36)]),
        shapely.LineString([(117, 36), (117, 36), (117, 36), (117, 36)]),
        STREET,
    ],
)
def test_lines_without_area_are_no_polygons(line):
    found = lines(line)
    assert found.geometry[0] is None
    assert not found.closed[0]


def test_nothing_in_nothing_out():
    assert len(lines().geometry) == 0


def test_measures_and_heights_go_and_are_said():
    wkt = "POLYGON {} ((117 36{}, 117.01 36{}, 117.01 36.01{}, 117 36{}))"
    for suffix, ordinates, expected in (
        ("M", " 5", {"m_dropped"}),
        ("Z", " 5", {"z_dropped"}),
        ("ZM", " 5 6", {"z_dropped", "m_dropped"}),
    ):
        found, notes = shaped(shapely.from_wkt(wkt.format(suffix, *[ordinates] * 4)))
        assert shapely.get_coordinate_dimension(found[0]) == 2
        assert set(notes) == expected


def test_a_collection_of_polygons_and_lines_gives_the_polygons():
    mixed = shapely.GeometryCollection([STREET, SQUARES[0], shapely.MultiPolygon([SQUARES[2]])])
    found, notes = shaped(mixed)
    assert found[0].equals(shapely.MultiPolygon([SQUARES[0], SQUARES[2]]))
    assert set(notes) == {"geometry_collection"}


@given(
    corners=st.lists(
        st.tuples(st.floats(0.1, 1.0), st.floats(0.0, 1.0)), min_size=3, max_size=12
    ).map(lambda c: sorted(c, key=lambda p: p[1])),
    reverse=st.booleans(),
    start=st.integers(0, 11),
)
@settings(max_examples=60, deadline=None)
def test_any_star_shaped_ring_comes_back_as_its_polygon(corners, reverse, start):
    angle = 2 * np.pi * np.arange(len(corners)) / len(corners)
    radius = np.array([r for r, _ in corners])
    xy = np.column_stack([117 + 0.01 * radius * np.cos(angle), 36 + 0.01 * radius * np.sin(angle)])
    polygon = shapely.Polygon(xy)
    ring = np.roll(xy, start, axis=0)[:: -1 if reverse else 1]
    found = lines(shapely.LineString(np.vstack([ring, ring[:1]])))
    assert shapely.equals_exact(
        shapely.normalize(found.geometry[0]), shapely.normalize(polygon), 1e-12
    )
    assert not found.closed[0]
