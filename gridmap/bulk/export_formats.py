"""Writing one layer of areas in each format, whole coordinates included.

Every writer takes doubles as they are: GeoPackage, GeoParquet and Shapefile hold them in
binary, GeoJSON and WKT as the shortest decimals that read back as the same number.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from gridmap.bulk.export_shapefile import fit_layer
from gridmap.bulk.export_table import ExportLayer
from gridmap.bulk.safe_output import check_room
from gridmap.errors import StoreFull, UnreadableFile

__all__ = ["MEDIA_TYPES", "ExportFormat", "write_layer"]

WKT = "WKT"
_GDAL_ERRORS = (
    DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, RuntimeError,
)  # fmt: skip


class ExportFormat(StrEnum):
    """Formats of an export, each named by its usual ending."""

    GPKG = "gpkg"
    GEOJSON = "geojson"
    PARQUET = "parquet"
    SHP = "shp"
    CSV = "csv"


MEDIA_TYPES: Mapping[ExportFormat, str] = {
    ExportFormat.GPKG: "application/geopackage+sqlite3",
    ExportFormat.GEOJSON: "application/geo+json",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
    ExportFormat.SHP: "application/zip",
    ExportFormat.CSV: "text/csv",
}


def write_layer(kind: ExportFormat, path: Path, layer: ExportLayer) -> tuple[str, ...]:
    """Write a layer to `path`; return what the format could not hold.

    A GeoPackage that is there gets one more layer; other files are written anew.

    Raises
    ------
    StoreFull
        When there is no room.
    """
    return tuple(_WRITERS[kind](path, layer))


def _write_gpkg(path: Path, layer: ExportLayer) -> list[str]:
    # One type for all rows: else a GIS refuses to save an area that became two parts.
    _through_gdal(
        layer.frame,
        path,
        layer=layer.level,
        driver="GPKG",
        geometry_type="MultiPolygon",
        promote_to_multi=True,
        layer_options={"GEOMETRY_NAME": "geom", "FID": "fid"},
    )
    return []


def _write_shp(path: Path, layer: ExportLayer) -> list[str]:
    frame, notes = fit_layer(layer)
    _through_gdal(frame, path, driver="ESRI Shapefile", encoding="UTF-8", geometry_type="Polygon")
    # GDAL writes it only when the table has a text column.
    path.with_suffix(".cpg").write_text("UTF-8", encoding="ascii")
    return notes


def _through_gdal(frame: Any, path: Path, **options: Any) -> None:
    """Write with GDAL, which closes a file on a full disk without complaint."""
    try:
        pyogrio.write_dataframe(frame, path, **options)
        name = options.get("layer")
        written = pyogrio.read_info(path, layer=name, force_feature_count=True)["features"]
    except _GDAL_ERRORS as error:
        check_room(path)
        raise UnreadableFile(f"The output cannot be written: {error}.", got=path.name) from error
    if written != len(frame):
        check_room(path)
        raise StoreFull(
            "The output could not be completed; nothing was written.",
            got=f"{written} rows of {len(frame)}",
            repair="Free some space, or write to another disk, and run it again.",
        )


def _write_parquet(path: Path, layer: ExportLayer) -> list[str]:
    try:
        layer.frame.to_parquet(path, index=False, compression="zstd", schema_version="1.0.0")
    except pa.ArrowException as error:
        check_room(path)
        raise UnreadableFile(f"The output cannot be written: {error}.", got=path.name) from error
    return []


def _write_geojson(path: Path, layer: ExportLayer) -> list[str]:
    """Write RFC 7946: longitude, latitude, outer rings counter-clockwise, no ``crs``."""
    records, shapes = _plain_rows(layer)
    wound = shapely.orient_polygons(shapes, exterior_cw=False)
    with path.open("wb") as stream:
        stream.write(b'{"type":"FeatureCollection","features":[')
        before = b"\n"
        for record, text in zip(records, shapely.to_geojson(wound), strict=True):
            feature = {
                "type": "Feature",
                "properties": record,
                "geometry": None if text is None else orjson.Fragment(text),
            }
            stream.write(before + orjson.dumps(feature))
            before = b",\n"
        stream.write(b"\n]}\n")
    return []


def _write_csv(path: Path, layer: ExportLayer) -> list[str]:
    """Write UTF-8 with a byte order mark: without it spreadsheets garble Chinese."""
    records, shapes = _plain_rows(layer)
    names = [str(c) for c in layer.frame.columns if c != layer.frame.geometry.name]
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*names, WKT])
        for record, shape in zip(records, shapes, strict=True):
            writer.writerow([*(_cell(record[name]) for name in names), _wkt(shape)])
    return []


def _wkt(shape: Any) -> str:
    """Return a polygon as text; GEOS would keep sixteen decimals, too few beside zero."""
    if shape is None:
        return ""
    parts = [
        ", ".join(
            f"({', '.join(f'{x!r} {y!r}' for x, y in shapely.get_coordinates(ring).tolist())})"
            for ring in shapely.get_rings(part)
        )
        for part in shapely.get_parts(shape)
    ]
    if shape.geom_type == "Polygon":
        return f"POLYGON ({parts[0]})"
    return f"MULTIPOLYGON ({', '.join(f'({part})' for part in parts)})"


def _plain_rows(layer: ExportLayer) -> tuple[list[dict[str, Any]], Any]:
    """Return the rows with Python's own values, None where missing, and the shapes."""
    frame = layer.frame
    columns = {}
    for name in frame.columns:
        if name != frame.geometry.name:
            values = frame[name].astype(object)
            columns[str(name)] = values.where(pd.notna(values), None).tolist()
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values())]  # noqa: B905
    return rows, np.asarray(frame.geometry.array, dtype=object)


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value


_WRITERS: Mapping[ExportFormat, Callable[[Path, ExportLayer], list[str]]] = {
    ExportFormat.GPKG: _write_gpkg,
    ExportFormat.GEOJSON: _write_geojson,
    ExportFormat.PARQUET: _write_parquet,
    ExportFormat.SHP: _write_shp,
    ExportFormat.CSV: _write_csv,
}
