"""The tiles of one level of one edition."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.model import Coverage
from gridmap.errors import NotFound
from gridmap.vector_tiles.encode import encode_layer, rings_of
from gridmap.vector_tiles.grid import EXTENT, bounds_of_tile, check_tile, mercator
from gridmap.vector_tiles.ladder import FINEST, Ladder

__all__ = ["FIELDS", "KEPT_BYTES", "MOST_AREAS", "TileSet"]

# What a tile says of an area, each in the words of the layer ``areas``.
FIELDS = ("code", "name", "name_en", "kind", "parent_code")

# Ground around a tile that is in it as well, so that borders are not drawn along its edges.
_AROUND = 64 / EXTENT
KEPT_BYTES = 16 * 1024 * 1024
# More areas than these in one tile are specks that nobody tells apart, and hundreds of KB. Zooms
# that would have such tiles have none: there a map draws the level above.
MOST_AREAS = 3_000


class TileSet:
    """Makes and keeps the tiles of one level.

    Parameters
    ----------
    coverage : Coverage
        Of a published edition: it never changes.
    level : str
    folder : Path, optional
        Where simplified borders are kept between runs.
    most_areas : int
        In one tile.
    """

    def __init__(
        self,
        coverage: Coverage,
        level: str,
        folder: Path | None = None,
        *,
        most_areas: int = MOST_AREAS,
    ) -> None:
        rows = coverage.rows(level)
        shapes = coverage.shapes[rows]
        rows = rows[
            ~coverage.hidden[rows] & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)
        ]
        if not len(rows):
            raise NotFound(f"Edition '{coverage.edition}' has no areas of that level.", got=level)
        self.level = level
        self._coverage = coverage
        self._most_areas = most_areas
        self._rows = rows
        self._shapes = coverage.shapes[rows]
        self.tag = _digest(coverage, level, rows)
        self._ladder = Ladder(self._shapes, None if folder is None else folder / self.tag)
        self._columns = _columns(coverage, rows)
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, int, int, tuple[str, ...]], bytes] = OrderedDict()
        self._bytes = 0

    @cached_property
    def least_zoom(self) -> int:
        """The coarsest zoom that has tiles: at it and all finer ones none is too full."""
        west, south, east, north = shapely.bounds(self._shapes).T
        spots = mercator(np.column_stack([(west + east) / 2, (south + north) / 2]))
        for zoom in range(FINEST):
            cells = (spots * (1 << zoom)).astype(np.int64)
            _, areas = np.unique(cells[:, 0] << 32 | cells[:, 1], return_counts=True)
            if areas.max() <= self._most_areas:
                return zoom
        return FINEST

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north in degrees."""
        west, south, east, north = shapely.total_bounds(self._shapes).tolist()
        return west, south, east, north

    def __len__(self) -> int:
        """Return the number of areas."""
        return len(self._rows)

    def tile(self, z: int, x: int, y: int, fields: Sequence[str] = FIELDS) -> bytes:
        """Return a tile, empty where there is no area and at zooms before `least_zoom`.

        Parameters
        ----------
        fields : sequence of str
            Of :data:`FIELDS`, those that whoever asks may see.

        Raises
        ------
        BadValue
            When there is no such tile.
        """
        check_tile(z, x, y)
        if z < self.least_zoom:
            return b""
        key = (z, x, y, tuple(fields))
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
        made = self._made(z, x, y, fields)
        if not made:
            # There are more places without anything than could be kept, and they cost little.
            return made
        with self._lock:
            self._bytes += len(made) - len(self._kept.pop(key, b""))
            self._kept[key] = made
            while self._bytes > KEPT_BYTES:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return made

    def _made(self, z: int, x: int, y: int, fields: Sequence[str]) -> bytes:
        box = bounds_of_tile(z, x, y, around=_AROUND)
        rows, drawn = self._ladder.within(z, box)
        if not len(rows):
            return b""
        west, north, east, south = shapely.bounds(drawn).reshape(-1, 4).T
        whole = (west >= box[0]) & (north >= box[1]) & (east <= box[2]) & (south <= box[3])
        drawn[~whole] = shapely.clip_by_rect(drawn[~whole], *box)
        scale = float(1 << z)
        moved = shapely.transform(drawn, lambda xy: (xy * scale - (x, y)) * EXTENT)
        return encode_layer(
            self.level,
            rings_of(moved),
            (rows + 1).tolist(),
            {name: self._columns[name][rows].tolist() for name in fields},
        )


def _columns(coverage: Coverage, rows: NDArray[np.int64]) -> Mapping[str, NDArray[np.object_]]:
    parent = coverage.parent[rows]
    above = np.array([coverage.code[p] if p >= 0 else "" for p in parent.tolist()], dtype=object)
    return {
        "code": coverage.code[rows],
        "name": coverage.name[rows],
        "name_en": coverage.name_en[rows],
        "kind": coverage.kind[rows],
        "parent_code": above,
    }


def _digest(coverage: Coverage, level: str, rows: NDArray[np.int64]) -> str:
    """Return what tells these tiles from any others: of all that is drawn and said."""
    digest = blake2b(f"2\0{level}\0".encode(), digest_size=16)
    for column in _columns(coverage, rows).values():
        for text in column.tolist():
            digest.update(str(text or "").encode("utf-8", "surrogatepass") + b"\0")
    for blob in shapely.to_wkb(coverage.shapes[rows]).tolist():
        digest.update(blob)
    return digest.hexdigest()
