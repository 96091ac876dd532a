"""Prepared polygons that no other thread asks.

GEOS answers faster about a polygon that was prepared, but writes into what it prepared at each
question: two threads that ask the same one break off the process. Coverages are shared by all
requests of a service, so their polygons are never prepared themselves.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["prepared_copies"]


def prepared_copies(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Return copies of some shapes, prepared, for one thread alone.

    Parameters
    ----------
    shapes : object (n,)
        Shapes of two dimensions in any coordinates; None stays None.

    Returns
    -------
    object (n,)
        One that occurs several times is copied once. Empty input gives an empty array.
    """
    known = np.fromiter(map(id, shapes), dtype=np.int64, count=len(shapes))
    _, first, back = np.unique(known, return_index=True, return_inverse=True)
    own = shapely.transform(shapes[first], lambda corners: corners)
    shapely.prepare(own)
    copies: NDArray[np.object_] = own[back]
    return copies
