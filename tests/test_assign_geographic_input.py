"""Points that are geometry: GeoParquet and GeoPackage without columns of coordinates."""

import json
import sqlite3
from contextlib import closing

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import pytest
import shapely

from gridmap.bulk.columnar import ParquetSource
from gridmap.bulk.geofile import GeoSource
from gridmap.errors import UnknownCoordSys, UnreadableFile
from tests.assign_stub import read_csv, run

PLACES = [(117.05, 36.6), (100.31, 30.2), (99.0, 20.0), None, (118.999, 40.0)]


def frame(crs="EPSG:4326", places=PLACES):
    shapes = [None if place is None else shapely.Point(place) for place in places]
    return gpd.GeoDataFrame({"id": range(len(places)), "名": "甲"}, geometry=shapes, crs=crs)


def grids(path):
    return [row["grid"] for row in read_csv(path)]


EXPECTED = ["117.0", "100.3", "", "", "118.9"]


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
@pytest.mark.parametrize("name", ["out.csv", "out.parquet", "out.gpkg"])
def test_points_of_a_geoparquet_file_are_located(tmp_path, encoding, name):
    frame().to_parquet(tmp_path / "in.parquet", geometry_encoding=encoding, schema_version="1.1.0")
    summary = run(tmp_path / "in.parquet", tmp_path / name)
    assert summary.rows == len(PLACES)
    assert summary.columns["lon"] == "geometry"
    assert summary.facts["geometry"] == "geometry"
    assert summary.by_warning == {"missing": 1}
    if name == "out.csv":
        assert grids(tmp_path / name) == EXPECTED
        assert read_csv(tmp_path / name)[0]["lon"] == "117.05"
    if name == "out.parquet":
        table = pq.read_table(tmp_path / name)
        assert table.column("grid").to_pylist() == [code or None for code in EXPECTED]
        assert table.column("名").to_pylist() == ["甲"] * len(PLACES)
        # It says no longer that it holds geometry, for it holds none.
        assert b"geo" not in (table.schema.metadata or {})
        assert "geometry" not in table.schema.names


def test_points_in_another_system_are_converted(tmp_path):
    places = [PLACES[0], PLACES[4]]
    frame(places=places).to_crs("EPSG:4547").to_parquet(tmp_path / "in.parquet")
    summary = run(tmp_path / "in.parquet", tmp_path / "out.csv")
    assert grids(tmp_path / "out.csv") == [EXPECTED[0], EXPECTED[4]]
    assert summary.coord_systems == {"EPSG:4547": 2}


def test_a_file_that_leaves_its_system_open_needs_one(tmp_path):
    frame(crs=None).to_parquet(tmp_path / "in.parquet")
    with pytest.raises(UnknownCoordSys, match="does not say"):
        run(tmp_path / "in.parquet", tmp_path / "out.csv")
    assert run(tmp_path / "in.parquet", tmp_path / "out.csv", coord_sys="wgs84").rows == 5


def test_a_file_without_a_system_means_longitude_and_latitude(tmp_path):
    frame().to_parquet(tmp_path / "named.parquet")
    table = pq.read_table(tmp_path / "named.parquet")
    geo = table.schema.metadata[b"geo"]
    begin = geo.index(b'"crs": {')
    depth, at = 0, begin + len(b'"crs": ')
    while True:
        depth += {123: 1, 125: -1}.get(geo[at], 0)
        at += 1
        if not depth:
            break
    bare = geo[:begin] + geo[at:].lstrip(b", ")
    pq.write_table(table.replace_schema_metadata({b"geo": bare}), tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "out.csv")
    assert grids(tmp_path / "out.csv") == EXPECTED


def test_columns_of_numbers_serve_where_the_geometry_is_no_point(tmp_path):
    areas = frame(places=PLACES[:3])
    areas["lon"], areas["lat"] = areas.geometry.x, areas.geometry.y
    areas.geometry = shapely.buffer(areas.geometry.to_numpy(), 0.01)
    areas.to_parquet(tmp_path / "in.parquet")
    run(tmp_path / "in.parquet", tmp_path / "out.csv")
    assert grids(tmp_path / "out.csv") == EXPECTED[:3]


def with_metadata(path, change, places=PLACES, crs="EPSG:4326"):
    """A GeoParquet file whose column is described otherwise."""
    frame(places=places).to_crs(crs).to_parquet(path)
    table = pq.read_table(path)
    geo = json.loads(table.schema.metadata[b"geo"])
    change(geo["columns"]["geometry"])
    metadata = {b"geo": json.dumps(geo).encode()}
    pq.write_table(table.replace_schema_metadata(metadata), path)
    return path


def test_a_system_written_as_text_is_wkt(tmp_path):
    """As files have it that follow the drafts of GeoParquet."""
    wkt = pyproj.CRS("EPSG:4547").to_wkt()
    source = with_metadata(
        tmp_path / "in.parquet",
        lambda column: column.update(crs=wkt),
        [PLACES[0], PLACES[4]],
        "EPSG:4547",
    )
    summary = run(source, tmp_path / "out.csv")
    assert grids(tmp_path / "out.csv") == [EXPECTED[0], EXPECTED[4]]
    assert summary.coord_systems == {"EPSG:4547": 2}


def test_a_system_without_a_number_is_told_by_its_definition(tmp_path):
    source = with_metadata(tmp_path / "in.parquet", lambda column: column["crs"].update(id=None))
    run(source, tmp_path / "out.csv")
    assert grids(tmp_path / "out.csv") == EXPECTED


@pytest.mark.parametrize("crs", ["", "near here", 4326, [], {}, {"id": 7}, {"id": {"code": 1}}])
def test_a_system_that_is_none_is_told(tmp_path, crs):
    source = with_metadata(tmp_path / "in.parquet", lambda column: column.update(crs=crs))
    with pytest.raises(UnreadableFile, match="GeoParquet metadata"):
        run(source, tmp_path / "out.csv")


@pytest.mark.parametrize(
    "geo", ["{", "[]", "7", '{"primary_column": "id", "columns": {"id": "WKB"}}', '{"columns": {}}']
)
def test_broken_metadata_are_told(tmp_path, geo):
    table = pa.table({"id": [1]}).replace_schema_metadata({b"geo": geo.encode()})
    pq.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(UnreadableFile, match="GeoParquet metadata"):
        run(tmp_path / "in.parquet", tmp_path / "out.csv")


def test_points_of_a_geopackage_are_located(tmp_path):
    frame().to_file(tmp_path / "in.gpkg", layer="places")
    run(tmp_path / "in.gpkg", tmp_path / "out.csv")
    assert grids(tmp_path / "out.csv") == EXPECTED


@pytest.mark.parametrize("name", ["in.gpkg", "in.parquet"])
@pytest.mark.parametrize("empty", ["POINT EMPTY", "POINT Z EMPTY", "MULTIPOINT (EMPTY)"])
def test_an_empty_point_costs_its_own_row_alone(tmp_path, name, empty):
    shapes = [shapely.Point(PLACES[0]), shapely.from_wkt(empty), shapely.Point(PLACES[4])]
    rows = gpd.GeoDataFrame({"id": [1, 2, 3]}, geometry=shapes, crs="EPSG:4326")
    if name.endswith(".gpkg"):
        rows.to_file(tmp_path / name, geometry_type="Unknown")
    else:
        rows.to_parquet(tmp_path / name)
    run(tmp_path / name, tmp_path / "out.csv")
    found = read_csv(tmp_path / "out.csv")
    assert [row["location_status"] for row in found] == ["inside", "invalid", "inside"]
    assert [row["warning"] for row in found] == ["", "missing", ""]


# What a GeoPackage calls the systems that are none, by their numbers in it.
@pytest.mark.parametrize("number", [0, -1])
def test_a_layer_that_says_its_system_is_undefined_needs_one(tmp_path, number):
    path = tmp_path / "in.gpkg"
    frame().to_file(path, layer="places")
    with closing(sqlite3.connect(path)) as package, package:
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            package.execute(f"UPDATE {table} SET srs_id = ?", (number,))
    with pytest.raises(UnknownCoordSys, match=r"does not say.*Declare it with --coord-sys"):
        run(path, tmp_path / "out.csv")
    run(path, tmp_path / "out.csv", coord_sys="wgs84")
    assert grids(tmp_path / "out.csv") == EXPECTED


FEATURE = (
    '{"type": "Feature", "properties": {"crs": "gcj02"},'
    ' "geometry": {"type": "Point", "coordinates": [117.05, 36.6]}}'
)


@pytest.mark.parametrize("form", ['{{"type": "name", "properties": {{"name": "{}"}}}}', '"{}"'])
@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize(("name", "system"), [("GCJ02", "gcj02"), ("BD-09", "bd09")])
def test_points_of_a_geojson_are_in_the_system_that_it_says(tmp_path, form, behind, name, system):
    member = f'"crs": {form.format(name)}'
    features = f'"features": [{FEATURE}]'
    parts = (features, member) if behind else (member, features)
    path = tmp_path / "in.geojson"
    path.write_text(f'{{"type": "FeatureCollection", {", ".join(parts)}}}', encoding="utf-8")
    with closing(GeoSource(path, None)) as source:
        assert source.crs == name
    told = run(path, tmp_path / "out.csv")
    assert told.coord_systems == {system: 1}


def test_a_property_called_crs_is_no_system_of_a_geojson(tmp_path):
    path = tmp_path / "in.geojson"
    path.write_text(f'{{"type": "FeatureCollection", "features": [{FEATURE}]}}', encoding="utf-8")
    with closing(GeoSource(path, None)) as source:
        assert source.crs == "EPSG:4326"


@pytest.mark.parametrize("said", ['{"type": "link", "properties": {"href": "x.wkt"}}', "{}"])
def test_a_geojson_whose_crs_names_none_needs_one(tmp_path, said):
    path = tmp_path / "in.geojson"
    text = f'{{"type": "FeatureCollection", "crs": {said}, "features": [{FEATURE}]}}'
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UnknownCoordSys, match="does not say"):
        run(path, tmp_path / "out.csv")


def test_many_row_groups_are_read_in_constant_memory(tmp_path):
    """What was read is let go: Arrow's own reading ahead would hold the whole file."""
    row = np.arange(200_000)
    path = tmp_path / "in.parquet"
    schema = pa.schema([("lon", pa.float64()), ("lat", pa.float64())])
    dice = np.random.default_rng(2)
    with pq.ParquetWriter(path, schema) as writer:
        for _ in range(20):
            writer.write_table(pa.table(list(dice.uniform(size=(2, len(row)))), schema=schema))
    assert path.stat().st_size > 60 << 20
    before, most = pa.total_allocated_bytes(), 0
    source = ParquetSource(path)
    for rows in source.batches():
        most = max(most, pa.total_allocated_bytes() - before)
        del rows
    source.close()
    assert most < 24 << 20
