"""Esri's JSON: lists of rings, by their orientation, whatever program wrote them."""

import datetime as dt
import json

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gridmap.coverage.reading.read import list_layers, read_layer
from gridmap.coverage.reading.rings import nested_rings, oriented_rings
from gridmap.errors import UnreadableFile

OUTER = [[117, 36], [117, 36.04], [117.04, 36.04], [117.04, 36], [117, 36]]  # clockwise
HOLE = [[117.01, 36.01], [117.02, 36.01], [117.02, 36.02], [117.01, 36.02], [117.01, 36.01]]
ISLAND = [[117.013, 36.013], [117.013, 36.017], [117.017, 36.017], [117.013, 36.013]]


def feature(rings, **attributes):
    return {"attributes": attributes, "geometry": {"rings": rings}}


def written(tmp_path, document, name="grids.json"):
    path = tmp_path / name
    path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return path


def feature_set(*features, **more):
    return {
        "geometryType": "esriGeometryPolygon",
        "spatialReference": {"wkid": 4490},
        "features": list(features),
        **more,
    }


def kinds(layer):
    return [note.kind for note in layer.notes]


def test_a_feature_set_gives_rows_and_system(tmp_path):
    path = written(
        tmp_path, feature_set(feature([OUTER], code="007", homes=3), feature([ISLAND], code="2"))
    )
    layer = read_layer(path)
    assert list_layers(path) == ["grids"]
    assert (layer.crs, layer.encoding, len(layer)) == ("EPSG:4490", "UTF-8", 2)
    assert layer.columns == ["code", "homes"]
    assert layer.frame["code"].tolist() == ["007", "2"]
    assert layer.geometry[0].equals(shapely.Polygon(OUTER))
    assert layer.notes == ()


def test_holes_go_to_the_smallest_ring_around_them_and_islands_stand_in_holes(tmp_path):
    far = [[x + 1, y] for x, y in OUTER]
    far_hole = [[x + 1, y] for x, y in HOLE]
    path = written(tmp_path, feature_set(feature([HOLE, ISLAND, OUTER, far_hole, far], code="1")))
    (shape,) = read_layer(path).geometry
    expected = shapely.MultiPolygon(
        [
            shapely.Polygon(OUTER, [HOLE]),
            shapely.Polygon(ISLAND),
            shapely.Polygon(far, [far_hole]),
        ]
    )
    assert shape.equals(expected)
    assert shapely.is_valid(shape)


def test_rings_turned_the_other_way_are_put_together_as_they_lie(tmp_path):
    path = written(tmp_path, feature_set(feature([OUTER[::-1], HOLE[::-1]], code="1")))
    layer = read_layer(path)
    assert layer.geometry[0].equals(shapely.Polygon(OUTER, [HOLE]))
    (note,) = layer.notes
    assert (note.kind, note.severity, note.rows) == ("ring_orientation", "warning", (1,))


def test_open_rings_are_closed_and_rings_without_area_left_out(tmp_path):
    path = written(
        tmp_path,
        feature_set(
            feature([OUTER[:-1], [[117, 36], [117, 36]], []], code="1"),
            feature([], code="2"),
            {"attributes": {"code": "3"}, "geometry": None},
        ),
    )
    shapes = read_layer(path).geometry
    assert shapes[0].equals(shapely.Polygon(OUTER))
    assert shapes[1] is shapes[2] is None


@pytest.mark.parametrize(
    ("flags", "coordinate", "noted"),
    [
        ({"hasZ": True}, [5.0], ["z_dropped"]),
        ({"hasM": True}, [5.0], ["m_dropped"]),
        ({"hasZ": True, "hasM": True}, [5.0, None], ["z_dropped", "m_dropped"]),
        ({}, [5.0], ["z_dropped"]),
    ],
)
def test_heights_and_measures_are_dropped_and_said(tmp_path, flags, coordinate, noted):
    rings = [[[*p, *coordinate] for p in OUTER]]
    layer = read_layer(written(tmp_path, feature_set(feature(rings, code="1"), **flags)))
    assert not shapely.has_z(layer.geometry[0])
    assert kinds(layer) == noted


def test_dates_and_long_integers_are_what_the_fields_say(tmp_path):
    long = 371234567890123456
    fields = [{"name": "since", "type": "esriFieldTypeDate"}]
    path = written(
        tmp_path,
        feature_set(
            feature([OUTER], code=long, since=1735689600000),
            feature([ISLAND], code=None, since=None),
            fields=fields,
        ),
    )
    frame = read_layer(path).frame
    assert frame["code"].tolist() == [long, None]
    assert frame["since"][0] == dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("reference", "crs", "noted"),
    [
        ({"wkid": 102100, "latestWkid": 3857}, "EPSG:3857", []),
        ({"wkid": 102100}, "ESRI:102100", []),
        ({"wkid": 4548}, "EPSG:4548", []),
        ({"wkid": 999999}, None, ["crs_unreadable"]),
        ({"wkt": "nonsense"}, None, ["crs_unreadable"]),
        (None, None, []),
    ],
)
def test_the_spatial_reference_is_told(tmp_path, reference, crs, noted):
    document = feature_set(feature([OUTER], code="1")) | {"spatialReference": reference}
    layer = read_layer(written(tmp_path, document))
    assert layer.crs in {crs, "EPSG:3857" if crs == "ESRI:102100" else crs}
    assert kinds(layer) == noted


def test_bare_lists_and_rows_with_rings_are_read(tmp_path):
    features = written(tmp_path, [feature([OUTER], code="1")], "a.json")
    rows = written(tmp_path, [{"code": "1", "rings": [OUTER]}], "b.json")
    alone = written(tmp_path, {"rings": [OUTER], "spatialReference": {"wkid": 4326}}, "c.json")
    for path, columns in ((features, ["code"]), (rows, ["code"]), (alone, [])):
        layer = read_layer(path)
        assert layer.geometry[0].equals(shapely.Polygon(OUTER))
        assert layer.columns == columns
    assert read_layer(alone).crs == "EPSG:4326"


def test_paths_are_lines_and_curves_cannot_be_read(tmp_path):
    curve = {"attributes": {"code": "2"}, "geometry": {"curveRings": [[[117, 36]]]}}
    line = {"attributes": {"code": "1"}, "geometry": {"paths": [OUTER]}}
    layer = read_layer(written(tmp_path, feature_set(line, curve)))
    assert layer.geometry[0].geom_type == "MultiLineString"
    assert layer.geometry[1] is None
    assert [(n.kind, n.severity, n.rows) for n in layer.notes] == [("curve", "error", (2,))]


@pytest.mark.parametrize("document", [{}, [], [1], {"features": []}, {"features": [{"a": 1}]}])
def test_other_json_is_refused(tmp_path, document):
    with pytest.raises(UnreadableFile, match="not GeoJSON"):
        read_layer(written(tmp_path, document))


@pytest.mark.parametrize(
    "damage",
    [
        {"features": [feature([5])]},
        {"features": [feature([[["a", "b"], [1, 2]]])]},
        {"fields": 5},
        {"fields": ["since"]},
    ],
    ids=str,
)
def test_a_document_that_is_not_as_it_should_be_is_refused(tmp_path, damage):
    path = written(tmp_path, feature_set(feature([OUTER], code="1")) | damage)
    with pytest.raises(UnreadableFile, match="Esri JSON"):
        read_layer(path)


def test_gbk_is_found(tmp_path):
    path = tmp_path / "grids.json"
    document = feature_set(feature([OUTER], name="南关社区"), feature([ISLAND], name="东关社区"))
    path.write_bytes(json.dumps(document, ensure_ascii=False).encode("gb18030"))
    layer = read_layer(path)
    assert layer.frame["name"][0] == "南关社区"
    assert kinds(layer) == ["encoding_guessed"]


# -- any polygons, taken apart into rings and put together -----------------------------------


@st.composite
def multipolygons(draw):
    """Squares apart from each other, some with holes, some with an island in a hole."""
    polygons = []
    for place in range(draw(st.integers(1, 4))):
        x = 117.0 + 0.1 * place
        size = draw(st.floats(0.02, 0.08))
        holes = []
        if draw(st.booleans()):
            hole = shapely.box(x + size / 4, 36 + size / 4, x + size / 2, 36 + size / 2)
            holes.append(hole)
            if draw(st.booleans()):
                polygons.append(hole.buffer(-size / 16, join_style="mitre"))
        if draw(st.booleans()):
            holes.append(
                shapely.box(x + size * 0.6, 36.0 + size / 4, x + size * 0.9, 36 + size / 2)
            )
        whole = shapely.box(x, 36.0, x + size, 36.0 + size)
        polygons.append(shapely.Polygon(whole.exterior, [h.exterior for h in holes]))
    return shapely.MultiPolygon(polygons)


def rings_of(shape, random):
    """Rings as Esri writes them, in any order, each begun anywhere."""
    out = []
    for polygon in shapely.get_parts(shape):
        for ring, ccw in [(polygon.exterior, False), *((h, True) for h in polygon.interiors)]:
            xy = np.array(ring.coords)
            if shapely.is_ccw(ring) != ccw:
                xy = xy[::-1]
            start = random.randrange(len(xy) - 1)
            xy = np.vstack([xy[start:-1], xy[: start + 1]])
            out.append(xy)
    random.shuffle(out)
    return out


@given(shape=multipolygons(), random=st.randoms(use_true_random=False))
@settings(max_examples=60, deadline=None)
def test_polygons_taken_apart_come_back_whole(shape, random):
    assume(shapely.is_valid(shape))
    rings = rings_of(shape, random)
    found, as_defined = oriented_rings(rings)
    assert as_defined
    assert shapely.is_valid(found)
    assert found.equals(shape)
    assert nested_rings([ring[::-1] for ring in rings]).equals(shape)


@given(shape=multipolygons(), random=st.randoms(use_true_random=False))
@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_polygons_come_back_from_a_file_of_rings(tmp_path, shape, random):
    rings = [ring.tolist() for ring in rings_of(shape, random)]
    layer = read_layer(written(tmp_path, feature_set(feature(rings, code="1"))))
    assert layer.geometry[0].equals(shape)


def test_no_rings_are_no_polygon():
    assert oriented_rings([]) == (None, True)
    assert nested_rings([]) is None
