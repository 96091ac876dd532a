"""Tiles without compiled code: a raster in numpy, GEOS for the tiles that edges reach.

Serves where numba is not installed, and stands beside the compiled engine in tests: it
shares nothing with it but the idea.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.locate.borders import Floats, Ints, expand
from gridmap.locate.strtree import STRtreeIndex

__all__ = ["NumpyTiles"]

_OUTSIDE, _ASK = -1, -2
_MOST = 1 << 26


class NumpyTiles:
    """An :class:`~gridmap.locate.model.AtomIndex` with the fast path of the compiled one.

    A tile is an atom when no edge reaches it and its middle touches that atom alone, -1 when
    its middle touches none; all other tiles are asked of :class:`STRtreeIndex`, which also
    answers about metres.

    Parameters
    ----------
    geometry : object array (n,)
        As for `STRtreeIndex`.
    tiles_per_atom : float
        Tiles of the raster for each atom, on average.
    """

    def __init__(self, geometry: NDArray[np.object_], *, tiles_per_atom: float = 16.0) -> None:
        self._exact = STRtreeIndex(geometry)
        self._atoms = len(geometry)
        xy, ring = shapely.get_coordinates(
            shapely.get_rings(shapely.get_parts(geometry)), return_index=True
        )
        self._box = self._lay(xy, tiles_per_atom * max(len(geometry), 1))
        self._tiles = np.full(self._shape[0] * self._shape[1], _OUTSIDE, np.int32)
        if len(xy):
            edge = np.flatnonzero(ring[1:] == ring[:-1])
            self._tiles[self._reached(xy[edge], xy[edge + 1])] = _ASK
            self._fill()

    def _lay(self, xy: NDArray[np.float64], wanted: float) -> NDArray[np.float64]:
        """Choose rows and columns; return the box (west, south, east, north)."""
        self._shape, self._per = (1, 1), np.ones(2)
        if not len(xy):
            return np.array([np.inf, np.inf, -np.inf, -np.inf])
        low, high = xy.min(axis=0), xy.max(axis=0)
        # Not finer than a thousand times what doubles can tell apart.
        least = max(np.abs(xy).max(), 1e-100) * 2.0**-42
        size = np.maximum(high - low, least)
        number = np.sqrt(min(wanted, _MOST) * size / size[::-1])
        number = np.clip(number, 1, np.minimum(np.maximum(size / least, 1), min(wanted, _MOST)))
        self._per = np.floor(number) / size
        last = ((high - low) * self._per).astype(np.int64)
        self._shape = (int(last[1]) + 1, int(last[0]) + 1)
        return np.concatenate([low, high])

    def _number(self, x: Floats, y: Floats) -> tuple[Ints, Ints]:
        """Column and row; never decreasing as x or y grow, for vertices and points alike."""
        column = ((x - self._box[0]) * self._per[0]).astype(np.int64)
        return column, ((y - self._box[1]) * self._per[1]).astype(np.int64)

    def _reached(self, start: NDArray[np.float64], end: NDArray[np.float64]) -> Ints:
        """All tiles in the boxes of some edges."""
        low, high = np.minimum(start, end), np.maximum(start, end)
        left, bottom = self._number(low[:, 0], low[:, 1])
        right, top = self._number(high[:, 0], high[:, 1])
        rows = top - bottom + 1
        edge = np.repeat(np.arange(len(rows)), rows)
        first = expand(bottom, rows) * self._shape[1] + left[edge]
        return np.unique(expand(first, (right - left + 1)[edge]))

    def _fill(self) -> None:
        """Ask for the middle of every tile that no edge reaches."""
        free = np.flatnonzero(self._tiles == _OUTSIDE)
        row, column = np.divmod(free, self._shape[1])
        x = self._box[0] + (column + 0.5) / self._per[0]
        y = self._box[1] + (row + 0.5) / self._per[1]
        point, atom = self._exact.touching(x, y)
        touched = np.bincount(point, minlength=len(free))
        self._tiles[free[point]] = atom
        self._tiles[free[touched > 1]] = _ASK

    def _tile_values(self, lon: Floats, lat: Floats) -> NDArray[np.int32]:
        west, south, east, north = self._box
        inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        value = np.full(len(lon), _OUTSIDE, np.int32)
        column, row = self._number(lon[inside], lat[inside])
        value[inside] = self._tiles[row * self._shape[1] + column]
        return value

    def first(
        self, lon: Floats, lat: Floats, *, threads: int = 1
    ) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        """Winner and status of each point, as the compiled engine gives them."""
        atom = self._tile_values(lon, lat)
        status = (atom >= 0).astype(np.uint8)
        ask = np.flatnonzero(atom == _ASK)
        atom[ask], status[ask] = self._exact.first(lon[ask], lat[ask])
        return atom, status

    def first_one(self, lon: float, lat: float) -> tuple[int, int]:
        """Winner and status of one point."""
        atom, status = self.first(np.array([lon], np.float64), np.array([lat], np.float64))
        return int(atom[0]), int(status[0])

    def touching(self, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        """Pairs (point, atom) that intersect, ordered by point, then atom."""
        value = self._tile_values(lon, lat)
        ask, plain = np.flatnonzero(value == _ASK), np.flatnonzero(value >= 0)
        point, atom = self._exact.touching(lon[ask], lat[ask])
        points = np.concatenate([plain, ask[point]])
        atoms = np.concatenate([value[plain].astype(np.int64), atom])
        order = np.argsort(points, kind="stable")
        return points[order], atoms[order]

    def on_border(self, lon: Floats, lat: Floats, atom: Ints) -> NDArray[np.bool_]:
        """For each point and its own atom: True when the point lies exactly on the border."""
        return self._exact.on_border(lon, lat, atom)

    def margin(self, lon: Floats, lat: Floats, atom: Ints) -> Floats:
        """Metres from each point to the border of its own atom; NaN where it has none."""
        return self._exact.margin(lon, lat, atom)

    def within(self, lon: Floats, lat: Floats, radius_m: Floats) -> tuple[Ints, Ints, Floats]:
        """Triples (point, atom, metres) with distance <= radius_m, by point, then atom."""
        return self._exact.within(lon, lat, radius_m)

    def nearest(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        """Nearest atom of each point and its distance; -1 and NaN when there is no atom."""
        return self._exact.nearest(lon, lat)
