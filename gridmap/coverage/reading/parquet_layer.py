"""GeoParquet, and plain Parquet with a column of WKB or WKT."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.wkt_column import GEOMETRY_NAMES, from_texts, is_wkt
from gridmap.errors import UnreadableFile

__all__ = ["GeometryColumns", "geometry_columns", "read_parquet"]

# Whole numbers stay whole beside nulls: a code turned into a float loses digits.
_EXACT = {"integer_object_nulls": True}


@dataclass(frozen=True, slots=True)
class GeometryColumns:
    """Columns of a file that hold geometry; `primary` is the one meant when none is named.

    `declared` tells GeoParquet from a plain table with a column that looks like geometry.
    """

    names: tuple[str, ...]
    primary: str | None
    declared: bool


def geometry_columns(path: Path) -> GeometryColumns:
    """Return the geometry columns of a Parquet file, from its metadata or by their names.

    Raises
    ------
    UnreadableFile
        When it is no Parquet file, or its metadata are broken.
    """
    try:
        schema = pq.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise UnreadableFile(
            "The file is not a whole Parquet file.",
            got=f"{path.name}: {str(error).splitlines()[0][:200]}",
            repair="Export the layer again.",
        ) from error
    geo = (schema.metadata or {}).get(b"geo")
    if geo is not None:
        return _declared(geo, path)
    plain = [f.name for f in schema if f.name.casefold() in GEOMETRY_NAMES and _may_hold(f.type)]
    plain.sort(key=lambda name: GEOMETRY_NAMES.index(name.casefold()))
    return GeometryColumns(tuple(plain), plain[0] if plain else None, declared=False)


def _declared(raw: bytes, path: Path) -> GeometryColumns:
    try:
        geo = orjson.loads(raw)
        names, primary = tuple(geo["columns"]), geo["primary_column"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise UnreadableFile(
            "The GeoParquet metadata cannot be read.",
            got=path.name,
            repair="Export the layer again with a current program.",
        ) from error
    return GeometryColumns(names, primary if primary in names else names[0], declared=True)


def _may_hold(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
    )


def read_parquet(
    path: Path, column: str | None
) -> tuple[gpd.GeoDataFrame | None, str | None, list[ImportNote]]:
    """Read a file with one of its geometry columns, the primary one if none is named.

    Returns
    -------
    frame : GeoDataFrame or None
        None when the file has no geometry.
    crs : str or None
        A system that only the geometry's text told (``SRID=4490;``).
    notes : list of ImportNote
        Further geometry columns are left out and named.
    """
    found = geometry_columns(path)
    chosen = column or found.primary
    if chosen is None:
        return None, None, []
    others = [name for name in found.names if name != chosen]
    notes = []
    if others:
        text = f"Read with the geometry of column '{chosen}'; left out: {', '.join(others)}."
        notes.append(ImportNote("other_geometry", "info", text))
    try:
        if found.declared:
            frame = gpd.read_parquet(path, to_pandas_kwargs=_EXACT)
            return frame.set_geometry(chosen).drop(columns=others), None, notes
        table = pq.read_table(path).to_pandas(**_EXACT)
    except (pa.ArrowException, ValueError, KeyError, TypeError) as error:
        raise UnreadableFile(
            "The Parquet file cannot be read as a layer.",
            got=f"{path.name}: {str(error).splitlines()[0][:200]}",
            repair="Export the layer again.",
        ) from error
    geometry, crs, more = _decoded(table[chosen].tolist(), path)
    data = gpd.GeoDataFrame(table.drop(columns=[chosen, *others]), geometry=geometry)
    return data, crs, [*notes, *more]


def _decoded(values: list[Any], path: Path) -> tuple[Any, str | None, list[ImportNote]]:
    """Geometries of a plain column: WKB when it holds bytes, else text."""
    if any(isinstance(v, bytes) for v in values):
        raw = np.array(values, dtype=object)
        geometry = shapely.from_wkb(raw, on_invalid="ignore")
        lost = np.flatnonzero(shapely.is_missing(geometry) & np.array([bool(v) for v in values]))
        if len(lost) == len(values):
            raise UnreadableFile("The geometry column is no WKB.", got=path.name)
        notes = []
        if len(lost):
            rows = tuple(int(r) + 1 for r in lost)
            text = f"{len(lost)} rows have a geometry that cannot be read."
            notes.append(ImportNote("geometry_unreadable", "error", text, rows=rows))
        return geometry, None, notes
    texts = ["" if v is None else str(v) for v in values]
    if not any(is_wkt(t) for t in texts):
        raise UnreadableFile("The geometry column is no WKT.", got=path.name)
    return from_texts(texts, path.name)
