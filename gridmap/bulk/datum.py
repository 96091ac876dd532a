"""A sample of the points that go by, and what it says about their coordinate system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds
from numpy.typing import NDArray

from gridmap.bulk.astext import as_text
from gridmap.bulk.model import Locate
from gridmap.coverage.datum.points import Held, points_evidence
from gridmap.errors import UnknownCoordSys
from gridmap.locate.model import LocationStatus, Points

__all__ = ["DatumSample"]

_SIZE = 2000
_FEWEST = 50  # of one system
_COLUMNS = 40
_LONGEST = 64  # characters of a value that may be a code
_IN_AN_AREA = (LocationStatus.INSIDE, LocationStatus.BOUNDARY, LocationStatus.AMBIGUOUS)


class DatumSample:
    """At most two thousand points drawn at random from all that pass, in constant memory.

    The draw is seeded: the same file gives the same sample.
    """

    def __init__(self) -> None:
        self._dice = np.random.default_rng(20260301)
        self._key = np.empty(0)
        self._xy = np.empty((0, 2))
        self._system = np.empty(0, object)
        self._at: NDArray[np.object_] = np.empty(0, object)
        self._columns: dict[str, NDArray[np.object_]] = {}

    def add(self, table: pa.RecordBatch, points: Points) -> None:
        """Let a batch pass: the input's rows and the points read from them."""
        usable = np.isfinite(points.x) & np.isfinite(points.y)
        usable &= ~((points.x == 0) & (points.y == 0))
        key = self._dice.random(len(points))
        # What is drawn already leaves room only for smaller keys.
        limit = self._key.max() if len(self._key) == _SIZE else np.inf
        rows = np.flatnonzero(usable & (key < limit))
        if not len(rows):
            return
        keys = np.concatenate([self._key, key[rows]])
        kept = np.argsort(keys)[:_SIZE]
        drawn = (np.column_stack([points.x, points.y])[rows], _systems(points)[rows])
        self._key = keys[kept]
        self._xy = np.concatenate([self._xy, drawn[0]])[kept]
        self._system = np.concatenate([self._system, drawn[1]])[kept]
        self._at = np.concatenate([self._at, _moments(points)[rows]])[kept]
        texts = _texts(table, pa.array(rows))
        self._columns = {
            name: np.concatenate([self._columns.get(name, self._blank(len(keys), values)), values])[
                kept
            ]
            for name, values in texts.items()
        }

    @staticmethod
    def _blank(total: int, values: NDArray[np.object_]) -> NDArray[np.object_]:
        return _objects([None] * (total - len(values)))

    def state(self) -> dict[str, Any]:
        """Return the sample and the dice as JSON has them."""
        return {
            "dice": self._dice.bit_generator.state,
            "key": self._key.tolist(),
            "xy": self._xy.tolist(),
            "system": self._system.tolist(),
            "at": [None if one is None else one.isoformat() for one in self._at.tolist()],
            "columns": {name: values.tolist() for name, values in self._columns.items()},
        }

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Go on from what :meth:`state` gave."""
        self._dice.bit_generator.state = state["dice"]
        self._key = np.array(state["key"], float)
        self._xy = np.array(state["xy"], float).reshape(-1, 2)
        self._system = _objects(state["system"])
        self._at = _objects([one and datetime.fromisoformat(one) for one in state["at"]])
        self._columns = {name: _objects(values) for name, values in state["columns"].items()}

    def warning(self, locate: Locate) -> str:
        """Return what is clearly wrong with the coordinate systems stated, else nothing."""
        found = [self._of(str(name), locate) for name in sorted(set(self._system.tolist()))]
        return " ".join(text for text in found if text)

    def _of(self, system: str, locate: Locate) -> str:
        rows = np.flatnonzero(self._system == system)
        if len(rows) < _FEWEST:
            return ""

        def hold(lon: NDArray[np.float64], lat: NDArray[np.float64], of: NDArray[np.int64]) -> Held:
            moments = self._at[rows[of]].tolist()
            found = locate(Points(lon, lat, at=moments if any(moments) else None))
            return Held(np.isin(found.status.astype(str), _IN_AN_AREA), found.codes)

        x, y = self._xy[rows].T
        columns = {name: values[rows] for name, values in self._columns.items()}
        try:
            found = points_evidence(x, y, system, hold, columns=columns)
        except UnknownCoordSys:  # said of each row already
            return ""
        return found.text if found.verdict == "other_system" else ""


def _systems(points: Points) -> NDArray[np.object_]:
    if isinstance(points.coord_sys, str):
        return np.full(len(points), points.coord_sys, object)
    return points.coord_sys


def _moments(points: Points) -> NDArray[np.object_]:
    return _objects([None] * len(points) if points.at is None else points.at)


def _texts(table: pa.RecordBatch, rows: pa.Array) -> dict[str, NDArray[np.object_]]:
    """Columns that may hold codes, as text of some rows; empty and long values are none."""
    found = {}
    for name, column in zip(table.schema.names[:_COLUMNS], table.columns, strict=False):
        kind = column.type
        if kinds.is_string(kind) or kinds.is_integer(kind) or kinds.is_dictionary(kind):
            values = [v.strip() if v else None for v in as_text(column.take(rows)).to_pylist()]
            found[name] = _objects([v if v and len(v) <= _LONGEST else None for v in values])
    return found


def _objects(values: Sequence[Any]) -> NDArray[np.object_]:
    out = np.full(len(values), None, object)
    out[:] = list(values)
    return out
