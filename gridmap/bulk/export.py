"""Exports: the levels of an edition as one file, complete under its name or not there.

A GeoPackage holds a layer a level. The other formats hold one level a file; several of
them go into a ``.zip``.
"""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from gridmap.bulk.export_formats import ExportFormat, write_layer
from gridmap.bulk.export_shapefile import indexes_of, parts_of
from gridmap.bulk.export_table import ExportLayer
from gridmap.bulk.safe_output import PendingFile, disk_errors
from gridmap.coverage.model import STORED_CRS
from gridmap.crs import normalise_name, transform_geometry
from gridmap.errors import BadValue

__all__ = ["ENDINGS", "ExportTarget", "check_system", "export_target", "in_system", "write_export"]

_ZIP = ".zip"
_FORMATS = {f".{kind.value}": kind for kind in ExportFormat} | {".json": ExportFormat.GEOJSON}
ENDINGS = (*_FORMATS, _ZIP)
# Degrees of these are the stored ones; the label alone differs.
_DEGREES = {"wgs84": STORED_CRS, "cgcs2000": "EPSG:4490"}
_OFFSET = {"gcj02", "bd09"}


@dataclass(frozen=True, slots=True)
class ExportTarget:
    """Where an export goes: the file, its format, and whether that lies in an archive."""

    path: Path
    format: ExportFormat
    archive: bool


def export_target(path: Path, format_: str | None, levels: Sequence[str]) -> ExportTarget:
    """Return what to write for the name of the output.

    Parameters
    ----------
    path : Path
        Its ending tells the format; ``.zip`` holds shapefiles unless `format_` is given.
    format_ : str, optional
        One of :class:`ExportFormat`.
    levels : sequence of str
        To be written.

    Raises
    ------
    BadValue
        When the ending is not known, contradicts `format_`, or the format cannot hold so
        many levels.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS or path.name.lower() == ending:
        raise BadValue(
            "The format of an export is told by the name's ending, and this is none of them.",
            got=path.name,
            allowed=ENDINGS,
            repair="Give the output such a name.",
        )
    wanted = _named(format_)
    if ending == _ZIP:
        return ExportTarget(path, wanted or ExportFormat.SHP, True)
    kind = _FORMATS[ending]
    if wanted not in {None, kind}:
        raise BadValue(
            "The format and the name's ending contradict each other.",
            got=f"{path.name} as {wanted}",
            repair=f"Leave out --format, or name the file {path.stem}.{wanted} "
            f"or {path.stem}{_ZIP}.",
        )
    if len(levels) > 1 and kind is not ExportFormat.GPKG:
        raise BadValue(
            f"A .{kind.value} file holds one level.",
            got=f"{len(levels)} levels: {', '.join(levels)}",
            repair=f"Name one with --level, or write {path.stem}.gpkg, or {path.stem}{_ZIP} with "
            f"--format {kind.value}.",
        )
    return ExportTarget(path, kind, False)


def _named(format_: str | None) -> ExportFormat | None:
    if format_ is None:
        return None
    try:
        return ExportFormat(format_.lower().lstrip("."))
    except ValueError:
        raise BadValue(
            "There is no such format of an export.",
            got=format_,
            allowed=[kind.value for kind in ExportFormat],
        ) from None


def check_system(kind: ExportFormat, coord_sys: str | None) -> str:
    """Return the name of the system to write in, or refuse it for this format.

    Raises
    ------
    UnknownCoordSys, BadValue
    """
    name = normalise_name(coord_sys) if coord_sys is not None else "wgs84"
    if name in _OFFSET:
        raise BadValue(
            "Boundaries are not exported in an offset system: the offset is an approximation.",
            got=name,
            allowed="wgs84, cgcs2000, EPSG:nnnn",
            repair="Export wgs84; the map program that needs the offset applies its own.",
        )
    if kind is ExportFormat.GEOJSON and name != "wgs84":
        raise BadValue(
            "GeoJSON is WGS-84 by its standard (RFC 7946).",
            got=name,
            repair="Leave out --coord-sys, or write a GeoPackage.",
        )
    return name


def in_system(layer: ExportLayer, name: str) -> ExportLayer:
    """Return a layer in a system of :func:`check_system`, every vertex converted once."""
    if name in _DEGREES:
        return replace(layer, frame=layer.frame.set_crs(_DEGREES[name], allow_override=True))
    shapes = np.asarray(layer.frame.geometry.array, dtype=object)
    moved = transform_geometry(shapes, "wgs84", name)
    frame = layer.frame.set_geometry(list(moved)).set_crs(name, allow_override=True)
    return replace(layer, frame=frame)


def write_export(target: ExportTarget, layers: Sequence[ExportLayer]) -> tuple[str, ...]:
    """Write layers; return what the format could not hold.

    Raises
    ------
    BadValue
        When the folder is missing or closed.
    StoreFull, UnreadableFile
        When there is no room or the file cannot be written; what was there is left.
    """
    if target.archive:
        return _write_archive(target, layers)
    if target.format is ExportFormat.SHP:
        return _write_shapefile(target.path, layers[0])
    notes: list[str] = []
    with PendingFile(target.path) as pending, disk_errors(target.path):
        for layer in layers:
            notes += write_layer(target.format, pending.path, layer)
        pending.commit()
    return tuple(notes)


def _write_archive(target: ExportTarget, layers: Sequence[ExportLayer]) -> tuple[str, ...]:
    notes: list[str] = []
    with PendingFile(target.path) as pending, disk_errors(target.path):
        with (
            TemporaryDirectory(prefix="gridmap-") as scratch,
            zipfile.ZipFile(pending.path, "w", zipfile.ZIP_DEFLATED) as archive,
        ):
            for layer in layers:
                path = Path(scratch) / f"{layer.level}.{target.format.value}"
                notes += write_layer(target.format, path, layer)
                parts = parts_of(path) if target.format is ExportFormat.SHP else [path]
                for part in parts:
                    archive.write(part, part.name)
                    part.unlink()
        pending.commit()
    return tuple(notes)


def _write_shapefile(path: Path, layer: ExportLayer) -> tuple[str, ...]:
    """Write the parts of a shapefile; the main one comes last and stands for the whole.

    A former main file goes first, then what was made of it: nobody may read it with the new
    table beside it, nor the new one by a former index.
    """
    with PendingFile(path) as pending, disk_errors(path):
        target = pending.target
        notes = write_layer(ExportFormat.SHP, pending.path, layer)
        for former in (target, *indexes_of(target)):
            former.unlink(missing_ok=True)
        for part in parts_of(pending.path)[:-1]:
            part.replace(target.with_suffix(part.suffix))
        pending.commit()
    return notes
