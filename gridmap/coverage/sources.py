"""What can be read from a path: formats told by content and suffix, layers inside."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

import orjson
import pyogrio

from gridmap.coverage.archive import unpack
from gridmap.coverage.shapefile import PARTS
from gridmap.errors import UnreadableFile

__all__ = ["FORMATS", "Candidate", "candidates"]

FORMATS = (".gpkg", ".geojson", ".json", ".shp", ".zip")

Format = Literal["geopackage", "geojson", "shapefile"]
_FORMAT_OF: dict[str, Format] = {
    ".gpkg": "geopackage",
    ".geojson": "geojson",
    ".json": "geojson",
    ".shp": "shapefile",
}
_SQLITE = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One layer that could be read.

    Attributes
    ----------
    name : str
        What the caller calls it: the layer, or the file's stem where a file is one layer.
    path : Path
        File on disk (unpacked, if it came in an archive).
    format : {"geopackage", "geojson", "shapefile"}
    layer : str or None
        Name for the driver; None where the file is one layer.
    spatial : bool
        False for tables without geometry.
    """

    name: str
    path: Path
    format: Format
    layer: str | None = None
    spatial: bool = True


def candidates(path: Path, scratch: Path) -> list[Candidate]:
    """Return the layers in `path`, archives unpacked into `scratch`.

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
        return _in_archive(path, scratch)
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
    return _in_file(path, path.stem)


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


def _in_archive(path: Path, scratch: Path) -> list[Candidate]:
    members = unpack(path, (*_FORMAT_OF, *PARTS), scratch)
    found = []
    for name, file in members:
        if file.suffix in _FORMAT_OF:
            found += _in_file(file, PurePosixPath(name).stem)
    if not found:
        raise UnreadableFile(
            "The archive holds no layer.",
            got=path.name,
            allowed=[s for s in FORMATS if s != ".zip"],
        )
    return found


def _in_file(path: Path, stem: str) -> list[Candidate]:
    kind = _FORMAT_OF[path.suffix.lower()]
    if kind == "geopackage":
        _check_sqlite(path, stem)
        return [
            Candidate(str(name), path, kind, str(name), geometry is not None)
            for name, geometry in pyogrio.list_layers(path)
        ]
    if kind == "geojson":
        _check_json(path, stem)
    return [Candidate(stem, path, kind)]


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


def _check_json(path: Path, stem: str) -> None:
    """Refuse what is not one JSON document; the driver's message says less."""
    raw = path.read_bytes()
    try:
        document = orjson.loads(raw.decode("utf-8-sig", "replace"))
    except orjson.JSONDecodeError as error:
        raise UnreadableFile(
            f"The file is not whole JSON: {error.msg} in line {error.lineno}.",
            got=stem + path.suffix,
            repair="Export the layer again.",
        ) from error
    if not isinstance(document, dict) or "type" not in document:
        raise UnreadableFile("The JSON is not GeoJSON.", got=stem + path.suffix)
