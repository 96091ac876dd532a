"""From a layer's columns to areas: what one import hands to the store, and its report."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.areas import Area, Levels
from gridmap.coverage.attributes import SplitColumns, attribute_records, split_columns
from gridmap.coverage.codes import assign_codes, clean_name, same_column
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.parents import link_parents
from gridmap.coverage.read import Layer
from gridmap.coverage.remarks import (
    note_empty,
    note_finer,
    note_invalid,
    note_misread,
    read_kinds,
    renumber,
)
from gridmap.coverage.shaping import choose_coord_sys, only_polygons, to_stored
from gridmap.errors import BadValue, MissingColumn

__all__ = ["ColumnMap", "ImportNote", "ImportReport", "Incoming", "find_column", "prepare_import"]


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Which column of the source holds what.

    Attributes
    ----------
    code, name, name_en, parent, kind : str or None
        Column names, exactly as in the file; None when the file has none.
    keep : tuple of str
        Columns to store although they look personal. Other columns are stored as
        attributes of the areas unless they look personal.
    """

    code: str | None
    name: str | None
    name_en: str | None = None
    parent: str | None = None
    kind: str | None = None
    keep: tuple[str, ...] = ()

    @property
    def mapped(self) -> tuple[str, ...]:
        """The columns named, without `keep`."""
        named = (self.code, self.name, self.name_en, self.parent, self.kind)
        return tuple(c for c in named if c is not None)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did to its rows.

    Attributes
    ----------
    rows, areas : int
        Rows in the source and areas that come out of them.
    coord_sys : str
        The system in which coordinates were read.
    kept_columns, dropped_columns : tuple of str
        Further columns stored as attributes, and those left out as personal or not plain.
    provisional : tuple of str
        Codes that were made up.
    messages : tuple of ImportNote
        Errors first, then warnings.
    """

    rows: int
    areas: int
    coord_sys: str
    kept_columns: tuple[str, ...]
    dropped_columns: tuple[str, ...]
    provisional: tuple[str, ...]
    messages: tuple[ImportNote, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return the report as JSON-able data."""
        return {
            "rows": self.rows,
            "areas": self.areas,
            "coord_sys": self.coord_sys,
            "kept_columns": list(self.kept_columns),
            "dropped_columns": list(self.dropped_columns),
            "provisional": list(self.provisional),
            "messages": [m.as_dict() for m in self.messages],
        }

    def of_kind(self, kind: str) -> tuple[ImportNote, ...]:
        """Return the notes of one kind."""
        return tuple(m for m in self.messages if m.kind == kind)


@dataclass(frozen=True, eq=False)
class Incoming:
    """One level's areas, ready to be stored; row ``i`` of every sequence is one area.

    Attributes
    ----------
    level : str
    areas : list of Area
        Ids are -1: the store gives them.
    geometry : object (n,)
        Polygon or MultiPolygon in EPSG:4326, two-dimensional; None for an area of a
        coarser level that comes without one and is derived from its children.
    attributes : list of dict
        Further columns as JSON-able values; missing values are absent.
    coord_sys : str
        The system in which the source's coordinates were read.
    source, source_layer, source_sha256 : str
    encoding : str or None
    report : ImportReport
    """

    level: str
    areas: list[Area]
    geometry: NDArray[np.object_]
    attributes: list[dict[str, Any]]
    coord_sys: str
    source: str
    source_layer: str
    source_sha256: str
    encoding: str | None
    report: ImportReport = field(repr=False)

    def __len__(self) -> int:
        return len(self.areas)


def find_column(layer: Layer, name: str) -> str:
    """Return `name` if the layer has that column, else raise `MissingColumn`.

    The message lists the columns there are and the nearest; nothing is matched loosely,
    for a near match may be another column.
    """
    if name in layer.columns:
        return name
    near = [c for c in layer.columns if same_column(c, name)]
    # A shapefile keeps ten bytes of a name: three Chinese characters in UTF-8.
    near += [c for c in layer.columns if len(c) >= 2 and name.startswith(c)]
    near += difflib.get_close_matches(name, layer.columns, n=3, cutoff=0.6)
    hint = f"Did you mean '{near[0]}'?" if near else "Name one of those."
    raise MissingColumn(
        f"The layer '{layer.layer_name}' has no such column.",
        got=name,
        allowed=layer.columns or "none: the layer has only geometry",
        repair=hint,
    )


def prepare_import(
    layer: Layer,
    level: str,
    columns: ColumnMap,
    *,
    levels: Levels,
    existing: Coverage | None,
    coord_sys: str | None = None,
) -> Incoming:
    """Turn a layer into the areas of one level.

    Parameters
    ----------
    layer : Layer
    level : str
        One of `levels`.
    columns : ColumnMap
    levels : Levels
        Those of the store, the new one included.
    existing : Coverage or None
        What the edition holds so far; the next coarser level in it provides the parents.
    coord_sys : str, optional
        Overrides what the file declares.

    Returns
    -------
    Incoming
        In row order. Rows without geometry are left out and reported when `level` is the
        finest; on coarser levels they are kept, to be derived from their children.

    Raises
    ------
    MissingColumn, UnknownLevel, UnknownCoordSys
    BadValue
        When the layer has no polygons, or coordinates that cannot be in that system.
    """
    levels.rank(level)
    for name in (*columns.mapped, *columns.keep):
        find_column(layer, name)
    system, notes = choose_coord_sys(layer.crs, coord_sys)
    shaped = only_polygons(layer.geometry)
    codes = assign_codes(_values(layer, columns.code) or [None] * len(layer))
    rows = _rows_to_keep(shaped.missing, len(layer), finest=level == levels.finest.name)
    if not len(rows):
        raise BadValue("No row of the layer has a polygon.", got=layer.layer_name)
    geometry = to_stored(shaped.geometry[rows], system)
    kept_codes = [codes.code[r] for r in rows]
    links = link_parents(
        _values(layer, columns.parent, rows),
        kept_codes,
        geometry,
        level=level,
        levels=levels,
        existing=existing,
    )
    names, names_en = (_names(layer, c, rows) for c in (columns.name, columns.name_en))
    kinds, kind_notes = read_kinds(_values(layer, columns.kind, rows), rows)
    split = split_columns(layer, columns.mapped, columns.keep)
    areas = [
        Area(
            id=-1,
            level=level,
            code=kept_codes[at],
            name=names[at],
            name_en=names_en[at],
            parent_level=links.parent_level if links.parent_code[at] is not None else None,
            parent_code=links.parent_code[at],
            kind=kinds[at],
            provisional=codes.provisional[row],
        )
        for at, row in enumerate(rows.tolist())
    ]
    notes = [
        *layer.notes,
        *notes,
        *shaped.notes,
        *codes.notes,
        *note_empty(shaped.missing, codes.code, left_out=len(rows) < len(layer)),
        *note_invalid(geometry, rows, kept_codes),
        *renumber(links.notes, rows),
        *note_misread([*names, *names_en]),
        *kind_notes,
        *split.notes,
        *note_finer(existing, level, levels),
    ]
    return Incoming(
        level=level,
        areas=areas,
        geometry=geometry,
        attributes=attribute_records(layer, split.kept, rows),
        coord_sys=system,
        source=layer.path.name,
        source_layer=layer.layer_name,
        source_sha256=layer.sha256,
        encoding=layer.encoding,
        report=_report(len(layer), areas, system, split, notes),
    )


def _rows_to_keep(missing: NDArray[np.int64], count: int, *, finest: bool) -> NDArray[np.int64]:
    """Rows that become areas: on the finest level only those with a polygon.

    An area of a coarser level without one is derived from its children.
    """
    rows = np.arange(count)
    return np.setdiff1d(rows, missing) if finest else rows


def _values(
    layer: Layer, column: str | None, rows: NDArray[np.int64] | None = None
) -> list[Any] | None:
    if column is None:
        return None
    values = layer.frame[column]
    return list(values.tolist() if rows is None else values.iloc[rows].tolist())


def _names(layer: Layer, column: str | None, rows: NDArray[np.int64]) -> list[str]:
    values = _values(layer, column, rows)
    return [""] * len(rows) if values is None else [clean_name(v) for v in values]


def _report(
    rows: int, areas: list[Area], system: str, split: SplitColumns, notes: Sequence[ImportNote]
) -> ImportReport:
    order = {"error": 0, "warning": 1, "info": 2}
    return ImportReport(
        rows=rows,
        areas=len(areas),
        coord_sys=system,
        kept_columns=split.kept,
        dropped_columns=split.dropped,
        provisional=tuple(a.code for a in areas if a.provisional),
        messages=tuple(sorted(notes, key=lambda n: order[n.severity])),
    )
