"""Houses and estates as a page draws them: the last steps below the finest areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.maps.geometry import Bounds, simplified_lines
from gridmap.maps.topology import MICRO, delta

__all__ = ["buildings_data", "estates_data"]

# Less than a wall is thick: what is drawn has the corners of the house.
_TOLERANCE_M = 0.3

Objects = NDArray[np.object_]


def buildings_data(
    records: Sequence[Mapping[str, Any]],
    rows: Sequence[int],
    bounds: Bounds,
    *,
    english: bool = False,
) -> dict[str, Any]:
    """Return houses for ``gridmap.addBuildings``.

    Parameters
    ----------
    records : sequence of mappings
        ``code``, ``name``, ``name_en``, ``geom`` (EPSG:4326).
    rows : sequence of int
        For each the finest area that holds it, as a place in the page; -1 for none.
    english : bool
        With names in English: a third more.
    """
    shapes = np.array([record["geom"] for record in records], dtype=object)
    thin = simplified_lines(shapes, _TOLERANCE_M)
    origin = (round(bounds[0] * MICRO), round(bounds[1] * MICRO))
    codes = [str(record["code"]) for record in records]
    begin = _common(codes)
    out: dict[str, Any] = {
        "origin": list(origin),
        "prefix": begin,
        "code": [code[len(begin) :] for code in codes],
        "name": [str(record["name"] or "") for record in records],
        "area": list(rows),
        "rings": [_outlines(shape, origin) for shape in thin],
    }
    if english:
        out["nameEn"] = [str(record["name_en"] or "") for record in records]
    return out


def estates_data(
    estates: Sequence[Mapping[str, Any]],
    held_by: Mapping[str, Sequence[int]],
    bounds: Bounds,
    *,
    tolerance_m: float = 1.5,
) -> dict[str, Any]:
    """Return estates for ``gridmap.addEstates``.

    Parameters
    ----------
    estates : sequence of mappings
        ``code``, ``name``, ``name_en``, ``managed``, ``firm``, ``firm_en``, ``geometry``.
    held_by : mapping of code to rows
        The areas that hold an estate's houses, as places in the page.
    """
    origin = (round(bounds[0] * MICRO), round(bounds[1] * MICRO))
    shapes = np.array([one["geometry"] for one in estates], dtype=object)
    thin = simplified_lines(shapes, tolerance_m)
    return {
        "origin": list(origin),
        "estates": [
            {
                "id": one["code"],
                "zh": one["name"],
                "en": one["name_en"],
                "managed": bool(one["managed"]),
                "firm": one["firm"],
                "firmEn": one["firm_en"],
                "areas": list(held_by.get(one["code"], ())),
                "rings": _outlines(shape, origin),
            }
            for one, shape in zip(estates, thin, strict=True)
        ],
    }


def _outlines(shape: Any, origin: tuple[int, int]) -> list[list[int]]:
    """Return the outer rings of a shape; courts inside a house are not drawn."""
    found = []
    for part in shapely.get_parts(shape):
        if part.geom_type == "Polygon" and not part.is_empty:
            ring = np.rint(shapely.get_coordinates(part.exterior)[:-1] * MICRO).astype(np.int64)
            found.append(delta(ring, origin))
    return found


def _common(codes: Sequence[str]) -> str:
    """Return what all codes begin with: written once, it is left out of each."""
    low, high = min(codes, default=""), max(codes, default="")
    length = next((n for n, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), None)
    return low[: min(len(low), len(high)) if length is None else length]
