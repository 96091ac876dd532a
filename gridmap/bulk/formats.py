"""Which format a file is, by its name; opening and writing each."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from gridmap.bulk.model import RejectSink, Source
from gridmap.errors import BadValue, UnreadableFile

__all__ = [
    "ENDINGS",
    "FileFormat",
    "FileKind",
    "Writer",
    "check_replaceable",
    "file_format",
    "open_source",
    "writer_for",
]


class Writer(Protocol):
    """Writes batches into a file; tells how far it came, and goes on from there."""

    def __call__(self, path: Path, schema: pa.Schema, batches: Iterator[pa.RecordBatch]) -> None:
        """Write all batches to `path`, anew or from the mark that was given."""
        ...

    def mark(self) -> dict[str, Any] | None:
        """Make every batch taken so far durable and say how to go on after it.

        To be asked between two batches, in the thread that writes. None when that cannot be
        said just now: ask again after the next batch.
        """
        ...

    def go_on(self, mark: dict[str, Any]) -> None:
        """Take a mark (as JSON gives it back) that another writer made in this very file."""
        ...


class FileKind(StrEnum):
    """How rows are held in a file."""

    TEXT = "text"
    PARQUET = "parquet"
    GEOJSON = "geojson"
    GEOPACKAGE = "geopackage"


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A format: its kind, its ending as written, and for text the usual delimiter."""

    kind: FileKind
    ending: str
    delimiter: str = ","
    compressed: bool = False

    @property
    def has_geometry(self) -> bool:
        """True when the format carries point geometry."""
        return self.kind in {FileKind.GEOJSON, FileKind.GEOPACKAGE}


_FORMATS = {
    ".csv": (FileKind.TEXT, ",", False),
    ".csv.gz": (FileKind.TEXT, ",", True),
    ".tsv": (FileKind.TEXT, "\t", False),
    ".tsv.gz": (FileKind.TEXT, "\t", True),
    ".parquet": (FileKind.PARQUET, ",", False),
    ".geojson": (FileKind.GEOJSON, ",", False),
    ".json": (FileKind.GEOJSON, ",", False),
    ".gpkg": (FileKind.GEOPACKAGE, ",", False),
}
ENDINGS = tuple(_FORMATS)


def file_format(path: Path) -> FileFormat:
    """Return the format that the name of `path` ends in; `BadValue` for any other ending."""
    name = path.name.lower()
    for ending in sorted(_FORMATS, key=len, reverse=True):
        if name.endswith(ending) and len(name) > len(ending):
            kind, delimiter, compressed = _FORMATS[ending]
            return FileFormat(kind, ending, delimiter, compressed)
    raise BadValue(
        "The format of a file is told by its name, and this ending is not known.",
        got=path.name,
        allowed=ENDINGS,
        repair="Rename the file, or convert it first.",
    )


def open_source(
    path: Path, layer: str | None, reject: RejectSink, *, encoding: str | None = None
) -> Source:
    """Open a file of points for reading; `UnreadableFile` when it is not what it claims."""
    found = file_format(path)
    if layer is not None and not found.has_geometry:
        raise BadValue("Only a GeoPackage has layers to choose from.", got=f"{path.name}:{layer}")
    if not path.exists():
        raise UnreadableFile("There is no such file.", got=path, repair="Check the path.")
    if not path.is_file():
        raise UnreadableFile("This is not a file.", got=path, repair="Name a single file.")
    if found.kind is FileKind.TEXT:
        from gridmap.bulk.textfile import TextSource

        return TextSource(path, reject, compressed=found.compressed, encoding=encoding)
    if found.kind is FileKind.PARQUET:
        from gridmap.bulk.columnar import ParquetSource

        return ParquetSource(path)
    from gridmap.bulk.geofile import GeoSource

    return GeoSource(path, layer)


def check_replaceable(target: FileFormat, output: Path) -> None:
    """Refuse an output in whose place other data stand than an earlier run's.

    Raises
    ------
    BadValue
        When it is a GeoPackage that has other layers than the one that is written.
    """
    if target.kind is FileKind.GEOPACKAGE and output.is_file():
        from gridmap.bulk.geofile import refuse_other_layers

        refuse_other_layers(output)


def writer_for(target: FileFormat, output: Path, *, delimiter: str, bom: bool) -> Writer:
    """Return what writes batches in the format of the output.

    Parameters
    ----------
    target : FileFormat
        Of the output.
    output : Path
        Gives the layer of a GeoPackage its name.
    delimiter : str
        Of a text output.
    bom : bool
        Begin a text output with a byte order mark.
    """
    if target.kind is FileKind.TEXT:
        from gridmap.bulk.textwrite import TextWriter

        return TextWriter(delimiter, bom=bom, compressed=target.compressed)
    if target.kind is FileKind.PARQUET:
        from gridmap.bulk.columnar import ParquetWriter

        return ParquetWriter()
    if target.kind is FileKind.GEOJSON:
        from gridmap.bulk.geojson import GeoJsonWriter

        return GeoJsonWriter()
    from gridmap.bulk.geofile import GeoPackageWriter

    return GeoPackageWriter(output)
