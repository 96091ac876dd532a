"""Layers on disk for tests of reading and importing."""

from __future__ import annotations

import shutil
import struct
import warnings
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import pyogrio
import shapely

from gridmap.coverage.reading.read import Layer, read_layer

SQUARES = [shapely.box(117.0 + 0.01 * i, 36.0, 117.01 + 0.01 * i, 36.01) for i in range(4)]


def frame(columns: dict[str, list[Any]], geometry: list[Any] | None = None, crs: Any = 4326):
    """A layer of unit squares (or `geometry`) with the columns given."""
    count = len(next(iter(columns.values())))
    shapes = SQUARES[:count] if geometry is None else geometry
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=crs)


def write(data: gpd.GeoDataFrame, path: Path, **options: Any) -> Path:
    """Write a layer; the driver's remarks about field names are of no interest here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pyogrio.write_dataframe(data, path, **options)
    return path


def layer(
    columns: dict[str, list[Any]],
    geometry: list[Any] | None = None,
    *,
    crs: Any = 4326,
    folder: Path,
) -> Layer:
    """Write a GeoPackage and read it."""
    return read_layer(write(frame(columns, geometry, crs), folder / "layer.gpkg"))


def shapefile(
    folder: Path, columns: dict[str, list[Any]], encoding: str, *, cpg: str | None = None
) -> Path:
    """Write a shapefile in an encoding; the .cpg says what is asked for, or is absent."""
    folder.mkdir(parents=True, exist_ok=True)
    path = write(frame(columns), folder / "layer.shp", encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg, encoding="ascii")
    return path


def zipped(path: Path, *files: Path, within: str = "") -> Path:
    """Zip files under a folder name."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in files:
            archive.write(file, within + file.name)
    return path


def cut_short(path: Path, keep: float = 0.6) -> Path:
    """Cut a file as an interrupted copy does."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * keep)])
    return path


def parts_of(path: Path) -> list[Path]:
    """The files of a shapefile."""
    return sorted(path.parent.glob(path.stem + ".*"))


def renamed(path: Path, stem: str) -> Path:
    """Copy a shapefile under another name."""
    for part in parts_of(path):
        shutil.copy(part, path.parent / (stem + part.suffix))
    return path.parent / (stem + ".shp")


def dbf_header(path: Path) -> tuple[int, int, int]:
    """Rows, header length and record length of a .dbf."""
    rows, header, record = struct.unpack_from("<IHH", path.read_bytes(), 4)
    return rows, header, record
