"""Which polygon lies in which, by area."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.prepared import prepared_copies

__all__ = ["Shares", "has_shape", "overlap_shares", "polygonal"]

Shares = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]


def has_shape(geometry: NDArray[np.object_]) -> NDArray[np.bool_]:
    """True where there is a geometry that is not empty."""
    present: NDArray[np.bool_] = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    return present


def polygonal(geometry: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return valid polygons of the same rows: broken rings mended, lines and None empty.

    For measuring only; what is stored stays as it was imported.
    """
    out = np.array(geometry, dtype=object)
    out[shapely.is_missing(out)] = shapely.Polygon()
    broken = np.flatnonzero(~shapely.is_valid(out))
    for row in broken:
        mended = shapely.make_valid(out[row], method="structure", keep_collapsed=False)
        parts = shapely.get_parts(mended)
        areas = parts[shapely.get_dimensions(parts) == 2]
        out[row] = shapely.union_all(areas) if len(areas) else shapely.Polygon()
    return out


def overlap_shares(inner: NDArray[np.object_], outer: NDArray[np.object_]) -> Shares:
    """Return how much of each inner polygon lies in each outer one.

    Parameters
    ----------
    inner : object (n,)
    outer : object (m,)
        Valid polygons or empty (see :func:`polygonal`), in one coordinate system.

    Returns
    -------
    inner_row, outer_row : int64 (k,)
        Pairs that share area, by inner row, then by share, the largest first; equal shares
        by outer row.
    share : float64 (k,)
        Part of the inner polygon's area, 0 < share <= 1. Empty input gives empty arrays.
    """
    i, o = shapely.STRtree(outer).query(inner, predicate="intersects")
    area = shapely.area(inner)
    inside = shapely.covers(prepared_copies(outer)[o], inner[i])
    shared = np.where(inside, area[i], 0.0)
    cut = np.flatnonzero(~inside)
    shared[cut] = shapely.area(shapely.intersection(inner[i[cut]], outer[o[cut]]))
    keep = shared > 0
    i, o, share = i[keep], o[keep], np.minimum(shared[keep] / area[i[keep]], 1.0)
    order = np.lexsort((o, -share, i))
    return i[order], o[order], share[order]
