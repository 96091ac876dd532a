"""Names of coordinate systems: what people write, one name each, and PROJ's definition."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import NoReturn

from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from gridmap.errors import UnknownCoordSys

__all__ = [
    "COORD_SYSTEMS",
    "Box",
    "declared_system",
    "normalise_name",
    "offset_system",
    "transformer",
    "zone_number",
]

COORD_SYSTEMS = ("wgs84", "cgcs2000", "gcj02", "bd09")

Box = tuple[float, float, float, float]  # west, east, south, north

# Compared without case, spaces, hyphens, underscores and full stops.
_ALIASES = {
    "wgs84": "wgs84 wgs1984 wgs84坐标 wgs84坐标系 gps crs84 4326 4979 epsg:4326 epsg:4979 ogc:crs84"
    " urn:ogc:def:crs:ogc:13:crs84 urn:ogc:def:crs:ogc::crs84 urn:ogc:def:crs:epsg::4326"
    " http://wwwopengisnet/def/crs/ogc/13/crs84",
    "cgcs2000": "cgcs2000 cgcs cgcs2000坐标系 国家2000 国家2000坐标系 2000国家大地坐标系"
    " 国家大地坐标系2000 国家2000大地坐标系 chinageodeticcoordinatesystem2000 天地图 tianditu"
    " 4490 4480 epsg:4490 epsg:4480 urn:ogc:def:crs:epsg::4490",
    "gcj02": "gcj02 gcj gcj02坐标系 火星坐标 火星坐标系 国测局坐标 国测局坐标系 amap autonavi gaode"
    " 高德 高德地图 高德坐标 高德坐标系 tencent qqmap 腾讯 腾讯地图 腾讯坐标",
    "bd09": "bd09 bd09ll bd09坐标系 baidu 百度 百度地图 百度坐标 百度坐标系",
}
_NAMES = {alias: name for name, text in _ALIASES.items() for alias in text.split()}
_OFFSET = ("gcj02", "bd09")

# Names that people do use, for which any answer would be a guess.
_REFUSED = {
    "wechat": "WeChat gives WGS-84 or GCJ-02 depending on the call: state which.",
    "微信": "WeChat gives WGS-84 or GCJ-02 depending on the call: state which.",
    "google": "Google gives GCJ-02 in its maps of China and WGS-84 elsewhere: state which.",
    "bd09mc": "Convert Baidu's metres to bd09 (degrees) first.",
    "北京54": "Ask the survey office for the data in CGCS2000.",
    "西安80": "Ask the survey office for the data in CGCS2000.",
}
# "Undefined geographic SRS" and "Undefined Cartesian SRS" are what a GeoPackage calls none.
_UNDEFINED = re.compile(r'\s*\w+\s*\[\s*"undefined\b', re.IGNORECASE)
_REPAIR = "Declare it with --coord-sys or `coord_sys`."
_UNTIED = (
    "PROJ cannot tie its datum to WGS-84: ask for the data in CGCS2000, or name the system"
    " they are really in with --coord-sys or `coord_sys`."
)
# Datums that PROJ does tie to WGS-84, but by parameters of some oil field: elsewhere in China they
# are off by tens of metres.
_REFUSED_DATUMS = {"beijing 1954": _REFUSED["北京54"]}

# A position further than this from where a system is used (degrees) comes from swapped
# axes, another zone or degrees taken for metres; whole provinces in one zone stay within. With the
# number of the zone in the easting they may not: see `gridmap.crs.in_own_zone`.
_AREA_MARGIN = 10.0

# Zones of six degrees in China are 13 to 23, those of three degrees 25 to 45; the false easting
# of each is half a million metres behind its number.
_ZONES = range(13, 46)
_HALF = 500_000.0


def normalise_name(text: str) -> str:
    """Return the one name of a coordinate system.

    Parameters
    ----------
    text : str
        ``WGS-84``, ``GPS``, ``GCJ-02``, ``火星坐标``, ``amap``, ``baidu``, ``国家2000``,
        ``4490``, ``EPSG:4547``, or a code, exact name or WKT that PROJ knows; a WKT that is
        called GCJ-02 or BD-09 is that, see :func:`offset_system`.

    Returns
    -------
    str
        One of :data:`COORD_SYSTEMS`, ``EPSG:nnnn``, or `text` itself for a definition that
        is in no register.

    Raises
    ------
    UnknownCoordSys
        For anything else; a name is never matched approximately. Also for systems that give
        no position on the ground (heights, local grids, geocentric), and for datums that
        PROJ cannot tie to WGS-84 (Xi'an 1980, New Beijing) or not for all of China (Beijing
        1954): passing them through unchanged would be wrong by up to 100 m.
    """
    return _known(text) if isinstance(text, str) else _refuse(text, _REPAIR)


def offset_system(crs: CRS) -> str | None:
    """Return ``gcj02`` or ``bd09`` when a definition is called so, else None.

    PROJ knows neither. Programs write them down as degrees over WGS-84, or over a datum that does
    not exist, and only the name says what they are.
    """
    if not crs.is_geographic:
        return None
    for called in (crs.name, "" if crs.datum is None else crs.datum.name):
        known = _NAMES.get(re.sub("^(?:gcs|d)", "", _key(called)))
        if known in _OFFSET:
            return known
    return None


def _key(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text).strip()
    return re.sub(r"[\s\-_.]+", "", plain).casefold()


def declared_system(text: str | None) -> str | None:
    """Return what a file declares as its coordinate system; None where that says there is none.

    Parameters
    ----------
    text : str or None
        A code, a name or WKT; None when the file declares nothing.
    """
    return None if text is None or _UNDEFINED.match(text) else text


def _refuse(got: object, repair: str) -> NoReturn:
    shown = str(got)
    # A long definition may carry a city's transformation parameters: never repeated.
    raise UnknownCoordSys(
        "The coordinate system is not known.",
        got=repr(shown if len(shown) <= 40 else shown[:20] + "..."),
        allowed=[*COORD_SYSTEMS, "EPSG:nnnn"],
        repair=repair,
    )


@lru_cache(maxsize=256)
def _known(text: str) -> str:
    stripped = unicodedata.normalize("NFKC", text).strip()
    key = _key(text)
    if key in _NAMES:
        return _NAMES[key]
    if key in _REFUSED:
        _refuse(text, _REFUSED[key])
    crs = _read_crs(stripped)
    offset = offset_system(crs)
    if offset is not None:
        return offset
    code = crs.to_epsg()
    if code is None and (crs.is_bound or "towgs84" in key):
        _refuse(text, "It holds transformation parameters: ask for the data in CGCS2000.")
    name = f"EPSG:{code}" if code else stripped
    if name.casefold() in _NAMES:
        return _NAMES[name.casefold()]
    transformer(name)
    return name


def _read_crs(text: str) -> CRS:
    definition = int(text) if re.fullmatch(r"\d{4,6}", text) else text
    # PROJ would open files named in such texts.
    if not text or re.search(r"\+init|grids=|\+file|\0", text.casefold()):
        _refuse(text, _REPAIR)
    try:
        crs = CRS.from_user_input(definition)
    except (CRSError, UnicodeError):
        _refuse(text, _REPAIR)
    bare_name = not re.search(r"[:\[{+]", text) and not isinstance(definition, int)
    if bare_name and crs.name.casefold() != text.casefold():
        _refuse(text, f"Did you mean '{crs.name}'? " + _REPAIR)
    return _flat(crs, text)


def _flat(crs: CRS, text: str) -> CRS:
    """Drop the height of a compound system; refuse what is not a place on the ground."""
    horizontal = next((part for part in crs.sub_crs_list if not part.is_vertical), crs)
    if len(horizontal.axis_info) > 2:
        horizontal = horizontal.to_2d()
    if horizontal.is_geocentric or not (horizontal.is_geographic or horizontal.is_projected):
        _refuse(text, "Ask the survey office for the data in CGCS2000, as plane positions.")
    return horizontal


@lru_cache(maxsize=64)
def transformer(name: str) -> tuple[Transformer, Box]:
    """Return PROJ's way from a system to WGS-84, and where its positions can lie.

    Parameters
    ----------
    name : str
        What :func:`normalise_name` returned, other than one of :data:`COORD_SYSTEMS`.

    Returns
    -------
    Transformer
        Always longitude or easting first; safe to share between threads.
    Box
        WGS-84 degrees, generous: what lies outside is a mistake.

    Raises
    ------
    UnknownCoordSys
        When PROJ cannot tie the datum to WGS-84, or not well enough.
    """
    crs = _flat(CRS.from_user_input(name), name)
    base = crs.geodetic_crs
    datum = base.datum.name if base is not None and base.datum is not None else ""
    datum = datum.casefold().removeprefix("d_").replace("_", " ")
    if datum in _REFUSED_DATUMS:
        _refuse(name, _REFUSED_DATUMS[datum])
    # PROJ knows no step from CGCS2000 to WGS-84; here the two are equal.
    equal = datum == "china 2000"
    try:
        found = Transformer.from_crs(
            crs, base if equal else 4326, always_xy=True, allow_ballpark=False
        )
    except ProjError:
        _refuse(name, _UNTIED)
    return found, _where_used(crs)


def _where_used(crs: CRS) -> Box:
    """Longitudes of the system itself, latitudes of its datum: a zone may be used all along."""
    area = crs.area_of_use
    datum_area = crs.geodetic_crs.area_of_use if crs.geodetic_crs is not None else None
    west, east, south, north = -180.0, 180.0, -90.0, 90.0
    if area is not None and area.west < area.east:  # not across the date line
        west, east = area.west - _AREA_MARGIN, area.east + _AREA_MARGIN
    if datum_area is not None:
        south, north = datum_area.south - _AREA_MARGIN, datum_area.north + _AREA_MARGIN
    return west, east, south, north


@lru_cache(maxsize=64)
def zone_number(name: str) -> int | None:
    """Return the number that stands before the eastings of a Gauss-Krueger zone, as in China.

    Parameters
    ----------
    name : str
        What :func:`normalise_name` returned.

    Returns
    -------
    int or None
        39 for EPSG:4527, whose false easting is 39 500 000 m; None for EPSG:4548, which is the
        same zone without the number, and for every other system.
    """
    if name in COORD_SYSTEMS:
        return None
    operation = _flat(CRS.from_user_input(name), name).coordinate_operation
    if operation is None:
        return None
    easting = next(
        (float(p.value) * p.unit_conversion_factor for p in operation.params
         if p.name.casefold() == "false easting"), 0.0,
    )  # fmt: skip
    zone, rest = divmod(easting, 1_000_000)
    return int(zone) if rest == _HALF and zone in _ZONES else None
