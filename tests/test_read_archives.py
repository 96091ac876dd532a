"""Which layer of an archive is meant, and which parts are whose."""

import zipfile

import pytest

from gridmap.coverage.reading.read import list_layers, read_layer, split_source
from gridmap.errors import BadValue, UnreadableFile
from tests.layers import frame, parts_of, shapefile, write


def named(folder, name, suffix="gpkg", **options):
    """A layer of one square that holds its own name."""
    folder.mkdir(exist_ok=True)
    return write(frame({"name": [name]}), folder / f"grids.{suffix}", **options)


def archive(path, members):
    with zipfile.ZipFile(path, "w") as out:
        for name, file in members.items():
            out.write(file, name)
    return path


def shown(path, layer):
    return read_layer(path, layer).frame["name"].tolist()


def test_two_shapefiles_of_one_name_are_called_by_their_folders(tmp_path):
    members = {}
    for folder in ("甲", "乙"):
        path = shapefile(tmp_path / folder, {"name": [folder]}, "UTF-8")
        members |= {f"2026/{folder}/网格{part.suffix}": part for part in parts_of(path)}
    path = archive(tmp_path / "x.zip", members)
    assert list_layers(path) == ["2026/甲/网格.shp", "2026/乙/网格.shp"]
    assert shown(path, "2026/甲/网格.shp") == ["甲"]
    assert shown(path, "2026/乙/网格.shp") == ["乙"]
    assert split_source(f"{path}:2026/乙/网格.shp") == (path, "2026/乙/网格.shp")


@pytest.mark.parametrize("layer", [None, "网格"])
def test_a_name_that_two_layers_have_is_refused_with_their_paths(tmp_path, layer):
    members = {f"{n}/网格.geojson": named(tmp_path / n, n, "geojson") for n in ("甲", "乙")}
    path = archive(tmp_path / "x.zip", members)
    with pytest.raises(BadValue) as caught:
        read_layer(path, layer)
    assert caught.value.allowed == ["甲/网格.geojson", "乙/网格.geojson"]


def test_files_of_one_name_and_two_formats_are_told_apart(tmp_path):
    members = {f"网格.{s}": named(tmp_path, s, s) for s in ("geojson", "gpkg")}
    path = archive(tmp_path / "x.zip", members)
    # the layer within the package is called otherwise
    assert list_layers(path) == ["网格", "grids"]
    members["网格.gpkg"] = named(tmp_path / "b", "gpkg", layer="网格")
    path = archive(tmp_path / "y.zip", members)
    assert list_layers(path) == ["网格.geojson", "网格.gpkg"]
    assert shown(path, "网格.gpkg") == ["gpkg"]


def test_layers_of_one_name_in_two_packages_are_called_by_package_and_name(tmp_path):
    members = {f"{n}.gpkg": named(tmp_path / n, n, layer="网格") for n in ("甲", "乙")}
    write(frame({"name": ["x"]}), tmp_path / "乙" / "grids.gpkg", layer="街道", append=True)
    path = archive(tmp_path / "x.zip", members)
    assert list_layers(path) == ["甲.gpkg:网格", "乙.gpkg:网格", "街道"]
    assert shown(path, "乙.gpkg:网格") == ["乙"]
    assert split_source(f"{path}:乙.gpkg:网格") == (path, "乙.gpkg:网格")


def test_a_table_with_several_geometries_is_not_taken_before_another_file(tmp_path):
    square = "POLYGON ((117 36, 117.01 36, 117.01 36.01, 117 36))"
    (tmp_path / "a.csv").write_text(f'code,wkt,gate\n1,"{square}",POINT (117 36)\n')
    (tmp_path / "b.csv").write_text(f'code,wkt\n1,"{square}"\n')
    path = archive(tmp_path / "x.zip", {n: tmp_path / n for n in ("a.csv", "b.csv")})
    with pytest.raises(BadValue) as caught:
        read_layer(path)
    assert caught.value.allowed == ["a", "gate", "b"]


def test_shapefiles_whose_names_differ_in_case_alone_keep_their_own_parts(tmp_path):
    members = {}
    for stem in ("WG", "wg"):
        path = shapefile(tmp_path / f"folder_{stem}", {"name": [stem]}, "UTF-8")
        for part in parts_of(path):
            target = tmp_path / f"{stem}{part.suffix}"
            target.write_bytes(part.read_bytes())
            members[target.name] = target
    for stem in ("WG", "wg"):
        assert shown(tmp_path / f"{stem}.shp", None) == [stem]
    path = archive(tmp_path / "x.zip", members)
    assert sorted(list_layers(path)) == ["WG", "wg"]
    assert shown(path, "WG") == ["WG"]
    assert shown(path, "wg") == ["wg"]


def test_endings_that_differ_in_case_alone_are_refused_by_name(tmp_path):
    path = shapefile(tmp_path / "made", {"name": ["南关"]}, "UTF-8")
    members = {part.name: part for part in parts_of(path)}
    members[f"{path.stem}.SHP"] = path
    with pytest.raises(UnreadableFile, match="case of their ending") as caught:
        read_layer(archive(tmp_path / "x.zip", members))
    assert caught.value.got == f"{path.name}, {path.stem}.SHP"


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("dbf", ["wg.dbf", "Wg.DBF", "WG.Dbf"])
def test_parts_whose_names_differ_in_case_belong_together(tmp_path, dbf, zipped):
    path = shapefile(tmp_path / "made", {"name": ["南关"]}, "UTF-8", cpg="UTF-8")
    folder = tmp_path / "given"
    folder.mkdir()
    names = {".shp": "WG.shp", ".shx": "wg.shx", ".dbf": dbf, ".prj": "wg.PRJ", ".cpg": "wg.cpg"}
    for part in parts_of(path):
        (folder / names[part.suffix]).write_bytes(part.read_bytes())
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    given = folder / "WG.shp"
    if zipped:
        given = archive(tmp_path / "x.zip", {p.name: p for p in folder.iterdir()})
    layer = read_layer(given)
    assert layer.frame["name"].tolist() == ["南关"]
    assert (layer.layer_name, layer.crs) == ("WG", "EPSG:4326")
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before


def test_a_part_that_is_missing_is_not_taken_from_another_shapefile(tmp_path):
    for stem in ("WG", "wg"):
        path = shapefile(tmp_path / f"folder_{stem}", {"name": [stem]}, "UTF-8")
        for part in parts_of(path):
            if (stem, part.suffix) != ("WG", ".dbf"):
                (tmp_path / f"{stem}{part.suffix}").write_bytes(part.read_bytes())
    with pytest.raises(UnreadableFile, match=r"the \.dbf is missing"):
        read_layer(tmp_path / "WG.shp")
