"""What maps are drawn upon, from files: water, parks, railways, roads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.errors import BadValue
from gridmap.places.model import GROUND_LAYERS, Ground
from gridmap.places.positions import SHAPE, shapes
from gridmap.places.record import Record
from gridmap.places.sheet import Column, open_sheet

__all__ = ["read_ground"]

_GROUND = (
    Column("code", ("编号", "编码", "代码", "id")),
    Column("name", ("名称",)),
    Column("name_en", ("英文名称", "英文名")),
    Column("rank", ("等级",)),
    Column("class", ("道路等级", "级别")),
    *SHAPE,
)
# Rank on the map and the classes of roads that have it.
_ROAD_RANKS = {
    "0": ("highway", "arterial", "公路", "快速路", "主干路"),
    "1": ("collector", "riverside", "次干路"),
    "2": ("branch", "alley", "local", "支路", "街巷", "巷"),
}


def read_ground(
    source: str | Path,
    layer: str,
    *,
    coord_sys: str | None = None,
    encoding: str | None = None,
) -> tuple[list[Ground], NDArray[np.object_]]:
    """Read one layer of what maps are drawn upon.

    Parameters
    ----------
    source : str or Path
        Columns ``code``, ``name``, ``name_en`` and for roads ``rank`` or ``class`` (道路等级)
        where known. Features without a code are numbered.
    layer : str
        A key of :data:`~gridmap.places.model.GROUND_LAYERS`.
    coord_sys, encoding
        As in :func:`read_places`.

    Returns
    -------
    list of Ground
        Features of one code, such as the pieces of a street, are put together; the smallest
        rank counts.
    object array (n,)
        Their geometry, EPSG:4326.
    """
    if layer not in GROUND_LAYERS:
        raise BadValue("There is no such ground layer.", got=layer, allowed=list(GROUND_LAYERS))
    sheet = open_sheet(source, _GROUND, encoding=encoding)
    shape = shapes(sheet, coord_sys)
    pieces: dict[str, list[int]] = {}
    ranks = [_rank(record, layer) for record in sheet.records]
    for i, record in enumerate(sheet.records):
        code = record.code("code", needed=False) or f"{layer}-{record.row}"
        pieces.setdefault(code, []).append(i)
    sheet.finish()
    found, geometry = [], np.empty(len(pieces), dtype=object)
    for at, (code, members) in enumerate(pieces.items()):
        first = sheet.records[members[0]]
        rank = min((r for i in members if (r := ranks[i]) is not None), default=None)
        found.append(Ground(code, layer, first.text("name"), first.text("name_en"), rank))
        geometry[at] = _together(shape[members])
    return found, geometry


def _rank(record: Record, layer: str) -> int | None:
    if record.text("rank"):
        return record.whole("rank")
    if layer != "roads" or not record.text("class"):
        return None
    chosen = record.choice("class", _ROAD_RANKS)
    return int(chosen) if chosen else None


def _together(parts: NDArray[np.object_]) -> Any:
    if len(parts) == 1:
        return parts[0]
    single = shapely.get_parts(parts)
    if all(part.geom_type == "LineString" for part in single):
        return shapely.line_merge(shapely.multilinestrings(single))
    return shapely.union_all(single)
