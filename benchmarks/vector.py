"""Vector tiles of a level, beside the encoder of mapbox-vector-tile on the same shapes."""

from __future__ import annotations

import time
from collections.abc import Callable

import mapbox_vector_tile
import numpy as np
import shapely

from benchmarks.measure import in_turn
from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.town import Town, town
from gridmap.coverage.model import Coverage
from gridmap.vector_tiles.encode import encode_layer, rings_of
from gridmap.vector_tiles.grid import EXTENT, mercator
from gridmap.vector_tiles.tileset import TileSet

__all__ = ["run"]

# The largest that tiles are tried at, and the zooms at which a district is looked at.
_MOST_ATOMS = 30_000
_ZOOMS = (9, 11, 12, 13, 14, 15, 16, 17)
_TILES = 40
_MS = Mark(300, 100, at_most=True)
_RIVAL_SHAPES = 400

Place = tuple[int, int, int]


def run(plan: Plan, results: Results) -> None:
    results.begin(
        "vector",
        "Tiles of the atoms with their codes, names and parents, by the clock, in one thread; up to"
        f" {_TILES} tiles a zoom in which areas lie, zooms {_ZOOMS[0]} to {_ZOOMS[-1]} as far as"
        " the level has tiles there, each made for the first time. What is simplified for them is"
        " made once an edition and then read from the cache folder.",
    )
    for size in sorted({min(size, _MOST_ATOMS) for size in plan.atoms}):
        place = town(size)
        coverage = place.coverage()
        level = coverage.levels.names[-1]
        _tiles(results, place, coverage, level)
    _rival(plan, results, town(plan.atoms[0]))


def _tiles(results: Results, place: Town, coverage: Coverage, level: str) -> None:
    shapely.total_bounds(coverage.shapes[coverage.atoms])
    tiles = TileSet(coverage, level)
    spots = mercator(coverage.label_points[coverage.rows(level)])
    zooms = [zoom for zoom in _ZOOMS if zoom >= tiles.least_zoom]
    wanted = [one for zoom in zooms for one in _places(spots, zoom)]
    z, x, y = wanted[0]
    began = time.perf_counter()
    tiles.tile(z, x, y)
    results.add(
        f"all zooms down to {z} simplified", place.name, time.perf_counter() - began, "s"
    )  # fmt: skip
    # The trees of the other zooms, which a server has after their first tile.
    for zoom in zooms:
        tiles.tile(zoom, 0, 0)
    taken, sizes = _timed(tiles.tile, wanted)
    for share in (50, 95):
        mark = _MS if share == 95 else None
        results.add(f"tile, p{share}", place.name, float(np.percentile(taken, share)), "ms", mark)
    results.add("tile, the slowest", place.name, max(taken), "ms")
    results.add("bytes of a tile, p95", place.name, float(np.percentile(sizes, 95)) / 1024, "KiB")
    results.add("bytes of a tile, the largest", place.name, max(sizes) / 1024, "KiB")
    taken, _ = _timed(tiles.tile, wanted)
    results.add("tile that is at hand, p95", place.name, float(np.percentile(taken, 95)), "ms")


def _places(spots: np.ndarray, zoom: int) -> list[Place]:
    """Some tiles of a zoom that hold areas, chosen by seed."""
    cells = np.unique((spots * 2**zoom).astype(np.int64), axis=0)
    chosen = np.random.default_rng(zoom).permutation(len(cells))[:_TILES]
    return [(zoom, int(x), int(y)) for x, y in cells[np.sort(chosen)]]


def _timed(
    make: Callable[[int, int, int], bytes], wanted: list[Place]
) -> tuple[list[float], list[int]]:
    taken, sizes = [], []
    for one in wanted:
        began = time.perf_counter()
        sizes.append(len(make(*one)))
        taken.append((time.perf_counter() - began) * 1000)
    return taken, sizes


def _rival(plan: Plan, results: Results, place: Town) -> None:
    """Encode shapes that are in the tile's numbers already, as both take them."""
    atoms = place.atoms[:_RIVAL_SHAPES]
    west, south, east, north = shapely.total_bounds(atoms)
    span = max(east - west, north - south)
    drawn = shapely.transform(atoms, lambda xy: np.rint((xy - [west, south]) / span * EXTENT))
    drawn = drawn[shapely.is_valid(drawn)]
    codes = [f"G{n:05d}" for n in range(len(drawn))]
    numbers = list(range(1, len(drawn) + 1))

    def own() -> bytes:
        return encode_layer("grid", rings_of(drawn), numbers, {"code": codes})

    def theirs() -> bytes:
        features = [
            {"geometry": shape, "properties": {"code": code}, "id": number}
            for shape, code, number in zip(drawn, codes, numbers, strict=True)
        ]
        made: bytes = mapbox_vector_tile.encode(
            {"name": "grid", "features": features}, default_options={"y_coord_down": True}
        )
        return made

    _check(own(), theirs())
    seconds = in_turn({"own": own, "mapbox-vector-tile": theirs}, plan.rounds)
    results.add(
        "encoding over mapbox-vector-tile", f"{len(drawn):,} shapes",
        seconds["mapbox-vector-tile"] / seconds["own"], "x",
    )  # fmt: skip


def _check(own: bytes, theirs: bytes) -> None:
    """Both tiles hold the same shapes under the same codes."""
    read = [
        {
            one["properties"]["code"]: shapely.geometry.shape(one["geometry"])
            for one in mapbox_vector_tile.decode(content)["grid"]["features"]
        }
        for content in (own, theirs)
    ]
    if read[0].keys() != read[1].keys():
        raise AssertionError("the tiles hold other areas")
    for code, shape in read[0].items():
        if not shape.equals(read[1][code]):
            raise AssertionError(f"{code} is drawn otherwise")
