"""How wide streets are, and the line behind which anything may be built along them."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.demo.streets import Streets

__all__ = ["HALF_WIDTH_M", "BuildingLine", "half_widths", "in_estates"]

Floats = NDArray[np.float64]

# From the middle of the street to the kerb, by its class.
HALF_WIDTH_M = {"highway": 11.0, "arterial": 10.0, "branch": 4.5, "alley": 2.5}
# From the middle of the street to the building line; other streets leave what a plot's own
# set-back leaves.
_BUILDING_LINE_M = {"highway": 18.0, "arterial": 15.0}


def half_widths(streets: Streets) -> Floats:
    """Return metres from the middle to the kerb of each piece of street, shape (n,)."""
    found: Floats = streets.frame["class"].map(HALF_WIDTH_M).to_numpy(dtype=float)
    return found


def in_estates(streets: Streets, estates: NDArray[np.object_]) -> NDArray[np.bool_]:
    """Return for each piece of street whether it is a lane inside an estate (metres)."""
    middles = shapely.line_interpolate_point(streets.lines, 0.5, normalized=True)
    found = np.zeros(len(middles), dtype=bool)
    found[shapely.STRtree(estates).query(middles, "within")[0]] = True
    return found


class BuildingLine:
    """What has to stay free along highways and arterials, and is cut from plots."""

    def __init__(self, streets: Streets) -> None:
        reach = streets.frame["class"].map(_BUILDING_LINE_M).to_numpy(dtype=float)
        wide = np.isfinite(reach)
        self._free = shapely.buffer(streets.lines[wide], reach[wide], quad_segs=4)
        self._tree = shapely.STRtree(self._free)

    def clear(self, shape: Any) -> Any:
        """Return a plot (metres) without what lies before the building line; it may be empty."""
        rows = self._tree.query(shape, "intersects")
        if not len(rows):
            return shape
        return shapely.difference(shape, shapely.union_all(self._free[np.sort(rows)]))

    def plot(self, shape: Any) -> Any:
        """Return the largest part of a cleared plot, an empty polygon where nothing is left."""
        parts = shapely.get_parts(self.clear(shape))
        if not len(parts):
            return shapely.Polygon()
        return parts[int(np.argmax(shapely.area(parts)))]
