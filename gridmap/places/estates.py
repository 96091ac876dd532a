"""Where a housing estate belongs: by the houses that stand on its ground."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import tie_key

__all__ = ["areas_of_homes", "spots_of_estates"]

# An area that holds fewer of an estate's houses than this does not answer for it.
_SHARE = 0.1


def spots_of_estates(
    shapes: NDArray[np.object_], houses: NDArray[np.object_]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return points that stand for estates: the houses on its ground, else one point inside it.

    Parameters
    ----------
    shapes : object (n,) of geometry
        The grounds of the estates.
    houses : object (m,) of Point
        A point of each house that is known.

    Returns
    -------
    spots : float64 (k, 2)
    owner : int64 (k,)
        For each of them its estate, as a place in `shapes`.
    """
    house, owner = shapely.STRtree(shapes).query(houses, predicate="intersects")
    bare = np.setdiff1d(np.arange(len(shapes)), owner)
    inside = shapely.point_on_surface(shapes[bare])
    spots = shapely.get_coordinates(np.concatenate([houses[house], inside]))
    return spots, np.concatenate([owner, bare]).astype(np.int64)


def areas_of_homes(codes: Mapping[str, Iterable[Any]]) -> dict[str, list[str]]:
    """Return by level the areas that answer for an estate, those with most houses first.

    Parameters
    ----------
    codes : mapping of level to codes
        For each of the estate's points the area that holds it; None or empty for none.
    """
    found: dict[str, list[str]] = {}
    for level, held in codes.items():
        count = Counter(str(code) for code in held if code)
        least = _SHARE * sum(count.values())
        ranked = sorted(count, key=lambda c: (-count[c], tie_key(c)))
        found[level] = [c for n, c in enumerate(ranked) if n == 0 or count[c] >= least]
    return found
