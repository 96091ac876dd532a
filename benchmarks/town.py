"""Coverages of several sizes with their index and their points, made once for all subjects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks import coverages
from gridmap.areas import DEFAULT_LEVELS, Area
from gridmap.coverage.model import Coverage
from gridmap.locate.tiles.index import TileIndex

__all__ = ["SETS", "Town", "town"]

Floats = NDArray[np.float64]
SETS = {"uniform": coverages.uniform_points, "clustered": coverages.clustered_points}

# Atoms a grid, grids a community, communities a subdistrict.
_FAMILY = (4.86, 14.2, 7.6)


@dataclass(frozen=True)
class Town:
    """Atoms without parents, as the index takes them."""

    atoms: NDArray[np.object_]

    @cached_property
    def index(self) -> TileIndex:
        return TileIndex(self.atoms)

    @cached_property
    def vertices(self) -> int:
        return int(shapely.get_num_coordinates(self.atoms).sum())

    @property
    def name(self) -> str:
        return f"{len(self.atoms):,} atoms"

    def points(self, kind: str, number: int) -> tuple[Floats, Floats]:
        """Return lon and lat of points that are ``uniform`` or ``clustered``."""
        return SETS[kind](self.atoms, number)

    def coverage(self) -> Coverage:
        """Return the atoms as micro-grids of four levels; those above have no own geometry."""
        areas, above = areas_of(self.atoms)
        shapes = [*self.atoms, *[None] * len(above)]
        return Coverage.build("bench", DEFAULT_LEVELS, [*areas, *above], shapes)


@lru_cache(maxsize=4)
def town(atoms: int) -> Town:
    """Return the town of about so many atoms; one that was made is kept."""
    return Town(coverages.coverage(atoms))


def areas_of(atoms: NDArray[np.object_]) -> tuple[list[Area], list[Area]]:
    """Return areas of the atoms, and of the levels above: runs of neighbours."""
    counts = [len(atoms)]
    for children in _FAMILY:
        counts.append(max(1, round(counts[-1] / children)))
    place = _along_curve(shapely.centroid(atoms))
    names = DEFAULT_LEVELS.names[::-1]
    number = [place]
    for finer, coarser in pairwise(counts):
        number.append(number[-1] * coarser // finer)
    codes = [[f"{rank}{n:07d}" for n in numbers.tolist()] for rank, numbers in enumerate(number)]
    out: list[list[Area]] = []
    for rank, name in enumerate(names):
        parents = codes[rank + 1] if rank + 1 < len(names) else [None] * len(atoms)
        above = names[rank + 1] if rank + 1 < len(names) else None
        made = {
            code: Area(-1, name, code, f"{name} {code}", "", above, parent)
            for code, parent in zip(codes[rank], parents, strict=True)
        }
        out.append(list(made.values()))
    return out[0], [area for level in out[1:] for area in level]


def _along_curve(points: NDArray[np.object_]) -> NDArray[np.int64]:
    """Place of each point along a curve that keeps neighbours together (Morton's)."""
    xy = shapely.get_coordinates(points)
    cell = ((xy - xy.min(axis=0)) / np.maximum(np.ptp(xy, axis=0), 1e-12) * 1023).astype(np.int64)
    key = np.zeros(len(xy), dtype=np.int64)
    for bit in range(10):
        key |= (cell[:, 0] >> bit & 1) << 2 * bit | (cell[:, 1] >> bit & 1) << 2 * bit + 1
    place = np.empty(len(xy), dtype=np.int64)
    place[np.argsort(key, kind="stable")] = np.arange(len(xy))
    return place
