"""Parent links of an imported level: by the column, else by the largest overlap."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import Levels
from gridmap.coverage.codes import clean_code, clean_name
from gridmap.coverage.importing.known_as import aliases_of, codes_of
from gridmap.coverage.importing.parent_notes import Linking, note_links
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.overlaps import overlap_shares, polygonal

__all__ = ["Known", "Links", "link_parents"]

# Attributes of the areas that an edition has, by level and code.
Known = Mapping[str, Mapping[str, Mapping[str, Any]]]
_Overlap = dict[int, list[tuple[int, float]]]


@dataclass(frozen=True, slots=True)
class Links:
    """Links of a level's rows: the parents' level and codes, None where there is none."""

    parent_level: str | None
    parent_code: list[str | None]
    notes: tuple[ImportNote, ...]


@dataclass(frozen=True, eq=False)
class _Parents:
    """Areas that may be parents, and what each can be called."""

    level: str
    code: NDArray[np.object_]
    geometry: NDArray[np.object_]
    called: dict[str, dict[str, list[int]]]


def link_parents(
    values: Sequence[Any] | None,
    codes: Sequence[str],
    geometry: NDArray[np.object_],
    *,
    level: str,
    levels: Levels,
    existing: Coverage | None,
    known: Known | None = None,
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
    known : mapping, optional
        Attributes of those areas, for their aliases and their codes in other systems.

    Returns
    -------
    Links
        A value is matched by code, then by name, alias and code of another system, each if
        only one parent has it. Blank and unmatched ones are filled by the largest overlap. A
        link that the polygons contradict is kept: the column is what the office decided. A
        value that names no area and lies in none is kept too, for the audit to tell. All of
        it is reported. Where the edition has no coarser level yet, the column's values are
        kept as codes of the next coarser level, so that they hold once it is imported.
    """
    rank = levels.rank(level)
    if rank == 0:
        return _no_level_above(values, len(codes))
    parents = _next_coarser(existing, levels, rank, known or {})
    if parents is None:
        return _not_yet(values, levels[rank - 1].name, len(codes))
    overlap = _overlaps(geometry, parents)
    named = [(-1, "")] * len(codes)
    if values is not None:
        named = [_by_column(v, parents, overlap.get(row, [])) for row, v in enumerate(values)]
    matched = [parent for parent, _ in named]
    filled = [
        m if m >= 0 else (overlap[row][0][0] if row in overlap else -1)
        for row, m in enumerate(matched)
    ]
    given = [None] * len(codes) if values is None else [clean_name(v) for v in values]
    how = [how for _, how in named]
    linking = Linking(
        parents.level, parents.code.tolist(), codes, given, matched, how, filled, overlap
    )
    linked = [
        str(parents.code[p]) if p >= 0 else (clean_code(given[row]) or None)
        for row, p in enumerate(filled)
    ]
    return Links(parents.level, linked, tuple(note_links(linking, geometry)))


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
    text = (
        f"The edition has no coarser level yet; links are kept as codes of level '{above}'."
        " Until that level is imported they lead nowhere."
    )
    return Links(above, kept, (ImportNote("parent_not_yet", "warning", text),))


def _next_coarser(
    existing: Coverage | None, levels: Levels, rank: int, known: Known
) -> _Parents | None:
    if existing is None:
        return None
    for name in reversed(levels.names[:rank]):
        rows = existing.rows(name) if name in existing.levels.names else np.array([], int)
        if len(rows):
            geometry = existing.geometry[rows]
            absent = shapely.is_missing(geometry)
            if absent.any():
                geometry = np.where(absent, existing.shapes[rows], geometry)
            called = _called(existing, rows, known.get(name, {}))
            return _Parents(name, existing.code[rows], geometry, called)
    return None


def _called(
    existing: Coverage, rows: NDArray[np.int64], known: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, list[int]]]:
    """Parents by code, name, alias and code of another system; remainders by code only."""
    out: dict[str, dict[str, list[int]]] = {
        how: defaultdict(list) for how in ("code", "name", "alias", "other")
    }
    for at, row in enumerate(rows.tolist()):
        out["code"][str(existing.code[row])].append(at)
        if existing.hidden[row]:
            continue
        if existing.name[row]:
            out["name"][str(existing.name[row])].append(at)
        attributes = known.get(str(existing.code[row]), {})
        for alias in aliases_of(attributes):
            out["alias"][alias].append(at)
        for code in set(codes_of(attributes).values()):
            out["other"][code].append(at)
    return out


def _overlaps(geometry: NDArray[np.object_], parents: _Parents) -> _Overlap:
    child, parent, share = overlap_shares(polygonal(geometry), polygonal(parents.geometry))
    out: _Overlap = defaultdict(list)
    for c, p, s in zip(child.tolist(), parent.tolist(), share.tolist(), strict=True):
        out[c].append((p, s))
    return out


def _by_column(value: Any, parents: _Parents, lies_in: list[tuple[int, float]]) -> tuple[int, str]:
    """The parent that a value names and by what, (-1, "") for none.

    Of several parents of that name it is the one that the area lies in.
    """
    code, name = clean_code(value), clean_name(value)
    for how, found in parents.called.items():
        named = found.get(code if how in {"code", "other"} else name, [])
        if len(named) == 1:
            return named[0], how
        inside = next((p for p, _ in lies_in if p in named), -1)
        if inside >= 0:
            return inside, how
    return -1, ""
