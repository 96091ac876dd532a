"""Exports in each format: names of columns, whole coordinates, and what a format cannot hold."""

from __future__ import annotations

import csv
import json
import struct
import warnings
import zipfile

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.areas import Area, Levels
from gridmap.bulk.export import check_system, export_target, in_system, write_export
from gridmap.bulk.export_formats import ExportFormat
from gridmap.bulk.export_shapefile import short_names
from gridmap.bulk.export_table import COLUMNS, export_layer
from gridmap.coverage.importing.differences import differences
from gridmap.coverage.model import Coverage
from gridmap.coverage.reading.read import read_layer
from gridmap.errors import BadValue, UnknownCoordSys
from tests.patchworks import patchworks

FORMATS = [kind.value for kind in ExportFormat]
ALL = (*COLUMNS.values(), "attributes")


def coverage(shapes, *, parents=True):
    """Communities P0 (and P1) over grids G00, G01, ... with shapes as given."""
    areas = [Area(-1, "grid", f"G{i:02}", f"网格{i}", f"Grid {i}", "community", f"P{i % 2}")
             for i in range(len(shapes))]  # fmt: skip
    above = [Area(-1, "community", f"P{i}", f"社区{i}") for i in range(min(2, len(shapes)))]
    return Coverage.build(
        "e1", Levels(["community", "grid"]), [*areas, *above], [*shapes, *([None] * len(above))]
    )


LONG = "网格长办公地点"
SQUARES = [shapely.box(117 + i / 3, 36, 117 + (i + 1) / 3, 36 + 1 / 3) for i in range(4)]
ATTRIBUTES = {
    "G00": {"households": 12, "share": 0.1 + 0.2, "since": "2024-05-01", LONG: "甲" * 90},
    "G01": {"households": None, "share": 1.0, "open": True},
    "G03": {"households": 7, "open": False, "mixed": [1, 2]},
}  # fmt: skip


def layers(*names):
    made = coverage(SQUARES)
    return [export_layer(made, name, ALL, ATTRIBUTES if name == "grid" else None) for name in names]


def written(folder, kind, *names, shown=None):
    target = export_target(folder / f"out.{kind}", None, names)
    notes = write_export(target, shown or layers(*names))
    return target.path, notes


def read(path, layer=None):
    if path.suffix == ".parquet":
        return gpd.read_parquet(path)
    if path.suffix == ".csv":
        plain = pd.read_csv(path, dtype="str", encoding="utf-8-sig")
        return gpd.GeoDataFrame(
            plain.drop(columns="WKT"), geometry=gpd.GeoSeries.from_wkt(plain["WKT"]), crs=4326
        )
    return pyogrio.read_dataframe(path, layer=layer)


@pytest.mark.parametrize("kind", FORMATS)
def test_a_layer_comes_back_with_its_columns_codes_and_every_bit_of_its_polygons(kind, tmp_path):
    path, _ = written(tmp_path, kind, "grid")
    found = read(path)
    names = ["code", "name", "name_en", "parent", "kind", "households", "share", "since"]
    assert [c for c in found.columns if c != found.geometry.name][:8] == names
    assert found["code"].tolist() == ["G00", "G01", "G02", "G03"]
    assert found["name"].tolist() == ["网格0", "网格1", "网格2", "网格3"]
    assert found["parent"].tolist() == ["P0", "P1", "P0", "P1"]
    assert found.crs.to_epsg() == 4326
    for was, now in zip(SQUARES, found.geometry, strict=True):
        assert shapely.to_wkb(shapely.normalize(was)) == shapely.to_wkb(
            shapely.normalize(now.geoms[0] if now.geom_type == "MultiPolygon" else now)
        )


@pytest.mark.parametrize("kind", FORMATS)
def test_what_comes_back_does_not_differ_from_what_went_out(kind, tmp_path):
    (layer,) = layers("grid")
    path, _ = written(tmp_path, kind, "grid")
    found = differences(layer.frame, read(path))
    cut = {"网格长办公地点": "网格长"} if kind == "shp" else {}
    assert found.columns_removed == tuple(cut)
    assert found.columns_added == tuple(cut.values())
    assert (found.shapes, found.values, found.unchanged) == ((), (), 4)


def test_geojson_is_as_its_standard_has_it(tmp_path):
    path, _ = written(tmp_path, "geojson", "grid")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert set(document) == {"type", "features"}
    assert document["features"][0]["properties"]["households"] == 12
    assert document["features"][1]["properties"]["households"] is None
    assert document["features"][1]["properties"]["open"] is True
    for feature in document["features"]:
        (ring,) = feature["geometry"]["coordinates"]
        assert shapely.LinearRing(ring).is_ccw
        assert ring[0] == ring[-1]
        assert len(ring[0]) == 2
    assert 117 + 1 / 3 in {x for x, _ in document["features"][0]["geometry"]["coordinates"][0]}


def test_holes_turn_the_other_way_and_parts_stay_apart(tmp_path):
    ring = shapely.box(117, 36, 118, 37).difference(shapely.box(117.2, 36.2, 117.4, 36.4))
    shape = shapely.MultiPolygon([shapely.reverse(ring), shapely.box(119, 36, 120, 37)])
    shown = [export_layer(coverage([shape]), "grid", ALL)]
    path, _ = written(tmp_path, "geojson", "grid", shown=shown)
    (feature,) = json.loads(path.read_text(encoding="utf-8"))["features"]
    parts = feature["geometry"]["coordinates"]
    assert [len(rings) for rings in parts] == [2, 1]
    assert [shapely.LinearRing(r).is_ccw for rings in parts for r in rings] == [True, False, True]


def test_geoparquet_says_what_it_is(tmp_path):
    path, _ = written(tmp_path, "parquet", "grid")
    meta = json.loads(pq.read_schema(path).metadata[b"geo"])
    assert meta["version"] == "1.0.0"
    column = meta["columns"][meta["primary_column"]]
    assert column["encoding"] == "WKB"
    assert column["crs"]["id"] == {"authority": "EPSG", "code": 4326}


def test_a_geopackage_has_a_layer_a_level_that_takes_areas_of_several_parts(tmp_path):
    path, _ = written(tmp_path, "gpkg", "community", "grid")
    assert pyogrio.list_layers(path).tolist() == [
        ["community", "MultiPolygon"], ["grid", "MultiPolygon"],
    ]  # fmt: skip
    assert read(path, "community")["code"].tolist() == ["P0", "P1"]
    # What a parent is: its children together.
    union = shapely.union_all([SQUARES[0], SQUARES[2]])
    assert read(path, "community").geometry.iloc[0].equals(union)


def test_csv_opens_in_a_spreadsheet_with_its_characters(tmp_path):
    path, _ = written(tmp_path, "csv", "grid")
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbfcode,name,")
    rows = list(csv.DictReader(raw.decode("utf-8-sig").splitlines()))
    assert (rows[0]["name"], rows[1]["open"], rows[1]["households"]) == ("网格0", "true", "")
    assert list(rows[0])[-1] == "WKT"
    assert float(rows[0]["share"]) == 0.1 + 0.2


# -- shapefiles ---------------------------------------------------------------------------


def test_a_shapefile_says_its_encoding_and_cuts_nothing_inside_a_character(tmp_path):
    path, notes = written(tmp_path, "shp", "grid")
    assert path.with_suffix(".cpg").read_text(encoding="ascii") == "UTF-8"
    found = read(path)
    assert found["网格长"].iloc[0] == "甲" * 84
    renamed, cut = notes
    assert "'网格长办公地点' is '网格长'" in renamed
    assert "254 bytes" in cut
    assert "G00" in cut
    layer = read_layer(path)
    assert layer.encoding == "UTF-8"
    assert not layer.notes


def test_numbers_too_large_or_small_for_a_shapefile_are_written_as_text(tmp_path):
    values = {"a": 1e300, "b": 2.5e-9, "c": 123456.789}
    shown = export_layer(coverage(SQUARES[:1]), "grid", ALL, {"G00": values})
    path, notes = written(tmp_path, "shp", "grid", shown=[shown])
    found = read(path).iloc[0]
    assert (found["a"], found["b"], found["c"]) == ("1e+300", "2.5e-09", 123456.789)
    assert len(notes) == 2


def test_a_shapefile_without_text_columns_has_its_cpg_too(tmp_path):
    shown = export_layer(coverage(SQUARES), "grid", ["code"])
    path, _ = written(tmp_path, "shp", "grid", shown=[shown])
    assert path.with_suffix(".cpg").exists()


@pytest.mark.parametrize(
    ("names", "short"),
    [
        (["code", "name_en", "households"], ["code", "name_en", "households"]),
        (["household_count"], ["household"]),
        (["household_count", "household_count_2020"], ["household", "househol_2"]),
        (["网格长姓名", "网格长电话"], ["网格长", "网格_2"]),
        (["household_x", "household"], ["househol_2", "household"]),
        (["Population_of_all", "POPULATION"], ["Populati_2", "POPULATION"]),
    ],
)
def test_short_names_are_whole_unlike_each_other_and_leave_fitting_ones_alone(names, short):
    found = short_names(names)
    assert [found[name] for name in names] == short


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", min_codepoint=33), min_size=1), unique=True))
def test_short_names_always_fit_and_never_meet(names):
    found = short_names(names)
    assert list(found) == names
    assert all(len(short.encode()) <= 10 for short in found.values())
    assert len({short.casefold() for short in found.values() if short}) == len(
        [short for short in found.values() if short]
    )


def test_several_shapefiles_lie_in_one_archive_and_each_is_read_by_its_name(tmp_path):
    path = tmp_path / "all.zip"
    write_export(export_target(path, None, ["community", "grid"]), layers("community", "grid"))
    with zipfile.ZipFile(path) as archive:
        assert {"grid.shp", "grid.cpg", "community.dbf", "community.prj"} <= set(archive.namelist())
    assert read_layer(path, "community").frame["code"].tolist() == ["P0", "P1"]
    assert len(read_layer(path, "grid")) == 4


def test_an_archive_holds_other_formats_when_asked(tmp_path):
    path = tmp_path / "all.zip"
    target = export_target(path, "geojson", ["community", "grid"])
    write_export(target, layers("community", "grid"))
    with zipfile.ZipFile(path) as archive:
        assert archive.namelist() == ["community.geojson", "grid.geojson"]


def test_a_shapefile_that_fails_half_way_leaves_no_main_file_that_lies(tmp_path, monkeypatch):
    path, _ = written(tmp_path, "shp", "grid")
    from gridmap.bulk.safe_output import PendingFile

    def stop(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(PendingFile, "commit", stop)
    with pytest.raises(KeyboardInterrupt):
        written(tmp_path, "shp", "community")
    assert not path.exists()
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("main", [True, False], ids=["beside its file", "left behind"])
def test_a_shapefile_written_anew_has_no_index_of_the_former_one(tmp_path, main):
    path, _ = written(tmp_path, "shp", "community")
    table, index = str(path), path.with_suffix(".qix")
    pyogrio.raw.write(  # GDAL makes the index, and looks rows up in it from then on
        table, shapely.to_wkb([shapely.box(0, 0, 1, 1)]), [np.array(["x"], object)], ["code"],
        geometry_type="Polygon", crs="EPSG:4326", driver="ESRI Shapefile", SPATIAL_INDEX="YES",
    )  # fmt: skip
    assert index.exists()
    others = [tmp_path / "out.SBN", tmp_path / "out.sbx", tmp_path / "out.ind"]
    others += [tmp_path / "out.code.atx", tmp_path / "out.NAME.ATX"]  # of columns, by ESRI
    for other in others:
        other.write_bytes(b"index")
    mine = [tmp_path / name for name in ("out.2.qix", "outer.qix", "outer.code.atx", "out.2.b.atx")]
    for one in mine:
        one.write_bytes(b"of another file")
    if not main:
        path.unlink()
    written(tmp_path, "shp", "grid")
    assert not any(one.exists() for one in [index, *others])
    assert all(one.exists() for one in mine)
    west = pyogrio.read_dataframe(path, bbox=(117.1, 36.1, 117.2, 36.2))
    assert west["code"].tolist() == ["G00"]


# -- names and types ----------------------------------------------------------------------


def test_an_attribute_that_bears_a_taken_name_gets_another_and_is_reported(tmp_path):
    attributes = {"G00": {"Name": "old", "geom": 1, "FID": 2, "name_2": "x"}}
    layer = export_layer(coverage(SQUARES[:1]), "grid", ALL, attributes)
    assert layer.frame.columns.tolist()[5:-1] == ["Name_2", "geom_2", "FID_2", "name_2_2"]
    assert len(layer.notes) == 4
    for kind in FORMATS:
        path, _ = written(tmp_path, kind, "grid", shown=[layer])
        assert "Name_2" in read(path).columns


def test_values_of_several_kinds_are_written_as_text_and_reported():
    attributes = {"G00": {"a": 1, "b": 2**70}, "G01": {"a": "x", "b": 1}}
    layer = export_layer(coverage(SQUARES[:2]), "grid", ALL, attributes)
    assert layer.frame["a"].tolist() == ["1", "x"]
    assert layer.frame["b"].tolist() == [str(2**70), "1"]
    assert len(layer.notes) == 2


def test_only_the_fields_that_may_be_seen_are_columns():
    layer = export_layer(coverage(SQUARES), "grid", ["code", "parent_code"], ATTRIBUTES)
    assert layer.frame.columns.tolist() == ["code", "parent", "geometry"]


@pytest.mark.parametrize("kind", FORMATS)
def test_an_area_without_a_polygon_stays_in_the_table(kind, tmp_path):
    shown = [export_layer(coverage([SQUARES[0], None]), "grid", ALL)]
    path, _ = written(tmp_path, kind, "grid", shown=shown)
    found = read(path)
    assert found["code"].tolist() == ["G00", "G01"]
    assert found.geometry.isna().tolist() == [False, True]


# -- systems and targets ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["gpkg", "parquet", "shp"])
def test_a_projected_export_comes_back_to_its_place(kind, tmp_path):
    name = check_system(ExportFormat(kind), "EPSG:4548")
    near = [shapely.box(117 + i / 300, 36, 117 + (i + 1) / 300, 36 + 1 / 300) for i in range(4)]
    layer = export_layer(coverage(near), "grid", ALL)
    path, _ = written(tmp_path, kind, "grid", shown=[in_system(layer, name)])
    found = read(path)
    assert found.crs.to_epsg() == 4548
    assert found.geometry.iloc[0].bounds[0] > 100_000
    assert not differences(layer.frame, found.to_crs(4326)).shapes


def test_cgcs2000_has_the_stored_degrees_under_its_own_label(tmp_path):
    name = check_system(ExportFormat.GPKG, "CGCS2000")
    path, _ = written(tmp_path, "gpkg", "grid", shown=[in_system(layers("grid")[0], name)])
    found = read(path)
    assert found.crs.to_epsg() == 4490
    assert found.geometry.iloc[0].bounds == SQUARES[0].bounds


def test_systems_that_a_format_or_a_map_cannot_have_are_refused():
    with pytest.raises(BadValue, match="RFC 7946"):
        check_system(ExportFormat.GEOJSON, "EPSG:4548")
    with pytest.raises(BadValue, match="offset"):
        check_system(ExportFormat.GPKG, "gcj02")
    with pytest.raises(UnknownCoordSys):
        check_system(ExportFormat.GPKG, "mars")
    with pytest.raises(BadValue, match="out of range"):
        in_system(layers("grid")[0], "EPSG:2326")


@pytest.mark.parametrize(
    ("name", "format_", "levels", "message"),
    [
        ("out.txt", None, ["grid"], "ending"),
        (".gpkg", None, ["grid"], "ending"),
        ("out.gpkg", "csv", ["grid"], "contradict"),
        ("out.zip", "dwg", ["grid"], "no such format"),
        ("out.geojson", None, ["community", "grid"], "one level"),
        ("out.shp", None, ["community", "grid"], "one level"),
    ],
)
def test_an_output_that_cannot_be_is_refused_with_a_way_out(
    name, format_, levels, message, tmp_path
):
    with pytest.raises(BadValue, match=message) as caught:
        export_target(tmp_path / name, format_, levels)
    assert caught.value.repair or caught.value.allowed


def test_what_was_there_stays_when_the_writing_fails(tmp_path, monkeypatch):
    from gridmap.bulk import export

    path, _ = written(tmp_path, "gpkg", "grid")
    before = path.read_bytes()

    def fail(kind, path, layer):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export, "write_layer", fail)
    with pytest.raises(Exception, match="No room"):
        written(tmp_path, "gpkg", "grid")
    assert path.read_bytes() == before
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize("kind", FORMATS)
@settings(max_examples=12, deadline=None)
@given(patchwork=patchworks(exact=False), dice=st.randoms(use_true_random=False))
def test_any_coverage_comes_back_vertex_by_vertex(kind, patchwork, dice, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    attributes = {
        f"G{i:02}": {"n": dice.randrange(-(2**40), 2**40), "x": dice.uniform(-1e9, 1e9)}
        for i in range(len(patchwork.polygons))
    }
    layer = export_layer(coverage(list(patchwork.polygons)), "grid", ALL, attributes)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        path, _ = written(folder, kind, "grid", shown=[layer])
    found = read(path)
    assert not differences(layer.frame, found)
    assert sorted(shapely.get_coordinates(found.geometry).tolist()) == sorted(
        shapely.get_coordinates(layer.frame.geometry).tolist()
    )


def test_the_language_byte_of_the_table_does_not_contradict_the_cpg(tmp_path):
    path, _ = written(tmp_path, "shp", "grid")
    assert struct.unpack_from("<B", path.with_suffix(".dbf").read_bytes(), 29)[0] == 0
    assert np.all(read(path)["name"].str.startswith("网格"))
