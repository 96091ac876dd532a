"""Parties and responsibility layers from files, with every fault located.

Files and errors are those of :mod:`gridmap.places.read`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.errors import BadValue, MissingColumn
from gridmap.places.positions import POSITION, SHAPE, positions, shapes
from gridmap.places.record import Record
from gridmap.places.sheet import Column, Sheet, open_sheet
from gridmap.places.spells import SPELL, spell
from gridmap.routing.kinds import MOST_REACH_M, AssetType
from gridmap.routing.overlays import (
    ASSET,
    BY_RECORD,
    OVERLAY_KINDS,
    REACH_M,
    ROAD_CLASSES,
    Overlay,
)
from gridmap.routing.parties import PROPERTY_FIRM, Party, party_code

__all__ = ["read_overlays", "read_parties"]

_CODE = Column("code", ("编号", "编码", "代码", "id"), required=True)
_NAME = Column("name", ("名称",), required=True)
_NAME_EN = Column("name_en", ("英文名称", "英文名"))
_PARTIES = (_CODE, _NAME, _NAME_EN, Column("phone", ("电话", "联系电话", "服务电话")))
_OVERLAYS = (
    _CODE,
    Column("name", _NAME.others),
    _NAME_EN,
    Column("kind", ("类别", "类型")),
    Column("managed", ("management", "管理方式", "物业管理")),
    Column("owner", ("firm_code", "property_firm", "权属单位", "物业编号", "物业企业", "物业公司")),
    Column("source", ("来源", "依据")),
    Column("priority", ("优先级",)),
    *SPELL,
    Column("items", ("事项", "适用事项", "事项编码")),
    Column("road_class", ("道路等级", "道路级别")),
    Column("asset_type", ("部件类型", "部件类别")),
    Column("radius_m", ("reach_m", "半径", "半宽")),
    Column("width_m", ("宽度", "路宽", "红线宽度")),
    Column("contact", ("责任人", "负责人", "河长", "联系人")),
    *POSITION,
    *SHAPE,
)
_MANAGEMENT = {
    "managed": ("有物业", "封闭", "封闭式", "是", "1", "true", "yes"),
    "open": ("无物业", "开放", "开放式", "否", "0", "false", "no"),
}
_DRAWN = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}
_AREAS = {"Polygon", "MultiPolygon"}


def read_parties(
    source: str | Path, *, kind: str = PROPERTY_FIRM, encoding: str | None = None
) -> list[Party]:
    """Read bodies of a kind that has many: property firms.

    Parameters
    ----------
    source : str or Path
        Columns ``code`` (编号), ``name`` (名称), and where known ``name_en``, ``phone`` (电话).
    kind : str
        Put before codes that have no kind: ``F0012`` becomes ``WY:F0012``.
    encoding : str, optional
        Of a layer's text.
    """
    sheet = open_sheet(source, _PARTIES, encoding=encoding)
    sheet.unique("code")
    found = [
        Party(
            _with_kind(record.code("code"), kind),
            record.needed("name"),
            record.text("name_en"),
            record.phone("phone"),
        )
        for record in sheet.records
    ]
    sheet.finish()
    return found


def read_overlays(
    source: str | Path,
    kind: str | None = None,
    *,
    parties: Mapping[str, Party] | None = None,
    items: Collection[str] | None = None,
    asset_types: Mapping[str, AssetType] | None = None,
    reach_m: float | None = None,
    coord_sys: str | None = None,
    encoding: str | None = None,
) -> tuple[list[Overlay], NDArray[np.object_]]:
    """Read responsibility layers: estates, parks, roads, assets, agreements and the others.

    Parameters
    ----------
    source : str or Path
        A layer, or a table with the geometry as well-known text (``wkt``) or as ``lon`` and
        ``lat``. Columns ``code``, and where known ``name``, ``owner`` (权属单位, 物业公司),
        ``source``, ``priority``, ``valid_from`` (生效日期), the first day no longer ``valid_to``
        (失效日期) or the last one ``last_day`` (终止日期, 截止日期), ``items`` (事项, codes),
        ``contact`` (责任人, 河长). Estates have ``managed`` (管理方式: managed or open,
        有物业 or 无物业), or the same in ``kind``; roads ``road_class`` (道路等级), assets
        ``asset_type`` (部件类型). Agreements and rulings need ``owner``, ``source`` and
        ``valid_from``.
    kind : str, optional
        A key of :data:`OVERLAY_KINDS` for all; None: each row says it in ``kind``.
    parties : mapping of code to Party, optional
        Who can own: an owner is one of their codes, with or without the kind, or one of their
        names. None: owners are taken as codes.
    items : collection of str, optional
        Codes of all catalogues; other items are refused. None: taken as they are.
    asset_types : mapping of code to AssetType, optional
        None: types are taken as they are.
    reach_m : float, optional
        Radius of those that have none; columns ``radius_m`` (半径, 半宽) or ``width_m``
        (宽度, the whole of it) say it for each row.
    coord_sys, encoding
        As in :func:`gridmap.places.read.read_places`.

    Returns
    -------
    list of Overlay
    object array (n,)
        As drawn, EPSG:4326, in the same order.
    """
    if kind is not None and kind not in OVERLAY_KINDS:
        raise BadValue("There is no such kind of overlay.", got=kind, allowed=list(OVERLAY_KINDS))
    sheet = open_sheet(source, _OVERLAYS, encoding=encoding)
    _check_columns(sheet, kind)
    sheet.unique("code")
    shape = _drawn(sheet, coord_sys)
    known = _Known(parties, items, asset_types)
    found = []
    for i, record in enumerate(sheet.records):
        overlay = _overlay(record, kind, "managed" in sheet.columns, known, reach_m)
        if overlay is not None:
            _check_drawn(record, overlay, shape[i])
        found.append(overlay)
    sheet.finish()
    return [one for one in found if one is not None], shape


def _check_columns(sheet: Sheet, kind: str | None) -> None:
    told = {"managed", "kind"} if kind == "estate" else {"kind"} if kind is None else set()
    if not told or told & sheet.columns:
        return
    values: Mapping[str, Sequence[str]] = _MANAGEMENT if kind else OVERLAY_KINDS
    choices = " or ".join(f"{labels[0]} ({code})" for code, labels in values.items())
    titles = sheet.records[0].titles if sheet.records else {}
    raise MissingColumn(
        f"{sheet.file} does not say "
        + ("which estates are managed." if kind else "what kind each row is."),
        # By the names that the file has for them.
        got=[titles.get(name, name) for name in sorted(sheet.columns)],
        allowed=["/".join((c.name, *c.others)) for c in _OVERLAYS if c.name in told],
        repair=f"Add one of those columns, in either language, with {choices} in each row.",
    )


@dataclass(frozen=True, slots=True)
class _Known:
    """What a row may name; None where anything is taken."""

    parties: Mapping[str, Party] | None
    items: Collection[str] | None
    asset_types: Mapping[str, AssetType] | None


def _overlay(
    record: Record, kind: str | None, has_managed: bool, known: _Known, reach_m: float | None
) -> Overlay | None:
    own = kind or record.choice("kind", OVERLAY_KINDS)
    managed = True
    if own == "estate":
        column = "kind" if kind is not None and not has_managed else "managed"
        managed = record.choice(column, _MANAGEMENT) != "open"
    owner = _owner(record, own, known.parties)
    if owner and not managed:
        record.refuse("owner", "is given although the estate is open")
    valid_from, valid_to = spell(record)
    found = Overlay(
        code=record.code("code"),
        # Stands in for a kind that is not known: the fault is noted.
        kind=own if own and own not in BY_RECORD else "road",
        name=record.text("name"),
        name_en=record.text("name_en"),
        managed=managed,
        owner=owner,
        source=record.text("source"),
        priority=record.whole("priority") or 0,
        valid_from=valid_from,
        valid_to=valid_to,
        items=_items(record, known.items),
        road_class=_road_class(record, own),
        radius_m=_radius(record, reach_m),
        contact=record.text("contact"),
        asset_type=_asset_type(record, own, known.asset_types),
    )
    if own in BY_RECORD:
        # An owner that was refused is missing too.
        return None if _lacking(record) or not owner else replace(found, kind=own)
    return found if own else None


def _lacking(record: Record) -> bool:
    """True when one cannot tell who took over, by which document and from when on."""
    faults = len(record.faults)
    for column in ("owner", "source", "valid_from"):
        record.needed(column)
    return len(record.faults) > faults


def _items(record: Record, known: Collection[str] | None) -> tuple[str, ...]:
    text = record.text("items")
    found = tuple(dict.fromkeys(code for code in re.split(r"[\s,;、，；|]+", text) if code))
    unknown = [code for code in found if known is not None and code not in known]
    if unknown:
        record.refuse("items", f"names no item of a catalogue: {', '.join(unknown)}")
    return found


def _road_class(record: Record, kind: str) -> str:
    if not record.text("road_class"):
        return ""
    if kind != "road":
        record.refuse("road_class", "is given although this is no road")
        return ""
    return record.choice("road_class", ROAD_CLASSES)


def _asset_type(record: Record, kind: str, known: Mapping[str, AssetType] | None) -> str:
    text = record.text("asset_type")
    if not text or (known is None and kind == ASSET):
        return text
    if kind != ASSET:
        record.refuse("asset_type", "is given although this is no asset")
        return ""
    labels = {code: (one.name,) for code, one in (known or {}).items()}
    return record.choice("asset_type", labels)


def _radius(record: Record, otherwise: float | None) -> float | None:
    """Return the radius, or half of the width."""
    for column, part in (("radius_m", 1.0), ("width_m", 0.5)):
        metres = record.decimal(column) * part
        if np.isnan(metres):
            continue
        if not 0 < metres <= MOST_REACH_M:
            record.refuse(column, "is not usable", allowed=f"more than 0, up to {MOST_REACH_M:g} m")
            return None
        return metres
    return otherwise


def _drawn(sheet: Sheet, coord_sys: str | None) -> NDArray[np.object_]:
    """Return the geometry of each row: of a layer, a well-known text, or a position."""
    if sheet.geometry is not None or "wkt" in sheet.columns or "lon" not in sheet.columns:
        return shapes(sheet, coord_sys)
    lon, lat = positions(sheet, coord_sys)
    out = np.full(len(lon), None, dtype=object)
    there = np.isfinite(lon) & np.isfinite(lat)
    out[there] = shapely.points(lon[there], lat[there])
    for record, known in zip(sheet.records, there.tolist(), strict=True):
        if not known and not record.faults:
            record.note("lon", "is missing: a position or a geometry is needed")
    return out


def _owner(record: Record, kind: str, parties: Mapping[str, Party] | None) -> str:
    text = record.code("owner", needed=False)
    code = _with_kind(text, PROPERTY_FIRM) if kind == "estate" and text else text
    if parties is None or not text:
        return code
    for known in (text, code):
        if known in parties:
            return known
    named = [party.code for party in parties.values() if party.name == record.text("owner")]
    if len(named) != 1:
        what = "is no known body" if not named else f"is the name of {len(named)} bodies"
        record.refuse("owner", what)
        return ""
    return named[0]


def _check_drawn(record: Record, overlay: Overlay, shape: Any) -> None:
    """Note a shape that the kind cannot have."""
    if shape is None or shape.geom_type in _AREAS:
        return
    if shape.geom_type not in _DRAWN:
        record.note("geometry", f"is a {shape.geom_type}; draw it as areas, lines or points")
    elif overlay.radius_m is None and overlay.kind not in REACH_M:
        record.note("geometry", f"is a {shape.geom_type} without a radius in metres")


def _with_kind(code: str, kind: str) -> str:
    return code if not code or ":" in code else party_code(kind, code)
