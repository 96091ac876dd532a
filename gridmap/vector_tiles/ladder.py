"""The areas of a level at each zoom: simplified as one coverage, the fine zooms first.

Of the square's areas what is smaller than half a pixel of a screen is taken out. A coarser zoom
is made from the finer one: the same vertices remain as from the areas themselves, for they go in
the order of how little they matter, and it takes a fraction of the time.
"""

from __future__ import annotations

import logging
import os
import secrets
import struct
import threading
import zipfile
import zlib
from functools import cached_property
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.vector_tiles.grid import mercator

__all__ = ["FINEST", "Ladder"]

log = logging.getLogger("gridmap.vector_tiles")

# From here on tiles hold every vertex.
FINEST = 15
COARSEST = 6
# Half a pixel where a tile is drawn 512 pixels wide.
_TOLERANCE = 1 / 1024

Objects = NDArray[np.object_]

# What is said of a file that is empty, cut, or changed at any place.
_DAMAGED = (
    OSError,
    EOFError,
    ValueError,
    LookupError,
    RuntimeError,
    MemoryError,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    shapely.errors.ShapelyError,
)


class Ladder:
    """Shapes in the Mercator square, by zoom.

    Parameters
    ----------
    shapes : object (n,) of Polygon or MultiPolygon
        EPSG:4326; together a coverage.
    saved : Path, optional
        Beginning of the files that simplified shapes are kept in, so that other processes and
        later ones only read them. They are copies: one that cannot be read is made anew.
    """

    def __init__(self, shapes: Objects, saved: Path | None = None) -> None:
        self._shapes = shapes
        self._saved = saved
        self._lock = threading.Lock()
        self._made: dict[int, tuple[Objects, shapely.STRtree]] = {}

    def within(
        self, zoom: int, box: tuple[float, float, float, float]
    ) -> tuple[NDArray[np.int64], Objects]:
        """Return the shapes of a zoom that may touch a box of the square: numbers, and shapes."""
        step = min(max(zoom, COARSEST), FINEST)
        if step == FINEST:
            # Not kept a second time: a tile of such a zoom holds few of them.
            rows = np.sort(self._boxes.query(shapely.box(*box)))
            return rows, shapely.transform(self._shapes[rows], mercator)
        shapes, tree = self._made.get(step) or self._at(step)
        rows = np.sort(tree.query(shapely.box(*box)))
        return rows, shapes[rows]

    @cached_property
    def _boxes(self) -> shapely.STRtree:
        west, south, east, north = shapely.bounds(self._shapes).T
        low = mercator(np.column_stack([west, north]))
        high = mercator(np.column_stack([east, south]))
        return shapely.STRtree(shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1]))

    def _at(self, step: int) -> tuple[Objects, shapely.STRtree]:
        with self._lock:
            if step not in self._made:
                shapes = self._simplified(step)
                self._made[step] = (shapes, shapely.STRtree(shapes))
            return self._made[step]

    def _simplified(self, step: int) -> Objects:
        """Return the shapes of a zoom: read, or made from the next finer ones. Locked."""
        shapes = self._made[step][0] if step in self._made else self._read(step)
        if shapes is not None:
            return shapes
        finer = (
            shapely.transform(self._shapes, mercator)
            if step + 1 == FINEST
            else self._simplified(step + 1)
        )
        shapes = np.asarray(shapely.coverage_simplify(finer, _TOLERANCE / (1 << step)))
        self._keep(step, shapes)
        return shapes

    def _path(self, step: int) -> Path | None:
        saved = self._saved
        return None if saved is None else saved.with_name(f"{saved.name}.{step}.npz")

    def _read(self, step: int) -> Objects | None:
        path = self._path(step)
        if path is None or not path.exists():
            return None
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as held:
                offsets = tuple(held[name] for name in ("rings", "polygons", "shapes"))
                shapes = shapely.from_ragged_array(
                    shapely.GeometryType.MULTIPOLYGON, held["xy"], offsets
                )
        except _DAMAGED as error:
            log.warning("simplified areas are made anew, %s cannot be read: %s", path, error)
            return None
        return shapes if len(shapes) == len(self._shapes) else None

    def _keep(self, step: int, shapes: Objects) -> None:
        path = self._path(step)
        if path is None:
            return
        several = np.array(
            [s if s.geom_type == "MultiPolygon" else shapely.MultiPolygon([s]) for s in shapes],
            dtype=object,
        )
        _, xy, (rings, polygons, owners) = shapely.to_ragged_array(several)
        part = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as out:
                np.savez(out, xy=xy, rings=rings, polygons=polygons, shapes=owners)
                # After a power cut the name must not stand for a file that was never written.
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
        except OSError as error:
            # A folder that cannot be written costs time at every start and nothing else.
            log.warning("simplified areas are not kept: %s: %s", path, error.strerror or error)
            part.unlink(missing_ok=True)
