"""What can be read from a path: formats told by content and suffix, layers inside."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

import orjson
import pyogrio

from gridmap.coverage.reading.archive import unpack
from gridmap.coverage.reading.csv_layer import csv_geometry_columns
from gridmap.coverage.reading.decoding import json_text
from gridmap.coverage.reading.esri import is_esri
from gridmap.coverage.reading.parquet_layer import geometry_columns
from gridmap.coverage.reading.shapefile import PARTS
from gridmap.errors import UnreadableFile, WrongEncoding

__all__ = ["FORMATS", "Candidate", "candidates"]

FORMATS = (".gpkg", ".geojson", ".json", ".shp", ".parquet", ".geoparquet", ".csv", ".zip")

Format = Literal["geopackage", "geojson", "esrijson", "shapefile", "parquet", "csv"]
_FORMAT_OF: dict[str, Format] = {
    ".gpkg": "geopackage",
    ".geojson": "geojson",
    ".json": "geojson",
    ".shp": "shapefile",
    ".parquet": "parquet",
    ".geoparquet": "parquet",
    ".csv": "csv",
}
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One layer that could be read.

    Attributes
    ----------
    name : str
        What the caller calls it: the layer, or the file's stem where a file is one layer; its
        path in the archive where several in it would be called the same.
    path : Path
        File on disk (unpacked, if it came in an archive).
    format : {"geopackage", "geojson", "esrijson", "shapefile", "parquet", "csv"}
    layer : str or None
        Name for the driver, or of the column of geometry; None where the file is one layer.
    spatial : bool
        False for tables without geometry.
    meant : bool
        True for the one that is read when none of several of its file is named.
    shared : str
        What several layers of an archive, this among them, would be called; else empty.
    said : object
        What a GeoJSON says as its ``crs``, as it stands there; None where it says nothing.
    """

    name: str
    path: Path
    format: Format
    layer: str | None = None
    spatial: bool = True
    meant: bool = False
    shared: str = ""
    said: object = None


def candidates(path: Path, scratch: Path, encoding: str | None = None) -> list[Candidate]:
    """Return the layers in `path`, archives unpacked into `scratch`.

    Parameters
    ----------
    path, scratch : Path
    encoding : str, optional
        Of the layer that is wanted, as the caller says it; others may be in another.

    Raises
    ------
    UnreadableFile
        Not found, a folder, empty, of an unknown format, broken or cut short.
    """
    _check_exists(path)
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        is_zip = file.read(4) == b"PK\x03\x04"
    if is_zip or suffix == ".zip":
        return _in_archive(path, scratch, encoding)
    if suffix in PARTS and suffix != ".shp":
        raise UnreadableFile(
            "This is one part of a shapefile.", got=path.name, repair="Give the .shp beside it."
        )
    if suffix not in _FORMAT_OF:
        raise UnreadableFile(
            "The format is not supported.",
            got=path.name,
            allowed=FORMATS,
            repair="Save the layer as GeoPackage.",
        )
    return _in_file(path, path.stem, encoding)


def _check_exists(path: Path) -> None:
    if not path.exists():
        near = sorted(p.name for p in path.parent.glob("*")) if path.parent.is_dir() else []
        near = [n for n in near if n.lower().endswith(FORMATS)][:8]
        raise UnreadableFile(
            "The file is not there.",
            got=str(path),
            repair=f"In that folder: {', '.join(near)}." if near else "Check the path.",
        )
    if path.is_dir():
        raise UnreadableFile(
            "This is a folder, not a file.",
            got=str(path),
            repair="Name a file in it (a file geodatabase: export the layer as GeoPackage).",
        )
    if path.stat().st_size == 0:
        raise UnreadableFile("The file is empty.", got=str(path), repair="Copy it again.")


def _in_archive(path: Path, scratch: Path, encoding: str | None) -> list[Candidate]:
    members = unpack(path, (*_FORMAT_OF, *PARTS), scratch)
    layers = [(name, file) for name, file in members if file.suffix in _FORMAT_OF]
    # Beside a layer a CSV is its table or its description.
    maps = [(name, file) for name, file in layers if file.suffix != ".csv"] or layers
    found = [
        (name, candidate)
        for name, file in maps
        for candidate in _in_file(file, PurePosixPath(name).stem, encoding)
    ]
    if not found:
        raise UnreadableFile(
            "The archive holds no layer.",
            got=path.name,
            allowed=[s for s in FORMATS if s != ".zip"],
        )
    return _told_apart(found)


def _told_apart(found: Sequence[tuple[str, Candidate]]) -> list[Candidate]:
    """Name layers by their path in the archive where members hold layers of the same name."""
    members = Counter(name for name, _ in {(c.name, member) for member, c in found})
    return [
        replace(c, name=_path_of(member, c.name), shared=c.name) if members[c.name] > 1 else c
        for member, c in found
    ]


def _path_of(member: str, layer: str) -> str:
    return member if layer == PurePosixPath(member).stem else f"{member}:{layer}"


def _in_file(path: Path, stem: str, encoding: str | None) -> list[Candidate]:
    kind = _FORMAT_OF[path.suffix.lower()]
    if kind == "geopackage":
        _check_sqlite(path, stem)
        return [
            Candidate(str(name), path, kind, str(name), geometry is not None)
            for name, geometry in pyogrio.list_layers(path)
        ]
    if kind == "parquet":
        found = geometry_columns(path)
        return _by_column(path, stem, kind, found.names, found.primary)
    if kind == "csv":
        names = csv_geometry_columns(path, encoding)
        return _by_column(path, stem, kind, names, names[0] if names else None)
    said = None
    if kind == "geojson":
        kind, said = _json_format(path, stem, encoding)
    return [Candidate(stem, path, kind, said=said)]


def _by_column(
    path: Path, stem: str, kind: Format, names: Sequence[str], primary: str | None
) -> list[Candidate]:
    """A table is one layer for each of its columns of geometry; the primary has its name."""
    if primary is None:
        return [Candidate(stem, path, kind, spatial=False)]
    others = [Candidate(name, path, kind, name) for name in names if name != primary]
    return [Candidate(stem, path, kind, primary, meant=bool(others)), *others]


def _check_sqlite(path: Path, stem: str) -> None:
    """Refuse what is no SQLite file or shorter than its header promises.

    The driver would open a file cut short and give the rows that are left.
    """
    with path.open("rb") as file:
        header = file.read(100)
    if not header.startswith(_SQLITE) or len(header) < 100:
        raise UnreadableFile("The file is not a GeoPackage.", got=stem + path.suffix)
    page = struct.unpack_from(">H", header, 16)[0]
    page = 65536 if page == 1 else page
    changed, pages = struct.unpack_from(">II", header, 24)
    trusted = changed == struct.unpack_from(">I", header, 92)[0]
    open_journal = path.with_name(path.name + "-wal").exists()
    if trusted and not open_journal and path.stat().st_size < page * pages:
        raise UnreadableFile(
            f"The GeoPackage is cut short: {path.stat().st_size:,} of {page * pages:,} bytes.",
            got=stem + path.suffix,
            repair="Copy it again.",
        )


def _json_format(path: Path, stem: str, encoding: str | None) -> tuple[Format, object]:
    """Tell GeoJSON from Esri's JSON, and refuse what is neither: the driver says less.

    Of GeoJSON return its ``crs`` too.
    """
    raw = path.read_bytes()
    try:
        text = json_text(raw, encoding).text
    except WrongEncoding:  # refused when the layer is read, if it is this one
        text = json_text(raw, None).text
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise UnreadableFile(
            f"The file is not whole JSON: {error.msg} in line {error.lineno}.",
            got=stem + path.suffix,
            repair="Export the layer again.",
        ) from error
    if is_esri(document):
        return "esrijson", None
    if not isinstance(document, dict) or "type" not in document:
        raise UnreadableFile(
            "The JSON is not GeoJSON.", got=stem + path.suffix, allowed="GeoJSON, Esri JSON"
        )
    return "geojson", document.get("crs")
