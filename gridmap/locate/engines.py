"""Which engine answers: the compiled one where numba is installed, else the one in numpy."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from gridmap.locate.model import TileEngine

__all__ = ["default_engine", "grouped_engine", "has_compiled"]


def has_compiled() -> bool:
    """Tell whether numba is there, without loading it."""
    return find_spec("numba") is not None


def default_engine(geometry: NDArray[np.object_]) -> TileEngine:
    """Index an array of polygons, see `AtomIndex`; numba is loaded at the first call."""
    if not has_compiled():
        from gridmap.locate.tiles.fallback import NumpyTiles

        return NumpyTiles(geometry)
    from gridmap.locate.tiles.index import TileIndex

    return TileIndex(geometry)


def grouped_engine(geometry: NDArray[np.object_], groups: NDArray[np.uint8]) -> TileEngine:
    """As :func:`default_engine`, for polygons of several sizes one on top of the other.

    `groups` has the bit (1 to 128) of the size of each.
    """
    if not has_compiled():
        return default_engine(geometry)
    from gridmap.locate.tiles.index import TileIndex

    return TileIndex(geometry, groups=groups)
