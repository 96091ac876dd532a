"""A level imported over what a draft has at that level: what would become different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from gridmap.areas import Area
from gridmap.coverage.importing.differences import Differences, differences
from gridmap.coverage.importing.incoming import Incoming
from gridmap.coverage.model import STORED_CRS, Coverage

__all__ = ["reimport_differences"]


def reimport_differences(
    existing: Coverage | None, attributes: Mapping[str, Mapping[str, Any]], incoming: Incoming
) -> Differences | None:
    """Return how the areas that come in differ from those a draft has at their level.

    Parameters
    ----------
    existing : Coverage or None
        The draft.
    attributes : mapping of code to mapping
        Further columns of its areas at that level.
    incoming : Incoming

    Returns
    -------
    Differences or None
        None when the draft has no areas at that level. For an area with children both its
        declared polygon and what its children make together count as what is there.
    """
    if existing is None or incoming.level not in existing.levels.names:
        return None
    rows = existing.rows(incoming.level)
    if not len(rows):
        return None
    areas = [existing.area(int(row)) for row in rows]
    declared, derived = existing.geometry[rows], existing.shapes[rows]
    known = [attributes.get(area.code, {}) for area in areas]
    before = _frame(areas, np.where(shapely.is_missing(declared), derived, declared), known)
    after = _frame(incoming.areas, incoming.geometry, incoming.attributes)
    return differences(before, after, also=derived)


def _frame(
    areas: Sequence[Area], shapes: Any, attributes: Sequence[Mapping[str, Any]]
) -> gpd.GeoDataFrame:
    columns: dict[str, list[Any]] = {
        "code": [area.code for area in areas],
        "name": [area.name for area in areas],
        "name_en": [area.name_en for area in areas],
        "parent": [area.parent_code for area in areas],
        "kind": [area.kind for area in areas],
    }
    for name in dict.fromkeys(name for record in attributes for name in record):
        # A further column may bear the name of one of ours.
        shown = f"{name} (further)" if name in columns else name
        columns[shown] = [record.get(name) for record in attributes]
    plain = {name: np.array([*values, None], dtype=object)[:-1] for name, values in columns.items()}
    return gpd.GeoDataFrame(plain, geometry=list(shapes), crs=STORED_CRS)
