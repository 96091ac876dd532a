"""Compile the spatial index beforehand: ``python -m gridmap.locate.tiles``."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import shapely

__all__ = ["main"]

_T = TypeVar("_T")


def main() -> None:
    """Use every part of an index once, and print what that took, compiling included."""
    began = time.process_time()
    from gridmap.locate.tiles.compact import compact
    from gridmap.locate.tiles.index import TileIndex
    from gridmap.locate.tiles.one import NOTHING, OWN

    _say("numba", began)
    turned = np.linspace(0, 2 * np.pi, 400)
    coast = np.stack([10 + 1e-3 * np.cos(turned), 50 + 1e-3 * np.sin(turned)], axis=1)
    atoms = np.array([shapely.box(9, 49, 11, 51), shapely.Polygon(coast)], np.object_)
    x, y, own = np.array([10.0, 10.001, 12.0]), np.full(3, 50.0), np.array([0, 1, 1])
    index = _timed("building", lambda: TileIndex(atoms, tiles_per_atom=1))
    _timed("points", lambda: index.first(x, y))
    _timed("one point", lambda: index.first_one(10.0, 50.0))
    levels = np.array([[NOTHING, OWN], [0, OWN]], np.int32)
    _timed("one with margins", lambda: index.one_point(index, levels)(10.0, 50.0))
    columns = np.zeros((2, 3), np.int32)
    _timed(
        "columns", lambda: compact(index.first(x, y)[0], columns, columns.copy(), columns.copy())
    )
    _timed("exact answers", lambda: index.touching(x, y))
    _timed("margins", lambda: index.margin(x, y, own))
    _timed("candidates", lambda: index.within(x, y, np.full(3, 25.0)))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "index")
        _timed("files", lambda: index.save(path, "warm"))
    _say("in all", began)


def _timed(what: str, use: Callable[[], _T]) -> _T:
    began = time.process_time()
    result = use()
    _say(what, began)
    return result


def _say(what: str, began: float) -> None:
    sys.stdout.write(f"{what:<16} {time.process_time() - began:6.2f} s\n")


if __name__ == "__main__":
    main()
