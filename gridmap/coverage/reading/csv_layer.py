"""CSV as a layer: one column holds the geometry as text.

All other columns are read as text, so that codes keep their leading zeros.
"""

from __future__ import annotations

import re
import warnings
from io import StringIO
from pathlib import Path

import geopandas as gpd
import pandas as pd

from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.decoding import damage_note, damaged_rows, decoded
from gridmap.coverage.reading.encoding import LOST, UTF8
from gridmap.coverage.reading.titles import told_apart
from gridmap.coverage.reading.wkt_column import GEOMETRY_NAMES, from_texts, is_wkt
from gridmap.errors import BadValue, UnreadableFile, WrongEncoding

__all__ = ["csv_geometry_columns", "read_csv_layer"]

_CRS_NAMES = ("crs", "coord_sys", "coordsys", "srid", "epsg", "坐标系")
_SEPARATORS = ",;\t|"
_SAMPLE = 50


def csv_geometry_columns(path: Path, encoding: str | None = None) -> list[str]:
    """Return the columns whose first filled cells are geometry, those called so first.

    Most of them must be; of a column called as geometry is, one at least.

    Parameters
    ----------
    path : Path
    encoding : str, optional
        As the caller says it; where the file is not in it, and without it, it is found.

    Raises
    ------
    UnreadableFile
        When the file is no table.
    """
    raw = path.read_bytes()
    try:
        text = decoded(raw, encoding, "CSV").text
    except WrongEncoding:  # refused when the layer is read, if it is this one
        text = decoded(raw, None, "CSV").text
    table = _table(text, path.name, _SAMPLE)
    found = []
    for name in table.columns:
        filled = [t for t in table[name].tolist() if t.strip()]
        geometry = sum(map(is_wkt, filled))
        if geometry > len(filled) / 2 or (geometry and _is_called_geometry(str(name))):
            found.append(str(name))
    return sorted(found, key=_likeliest)


def read_csv_layer(
    path: Path, column: str, encoding: str | None
) -> tuple[gpd.GeoDataFrame, str | None, str, list[ImportNote]]:
    """Read a CSV with its geometry in `column`.

    A column called ``crs``, ``coord_sys`` or ``srid`` names the coordinate system, the same
    in every row; other columns of geometry are left out.

    Returns
    -------
    frame : GeoDataFrame
        All columns as text, None where a cell is empty.
    crs : str or None
        As the column or the geometry's own ``SRID=`` says it.
    encoding : str
    notes : list of ImportNote

    Raises
    ------
    UnreadableFile, WrongEncoding
    BadValue
        When rows name different coordinate systems.
    """
    found = decoded(path.read_bytes(), encoding, "CSV")
    used = found.encoding
    table = _table(found.text, path.name, None)
    others = [c for c in csv_geometry_columns(path, encoding) if c != column]
    geometry, crs, notes = from_texts(table[column].tolist(), path.name)
    if found.damaged:
        rows = damaged_rows([table[name].tolist() for name in table.columns])
        notes.append(damage_note(rows, used, LOST))
    told = next((c for c in table.columns if str(c).casefold() in _CRS_NAMES), None)
    if told is not None:
        crs = _one_system(table[told].tolist()) or crs
    dropped = [column, *others, *([told] if told is not None else [])]
    if used != UTF8 and encoding is None:
        notes.append(ImportNote("encoding_guessed", "info", f"The CSV is read as {used}."))
    if others:
        text = f"Read with the geometry of column '{column}'; left out: {', '.join(others)}."
        notes.append(ImportNote("other_geometry", "info", text))
    data = table.drop(columns=dropped).astype(object)
    data = data.where(data != "", None)
    return gpd.GeoDataFrame(data, geometry=geometry), crs, used, notes


def _is_called_geometry(name: str) -> bool:
    return name.casefold() in GEOMETRY_NAMES


def _likeliest(name: str) -> tuple[int, str]:
    known = _is_called_geometry(name)
    return (GEOMETRY_NAMES.index(name.casefold()) if known else len(GEOMETRY_NAMES), name)


def _table(text: str, name: str, rows: int | None) -> pd.DataFrame:
    """Read text as a table of texts; cells that are missing at a row's end are empty."""
    text = text.removeprefix("\ufeff")
    head = text.split("\n", 1)[0]
    separator = max(_SEPARATORS, key=lambda c: (head.count(c), -_SEPARATORS.index(c)))
    try:
        with warnings.catch_warnings():
            # Rows longer than the header would lose their last cells with no more than this.
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                StringIO(text),
                sep=separator,
                dtype=str,
                keep_default_na=False,
                na_filter=False,
                index_col=False,
                nrows=rows,
            )
    except (pd.errors.ParserWarning, ValueError) as error:  # pandas' parser errors are the latter
        raise UnreadableFile(
            "The file is not a CSV table.",
            got=f"{name}: {str(error).splitlines()[0][:200]}",
            repair="Cells that hold commas, as geometry does, need quotation marks around them.",
        ) from error
    table.columns = told_apart(table.columns.str.strip())
    return table.fillna("")


def _one_system(values: list[str]) -> str | None:
    """Return the system named in a column, None when it is empty."""
    named = sorted({v.strip() for v in values} - {""})
    if len(named) > 1:
        raise BadValue(
            "The rows are in several coordinate systems.",
            got=", ".join(named[:5]),
            allowed="one for the whole layer",
            repair="Convert them to one system, or split the file.",
        )
    if not named:
        return None
    return f"EPSG:{named[0]}" if re.fullmatch(r"\d{4,6}", named[0]) else named[0]
