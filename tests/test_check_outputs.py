"""`gridmap check`: the table, JSON, layers for a GIS, the map, comparing, exit codes."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridmap.crs import transform_geometry
from tests.cli_district import gridmap
from tests.layers import frame, shapefile, write
from tests.partitions import lattice

CELLS = lattice(6, 6, jitter=0.0)
CODES = [f"{n:03d}" for n in range(1, 37)]


def spoiled():
    """An overlap of 9 m between 015 and 021, and a missing 008."""
    cells = CELLS.copy()
    x0, y0, x1, y1 = cells[14].bounds
    cells[14] = shapely.box(x0, y0, x1 + 1e-4, y1)
    keep = [n for n in range(36) if n != 7]
    return frame({"code": [CODES[n] for n in keep]}, list(cells[keep]))


@pytest.fixture
def faulty(tmp_path):
    return write(spoiled(), tmp_path / "faulty.gpkg")


@pytest.fixture
def clean(tmp_path):
    return write(frame({"code": CODES}, list(CELLS)), tmp_path / "clean.gpkg")


def run(tmp_path, *words):
    return gridmap("check", *words, "--store", tmp_path / "none.gpkg")


def test_the_worst_comes_first_with_a_count_by_kind(tmp_path, faulty):
    done = run(tmp_path, faulty)
    assert done.exit_code == 1
    lines = done.stdout.splitlines()
    assert lines[0].startswith("error   overlap: 区域015、区域021相互重叠")
    assert lines[1].startswith("info    enclave?: ")
    assert [line.split() for line in lines[-2:]] == [
        ["error", "overlap", "1"],
        ["info", "enclave?", "1"],
    ]


def test_the_language_of_the_site_is_that_of_the_sentences(tmp_path, faulty, monkeypatch):
    monkeypatch.setenv("GRIDMAP_LANGUAGE", "en")
    done = run(tmp_path, faulty, "--json", "-")
    (overlap, _) = json.loads(done.stdout)["faults"]
    assert overlap["text"].startswith("area 015 and area 021 overlap by ")


def test_a_clean_file_says_so_and_ends_with_0(tmp_path, clean):
    done = run(tmp_path, clean)
    assert done.exit_code == 0
    assert "no faults" in done.stdout


def test_information_alone_ends_with_0(tmp_path):
    holed = frame({"code": CODES[:35]}, [c for n, c in enumerate(CELLS) if n != 14])
    done = run(tmp_path, write(holed, tmp_path / "holed.gpkg"))
    assert "enclave?" in done.stdout
    assert done.exit_code == 0


def test_json_holds_the_agreed_fields(tmp_path, faulty):
    done = run(tmp_path, faulty, "--json", "-")
    assert done.exit_code == 1
    (overlap, hole) = json.loads(done.stdout)["faults"]
    assert set(overlap) == {
        "kind", "severity", "level", "codes", "area_m2", "lon", "lat", "text",
    }  # fmt: skip
    assert overlap["codes"] == ["015", "021"]
    assert hole["kind"] == "enclave?"


def test_a_geopackage_of_faults_has_polygons_and_places(tmp_path, faulty):
    out = tmp_path / "faults.gpkg"
    assert run(tmp_path, faulty, "-o", out).exit_code == 1
    polygons = gpd.read_file(out, layer="faults")
    assert polygons.crs.to_epsg() == 4326
    assert polygons["kind"].tolist() == ["overlap", "enclave?"]
    assert polygons["codes"][0] == "015, 021"
    assert set(polygons.geom_type) == {"MultiPolygon"}
    places = gpd.read_file(out, layer="fault_places")
    assert polygons.geometry.covers(places.geometry).all()


def test_a_fault_that_is_no_polygon_is_a_place_or_at_least_a_row(tmp_path):
    codes = [*CODES[:34], None, CODES[0]]
    doubtful = write(frame({"code": codes}, [None, *CELLS[1:]]), tmp_path / "codes.gpkg")
    out = tmp_path / "faults.gpkg"
    assert run(tmp_path, doubtful, "-o", out).exit_code == 1
    places = gpd.read_file(out, layer="fault_places").set_index("kind")
    assert len(gpd.read_file(out, layer="faults")) == 0
    assert places.loc["empty_geometry"].geometry is None
    assert CELLS[34].covers(places.loc["blank_code"].geometry)
    assert CELLS[35].covers(places.loc["duplicate_code"].geometry)


def test_geojson_holds_a_feature_a_fault(tmp_path, faulty):
    out = tmp_path / "faults.geojson"
    run(tmp_path, faulty, "-o", out)
    features = json.loads(out.read_text("utf-8"))["features"]
    assert [f["properties"]["kind"] for f in features] == ["overlap", "enclave?"]
    assert {f["geometry"]["type"] for f in features} == {"Polygon"}
    ring = shapely.LinearRing(features[0]["geometry"]["coordinates"][0])
    assert ring.is_ccw


@pytest.mark.parametrize("name", ["faults.gpkg", "faults.geojson", "faults.html"])
def test_every_output_is_written_for_a_clean_file_too(tmp_path, clean, name):
    out = tmp_path / name
    done = run(tmp_path, clean, "-o", out)
    assert done.exit_code == 0, done.output
    assert out.stat().st_size > 0
    if name.endswith(".html"):
        assert "gridmap.addFaults" in out.read_text("utf-8")
    else:
        layer = "faults" if name.endswith(".gpkg") else None
        assert len(gpd.read_file(out, layer=layer)) == 0


def test_several_outputs_at_once(tmp_path, faulty):
    outs = [tmp_path / "f.html", tmp_path / "f.gpkg"]
    done = run(tmp_path, faulty, "-o", outs[0], "-o", outs[1], "--json", tmp_path / "f.json")
    assert done.exit_code == 1
    assert all(path.exists() for path in [*outs, tmp_path / "f.json"])
    assert "Wrote" in done.stdout


def test_an_ending_that_says_nothing_is_refused_before_the_work(tmp_path, faulty):
    done = run(tmp_path, faulty, "-o", tmp_path / "faults.json")
    assert done.exit_code not in {0, 1}
    assert "--json" in done.output
    assert not (tmp_path / "faults.json").exists()


def test_a_layer_is_compared_with_another_file(tmp_path, faulty, clean):
    done = run(tmp_path, faulty, "--against", f"{clean}:clean", "--json", "-")
    kinds = {(f["kind"], tuple(f["codes"])) for f in json.loads(done.stdout)["faults"]}
    assert ("missing_area", ("008",)) in kinds
    assert ("code_missing", ("008",)) in kinds


def bare(path, system="wgs84"):
    """The clean cells in a file that does not say its system."""
    shapes = transform_geometry(np.asarray(CELLS, dtype=object), "wgs84", system)
    return write(frame({"code": CODES}, list(shapes), crs=None), path)


def test_the_system_of_a_reference_can_be_told(tmp_path, clean):
    silent = bare(tmp_path / "silent.gpkg", "gcj02")
    done = run(tmp_path, clean, "--against", silent, "--against-coord-sys", "gcj02")
    assert done.exit_code == 0, done.output
    # as what is examined it has a system of its own
    done = run(tmp_path, silent, "--coord-sys", "gcj02", "--against", clean)
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("told", [[], ["--coord-sys", "wgs84"]])
def test_a_reference_without_a_system_is_named_with_its_own_option(tmp_path, clean, told):
    done = run(tmp_path, clean, "--against", bare(tmp_path / "silent.gpkg"), *told)
    assert done.exit_code == 2
    assert "silent.gpkg" in done.stderr
    assert "--against-coord-sys" in done.stderr
    assert " --coord-sys" not in done.stderr


def test_a_reference_in_another_zone_than_told_is_named_with_its_own_option(tmp_path, clean):
    silent = bare(tmp_path / "silent.gpkg", "EPSG:4527")
    done = run(tmp_path, clean, "--against", silent, "--against-coord-sys", "EPSG:4526")
    assert done.exit_code == 2
    assert "silent.gpkg" in done.stderr
    assert "--against-coord-sys. Eastings like these belong to EPSG:4527" in done.stderr


def test_a_file_in_another_form_of_its_zone_than_told_has_its_zone_named(tmp_path):
    silent = bare(tmp_path / "silent.gpkg", "EPSG:4527")
    done = run(tmp_path, silent, "--coord-sys", "EPSG:4548")
    assert done.exit_code == 2
    assert "Eastings like these belong to EPSG:4527" in done.stderr
    assert "the first is in row 1" in done.stderr


@pytest.mark.parametrize(
    ("lang", "said"), [("zh", "按gcj02读取"), ("en", "Read as gcj02; whether")]
)
def test_the_system_that_nothing_was_compared_with_is_told(
    tmp_path, clean, monkeypatch, lang, said
):
    monkeypatch.setenv("GRIDMAP_LANGUAGE", lang)
    done = run(tmp_path, clean, "--coord-sys", "gcj02")
    assert done.exit_code == 0
    (told,) = [line for line in done.stdout.splitlines() if "--against" in line]
    assert told.startswith("  info: " + said)


def test_of_a_system_that_was_compared_nothing_is_told(tmp_path, clean):
    done = run(tmp_path, clean, "--against", clean, "--json", "-")
    assert "system_unexamined" not in {note["kind"] for note in json.loads(done.stdout)["notes"]}


def test_the_encoding_of_a_reference_can_be_told(tmp_path, clean):
    path = shapefile(tmp_path / "a", {"编码": CODES[:2], "名称": ["北大街", "南关"]}, "GB18030")
    done = run(tmp_path, clean, "--against", path, "--against-encoding", "UTF-8")
    assert done.exit_code == 2
    assert "layer.shp" in done.stderr
    assert "--against-encoding" in done.stderr
    told = run(tmp_path, clean, "--against", path, "--against-encoding", "GBK")
    assert told.exit_code in {0, 1}


def test_what_reading_has_to_report_is_shown_and_written(tmp_path):
    path = shapefile(tmp_path / "a", {"编码": CODES[:4], "名称": list("东西南北")}, "GB18030")
    done = run(tmp_path, path)
    assert "info: The shapefile does not say its encoding; read as GB18030." in done.stdout
    assert "info: Areas are called by the column '编码'" in done.stdout
    notes = json.loads(run(tmp_path, path, "--json", "-").stdout)["notes"]
    assert {"encoding_guessed", "code_column", "name_column"} <= {n["kind"] for n in notes}


def test_a_reference_that_is_not_there_is_named(tmp_path, clean):
    done = run(tmp_path, clean, "--against", tmp_path / "nothing.gpkg")
    assert done.exit_code not in {0, 1}
    assert "nothing.gpkg" in done.output
