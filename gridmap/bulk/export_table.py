"""Areas as a table: the columns that an import asks for, then what was kept besides.

The names are those of the import's options, so that what was exported is read back with
``--code code --name name --name-en name_en --parent parent --kind kind``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd

from gridmap.coverage.importing.known_as import ALIASES, CODES, aliases_of, codes_of
from gridmap.coverage.model import STORED_CRS, Coverage

__all__ = ["COLUMNS", "ExportLayer", "export_layer"]

# Column of the export -> field of an area, as `gridmap.access` knows it.
COLUMNS: Mapping[str, str] = {
    "code": "code",
    "name": "name",
    "name_en": "name_en",
    "parent": "parent_code",
    "kind": "kind",
}
# Names that formats keep for themselves.
_RESERVED = ("geometry", "geom", "fid", "ogc_fid", "wkt")
_INT64 = 1 << 63


@dataclass(frozen=True, eq=False)
class ExportLayer:
    """One level as a table.

    Attributes
    ----------
    level : str
    frame : GeoDataFrame
        A row an area, in code order; geometry in EPSG:4326, None where there is none.
    notes : tuple of str
        What the table holds otherwise than the store does.
    """

    level: str
    frame: gpd.GeoDataFrame
    notes: tuple[str, ...] = ()


def export_layer(
    coverage: Coverage,
    level: str,
    fields: Collection[str],
    attributes: Mapping[str, Mapping[str, Any]] | None = None,
) -> ExportLayer:
    """Return one level of a coverage as a table.

    Parameters
    ----------
    coverage : Coverage
    level : str
        A level without areas gives a table without rows.
    fields : collection of str
        Fields of an area that may be shown; ``attributes`` stands for all further columns.
    attributes : mapping of code to mapping, optional
        Further columns.

    Returns
    -------
    ExportLayer
        An attribute whose name is taken (whatever its case, for databases do not tell
        ``Name`` from ``name``) gets ``_2``, ``_3``, ... and a note.
    """
    rows = coverage.rows(level)
    parent = coverage.parent[rows]
    above = np.array([coverage.code[p] if p >= 0 else None for p in parent], dtype=object)
    fixed: dict[str, Any] = {
        "code": coverage.code[rows],
        "name": coverage.name[rows],
        "name_en": coverage.name_en[rows],
        "parent": above,
        "kind": coverage.kind[rows],
    }
    columns: dict[str, Any] = {
        name: pd.array(values.tolist(), dtype="str")
        for name, values in fixed.items()
        if COLUMNS[name] in fields
    }
    notes: list[str] = []
    if attributes and "attributes" in fields:
        records = [_spread(attributes.get(code, {})) for code in coverage.code[rows].tolist()]
        _add_attributes(columns, records, notes)
    frame = gpd.GeoDataFrame(columns, geometry=coverage.shapes[rows], crs=STORED_CRS)
    return ExportLayer(level, frame, tuple(notes))


def _spread(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes with other names as one text, and a column for each further code.

    As ``import --alias aliases --also-code police=code_police`` reads them.
    """
    plain = {name: value for name, value in record.items() if name not in {ALIASES, CODES}}
    plain |= {f"code_{system}": code for system, code in codes_of(record).items()}
    others = aliases_of(record)
    return plain | ({ALIASES: "；".join(others)} if others else {})


def _add_attributes(
    columns: dict[str, Any], records: Sequence[Mapping[str, Any]], notes: list[str]
) -> None:
    taken = {name.casefold() for name in (*columns, *_RESERVED)}
    # As a set that keeps its order: columns stand as the first area has them.
    for name in dict.fromkeys(name for record in records for name in record):
        free, number = name, 2
        while free.casefold() in taken:
            free, number = f"{name}_{number}", number + 1
        if free != name:
            notes.append(f"The column '{name}' is written as '{free}': its name is taken.")
        taken.add(free.casefold())
        columns[free], as_text = _typed([record.get(name) for record in records])
        if as_text:
            notes.append(f"The column '{free}' holds values of several kinds, written as text.")


def _typed(values: list[Any]) -> tuple[Any, bool]:
    """Return values as an array of one type with gaps, and True where text had to do."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {str}:
        return pd.array(values, dtype="str"), False
    if kinds == {bool}:
        return pd.array(values, dtype="boolean"), False
    if kinds == {int} and all(-_INT64 <= v < _INT64 for v in values if v is not None):
        return pd.array(values, dtype="Int64"), False
    if (
        float in kinds
        and kinds <= {int, float}
        and all(float(v) == v for v in values if v is not None)
    ):
        return np.array([np.nan if v is None else float(v) for v in values]), False
    texts = [None if v is None else v if isinstance(v, str) else _json(v) for v in values]
    return pd.array(texts, dtype="str"), True


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
