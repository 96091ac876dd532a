"""A system that a file declares under a name which GDAL or PROJ does not know."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely

from gridmap.areas import Levels
from gridmap.coverage.importing.columns import ColumnMap
from gridmap.coverage.importing.incoming import prepare_import
from gridmap.coverage.reading.read import read_layer
from gridmap.coverage.reading.shaping import choose_coord_sys
from gridmap.crs import normalise_name, transform_geometry
from gridmap.errors import UnknownCoordSys
from tests.layers import SQUARES, frame, shapefile, write, zipped

COLUMNS = {"code": ["01", "02", "03"]}
GCJ_OVER_WGS84 = (
    'GEOGCS["GCS_GCJ02",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
)


def named(name):
    return {"type": "name", "properties": {"name": name}}


def geojson(path, crs, system="wgs84"):
    """A GeoJSON of squares in a system, with a `crs`."""
    shapes = transform_geometry(np.array(SQUARES[:3], dtype=object), "wgs84", system)
    write(frame(COLUMNS, list(shapes)), path)
    document = json.loads(path.read_text(encoding="utf-8"))
    document.pop("crs", None)
    path.write_text(json.dumps({**document, "crs": crs}, ensure_ascii=False), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("crs", "system"),
    [
        (named("GCJ02"), "gcj02"),
        (named("GCJ-02"), "gcj02"),
        (named("火星坐标系"), "gcj02"),
        (named("BD09"), "bd09"),
        (named("国家2000"), "cgcs2000"),
        (named("EPSG:4326"), "wgs84"),
        (named("urn:ogc:def:crs:OGC:1.3:CRS84"), "wgs84"),
        (named("http://www.opengis.net/def/crs/OGC/1.3/CRS84"), "wgs84"),
        (named("urn:ogc:def:crs:EPSG::4490"), "cgcs2000"),
        ({"type": "EPSG", "properties": {"code": 4490}}, "cgcs2000"),
        ("gcj02", "gcj02"),
        (None, "wgs84"),
    ],
)
def test_the_crs_of_a_geojson_is_what_it_is_called(tmp_path, crs, system):
    layer = read_layer(geojson(tmp_path / "x.geojson", crs))
    assert normalise_name(layer.crs) == system
    assert layer.notes == ()


@pytest.mark.parametrize("system", ["gcj02", "bd09"])
def test_a_geojson_that_says_its_offset_is_imported_where_it_lies(tmp_path, system):
    source = geojson(tmp_path / "x.geojson", named(system.upper()), system)
    incoming = prepare_import(
        read_layer(source),
        "grid",
        ColumnMap("code", None),
        levels=Levels(["community", "grid"]),
        existing=None,
    )
    assert incoming.coord_sys == system
    assert shapely.equals_exact(incoming.geometry, np.array(SQUARES[:3]), 1e-7).all()


def test_a_name_that_nobody_knows_is_refused_and_not_taken_for_wgs84(tmp_path):
    name = "urn:ogc:def:crs:EPSG::999999"
    layer = read_layer(geojson(tmp_path / "x.geojson", named(name)))
    with pytest.raises(UnknownCoordSys, match="999999"):
        choose_coord_sys(layer.crs, None)
    chosen, notes = choose_coord_sys(layer.crs, "gcj02")
    assert chosen == "gcj02"
    assert [note.kind for note in notes] == ["coord_sys_override"]


@pytest.mark.parametrize(
    "crs",
    [
        {"type": "link", "properties": {"href": "http://example.com/crs", "type": "proj4"}},
        {"type": "name"},
        named(4490),
        named(""),
        [],
    ],
)
def test_a_crs_that_names_no_system_counts_as_none_and_is_told(tmp_path, crs):
    layer = read_layer(geojson(tmp_path / "x.geojson", crs))
    assert layer.crs is None
    assert [(note.kind, note.severity) for note in layer.notes] == [("crs_unreadable", "warning")]


def test_the_crs_of_a_geojson_in_an_archive_and_in_gbk_is_heard_too(tmp_path):
    path = geojson(tmp_path / "x.geojson", named("国测局坐标系"))
    path.write_bytes(path.read_text(encoding="utf-8").replace('"01"', '"甲"').encode("gbk"))
    layer = read_layer(zipped(tmp_path / "x.zip", path))
    assert layer.encoding == "GB18030"
    assert normalise_name(layer.crs) == "gcj02"


def test_a_prj_that_is_called_gcj02_over_wgs84_is_gcj02(tmp_path):
    path = shapefile(tmp_path, COLUMNS, "UTF-8")
    path.with_suffix(".prj").write_text(GCJ_OVER_WGS84, encoding="utf-8")
    assert read_layer(path).crs == "gcj02"


def test_a_parquet_that_is_called_gcj02_over_wgs84_is_gcj02(tmp_path):
    path = tmp_path / "x.parquet"
    frame(COLUMNS, crs=GCJ_OVER_WGS84).to_parquet(path)
    assert read_layer(path).crs == "gcj02"
