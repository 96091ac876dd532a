import sqlite3
from contextlib import closing

import numpy as np
import pytest
import shapely

from gridmap.areas import Levels
from gridmap.coverage.importing.incoming import ColumnMap, prepare_import
from gridmap.coverage.reading.read import read_layer
from gridmap.coverage.reading.shaping import only_polygons
from gridmap.errors import BadValue, UnknownCoordSys
from tests.layers import SQUARES, layer

LEVELS = Levels(["community", "grid"])
BOWTIE = shapely.from_wkt("POLYGON ((117 36, 117.01 36.01, 117.01 36, 117 36.01, 117 36))")


def imported(tmp_path, geometry, *, level="grid", crs=4326, coord_sys=None):
    codes = [f"{n}" for n in range(1, len(geometry) + 1)]
    source = layer({"code": codes}, geometry, crs=crs, folder=tmp_path)
    return prepare_import(
        source,
        level,
        ColumnMap("code", None),
        levels=LEVELS,
        existing=None,
        coord_sys=coord_sys,
    )


def notes(incoming):
    return {n.kind: n for n in incoming.report.messages}


def test_multiparts_and_holes_are_kept_as_they_are(tmp_path):
    holed = SQUARES[0].difference(SQUARES[0].centroid.buffer(0.001))
    multi = shapely.MultiPolygon([SQUARES[1], SQUARES[3]])
    incoming = imported(tmp_path, [holed, multi])
    assert shapely.equals(incoming.geometry, np.array([holed, multi])).all()
    assert [len(p.interiors) for p in shapely.get_parts(incoming.geometry[0])] == [1]
    assert incoming.report.messages == ()


def test_heights_are_dropped_and_reported(tmp_path):
    incoming = imported(tmp_path, [shapely.force_3d(SQUARES[0], 31.5)])
    assert not shapely.has_z(incoming.geometry[0])
    assert incoming.geometry[0].equals(SQUARES[0])
    assert "z_dropped" in notes(incoming)


def test_collections_give_their_polygons(tmp_path):
    mixed = shapely.GeometryCollection(
        [SQUARES[0], shapely.Point(117, 36), shapely.GeometryCollection([SQUARES[2]])]
    )
    incoming = imported(tmp_path, [mixed, SQUARES[1]])
    assert incoming.geometry[0].equals(shapely.MultiPolygon([SQUARES[0], SQUARES[2]]))
    assert notes(incoming)["geometry_collection"].rows == (1,)


def test_a_row_without_a_polygon_is_left_out_of_the_finest_level_by_name(tmp_path):
    line = shapely.LineString([(117, 36), (117.01, 36)])
    incoming = imported(tmp_path, [SQUARES[0], None, shapely.Polygon(), line, SQUARES[1]])
    assert [a.code for a in incoming.areas] == ["1", "5"]
    assert len(incoming.geometry) == len(incoming.attributes) == 2
    left_out = notes(incoming)["empty_geometry"]
    assert (left_out.severity, left_out.rows, left_out.codes) == (
        "error",
        (2, 3, 4),
        ("2", "3", "4"),
    )
    assert notes(incoming)["not_a_polygon"].rows == (4,)
    assert (incoming.report.rows, incoming.report.areas) == (5, 2)


def test_a_row_that_is_left_out_takes_its_code_from_no_row_with_a_polygon(tmp_path):
    table = {"code": ["A", "", "A", "B", "B"]}
    source = layer(table, [None, None, *SQUARES[:3]], folder=tmp_path)
    columns = ColumnMap("code", None)
    incoming = prepare_import(source, "grid", columns, levels=LEVELS, existing=None)
    assert [(a.code, a.provisional) for a in incoming.areas] == [
        ("A", False), ("B", False), ("B~2", True),
    ]  # fmt: skip
    found = notes(incoming)
    assert (found["empty_geometry"].rows, found["empty_geometry"].codes) == ((1, 2), ("A",))
    assert (found["duplicate_code"].rows, found["duplicate_code"].codes) == ((5,), ("B~2",))
    assert "blank_code" not in found


def test_a_coarser_level_keeps_areas_without_a_polygon(tmp_path):
    incoming = imported(tmp_path, [SQUARES[0], None], level="community")
    assert [a.code for a in incoming.areas] == ["1", "2"]
    assert incoming.geometry[1] is None
    assert notes(incoming)["empty_geometry"].severity == "warning"


@pytest.mark.parametrize(
    "geometry", [shapely.Point(117, 36), shapely.LineString([(117, 36), (118, 36)])]
)
def test_a_layer_without_any_polygon_is_refused(tmp_path, geometry):
    with pytest.raises(BadValue, match="no polygons") as caught:
        imported(tmp_path, [geometry])
    assert caught.value.got == geometry.geom_type


def test_a_layer_of_empty_rows_is_refused_on_the_finest_level_only(tmp_path):
    nothing = [shapely.Polygon(), None]
    with pytest.raises(BadValue, match="No row"):
        imported(tmp_path, nothing)
    (tmp_path / "layer.gpkg").unlink()
    assert len(imported(tmp_path, nothing, level="community")) == 2


def test_invalid_polygons_are_kept_and_reported(tmp_path):
    incoming = imported(tmp_path, [SQUARES[3], BOWTIE])
    assert incoming.geometry[1].equals_exact(BOWTIE, 1e-12)
    assert notes(incoming)["invalid_geometry"].rows == (2,)


def test_nothing_is_changed_in_the_layer_that_was_read(tmp_path):
    source = layer({"code": ["1"]}, [shapely.force_3d(SQUARES[0], 1.0)], folder=tmp_path)
    before = shapely.to_wkb(source.geometry).tolist()
    prepare_import(source, "grid", ColumnMap("code", None), levels=LEVELS, existing=None)
    assert shapely.to_wkb(source.geometry).tolist() == before


def test_only_polygons_of_nothing_is_nothing():
    shaped = only_polygons(np.empty(0, dtype=object))
    assert len(shaped.geometry) == len(shaped.missing) == 0


def test_projected_layers_come_out_in_degrees(tmp_path):
    square = shapely.box(500000, 4000000, 500100, 4000100)
    incoming = imported(tmp_path, [square], crs=4548)
    lon, lat = shapely.get_coordinates(shapely.centroid(incoming.geometry))[0]
    assert lon == pytest.approx(117.0005, abs=1e-3)
    assert lat == pytest.approx(36.13, abs=1e-2)
    assert incoming.coord_sys == incoming.report.coord_sys == "EPSG:4548"


def test_cgcs2000_is_taken_as_it_is(tmp_path):
    incoming = imported(tmp_path, [SQUARES[0]], crs=4490)
    assert incoming.geometry[0].equals(SQUARES[0])
    assert incoming.coord_sys == "cgcs2000"


def test_a_mislabelled_layer_is_read_in_the_system_told(tmp_path):
    incoming = imported(tmp_path, [SQUARES[0]], crs=4326, coord_sys="gcj02")
    moved = incoming.geometry[0].centroid.distance(SQUARES[0].centroid)
    assert 0.004 < moved < 0.008  # about half a kilometre
    assert notes(incoming)["coord_sys_override"].severity == "warning"
    assert incoming.coord_sys == "gcj02"


def test_saying_what_the_file_says_is_no_override(tmp_path):
    assert imported(tmp_path, [SQUARES[0]], coord_sys="WGS-84").report.messages == ()


def test_without_any_system_the_import_is_refused(tmp_path):
    with pytest.raises(UnknownCoordSys, match="declares no coordinate system") as caught:
        imported(tmp_path, [SQUARES[0]], crs=None)
    assert "--coord-sys" in caught.value.repair
    assert len(imported(tmp_path, [SQUARES[0]], crs=None, coord_sys="cgcs2000")) == 1


@pytest.mark.parametrize("number", [0, -1])
def test_a_system_that_a_geopackage_calls_undefined_is_none(tmp_path, number):
    path = layer({"code": ["1"]}, [SQUARES[0]], folder=tmp_path).path
    with closing(sqlite3.connect(path)) as package, package:
        for table in ("gpkg_contents", "gpkg_geometry_columns"):
            package.execute(f"UPDATE {table} SET srs_id = ?", (number,))
    source, columns = read_layer(path), ColumnMap("code", None)
    with pytest.raises(UnknownCoordSys, match="declares no coordinate system"):
        prepare_import(source, "grid", columns, levels=LEVELS, existing=None)
    told = prepare_import(
        source, "grid", columns, levels=LEVELS, existing=None, coord_sys="cgcs2000"
    )
    assert "coord_sys_override" not in notes(told)


@pytest.mark.parametrize("crs", [4326, 4490])
@pytest.mark.parametrize(
    ("box", "hint"),
    [
        ((500000, 4000000, 500100, 4000100), "EPSG:4534 to 4554"),
        ((39500000, 4000000, 39500100, 4000100), "EPSG:4527"),
        ((13024000, 4300000, 13024100, 4300100), "--coord-sys"),
    ],
)
def test_metres_under_degrees_are_refused_with_a_hint(tmp_path, crs, box, hint):
    with pytest.raises(BadValue, match="metres, not degrees") as caught:
        imported(tmp_path, [shapely.box(*box)], crs=crs)
    assert hint in caught.value.repair


def test_degrees_under_metres_are_refused(tmp_path):
    with pytest.raises(BadValue, match="degrees, not metres"):
        imported(tmp_path, [SQUARES[0]], crs=4548)


def test_swapped_axes_are_refused(tmp_path):
    swapped = shapely.box(36.0, 117.0, 36.01, 117.01)
    with pytest.raises(BadValue, match="swapped"):
        imported(tmp_path, [swapped], crs=4490)


def test_an_easting_with_its_zone_number_needs_the_other_form(tmp_path):
    with pytest.raises(BadValue) as caught:
        imported(tmp_path, [shapely.box(39500000, 4000000, 39500100, 4000100)], crs=4548)
    assert "EPSG:4527" in caught.value.repair


def test_shared_borders_stay_shared_through_every_system(tmp_path):
    squares = [shapely.box(500000 + 100 * i, 4e6, 500100 + 100 * i, 4000100) for i in range(4)]
    for crs in (4548, 32650, 3857):
        moved = squares
        if crs == 3857:
            moved = [
                shapely.box(1.3e7 + 100 * i, 4.3e6, 1.3e7 + 100 * i + 100, 4.31e6) for i in range(4)
            ]
        geometry = imported(tmp_path, moved, crs=crs).geometry
        assert shapely.coverage_is_valid(geometry)
        (tmp_path / "layer.gpkg").unlink()


def test_a_row_out_of_range_is_told_as_it_stands_in_the_file(tmp_path):
    zoned = shapely.box(39_500_000, 4_000_000, 39_500_100, 4_000_100)
    with pytest.raises(BadValue, match="the first is in row 3") as caught:
        imported(tmp_path, [None, shapely.Polygon(), zoned], crs=4548)
    assert "EPSG:4527" in caught.value.repair
