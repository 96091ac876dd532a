"""Faults as a layer that a GIS opens: a GeoPackage, or GeoJSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import orjson
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError

from gridmap.bulk.safe_output import PendingFile, check_room, disk_errors
from gridmap.coverage.auditing.faults import Fault
from gridmap.coverage.model import STORED_CRS
from gridmap.errors import BadValue, UnreadableFile

__all__ = ["ENDINGS", "PLACES", "POLYGONS", "write_faults"]

ENDINGS = (".gpkg", ".geojson")
POLYGONS, PLACES = "faults", "fault_places"

_GDAL_ERRORS = (
    DataSourceError, DataLayerError, FeatureError, FieldError, GeometryError, RuntimeError,
)  # fmt: skip


def write_faults(path: Path, faults: Sequence[Fault], lang: str = "en") -> None:
    """Write faults to `path`, EPSG:4326, complete or not at all.

    A GeoPackage gets two layers: ``faults``, the faulty places as polygons, and
    ``fault_places``, a point in each, which also has those faults that are no polygon (a code,
    a name); a fault without any place has a row without geometry there. GeoJSON holds a
    feature a fault, with its polygon, else its point, else null. No faults give empty layers.
    The sentences are in `lang`.

    Raises
    ------
    BadValue
        For another ending, or a folder that is missing or closed.
    StoreFull, UnreadableFile
        When the file cannot be written; what was there is left.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise BadValue("Faults are not written in this format.", got=path.name, allowed=ENDINGS)
    with PendingFile(path) as pending, disk_errors(path):
        if ending == ".gpkg":
            _write_geopackage(pending.path, faults, lang)
        else:
            _write_geojson(pending.path, faults, lang)
        pending.commit()


def _write_geopackage(path: Path, faults: Sequence[Fault], lang: str) -> None:
    shapes = _polygons(faults)
    drawn = np.flatnonzero(~shapely.is_missing(shapes)).tolist()
    layers = (
        (POLYGONS, "MultiPolygon", [faults[i] for i in drawn], shapes[drawn]),
        (PLACES, "Point", list(faults), _places(faults)),
    )
    try:
        for name, kind, rows, geometry in layers:
            frame = gpd.GeoDataFrame(_columns(rows, lang), geometry=list(geometry), crs=STORED_CRS)
            pyogrio.write_dataframe(
                frame,
                path,
                layer=name,
                driver="GPKG",
                geometry_type=kind,
                promote_to_multi=kind.startswith("Multi"),
                layer_options={"GEOMETRY_NAME": "geom", "FID": "fid"},
            )
    except _GDAL_ERRORS as error:
        check_room(path)
        raise UnreadableFile(f"The output cannot be written: {error}.", got=path.name) from error


def _columns(faults: Sequence[Fault], lang: str) -> dict[str, list[object]]:
    names = ("kind", "severity", "level", "codes", "area_m2", "lon", "lat", "text")
    records = [f.as_dict(lang) | {"codes": ", ".join(f.codes)} for f in faults]
    return {name: [record[name] for record in records] for name in names}


def _write_geojson(path: Path, faults: Sequence[Fault], lang: str) -> None:
    shapes = _polygons(faults)
    places = _places(faults)
    shown = shapely.orient_polygons(np.where(shapely.is_missing(shapes), places, shapes))
    with path.open("wb") as stream:
        stream.write(b'{"type":"FeatureCollection","features":[')
        before = b"\n"
        for fault, text in zip(faults, shapely.to_geojson(shown), strict=True):
            geometry = None if text is None else orjson.Fragment(text)
            feature = {"type": "Feature", "properties": fault.as_dict(lang), "geometry": geometry}
            stream.write(before + orjson.dumps(feature))
            before = b",\n"
        stream.write(b"\n]}\n")


def _polygons(faults: Sequence[Fault]) -> NDArray[np.object_]:
    out = np.empty(len(faults), dtype=object)
    out[:] = [f.geometry for f in faults]
    return out


def _places(faults: Sequence[Fault]) -> NDArray[np.object_]:
    out = np.empty(len(faults), dtype=object)
    out[:] = [
        None if f.lon is None or f.lat is None else shapely.Point(f.lon, f.lat) for f in faults
    ]
    return out
