"""Parties, responsibility layers and ground from files, with every fault located."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gridmap.crs import transform_geometry
from gridmap.errors import BadValue, MissingColumn, UnknownCoordSys
from gridmap.places.ground import read_ground
from gridmap.places.model import Ground
from gridmap.routing import Overlay, OverlayMap, Parties, Party, load_route_book
from gridmap.routing.read import read_overlays, read_parties
from gridmap.tables import FaultyTable
from gridmap.times import site_zone
from tests.route_town import ESTATES, FIRMS, at, rectangle, write_town

BOOK = load_route_book(zone=site_zone())


def csv_file(tmp_path, text, name="table.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def layer_file(tmp_path, shapes, crs=4326, **columns):
    path = tmp_path / "layer.gpkg"
    gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_file(path, engine="pyogrio")
    return path


def faults_of(call, *args, **kwargs):
    with pytest.raises(FaultyTable) as caught:
        call(*args, **kwargs)
    return [str(fault) for fault in caught.value.faults]


# -- parties ------------------------------------------------------------------------------


def test_property_firms_get_the_code_of_their_kind(tmp_path):
    text = (
        "编号,名称,英文名称,电话\nF001,安禾物业,Anhe Property,（0990）5550101\nWY:F002,砚湖物业,,\n"
    )
    assert read_parties(csv_file(tmp_path, text)) == [
        FIRMS[0],
        Party("WY:F002", "砚湖物业"),
    ]


def test_the_towns_firms_and_estates_are_read_back_as_they_were_written(tmp_path):
    paths = write_town(tmp_path)
    firms = read_parties(paths["firms"])
    assert tuple(firms) == FIRMS
    overlays, shapes = read_overlays(paths["estates"], "estate", parties=Parties(firms))
    assert tuple(overlays) == ESTATES
    assert all(shape.geom_type == "Polygon" for shape in shapes)
    assert len(OverlayMap(overlays, shapes)) == len(ESTATES)


def test_faults_of_firms_are_located(tmp_path):
    found = faults_of(read_parties, csv_file(tmp_path, "code,name,phone\nF1,,x\nF1,乙,\n"))
    assert found == [
        "table.csv, row 2, column 'name' is empty",
        "table.csv, row 2, column 'phone' is not a telephone number, got 'x', "
        "allowed: such as 0531-88881234",
        "table.csv, row 3, column 'code' repeats row 2, got 'F1'",
    ]


# -- overlays -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "managed", "opened"),
    [
        ("kind", "managed", "open"),
        ("managed", "managed", "open"),
        ("管理方式", "有物业", "开放式"),
        ("物业管理", "是", "否"),
    ],
)
def test_estates_say_whether_they_are_managed(tmp_path, column, managed, opened):
    path = layer_file(
        tmp_path, [rectangle(0, 0, 1, 1), rectangle(1, 0, 2, 1)],
        编号=["E1", "E2"], 名称=["甲", "乙"], 物业公司=["安禾物业", None],
        **{column: [managed, opened]},
    )  # fmt: skip
    found, _ = read_overlays(path, "estate", parties=Parties(FIRMS))
    assert found == [
        Overlay("E1", "estate", "甲", owner="WY:F001"),
        Overlay("E2", "estate", "乙", managed=False),
    ]


@pytest.mark.parametrize("owner", ["F001", "WY:F001", "安禾物业"])
def test_an_owner_is_known_by_code_or_name(tmp_path, owner):
    path = layer_file(
        tmp_path, [rectangle(0, 0, 1, 1)], code=["E1"], managed=["managed"], owner=[owner]
    )
    assert read_overlays(path, "estate", parties=Parties(FIRMS))[0][0].owner == "WY:F001"


def test_kinds_may_be_mixed_in_one_file_by_code_or_label(tmp_path):
    shape = '"POLYGON((117 36.6,117.001 36.6,117.001 36.601,117 36.6))"'
    text = (
        "code,kind,managed,owner,priority,source,valid_from,valid_to,wkt\n"
        f"E1,小区,open,,,,,,{shape}\n"
        f"P1,park,,YL,3,红线图,2026-01-01,2027-01-01,{shape}\n"
    )
    found, shapes = read_overlays(csv_file(tmp_path, text), coord_sys="wgs84")
    assert found == [
        Overlay("E1", "estate", "", managed=False),
        Overlay("P1", "park", "", owner="YL", priority=3, source="红线图",
                valid_from=date(2026, 1, 1), valid_to=date(2027, 1, 1)),
    ]  # fmt: skip
    assert shapes[0].bounds == (117, 36.6, 117.001, 36.601)


def test_an_agreement_holds_on_its_last_day(tmp_path):
    shape = '"POLYGON((117 36.6,117.001 36.6,117.001 36.601,117 36.6))"'
    text = (
        "code,kind,owner,依据,生效日期,截止日期,wkt\n"
        f"A1,agreement,SZ,协议,2026-01-01,2026-12-31,{shape}\n"
    )
    (found,), _ = read_overlays(csv_file(tmp_path, text), coord_sys="wgs84")
    assert (found.in_force(date(2026, 12, 31)), found.in_force(date(2027, 1, 1))) == (True, False)


def test_red_lines_are_converted_to_the_stores_coordinates(tmp_path):
    box = rectangle(0, 0, 1, 1)
    moved = transform_geometry(np.array([box], dtype=object), "wgs84", "EPSG:4548")
    path = layer_file(tmp_path, list(moved), crs=4548, code=["E1"], managed=["open"])
    _, shapes = read_overlays(path, "estate")
    assert shapely.equals_exact(shapes[0], box, 1e-9)
    path = layer_file(tmp_path, [box], code=["E1"], managed=["open"])
    _, shapes = read_overlays(path, "estate", coord_sys="gcj02")
    assert shapely.distance(shapely.centroid(shapes[0]), shapely.centroid(box)) > 0.002


def test_roads_and_assets_are_widened_by_their_reach(tmp_path):
    line, point = shapely.LineString([at(0, 0), at(4, 0)]), shapely.Point(at(2, 2))
    path = layer_file(
        tmp_path, [line, point], code=["R1", "A1"], kind=["road", "登记部件"],
        owner=["SZ", "DL"], 宽度=[25.0, 6.0],
    )  # fmt: skip
    found, shapes = read_overlays(path)
    assert [overlay.kind for overlay in found] == ["road", "asset"]
    lines = OverlayMap(found, shapes)
    # 12.5 m are 0.1127 units of latitude; 3 m are 0.0335 of longitude.
    spots = np.array([at(2, 0.112), at(2, 0.113), at(2.033, 2), at(2.034, 2)])
    hit = lines.around(spots[:, 0], spots[:, 1]).touched
    assert [tuple(lines.overlays[r].code for r in rows) for rows in hit] == [
        ("R1",), (), ("A1",), (),
    ]  # fmt: skip


def test_one_reach_may_be_given_for_all(tmp_path):
    path = layer_file(tmp_path, [shapely.Point(at(2, 2))], code=["A1"], owner=["DL"])
    _, shapes = read_overlays(path, "asset", reach_m=10)
    assert shapes[0] == shapely.Point(at(2, 2))
    (found,), _ = read_overlays(path, "asset", reach_m=10)
    assert found.radius_m == 10


def test_faults_of_overlays_are_located(tmp_path):
    bow = shapely.Polygon([at(0, 0), at(1, 1), at(1, 0), at(0, 1)])
    path = layer_file(
        tmp_path,
        [bow, None, shapely.Point(at(1, 1)), rectangle(0, 0, 1, 1), rectangle(0, 0, 1, 1)],
        code=["E1", "E2", "E3", "E3", "E4"],
        managed=["managed", "perhaps", "managed", "open", "managed"],
        owner=["F001", None, "F009", "F001", "F001"],
        valid_from=[None, None, None, None, "2026-03-01"],
        valid_to=[None, None, None, None, "2026-03-01"],
        reach_m=[None, None, None, None, 5000.0],
    )
    found = faults_of(read_overlays, path, "estate", parties=Parties(FIRMS))
    for start in (
        "layer.gpkg, row 1, column 'geometry' is not valid: Self-intersection",
        "layer.gpkg, row 2, column 'geometry' is missing",
        "layer.gpkg, row 2, column 'managed' has an unknown value, got 'perhaps'",
        "layer.gpkg, row 3, column 'geometry' is a Point without a radius in metres",
        "layer.gpkg, row 3, column 'owner' is no known body, got 'F009'",
        "layer.gpkg, row 4, column 'code' repeats row 3",
        "layer.gpkg, row 4, column 'owner' is given although the estate is open",
        "layer.gpkg, row 5, column 'valid_to' is not after the first day",
        "layer.gpkg, row 5, column 'reach_m' is not usable, got '5000', allowed: more than 0,",
    ):
        assert any(fault.startswith(start) for fault in found), start
    assert len(found) == 9


def test_a_name_that_two_firms_have_is_no_owner(tmp_path):
    path = layer_file(
        tmp_path, [rectangle(0, 0, 1, 1)], code=["E1"], managed=["managed"], owner=["同名"]
    )
    parties = Parties([Party("WY:1", "同名"), Party("WY:2", "同名")])
    assert "is the name of 2 bodies" in faults_of(read_overlays, path, "estate", parties=parties)[0]


def test_a_table_needs_shapes_a_system_and_the_columns_of_its_kind(tmp_path):
    path = csv_file(tmp_path, "code,managed\nE1,open\n")
    with pytest.raises(UnknownCoordSys):
        read_overlays(path, "estate")
    assert "is missing" in faults_of(read_overlays, path, "estate", coord_sys="wgs84")[0]
    path = csv_file(tmp_path, "code,managed,wkt\nE1,open,POLYGON((0 0\n")
    found = faults_of(read_overlays, path, "estate", coord_sys="wgs84")
    assert found == [
        "table.csv, row 2, column 'wkt' is no well-known text of a geometry, got 'POLYGON((0 0'"
    ]
    with pytest.raises(MissingColumn, match="which estates are managed"):
        read_overlays(csv_file(tmp_path, "code,wkt\nE1,\n"), "estate", coord_sys="wgs84")
    with pytest.raises(MissingColumn, match="what kind each row is"):
        read_overlays(csv_file(tmp_path, "code,wkt\nE1,\n"), coord_sys="wgs84")
    with pytest.raises(BadValue, match="no such kind"):
        read_overlays(path, "lake", coord_sys="wgs84")


def test_who_lacks_a_column_is_told_its_names_and_values_in_both_languages(tmp_path):
    path = csv_file(tmp_path, "编号,名称,户数,地址,wkt\nE1,甲苑,300,历山路,\n")
    with pytest.raises(MissingColumn) as caught:
        read_overlays(path, "estate", coord_sys="wgs84")
    assert caught.value.got == ["编号", "名称", "wkt"]
    assert caught.value.allowed == ["kind/类别/类型", "managed/management/管理方式/物业管理"]
    assert "有物业 (managed) or 无物业 (open)" in caught.value.repair
    with pytest.raises(MissingColumn) as caught:
        read_overlays(path, coord_sys="wgs84")
    assert caught.value.allowed == ["kind/类别/类型"]
    assert "公园绿地 (park)" in caught.value.repair


def test_a_shape_that_cannot_be_in_the_system_is_located(tmp_path):
    metres = '"POLYGON((500000 4000000,500100 4000000,500100 4000100,500000 4000000))"'
    path = csv_file(tmp_path, f"code,managed,wkt\nE1,open,{metres}\n")
    found = faults_of(read_overlays, path, "estate", coord_sys="wgs84")
    assert found == ["table.csv, row 2, column 'geometry' cannot be in wgs84"]


# -- ground ---------------------------------------------------------------------------------


def test_the_pieces_of_a_street_become_one_feature(tmp_path):
    pieces = [shapely.LineString([at(x, 0), at(x + 1, 0)]) for x in (0, 1, 5)]
    path = layer_file(
        tmp_path, pieces, code=["S1", "S1", "S2"], name=["榆畴路", "榆畴路", "榆洲巷"],
        **{"class": ["collector", "arterial", "alley"]},
    )  # fmt: skip
    found, shapes = read_ground(path, "roads")
    assert found == [
        Ground("S1", "roads", "榆畴路", rank=0, road_class="collector"),
        Ground("S2", "roads", "榆洲巷", rank=2, road_class="alley"),
    ]
    assert shapes[0].geom_type == "LineString"
    assert shapes[0].length == pytest.approx(0.002)


def test_water_has_no_rank_and_features_without_a_code_are_numbered(tmp_path):
    path = layer_file(tmp_path, [rectangle(0, 0, 1, 1), rectangle(2, 0, 3, 1)], name=["河", None])
    found, shapes = read_ground(path, "water")
    assert found == [Ground("water-1", "water", "河"), Ground("water-2", "water")]
    assert len(shapes) == 2


def test_an_unknown_ground_layer_or_road_class_is_refused(tmp_path):
    path = layer_file(tmp_path, [shapely.LineString([at(0, 0), at(1, 1)])], **{"class": ["canal"]})
    with pytest.raises(BadValue, match="no such ground layer"):
        read_ground(path, "streets")
    assert faults_of(read_ground, path, "roads")[0].startswith(
        "layer.gpkg, row 1, column 'class' has an unknown value, got 'canal'"
    )
    assert read_ground(path, "water")[0][0].rank is None


def test_assets_may_be_a_table_of_positions(tmp_path):
    text = (
        "编号,部件类型,权属单位,经度,纬度,坐标系,半径,事项\n"
        "L1,路灯,DL,117.001,36.601,wgs84,12,\n"
        "K1,cover,GS,117.002,36.602,wgs84,,0301 0302\n"
    )
    types = BOOK.asset_types
    found, drawn = read_overlays(csv_file(tmp_path, text), "asset", asset_types=types)
    assert found == [
        Overlay("L1", "asset", "", owner="DL", asset_type="lamp", radius_m=12.0),
        Overlay("K1", "asset", "", owner="GS", asset_type="cover", items=("0301", "0302")),
    ]
    assert [shape.coords[0] for shape in drawn] == [(117.001, 36.601), (117.002, 36.602)]


def test_roads_may_be_lines_with_a_class_and_a_width(tmp_path):
    text = (
        "code,道路等级,路宽,wkt\n"
        'R1,背街小巷,7,"LINESTRING(117 36.6,117.001 36.6)"\n'
        'R2,arterial,,"LINESTRING(117 36.6,117.001 36.6)"\n'
    )
    found, _ = read_overlays(csv_file(tmp_path, text), "road", coord_sys="wgs84")
    assert [(one.road_class, one.radius_m) for one in found] == [("alley", 3.5), ("arterial", None)]


def test_what_a_kind_cannot_say_is_refused_with_its_place(tmp_path):
    line, box = '"LINESTRING(117 36.6,117.1 36.6)"', '"POLYGON((117 36,117.1 36,117 36.1,117 36))"'
    text = (
        "code,kind,owner,source,valid_from,items,road_class,asset_type,wkt\n"
        f"A1,agreement,,,,,,,{box}\n"
        f"A2,agreement,SZ,合同,2026-01-01,0101 9901,,,{box}\n"
        f"P1,park,YL,,,,alley,,{line}\n"
        f"R1,road,SZ,,,,lane,lamp,{line}\n"
        f"K1,asset,SZ,,,,,lid,{box}\n"
    )
    found = faults_of(
        read_overlays,
        csv_file(tmp_path, text),
        items=BOOK.catalogue.codes,
        asset_types=BOOK.asset_types,
        coord_sys="wgs84",
    )
    for row, column, what in (
        (2, "owner", "is empty"),
        (2, "source", "is empty"),
        (2, "valid_from", "is empty"),
        (3, "items", "names no item of a catalogue: 9901"),
        (4, "road_class", "is given although this is no road"),
        (4, "geometry", "is a LineString without a radius in metres"),
        (5, "road_class", "has an unknown value, got 'lane'"),
        (5, "asset_type", "is given although this is no asset"),
        (6, "asset_type", "has an unknown value, got 'lid'"),
    ):
        start = f"table.csv, row {row}, column '{column}' {what}"
        assert any(fault.startswith(start) for fault in found), (start, found)
