"""What an import remarks on, apart from codes and parents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import KINDS, Area, Levels
from gridmap.coverage.codes import clean_code, clean_name
from gridmap.coverage.counts import read_count
from gridmap.coverage.model import Coverage
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.encoding import misread

__all__ = [
    "note_empty",
    "note_finer",
    "note_invalid",
    "note_misread",
    "note_uncounted",
    "note_unnamed",
    "read_kinds",
    "renumber",
]

_KIND_WORDS = {
    "": "basic",
    "basic": "basic",
    "base": "basic",
    "基础": "basic",
    "基础网格": "basic",
    "普通": "basic",
    "一般": "basic",
    "exclusive": "exclusive",
    "专属": "exclusive",
    "专属网格": "exclusive",
    "remainder": "remainder",
    "剩余": "remainder",
}


def read_kinds(
    values: Sequence[Any] | None, rows: NDArray[np.int64]
) -> tuple[list[str], list[ImportNote]]:
    """Return the kind of each area, told in Chinese or English; basic if not known."""
    if values is None:
        return ["basic"] * len(rows), []
    words = [clean_name(v).casefold() for v in values]
    unknown = [r for r, w in enumerate(words) if w not in _KIND_WORDS]
    notes = []
    if unknown:
        found = ", ".join(sorted({words[r] for r in unknown})[:5])
        text = f"{len(unknown)} areas have a kind that is not known ({found}); taken as basic."
        allowed = f" Known: {', '.join(KINDS)}, 基础, 专属."
        at = tuple(int(rows[r]) + 1 for r in unknown)
        notes.append(ImportNote("kind_unknown", "warning", text + allowed, rows=at))
    return [_KIND_WORDS.get(w, "basic") for w in words], notes


def note_empty(
    missing: NDArray[np.int64], code: Sequence[str], *, left_out: bool
) -> list[ImportNote]:
    """Say which rows have no polygon, and what becomes of them."""
    if not len(missing):
        return []
    fate = "left out, as no point can lie in them" if left_out else "derived from their children"
    return [
        ImportNote(
            "empty_geometry",
            "error" if left_out else "warning",
            f"{len(missing)} areas have no polygon; {fate}.",
            rows=tuple(int(r) + 1 for r in missing),
            codes=tuple(code[r] for r in missing if code[r]),
        )
    ]


def note_invalid(
    geometry: NDArray[np.object_], rows: NDArray[np.int64], code: Sequence[str]
) -> list[ImportNote]:
    """Say which polygons are not valid; `rows` are their rows in the source."""
    bad = np.flatnonzero(~shapely.is_missing(geometry) & ~shapely.is_valid(geometry))
    if not len(bad):
        return []
    text = f"{len(bad)} polygons are not valid; kept as they are, `gridmap check` shows where."
    return [
        ImportNote(
            "invalid_geometry",
            "warning",
            text,
            rows=tuple(int(r) + 1 for r in rows[bad]),
            codes=tuple(code[r] for r in bad.tolist()),
        )
    ]


def renumber(notes: Iterable[ImportNote], rows: NDArray[np.int64]) -> list[ImportNote]:
    """Turn row numbers among the areas kept into those of the source."""
    return [replace(n, rows=tuple(int(rows[r - 1]) + 1 for r in n.rows)) for n in notes]


def note_misread(texts: Iterable[str]) -> list[ImportNote]:
    """Say when names look like text read in the wrong encoding, and in which."""
    evidence = misread(texts)
    if evidence is None:
        return []
    text = (
        f"Names look like {evidence.really} read as {evidence.read_as}: "
        f"'{evidence.found}' for '{evidence.likely}'. Try --encoding {evidence.really}."
    )
    return [ImportNote("mojibake", "warning", text)]


def note_unnamed(areas: Sequence[Area]) -> list[ImportNote]:
    """Say which areas have no name; rows among `areas`. A remainder needs none."""
    bad = [r for r, area in enumerate(areas) if not area.name and area.kind != "remainder"]
    if not bad:
        return []
    text = f"{len(bad)} area{'s' * (len(bad) != 1)} without a name."
    rows, codes = tuple(r + 1 for r in bad), tuple(areas[r].code for r in bad)
    return [ImportNote("blank_name", "warning", text, rows=rows, codes=codes)]


def note_uncounted(
    records: Sequence[Mapping[str, Any]], code: Sequence[str], columns: Iterable[str]
) -> list[ImportNote]:
    """Say which values of columns that are counted by are no numbers; rows among `records`."""
    notes = []
    for column in columns:
        said = [clean_code(record.get(column)) for record in records]
        bad = [r for r, one in enumerate(records) if said[r] and read_count(one[column]) is None]
        if bad:
            shown = ", ".join(sorted({f"'{said[r][:40]}'" for r in bad})[:5])
            text = f"{len(bad)} values of '{column}' are no numbers ({shown}); they do not count."
            rows, codes = tuple(r + 1 for r in bad), tuple(code[r] for r in bad)
            notes.append(ImportNote("count_unread", "warning", text, rows=rows, codes=codes))
    return notes


def note_finer(existing: Coverage | None, level: str, levels: Levels) -> list[ImportNote]:
    """Say when levels below the one imported are in the edition already."""
    if existing is None:
        return []
    finer = [
        name
        for name in levels.names[levels.rank(level) + 1 :]
        if name in existing.levels.names and len(existing.rows(name))
    ]
    if not finer:
        return []
    text = (
        f"Finer levels are in the edition already ({', '.join(finer)}); their links to this"
        " level hold by code only. Import them again to have missing links filled."
    )
    return [ImportNote("finer_levels_present", "info", text)]
