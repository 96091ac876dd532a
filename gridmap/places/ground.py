"""What maps are drawn upon, from files: water, parks, railways, roads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
from gridmap.places.ways import walkable, way_classes

__all__ = ["read_ground"]

_GROUND = (
    Column("code", ("编号", "编码", "代码", "id", "osm_id")),
    Column("name", ("名称",)),
    Column("name_en", ("英文名称", "英文名")),
    Column("rank", ("等级",)),
    Column("class", ("道路等级", "级别", "highway", "road_class")),
    Column("stratum", ("层次", "layer", "z_level")),
    Column("foot", ("步行",)),
    Column("households", ("户数", "住户数")),
    *SHAPE,
)


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
        Columns ``code``, ``name``, ``name_en`` and for roads ``class`` (道路等级, see
        :mod:`gridmap.places.ways`) or ``rank``, ``stratum`` (OpenStreetMap's
        ``layer``: what passes above or below) and ``foot`` where known; for buildings
        ``households`` (户数). Features without a code are numbered.
    layer : str
        A key of :data:`~gridmap.places.model.GROUND_LAYERS`.
    coord_sys, encoding
        As in :func:`read_places`.

    Returns
    -------
    list of Ground
        Features of one code, such as the pieces of a street, are put together; the smallest
        rank counts, and the first one's class. Pieces of a road that differ in whether and at
        which height one walks there stay apart, under codes with a number.
    object array (n,)
        Their geometry, EPSG:4326.
    """
    if layer not in GROUND_LAYERS:
        raise BadValue("There is no such ground layer.", got=layer, allowed=list(GROUND_LAYERS))
    sheet = open_sheet(source, _GROUND, encoding=encoding)
    shape = shapes(sheet, coord_sys)
    roads = [_road(record) if layer == "roads" else _Road() for record in sheet.records]
    ranks = [_rank(record, road) for record, road in zip(sheet.records, roads, strict=True)]
    houses = layer == "buildings"
    homes = [record.whole("households") if houses else None for record in sheet.records]
    sheet.finish()
    found, members = [], []
    for code, alike in _by_code(sheet.records, roads, layer):
        first, road = sheet.records[alike[0]], roads[alike[0]]
        rank = min((r for i in alike if (r := ranks[i]) is not None), default=None)
        found.append(
            Ground(
                code,
                layer,
                first.text("name"),
                first.text("name_en"),
                rank,
                road.kind,
                road.stratum,
                road.foot,
                _homes([homes[i] for i in alike]),
            )
        )
        members.append(alike)
    geometry = np.empty(len(found), dtype=object)
    for at, alike in enumerate(members):
        geometry[at] = _together(shape[alike])
    return found, geometry


def _homes(counts: Sequence[int | None]) -> int | None:
    """Return the homes of all pieces of a house; None when none of them says so."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class _Road:
    kind: str = ""
    stratum: int | None = None
    foot: str = ""

    @property
    def way(self) -> tuple[bool, int]:
        """Whether one walks there, and at which height."""
        return walkable(self.kind, self.foot), self.stratum or 0


def _road(record: Record) -> _Road:
    kind = ""
    if record.text("class"):
        kind = record.choice("class", {c.name: c.labels for c in way_classes().values()})
    height = record.decimal("stratum")
    return _Road(kind, None if np.isnan(height) else round(height), record.text("foot"))


def _rank(record: Record, road: _Road) -> int | None:
    if record.text("rank"):
        return record.whole("rank")
    return way_classes()[road.kind].rank if road.kind else None


def _by_code(
    records: Sequence[Record], roads: Sequence[_Road], layer: str
) -> Iterator[tuple[str, list[int]]]:
    """Yield the code and the rows of each feature; a code's second way gets a number."""
    pieces: dict[str, dict[tuple[bool, int], list[int]]] = {}
    for i, record in enumerate(records):
        code = record.code("code", needed=False) or f"{layer}-{record.row}"
        pieces.setdefault(code, {}).setdefault(roads[i].way, []).append(i)
    for code, ways in pieces.items():
        for number, rows in enumerate(ways.values(), start=1):
            yield (code if number == 1 else f"{code}#{number}"), rows


def _together(parts: NDArray[np.object_]) -> Any:
    if len(parts) == 1:
        return parts[0]
    single = shapely.get_parts(parts)
    if all(part.geom_type == "LineString" for part in single):
        return shapely.line_merge(shapely.multilinestrings(single))
    return shapely.union_all(single)
