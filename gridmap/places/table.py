"""Places as the cells of a table that an import reads again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from gridmap.places.photo_files import photo_cells
from gridmap.places.read import PLACE_COLUMNS

__all__ = ["TITLES", "place_cells"]

TITLES = tuple(column.name for column in PLACE_COLUMNS)
# As an import takes lists apart; closures only before a date, for their reasons may hold it.
_BETWEEN = "、"


def place_cells(
    place: Mapping[str, Any], photos: Sequence[Mapping[str, Any]], files: Sequence[str]
) -> list[str]:
    """Return the cells of a place, one for each of :data:`TITLES`.

    Parameters
    ----------
    place : mapping
        Fields of :class:`~gridmap.places.model.Place`; those that are missing are empty.
    photos : sequence of mappings
        What is told of its photos.
    files : sequence of str
        Their files, as they are named beside the table.
    """
    cells = {name: _cell(place.get(name)) for name in TITLES}
    cells["coord_sys"] = "wgs84"
    if files:
        cells |= photo_cells(cells["photo"], photos, files)
    return [cells[name] for name in TITLES]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return _BETWEEN.join(map(str, value))
    return repr(value) if isinstance(value, float) else str(value)
