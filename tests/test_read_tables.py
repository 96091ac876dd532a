"""GeoParquet, and tables that hold geometry in a column of text or bytes."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridmap.coverage.reading.read import list_layers, read_layer
from gridmap.coverage.reading.shaping import choose_coord_sys, to_stored
from gridmap.errors import BadValue, UnknownCoordSys, UnreadableFile, WrongEncoding
from tests.layers import SQUARES, frame, parts_of, shapefile, zipped

COLUMNS = {"code": ["007", "02"], "name": ["南关", "东关"], "homes": [300, 410]}


def kinds(layer):
    return [note.kind for note in layer.notes]


def parquet(tmp_path, data=None, **options):
    path = tmp_path / "grids.parquet"
    (frame(COLUMNS) if data is None else data).to_parquet(path, **options)
    return path


def csv(tmp_path, table, *, encoding="utf-8", name="grids.csv", **options):
    path = tmp_path / name
    pd.DataFrame(table).to_csv(path, index=False, encoding=encoding, **options)
    return path


def wkt(count=2):
    return [shapely.to_wkt(s, rounding_precision=-1) for s in SQUARES[:count]]


# -- GeoParquet --------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["WKB", "geoarrow"])
@pytest.mark.parametrize("suffix", ["parquet", "geoparquet", "zip"])
def test_geoparquet_gives_rows_types_and_system(tmp_path, encoding, suffix):
    path = parquet(tmp_path, frame(COLUMNS, crs=4490), geometry_encoding=encoding)
    if suffix == "geoparquet":
        path = path.rename(path.with_suffix(".geoparquet"))
    if suffix == "zip":
        path = zipped(tmp_path / "out.zip", path)
    layer = read_layer(path)
    assert list_layers(path) == ["grids"]
    assert (layer.layer_name, layer.crs, layer.encoding) == ("grids", "EPSG:4490", None)
    assert layer.columns == ["code", "name", "homes"]
    assert layer.frame["name"].tolist() == ["南关", "东关"]
    assert layer.frame["homes"].tolist() == [300, 410]
    assert all(shapely.equals_exact(layer.geometry, SQUARES[:2], 0))
    assert layer.notes == ()


def test_any_column_of_geometry_can_be_named(tmp_path):
    data = frame(COLUMNS).rename_geometry("border")
    data["entrance"] = gpd.GeoSeries([s.centroid for s in SQUARES[:2]], crs=4326)
    path = parquet(tmp_path, data)
    assert list_layers(path) == ["grids", "entrance"]
    border = read_layer(path)
    assert border.geometry[0].equals(SQUARES[0])
    assert "entrance" not in border.columns
    assert kinds(border) == ["other_geometry"]
    assert read_layer(path, "entrance").geometry[0].geom_type == "Point"
    assert "border" not in read_layer(path, "entrance").columns


def test_a_geoparquet_without_a_declared_system_counts_as_longitude_and_latitude_if_it_says_so(
    tmp_path,
):
    assert read_layer(parquet(tmp_path, frame(COLUMNS, crs=None))).crs is None
    crs84 = read_layer(parquet(tmp_path, frame(COLUMNS, crs="OGC:CRS84"))).crs
    assert choose_coord_sys(crs84, None)[0] == "wgs84"


def test_long_codes_beside_nulls_keep_their_digits(tmp_path):
    long = 371234567890123456
    data = frame({"code": pd.array([long, None], dtype="Int64")})
    first, second = read_layer(parquet(tmp_path, data)).frame["code"].tolist()
    assert first == long
    assert pd.isna(second)


def test_plain_parquet_with_wkb_or_wkt_is_read_and_has_no_system(tmp_path):
    for values in (shapely.to_wkb(np.array(SQUARES[:2])).tolist(), wkt()):
        path = tmp_path / "plain.parquet"
        pd.DataFrame({"code": ["1", "2"], "Geom": values}).to_parquet(path)
        layer = read_layer(path)
        assert layer.geometry[1].equals(SQUARES[1])
        assert (layer.crs, layer.columns) == (None, ["code"])


def test_wkb_that_is_broken_leaves_its_row_without_geometry_and_says_so(tmp_path):
    path = tmp_path / "plain.parquet"
    values = [shapely.to_wkb(SQUARES[0]), b"\x01\x02", None]
    pd.DataFrame({"code": ["1", "2", "3"], "wkb": values}).to_parquet(path)
    layer = read_layer(path)
    assert [g is None for g in layer.geometry] == [False, True, True]
    assert [(n.kind, n.rows) for n in layer.notes] == [("geometry_unreadable", (2,))]


def test_parquet_without_geometry_is_refused(tmp_path):
    path = tmp_path / "table.parquet"
    pd.DataFrame({"code": ["1"]}).to_parquet(path)
    assert list_layers(path) == []
    with pytest.raises(UnreadableFile, match="no layer with geometry"):
        read_layer(path)


@pytest.mark.parametrize("damage", ["cut", "text", "metadata"])
def test_broken_parquet_is_refused_in_words(tmp_path, damage):
    path = parquet(tmp_path)
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "text":
        path.write_text("code,name\n1,x\n")
    else:
        raw = path.read_bytes()
        path.write_bytes(raw.replace(b'"primary_column"', b'"primary_colurnn"'))
    with pytest.raises(UnreadableFile) as caught:
        read_layer(path)
    assert "grids.parquet" in str(caught.value)


def test_an_encoding_for_geoparquet_is_ignored_and_that_is_said(tmp_path):
    assert kinds(read_layer(parquet(tmp_path), encoding="GBK")) == ["encoding_ignored"]


# -- CSV ---------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["wkt", "geometry", "WKT", "the_geom", "边界"])
def test_csv_with_wkt_in_any_column_keeps_codes_as_text(tmp_path, column):
    path = csv(tmp_path, {**COLUMNS, column: wkt()})
    layer = read_layer(path)
    assert layer.columns == ["code", "name", "homes"]
    assert layer.frame["code"].tolist() == ["007", "02"]
    assert layer.geometry[1].equals(SQUARES[1])
    assert (layer.crs, layer.encoding, layer.layer_name) == (None, "UTF-8", "grids")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_csv_as_spreadsheets_save_it(tmp_path, encoding, separator):
    path = csv(tmp_path, {**COLUMNS, "wkt": wkt()}, encoding=encoding, sep=separator)
    layer = read_layer(path)
    assert layer.frame["name"].tolist() == ["南关", "东关"]
    assert layer.columns[0] == "code"
    assert kinds(layer) == (["encoding_guessed"] if encoding == "gb18030" else [])
    assert read_layer(path, encoding=encoding).notes == ()


def test_a_csv_in_western_text_is_read_as_such_and_that_is_said(tmp_path):
    layer = read_layer(csv(tmp_path, {"name": ["Kärnten"], "wkt": wkt(1)}, encoding="cp1252"))
    assert layer.frame["name"].tolist() == ["Kärnten"]
    assert kinds(layer) == ["encoding_guessed"]


def test_csv_in_another_encoding_than_told_is_refused(tmp_path):
    path = csv(tmp_path, {**COLUMNS, "wkt": wkt()}, encoding="gb18030")
    with pytest.raises(WrongEncoding) as caught:
        read_layer(path, encoding="utf-8")
    assert caught.value.allowed == ["GB18030"]


@pytest.mark.parametrize(
    ("column", "value", "expected"),
    [
        ("crs", "EPSG:4548", "EPSG:4548"),
        ("srid", "4490", "EPSG:4490"),
        ("coord_sys", "gcj02", "gcj02"),
        ("坐标系", "CGCS2000", "CGCS2000"),
    ],
)
def test_a_column_of_the_csv_may_name_the_system(tmp_path, column, value, expected):
    path = csv(tmp_path, {**COLUMNS, column: [value, ""], "wkt": wkt()})
    layer = read_layer(path)
    assert layer.crs == expected
    assert column not in layer.columns


def test_ewkt_names_the_system(tmp_path):
    path = csv(tmp_path, {"code": ["1", "2"], "geom": ["SRID=4490;" + t for t in wkt()]})
    assert read_layer(path).crs == "EPSG:4490"


@pytest.mark.parametrize("place", ["column", "text"])
def test_rows_in_several_systems_are_refused(tmp_path, place):
    table = {"code": ["1", "2"], "wkt": wkt()}
    if place == "column":
        table["crs"] = ["4326", "4490"]
    else:
        table["wkt"] = [f"SRID={n};{t}" for n, t in zip((4326, 4490), wkt(), strict=True)]
    with pytest.raises(BadValue, match="several coordinate systems") as caught:
        read_layer(csv(tmp_path, table))
    assert "4490" in str(caught.value.got)


def test_without_a_system_the_import_asks_for_one(tmp_path):
    layer = read_layer(csv(tmp_path, {"code": ["1", "2"], "wkt": wkt()}))
    with pytest.raises(UnknownCoordSys, match="declares no coordinate system") as caught:
        choose_coord_sys(layer.crs, None)
    assert "--coord-sys" in caught.value.repair


def test_rows_without_geometry_and_blank_cells_are_missing_not_text(tmp_path):
    path = csv(tmp_path, {"code": ["1", ""], "wkt": ["", wkt(1)[0]]})
    layer = read_layer(path)
    assert layer.frame["code"].tolist() == ["1", None]
    assert [g is None for g in layer.geometry] == [True, False]
    assert layer.notes == ()


def test_a_cell_that_a_spreadsheet_cut_off_is_told(tmp_path):
    long = shapely.to_wkt(shapely.Point(117, 36).buffer(1, quad_segs=500))[:32767]
    layer = read_layer(csv(tmp_path, {"code": ["1", "2"], "wkt": [*wkt(1), long]}))
    (note,) = layer.notes
    assert (note.kind, note.severity, note.rows) == ("geometry_unreadable", "error", (2,))
    assert "spreadsheet" in note.text


@pytest.mark.parametrize("odd", ["见附图", "POLYGON", "POLYGON ((117 36, 118"])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_an_odd_cell_is_a_bad_row_and_hides_no_layer(tmp_path, odd, at):
    cells = [wkt(1)[0]] * 3
    cells[at] = odd
    for column in ("边界", "wkt"):
        layer = read_layer(csv(tmp_path, {"code": ["1", "2", "3"], column: cells}))
        assert [g is None for g in layer.geometry] == [n == at for n in range(3)]
        (note,) = layer.notes
        assert (note.kind, note.rows) == ("geometry_unreadable", (at + 1,))


def test_a_column_called_as_geometry_needs_one_cell_of_it_and_another_most(tmp_path):
    cells = ["见附图", "", wkt(1)[0], "无"]
    codes = ["1", "2", "3", "4"]
    assert len(read_layer(csv(tmp_path, {"code": codes, "WKT": cells}))) == 4
    assert list_layers(csv(tmp_path, {"code": codes, "备注": cells})) == []


@pytest.mark.parametrize("dims", ["Z", " Z", "ZM", " ZM", "M", " M"])
@pytest.mark.parametrize("column", ["wkt", "边界"])
def test_polygons_with_heights_are_read_with_and_without_a_blank(tmp_path, dims, column):
    ring = "117 36, 117.01 36, 117.01 36.01, 117 36"
    deep = ring.replace(",", " 5" * len(dims.strip()) + ",") + " 5" * len(dims.strip())
    shapes = [
        f"Polygon{dims} (({deep}))", f"MULTIPOLYGON{dims}((({deep})))",
        f"GeometryCollection{dims} (Polygon{dims} (({deep})))",
    ]  # fmt: skip
    layer = read_layer(csv(tmp_path, {"code": ["1", "2", "3"], column: shapes}))
    assert [g is None for g in layer.geometry] == [False] * 3
    flat = shapely.force_2d(layer.geometry)
    assert shapely.equals(flat[0], shapely.from_wkt(f"POLYGON (({ring}))"))
    assert flat[2].geom_type == "GeometryCollection"


def test_a_number_beyond_all_bounds_is_no_warning_but_a_refusal(tmp_path):
    endless = wkt(1)[0].replace("36", "1e999", 1)
    with pytest.raises((BadValue, UnreadableFile)):
        to_stored(read_layer(csv(tmp_path, {"wkt": [endless]})).geometry, "wgs84")


def test_a_ring_list_in_a_cell_is_read_as_esri_means_it(tmp_path):
    hole = "[[117.002,36.002],[117.008,36.002],[117.008,36.008],[117.002,36.002]]"
    outer = "[[117,36],[117,36.01],[117.01,36.01],[117.01,36],[117,36]]"
    path = csv(tmp_path, {"code": ["1"], "rings": [f"[{outer},{hole}]"]})
    (shape,) = read_layer(path).geometry
    assert len(shape.interiors) == 1


def test_csv_without_geometry_or_with_unquoted_commas_is_refused(tmp_path):
    with pytest.raises(UnreadableFile, match="no layer with geometry"):
        read_layer(csv(tmp_path, COLUMNS))
    (tmp_path / "bad.csv").write_text("code,wkt\n1,POLYGON ((0 0, 1 0, 1 1, 0 0))\n")
    with pytest.raises(UnreadableFile, match="not a CSV table") as caught:
        read_layer(tmp_path / "bad.csv")
    assert "quotation marks" in caught.value.repair


@pytest.mark.parametrize("text", ["", "\n\n", '"'])
def test_a_csv_of_nothing_is_refused(tmp_path, text):
    (tmp_path / "bad.csv").write_text(text)
    with pytest.raises(UnreadableFile):
        read_layer(tmp_path / "bad.csv")


def test_of_several_columns_of_wkt_one_can_be_named(tmp_path):
    centres = [shapely.to_wkt(s.centroid) for s in SQUARES[:2]]
    path = csv(tmp_path, {"code": ["1", "2"], "entrance": centres, "wkt": wkt()})
    assert list_layers(path) == ["grids", "entrance"]
    layer = read_layer(path)
    assert (layer.geometry[0].geom_type, layer.columns) == ("Polygon", ["code"])
    assert read_layer(path, "entrance").geometry[0].geom_type == "Point"


def test_a_csv_beside_a_shapefile_in_a_zip_is_no_second_layer(tmp_path):
    shp = shapefile(tmp_path / "a", {"code": ["1"]}, "UTF-8")
    note = csv(tmp_path, {"code": ["1"], "wkt": wkt(1)}, name="table.csv")
    path = zipped(tmp_path / "both.zip", *parts_of(shp), note)
    assert list_layers(path) == ["layer"]


@given(
    names=st.lists(
        st.text(
            st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufeff"),
            max_size=8,
        ),
        min_size=1,
        max_size=4,
    )
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_and_polygon_come_back_from_csv_and_parquet(tmp_path, names):
    data = frame({"code": [f"{i:03}" for i in range(len(names))], "name": names})
    data.to_parquet(tmp_path / "x.parquet")
    table = pd.DataFrame(data.drop(columns="geometry"))
    table["wkt"] = shapely.to_wkt(data.geometry.to_numpy(), rounding_precision=-1)
    table.to_csv(tmp_path / "x.csv", index=False)
    for suffix in ("parquet", "csv"):
        layer = read_layer(tmp_path / f"x.{suffix}", encoding="utf-8" if suffix == "csv" else None)
        assert [n or "" for n in layer.frame["name"]] == names
        assert layer.frame["code"].tolist() == data["code"].tolist()
        assert all(shapely.equals_exact(layer.geometry, data.geometry.to_numpy(), 0))
