"""Points in a GeoParquet file: which column they are, and in which coordinate system.

Source: the `GeoParquet specification`_ 1.1.

.. _GeoParquet specification: https://geoparquet.org/releases/v1.1.0/
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyproj
import shapely

from gridmap.errors import UnreadableFile

__all__ = ["PointColumn", "as_wkb", "point_column", "without_geometry"]

_GEO = b"geo"
_POINTS = {"Point", "Point Z", "MultiPoint", "MultiPoint Z"}
_ENCODINGS = {"WKB", "point"}
# What a file means that names no system: longitude and latitude on WGS 84.
_DEFAULT_CRS = "EPSG:4326"
_BROKEN = (
    orjson.JSONDecodeError,
    KeyError,
    TypeError,
    AttributeError,
    pyproj.exceptions.CRSError,
)


@dataclass(frozen=True, slots=True)
class PointColumn:
    """The column that holds the points, and their system, None when it is left open."""

    name: str
    crs: str | None


def point_column(schema: pa.Schema, path: Path) -> PointColumn | None:
    """Return the primary geometry of a file when it may hold points.

    None for plain Parquet, and where the file says that its geometry is something else: its
    points are then columns of numbers.

    Raises
    ------
    UnreadableFile
        When the metadata are broken.
    """
    raw = (schema.metadata or {}).get(_GEO)
    if raw is None:
        return None
    try:
        geo = orjson.loads(raw)
        name = geo["primary_column"]
        column = geo["columns"][name]
        kinds, encoding = set(column.get("geometry_types", ())), column["encoding"]
        crs = _crs(column)
    except _BROKEN as error:
        raise UnreadableFile(
            "The GeoParquet metadata cannot be read.",
            got=path.name,
            repair="Export the layer again with a current program.",
        ) from error
    if name not in schema.names or encoding not in _ENCODINGS or not kinds <= _POINTS:
        return None
    return PointColumn(name, crs)


def _crs(column: dict[str, Any]) -> str | None:
    if "crs" not in column:
        return _DEFAULT_CRS
    given = column["crs"]
    if given is None:
        return None
    if isinstance(given, str):
        # As drafts of the specification had it, before PROJJSON.
        return str(pyproj.CRS.from_wkt(given).to_wkt())
    # PROJ has no place for members that are null.
    given = {name: value for name, value in given.items() if value is not None}
    told = given.get("id", {})
    if told.get("authority") == "OGC" and told.get("code") == "CRS84":
        return _DEFAULT_CRS
    if told.get("authority") == "EPSG":
        return f"EPSG:{told['code']}"
    return str(pyproj.CRS.from_json_dict(given).to_wkt())


def without_geometry(schema: pa.Schema, name: str) -> pa.Schema:
    """Return the schema without the geometry, and without saying that there is one."""
    metadata = {key: value for key, value in (schema.metadata or {}).items() if key != _GEO}
    return schema.remove(schema.get_field_index(name)).with_metadata(metadata or None)


def as_wkb(column: pa.Array) -> pa.Array:
    """Return a batch of points as WKB, null where there is none."""
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_struct(column.type):
        x, y = (pc.struct_field(column, name).to_numpy(zero_copy_only=False) for name in "xy")
        wkb = shapely.to_wkb(shapely.points(x, y))
        missing = column.is_null().to_numpy(zero_copy_only=False) | np.isnan(x) | np.isnan(y)
        return pa.array(wkb, pa.binary(), mask=missing)
    return pc.cast(column, pa.binary())
