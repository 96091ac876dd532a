"""From a batch of rows to points: coordinates, systems, accuracies, times."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from gridmap.bulk.astext import as_text
from gridmap.bulk.columns import ColumnPlan
from gridmap.bulk.model import Rows, Times
from gridmap.bulk.values import MomentReader, Numbers, numbers, shown
from gridmap.crs import normalise_name
from gridmap.errors import UnknownCoordSys
from gridmap.locate.model import Points

__all__ = ["PointReader", "ReadPoints"]


@dataclass(frozen=True, slots=True, eq=False)
class ReadPoints:
    """The points of a batch, and what was noticed in reading them.

    Attributes
    ----------
    points : Points
    remarks : dict of int to list of str
        Warnings of rows, to be joined to those of the answer.
    systems : dict of str to int
        Rows by coordinate system.
    items : object (n,) of str or None, or None
        Values of the item column.
    times : Times
    """

    points: Points
    remarks: dict[int, list[str]]
    systems: dict[str, int]
    items: NDArray[np.object_] | None
    times: Times


class PointReader:
    """Reads the points of one file, batch by batch."""

    def __init__(self, plan: ColumnPlan, zone: ZoneInfo) -> None:
        self._plan = plan
        self._moments = MomentReader(zone)
        self._names: dict[str, str | None] = {}

    def read(self, rows: Rows) -> ReadPoints:
        """Return the points; a row that cannot be used is NaN with a note why."""
        plan, table = self._plan, rows.table
        remarks: dict[int, list[str]] = {}
        x, y, faults = self._places(rows)
        counted: Counter[str] = Counter()
        systems = self._systems(table, remarks, faults, counted)
        accuracy = self._accuracy(table, remarks)
        times = Times(
            self._times(table, plan.at, remarks), self._times(table, plan.observed, remarks)
        )
        note: NDArray[np.object_] | None = None
        if faults:
            note = np.full(len(x), None, object)
            for i, text in faults.items():
                note[i] = text
                x[i] = y[i] = np.nan
        return ReadPoints(
            Points(x, y, systems, accuracy_m=accuracy, at=times.event(), note=note),
            remarks,
            dict(counted),
            None if plan.item is None else _objects(as_text(table.column(plan.item))),
            times,
        )

    def _times(
        self, table: pa.RecordBatch, column: str | None, remarks: dict[int, list[str]]
    ) -> list[datetime | None] | None:
        if column is None:
            return None
        moments, wrong = self._moments.read(table.column(column))
        for i, text in wrong.items():
            remarks.setdefault(i, []).append(f"time_unreadable: {shown(text)}")
        return moments

    def _places(
        self, rows: Rows
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[int, str]]:
        if self._plan.lon is None or self._plan.lat is None:
            assert rows.geometry is not None
            return _from_geometry(rows.geometry)
        x = numbers(rows.table.column(self._plan.lon))
        y = numbers(rows.table.column(self._plan.lat))
        faults = _faults(x, y)
        return np.array(x.values), np.array(y.values), faults

    def _systems(
        self,
        table: pa.RecordBatch,
        remarks: dict[int, list[str]],
        faults: dict[int, str],
        counted: Counter[str],
    ) -> str | NDArray[np.object_]:
        if self._plan.coord_sys_column is None:
            constant = self._plan.coord_sys or "wgs84"
            counted[constant] = table.num_rows
            return constant
        text = pc.utf8_trim_whitespace(as_text(table.column(self._plan.coord_sys_column)))
        coded = pc.fill_null(text, "").dictionary_encode()
        given: list[str] = coded.dictionary.to_pylist()
        index = coded.indices.to_numpy(zero_copy_only=False)
        known = [self._name(name) for name in given]
        rows_of = np.bincount(index, minlength=len(given)).tolist()
        for k, (name, system) in enumerate(zip(given, known, strict=True)):
            counted[system or "unknown"] += rows_of[k]
            if system is None:
                for i in np.flatnonzero(index == k).tolist():
                    faults.setdefault(i, f"unknown_coord_sys: {shown(name)}")
            elif not name:
                for i in np.flatnonzero(index == k).tolist():
                    remarks.setdefault(i, []).append("coord_sys_assumed")
        table_of_names = np.array([name or "wgs84" for name in known], object)
        systems: NDArray[np.object_] = table_of_names[index]
        return systems

    def _name(self, text: str) -> str | None:
        """Name of a row's system; None when it is not known, WGS-84 when it is empty."""
        if not text:
            return "wgs84"
        if text not in self._names:
            try:
                self._names[text] = normalise_name(text)
            except UnknownCoordSys:
                self._names[text] = None
        return self._names[text]

    def _accuracy(
        self, table: pa.RecordBatch, remarks: dict[int, list[str]]
    ) -> NDArray[np.float64] | None:
        if self._plan.accuracy is None:
            return None
        read = numbers(table.column(self._plan.accuracy))
        for i in read.wrong:
            remarks.setdefault(i, []).append("accuracy_ignored")
        return read.values


def _faults(x: Numbers, y: Numbers) -> dict[int, str]:
    """Why the coordinates of a row cannot be used."""
    faults = {i: f"unparseable: {shown(text)}" for i, text in y.wrong.items()}
    faults |= {i: f"unparseable: {shown(text)}" for i, text in x.wrong.items()}
    for i in np.flatnonzero(x.missing | y.missing).tolist():
        faults.setdefault(i, "missing")
    return faults


def _from_geometry(
    wkb: pa.Array,
) -> tuple[NDArray[np.float64], NDArray[np.float64], dict[int, str]]:
    shapes = shapely.from_wkb(wkb.to_numpy(zero_copy_only=False), on_invalid="ignore")
    single = (shapely.get_type_id(shapes) == _MULTIPOINT) & (
        shapely.get_num_geometries(shapes) == 1
    )
    shapes = np.where(single, shapely.get_geometry(shapes, 0), shapes)
    kinds = shapely.get_type_id(shapes)
    # GEOS refuses to tell where an empty point is; for all other shapes both are NaN.
    somewhere = np.where(shapely.is_empty(shapes), None, shapes)
    x, y = shapely.get_x(somewhere), shapely.get_y(somewhere)
    faults = {
        i: f"unparseable: geometry is a {shapes[i].geom_type}"
        for i in np.flatnonzero((kinds != _POINT) & (kinds >= 0)).tolist()
    }
    for i in np.flatnonzero((kinds < 0) | shapely.is_empty(shapes)).tolist():
        faults[i] = "missing"
    return x, y, faults


_POINT, _MULTIPOINT = 0, 4


def _objects(column: pa.Array) -> NDArray[np.object_]:
    found: NDArray[np.object_] = column.to_numpy(zero_copy_only=False)
    return found
