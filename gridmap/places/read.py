"""Places, organisations and rosters from files, with every fault located.

Files are those of :func:`gridmap.places.sheet.open_sheet`. All readers raise `UnreadableFile`,
`WrongEncoding`, `MissingColumn`, `UnknownCoordSys` for a file that cannot be read at all, and
`FaultyTable` with every faulty cell otherwise. An empty table gives an empty list.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from datetime import date
from pathlib import Path

import numpy as np

from gridmap.areas import DEFAULT_LEVELS, Levels
from gridmap.coverage.codes import clean_name
from gridmap.errors import BadValue
from gridmap.places.categories import PACKAGED, Category, CategoryTree
from gridmap.places.hours import BadHours, closures_apart, read_closure, read_hours
from gridmap.places.model import (
    ACCESS_FACTS,
    ORGANISATION_KINDS,
    POST_KINDS,
    POST_MODES,
    POST_ROLES,
    Organisation,
    Place,
    Post,
    ServiceItem,
)
from gridmap.places.photo_files import PHOTO_COLUMNS, PhotoFolder, photo_parts
from gridmap.places.photos import PlacePhoto
from gridmap.places.positions import POSITION, positions
from gridmap.places.record import Record
from gridmap.places.rosters import roster_clashes, roster_conflicts
from gridmap.places.sheet import Column, Sheet, open_sheet
from gridmap.places.spells import SPELL, spell

__all__ = [
    "PLACE_COLUMNS",
    "Areas",
    "read_organisations",
    "read_pictured_places",
    "read_places",
    "read_posts",
    "read_service_items",
]

# Level and code of each area that there is.
Areas = Container[tuple[str, str]]

_CODE = Column("code", ("编号", "编码", "代码", "id"), required=True)
_NAME = Column("name", ("名称",), required=True)
_NAME_EN = Column("name_en", ("英文名称", "英文名"))
_ADDRESS = Column("address", ("地址", "详细地址"))
_PHONE = Column("phone", ("电话", "联系电话", "服务电话"))
PLACE_COLUMNS = (
    _CODE,
    Column("category", ("类别", "类型", "分类"), required=True),
    _NAME,
    _NAME_EN,
    _ADDRESS,
    Column("hours", ("opening_hours",)),
    Column("hours_text", ("营业时间", "开放时间", "服务时间")),
    _PHONE,
    Column("special_services", ("特色服务", "服务内容", "特色")),
    Column("floor", ("楼层",)),
    Column("price", ("收费", "价格")),
    Column("wheelchair", ("无障碍", "accessible")),
    Column("source", ("来源",)),
    Column("checked_on", ("核对日期", "checked_at")),
    Column("entrance", ("入口", "出入口")),
    Column("address_en", ("英文地址",)),
    Column("special_services_en", ("英文特色服务",)),
    Column("home_service", ("上门服务", "上门")),
    Column("booking_phone", ("预约电话",)),
    Column("accessibility", ("无障碍设施",)),
    Column("languages", ("语言", "服务语言")),
    Column("organiser", ("主办单位", "运营单位")),
    *PHOTO_COLUMNS,
    Column("closures", ("临时关闭", "停业")),
    *POSITION,
)
_SERVICE_ITEMS = (
    _CODE,
    Column("kind", ("类别", "类型", "分类"), required=True),
    Column("kind_en", ("英文类别",)),
    _NAME,
    _NAME_EN,
    Column("needs", ("需求", "关键词")),
    Column("channel", ("办理渠道", "渠道")),
    Column("channel_en", ("英文渠道",)),
    Column("steps", ("步骤", "流程")),
    Column("steps_en", ("英文步骤",)),
    _PHONE,
    Column("price", ("收费", "价格")),
    Column("level", ("层级", "网格层级")),
    Column("area_code", ("网格编码", "区域编码", "服务区域")),
    Column("source", ("来源",)),
    Column("checked_on", ("核对日期", "checked_at")),
)
_ORGANISATIONS = (
    _CODE,
    Column("kind", ("类别", "类型", "category"), required=True),
    _NAME,
    _NAME_EN,
    Column("parent_code", ("上级编号", "上级编码", "上级组织", "上级")),
    Column("level", ("层级", "网格层级")),
    Column("area_code", ("网格编码", "区域编码", "服务区域")),
    _ADDRESS,
    _PHONE,
    Column("members", ("党员数", "人数", "member_count")),
    *POSITION,
)
_POSTS = (
    _CODE,
    Column("person", ("人员编号", "人员"), required=True),
    Column("name", ("姓名",), required=True),
    Column("role", ("角色", "职务", "岗位"), required=True),
    Column("kind", ("力量类型", "力量", "类型"), required=True),
    Column("level", ("层级", "网格层级"), required=True),
    Column("area_code", ("网格编码", "区域编码", "服务区域"), required=True),
    Column("work_phone", ("工作电话", "电话", "phone")),
    Column("department", ("派出单位", "部门")),
    Column("estate_code", ("小区编号", "小区编码", "定岗小区")),
    Column("mode", ("平急", "班次")),
    *SPELL,
)
# People write 基础 as well as 基础力量.
_KINDS = {code: (*labels, labels[0].removesuffix("力量")) for code, labels in POST_KINDS.items()}
_CHINESE = re.compile(r"[\u3400-\u9fff]")
# What hours in the syntax say to people stands in quotes.
_COMMENT = re.compile(r'["“”][^"“”]*["“”]')


def read_places(
    source: str | Path,
    *,
    coord_sys: str | None = None,
    encoding: str | None = None,
    categories: CategoryTree = PACKAGED,
) -> list[Place]:
    """Read service places.

    Parameters
    ----------
    source : str or Path
        Columns ``code`` (编号), ``category`` (类别: code or label), ``name`` (名称), and where
        known ``address`` (地址), ``hours`` (营业时间), ``phone`` (电话), ``special_services``
        (特色服务) and the other fields of :class:`Place`; positions as ``lon``/``lat`` (经度,
        纬度) or as the points of a layer.
    coord_sys : str, optional
        Of the positions; needed for a table without a column ``coord_sys`` (坐标系).
    encoding : str, optional
        Of a layer's text.
    categories : CategoryTree
        What a place can be.

    Notes
    -----
    Files of photos are not opened; :func:`read_pictured_places` does.
    """
    return read_pictured_places(
        source, None, coord_sys=coord_sys, encoding=encoding, categories=categories
    )[0]


def read_pictured_places(
    source: str | Path,
    folder: PhotoFolder | None,
    *,
    coord_sys: str | None = None,
    encoding: str | None = None,
    categories: CategoryTree = PACKAGED,
) -> tuple[list[Place], dict[str, tuple[PlacePhoto, ...]]]:
    """Read service places as :func:`read_places` does, and the photos that rows name.

    Parameters
    ----------
    folder : PhotoFolder or None
        Where the files are: columns ``photo`` (照片) and ``photo_caption`` and so on, several
        set apart by ``|``. None: they are left alone.

    Returns
    -------
    list of Place, dict of code to photos
        A place whose row names no files is not among the keys.
    """
    sheet = open_sheet(source, PLACE_COLUMNS, encoding=encoding)
    sheet.unique("code")
    lon, lat = positions(sheet, coord_sys)
    labels = _labels(categories.categories)
    found = [_place(r, lon[i], lat[i], labels) for i, r in enumerate(sheet.records)]
    photos = {}
    for record in sheet.records if folder is not None else []:
        held = folder.photos(record) if folder is not None else ()
        if held:
            photos[record.code("code", needed=False)] = held
    sheet.finish()
    return found, photos


def read_organisations(
    source: str | Path,
    *,
    levels: Levels = DEFAULT_LEVELS,
    areas: Areas | None = None,
    known: Container[str] = (),
    coord_sys: str | None = None,
    encoding: str | None = None,
) -> list[Organisation]:
    """Read Party organisations and other bodies.

    Parameters
    ----------
    source : str or Path
        Columns ``code``, ``kind`` (类别), ``name``, and where known ``parent_code`` (上级编号),
        ``level`` and ``area_code`` (层级, 网格编码), ``members`` (党员数) and so on.
    levels : Levels
        Those of the store, by name or label.
    areas : container of (level, code), optional
        Areas of the editions in force and to come; any other is a fault. None: not checked.
    known : container of str
        Codes of organisations that are stored already, as superiors.
    coord_sys, encoding
        As in :func:`read_places`. A body need not have a position.
    """
    sheet = open_sheet(source, _ORGANISATIONS, encoding=encoding)
    sheet.unique("code")
    lon, lat = positions(sheet, coord_sys)
    here = {r.code("code", needed=False) for r in sheet.records}
    found = []
    for i, record in enumerate(sheet.records):
        parent = record.code("parent_code", needed=False)
        if parent and parent not in here and parent not in known:
            record.refuse("parent_code", "is no organisation of this file or the store")
        found.append(_organisation(record, parent, levels, areas, lon[i], lat[i]))
    _note_circles(sheet, found)
    sheet.finish()
    return found


def read_posts(
    source: str | Path,
    *,
    levels: Levels = DEFAULT_LEVELS,
    areas: Areas | None = None,
    today: date | None = None,
    stored: Iterable[Post] = (),
    encoding: str | None = None,
) -> list[Post]:
    """Read rosters.

    Parameters
    ----------
    source : str or Path
        Columns ``code``, ``person`` (人员编号: an opaque number, never an identity number),
        ``name`` (姓名), ``role`` (角色), ``kind`` (力量类型), ``level``, ``area_code``, and
        where known ``work_phone``, ``department``, ``valid_from`` (任职日期), the first day no
        longer ``valid_to`` (失效日期) or the last one ``last_day`` (离任日期, 截止日期),
        ``estate_code`` (小区编号) of a post that is about one estate of its area, and ``mode``
        (平急) of one that belongs to the roster of ordinary times or of emergencies alone.
    levels, areas, encoding
        As in :func:`read_organisations`.
    today : date, optional
        A post that is over by then may be of an area that is no more.
    stored : iterable of Post
        Those that stay beside these; one with the code of a row is replaced by it.

    Notes
    -----
    Two basic posts of one person, or of one role in one area, that meet on some day are
    faults of both rows, or of the row beside a stored one.
    """
    sheet = open_sheet(source, _POSTS, encoding=encoding)
    sheet.unique("code")
    found = [_post(r, levels, areas, today) for r in sheet.records]
    for first, second, rule in roster_conflicts(found):
        for a, b in ((first, second), (second, first)):
            other = sheet.records[b].row
            if rule == "person":
                sheet.records[a].refuse("person", f"has another basic post in row {other}")
            else:
                sheet.records[a].refuse("area_code", f"has this basic role in row {other} too")
    for n, held, rule in roster_clashes(found, stored):
        if rule == "person":
            sheet.records[n].refuse("person", f"has another basic post, {held.code}, in the store")
        else:
            what = f"has this basic role in the store too, as {held.code}"
            sheet.records[n].refuse("area_code", what)
    sheet.finish()
    return found


def read_service_items(
    source: str | Path,
    *,
    levels: Levels = DEFAULT_LEVELS,
    areas: Areas | None = None,
    encoding: str | None = None,
) -> list[ServiceItem]:
    """Read services that people ask for.

    Parameters
    ----------
    source : str or Path
        Columns ``code``, ``kind`` (类别), ``name``, and where known ``needs`` (需求),
        ``channel`` (渠道), ``steps`` (步骤), ``phone``, ``level`` and ``area_code`` and so on.
    levels, areas, encoding
        As in :func:`read_organisations`.
    """
    sheet = open_sheet(source, _SERVICE_ITEMS, encoding=encoding)
    sheet.unique("code")
    found = [_service_item(record, levels, areas) for record in sheet.records]
    sheet.finish()
    return found


# -- one record -----------------------------------------------------------------------


def _place(
    record: Record, lon: float, lat: float, categories: Mapping[str, tuple[str, str]]
) -> Place:
    if not record.faults and not np.isfinite(lon):
        record.refuse("lon", "is empty: a place is somewhere")
    hours, words = _hours(record)
    return Place(
        code=record.code("code"),
        category=record.choice("category", categories),
        name=record.needed("name"),
        lon=float(lon),
        lat=float(lat),
        name_en=record.text("name_en"),
        address=record.text("address"),
        hours=hours,
        hours_text=words,
        phone=record.phone("phone"),
        special_services=record.items("special_services"),
        floor=record.text("floor"),
        price=record.text("price"),
        wheelchair=record.flag("wheelchair"),
        source=record.text("source"),
        checked_on=record.day("checked_on"),
        entrance=record.text("entrance"),
        address_en=record.text("address_en"),
        special_services_en=record.items("special_services_en"),
        home_service=record.flag("home_service"),
        booking_phone=record.phone("booking_phone"),
        accessibility=_facts(record),
        languages=record.items("languages"),
        organiser=record.text("organiser"),
        photo=photo_parts(record.text("photo"))[0],
        closures=_closures(record),
    )


def _hours(record: Record) -> tuple[str, str]:
    """Return hours in the syntax, and in words.

    Either column may hold either: what has Chinese in it outside the syntax's comments is for
    people, the rest has to be in the syntax; a text column without Chinese may be.
    """
    hours, text = record.text("hours"), record.text("hours_text")
    if hours and not _CHINESE.search(_COMMENT.sub("", hours)):
        try:
            read_hours(hours)
        except BadHours as error:
            record.refuse("hours", f"is not opening_hours syntax: {error.what}, at {error.at}")
        return hours, text
    rest = _COMMENT.sub("", text).strip()
    if rest and not _CHINESE.search(rest):
        try:
            read_hours(text)
        except BadHours:
            return "", hours or text
        return text, hours
    return "", hours or text


def _facts(record: Record) -> tuple[str, ...]:
    known = {name: code for code, labels in ACCESS_FACTS.items() for name in (code, *labels)}
    found = record.items("accessibility")
    strange = [one for one in found if one not in known]
    if strange:
        record.refuse("accessibility", f"has an unknown fact '{strange[0]}'", allowed=list(known))
    return tuple(dict.fromkeys(known[one] for one in found if one in known))


def _closures(record: Record) -> tuple[str, ...]:
    found = []
    # Apart first: a cell that is cleaned has no line breaks any more.
    apart = closures_apart(record.cells.get("closures", ""))
    for part in filter(None, map(clean_name, apart)):
        try:
            found.append(read_closure(part).text())
        except BadValue as error:
            record.refuse("closures", str(error).split(".")[0].lower())
    return tuple(found)


def _service_item(record: Record, levels: Levels, areas: Areas | None) -> ServiceItem:
    level, area = _area(record, levels, areas, needed=False)
    return ServiceItem(
        code=record.code("code"),
        kind=record.needed("kind"),
        name=record.needed("name"),
        name_en=record.text("name_en"),
        kind_en=record.text("kind_en"),
        needs=record.items("needs"),
        channel=record.text("channel"),
        channel_en=record.text("channel_en"),
        steps=record.items("steps"),
        steps_en=record.items("steps_en"),
        phone=record.phone("phone"),
        price=record.text("price"),
        level=level,
        area_code=area,
        source=record.text("source"),
        checked_on=record.day("checked_on"),
    )


def _organisation(
    record: Record, parent: str, levels: Levels, areas: Areas | None, lon: float, lat: float
) -> Organisation:
    level, area = _area(record, levels, areas, needed=False)
    return Organisation(
        code=record.code("code"),
        kind=record.choice("kind", _labels(ORGANISATION_KINDS)),
        name=record.needed("name"),
        name_en=record.text("name_en"),
        parent_code=parent or None,
        level=level or None,
        area_code=area or None,
        lon=float(lon) if np.isfinite(lon) else None,
        lat=float(lat) if np.isfinite(lat) else None,
        address=record.text("address"),
        phone=record.phone("phone"),
        members=record.whole("members"),
    )


def _post(record: Record, levels: Levels, areas: Areas | None, today: date | None) -> Post:
    valid_from, valid_to = spell(record)
    over = today is not None and valid_to is not None and valid_to <= today
    level, area = _area(record, levels, None if over else areas, needed=True)
    return Post(
        code=record.code("code"),
        person=record.code("person"),
        name=record.needed("name"),
        role=record.choice("role", POST_ROLES),
        kind=record.choice("kind", _KINDS),
        level=level,
        area_code=area,
        work_phone=record.phone("work_phone"),
        department=record.text("department"),
        valid_from=valid_from,
        valid_to=valid_to,
        estate_code=record.code("estate_code", needed=False),
        mode=record.choice("mode", POST_MODES) if record.text("mode") else "",
    )


def _area(record: Record, levels: Levels, areas: Areas | None, *, needed: bool) -> tuple[str, str]:
    """Return level and code of the area a record names; both or neither."""
    code = record.code("area_code", needed=needed)
    if not code and not record.text("level") and not needed:
        return "", ""
    names = {level.name: (level.label, level.label_en) for level in levels}
    level = record.choice("level", names)
    if not code and not needed:
        record.refuse("area_code", "is empty, the level is not")
    elif level and code and areas is not None and (level, code) not in areas:
        record.refuse("area_code", f"is no {level} of an edition in force, to come or drafted")
    return level, code


def _labels(table: Mapping[str, Category]) -> dict[str, tuple[str, str]]:
    return {code: (category.label, category.label_en) for code, category in table.items()}


def _note_circles(sheet: Sheet, found: list[Organisation]) -> None:
    """Note every organisation that is above itself."""
    parent = {one.code: one.parent_code for one in found}
    for record, one in zip(sheet.records, found, strict=True):
        seen, up = {one.code}, one.parent_code
        while up is not None and up not in seen:
            seen.add(up)
            up = parent.get(up)
        if up is not None and up == one.code:
            record.refuse("parent_code", "leads back to itself")
