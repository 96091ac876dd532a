"""From a layer's columns to areas: what one import hands to the store, and its report."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.areas import Area, Levels
from gridmap.coverage.codes import Codes, assign_codes, clean_code
from gridmap.coverage.datum.compare import datum_note
from gridmap.coverage.importing.attributes import SplitColumns, attribute_records, split_columns
from gridmap.coverage.importing.chosen_rows import only_rows
from gridmap.coverage.importing.code_shapes import shape_notes
from gridmap.coverage.importing.columns import ColumnMap, column_names, column_values, find_column
from gridmap.coverage.importing.known_as import AliasRow, check_systems, known_as
from gridmap.coverage.importing.parents import Known, Links, link_parents
from gridmap.coverage.importing.remainders import (
    find_remainders,
    is_remainder,
    not_made_anew,
)
from gridmap.coverage.importing.remarks import (
    note_empty,
    note_finer,
    note_invalid,
    note_misread,
    note_uncounted,
    note_unnamed,
    read_kinds,
    renumber,
)
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote, ImportReport
from gridmap.coverage.reading.read import Layer
from gridmap.coverage.reading.shaping import choose_coord_sys, only_polygons, to_stored
from gridmap.errors import BadValue

__all__ = ["ColumnMap", "ImportNote", "ImportReport", "Incoming", "find_column", "prepare_import"]


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


def prepare_import(
    layer: Layer,
    level: str,
    columns: ColumnMap,
    *,
    levels: Levels,
    existing: Coverage | None,
    known: Known | None = None,
    aliases: Sequence[AliasRow] = (),
    remainders: bool = True,
    coord_sys: str | None = None,
    in_force: Coverage | None = None,
    counts: Collection[str] = (),
    where: Sequence[str] = (),
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
    known : mapping, optional
        Attributes of what the edition holds, by level and code: names and codes by which
        the parent column may call a parent.
    aliases : sequence of AliasRow
        Further aliases from a table of their own.
    remainders : bool
        Make an area of kind ``remainder`` of what the areas leave uncovered of their
        parents' declared polygons, see
        :func:`gridmap.coverage.importing.remainders.find_remainders`.
        Remainders that the layer itself brings (as an export has them) are then made anew,
        but for those whose parents have no declared polygon to make them from.
    coord_sys : str, optional
        Overrides what the file declares.
    in_force : Coverage, optional
        The edition in force: what the first layer of a new edition should lie on.
    counts : collection of str, optional
        Columns that are counted by: values of theirs that are no numbers are told.
    where : sequence of str
        ``COL=VALUE`` each: rows that do not meet all of them are no part of the layer.

    Returns
    -------
    Incoming
        In row order, remainders last. Rows without geometry are left out and reported when
        `level` is the finest; on coarser levels they are kept, to be derived from their
        children.

    Raises
    ------
    MissingColumn, UnknownLevel, UnknownCoordSys
    BadValue
        When the layer has no polygons, or coordinates that cannot be in that system.
    """
    levels.rank(level)
    check_systems(columns)
    source, (layer, chosen) = layer, only_rows(layer, where)
    for name in (*columns.mapped, *columns.keep):
        find_column(layer, name)
    system, notes = choose_coord_sys(layer.crs, coord_sys)
    shaped = only_polygons(layer.geometry)
    kinds, kind_notes = read_kinds(column_values(layer, columns.kind), np.arange(len(layer)))
    rows = _rows_to_keep(shaped.missing, len(layer), finest=level == levels.finest.name)
    if not len(rows):
        raise BadValue("No row of the layer has a polygon.", got=layer.layer_name)
    geometry = to_stored(shaped.geometry, system)[rows]
    # A row that is left out takes no code from one that is kept.
    codes = assign_codes(column_values(layer, columns.code, rows) or [None] * len(rows))
    links = link_parents(
        column_values(layer, columns.parent, rows),
        codes.code,
        geometry,
        level=level,
        levels=levels,
        existing=existing,
        known=known,
    )
    areas = _areas(layer, columns, rows, codes, kinds, links, level)
    called, called_notes = known_as(
        layer, columns, rows, [(a.code, a.name) for a in areas], level=level, table=aliases
    )
    split = split_columns(layer, columns.mapped, columns.keep)
    records = attribute_records(layer, split.kept, rows)
    attributes = [record | also for record, also in zip(records, called, strict=True)]
    part = _Part(areas, geometry, attributes)
    if remainders:
        part, made = _with_remainders(part, level, levels, existing)
        notes += made
    found = [
        *notes,
        *shaped.notes,
        *renumber(codes.notes, rows),
        *note_empty(
            shaped.missing,
            _codes_of_all(layer, columns, rows, codes),
            left_out=len(rows) < len(layer),
        ),
        *note_invalid(geometry, rows, codes.code),
        *renumber([*shape_notes(codes.code), *links.notes, *called_notes], rows),
        *renumber(note_unnamed(areas) if columns.name else [], rows),
        *note_misread([n for a in areas for n in (a.name, a.name_en)]),
        *kind_notes,
        *split.notes,
        *renumber(note_uncounted(records, codes.code, counts), rows),
        *note_finer(existing, level, levels),
        *datum_note(geometry, system, existing, level=level, in_force=in_force),
    ]
    return Incoming(
        level=level,
        areas=part.areas,
        geometry=part.geometry,
        attributes=part.attributes,
        coord_sys=system,
        source=layer.path.name,
        source_layer=layer.layer_name,
        source_sha256=layer.sha256,
        encoding=layer.encoding,
        report=_report(
            len(source),
            part.areas,
            system,
            split,
            [*layer.notes, *renumber(found, chosen)],
        ),
    )


@dataclass(frozen=True, eq=False)
class _Part:
    """Areas with their polygons and attributes."""

    areas: list[Area]
    geometry: NDArray[np.object_]
    attributes: list[dict[str, Any]]


def _areas(
    layer: Layer,
    columns: ColumnMap,
    rows: NDArray[np.int64],
    codes: Codes,
    kinds: list[str],
    links: Links,
    level: str,
) -> list[Area]:
    names, names_en = (column_names(layer, c, rows) for c in (columns.name, columns.name_en))
    return [
        Area(
            id=-1,
            level=level,
            code=codes.code[at],
            name=names[at],
            name_en=names_en[at],
            parent_level=links.parent_level if links.parent_code[at] is not None else None,
            parent_code=links.parent_code[at],
            kind=kinds[row],
            # A remainder's code is made up by nature.
            provisional=codes.provisional[at] and kinds[row] != "remainder",
        )
        for at, row in enumerate(rows.tolist())
    ]


def _codes_of_all(
    layer: Layer, columns: ColumnMap, rows: NDArray[np.int64], codes: Codes
) -> list[str]:
    """Return the code of each row of the source; of one that is left out as the source has it."""
    out = [clean_code(v) for v in column_values(layer, columns.code) or [None] * len(layer)]
    for row, code in zip(rows.tolist(), codes.code, strict=True):
        out[row] = code
    return out


def _with_remainders(
    part: _Part, level: str, levels: Levels, existing: Coverage | None
) -> tuple[_Part, list[ImportNote]]:
    """Add the remainders of the parents; those that came with the layer are made anew.

    But for those that can not be, which stay.
    """
    stays = not_made_anew(part.areas, part.geometry, level=level, levels=levels, existing=existing)
    keep = [i for i, area in enumerate(part.areas) if stays[i] or not is_remainder(area)]
    geometry = part.geometry[keep]
    areas = [part.areas[i] for i in keep]
    rest = find_remainders(areas, geometry, level=level, levels=levels, existing=existing)
    notes = list(rest.notes)
    came = {(a.parent_level, a.parent_code) for a in part.areas if is_remainder(a)}
    renewed = sum((area.parent_level, area.parent_code) in came for area in rest.areas)
    if renewed:
        text = f"{renewed} remainders of the layer are made anew."
        notes.append(ImportNote("remainder_renewed", "info", text))
    whole = _Part(
        [*areas, *rest.areas],
        np.concatenate([geometry, rest.geometry]),
        [*(part.attributes[i] for i in keep), *({} for _ in rest.areas)],
    )
    return whole, notes


def _rows_to_keep(missing: NDArray[np.int64], count: int, *, finest: bool) -> NDArray[np.int64]:
    """Rows that become areas: on the finest level only those with a polygon.

    An area of a coarser level without one is derived from its children.
    """
    rows = np.arange(count)
    return np.setdiff1d(rows, missing) if finest else rows


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
