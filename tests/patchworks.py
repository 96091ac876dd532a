"""Random coverages: `patchworks` with shared wiggly borders, multiparts and holes;
`broken_patchworks` the same with overlaps, gaps, twins, holes, borders that do not match.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from shapely import Polygon
from shapely.geometry.base import BaseGeometry

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage

UNIT = 2.0**-17  # degrees, about 0.7 m by 0.85 m at the origin
ORIGIN = (117.0, 36.5)


def objects(values: list) -> np.ndarray:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def flat_coverage(codes: list[str], geometry: np.ndarray, level: str = "grid") -> Coverage:
    """A coverage of one level from codes and polygons."""
    areas = [Area(id=-1, level=level, code=code, name=f"网格{code}") for code in codes]
    return Coverage.build("specimen", Levels([level]), areas, geometry)


@dataclass(frozen=True)
class Patchwork:
    """A random coverage: polygons in degrees, and whether it stands on a dyadic lattice."""

    polygons: np.ndarray
    exact: bool

    @property
    def codes(self) -> list[str]:
        """Codes whose byte order is not the order of the polygons."""
        return [f"{i * 7919 % 97:02d}网{i}" for i in range(len(self.polygons))]

    def coverage(self) -> Coverage:
        return flat_coverage(self.codes, self.polygons)

    def points(self, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
        return telling_points(self.polygons, seed, exact=self.exact)


_SPACING, _JITTER, _CUTS = 64, 4, 3
_ORIGINS = [ORIGIN, (0.0, 0.0), (-0.5, 51.5), (24.5, 60.25), (-122.5, 37.75)]


@st.composite
def patchworks(draw: st.DrawFn, *, max_side: int = 4, exact: bool | None = None) -> Patchwork:
    """Valid coverages: cells with shared wiggly borders, some joined to parts and rings."""
    columns, rows = draw(st.integers(1, max_side)), draw(st.integers(1, max_side))
    cells = _cells(draw, columns, rows)
    # Cells of one label are one area: parts apart, holes, areas round others.
    labels = draw(
        hnp.arrays(np.int8, len(cells), elements=st.integers(0, len(cells) - 1), unique=False)
        | st.just(np.arange(len(cells), dtype=np.int8))
    )
    joined = [shapely.coverage_union_all(cells[labels == label]) for label in np.unique(labels)]
    exact = draw(st.booleans()) if exact is None else exact
    # Off the lattice, no midpoint lies exactly on its edge.
    unit = draw(st.sampled_from([UNIT, 2.0**-14])) if exact else UNIT * draw(st.floats(0.7, 1.4))
    origin = np.array(draw(st.sampled_from(_ORIGINS)))
    moved = shapely.transform(objects(joined), lambda xy: xy * unit + origin)
    return Patchwork(moved, exact)


def _cells(draw: st.DrawFn, columns: int, rows: int) -> np.ndarray:
    """Cells in lattice units: jittered corners joined by lines that wiggle in a corridor."""

    def jitter(*shape: int) -> np.ndarray:
        small = st.integers(-_JITTER, _JITTER)
        return draw(hnp.arrays(np.int8, shape, elements=small, fill=st.just(0))).astype(float)

    corners = np.stack(
        np.meshgrid(np.arange(columns + 1), np.arange(rows + 1), indexing="ij"), axis=-1
    ) * float(_SPACING) + jitter(columns + 1, rows + 1, 2)
    along = (np.arange(_CUTS) + 1) * (_SPACING / (_CUTS + 1))
    flat = jitter(columns, rows + 1, _CUTS)
    upright = jitter(columns + 1, rows, _CUTS)

    def east(i: int, j: int) -> list:
        cuts = [
            (i * _SPACING + a, j * _SPACING + w) for a, w in zip(along, flat[i, j], strict=True)
        ]
        return [tuple(corners[i, j]), *cuts, tuple(corners[i + 1, j])]

    def north(i: int, j: int) -> list:
        cuts = [
            (i * _SPACING + w, j * _SPACING + a) for a, w in zip(along, upright[i, j], strict=True)
        ]
        return [tuple(corners[i, j]), *cuts, tuple(corners[i, j + 1])]

    return objects(
        [
            Polygon([*east(i, j), *north(i + 1, j), *east(i, j + 1)[::-1], *north(i, j)[::-1]])
            for i in range(columns)
            for j in range(rows)
        ]
    )


@st.composite
def broken_patchworks(draw: st.DrawFn, *, exact: bool | None = None) -> Patchwork:
    """Coverages of valid polygons with overlaps, gaps, twins, holes, unmatched borders."""
    whole = draw(patchworks(max_side=3, exact=exact))
    polygons = list(whole.polygons)
    step = UNIT * 16 if whole.exact else UNIT * 13.7
    for fault in draw(st.lists(st.sampled_from(sorted(_FAULTS)), min_size=1, max_size=4)):
        if polygons:
            i = draw(st.integers(0, len(polygons) - 1))
            dx, dy = draw(st.integers(-3, 3)) * step, draw(st.integers(-3, 3)) * step
            _FAULTS[fault](polygons, i, dx, dy)
    return Patchwork(objects(polygons), whole.exact)


def _shift(polygons: list, i: int, dx: float, dy: float) -> None:
    polygons[i] = shapely.transform(polygons[i], lambda xy: xy + np.array([dx, dy]))


def _drop(polygons: list, i: int, dx: float, dy: float) -> None:
    del polygons[i]


def _twin(polygons: list, i: int, dx: float, dy: float) -> None:
    polygons.append(polygons[i])


def _lay_over(polygons: list, i: int, dx: float, dy: float) -> None:
    _twin(polygons, i, dx, dy)
    _shift(polygons, len(polygons) - 1, dx, dy)


def _move_vertex(polygons: list, i: int, dx: float, dy: float) -> None:
    """Move one vertex of one side of a border only."""
    part = shapely.get_parts(polygons[i])[0]
    ring_ = shapely.get_coordinates(part.exterior)[:-1]
    ring_[len(ring_) // 2] += [dx, dy]
    _replace(polygons, i, Polygon(ring_))


def _remove_vertex(polygons: list, i: int, dx: float, dy: float) -> None:
    part = shapely.get_parts(polygons[i])[0]
    ring_ = shapely.get_coordinates(part.exterior)[:-1]
    _replace(polygons, i, Polygon(np.delete(ring_, len(ring_) // 3, axis=0)))


def _punch(polygons: list, i: int, dx: float, dy: float) -> None:
    """A hole without anything in it."""
    part = shapely.get_parts(polygons[i])[0]
    vertex = shapely.get_coordinates(part)[0]
    inner = shapely.box(*(vertex + UNIT * 24), *(vertex + UNIT * 32))
    if part.contains_properly(inner):
        _replace(polygons, i, part.difference(inner))


def _replace(polygons: list, i: int, polygon: Polygon) -> None:
    if polygon.is_valid and not polygon.is_empty:
        polygons[i] = polygon


_FAULTS = {
    "drop": _drop,
    "lay_over": _lay_over,
    "move_vertex": _move_vertex,
    "punch": _punch,
    "remove_vertex": _remove_vertex,
    "shift": _shift,
    "twin": _twin,
}


# -- levels -------------------------------------------------------------------------------

LEVELS = ("subdistrict", "community", "grid", "microgrid")


@st.composite
def nested_coverages(
    draw: st.DrawFn, *, broken: bool | None = None, exact: bool | None = None
) -> tuple[Coverage, Patchwork]:
    """Coverages of one to four levels: missing links, links over a level, childless parents.

    Atoms may stand at any level. The areas come in random order.
    """
    broken = draw(st.booleans()) if broken is None else broken
    patchwork = draw(broken_patchworks(exact=exact) if broken else patchworks(exact=exact))
    levels = Levels(LEVELS[-draw(st.sampled_from([3, 4, 2, 1])) :])
    number = st.sampled_from([0, 0, 0, 1, 2, 3])
    areas, geometry, parents = [], [], {}
    for code, polygon in zip(patchwork.codes, patchwork.polygons, strict=True):
        rank = len(levels) - 1 - draw(st.sampled_from([0, 0, 0, 1, 2])) % len(levels)
        link = _link(levels, rank, draw(number))
        areas.append(_area(levels, rank, code, link))
        geometry.append(polygon)
        while link is not None:
            rank, parent_code = link
            link = _link(levels, rank, int(parent_code[-1]) // 2)
            parents[rank, parent_code] = _area(levels, rank, parent_code, link)
    areas += parents.values()
    geometry += [None] * len(parents)
    order = draw(st.permutations(range(len(areas))))
    shuffled = objects([geometry[i] for i in order])
    return Coverage.build("drawn", levels, [areas[i] for i in order], shuffled), patchwork


def _link(levels: Levels, rank: int, number: int) -> tuple[int, str] | None:
    """Parent number of a rank: 3 has no link, 2 links over a level, the others do not."""
    up = rank - (2 if number == 2 else 1)
    return None if number == 3 or up < 0 else (up, f"{levels[up].name}-{number}")


def _area(levels: Levels, rank: int, code: str, link: tuple[int, str] | None) -> Area:
    return Area(
        id=-1,
        level=levels[rank].name,
        code=code,
        name=code,
        parent_level=levels[link[0]].name if link else None,
        parent_code=link[1] if link else None,
    )


# -- telling points -----------------------------------------------------------------------


def telling_points(
    polygons: np.ndarray, seed: int = 0, *, exact: bool = False, limit: int = 80
) -> tuple[np.ndarray, np.ndarray]:
    """Points that are hard on polygons: lon, lat, about five times `limit` at most.

    Vertices, points on edges, inside and outside; unless `exact`, also one ulp beside
    vertices and edges. With `exact`, only points for which doubles make no rounding.
    """
    rng = np.random.default_rng(seed)
    known = [p for p in polygons if p is not None and not p.is_empty]
    if not known:
        return np.array([117.0, 0.0]), np.array([36.5, 0.0])
    xy = np.concatenate([_edge_ends(p) for p in known])
    xy = xy[rng.permutation(len(xy))[:limit]]
    start, end = xy[:, 0], xy[:, 1]
    low, high = shapely.total_bounds(objects(known)).reshape(2, 2)
    found = [start, (start + end) / 2, _lattice(low, high, rng, limit)]
    if not exact:
        share = rng.random((len(xy), 1))
        beside = rng.integers(-1, 2, size=(2, len(xy), 2))
        found.append(_ulp(start, beside[0]))
        found.append(_ulp(start + share * (end - start), beside[1]))
        found.append(low + (high - low) * rng.uniform(-0.2, 1.2, (limit, 2)))
    points = np.concatenate(found)
    return points[:, 0].copy(), points[:, 1].copy()


def _edge_ends(polygon: BaseGeometry) -> np.ndarray:
    """Ends of all edges, (n, 2, 2)."""
    rings = shapely.get_rings(shapely.get_parts(polygon))
    ends = [shapely.get_coordinates(one) for one in rings]
    return np.concatenate([np.stack([one[:-1], one[1:]], axis=1) for one in ends])


def _lattice(low: np.ndarray, high: np.ndarray, rng: np.random.Generator, n: int) -> np.ndarray:
    steps = np.maximum(((high - low) / UNIT).astype(int), 1)
    return low + rng.integers(-16, steps + 16, size=(n, 2)) * UNIT


def _ulp(points: np.ndarray, direction: np.ndarray) -> np.ndarray:
    # Beside zero the next number is so small that GEOS's own exact arithmetic underflows.
    return np.where(
        np.abs(points) < 1e-30, direction * 1e-30, np.nextafter(points, points + direction)
    )
