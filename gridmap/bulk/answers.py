"""The columns that `assign` adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from gridmap.bulk.coded import coded_text, shared_text
from gridmap.bulk.model import ROUTE_COLUMNS
from gridmap.errors import BadValue
from gridmap.locate.codes import CodeColumns
from gridmap.locate.model import Locations, NearArea
from gridmap.locate.near import NearAreas, NearestAreas

__all__ = ["PREFIX", "AnswerColumns", "geometry_column"]

PREFIX = "gm_"
_FIXED = (
    "location_status",
    "certain_level",
    "margin_m",
    "candidates",
    "nearest",
    "nearest_m",
    "edition",
    "warning",
)
_PLACE = ("lon", "lat")
_NUMBERS = {"margin_m", "nearest_m", "confidence", *_PLACE}


@dataclass(frozen=True, slots=True)
class AnswerColumns:
    """Names and types of the added columns.

    Attributes
    ----------
    levels : tuple of str
        Coarse to fine, one column each.
    prefix : str
        Before every name.
    place : tuple of str
        Names of two more columns, longitude and latitude, when the points came from geometry
        and the output has none; else empty. Their names are chosen apart: an input that
        carries its own `lon` and `lat` beside the geometry is no reason to rename the rest.
    routed : bool
        Add the columns of routing.
    """

    levels: tuple[str, ...]
    prefix: str
    place: tuple[str, ...]
    routed: bool

    @classmethod
    def beside(
        cls, taken: Sequence[str], levels: Sequence[str], *, place: bool, routed: bool, fold: bool
    ) -> AnswerColumns:
        """Choose names that are free beside the input's.

        With `fold`, names that differ in case only are the same (SQLite's rule).

        Raises
        ------
        BadValue
            When a name is taken with and without the prefix.
        """
        there = {name.lower() if fold else name for name in taken}
        at = "" if not place or there.isdisjoint(_PLACE) else PREFIX
        places = tuple(at + name for name in _PLACE) if place else ()
        for prefix in ("", PREFIX):
            added = cls(tuple(levels), prefix, places, routed)
            clash = [name for name in added.names if name in there]
            if not clash:
                return added
        raise BadValue(
            f"The input already has added columns, with and without the prefix {PREFIX}.",
            got=clash,
            repair="Remove or rename them, or assign the original file.",
        )

    @property
    def bare_names(self) -> tuple[str, ...]:
        """Names without the prefix, in their order."""
        place = _PLACE if self.place else ()
        routed = ROUTE_COLUMNS if self.routed else ()
        return (*place, *self.levels, *_FIXED, *routed)

    @property
    def names(self) -> tuple[str, ...]:
        """Names as they stand in the output."""
        rest = self.bare_names[len(self.place) :]
        return (*self.place, *(self.prefix + name for name in rest))

    @property
    def fields(self) -> list[pa.Field]:
        """Names and types."""
        return [
            pa.field(name, _type(bare))
            for name, bare in zip(self.names, self.bare_names, strict=True)
        ]

    def build(
        self,
        found: Locations,
        remarks: Mapping[int, list[str]],
        routed: Mapping[str, Sequence[Any]] | None,
    ) -> dict[str, pa.Array]:
        """Return the columns of one batch by bare name; text may be in a dictionary."""
        n = len(found)
        columns = {name: _codes(found.codes, name, n) for name in self.levels}
        columns |= {
            "location_status": shared_text(found.status),
            "certain_level": shared_text(found.certain_level),
            "margin_m": _metres(found.margin_m),
            "candidates": _candidates(n, _entries(found.candidates)),
            **_nearest(n, found.nearest),
            "edition": shared_text(found.edition),
            "warning": _warnings(found, remarks),
        }
        if self.place:
            columns |= {"lon": _degrees(found.lon), "lat": _degrees(found.lat)}
        if self.routed:
            assert routed is not None
            columns |= {name: pa.array(list(routed[name]), _type(name)) for name in ROUTE_COLUMNS}
        return {name: columns[name] for name in self.bare_names}


def _type(bare: str) -> pa.DataType:
    return pa.float64() if bare in _NUMBERS else pa.string()


def geometry_column(found: Locations) -> pa.Array:
    """Return the points as WKB, longitude and latitude in EPSG:4326; null where invalid."""
    valid = np.isfinite(found.lon) & np.isfinite(found.lat)
    points = np.full(len(found), None, object)
    points[valid] = shapely.to_wkb(shapely.points(found.lon[valid], found.lat[valid]))
    return pa.array(points, pa.binary())


def _text(values: NDArray[np.object_]) -> pa.Array:
    return pa.array(values, pa.string())


def _codes(codes: Mapping[str, NDArray[np.object_]], level: str, n: int) -> pa.Array:
    if level not in codes:
        return pa.nulls(n, pa.string())
    return (
        coded_text(codes.coded(level))
        if isinstance(codes, CodeColumns)
        else shared_text(codes[level])
    )


def _entries(found: Mapping[int, tuple[NearArea, ...]]) -> NearAreas:
    """The candidates as columns, which they mostly are already."""
    if isinstance(found, NearAreas):
        return found
    rows = [(i, area) for i, areas in sorted(found.items()) for area in areas]
    return NearAreas(
        np.array([i for i, _ in rows], np.int64),
        np.array([area.level for _, area in rows], object),
        np.array([area.code for _, area in rows], object),
        np.array([area.distance_m for _, area in rows], np.float64),
    )


def _candidates(n: int, near: NearAreas) -> pa.Array:
    """Codes joined by ``;``, null where there are none."""
    count = np.bincount(near.owner, minlength=n)
    offsets = np.r_[0, np.cumsum(count)].astype(np.int32)
    lists = pa.ListArray.from_arrays(pa.array(offsets), _text(near.code))
    return pc.if_else(pa.array(count > 0), pc.binary_join(lists, ";"), None)


def _nearest(n: int, found: Mapping[int, NearArea]) -> dict[str, pa.Array]:
    if isinstance(found, NearestAreas):
        near = found.columns
    else:
        near = _entries({i: (area,) for i, area in found.items()})
    entry, metres = np.full(n, -1, np.int32), np.full(n, np.nan)
    entry[near.owner] = np.arange(len(near.owner))
    metres[near.owner] = near.distance_m
    code = shared_text(near.code).take(pa.array(entry, mask=entry < 0))
    return {"nearest": code, "nearest_m": _metres(metres)}


def _metres(values: NDArray[np.float64]) -> pa.Array:
    """To the centimetre, null where there is none; a place is not known better."""
    # 0.0 is added because rounding may leave a minus on zero.
    return pc.round(pa.array(values + 0.0, pa.float64(), from_pandas=True), 2)


def _degrees(values: NDArray[np.float64]) -> pa.Array:
    return pa.array(np.round(values, 8), pa.float64(), from_pandas=True)


def _warnings(found: Locations, remarks: Mapping[int, list[str]]) -> pa.Array:
    warnings = found.warning
    if remarks:
        warnings = warnings.copy()
        for i, own in remarks.items():
            said = [text for text in (warnings[i] or "").split(";") if text]
            warnings[i] = ";".join([*said, *(text for text in own if text not in said)])
    return shared_text(warnings, empty=False)
