"""Points that are binned into a tile, but lie outside its rounded borders, keep their edges."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import Polygon, box

from gridmap.locate.model import SEVERAL
from gridmap.locate.tiles.index import TileIndex
from gridmap.locate.tiles.raster import COLUMNS, PER_X, WEST

# A coverage round the world, so that the borders of its tiles are rounded as 179 is.
WEST_END, EAST_END, SOUTH_END, NORTH_END = -179.0, 179.0, 0.3, 0.302
FRAME = [
    box(WEST_END, SOUTH_END, WEST_END + 0.001, SOUTH_END + 0.001),
    box(EAST_END - 0.001, NORTH_END - 0.001, EAST_END, NORTH_END),
]
MIDDLE, HALF = 0.301, 1e-4
TILES_PER_ATOM = 16_000.0


def index_of(
    border: float, gap: float
) -> tuple[TileIndex, np.ndarray[tuple[int], np.dtype[np.object_]]]:
    """Two areas that share a border, and a third crowded with vertices just beside it."""
    west = [(border - HALF, MIDDLE - HALF), (border, MIDDLE - HALF)]
    west += [(border, MIDDLE + HALF), (border - HALF, MIDDLE + HALF)]
    east = [(border, MIDDLE - HALF), (border + HALF, MIDDLE - HALF)]
    east += [(border + HALF, MIDDLE + HALF), (border, MIDDLE + HALF)]
    y = MIDDLE + (np.arange(130) - 65) * 1e-12 + 3.3e-7
    x = border + gap + np.where(np.arange(130) % 2, 3e-13, 1e-13)
    crowd = [(border + 1e-3, y[0]), *zip(x, y, strict=True), (border + 1e-3, y[-1])]
    areas = np.array([*FRAME, Polygon(west), Polygon(east), Polygon(crowd)], dtype=object)
    return TileIndex(areas, tiles_per_atom=TILES_PER_ATOM), areas


def border_outside_its_tile() -> tuple[float, float]:
    """A longitude east of the rounded border of the tile before it, and how far."""
    head = index_of(1.0, 0.0)[0]._head
    columns = np.arange(1, int(head[COLUMNS]))
    edges = head[WEST] + columns / head[PER_X]
    for gap in (2e-14, 1.5e-14, 1e-14, 5e-15):
        x = edges - gap
        binned = ((x - head[WEST]) * head[PER_X]).astype(np.int64)
        found = np.flatnonzero((binned == columns) & (np.abs(edges) < 30))
        if len(found):
            return float(x[found[0]]), gap
    raise AssertionError("no such tile: the case tests nothing")


def test_an_edge_outside_the_rounded_border_of_a_divided_tile_is_still_met() -> None:
    border, gap = border_outside_its_tile()
    index, areas = index_of(border, gap)
    random = np.random.default_rng(5)
    lat = MIDDLE + 3.3e-7 + random.uniform(-1.5e-10, 1.5e-10, 60)
    lat = np.concatenate([lat, MIDDLE + random.uniform(-9e-5, 9e-5, 10)])
    lon = np.full(len(lat), border)
    touched = shapely.intersects(areas[:, None], shapely.points(lon, lat)[None, :])
    assert (touched.sum(axis=0) >= 2).all()
    atom, status = index.first(lon, lat)
    assert (atom == touched.argmax(axis=0)).all()
    assert ((status & SEVERAL) != 0).all()
