"""Which column of the input is what: as named by the caller, else as its name says."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import pyarrow as pa

from gridmap.bulk.model import Source
from gridmap.coordsys import COORD_SYSTEMS, declared_system, normalise_name
from gridmap.errors import BadValue, MissingColumn, UnknownCoordSys

__all__ = ["ColumnPlan", "plan_columns"]

# The first pair present wins. Compared without case and surrounding spaces.
_PAIRS = (
    ("lon", "lat"),
    ("lng", "lat"),
    ("long", "lat"),
    ("longitude", "latitude"),
    ("经度", "纬度"),
    ("gps_lon", "gps_lat"),
    ("point_x", "point_y"),
    ("x坐标", "y坐标"),
    ("x", "y"),
)
_COORD_SYS_NAMES = ("coord_sys", "坐标系")


@dataclass(frozen=True, slots=True)
class ColumnPlan:
    """Where the points are in the input.

    Attributes
    ----------
    lon, lat : str or None
        Columns; both None when the geometry is used.
    coord_sys : str or None
        The one system of all rows, as :func:`gridmap.crs.normalise_name` calls it.
    coord_sys_column, accuracy, at, observed, item : str or None
        Columns.
    notes : tuple of str
        What was assumed.
    """

    lon: str | None
    lat: str | None
    coord_sys: str | None
    coord_sys_column: str | None
    accuracy: str | None
    at: str | None
    observed: str | None
    item: str | None
    notes: tuple[str, ...]

    @property
    def from_geometry(self) -> bool:
        """True when the points are the input's geometry."""
        return self.lon is None

    def used(self) -> dict[str, str]:
        """What each column was used as, for the summary."""
        found = {
            "lon": self.lon or "geometry",
            "lat": self.lat or "geometry",
            "coord_sys": self.coord_sys_column or self.coord_sys,
            "accuracy": self.accuracy,
            "at": self.at,
            "observed": self.observed,
            "item": self.item,
        }
        return {role: name for role, name in found.items() if name is not None}


def plan_columns(
    source: Source,
    *,
    lon: str | None = None,
    lat: str | None = None,
    coord_sys: str | None = None,
    accuracy: str | None = None,
    at: str | None = None,
    observed: str | None = None,
    item: str | None = None,
) -> ColumnPlan:
    """Decide where the points are.

    Raises
    ------
    MissingColumn
        A named column is not there, or none is named and no name is telling.
    BadValue
        Only one of `lon` and `lat` is given, or a needed column is there twice.
    UnknownCoordSys
        `coord_sys` is neither a system nor a column, or geometry declares no system.
    """
    schema = source.schema
    notes: list[str] = []
    x, y = _place_columns(source, lon, lat)
    system, system_column = _system(source, coord_sys, x is None, notes)
    plan = ColumnPlan(x, y, system, system_column, accuracy, at, observed, item, tuple(notes))
    for name in (x, y, system_column, accuracy, at, observed, item):
        if name is not None:
            _check(schema, name)
    return plan


def _place_columns(
    source: Source, lon: str | None, lat: str | None
) -> tuple[str, str] | tuple[None, None]:
    if lon is not None and lat is not None:
        return lon, lat
    if lon is not None or lat is not None:
        raise BadValue(
            "Longitude and latitude are two columns.",
            got=f"only --{'lon' if lon is not None else 'lat'}",
            repair="Name both --lon and --lat, or neither.",
        )
    if source.has_geometry:
        return None, None
    names = {name.strip().casefold(): name for name in reversed(source.schema.names)}
    for first, second in _PAIRS:
        if first in names and second in names:
            return names[first], names[second]
    raise MissingColumn(
        "No column is named like a longitude and a latitude.",
        got=source.schema.names,
        allowed=" or ".join(f"{first}, {second}" for first, second in _PAIRS[:5]),
        repair="Name the columns with --lon and --lat.",
    )


def _system(
    source: Source, given: str | None, from_geometry: bool, notes: list[str]
) -> tuple[str | None, str | None]:
    """The one system of all rows, or the column that names each row's."""
    if given is not None:
        return _given_system(source.schema, given, notes)
    if from_geometry:
        declared = declared_system(source.crs)
        if declared is None:
            raise UnknownCoordSys(
                "The layer does not say in which coordinate system its points are.",
                allowed=[*COORD_SYSTEMS, "EPSG:nnnn"],
                repair="Declare it with --coord-sys.",
            )
        return normalise_name(declared), None
    for name in source.schema.names:
        if name.strip().casefold() in _COORD_SYS_NAMES:
            notes.append(f"coordinate systems were read from the column '{name}'")
            return None, name
    notes.append("no coordinate system was named: the coordinates were taken as wgs84")
    return "wgs84", None


def _given_system(schema: pa.Schema, given: str, notes: list[str]) -> tuple[str | None, str | None]:
    try:
        system = normalise_name(given)
    except UnknownCoordSys as error:
        if given in schema.names:
            return None, given
        raise UnknownCoordSys(
            "This is neither a known coordinate system nor a column of the input.",
            got=repr(given),
            allowed=[*COORD_SYSTEMS, "EPSG:nnnn", *schema.names],
            repair=error.repair,
        ) from error
    if given in schema.names:
        notes.append(f"'{given}' is a coordinate system and a column: the system was meant")
    return system, None


def _check(schema: pa.Schema, name: str) -> None:
    found = len(schema.get_all_field_indices(name))
    if found > 1:
        raise BadValue(
            "The column is in the input more than once.", got=name, repair="Rename one of them."
        )
    if not found:
        close = difflib.get_close_matches(name, schema.names, 1)
        raise MissingColumn(
            "There is no such column in the input.",
            got=name,
            allowed=schema.names,
            repair=f"Did you mean '{close[0]}'?" if close else "Check the spelling.",
        )
