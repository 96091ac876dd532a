"""Web Mercator as a unit square, and the tiles that it is cut into.

The square's corner (0, 0) is north-west; a tile of zoom ``z`` is ``1 / 2**z`` wide.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.errors import BadValue

__all__ = ["EXTENT", "MOST_ZOOM", "bounds_of_tile", "check_tile", "mercator"]

Floats = NDArray[np.float64]

# Whole numbers along a side of a tile, as all readers expect.
EXTENT = 4096
MOST_ZOOM = 22
# The square ends there.
_MOST_LATITUDE = 85.0511287798066


def mercator(lonlat: Floats) -> Floats:
    """Return places in the unit square, (n, 2), of longitude and latitude in degrees, (n, 2)."""
    lat = np.radians(np.clip(lonlat[:, 1], -_MOST_LATITUDE, _MOST_LATITUDE))
    y = 0.5 - np.arcsinh(np.tan(lat)) / (2 * np.pi)
    return np.column_stack([lonlat[:, 0] / 360 + 0.5, y])


def check_tile(z: int, x: int, y: int) -> None:
    """Raise `BadValue` unless there is such a tile."""
    if not 0 <= z <= MOST_ZOOM:
        raise BadValue(
            "There is no such zoom.",
            got=z,
            allowed=f"0 to {MOST_ZOOM}",
            repair="Ask for a zoom in these limits; a map enlarges the last tiles by itself.",
        )
    most = (1 << z) - 1
    if not (0 <= x <= most and 0 <= y <= most):
        raise BadValue(
            f"Zoom {z} has no such tile.",
            got=f"x {x}, y {y}",
            allowed=f"x and y from 0 to {most}",
            repair="Count x from the west and y from the north; TMS counts y from the south.",
        )


def bounds_of_tile(
    z: int, x: int, y: int, *, around: float = 0.0
) -> tuple[float, float, float, float]:
    """Return left, top, right, bottom of a tile in the square.

    Parameters
    ----------
    around : float
        What is added on each side, as a share of the tile.
    """
    side = 1.0 / (1 << z)
    return ((x - around) * side, (y - around) * side, (x + 1 + around) * side,
            (y + 1 + around) * side)  # fmt: skip
