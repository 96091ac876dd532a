import errno
import shutil
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gridmap.coverage.reading.read import list_layers, read_layer
from gridmap.errors import GridmapError, StoreFull, UnreadableFile
from tests.layers import cut_short, frame, parts_of, shapefile, write, zipped

COLUMNS = {"code": ["01", "02", "03"], "name": ["南关", "东关", "西关"]}


def refused(path, *words, layer=None):
    """Reading is refused with a message that holds the words and names the file."""
    with pytest.raises(UnreadableFile) as caught:
        read_layer(path, layer)
    message = str(caught.value)
    assert all(word in message for word in words), message
    return caught.value


def test_a_missing_file_is_named_with_what_lies_in_the_folder(tmp_path):
    write(frame(COLUMNS), tmp_path / "grids.gpkg")
    error = refused(tmp_path / "gridz.gpkg", "not there", "gridz.gpkg")
    assert "grids.gpkg" in error.repair


def test_a_missing_folder_is_no_surprise(tmp_path):
    refused(tmp_path / "nowhere" / "grids.gpkg", "not there")


def test_a_folder_is_not_a_file(tmp_path):
    (tmp_path / "district.gdb").mkdir()
    refused(tmp_path / "district.gdb", "folder", "GeoPackage")


@pytest.mark.parametrize("name", ["x.gpkg", "x.shp", "x.geojson", "x.zip"])
def test_an_empty_file_is_called_empty(tmp_path, name):
    (tmp_path / name).touch()
    refused(tmp_path / name, "empty")


@pytest.mark.parametrize("name", ["x.dwg", "x.xlsx.bak", "x.kml", "x"])
def test_an_unknown_format_is_answered_with_the_known_ones(tmp_path, name):
    (tmp_path / name).write_bytes(b"something")
    error = refused(tmp_path / name, "not supported")
    assert ".gpkg" in error.allowed


def test_a_part_of_a_shapefile_points_to_the_shp(tmp_path):
    path = shapefile(tmp_path, COLUMNS, "UTF-8")
    refused(path.with_suffix(".dbf"), "one part of a shapefile")


@pytest.mark.parametrize("name", ["x.gpkg", "x.shp", "x.geojson"])
def test_rubbish_under_a_known_suffix_is_refused(tmp_path, name):
    path = shapefile(tmp_path, COLUMNS, "UTF-8")
    for part in parts_of(path):
        shutil.copy(part, tmp_path / ("x" + part.suffix))
    (tmp_path / name).write_bytes(b"\x00\x01rubbish" * 40)
    refused(tmp_path / name)


@pytest.mark.parametrize("keep", [0.05, 0.3, 0.6, 0.95])
def test_a_geopackage_cut_short_is_refused(tmp_path, keep):
    path = write(frame(COLUMNS), tmp_path / "x.gpkg")
    cut_short(path, keep)
    refused(path, "cut short")


@pytest.mark.parametrize("keep", [0.05, 0.5, 0.95])
def test_a_zip_cut_short_is_refused(tmp_path, keep):
    path = zipped(tmp_path / "x.zip", write(frame(COLUMNS), tmp_path / "x.gpkg"))
    cut_short(path, keep)
    refused(path, "broken or cut short")


def test_a_damaged_member_is_refused(tmp_path):
    path = tmp_path / "x.zip"
    # Not packed: where a run of zeros is, another packing may mean the same.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.write(write(frame(COLUMNS), tmp_path / "x.gpkg"), "x.gpkg")
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    refused(path)


def test_a_file_inside_a_zip_that_was_cut_before_zipping_is_refused(tmp_path):
    gpkg = cut_short(write(frame(COLUMNS), tmp_path / "x.gpkg"))
    refused(zipped(tmp_path / "x.zip", gpkg), "cut short")


def test_a_zip_without_a_layer_is_refused(tmp_path):
    (tmp_path / "readme.txt").write_text("nothing")
    refused(zipped(tmp_path / "x.zip", tmp_path / "readme.txt"), "holds no layer")


def test_a_protected_zip_is_refused(tmp_path):
    path = zipped(tmp_path / "x.zip", write(frame(COLUMNS), tmp_path / "x.gpkg"))
    data = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        start = archive.infolist()[0].header_offset
        directory = archive.start_dir
    data[start + 6] |= 1
    data[directory + 8] |= 1
    path.write_bytes(data)
    refused(path, "password")


@pytest.mark.parametrize("suffix", [".shx", ".dbf"])
def test_a_missing_part_is_named(tmp_path, suffix):
    path = shapefile(tmp_path, COLUMNS, "UTF-8")
    path.with_suffix(suffix).unlink()
    refused(path, f"the {suffix} is missing")


@pytest.mark.parametrize("suffix", [".shp", ".shx", ".dbf"])
@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
def test_a_shapefile_cut_short_is_refused(tmp_path, suffix, keep):
    path = shapefile(tmp_path, COLUMNS, "UTF-8")
    cut_short(path.with_suffix(suffix), keep)
    refused(path)


def test_json_cut_short_is_told_by_its_line(tmp_path):
    path = cut_short(write(frame(COLUMNS), tmp_path / "x.geojson"))
    refused(path, "not whole JSON", "line")


def test_json_that_is_no_geojson_is_refused(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": 1}')
    refused(path, "not GeoJSON")
    path.write_text('{"type": "Strange"}')
    refused(path)


@pytest.mark.parametrize("name", ["x.gpkg", "x.shp"])
def test_a_layer_without_rows_is_refused(tmp_path, name):
    path = write(frame(COLUMNS).iloc[:0], tmp_path / name, geometry_type="Polygon")
    refused(path, "no rows")


def test_an_empty_feature_collection_is_refused(tmp_path):
    path = tmp_path / "x.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    refused(path)


def test_a_folder_without_permission_is_told(tmp_path, monkeypatch):
    path = write(frame(COLUMNS), tmp_path / "x.gpkg")

    def denied(*_args, **_options):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", denied)
    refused(path, "Permission denied")


def test_no_room_to_unpack_is_told_as_such(tmp_path, monkeypatch):
    path = zipped(tmp_path / "x.zip", write(frame(COLUMNS), tmp_path / "x.gpkg"))

    def full(*_args, **_options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(StoreFull, match="no room"):
        list_layers(path)


def test_columns_that_do_not_fit_the_rows_are_refused(tmp_path):
    path = shapefile(tmp_path, COLUMNS, "UTF-8")
    dbf = path.with_suffix(".dbf")
    data = bytearray(dbf.read_bytes())
    data[32 + 16] = 250  # width of the first column
    dbf.write_bytes(data)
    refused(path, "do not fit")


@pytest.mark.parametrize("content", [b"rubbish", "PROJCS[北京54".encode("gbk"), b""])
def test_a_broken_prj_leaves_the_layer_without_a_system_and_says_so(tmp_path, content):
    path = shapefile(tmp_path, COLUMNS, "UTF-8")
    path.with_suffix(".prj").write_bytes(content)
    layer = read_layer(path)
    assert layer.crs is None
    assert "prj_unreadable" in {n.kind for n in layer.notes}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([".shp", ".shx", ".dbf", ".prj", ".gpkg", ".geojson", ".zip"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damage_at_any_place_is_refused_or_reported_and_never_a_surprise(suffix, damage):
    with TemporaryDirectory() as folder:
        path = shapefile(Path(folder), COLUMNS, "UTF-8")
        write(frame(COLUMNS), path.with_suffix(".gpkg"))
        write(frame(COLUMNS), path.with_suffix(".geojson"))
        zipped(path.with_suffix(".zip"), *(path.with_suffix(s) for s in (".shp", ".shx", ".dbf")))
        victim = path.with_suffix(suffix)
        data = bytearray(victim.read_bytes())
        for place, value in damage:
            data[int(place * (len(data) - 1))] = value
        victim.write_bytes(data)
        target = path if suffix in {".shx", ".dbf", ".prj"} else victim
        try:
            layer = read_layer(target)
        except GridmapError:
            return
        assert len(layer) == len(layer.geometry) > 0
