"""Read a polygon layer from a file, whatever its format, and say what is wrong with it.

Formats: GeoPackage, GeoJSON, Esri JSON, Shapefile, GeoParquet, CSV with a column of WKT, each
also inside a .zip. A source is written ``FILE`` or ``FILE:LAYER``; of a table with several
columns of geometry, ``FILE:COLUMN``; of several layers of one name in an archive,
``FILE:FOLDER/LAYER.shp``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import geopandas as gpd
import numpy as np
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

from gridmap.coordsys import declared_system
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.loading import load
from gridmap.coverage.reading.shapefile import parts
from gridmap.coverage.reading.sources import FORMATS, Candidate, candidates
from gridmap.coverage.reading.titles import told_apart
from gridmap.errors import BadValue, UnreadableFile, WrongEncoding

__all__ = ["Layer", "list_layers", "read_layer", "split_source"]

_DOUBLE_COLUMN = "double_column"
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
        All columns as read, geometry included, in the layer's own coordinates. Of several
        columns of one name the later ones have another, which a note tells.
    geometry : object (n,)
        The geometries of `frame`; None where a row has none.
    crs : str or None
        ``EPSG:nnnn`` where the declared system is in the register, ``gcj02`` or ``bd09`` where
        it is called so, else its WKT, or what a CSV's own column or a GeoJSON calls it; None
        when the file declares none.
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

    @property
    def titles(self) -> list[str]:
        """What the file calls the columns: not always different names."""
        told = [d for note in self.notes if note.kind == _DOUBLE_COLUMN for d in note.details]
        called = {d["column"]: str(d["name"]) for d in told}
        return [called.get(column, column) for column in self.columns]


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
        Of the text of a shapefile, GeoJSON or CSV. Found by evidence when left out.

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
        Several layers and none named, no layer of that name, or several.
    WrongEncoding
        The text is not in `encoding`.
    StoreFull
        No room to unpack an archive.
    """
    path = Path(path)
    with TemporaryDirectory(prefix="gridmap-") as scratch, _translated(path):
        found = candidates(path, Path(scratch), encoding)
        chosen = _choose(found, layer, path)
        loaded = load(chosen, encoding, Path(scratch))
        frame = loaded.frame
        if not isinstance(frame, gpd.GeoDataFrame):
            raise UnreadableFile(
                "The layer has no geometry.",
                got=f"{path.name}:{chosen.name}",
                repair="Give a layer of polygons.",
            )
        if frame.empty:
            raise UnreadableFile("The layer has no rows.", got=f"{path.name}:{chosen.name}")
        renamed = _tell_apart(frame)
        return Layer(
            path=path,
            layer_name=chosen.name,
            frame=frame,
            geometry=np.asarray(frame.geometry.array, dtype=object),
            crs=declared_system(loaded.crs),
            encoding=loaded.encoding,
            sha256=_digest(path),
            notes=(*loaded.notes, *renamed),
        )


def _tell_apart(frame: gpd.GeoDataFrame) -> list[ImportNote]:
    """Give columns that have the name of an earlier one a name of their own.

    A shapefile keeps ten bytes of a name, so that two that begin alike become one.
    """
    called = [str(column) for column in frame.columns]
    given = told_apart(called)
    changed = [(name, new) for name, new in zip(called, given, strict=True) if name != new]
    if not changed:
        return []
    frame.columns = given
    listed = ", ".join(f"'{new}' is another '{name}'" for name, new in changed)
    text = f"Several columns have the same name; told apart here: {listed}."
    details = tuple({"column": new, "name": name} for name, new in changed)
    return [ImportNote(_DOUBLE_COLUMN, "warning", text, details=details)]


def _choose(found: list[Candidate], layer: str | None, path: Path) -> Candidate:
    spatial = [c for c in found if c.spatial]
    if layer is not None:
        for candidate in found:
            if candidate.name == layer:
                return candidate
        same = [c.name for c in found if c.shared == layer]
        if same:
            raise BadValue(
                "The archive holds several layers of that name.",
                got=f"{path.name}:{layer}",
                allowed=same,
                repair="Name one by its path in the archive: FILE:FOLDER/LAYER.",
            )
        raise BadValue(
            "There is no such layer in the file.",
            got=f"{path.name}:{layer}",
            allowed=[c.name for c in spatial] or "none: the file has no layer with geometry",
            repair="Name the layer after the file: FILE:LAYER.",
        )
    if not spatial:
        raise UnreadableFile("The file has no layer with geometry.", got=path.name)
    meant = [c for c in spatial if c.meant]
    if len(meant) == 1 and len({c.path for c in spatial}) == 1:
        return meant[0]
    if len(spatial) > 1:
        raise BadValue(
            f"The file has {len(spatial)} layers and none is named.",
            got=path.name,
            allowed=[c.name for c in spatial],
            repair="Name one after the file: FILE:LAYER.",
        )
    return spatial[0]


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
