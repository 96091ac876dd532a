"""The truth about every report, by an independent point-in-polygon query."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from gridmap.areas import tie_key
from gridmap.crs import to_wgs84
from gridmap.demo.report_faults import Faults

__all__ = ["draw_truth"]

Floats = NDArray[np.float64]


def draw_truth(
    ids: list[str], reports: pd.DataFrame, faults: Faults, microgrids: gpd.GeoDataFrame
) -> pd.DataFrame:
    """Return the truth table; see ``build_reports``."""
    lon, lat = reports["lon"].to_numpy(copy=True), reports["lat"].to_numpy(copy=True)
    for name in ("gcj02", "bd09"):
        rows = np.flatnonzero(reports["coord_sys"].to_numpy() == name)
        lon[rows], lat[rows] = to_wgs84(lon[rows], lat[rows], name)
    nowhere = faults.blank | faults.null
    lon[nowhere], lat[nowhere] = np.nan, np.nan
    return pd.DataFrame(
        {
            "report_id": ids,
            "lon": faults.true[:, 0],
            "lat": faults.true[:, 1],
            "microgrid": _touching(faults.true, microgrids),
            "located": _touching(np.column_stack([lon, lat]), microgrids),
            "error": [e or None for e in faults.error],
        }
    )


def _touching(lonlat: Floats, microgrids: gpd.GeoDataFrame) -> list[str | None]:
    """Return the code of the area that each point touches, the smallest one on a border."""
    codes = sorted(microgrids["code"], key=tie_key)
    rank = {code: n for n, code in enumerate(codes)}
    shapes = microgrids.geometry.to_numpy()
    order = np.array([rank[code] for code in microgrids["code"]])
    valid = np.flatnonzero(np.isfinite(lonlat).all(axis=1))
    tree = shapely.STRtree(shapes)
    point, area = tree.query(shapely.points(lonlat[valid]), "intersects")
    best = np.full(len(lonlat), len(codes))
    np.minimum.at(best, valid[point], order[area])
    return [codes[b] if b < len(codes) else None for b in best]
