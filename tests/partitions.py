"""Random partitions of a place into polygons with exactly shared vertices, for tests."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage

# About 0.001 degrees, 100 m, a cell, at an invented place.
LON, LAT, CELL = 117.0, 36.6, 0.001


def lattice(columns: int, rows: int, seed: int = 0, jitter: float = 0.3) -> NDArray[np.object_]:
    """Return columns x rows quadrilaterals whose corners are moved at random."""
    rng = np.random.default_rng(seed)
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0), indexing="ij")
    x += rng.uniform(-jitter, jitter, x.shape)
    y += rng.uniform(-jitter, jitter, y.shape)
    corner = np.stack([LON + CELL * x, LAT + CELL * y], axis=-1)
    ring = np.stack([corner[:-1, :-1], corner[1:, :-1], corner[1:, 1:], corner[:-1, 1:]], axis=2)
    return np.asarray(shapely.polygons(ring.reshape(-1, 4, 2)), dtype=object)


def merged(cells: NDArray[np.object_], groups: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return the union of the cells of each group, in the order of the group numbers."""
    out = np.empty(len(np.unique(groups)), dtype=object)
    for at, group in enumerate(np.unique(groups)):
        out[at] = shapely.coverage_union_all(cells[groups == group])
    return out


def random_partition(columns: int, rows: int, count: int, seed: int) -> NDArray[np.object_]:
    """Return about `count` polygons, some multipart and with holes, that tile the place."""
    rng = np.random.default_rng(seed)
    cells = lattice(columns, rows, seed)
    return merged(cells, rng.integers(0, count, len(cells)))


def flat_coverage(polygons: NDArray[np.object_], level: str = "grid") -> Coverage:
    """Return a coverage of one level, codes 0001, 0002, ... in the order given."""
    areas = [Area(-1, level, f"{n:04d}", f"{n}号") for n in range(1, len(polygons) + 1)]
    return Coverage.build("draft", Levels([level]), areas, polygons)


def two_levels(
    cells: NDArray[np.object_],
    groups: NDArray[np.int64],
    declared: NDArray[np.object_] | None = None,
    wrong_parent: dict[int, int] | None = None,
) -> Coverage:
    """Return communities 100, 101, ... over grids 1000001, ...; `groups` links them."""
    parents = merged(cells, groups) if declared is None else declared
    links = dict(enumerate(groups.tolist())) | (wrong_parent or {})
    areas = [Area(-1, "community", f"{100 + n}", f"社区{n}") for n in range(len(parents))]
    areas += [
        Area(
            -1,
            "grid",
            f"{100 + links[n]}{n + 1:04d}",
            f"网格{n}",
            parent_level="community",
            parent_code=f"{100 + links[n]}",
        )
        for n in range(len(cells))
    ]
    return Coverage.build("draft", Levels(["community", "grid"]), areas, [*parents, *cells])
