import hashlib
import zipfile
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from gridmap.coverage.reading.read import list_layers, read_layer, split_source
from gridmap.errors import BadValue, UnreadableFile
from tests.layers import SQUARES, frame, parts_of, shapefile, write, zipped

COLUMNS = {"code": ["01", "02"], "name": ["南关", "东关"], "homes": [300, 410]}


@pytest.fixture(params=["gpkg", "gpkg.zip", "geojson", "geojson.zip", "shp", "shp.zip"])
def any_file(request, tmp_path):
    suffix = request.param.removesuffix(".zip")
    path = write(frame(COLUMNS), tmp_path / f"grids.{suffix}")
    if request.param.endswith(".zip"):
        files = parts_of(path) if suffix == "shp" else [path]
        path = zipped(tmp_path / f"out.{request.param}", *files)
    return path


def test_every_format_gives_the_same_rows(any_file):
    layer = read_layer(any_file)
    assert layer.columns == ["code", "name", "homes"]
    assert layer.frame["name"].tolist() == ["南关", "东关"]
    assert layer.frame["code"].tolist() == ["01", "02"]
    assert all(shapely.equals_exact(layer.geometry, SQUARES[:2], 1e-9, normalize=True))
    assert layer.layer_name == "grids"
    assert layer.crs == "EPSG:4326"
    assert len(layer) == 2


def test_the_layer_can_be_named_in_every_format(any_file):
    assert list_layers(any_file) == ["grids"]
    assert read_layer(any_file, "grids").layer_name == "grids"
    with pytest.raises(BadValue, match="no such layer") as caught:
        read_layer(any_file, "streets")
    assert caught.value.allowed == ["grids"]


def test_of_several_layers_one_must_be_named(tmp_path):
    path = write(frame(COLUMNS), tmp_path / "x.gpkg", layer="grids")
    write(frame(COLUMNS), path, layer="streets", append=True)
    with pytest.raises(BadValue, match="has 2 layers") as caught:
        read_layer(path)
    assert caught.value.allowed == ["grids", "streets"]
    assert "FILE:LAYER" in str(caught.value)
    assert read_layer(path, "streets").layer_name == "streets"


def test_a_table_without_geometry_is_no_layer_to_choose_from(tmp_path):
    path = write(frame(COLUMNS), tmp_path / "x.gpkg", layer="grids")
    write(pd.DataFrame({"style": ["red"]}), path, layer="layer_styles", append=True)
    assert list_layers(path) == ["grids"]
    assert read_layer(path).layer_name == "grids"
    with pytest.raises(UnreadableFile, match="no geometry"):
        read_layer(path, "layer_styles")


def test_a_zip_may_hold_several_shapefiles_in_folders(tmp_path):
    first = shapefile(tmp_path / "a", COLUMNS, "UTF-8")
    second = shapefile(tmp_path / "b", {"code": ["9"], "name": ["西关"]}, "UTF-8")
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for folder, shp in (("街道", first), ("社区", second)):
            for part in parts_of(shp):
                archive.write(part, f"data/{folder}/{folder}{part.suffix.upper()}")
        archive.writestr("__MACOSX/._街道.shp", b"junk")
        archive.writestr("readme.txt", b"read me")
    assert list_layers(path) == ["街道", "社区"]
    assert read_layer(path, "社区").frame["name"].tolist() == ["西关"]


def test_member_names_in_gbk_are_read_as_such(tmp_path):
    shp = shapefile(tmp_path / "a", COLUMNS, "UTF-8")
    path = tmp_path / "gbk.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for part in parts_of(shp):
            info = zipfile.ZipInfo("AAAA" + part.suffix)
            archive.writestr(info, part.read_bytes())
    # what old Windows archivers write: GBK bytes and no flag
    path.write_bytes(path.read_bytes().replace(b"AAAA", "网格".encode("gbk")))
    assert list_layers(path) == ["网格"]
    assert len(read_layer(path)) == 2


@pytest.mark.parametrize("declared", [None, 4490, 4547, 2232])
def test_the_declared_system_is_told_as_its_code(tmp_path, declared):
    path = write(frame(COLUMNS, crs=declared), tmp_path / "x.gpkg")
    assert read_layer(path).crs == (None if declared is None else f"EPSG:{declared}")


def test_a_prj_of_another_program_is_recognised(tmp_path):
    path = shapefile(tmp_path, COLUMNS, "UTF-8")
    path.with_suffix(".prj").write_text(
        'GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",DATUM["D_China_2000",'
        'SPHEROID["CGCS2000",6378137.0,298.257222101]],PRIMEM["Greenwich",0.0],'
        'UNIT["Degree",0.0174532925199433]]'
    )
    assert read_layer(path).crs == "EPSG:4490"


def test_a_system_without_a_code_is_told_as_text(tmp_path):
    local = "+proj=tmerc +lat_0=36 +lon_0=117.3 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m"
    path = write(frame(COLUMNS, crs=local), tmp_path / "x.gpkg")
    crs = read_layer(path).crs
    assert crs is not None
    assert "Transverse" in crs


def test_null_and_empty_geometries_are_kept_as_read(tmp_path):
    path = write(frame(COLUMNS, [SQUARES[0], None]), tmp_path / "x.gpkg")
    layer = read_layer(path)
    assert layer.geometry[1] is None
    assert shapely.area(layer.geometry[0]) > 0


def test_the_hash_is_of_the_file(tmp_path):
    path = write(frame(COLUMNS), tmp_path / "x.gpkg")
    assert read_layer(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_hash_of_a_shapefile_covers_its_table(tmp_path):
    one = read_layer(shapefile(tmp_path / "a", COLUMNS, "UTF-8"))
    other = read_layer(shapefile(tmp_path / "b", {**COLUMNS, "name": ["南关", "西关"]}, "UTF-8"))
    assert one.sha256 != other.sha256


def test_suffixes_in_capitals_are_read(tmp_path):
    path = shapefile(tmp_path, COLUMNS, "UTF-8")
    for part in parts_of(path):
        part.rename(part.with_name("GRIDS" + part.suffix.upper()))
    assert len(read_layer(tmp_path / "GRIDS.SHP")) == 2


def test_reading_leaves_the_folder_as_it_was(tmp_path):
    path = shapefile(tmp_path, {"网格编号": ["01"], "n": [1]}, "UTF-8")
    before = {p: p.read_bytes() for p in tmp_path.iterdir()}
    read_layer(path)
    assert {p: p.read_bytes() for p in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.gpkg", ("a.gpkg", None)),
        ("a.gpkg:grids", ("a.gpkg", "grids")),
        ("a.gpkg:lay:er", ("a.gpkg", "lay:er")),
        ("odd:name.gpkg", ("odd:name.gpkg", None)),
        ("odd:name.gpkg:grids", ("odd:name.gpkg", "grids")),
        ("a.gpkg:", ("a.gpkg", None)),
        ("absent.gpkg:grids", ("absent.gpkg", "grids")),
        ("absent.gpkg.zip:grids", ("absent.gpkg.zip", "grids")),
        ("C:\\data\\absent.gpkg", ("C:\\data\\absent.gpkg", None)),
        ("C:\\data\\absent.gpkg:grids", ("C:\\data\\absent.gpkg", "grids")),
        ("absent", ("absent", None)),
    ],
)
def test_a_source_is_split_after_the_file(tmp_path, monkeypatch, text, expected):
    monkeypatch.chdir(tmp_path)
    for name in ("a.gpkg", "odd:name.gpkg"):
        Path(name).write_bytes(b"x")
    path, layer = split_source(text)
    assert (str(path), layer) == expected


def test_a_layer_of_points_is_read_as_it_is(tmp_path):
    points = gpd.GeoDataFrame({"code": ["1"]}, geometry=[shapely.Point(117, 36)], crs=4326)
    assert read_layer(write(points, tmp_path / "p.gpkg")).geometry[0].geom_type == "Point"
