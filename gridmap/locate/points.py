"""Read points as they came in: to store coordinates, with the reasons where that fails."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gridmap.crs import in_gcj_area, normalise_name, to_wgs84
from gridmap.errors import BadValue, UnknownCoordSys
from gridmap.locate.borders import Floats, Ints
from gridmap.locate.model import Points
from gridmap.locate.text import add_warning, text_array

__all__ = ["read_points"]

# Systems that leave a point where it is when it lies outside their box.
_SHIFTED = ("gcj02", "bd09")


def read_points(points: Points) -> tuple[Floats, Floats, NDArray[np.object_]]:
    """Convert points to WGS-84 longitude and latitude, each group of a system at once.

    Returns
    -------
    lon, lat : float64 (n,)
        NaN where the point is invalid: missing, infinite, out of range, exactly 0,0 in the
        system given, or in a system unknown for that point.
    warning : object (n,) of str
        Why, and that a point said to be in a shifted system lies where none applies.

    Raises
    ------
    UnknownCoordSys
        When one system is declared for all points and it is unknown.
    BadValue
        When the columns are not numbers of one length.
    """
    x, y = _column(points.x, len(points)), _column(points.y, len(points))
    warning = text_array([""] * len(points))
    _add_notes(points, np.isnan(x) | np.isnan(y), warning)
    lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
    island = (x == 0) & (y == 0)
    add_warning(warning, island, "null_island")
    for name, rows in _by_system(points):
        if name is None:
            add_warning(warning, rows, "unknown_coord_sys")
            continue
        some = rows[~island[rows]]
        lon[some], lat[some] = to_wgs84(x[some], y[some], name)
        missing = np.isnan(x[some]) | np.isnan(y[some])
        add_warning(warning, some[np.isnan(lon[some]) & ~missing], "out_of_range")
        if name in _SHIFTED:
            away = np.isfinite(lon[some]) & ~in_gcj_area(lon[some], lat[some])
            add_warning(warning, some[away], "outside_gcj_area")
    return lon, lat, warning


def _column(values: NDArray[np.float64], n: int) -> Floats:
    try:
        column = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadValue("Coordinates must be numbers.", got=str(error)) from error
    if column.shape != (n,):
        raise BadValue("Points need as many y as x.", got=column.shape, allowed=f"({n},)")
    return column


def _add_notes(points: Points, missing: NDArray[np.bool_], warning: NDArray[np.object_]) -> None:
    """Carry the notes of unreadable points; a point without coordinates needs a reason."""
    if points.note is not None:
        if len(points.note) != len(points):
            raise BadValue("Points need one note each.", got=len(points.note))
        # The separator of warnings cannot be part of one.
        warning[:] = [
            note.replace(";", ",") if isinstance(note, str) else "" for note in points.note
        ]
    add_warning(warning, missing & (warning == ""), "missing")


def _by_system(points: Points) -> list[tuple[str | None, Ints]]:
    """Rows of each coordinate system by its normal name; None for unknown ones."""
    if isinstance(points.coord_sys, str):
        return [(normalise_name(points.coord_sys), np.arange(len(points)))]
    given = points.coord_sys.tolist()
    if len(given) != len(points):
        raise BadValue("Points need one coordinate system each.", got=len(given))
    number: dict[str | None, int] = {}
    of_point = np.fromiter((number.setdefault(s, len(number)) for s in given), np.int64, len(given))
    return [(_normal(name), np.flatnonzero(of_point == i)) for name, i in number.items()]


def _normal(name: str | None) -> str | None:
    try:
        return normalise_name(name) if isinstance(name, str) else None
    except UnknownCoordSys:
        return None
