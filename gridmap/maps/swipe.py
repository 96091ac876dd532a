"""The map of two plans: one under the other, parted by a slider, with the from-to table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gridmap.access import Actor, require
from gridmap.errors import BadValue
from gridmap.maps.document import GridMap, MapInfo, Mode

__all__ = ["swipe_map"]

# Degrees of about a metre: borders are drawn, not measured.
_TOLERANCE = 1e-5
# More rows than these nobody reads on a page; the export has all.
_MOST_ROWS = 400


def swipe_map(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    cells: gpd.GeoDataFrame,
    flows: pd.DataFrame,
    whole: Mapping[str, float],
    *,
    info: MapInfo,
    actor: Actor,
    mode: Mode = "inline",
    asset_base: str = "/assets",
) -> GridMap:
    """Return the document of a comparison.

    Parameters
    ----------
    before, after : GeoDataFrame
        Grids (EPSG:4326): ``code``, ``name``, ``kind``, ``households``.
    cells : GeoDataFrame
        Atoms with ``moved``.
    flows : DataFrame
        ``from``, ``to``, ``moved``, ``households`` and perhaps ``reports``.
    whole : mapping of str to float
        ``grids_before``, ``grids_after``, ``households_moved_share``.
    info : MapInfo
    actor : Actor
        Staff: a plan that is not published is for nobody else.

    Raises
    ------
    BadValue
        When there is nothing to draw.
    """
    require(actor, "areas")
    shapes = np.concatenate([before.geometry.to_numpy(), after.geometry.to_numpy()])
    if not len(shapes) or np.isnan(shapely.total_bounds(shapes)).any():
        raise BadValue("There is nothing to draw.", got="no grid with a geometry")
    west, south, east, north = (float(v) for v in shapely.total_bounds(shapes))
    document = GridMap(
        (west, south, east, north),
        info.made_for(actor),
        mode=mode,
        asset_base=asset_base,
        layout="list",
    )
    moved = cells.loc[cells["moved"].astype(bool)].geometry.to_numpy()
    amounts = [name for name in ("households", "reports") if name in flows]
    rows = flows[flows["moved"]].sort_values(
        [*amounts[:1], "from", "to"], ascending=[*([False] * len(amounts[:1])), True, True]
    )
    document.add_data(
        {
            "before": _grids(before),
            "after": _grids(after),
            "moved": [_rings(shape) for shape in _simple(moved)],
            "grids": [int(whole["grids_before"]), int(whole["grids_after"])],
            "share": round(float(whole.get("households_moved_share", 0.0)), 4),
            "with_reports": "reports" in amounts,
            "flows": [
                [str(row["from"]), str(row["to"]), *(round(float(row[n])) for n in amounts)]
                for row in rows.head(_MOST_ROWS).to_dict("records")
            ],
            "more": max(len(rows) - _MOST_ROWS, 0),
        },
        "gridmap.addSwipe",
    )
    return document


def _grids(frame: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    homes = frame["households"] if "households" in frame else pd.Series(0.0, frame.index)
    shapes = _simple(frame.geometry.to_numpy())
    return [
        {
            "code": str(code),
            "name": str(name),
            "exclusive": kind == "exclusive",
            "homes": round(float(count)),
            "rings": _rings(shape),
        }
        for code, name, kind, count, shape in zip(
            frame["code"], frame["name"], frame["kind"], homes, shapes, strict=True
        )
    ]


def _simple(shapes: Any) -> Any:
    """Return fewer vertices, shared borders alike; shapes that are no coverage as they are."""
    if not len(shapes):
        return shapes
    present = ~shapely.is_missing(shapes)
    out = shapes.copy()
    if shapely.coverage_is_valid(shapes[present]):
        out[present] = shapely.coverage_simplify(shapes[present], _TOLERANCE)
    return out


def _rings(shape: Any) -> list[list[list[list[float]]]]:
    """Return latitudes and longitudes of all rings, as Leaflet draws multipolygons."""
    return [
        [
            [[round(lat, 6), round(lon, 6)] for lon, lat in shapely.get_coordinates(ring).tolist()]
            for ring in shapely.get_rings(part)
        ]
        for part in shapely.get_parts(shape)
    ]
