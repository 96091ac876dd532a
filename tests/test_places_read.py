"""Places, organisations and rosters from files: both languages, both encodings, all faults."""

from __future__ import annotations

from datetime import date

import geopandas as gpd
import pytest
import shapely

from gridmap.crs import from_wgs84
from gridmap.errors import (
    BadValue,
    MissingColumn,
    UnknownCoordSys,
    UnreadableFile,
    WrongEncoding,
)
from gridmap.places.model import (
    CATEGORIES,
    ORGANISATION_KINDS,
    Organisation,
    Place,
    Post,
    ServiceItem,
)
from gridmap.places.read import (
    read_organisations,
    read_places,
    read_posts,
    read_service_items,
)
from gridmap.tables import FaultyTable
from tests.route_town import POSTS, write_town

HEADER = "code,category,name,lon,lat"
GOOD = "P1,canteen,望禾食堂,117.001,36.602"


def csv_file(tmp_path, text, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def faults_of(call, *args, **kwargs):
    with pytest.raises(FaultyTable) as caught:
        call(*args, **kwargs)
    return [str(fault) for fault in caught.value.faults]


# -- places -------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_chinese_table_is_read_whole(tmp_path, encoding):
    text = (
        "编号,类别,名称,地址,营业时间,电话,特色服务,经度,纬度,坐标系,无障碍,核对日期,备注\n"
        "P1,社区食堂,望禾食堂,榆畴路1号,周一至周五 11:00-13:00,（0990）555 0101,送餐、软食,"
        "117.001,36.602,国家2000,是,2026年3月1日,随便\n"
        "P2,快递,青砚驿站,,,,,117.002,36.603,WGS-84,,,\n"
    )
    first, second = read_places(csv_file(tmp_path, text, encoding=encoding))
    assert first == Place(
        "P1", "canteen", "望禾食堂", 117.001, 36.602, address="榆畴路1号",
        hours_text="周一至周五 11:00-13:00", phone="0990-5550101",
        special_services=("送餐", "软食"), wheelchair=True, checked_on=date(2026, 3, 1),
    )  # fmt: skip
    assert second == Place("P2", "parcel", "青砚驿站", 117.002, 36.603)


def test_an_english_table_is_read_whole(tmp_path):
    text = (
        "code,category,name,name_en,lon,lat,opening_hours,hours_text,phone,special_services,"
        "floor,price,wheelchair,source,checked_on\n"
        "P1,health,卫生站,Clinic,117.001,36.602,Mo-Fr 08:00-17:00,工作日,12345,a;b,2,free,no,map,"
        "2026-03-01\n"
    )
    assert read_places(csv_file(tmp_path, text), coord_sys="wgs84") == [
        Place("P1", "health", "卫生站", 117.001, 36.602, "Clinic", "", "Mo-Fr 08:00-17:00",
              "工作日", "12345", ("a", "b"), "2", "free", False, "map", date(2026, 3, 1))
    ]  # fmt: skip


@pytest.mark.parametrize("column", ["hours", "营业时间", "opening_hours"])
@pytest.mark.parametrize(
    ("written", "hours", "text"),
    [("Mo-Su 06:00-22:00", "Mo-Su 06:00-22:00", ""), ("每天 6:00-22:00", "", "每天 6:00-22:00")],
)
def test_hours_are_kept_as_written_for_programs_or_for_people(
    tmp_path, column, written, hours, text
):
    path = csv_file(tmp_path, f"{HEADER},{column}\n{GOOD},{written}\n")
    found = read_places(path, coord_sys="wgs84")[0]
    assert (found.hours, found.hours_text) == (hours, text)


@pytest.mark.parametrize("code", sorted(CATEGORIES))
def test_a_category_is_known_by_code_label_and_parts_of_the_label(tmp_path, code):
    category = CATEGORIES[code]
    names = [code, category.label, category.label_en.upper(), *category.label.split("/")]
    lines = [f'P{n},"{name}",某处,117,36.6' for n, name in enumerate(names)]
    path = csv_file(tmp_path, "\n".join([HEADER, *lines]))
    assert {place.category for place in read_places(path, coord_sys="wgs84")} == {code}


@pytest.mark.parametrize("system", ["gcj02", "bd09", "EPSG:4548", "cgcs2000"])
def test_positions_are_converted_from_any_system(tmp_path, system):
    x, y = from_wgs84(117.001, 36.602, system)
    path = csv_file(tmp_path, f"{HEADER}\nP1,canteen,食堂,{float(x)!r},{float(y)!r}\n")
    found = read_places(path, coord_sys=system)[0]
    assert (found.lon, found.lat) == pytest.approx((117.001, 36.602), abs=1e-7)


def test_each_row_may_be_in_a_system_of_its_own(tmp_path):
    x, y = from_wgs84(117.001, 36.602, "gcj02")
    text = f"{HEADER},coord_sys\n{GOOD},wgs84\nP2,canteen,b,{float(x)!r},{float(y)!r},火星坐标\n"
    one, two = read_places(csv_file(tmp_path, text))
    assert (two.lon, two.lat) == pytest.approx((one.lon, one.lat), abs=1e-7)


def test_a_system_given_by_the_caller_wins_over_the_column(tmp_path):
    path = csv_file(tmp_path, f"{HEADER},coord_sys\n{GOOD},gcj02\n")
    assert read_places(path, coord_sys="wgs84")[0].lon == 117.001


def test_positions_without_a_system_are_refused_with_the_repair(tmp_path):
    with pytest.raises(UnknownCoordSys, match="坐标系"):
        read_places(csv_file(tmp_path, f"{HEADER}\n{GOOD}\n"))
    with pytest.raises(UnknownCoordSys, match="mars"):
        read_places(csv_file(tmp_path, f"{HEADER}\n{GOOD}\n"), coord_sys="mars")
    with pytest.raises(UnknownCoordSys):
        read_places(csv_file(tmp_path, f"{HEADER},coord_sys\n{GOOD},微信\n"))


@pytest.mark.parametrize("suffix", ["gpkg", "geojson"])
def test_a_layer_gives_its_points_and_its_system(tmp_path, suffix):
    frame = gpd.GeoDataFrame(
        {
            "编号": ["P1", "P2"],
            "类别": ["快递", "parcel"],
            "名称": ["甲", "乙"],
            "电话": [12345, None],
            "checked_at": ["2026-03-01", None],
        },
        geometry=gpd.points_from_xy([117.001, 117.002], [36.602, 36.603]),
        crs="EPSG:4326",
    )
    path = tmp_path / f"places.{suffix}"
    frame.to_file(path, engine="pyogrio")
    one, two = read_places(path)
    assert one == Place(
        "P1", "parcel", "甲", 117.001, 36.602, phone="12345", checked_on=date(2026, 3, 1)
    )
    assert (two.phone, two.checked_on) == ("", None)


def test_a_projected_layer_is_converted(tmp_path):
    points = gpd.GeoSeries(gpd.points_from_xy([117.001], [36.602]), crs=4326).to_crs(4548)
    frame = gpd.GeoDataFrame(
        {"code": ["P1"], "category": ["parcel"], "name": ["甲"]}, geometry=points
    )
    frame.to_file(tmp_path / "p.gpkg", engine="pyogrio")
    found = read_places(tmp_path / "p.gpkg")[0]
    assert (found.lon, found.lat) == pytest.approx((117.001, 36.602), abs=1e-8)


def test_a_place_drawn_as_an_area_is_a_fault(tmp_path):
    frame = gpd.GeoDataFrame(
        {"code": ["P1"], "category": ["parcel"], "name": ["甲"]},
        geometry=[shapely.box(117, 36.6, 117.1, 36.7)],
        crs=4326,
    )
    frame.to_file(tmp_path / "p.gpkg", engine="pyogrio")
    assert faults_of(read_places, tmp_path / "p.gpkg") == [
        "p.gpkg, row 1, column 'geometry' is a Polygon, not a point"
    ]


def test_all_faults_are_told_not_only_the_first(tmp_path):
    text = (
        "编号,类别,名称,经度,纬度,电话,无障碍,核对日期\n"
        "P1,食品,,117,36.6,见公告,大概,去年\n"
        "P1,快递,甲,117,,12345,是,2026-02-30\n"
        ",快递,乙,0,0,,,\n"
        "P3,快递,丙,36.6,117,,,\n"
        "P4,快递,丁,东经,36.6,,,\n"
        "P5,快递,戊,,,,,\n"
        "1.2E+11,快递,己,117,36.6,,,,x\n"
    )
    found = faults_of(read_places, csv_file(tmp_path, text), coord_sys="wgs84")
    expected = [
        (2, "类别", "has an unknown value, got '食品', allowed: service_centre 党群服务中心"),
        (2, "名称", "is empty"),
        (2, "电话", "is not a telephone number, got '见公告'"),
        (2, "无障碍", "is neither yes nor no, got '大概'"),
        (2, "核对日期", "is not a date, got '去年'"),
        (3, "编号", "repeats row 2, got 'P1'"),
        (3, "纬度", "is empty, the other is not"),
        (3, "核对日期", "is not a date, got '2026-02-30'"),
        (4, "编号", "is empty"),
        (4, "经度", "is 0, and so is the latitude"),
        (5, "经度", "gives no position in that system; are the two swapped?, got '36.6'"),
        (6, "经度", "is not a number, got '东经'"),
        (7, "经度", "is empty: a place is somewhere"),
        (8, "核对日期", "is followed by too many cells"),
        (8, "编号", "was shortened by a spreadsheet"),
    ]
    for row, column, what in expected:
        start = f"table.csv, row {row}, column '{column}' {what}"
        assert any(fault.startswith(start) for fault in found), start
    # Nothing is told twice, and nothing but these and what follows from them.
    assert len(set(found)) == len(found)
    assert len(found) <= len(expected) + 1


def test_the_message_lists_twenty_faults_and_counts_the_rest(tmp_path):
    lines = [f"P{n},nothing,甲,117,36.6" for n in range(33)]
    with pytest.raises(FaultyTable, match="33 faults") as caught:
        read_places(csv_file(tmp_path, "\n".join([HEADER, *lines])), coord_sys="wgs84")
    assert isinstance(caught.value, BadValue)
    text = str(caught.value)
    assert text.count("has an unknown value") == 20
    assert "and 13 more" in text
    assert "nothing was stored" in text
    assert len(caught.value.faults) == 33


@pytest.mark.parametrize("column", ["备注", "电话", "编号"])
def test_an_identity_number_anywhere_is_refused_and_not_repeated(tmp_path, column):
    cells = {
        "编号": "P1",
        "类别": "快递",
        "名称": "甲",
        "经度": "117",
        "纬度": "36.6",
        "电话": "",
        "备注": "",
    }
    cells[column] = "11010519491231002X"
    path = csv_file(tmp_path, ",".join(cells) + "\n" + ",".join(cells.values()) + "\n")
    with pytest.raises(FaultyTable, match="identity number") as caught:
        read_places(path, coord_sys="wgs84")
    assert "19491231" not in str(caught.value)


def test_missing_and_doubled_columns_are_named(tmp_path):
    with pytest.raises(MissingColumn, match=r"category/类别"):
        read_places(csv_file(tmp_path, "code,name\n1,a\n"))
    with pytest.raises(BadValue, match="several columns for one thing"):
        read_places(csv_file(tmp_path, f"{HEADER},电话,phone\n{GOOD},1,2\n"), coord_sys="wgs84")


@pytest.mark.parametrize("text", [f"{HEADER}\n", f"{HEADER}\n\n,,,,\n"])
def test_a_table_without_rows_gives_no_places(tmp_path, text):
    assert read_places(csv_file(tmp_path, text)) == []


def test_a_file_that_is_no_table_is_refused(tmp_path):
    with pytest.raises(UnreadableFile):
        read_places(tmp_path / "none.csv")
    with pytest.raises(MissingColumn):
        read_places(csv_file(tmp_path, ""))
    with pytest.raises(UnreadableFile, match="not a CSV table"):
        read_places(csv_file(tmp_path, f'{HEADER}\nP1,"canteen,x,1,2\nP2,canteen,y,1,2\n'))
    (tmp_path / "w.csv").write_bytes(b"code,category,name\n\xff\xff,a,b\n")
    with pytest.raises(WrongEncoding):
        read_places(tmp_path / "w.csv")
    with pytest.raises(UnreadableFile):
        read_places(csv_file(tmp_path, "x", "places.xlsx"))


# -- organisations ----------------------------------------------------------------------------


def test_organisations_have_superiors_areas_and_perhaps_a_place(tmp_path):
    text = (
        "编号,类别,名称,上级编号,层级,网格编码,党员数,经度,纬度,坐标系\n"
        "O1,党工委,望禾街道党工委,,街道,990101001,,117.001,36.602,wgs84\n"
        "O2,party_branch,第一支部,O1,grid,990101001001001.0,31,,,\n"
    )
    one, two = read_organisations(csv_file(tmp_path, text))
    assert one == Organisation(
        "O1", "party_work_committee", "望禾街道党工委", level="subdistrict",
        area_code="990101001", lon=117.001, lat=36.602,
    )  # fmt: skip
    assert two == Organisation(
        "O2", "party_branch", "第一支部", parent_code="O1", level="grid",
        area_code="990101001001001", members=31,
    )  # fmt: skip


def test_faults_of_organisations_are_located(tmp_path):
    text = (
        "code,kind,name,parent_code,level,area_code,members\n"
        "O1,club,a,,,,\n"
        "O2,party_group,b,O9,grid,,\n"
        "O3,party_group,c,O4,planet,1,\n"
        "O4,party_group,d,O3,grid,9,many\n"
        "O5,party_group,e,O5,,7,\n"
    )
    found = faults_of(
        read_organisations, csv_file(tmp_path, text), areas={("grid", "1")}, known={"OLD"}
    )
    for start in (
        "table.csv, row 2, column 'kind' has an unknown value, got 'club'",
        "table.csv, row 3, column 'parent_code' is no organisation of this file or the store",
        "table.csv, row 3, column 'area_code' is empty, the level is not",
        "table.csv, row 4, column 'level' has an unknown value, got 'planet', allowed: subdistrict",
        "table.csv, row 4, column 'parent_code' leads back to itself",
        "table.csv, row 5, column 'area_code' is no grid of an edition in force, to come or "
        "drafted, got '9'",
        "table.csv, row 5, column 'members' is not a whole number",
        "table.csv, row 5, column 'parent_code' leads back to itself",
        "table.csv, row 6, column 'level' is empty",
        "table.csv, row 6, column 'parent_code' leads back to itself",
    ):
        assert any(fault.startswith(start) for fault in found), start


def test_a_superior_may_be_stored_already(tmp_path):
    path = csv_file(tmp_path, "code,kind,name,parent_code\nO2,party_group,b,OLD\n")
    assert read_organisations(path, known={"OLD"})[0].parent_code == "OLD"


def test_all_that_a_place_can_say_is_read(tmp_path):
    text = (
        "编号,类别,名称,经度,纬度,坐标系,营业时间,入口,上门服务,预约电话,无障碍设施,服务语言,"
        "运营单位,照片,临时关闭\n"
        "P1,canteen,东苑食堂,117,36.6,wgs84,Mo-Fr 08:00-12:00; PH off,东门,是,13800001234,"
        "无台阶、lift,普通话、手语,东苑社区,https://example.org/1.jpg,2026-03-01/2026-03-05 装修\n"
    )
    (place,) = read_places(csv_file(tmp_path, text))
    assert place.hours == "Mo-Fr 08:00-12:00; PH off"
    assert (place.entrance, place.home_service) == ("东门", True)
    assert place.booking_phone == "13800001234"
    assert place.accessibility == ("step_free", "lift")
    assert place.languages == ("普通话", "手语")
    assert (place.organiser, place.photo) == ("东苑社区", "https://example.org/1.jpg")
    assert place.closures == ("2026-03-01/2026-03-05 装修",)


@pytest.mark.parametrize("line", ["\n", "\r\n", "、\r\n", "\n\n "])
def test_closures_on_lines_of_their_own_are_all_read(tmp_path, line):
    cell = f"2026-03-01/2026-03-05 装修{line}2026-04-01 停电\n、停水{line}2026-05-01{line}"
    text = f'code,category,name,lon,lat,coord_sys,closures\nP1,canteen,a,117,36.6,wgs84,"{cell}"\n'
    (place,) = read_places(csv_file(tmp_path, text))
    assert place.closures == (
        "2026-03-01/2026-03-05 装修", "2026-04-01/2026-04-01 停电 、停水", "2026-05-01/2026-05-01",
    )  # fmt: skip


def test_what_a_place_cannot_say_is_located(tmp_path):
    text = (
        "code,category,name,lon,lat,coord_sys,hours,hours_text,accessibility,closures\n"
        "P1,canteen,a,117,36.6,wgs84,Mo-Fr 9-17,,wings,soon\n"
        "P2,canteen,b,117,36.6,wgs84,,nine to five,,\n"
    )
    found = faults_of(read_places, csv_file(tmp_path, text))
    assert [one.split(", got")[0].split(", allowed")[0] for one in found] == [
        "table.csv, row 2, column 'hours' is not opening_hours syntax: '9' is not expected, at 7",
        "table.csv, row 2, column 'accessibility' has an unknown fact 'wings'",
        "table.csv, row 2, column 'closures' a closure cannot be read",
    ]


def test_services_are_read_with_the_area_that_they_serve(tmp_path):
    text = (
        "编号,类别,名称,需求,办理渠道,步骤,电话,层级,网格编码\n"
        "V1,助餐,送餐上门,做饭、行动不便,打电话,预约；送到,0990-5550801,社区,990101001001\n"
    )
    (item,) = read_service_items(csv_file(tmp_path, text))
    assert item == ServiceItem(
        "V1", "助餐", "送餐上门", needs=("做饭", "行动不便"), channel="打电话",
        steps=("预约", "送到"), phone="0990-5550801", level="community",
        area_code="990101001001",
    )  # fmt: skip
    bad = csv_file(tmp_path, "code,kind,name,level\nV1,,x,社区\n")
    assert len(faults_of(read_service_items, bad)) == 2


# -- rosters --------------------------------------------------------------------------------


def test_the_towns_rosters_are_read_back_as_they_were_written(tmp_path):
    paths = write_town(tmp_path)
    assert tuple(read_posts(paths["posts"])) == POSTS


def test_a_chinese_roster_is_read(tmp_path):
    text = (
        "编号,人员编号,姓名,职务,力量类型,层级,网格编码,工作电话,任职日期,离任日期\n"
        "T1,R7,演示甲,网格员,基础力量,网格,990101001001001,13800001234,2026/1/1,2026.7.1\n"
    )
    assert read_posts(csv_file(tmp_path, text, encoding="gb18030")) == [
        Post("T1", "R7", "演示甲", "grid_worker", "basic", "grid", "990101001001001",
             "13800001234", "", date(2026, 1, 1), date(2026, 7, 2))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("column", "cell", "end"),
    [
        ("valid_to", "2026-06-30", date(2026, 6, 30)),
        ("失效日期", "2026-06-30", date(2026, 6, 30)),
        ("截止日期", "2026-06-30", date(2026, 7, 1)),
        ("终止日期", "2026年6月30日", date(2026, 7, 1)),
        ("有效期至", "2026/1/1", date(2026, 1, 2)),
        ("last_day", "", None),
        ("结束日期", "9999-12-31", None),
    ],
)
def test_an_end_is_the_last_day_or_the_first_no_longer_by_its_name(tmp_path, column, cell, end):
    text = (
        f"code,person,name,role,kind,level,area_code,valid_from,{column}\n"
        f"T1,R1,甲,grid_worker,basic,grid,1,2026-01-01,{cell}\n"
    )
    assert read_posts(csv_file(tmp_path, text))[0].valid_to == end


def test_ends_that_differ_or_come_before_the_first_day_are_faults(tmp_path):
    text = (
        "code,person,name,role,kind,level,area_code,valid_from,失效日期,离任日期\n"
        "T1,R1,甲,grid_worker,basic,grid,1,2026-01-02,2026-07-01,2026-06-30\n"
        "T2,R2,乙,grid_worker,basic,grid,2,2026-01-02,2026-06-30,2026-06-30\n"
        "T3,R3,丙,grid_worker,basic,grid,3,2026-01-02,,2026-01-01\n"
    )
    assert faults_of(read_posts, csv_file(tmp_path, text)) == [
        "table.csv, row 3, column '离任日期' says another end than 2026-06-30, the first day no "
        "longer, got '2026-06-30'",
        "table.csv, row 4, column '离任日期' is before the first day, got '2026-01-01'",
    ]


def test_breaches_of_one_worker_one_grid_name_both_rows(tmp_path):
    text = (
        "code,person,name,role,kind,level,area_code,valid_from,valid_to\n"
        "T1,R1,甲,grid_worker,basic,grid,1,,2026-06-01\n"
        "T2,R1,甲,grid_worker,basic,grid,2,2026-05-01,\n"
        "T3,R2,乙,grid_worker,basic,grid,2,,\n"
        "T4,R3,丙,grid_worker,professional,grid,2,,\n"
        "T5,R3,丙,grid_worker,professional,grid,1,,\n"
        "T6,R4,丁,grid_worker,basic,grid,1,2026-06-01,2026-06-01\n"
    )
    assert faults_of(read_posts, csv_file(tmp_path, text)) == [
        "table.csv, row 2, column 'person' has another basic post in row 3, got 'R1'",
        "table.csv, row 3, column 'person' has another basic post in row 2, got 'R1'",
        "table.csv, row 3, column 'area_code' has this basic role in row 4 too, got '2'",
        "table.csv, row 4, column 'area_code' has this basic role in row 3 too, got '2'",
        "table.csv, row 7, column 'valid_to' is not after the first day, got '2026-06-01'",
    ]


def test_faults_of_posts_are_located(tmp_path):
    text = (
        "code,person,name,role,kind,level,area_code\n"
        "T1,R1,甲,楼长,联动,微网格,99\n"
        "T2,,,King,some,grid,99\n"
    )
    found = faults_of(read_posts, csv_file(tmp_path, text), areas={("grid", "99")})
    for start in (
        "table.csv, row 2, column 'area_code' is no microgrid of an edition in force, to come "
        "or drafted, got '99'",
        "table.csv, row 3, column 'person' is empty",
        "table.csv, row 3, column 'name' is empty",
        "table.csv, row 3, column 'role' has an unknown value, got 'King', allowed: grid_lead",
        "table.csv, row 3, column 'kind' has an unknown value, got 'some', allowed: basic 基础力量",
    ):
        assert any(fault.startswith(start) for fault in found), start
    assert len(found) == 5


# -- the tables themselves ------------------------------------------------------------------


@pytest.mark.parametrize("table", [CATEGORIES, ORGANISATION_KINDS])
def test_every_category_has_both_labels_and_a_plain_letter_of_its_own(table):
    pins = [category.pin for category in table.values()]
    assert len(set(pins)) == len(pins)
    for code, category in table.items():
        assert category.code == code
        assert category.label
        assert category.label_en
        assert len(category.pin) == 1
        assert category.pin.isalnum()
