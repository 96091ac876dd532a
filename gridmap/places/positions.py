"""Where the records of a sheet are: positions and shapes, in the store's coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.crs import COORD_SYSTEMS, normalise_name, to_wgs84, transform_geometry
from gridmap.errors import BadValue, UnknownCoordSys
from gridmap.places.record import Record
from gridmap.places.sheet import Column, Sheet

__all__ = ["POSITION", "SHAPE", "positions", "shapes"]

Floats = NDArray[np.float64]

POSITION = (
    Column("lon", ("经度", "longitude", "lng", "x", "x坐标", "gps_lon")),
    Column("lat", ("纬度", "latitude", "y", "y坐标", "gps_lat")),
    Column("coord_sys", ("坐标系", "坐标系统")),
)
SHAPE = (Column("wkt", ("几何", "geometry", "geom", "the_geom")),)


def positions(sheet: Sheet, coord_sys: str | None) -> tuple[Floats, Floats]:
    """Return longitude and latitude of each record, EPSG:4326; NaN where it has none.

    Parameters
    ----------
    sheet : Sheet
        Opened with the columns :data:`POSITION`. A layer's points are taken before columns.
    coord_sys : str or None
        Of all positions; overrides what a layer declares. None: the column ``coord_sys`` of a
        table, the declaration of a layer.

    Raises
    ------
    UnknownCoordSys
        When a position has no coordinate system, or one that does not exist.

    Notes
    -----
    Faulty positions are noted on their records.
    """
    if sheet.geometry is not None:
        x, y = _points(sheet, sheet.geometry)
        names = [_declared(sheet, coord_sys)] * len(sheet.records)
    else:
        x = np.array([r.decimal("lon") for r in sheet.records], dtype=np.float64)
        y = np.array([r.decimal("lat") for r in sheet.records], dtype=np.float64)
        names = [_system(r, coord_sys) for r in sheet.records]
    lon, lat = np.full(len(x), np.nan), np.full(len(x), np.nan)
    given = np.isfinite(x) & np.isfinite(y)
    if not given.any():
        names = [""] * len(names)
    elif not all(name for name, there in zip(names, given.tolist(), strict=True) if there):
        raise UnknownCoordSys(
            f"{sheet.file} does not say in which coordinate system its positions are.",
            allowed=[*COORD_SYSTEMS, "EPSG:nnnn"],
            repair="Declare it with --coord-sys, or add a column coord_sys (坐标系).",
        )
    for name in sorted(set(names) - {""}):
        some = np.array([own == name for own in names]) & given
        lon[some], lat[some] = to_wgs84(x[some], y[some], name)
    for i, record in enumerate(sheet.records):
        _check(record, x[i], y[i], lon[i])
    return lon, lat


def _check(record: Record, x: float, y: float, lon: float) -> None:
    if np.isfinite(x) != np.isfinite(y):
        record.refuse("lat" if np.isfinite(x) else "lon", "is empty, the other is not")
    elif x == 0 and y == 0:
        record.refuse("lon", "is 0, and so is the latitude: that is no place")
    elif np.isfinite(x) and not np.isfinite(lon):
        record.refuse("lon", "gives no position in that system; are the two swapped?")


def _system(record: Record, coord_sys: str | None) -> str:
    own = record.text("coord_sys")
    return normalise_name(coord_sys or own) if coord_sys or own else ""


def _declared(sheet: Sheet, coord_sys: str | None) -> str:
    declared = coord_sys or sheet.crs
    if declared is None:
        raise UnknownCoordSys(
            f"{sheet.file} does not say in which coordinate system its geometry is.",
            allowed=[*COORD_SYSTEMS, "EPSG:nnnn"],
            repair="Declare it with --coord-sys.",
        )
    return normalise_name(declared)


def _points(sheet: Sheet, geometry: NDArray[np.object_]) -> tuple[Floats, Floats]:
    x, y = np.full(len(geometry), np.nan), np.full(len(geometry), np.nan)
    for i, (record, shape) in enumerate(zip(sheet.records, geometry, strict=True)):
        if shape is None or shape.is_empty:
            continue
        parts = shapely.get_parts(shape)
        if len(parts) == 1 and parts[0].geom_type == "Point":
            x[i], y[i] = parts[0].x, parts[0].y
        else:
            record.note("geometry", f"is a {shape.geom_type}, not a point")
    return x, y


def shapes(sheet: Sheet, coord_sys: str | None) -> NDArray[np.object_]:
    """Return the geometry of each record, EPSG:4326, two-dimensional; None where it has none.

    Parameters
    ----------
    sheet : Sheet
        A layer, or a table opened with the column :data:`SHAPE` (well-known text).
    coord_sys : str or None
        As in :func:`positions`; a table's shapes need it.

    Raises
    ------
    UnknownCoordSys
        When none is declared.

    Notes
    -----
    Missing, invalid and impossible shapes are noted on their records.
    """
    raw = sheet.geometry
    if raw is None:
        raw = np.array([None] * len(sheet.records), dtype=object)
        raw[:] = [_read_wkt(record) for record in sheet.records]
    system = _declared(sheet, coord_sys)
    out = np.full(len(raw), None, dtype=object)
    for i, (record, shape) in enumerate(zip(sheet.records, raw, strict=True)):
        out[i] = _shape(record, shape, system)
    return out


def _read_wkt(record: Record) -> Any:
    text = record.text("wkt")
    if not text and record.text("lon"):
        x, y = record.decimal("lon"), record.decimal("lat")
        return shapely.Point(x, y) if np.isfinite(x) and np.isfinite(y) else None
    try:
        return shapely.from_wkt(text) if text else None
    except shapely.errors.GEOSException:
        record.refuse("wkt", "is no well-known text of a geometry")
        return None


def _shape(record: Record, shape: Any, system: str) -> Any:
    if shape is None or shape.is_empty:
        if not record.faults:
            record.note("geometry", "is missing")
        return None
    if not shapely.is_valid(shape):
        record.note("geometry", f"is not valid: {shapely.is_valid_reason(shape)}")
        return None
    try:
        return transform_geometry(np.array([shape], dtype=object), system)[0]
    except BadValue:
        record.note("geometry", f"cannot be in {system}")
        return None
