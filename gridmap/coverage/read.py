"""Read a polygon layer from a file, whatever its format, and say what is wrong with it.

Formats: GeoPackage, GeoJSON, Shapefile, each also inside a .zip. A source is written
``FILE`` or ``FILE:LAYER``.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from numpy.typing import NDArray
from pyogrio.errors import (
    CRSError,
    DataLayerError,
    DataSourceError,
    FeatureError,
    FieldError,
    GeometryError,
)

from gridmap.coverage.encoding import UTF8, codec_name, sniff
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.shapefile import parts, prepare
from gridmap.coverage.sources import FORMATS, Candidate, candidates
from gridmap.errors import BadValue, UnreadableFile, WrongEncoding

__all__ = ["Layer", "list_layers", "read_layer", "split_source"]

_DRIVER_ERRORS = (
    CRSError,
    DataLayerError,
    DataSourceError,
    FeatureError,
    FieldError,
    GeometryError,
    shapely.errors.GEOSException,
)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer as read: nothing dropped, nothing changed.

    Attributes
    ----------
    path : Path
        The file named by the caller (the archive, if it is one).
    layer_name : str
    frame : GeoDataFrame
        All columns as read, geometry included, in the layer's own coordinates.
    geometry : object (n,)
        The geometries of `frame`; None where a row has none.
    crs : str or None
        ``EPSG:nnnn`` where the declared system is in the register, else its WKT; None when
        the file declares none.
    encoding : str or None
        Encoding in which text was read; None for formats that are UTF-8 by definition.
    sha256 : str
        Of the file, for a shapefile of its parts in the order of their suffixes.
    notes : tuple of ImportNote
        What reading had to report.
    """

    path: Path
    layer_name: str
    frame: gpd.GeoDataFrame
    geometry: NDArray[np.object_]
    crs: str | None
    encoding: str | None
    sha256: str = ""
    notes: tuple[ImportNote, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def columns(self) -> list[str]:
        """Names of the columns without the geometry."""
        return [str(c) for c in self.frame.columns if c != self.frame.geometry.name]


def split_source(text: str) -> tuple[Path, str | None]:
    """Split ``FILE[:LAYER]``; an existing file of the whole name wins.

    The colon after a Windows drive letter is none of ours; a layer's name may hold colons.
    When no such file exists the text is split after a known suffix, if there is one, so
    that the message about the missing file names the file.
    """
    if Path(text).exists():
        return Path(text), None
    colons = [i for i, c in enumerate(text) if c == ":" and not _is_drive(text, i)]
    for at in reversed(colons):
        if Path(text[:at]).exists():
            return Path(text[:at]), text[at + 1 :] or None
    for at in colons:
        if text[:at].lower().endswith(FORMATS):
            return Path(text[:at]), text[at + 1 :] or None
    return Path(text), None


def _is_drive(text: str, at: int) -> bool:
    return at == 1 and text[0].isalpha() and text[2:3] in {"\\", "/"}


def list_layers(path: str | Path) -> list[str]:
    """Return the names of the layers with geometry, in the file's order.

    Raises
    ------
    UnreadableFile
        As :func:`read_layer`.
    """
    path = Path(path)
    with TemporaryDirectory(prefix="gridmap-") as scratch, _translated(path):
        return [c.name for c in candidates(path, Path(scratch)) if c.spatial]


def read_layer(path: str | Path, layer: str | None = None, *, encoding: str | None = None) -> Layer:
    """Read one layer whole.

    Parameters
    ----------
    path : str or Path
        The file; see :func:`split_source` for ``FILE:LAYER``.
    layer : str, optional
        May be left out when the file has one layer with geometry.
    encoding : str, optional
        Of the text of a shapefile or GeoJSON. Found by evidence when left out.

    Returns
    -------
    Layer
        With at least one row.

    Raises
    ------
    UnreadableFile
        Not found, a folder, empty, of an unknown format, broken, cut short, without
        geometry or without rows.
    BadValue
        Several layers and none named, or no layer of that name.
    WrongEncoding
        The text is not in `encoding`.
    StoreFull
        No room to unpack an archive.
    """
    path = Path(path)
    with TemporaryDirectory(prefix="gridmap-") as scratch, _translated(path):
        found = candidates(path, Path(scratch))
        chosen = _choose(found, layer, path)
        frame, used, notes = _load(chosen, encoding, Path(scratch))
        if not isinstance(frame, gpd.GeoDataFrame):
            raise UnreadableFile(
                "The layer has no geometry.",
                got=f"{path.name}:{chosen.name}",
                repair="Give a layer of polygons.",
            )
        if frame.empty:
            raise UnreadableFile("The layer has no rows.", got=f"{path.name}:{chosen.name}")
        return Layer(
            path=path,
            layer_name=chosen.name,
            frame=frame,
            geometry=np.asarray(frame.geometry.array, dtype=object),
            crs=_crs_text(frame),
            encoding=used,
            sha256=_digest(path),
            notes=tuple(notes),
        )


def _choose(found: list[Candidate], layer: str | None, path: Path) -> Candidate:
    spatial = [c for c in found if c.spatial]
    if layer is not None:
        for candidate in found:
            if candidate.name == layer:
                return candidate
        raise BadValue(
            "There is no such layer in the file.",
            got=f"{path.name}:{layer}",
            allowed=[c.name for c in spatial] or "none: the file has no layer with geometry",
            repair="Name the layer after the file: FILE:LAYER.",
        )
    if not spatial:
        raise UnreadableFile("The file has no layer with geometry.", got=path.name)
    if len(spatial) > 1:
        raise BadValue(
            f"The file has {len(spatial)} layers and none is named.",
            got=path.name,
            allowed=[c.name for c in spatial],
            repair="Name one after the file: FILE:LAYER.",
        )
    return spatial[0]


def _load(
    source: Candidate, encoding: str | None, scratch: Path
) -> tuple[Any, str | None, list[ImportNote]]:
    """Read a candidate; return the frame, the encoding used and the notes."""
    notes: list[ImportNote] = []
    target: Path | bytes = source.path
    used = None
    if source.format == "shapefile":
        prepared = prepare(source.path, encoding, scratch)
        target, used = prepared.path, prepared.encoding
        notes += prepared.notes
    elif source.format == "geojson":
        target, used, notes = _as_utf8(source.path, encoding)
    elif encoding is not None:
        notes.append(
            ImportNote(
                "encoding_ignored", "info", "A GeoPackage is UTF-8 by definition; encoding ignored."
            )
        )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = pyogrio.read_dataframe(
            target,
            layer=source.layer,
            # Only here does the driver need telling; GeoJSON was made UTF-8 above.
            encoding=used if source.format == "shapefile" else None,
        )
    notes += [ImportNote("driver", "warning", str(w.message)) for w in caught]
    return frame, used, notes


def _as_utf8(path: Path, encoding: str | None) -> tuple[Path | bytes, str, list[ImportNote]]:
    """Return a GeoJSON file, or its bytes in UTF-8 when it is written in another encoding."""
    raw = path.read_bytes()
    used = codec_name(encoding) if encoding is not None else sniff([raw])
    if used == UTF8 and encoding is None:
        return path, UTF8, []
    try:
        text = raw.decode("utf-8-sig" if used == UTF8 else used)
    except UnicodeDecodeError as error:
        raise WrongEncoding(
            "The GeoJSON is not in the encoding given.",
            got=f"{encoding}: {error.reason} at byte {error.start}",
            allowed=[sniff([raw])],
            repair="Leave out --encoding to have it found.",
        ) from error
    note = ImportNote(
        "encoding_guessed", "warning", f"GeoJSON must be UTF-8; this one is read as {used}."
    )
    return text.encode(), used, [note] if encoding is None else []


def _crs_text(frame: gpd.GeoDataFrame) -> str | None:
    crs = frame.crs
    if crs is None:
        return None
    code = crs.to_epsg()
    if code is not None:
        return f"EPSG:{code}"
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.to_wkt())


def _digest(path: Path) -> str:
    files = [path]
    if path.suffix.lower() == ".shp":
        files = [p for _, p in sorted(parts(path).items())]
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn what drivers and the system raise into this project's errors."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise WrongEncoding(
            "The text of the layer cannot be decoded.",
            got=f"{path.name}: {error.reason} ({error.encoding})",
            repair="Name the encoding with --encoding, for example GB18030.",
        ) from error
    except _DRIVER_ERRORS as error:
        raise UnreadableFile(
            "The file cannot be read as a layer.",
            got=f"{path.name}: {str(error).splitlines()[0][:200]}",
            repair="Open it in a GIS and save it again.",
        ) from error
    except OSError as error:
        raise UnreadableFile(
            "The file cannot be read.", got=f"{path}: {error.strerror or error}"
        ) from error
