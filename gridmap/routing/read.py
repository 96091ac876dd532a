"""Parties and responsibility layers from files, with every fault located.

Files and errors are those of :mod:`gridmap.places.read`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue, MissingColumn
from gridmap.places.positions import SHAPE, shapes
from gridmap.places.record import Record
from gridmap.places.sheet import Column, Sheet, open_sheet
from gridmap.routing.overlays import OVERLAY_KINDS, Overlay, widened
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
    Column("valid_from", ("生效日期", "起始日期")),
    Column("valid_to", ("失效日期", "终止日期")),
    Column("reach_m", ("宽度", "半径")),
    *SHAPE,
)
_MANAGEMENT = {
    "managed": ("有物业", "封闭", "封闭式", "是", "1", "true", "yes"),
    "open": ("无物业", "开放", "开放式", "否", "0", "false", "no"),
}
_MOST_REACH_M = 1000.0


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
    reach_m: float = 0.0,
    coord_sys: str | None = None,
    encoding: str | None = None,
) -> tuple[list[Overlay], NDArray[np.object_]]:
    """Read responsibility layers: estates, parks, river strips, roads, sites, assets.

    Parameters
    ----------
    source : str or Path
        A layer, or a table with the geometry as well-known text (``wkt``). Columns ``code``,
        and where known ``name``, ``owner`` (权属单位, 物业公司), ``source``, ``priority``,
        ``valid_from``, ``valid_to``. Estates have ``managed`` (管理方式: managed or open,
        有物业 or 无物业), or the same in ``kind``.
    kind : str, optional
        A key of :data:`OVERLAY_KINDS` for all; None: each row says it in ``kind``.
    parties : mapping of code to Party, optional
        Who can own: an owner is one of their codes, with or without the kind, or one of their
        names. None: owners are taken as codes.
    reach_m : float
        Metres by which lines and points are widened; a column ``reach_m`` (宽度, 半径) says
        it for each row.
    coord_sys, encoding
        As in :func:`gridmap.places.read.read_places`.

    Returns
    -------
    list of Overlay
    object array (n,)
        Polygons, EPSG:4326, in the same order.
    """
    if kind is not None and kind not in OVERLAY_KINDS:
        raise BadValue("There is no such kind of overlay.", got=kind, allowed=list(OVERLAY_KINDS))
    sheet = open_sheet(source, _OVERLAYS, encoding=encoding)
    _check_columns(sheet, kind)
    sheet.unique("code")
    shape = shapes(sheet, coord_sys)
    found = []
    for i, record in enumerate(sheet.records):
        overlay = _overlay(record, kind, "managed" in sheet.columns, parties)
        shape[i] = _area(record, shape[i], reach_m)
        found.append(overlay)
    sheet.finish()
    return [one for one in found if one is not None], shape


def _check_columns(sheet: Sheet, kind: str | None) -> None:
    told = {"managed", "kind"} if kind == "estate" else {"kind"} if kind is None else set()
    if told and not told & sheet.columns:
        raise MissingColumn(
            f"{sheet.file} does not say "
            + ("which estates are managed." if kind else "what kind each row is."),
            got=sorted(sheet.columns),
            allowed=sorted(told),
        )


def _overlay(
    record: Record, kind: str | None, has_managed: bool, parties: Mapping[str, Party] | None
) -> Overlay | None:
    own = kind or record.choice("kind", OVERLAY_KINDS)
    managed = True
    if own == "estate":
        column = "kind" if kind is not None and not has_managed else "managed"
        managed = record.choice(column, _MANAGEMENT) != "open"
    owner = _owner(record, own, parties)
    if owner and not managed:
        record.refuse("owner", "is given although the estate is open")
    valid_from, valid_to = record.day("valid_from"), record.day("valid_to")
    if valid_from is not None and valid_to is not None and valid_to <= valid_from:
        record.refuse("valid_to", "is not after the first day")
    code, priority = record.code("code"), record.whole("priority")
    if not own:
        return None
    return Overlay(
        code=code,
        kind=own,
        name=record.text("name"),
        name_en=record.text("name_en"),
        managed=managed,
        owner=owner,
        source=record.text("source"),
        priority=priority or 0,
        valid_from=valid_from,
        valid_to=valid_to,
    )


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


def _area(record: Record, shape: Any, reach_m: float) -> Any:
    """Return a polygon: a line or point widened by its reach."""
    own = record.decimal("reach_m")
    metres = own if np.isfinite(own) else reach_m
    if not 0 <= metres <= _MOST_REACH_M:
        record.refuse("reach_m", "is not usable", allowed=f"0 to {_MOST_REACH_M:g} m")
        return None
    if shape is None or shape.geom_type in {"Polygon", "MultiPolygon"}:
        return shape
    if not metres:
        record.note("geometry", f"is a {shape.geom_type} without a reach in metres")
        return None
    return widened(shape, metres)


def _with_kind(code: str, kind: str) -> str:
    return code if not code or ":" in code else party_code(kind, code)
