"""Parent links of an imported level: by the column, else by the largest overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import Levels
from gridmap.coverage.codes import clean_code, clean_name
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.overlaps import overlap_shares, polygonal
from gridmap.crs import metres_per_degree

__all__ = ["Links", "link_parents"]

# An area filled in by overlap with less than this in its parent deserves a look.
_SURE_SHARE = 0.9

# Smaller parts outside the parent are rounding.
_LEAST_PART_M2 = 1.0


@dataclass(frozen=True, slots=True)
class Links:
    """Links of a level's rows: the parents' level and codes, None where there is none."""

    parent_level: str | None
    parent_code: list[str | None]
    notes: tuple[ImportNote, ...]


@dataclass(frozen=True, eq=False)
class _Parents:
    """Areas that may be parents."""

    level: str
    code: NDArray[np.object_]
    name: NDArray[np.object_]
    geometry: NDArray[np.object_]


def link_parents(
    values: Sequence[Any] | None,
    codes: Sequence[str],
    geometry: NDArray[np.object_],
    *,
    level: str,
    levels: Levels,
    existing: Coverage | None,
) -> Links:
    """Link the areas of a level to the next coarser level that the edition has.

    Parameters
    ----------
    values : sequence or None
        The parent column as read; None when there is none.
    codes : sequence of str
        Codes of the areas, for the report.
    geometry : object (n,)
        Their polygons, EPSG:4326; None where there is none.
    level, levels
        The level imported and all of them.
    existing : Coverage or None
        What the edition holds so far.

    Returns
    -------
    Links
        A value is matched by code, then by name if only one parent has it. Blank and
        unmatched ones are filled by the largest overlap. A link that the polygons
        contradict is kept: the column is what the office decided. All of it is reported.
        Where the edition has no coarser level yet, the column's values are kept as codes of
        the next coarser level, so that they hold once it is imported.
    """
    rank = levels.rank(level)
    if rank == 0:
        return _no_level_above(values, len(codes))
    parents = _next_coarser(existing, levels, rank)
    if parents is None:
        return _not_yet(values, levels[rank - 1].name, len(codes))
    child, parent, share = overlap_shares(polygonal(geometry), polygonal(parents.geometry))
    overlap: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for c, p, s in zip(child.tolist(), parent.tolist(), share.tolist(), strict=True):
        overlap[c].append((p, s))
    matched = _by_column(values, parents, overlap) if values is not None else [-1] * len(codes)
    filled = [
        m if m >= 0 else (overlap[row][0][0] if row in overlap else -1)
        for row, m in enumerate(matched)
    ]
    given = [None] * len(codes) if values is None else [clean_name(v) for v in values]
    notes = [
        *_note_names(values, parents, matched),
        *_notes_filled(given, codes, parents, matched, filled, overlap),
        *_note_missing(given, codes, parents, filled),
        *_note_disagreeing(codes, parents, matched, overlap),
        *_note_borders(codes, geometry, parents, matched, overlap),
    ]
    linked = [None if p < 0 else str(parents.code[p]) for p in filled]
    return Links(parents.level, linked, tuple(notes))


def _no_level_above(values: Sequence[Any] | None, count: int) -> Links:
    notes = []
    if values is not None:
        notes.append(
            ImportNote("parent_ignored", "warning", "The coarsest level has no parents; ignored.")
        )
    return Links(None, [None] * count, tuple(notes))


def _not_yet(values: Sequence[Any] | None, above: str, count: int) -> Links:
    if values is None:
        return Links(None, [None] * count, ())
    kept = [clean_code(v) or None for v in values]
    text = f"The edition has no coarser level yet; links are kept as codes of level '{above}'."
    return Links(above, kept, (ImportNote("parent_not_yet", "warning", text),))


def _next_coarser(existing: Coverage | None, levels: Levels, rank: int) -> _Parents | None:
    if existing is None:
        return None
    for name in reversed(levels.names[:rank]):
        rows = existing.rows(name) if name in existing.levels.names else np.array([], int)
        if len(rows):
            geometry = existing.geometry[rows]
            absent = shapely.is_missing(geometry)
            if absent.any():
                geometry = np.where(absent, existing.shapes[rows], geometry)
            return _Parents(name, existing.code[rows], existing.name[rows], geometry)
    return None


def _by_column(
    values: Sequence[Any], parents: _Parents, overlap: dict[int, list[tuple[int, float]]]
) -> list[int]:
    """Row of the parent that each value names, -1 for none."""
    by_code = {str(code): row for row, code in enumerate(parents.code)}
    by_name = defaultdict(list)
    for row, name in enumerate(parents.name):
        if name:
            by_name[str(name)].append(row)
    out = []
    for child, value in enumerate(values):
        named = by_name.get(clean_name(value), [])
        if clean_code(value) in by_code:
            out.append(by_code[clean_code(value)])
        elif len(named) == 1:
            out.append(named[0])
        else:
            # Several parents of that name: the one that the area lies in, if it is one of them.
            out.append(next((p for p, _ in overlap.get(child, []) if p in named), -1))
    return out


def _note_names(
    values: Sequence[Any] | None, parents: _Parents, matched: list[int]
) -> list[ImportNote]:
    if values is None:
        return []
    by_name = sum(
        1
        for value, parent in zip(values, matched, strict=True)
        if parent >= 0 and clean_code(value) != parents.code[parent]
    )
    if not by_name:
        return []
    text = f"{by_name} areas are linked to their {parents.level} by its name, not its code."
    return [ImportNote("parent_by_name", "info", text)]


def _notes_filled(
    given: Sequence[str | None],
    codes: Sequence[str],
    parents: _Parents,
    matched: list[int],
    filled: list[int],
    overlap: dict[int, list[tuple[int, float]]],
) -> list[ImportNote]:
    rows = [r for r, p in enumerate(filled) if p >= 0 and matched[r] < 0]
    if not rows:
        return []
    without_column = all(g is None for g in given)
    details = tuple(
        {
            "code": codes[r],
            "given": given[r],
            "parent": str(parents.code[filled[r]]),
            "share": round(overlap[r][0][1], 4),
        }
        for r in rows
    )
    what = "come without a parent" if without_column else "have a blank or unknown parent"
    sure = sum(1 for d in details if float(str(d["share"])) >= _SURE_SHARE)
    text = (
        f"{len(rows)} areas {what}; linked to the {parents.level} they overlap most"
        f" ({len(rows) - sure} of them with less than 90 % of their area in it)."
    )
    severity = "info" if without_column and sure == len(rows) else "warning"
    return [_rows_note("parent_filled", severity, text, rows, codes, details)]


def _note_missing(
    given: Sequence[str | None], codes: Sequence[str], parents: _Parents, filled: list[int]
) -> list[ImportNote]:
    rows = [r for r, p in enumerate(filled) if p < 0]
    if not rows:
        return []
    details = tuple({"code": codes[r], "given": given[r]} for r in rows)
    text = f"{len(rows)} areas have no parent: no {parents.level} is named so or lies there."
    return [_rows_note("parent_missing", "warning", text, rows, codes, details)]


def _note_disagreeing(
    codes: Sequence[str],
    parents: _Parents,
    matched: list[int],
    overlap: dict[int, list[tuple[int, float]]],
) -> list[ImportNote]:
    rows, details = [], []
    for row, parent in enumerate(matched):
        if parent < 0 or row not in overlap or overlap[row][0][0] == parent:
            continue
        best, share = overlap[row][0]
        in_parent = dict(overlap[row]).get(parent, 0.0)
        if share == in_parent:
            continue
        rows.append(row)
        details.append(
            {
                "code": codes[row],
                "parent": str(parents.code[parent]),
                "share_in_parent": round(in_parent, 4),
                "by_polygon": str(parents.code[best]),
                "share": round(share, 4),
            }
        )
    if not rows:
        return []
    text = (
        f"{len(rows)} areas name another {parents.level} than the one whose polygon they lie in;"
        " the column is kept."
    )
    return [_rows_note("parent_disagrees", "warning", text, rows, codes, tuple(details))]


def _note_borders(
    codes: Sequence[str],
    geometry: NDArray[np.object_],
    parents: _Parents,
    matched: list[int],
    overlap: dict[int, list[tuple[int, float]]],
) -> list[ImportNote]:
    """Report areas that lie in their parent but for a part: the borders were drawn apart."""
    kx, ky = metres_per_degree(shapely.get_y(shapely.centroid(geometry)))
    area_m2 = shapely.area(geometry) * kx * ky
    rows, details = [], []
    for row, parent in enumerate(matched):
        if parent < 0 or row not in overlap or overlap[row][0][0] != parent:
            continue
        outside_m2 = (1.0 - overlap[row][0][1]) * area_m2[row]
        if outside_m2 < _LEAST_PART_M2:
            continue
        rows.append(row)
        details.append(
            {
                "code": codes[row],
                "parent": str(parents.code[parent]),
                "outside_m2": round(outside_m2, 1),
                "share_outside": round(1.0 - overlap[row][0][1], 6),
                "also_in": [str(parents.code[p]) for p, _ in overlap[row][1:]],
            }
        )
    if not rows:
        return []
    text = (
        f"{len(rows)} areas reach beyond the polygon of their {parents.level} by 1 m² or more:"
        " the borders of the two levels were drawn apart."
    )
    return [_rows_note("parent_border_differs", "warning", text, rows, codes, tuple(details))]


def _rows_note(
    kind: str,
    severity: str,
    text: str,
    rows: list[int],
    codes: Sequence[str],
    details: tuple[dict[str, Any], ...],
) -> ImportNote:
    return ImportNote(
        kind,
        "info" if severity == "info" else "warning",
        text,
        rows=tuple(r + 1 for r in rows),
        codes=tuple(codes[r] for r in rows),
        details=details,
    )
