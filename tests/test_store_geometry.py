"""Geometry goes through a store without losing a bit."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.areas import Area
from gridmap.errors import StoreUnusable
from gridmap.store.geometry import bounds_of, from_gpkg, to_gpkg
from tests.store_data import ACTOR, incoming

HOLED = shapely.Polygon(
    [(117, 36), (117.3, 36), (117.3, 36.3), (117, 36.3)],
    [[(117.1, 36.1), (117.1, 36.2), (117.2, 36.2), (117.2, 36.1)]],
)
PARTS = shapely.MultiPolygon([HOLED, shapely.box(118, 36, 118.1, 36.1)])
SHAPES = {
    "polygon": shapely.box(117, 36, 117.1, 36.1),
    "clockwise": shapely.Polygon([(0, 0), (0, 1), (1, 1), (1, 0)]),
    "hole": HOLED,
    "parts": PARTS,
    "one part": shapely.MultiPolygon([shapely.box(0, 0, 1, 1)]),
    "sliver": shapely.Polygon([(117, 36), (117 + 1e-13, 36), (117, 36.1)]),
    "bow tie": shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)]),
    "minus zero": shapely.Polygon([(-0.0, 0.0), (1, -0.0), (1, 1)]),
    "empty": shapely.Polygon(),
    "empty parts": shapely.MultiPolygon(),
}


def through(store, shapes):
    store.ensure_draft("e1", ACTOR)
    areas = [Area(-1, "grid", f"{i:03}", "") for i in range(len(shapes))]
    store.import_areas("e1", incoming(areas, shapes), ACTOR)
    coverage = store.coverage("e1")
    return list(coverage.geometry[coverage.rows("grid")])


def test_every_kind_of_shape_comes_back_byte_for_byte(store):
    back = through(store, list(SHAPES.values()))
    assert {name: shapely.to_wkb(shape) for name, shape in zip(SHAPES, back, strict=True)} == {
        name: shapely.to_wkb(shape) for name, shape in SHAPES.items()
    }
    assert {shapely.get_srid(shape) for shape in back} == {0}


def test_a_third_dimension_is_left_out(store):
    (back,) = through(store, [shapely.Polygon([(0, 0, 5), (1, 0, 5), (1, 1, 5)])])
    assert not shapely.has_z(back)


number = st.floats(-180, 180, allow_nan=False)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rings=st.lists(st.lists(st.tuples(number, number), min_size=3, max_size=8), max_size=6))
def test_any_coordinates_come_back_byte_for_byte(store, rings):
    shapes = [shapely.Polygon(ring) for ring in rings]
    assert [shapely.to_wkb(s) for s in through(store, shapes)] == [
        shapely.to_wkb(s) for s in shapes
    ]


@pytest.mark.parametrize("name", SHAPES)
def test_geopackage_binary_round_trip(name):
    shape = SHAPES[name]
    blob = to_gpkg(shape)
    assert blob is not None
    assert shapely.to_wkb(from_gpkg(blob)) == shapely.to_wkb(shape)
    assert bounds_of(blob) == (None if shape.is_empty else shape.bounds)


def test_geopackage_binary_has_the_header_of_the_standard():
    blob = to_gpkg(shapely.box(1, 2, 3, 4))
    assert blob is not None
    assert blob[:2] == b"GP"
    version, flags, srs = struct.unpack("<BBi", blob[2:8])
    assert (version, flags, srs) == (0, 0b00000011, 4326)
    assert struct.unpack("<4d", blob[8:40]) == (1, 3, 2, 4), "minx, maxx, miny, maxy"


def test_a_point_has_no_envelope_but_bounds():
    blob = to_gpkg(shapely.Point(117, 36))
    assert blob is not None
    assert len(blob) == 8 + 21
    assert bounds_of(blob) == (117, 36, 117, 36)


def test_an_empty_geometry_has_the_flag_and_no_bounds():
    blob = to_gpkg(shapely.Point())
    assert blob is not None
    assert blob[3] & 0b10000
    assert bounds_of(blob) is None
    assert bounds_of(blob[:3] + b"\x01" + blob[4:]) is None, "also when the flag is missing"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("indicator", [0, 1, 2, 3, 4])
def test_every_envelope_and_byte_order_of_the_standard_is_read(order, indicator):
    doubles = [0, 4, 6, 6, 8][indicator]
    flags = (indicator << 1) | (order == "<")
    envelope = struct.pack(f"{order}{doubles}d", *([117, 117.1, 36, 36.1, 0, 0, 0, 0][:doubles]))
    wkb = shapely.to_wkb(SHAPES["polygon"], byte_order=1 if order == "<" else 0)
    blob = b"GP" + struct.pack(f"{order}BBi", 0, flags, 4326) + envelope + wkb
    assert from_gpkg(blob).equals(SHAPES["polygon"])
    assert bounds_of(blob) == pytest.approx((117, 36, 117.1, 36.1))


@pytest.mark.parametrize("blob", [b"", b"GP", b"XX" + bytes(30), b"GP\x07" + bytes(30)])
def test_other_bytes_are_refused(blob):
    with pytest.raises(ValueError, match="GeoPackage binary"):
        from_gpkg(blob)


def test_null_stays_null():
    assert to_gpkg(None) is None
    assert from_gpkg(None) is None
    assert bounds_of(None) is None


@pytest.mark.parametrize("store_kind", ["geopackage"], indirect=True)
def test_a_broken_geometry_in_the_file_is_said(store, store_url):
    import sqlite3

    through(store, [SHAPES["polygon"]])
    with sqlite3.connect(store_url) as connection:
        for name in ("ST_IsEmpty", "ST_MinX", "ST_MaxX", "ST_MinY", "ST_MaxY"):
            connection.create_function(name, 1, lambda blob: 1)
        connection.execute("UPDATE areas SET geom = x'0102'")
    connection.close()
    with pytest.raises(StoreUnusable, match="geometry"):
        store.coverage("e1")


def test_empty_arrays_are_fine(store):
    assert through(store, []) == []
    assert np.array_equal(store.coverage("e1").rows("grid"), [])
