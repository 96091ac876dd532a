"""One candidate, read by the driver of its format."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyogrio
import shapely
from numpy.typing import NDArray

from gridmap.coordsys import offset_system
from gridmap.coverage.notes import ImportNote, Severity
from gridmap.coverage.reading.csv_layer import read_csv_layer
from gridmap.coverage.reading.decoding import damage_note, damaged_rows, json_text
from gridmap.coverage.reading.encoding import LOST, UTF8
from gridmap.coverage.reading.esri import read_esri
from gridmap.coverage.reading.named_crs import said_system
from gridmap.coverage.reading.parquet_layer import read_parquet
from gridmap.coverage.reading.shapefile import prepare
from gridmap.coverage.reading.sources import Candidate
from gridmap.errors import UnreadableFile

__all__ = ["Loaded", "load"]

# What is said of rings that are not closed, without saying which rows have them.
_NOT_CLOSED = ("Non closed ring detected", "Invalid WKB")


@dataclass(frozen=True, eq=False)
class Loaded:
    """What a driver gave.

    Attributes
    ----------
    frame : GeoDataFrame or DataFrame or None
        A DataFrame or None when the candidate has no geometry.
    crs : str or None
        As :attr:`gridmap.coverage.reading.read.Layer.crs`.
    encoding : str or None
        In which text was read; None for formats that are UTF-8 by definition.
    notes : list of ImportNote
    """

    frame: Any
    crs: str | None
    encoding: str | None
    notes: list[ImportNote]


def load(source: Candidate, encoding: str | None, scratch: Path) -> Loaded:
    """Read a candidate whole; what drivers raise is left to the caller to translate.

    Parameters
    ----------
    encoding : str or None
        As the caller says it; None finds it.
    scratch : Path
        A folder for mended copies.
    """
    if source.format in {"geojson", "esrijson"}:
        return _json(source, encoding)
    if source.format == "shapefile":
        prepared = prepare(source.path, encoding, scratch)
        # Only here does the driver need telling; GeoJSON is made UTF-8.
        used = prepared.encoding
        loaded = _driven(prepared.path, None, used, used, prepared.notes)
        columns = [prepared.called.get(column, column) for column in loaded.frame.columns]
        loaded.frame.columns = columns
        return loaded
    if source.format == "csv":
        if source.layer is None:
            return Loaded(None, None, None, [])
        return Loaded(*read_csv_layer(source.path, source.layer, encoding))
    ignored = _ignored(source.format) if encoding is not None else []
    if source.format == "parquet":
        found, told, notes = read_parquet(source.path, source.layer)
        return Loaded(found, told or _crs_text(found), None, [*ignored, *notes])
    return _driven(source.path, source.layer, None, None, ignored)


def _json(source: Candidate, encoding: str | None) -> Loaded:
    target, used, damaged = _as_utf8(source.path, encoding)
    notes = []
    if encoding is None and used != UTF8:
        text = f"JSON must be UTF-8; this one is read as {used}."
        notes.append(ImportNote("encoding_guessed", "warning", text))
    if source.format == "geojson":
        loaded = _as_said(_driven(target, source.layer, None, used, notes), source.said)
    else:
        loaded = _esri(source, target, used, notes)
    if damaged:
        columns = [loaded.frame[c].tolist() for c in loaded.frame.columns]
        loaded.notes.append(damage_note(damaged_rows(columns), used, LOST))
    return loaded


def _as_said(loaded: Loaded, said: object) -> Loaded:
    """Return a GeoJSON in the system that it says, where the driver does not know that one."""
    crs = said_system(said, loaded.crs)
    if crs is not None or loaded.crs is None:
        return replace(loaded, crs=crs)
    text = "The `crs` names no coordinate system; the layer counts as without one."
    note = ImportNote("crs_unreadable", "warning", text)
    return replace(loaded, crs=None, notes=[*loaded.notes, note])


def _as_utf8(path: Path, encoding: str | None) -> tuple[Path | bytes, str, bool]:
    """Return a JSON file, its text where it is not plain UTF-8; its encoding; if it is damaged."""
    found = json_text(path.read_bytes(), encoding)
    plain = found.encoding == UTF8 and not found.damaged
    return path if plain else found.text.encode(), found.encoding, found.damaged


def _esri(source: Candidate, target: Path | bytes, used: str, notes: list[ImportNote]) -> Loaded:
    raw = target if isinstance(target, bytes) else target.read_bytes()
    document = orjson.loads(raw.decode("utf-8-sig"))
    try:
        frame, more = read_esri(document)
    except (TypeError, ValueError, AttributeError) as error:
        raise UnreadableFile(
            "The Esri JSON is not as it should be.",
            got=f"{source.name}: {str(error).splitlines()[0][:200]}",
            allowed="features with rings of [x, y] numbers",
            repair="Export the layer again.",
        ) from error
    return Loaded(frame, _crs_text(frame), used, [*notes, *more])


def _ignored(kind: str) -> list[ImportNote]:
    what = "GeoParquet" if kind == "parquet" else "A GeoPackage"
    text = f"{what} is UTF-8 by definition; encoding ignored."
    return [ImportNote("encoding_ignored", "info", text)]


def _driven(
    target: Path | bytes,
    layer: str | None,
    encoding: str | None,
    used: str | None,
    notes: list[ImportNote] | tuple[ImportNote, ...],
) -> Loaded:
    """Read through GDAL; its warnings become notes, and rings that are not closed are closed."""
    options: dict[str, Any] = {"layer": layer, "encoding": encoding}
    closed: list[ImportNote] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            frame = pyogrio.read_dataframe(target, **options)
        except shapely.errors.GEOSException:
            caught.clear()  # all that was said is said again
            frame = pyogrio.read_dataframe(target, on_invalid="fix", **options)
            raw = pyogrio.raw.read(target, columns=[], **options)[2]
            closed = _note_closed(raw, frame)
    said = dict.fromkeys(str(w.message) for w in caught)
    remarks = [_remark(text) for text in said if not (closed and text.startswith(_NOT_CLOSED))]
    return Loaded(frame, _crs_text(frame), used, [*notes, *remarks, *closed])


def _note_closed(raw: NDArray[np.object_], frame: Any) -> list[ImportNote]:
    """Say which rows had rings to be closed, and which cannot be read for all that."""
    whole = ~shapely.is_missing(shapely.from_wkb(raw, on_invalid="ignore"))
    broken = np.array([value is not None for value in raw]) & ~whole
    lost = broken & shapely.is_missing(np.asarray(frame.geometry.array, dtype=object))
    notes = []
    if np.any(broken & ~lost):
        text = "rows have rings that do not end where they begin; closed by a straight line"
        notes.append(_of_rows("ring_closed", "warning", text, broken & ~lost))
    if lost.any():
        text = "rows have a geometry that cannot be read"
        notes.append(_of_rows("geometry_unreadable", "error", text, lost))
    return notes


def _of_rows(kind: str, severity: Severity, text: str, of: NDArray[np.bool_]) -> ImportNote:
    rows = tuple(int(row) + 1 for row in np.flatnonzero(of))
    return ImportNote(kind, severity, f"{len(rows)} {text}.", rows=rows)


def _remark(text: str) -> ImportNote:
    if text.startswith("Measured (M) geometry types"):
        return ImportNote("m_dropped", "info", "Measures (M) are dropped.")
    return ImportNote("driver", "warning", text)


def _crs_text(frame: Any) -> str | None:
    crs = getattr(frame, "crs", None)
    if crs is None:
        return None
    offset = offset_system(crs)
    if offset is not None:
        return offset
    code = crs.to_epsg()
    if code is not None:
        return f"EPSG:{code}"
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.to_wkt())
