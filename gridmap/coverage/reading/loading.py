"""One candidate, read by the driver of its format."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyogrio

from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.csv_layer import read_csv_layer
from gridmap.coverage.reading.encoding import UTF8, codec_name, sniff
from gridmap.coverage.reading.esri import read_esri
from gridmap.coverage.reading.parquet_layer import read_parquet
from gridmap.coverage.reading.shapefile import prepare
from gridmap.coverage.reading.sources import Candidate
from gridmap.errors import UnreadableFile, WrongEncoding

__all__ = ["Loaded", "load"]


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
        return _driven(prepared.path, None, prepared.encoding, prepared.encoding, prepared.notes)
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
    target, used, notes = _as_utf8(source.path, encoding)
    if source.format == "geojson":
        return _driven(target, source.layer, None, used, notes)
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
    """Read through GDAL; its warnings become notes."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        frame = pyogrio.read_dataframe(target, layer=layer, encoding=encoding)
    remarks = [_remark(str(w.message)) for w in caught]
    return Loaded(frame, _crs_text(frame), used, [*notes, *remarks])


def _remark(text: str) -> ImportNote:
    if text.startswith("Measured (M) geometry types"):
        return ImportNote("m_dropped", "info", "Measures (M) are dropped.")
    return ImportNote("driver", "warning", text)


def _as_utf8(path: Path, encoding: str | None) -> tuple[Path | bytes, str, list[ImportNote]]:
    """Return a JSON file, or its bytes in UTF-8 when it is written in another encoding."""
    raw = path.read_bytes()
    used = codec_name(encoding) if encoding is not None else sniff([raw])
    if used == UTF8 and encoding is None:
        return path, UTF8, []
    try:
        text = raw.decode("utf-8-sig" if used == UTF8 else used)
    except UnicodeDecodeError as error:
        raise WrongEncoding(
            "The JSON is not in the encoding given.",
            got=f"{encoding}: {error.reason} at byte {error.start}",
            allowed=[sniff([raw])],
            repair="Leave out --encoding to have it found.",
        ) from error
    note = ImportNote(
        "encoding_guessed", "warning", f"JSON must be UTF-8; this one is read as {used}."
    )
    return text.encode(), used, [note] if encoding is None else []


def _crs_text(frame: Any) -> str | None:
    crs = getattr(frame, "crs", None)
    if crs is None:
        return None
    code = crs.to_epsg()
    if code is not None:
        return f"EPSG:{code}"
    authority = crs.to_authority()
    return ":".join(authority) if authority else str(crs.to_wkt())
