"""What an import has to say about the links it made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.notes import ImportNote
from gridmap.crs import metres_per_degree

__all__ = ["Linking", "note_links"]

# An area filled in by overlap with less than this in its parent deserves a look.
_SURE_SHARE = 0.9

# Smaller parts outside the parent are rounding.
_LEAST_PART_M2 = 1.0

_HOW = {"name": "by its name", "alias": "by another of its names", "other": "by another code of it"}


@dataclass(frozen=True, eq=False)
class Linking:
    """How the areas of a level were linked; row ``i`` of every sequence is one area.

    Attributes
    ----------
    level : str
        Of the parents.
    parents : sequence of str
        Their codes.
    codes : sequence of str
        Of the areas.
    given : sequence of str or None
        What the column says, cleaned; None without a column.
    matched : list of int
        The parent that the column names, -1 for none.
    how : list of str
        By what it was found: ``code``, ``name``, ``alias`` or ``other`` (a code of another
        system); empty where it was not.
    filled : list of int
        The parent in the end, -1 for none.
    overlap : mapping of int to list of (int, float)
        Parents that share ground with an area, with the share of the area, largest first.
    """

    level: str
    parents: Sequence[str]
    codes: Sequence[str]
    given: Sequence[str | None]
    matched: list[int]
    how: list[str]
    filled: list[int]
    overlap: Mapping[int, list[tuple[int, float]]]


def note_links(linking: Linking, geometry: NDArray[np.object_]) -> list[ImportNote]:
    """Return all remarks on the links; `geometry` are the areas' polygons, EPSG:4326."""
    return [
        *_note_names(linking),
        *_notes_filled(linking),
        *_note_missing(linking),
        *_note_disagreeing(linking),
        *_note_borders(linking, geometry),
    ]


def _note_names(linking: Linking) -> list[ImportNote]:
    counts = Counter(linking.how)
    return [
        ImportNote(
            f"parent_by_{how if how != 'other' else 'other_code'}",
            "info",
            f"{counts[how]} areas are linked to their {linking.level} {words}, not its code.",
        )
        for how, words in _HOW.items()
        if counts[how]
    ]


def _notes_filled(linking: Linking) -> list[ImportNote]:
    rows = [r for r, p in enumerate(linking.filled) if p >= 0 and linking.matched[r] < 0]
    if not rows:
        return []
    given, overlap = linking.given, linking.overlap
    without_column = all(g is None for g in given)
    details = tuple(
        {
            "code": linking.codes[r],
            "given": given[r],
            "parent": str(linking.parents[linking.filled[r]]),
            "share": round(overlap[r][0][1], 4),
        }
        for r in rows
    )
    what = "come without a parent" if without_column else "have a blank or unknown parent"
    sure = sum(1 for d in details if float(str(d["share"])) >= _SURE_SHARE)
    text = (
        f"{len(rows)} areas {what}; linked to the {linking.level} they overlap most"
        f" ({len(rows) - sure} of them with less than 90 % of their area in it)."
    )
    severity = "info" if without_column and sure == len(rows) else "warning"
    return [_rows_note("parent_filled", severity, text, rows, linking, details)]


def _note_missing(linking: Linking) -> list[ImportNote]:
    rows = [r for r, p in enumerate(linking.filled) if p < 0]
    if not rows:
        return []
    details = tuple({"code": linking.codes[r], "given": linking.given[r]} for r in rows)
    text = f"{len(rows)} areas have no parent: no {linking.level} is named so or lies there."
    return [_rows_note("parent_missing", "warning", text, rows, linking, details)]


def _note_disagreeing(linking: Linking) -> list[ImportNote]:
    rows, details = [], []
    for row, parent in enumerate(linking.matched):
        found = linking.overlap.get(row)
        if parent < 0 or not found or found[0][0] == parent:
            continue
        best, share = found[0]
        in_parent = dict(found).get(parent, 0.0)
        if share == in_parent:
            continue
        rows.append(row)
        details.append(
            {
                "code": linking.codes[row],
                "parent": str(linking.parents[parent]),
                "share_in_parent": round(in_parent, 4),
                "by_polygon": str(linking.parents[best]),
                "share": round(share, 4),
            }
        )
    if not rows:
        return []
    text = (
        f"{len(rows)} areas name another {linking.level} than the one whose polygon they lie in;"
        " the column is kept."
    )
    return [_rows_note("parent_disagrees", "warning", text, rows, linking, tuple(details))]


def _note_borders(linking: Linking, geometry: NDArray[np.object_]) -> list[ImportNote]:
    """Report areas that lie in their parent but for a part: the borders were drawn apart."""
    kx, ky = metres_per_degree(shapely.get_y(shapely.centroid(geometry)))
    area_m2 = shapely.area(geometry) * kx * ky
    rows, details = [], []
    for row, parent in enumerate(linking.matched):
        found = linking.overlap.get(row)
        if parent < 0 or not found or found[0][0] != parent:
            continue
        outside_m2 = (1.0 - found[0][1]) * area_m2[row]
        if outside_m2 < _LEAST_PART_M2:
            continue
        rows.append(row)
        details.append(
            {
                "code": linking.codes[row],
                "parent": str(linking.parents[parent]),
                "outside_m2": round(outside_m2, 1),
                "share_outside": round(1.0 - found[0][1], 6),
                "also_in": [str(linking.parents[p]) for p, _ in found[1:]],
            }
        )
    if not rows:
        return []
    text = (
        f"{len(rows)} areas reach beyond the polygon of their {linking.level} by 1 m² or more:"
        " the borders of the two levels were drawn apart."
    )
    return [_rows_note("parent_border_differs", "warning", text, rows, linking, tuple(details))]


def _rows_note(
    kind: str,
    severity: str,
    text: str,
    rows: list[int],
    linking: Linking,
    details: tuple[dict[str, Any], ...],
) -> ImportNote:
    return ImportNote(
        kind,
        "info" if severity == "info" else "warning",
        text,
        rows=tuple(r + 1 for r in rows),
        codes=tuple(linking.codes[r] for r in rows),
        details=details,
    )
