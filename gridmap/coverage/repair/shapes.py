"""What an overlay leaves, as polygons."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["only_areas"]


def only_areas(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return the polygons of each geometry, without the lines and points an overlay leaves.

    Rows stay; one without a polygon is an empty one. Missing ones are empty too.
    """
    parts, row = shapely.get_parts(shapes, return_index=True)
    areal = shapely.area(parts) > 0
    parts, row = parts[areal], row[areal]
    out = np.full(len(shapes), shapely.Polygon(), dtype=object)
    for at in np.unique(row).tolist():
        some = parts[row == at]
        out[at] = some[0] if len(some) == 1 else shapely.multipolygons(some)
    return out
