"""What a grid should not reach across: rivers, railways, arterial roads."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.errors import BadValue

__all__ = ["ARTERIAL", "BARRIERS", "RAIL", "RIVER", "Barriers", "bits_of", "crossing", "names_of"]

Geometries = NDArray[np.object_]
Rows = NDArray[np.int64]
Floats = NDArray[np.float64]

RIVER, RAIL, ARTERIAL = 1, 2, 4
BARRIERS = {"river": RIVER, "rail": RAIL, "arterial": ARTERIAL}
# A border that follows a barrier is drawn along its edge or its middle: within these metres.
_BESIDE_M = {"river": 15.0, "rail": 15.0, "arterial": 12.0}
# Part of a common border that must lie there.
_MOST = 0.5


@dataclass(frozen=True, eq=False)
class Barriers:
    """Lines and polygons in EPSG:4326, by what they are."""

    river: Geometries
    rail: Geometries
    arterial: Geometries

    @classmethod
    def of(
        cls,
        *,
        river: Iterable[object] = (),
        rail: Iterable[object] = (),
        arterial: Iterable[object] = (),
    ) -> Barriers:
        """Return barriers from any geometries; missing and empty ones are left out."""
        return cls(_array(river), _array(rail), _array(arterial))


def _array(shapes: Iterable[object]) -> Geometries:
    listed = [*shapes]
    out = np.empty(len(listed), dtype=object)
    out[:] = listed
    found: Geometries = out[~(shapely.is_missing(out) | shapely.is_empty(out))]
    return found


def crossing(
    borders: Geometries,
    barriers: Barriers | None,
    metres: Callable[[Geometries], Geometries],
) -> Rows:
    """Return for each common border, in metres, the bits of the barriers along it.

    Who crosses such a border crosses the barrier: it runs along, or in, at least half of the
    border's length. `metres` takes the barriers to the plane of the borders.
    """
    kind = np.zeros(len(borders), dtype=np.int64)
    if barriers is None or not len(borders):
        return kind
    length = shapely.length(borders)
    for name, bit in BARRIERS.items():
        shapes = metres(getattr(barriers, name))
        if not len(shapes):
            continue
        strips = shapely.buffer(shapely.get_parts(shapes), _BESIDE_M[name], quad_segs=4)
        at, which = shapely.STRtree(strips).query(borders, predicate="intersects")
        inside = _length_of_each(at, shapely.intersection(borders[at], strips[which]))
        kind[np.unique(at)[inside >= _MOST * length[np.unique(at)]]] |= bit
    return kind


def _length_of_each(at: Rows, pieces: Geometries) -> Floats:
    """Return the length of each border's pieces together; they may lie on one another.

    `at` is ascending. United border by border: a strip of all roads would be one polygon
    too large to be asked thousands of times.
    """
    begins = np.flatnonzero(np.diff(at, prepend=-1))
    groups = np.split(pieces, begins[1:]) if len(begins) else []
    return np.array(
        [
            shapely.length(shapely.union_all(g, grid_size=0.01) if len(g) > 1 else g[0])
            for g in groups
        ],
        dtype=np.float64,
    )


def bits_of(names: Iterable[str]) -> int:
    """Return the bits of barriers by name; `BadValue` for one that there is not."""
    out = 0
    for name in names:
        if name not in BARRIERS:
            raise BadValue("There is no such barrier.", got=name, allowed=list(BARRIERS))
        out |= BARRIERS[name]
    return out


def names_of(bits: int) -> tuple[str, ...]:
    """Return the names of barriers by their bits."""
    return tuple(name for name, bit in BARRIERS.items() if bits & bit)
