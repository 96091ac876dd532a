import numpy as np
import pytest
import shapely

from gridmap.coverage.auditing.audit import audit_layer, has_faults, layer_reference
from gridmap.coverage.importing.incoming import ColumnMap
from gridmap.errors import BadValue, MissingColumn, UnknownCoordSys
from tests.layers import layer
from tests.partitions import lattice

CELLS = list(lattice(4, 4))
CODES = [f"{n:03d}" for n in range(1, 17)]


def test_a_clean_layer_has_no_faults(tmp_path):
    assert audit_layer(layer({"code": CODES}, CELLS, folder=tmp_path)) == []


@pytest.mark.parametrize("column", ["code", "CODE", "网格编码", "GEOID20", "PRECID", "wgbm", "id"])
def test_areas_are_called_by_the_column_that_looks_like_a_code(tmp_path, column):
    doubled = [*CELLS[:15], CELLS[0]]
    faults = audit_layer(layer({"x": CODES[::-1], column: CODES}, doubled, folder=tmp_path))
    assert faults[0].codes == ("001", "016")


def test_areas_are_called_by_their_row_when_no_column_does(tmp_path):
    doubled = [*CELLS[:15], CELLS[0]]
    (fault,) = audit_layer(layer({"homes": list(range(16))}, doubled, folder=tmp_path))
    assert (fault.kind, fault.level) == ("overlap", "area")
    assert set(fault.codes) == {"#1", "#16"}


def test_the_columns_and_the_level_can_be_named(tmp_path):
    doubled = [*CELLS[:15], CELLS[0]]
    source = layer(
        {"id": CODES, "bm": CODES[::-1], "mc": [f"南关{n}" for n in range(16)]},
        doubled,
        folder=tmp_path,
    )
    (fault,) = audit_layer(source, "grid", columns=ColumnMap("bm", "mc"))
    assert (fault.level, fault.codes) == ("grid", ("001", "016"))
    assert "南关" in fault.text
    with pytest.raises(MissingColumn):
        audit_layer(source, columns=ColumnMap("code", None))


def test_blank_and_duplicate_codes_are_faults(tmp_path):
    codes = [*CODES[:14], None, CODES[0]]
    faults = audit_layer(layer({"code": codes}, CELLS, folder=tmp_path))
    assert [(f.kind, f.codes) for f in faults] == [
        ("blank_code", ("~1",)),
        ("duplicate_code", ("001~2",)),
    ]


def test_a_file_whose_names_are_all_empty_says_so_and_one_without_names_does_not(tmp_path):
    named = layer({"code": CODES, "name": [None, "NULL", *[""] * 14]}, CELLS, folder=tmp_path)
    (fault,) = audit_layer(named, columns=ColumnMap("code", "name"))
    assert (fault.kind, fault.severity) == ("blank_name", "info")
    assert audit_layer(named, columns=ColumnMap("code", None)) == []


def test_names_that_some_rows_of_a_file_lack_are_faults(tmp_path):
    names = [None, "NULL", *(f"{n}号网格" for n in range(14))]
    faults = audit_layer(layer({"code": CODES, "name": names}, CELLS, folder=tmp_path))
    assert [(f.kind, f.severity, f.codes) for f in faults] == [
        ("blank_name", "warning", ("001",)),
        ("blank_name", "warning", ("002",)),
    ]


def test_rows_without_a_polygon_are_faults(tmp_path):
    shapes = [*CELLS[:14], None, shapely.LineString([(117, 36.6), (117.01, 36.6)])]
    faults = audit_layer(layer({"code": CODES}, shapes, folder=tmp_path))
    # the two cells at the end of the lattice lie on its outline: no hole appears
    assert [(f.kind, f.codes) for f in faults] == [
        ("empty_geometry", ("015",)),
        ("empty_geometry", ("016",)),
    ]


@pytest.mark.parametrize("crs", [4548, 4527, 32650, 2232])
def test_a_projected_layer_is_audited_in_its_own_plane_and_told_in_degrees(tmp_path, crs):
    x = 39_500_000 if crs == 4527 else 500_000
    y = 1_600_000 if crs == 2232 else 4_000_000
    if crs == 2232:
        x = 3_100_000
    squares = [shapely.box(x + 100 * i, y, x + 100 * i + 100, y + 100) for i in range(3)]
    squares[1] = shapely.box(x + 100, y, x + 210, y + 100)
    (fault,) = audit_layer(layer({"code": CODES[:3]}, squares, crs=crs, folder=tmp_path))
    unit = 0.3048006096 if crs == 2232 else 1.0
    assert fault.area_m2 == pytest.approx(1000 * unit**2, rel=2e-3)
    assert -180 < fault.lon < 180
    assert fault.geometry.covers(shapely.Point(fault.lon, fault.lat))


def test_a_gcj02_layer_is_placed_where_it_is(tmp_path):
    doubled = [*CELLS[:15], CELLS[0]]
    source = layer({"code": CODES}, doubled, folder=tmp_path)
    (plain,) = audit_layer(source)
    (moved,) = audit_layer(source, coord_sys="gcj02")
    assert 0.004 < np.hypot(moved.lon - plain.lon, moved.lat - plain.lat) < 0.008
    assert moved.area_m2 == pytest.approx(plain.area_m2, rel=1e-2)


def test_a_layer_without_a_system_needs_one(tmp_path):
    source = layer({"code": CODES}, CELLS, crs=None, folder=tmp_path)
    with pytest.raises(UnknownCoordSys):
        audit_layer(source)
    assert audit_layer(source, coord_sys="cgcs2000") == []


def test_metres_under_degrees_are_refused(tmp_path):
    source = layer({"code": ["1"]}, [shapely.box(5e5, 4e6, 5.1e5, 4.1e6)], folder=tmp_path)
    with pytest.raises(BadValue, match="metres"):
        audit_layer(source)


@pytest.mark.parametrize("told", [None, "EPSG:4526"])
def test_eastings_of_the_next_zone_are_refused_and_not_placed_1000_km_off(tmp_path, told):
    square = shapely.box(39_500_000, 4e6, 39_501_000, 4.001e6)
    source = layer({"code": ["1"]}, [square], crs=None if told else 4526, folder=tmp_path)
    for found in (audit_layer, layer_reference):
        with pytest.raises(BadValue, match="not of the zone") as caught:
            found(source, coord_sys=told)
        assert "EPSG:4527" in caught.value.repair


def test_a_coordinate_that_is_no_number_is_a_fault_of_its_polygon(tmp_path):
    source = layer({"code": CODES}, CELLS, folder=tmp_path)
    with np.errstate(invalid="ignore"):
        source.geometry[3] = shapely.from_wkt("POLYGON ((117 36.6, nan 36.6, 117 36.7, 117 36.6))")
    faults = audit_layer(source)
    assert [(f.kind, f.codes) for f in faults] == [("invalid_geometry", ("004",))]
    assert has_faults(faults)
