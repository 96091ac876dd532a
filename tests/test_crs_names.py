"""How people write coordinate systems, and what is refused."""

import pytest
from pyproj import CRS

from gridmap.crs import COORD_SYSTEMS, normalise_name
from gridmap.errors import UnknownCoordSys

ESRI_114E = (
    'PROJCS["CGCS2000_3_Degree_GK_CM_114E",GEOGCS["GCS_China_Geodetic_Coordinate_System_2000",'
    'DATUM["D_China_2000",SPHEROID["CGCS2000",6378137.0,298.257222101]],'
    'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Gauss_Kruger"],'
    'PARAMETER["False_Easting",500000.0],PARAMETER["False_Northing",0.0],'
    'PARAMETER["Central_Meridian",114.0],PARAMETER["Scale_Factor",1.0],'
    'PARAMETER["Latitude_Of_Origin",0.0],UNIT["Meter",1.0]]'
)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("wgs84", "wgs84|WGS-84|WGS 84|Wgs_84|WGS 1984|GPS|gps|4326|EPSG:4326|epsg:4326|CRS84"
         "|OGC:CRS84|http://www.opengis.net/def/crs/OGC/1.3/CRS84|urn:ogc:def:crs:OGC:1.3:CRS84|urn:ogc:def:crs:EPSG::4326|EPSG:4979|ＷＧＳ８４"),
        ("cgcs2000", "cgcs2000|CGCS2000|CGCS 2000|国家2000|2000国家大地坐标系|天地图|4490"
         "|EPSG:4490|EPSG:4480|China Geodetic Coordinate System 2000"),
        ("gcj02", "gcj02|GCJ-02|GCJ02|gcj|火星坐标|火星坐标系|国测局坐标系|amap|AMap"
         "|高德|腾讯地图"),
        ("bd09", "bd09|BD-09|BD09LL|baidu|Baidu|百度|百度坐标"),
        ("EPSG:4547", "EPSG:4547|epsg:4547|4547| 4547 |urn:ogc:def:crs:EPSG::4547"
         f"|CGCS2000 / 3-degree Gauss-Kruger CM 114E|{ESRI_114E}"),
        ("EPSG:3857", "EPSG:3857|ESRI:102100"),
        ("EPSG:2232", "EPSG:2232"),
    ],
)  # fmt: skip
def test_a_system_has_one_name_however_it_is_written(name, texts):
    assert {normalise_name(text) for text in texts.split("|")} == {name}


@pytest.mark.parametrize("name", COORD_SYSTEMS)
def test_a_name_stays_itself(name):
    assert normalise_name(name) == name


@pytest.mark.parametrize("code", [4326, 4490, 4547, 4526])
def test_the_text_of_a_definition_gives_the_same_name_as_its_code(code):
    assert normalise_name(CRS(code).to_wkt()) == normalise_name(f"EPSG:{code}")


def test_a_definition_outside_the_registers_is_its_own_name():
    text = ESRI_114E.replace('"Central_Meridian",114.0', '"Central_Meridian",114.3')
    assert normalise_name(text) == text


@pytest.mark.parametrize("datum", ["D_WGS_1984", "D_GCJ_02", "Unknown"])
@pytest.mark.parametrize(
    ("called", "name"),
    [("GCS_GCJ02", "gcj02"), ("GCJ-02", "gcj02"), ("火星坐标系", "gcj02"), ("BD09", "bd09")],
)
def test_degrees_that_are_called_gcj02_or_bd09_are_that_whatever_datum_they_name(
    called, name, datum
):
    text = (
        f'GEOGCS["{called}",DATUM["{datum}",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
        'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'
    )
    assert normalise_name(text) == name
    assert normalise_name(CRS(text).to_wkt()) == name


@pytest.mark.parametrize(
    "text",
    ["", " ", "wgs", "mars", "EPSG:", "EPSG:99999999", "gcj-2", "+proj=pipeline", "\0", "x" * 5000],
)
def test_an_unknown_name_is_refused_with_what_is_known(text):
    with pytest.raises(UnknownCoordSys, match=r"wgs84, cgcs2000, gcj02, bd09.*--coord-sys"):
        normalise_name(text)


@pytest.mark.parametrize("value", [None, 4326, 1.5])
def test_what_is_not_text_is_refused(value):
    with pytest.raises(UnknownCoordSys):
        normalise_name(value)


def test_a_name_is_never_matched_approximately():
    # PROJ reads "beijing" as New Beijing, a datum of its own.
    with pytest.raises(UnknownCoordSys, match="Did you mean 'New Beijing'"):
        normalise_name("beijing")


@pytest.mark.parametrize("text", ["微信", "WeChat", "bd09mc", "Google", "西安80", "北京 54"])
def test_a_name_that_fits_several_systems_is_refused_with_advice(text):
    with pytest.raises(UnknownCoordSys) as caught:
        normalise_name(text)
    assert caught.value.repair != "Declare it with --coord-sys or `coord_sys`."


@pytest.mark.parametrize("code", [4610, 2364, 4555])
def test_a_datum_that_proj_cannot_tie_to_wgs84_is_refused_not_passed_through(code):
    with pytest.raises(UnknownCoordSys, match=r"CGCS2000.*--coord-sys"):
        normalise_name(f"EPSG:{code}")


@pytest.mark.parametrize("code", [4214, 2401, 2436, 21453, 21418])
@pytest.mark.parametrize("form", ["code", "WKT1_GDAL", "WKT1_ESRI", "WKT2_2019"])
def test_beijing_1954_is_refused_by_its_datum_as_it_is_by_name(code, form):
    # PROJ's ways to WGS-84 hold for oil fields in Bohai, the Ordos and Tarim.
    text = f"EPSG:{code}" if form == "code" else CRS(code).to_wkt(form)
    with pytest.raises(UnknownCoordSys, match="CGCS2000"):
        normalise_name(text)


@pytest.mark.parametrize(
    "text", ["EPSG:4479", "EPSG:5773", 'LOCAL_CS["city grid",UNIT["metre",1]]']
)
def test_a_system_without_plane_positions_is_refused(text):
    with pytest.raises(UnknownCoordSys):
        normalise_name(text)


@pytest.mark.parametrize(
    "text", ["+init=epsg:4326", "+proj=longlat +nadgrids=/etc/hostname", "+proj=longlat +file=x"]
)
def test_a_text_that_would_make_proj_open_a_file_is_refused(text):
    with pytest.raises(UnknownCoordSys):
        normalise_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "+proj=tmerc +lon_0=117.3 +x_0=51234.5 +ellps=krass +towgs84=11.5,2,3,4,5,6,7",
        'PROJCS["city",GEOGCS["g",DATUM["d",SPHEROID["s",6378245,298.3],TOWGS84[11.5,2,3,4,5,6,7]',
    ],
)
def test_transformation_parameters_are_refused_and_not_repeated(text):
    with pytest.raises(UnknownCoordSys) as caught:
        normalise_name(text)
    for secret in ("51234", "11.5", "towgs84"):
        assert secret not in str(caught.value).casefold()


def test_a_height_beside_the_position_is_dropped():
    assert normalise_name("EPSG:9707") == "wgs84"  # WGS 84 with EGM96 heights
    assert normalise_name("EPSG:4547+5773") == "EPSG:4547"
