"""What else an area is called: aliases, and its codes in other systems.

Statistical lists write short names (文东) where an office has a longer one (文化东路), and
police, civil affairs and urban management each number the same ground. Both are kept with
the area's attributes, under two keys that no column of a file can take.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.coverage.codes import clean_code, clean_name
from gridmap.coverage.importing.columns import ColumnMap, column_values
from gridmap.coverage.notes import ImportNote
from gridmap.coverage.reading.read import Layer
from gridmap.errors import BadValue
from gridmap.tables import read_table

__all__ = [
    "ALIASES",
    "CODES",
    "AliasRow",
    "aliases_of",
    "check_systems",
    "codes_of",
    "free_key",
    "known_as",
    "read_aliases",
    "split_aliases",
]

# Keys of an area's attributes.
ALIASES, CODES = "aliases", "codes"

_BETWEEN = re.compile(r"[;；、,，|/]|\n")
_SYSTEM = re.compile(r"[^\s=;,][^=;,]{0,39}\Z")


@dataclass(frozen=True, slots=True)
class AliasRow:
    """A line of a table of aliases: an area, by code or by name, and what else it is called."""

    level: str
    code: str
    name: str
    alias: str


def split_aliases(value: Any) -> tuple[str, ...]:
    """Return the names in a cell, in their order, each once."""
    if isinstance(value, (list, tuple, np.ndarray)):
        names = [clean_name(v) for v in value]
    else:
        names = [clean_name(part) for part in _BETWEEN.split(clean_name(value))]
    return tuple(dict.fromkeys(n for n in names if n))


def aliases_of(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the aliases among an area's stored attributes."""
    return tuple(attributes.get(ALIASES) or ())


def codes_of(attributes: Mapping[str, Any]) -> dict[str, str]:
    """Return an area's codes in other systems from its stored attributes."""
    return dict(attributes.get(CODES) or {})


def free_key(column: str) -> str:
    """Return the attribute's key for a column of a file: its name, unless that is reserved."""
    return f"{column}_column" if column in {ALIASES, CODES} else column


def check_systems(columns: ColumnMap) -> None:
    """Refuse systems without a usable name, and one named twice."""
    systems = [system for system, _ in columns.also]
    for system in systems:
        if not _SYSTEM.match(system) or systems.count(system) > 1:
            raise BadValue(
                "Each further system of codes needs a name of its own.",
                got=system,
                allowed="up to 40 characters, each name once",
                repair="Write --also-code SYSTEM=COL, for example --also-code police=JWH.",
            )


def read_aliases(path: Path) -> list[AliasRow]:
    """Read a CSV of aliases: a column ``alias``, and ``code`` or ``name`` of the area.

    A column ``level`` confines a row to that level. A cell may hold several aliases.

    Raises
    ------
    UnreadableFile, WrongEncoding, MissingColumn
    BadValue
        For a row that names no area or no alias.
    """
    out = []
    for row in read_table(path, ["alias"], ["level", "code", "name"]):
        if not row.cells["code"] and not row.cells["name"]:
            row.refuse("code", "is empty, and there is no name either")
        for alias in split_aliases(row.text("alias")):
            code, name = clean_code(row.cells["code"]), clean_name(row.cells["name"])
            out.append(AliasRow(row.cells["level"], code, name, alias))
    return out


def known_as(
    layer: Layer,
    columns: ColumnMap,
    rows: NDArray[np.int64],
    areas: Sequence[tuple[str, str]],
    *,
    level: str,
    table: Sequence[AliasRow] = (),
) -> tuple[list[dict[str, Any]], list[ImportNote]]:
    """Return for each area the aliases and further codes to keep, and remarks on them.

    Parameters
    ----------
    rows : int64 (n,)
        Rows of the layer that become areas.
    areas : sequence of (str, str)
        Code and name of each of them.
    table : sequence of AliasRow
        Further aliases, see :func:`read_aliases`.

    Returns
    -------
    records : list of dict
        With ``aliases`` and ``codes`` where there are any.
    notes : list of ImportNote
        Rows count from 1 among the areas.
    """
    also, notes = _other_codes(layer, columns, rows, areas)
    names = _aliases(layer, columns, rows, areas)
    notes += _from_table(names, areas, [r for r in table if r.level in {"", level}])
    notes += _note_shared(names, areas)
    records: list[dict[str, Any]] = []
    for aliases, codes in zip(names, also, strict=True):
        record: dict[str, Any] = {ALIASES: list(aliases)} if aliases else {}
        records.append(record | ({CODES: codes} if codes else {}))
    return records, notes


def _other_codes(
    layer: Layer, columns: ColumnMap, rows: NDArray[np.int64], areas: Sequence[tuple[str, str]]
) -> tuple[list[dict[str, str]], list[ImportNote]]:
    out: list[dict[str, str]] = [{} for _ in areas]
    notes = []
    for system, column in columns.also:
        values = [clean_code(v) for v in column_values(layer, column, rows) or []]
        holders: dict[str, list[int]] = defaultdict(list)
        for at, code in enumerate(values):
            if code:
                out[at][system] = code
                holders[code].append(at)
        blank = [at for at, code in enumerate(values) if not code]
        if blank:
            text = f"{len(blank)} areas have no code in the system '{system}'."
            notes.append(_note("other_code_blank", "info", text, blank, areas))
        repeated = sorted(at for found in holders.values() if len(found) > 1 for at in found)
        if repeated:
            text = f"{len(repeated)} areas share a code of the system '{system}' with another."
            notes.append(_note("other_code_duplicate", "warning", text, repeated, areas))
    return out, notes


def _aliases(
    layer: Layer, columns: ColumnMap, rows: NDArray[np.int64], areas: Sequence[tuple[str, str]]
) -> list[list[str]]:
    out: list[list[str]] = [[] for _ in areas]
    for column in columns.aliases:
        for at, value in enumerate(column_values(layer, column, rows) or []):
            _add(out[at], split_aliases(value), areas[at][1])
    return out


def _add(known: list[str], more: Sequence[str], name: str) -> None:
    known += [alias for alias in more if alias != name and alias not in known]


def _from_table(
    names: list[list[str]], areas: Sequence[tuple[str, str]], table: Sequence[AliasRow]
) -> list[ImportNote]:
    by_code = {code: at for at, (code, _) in enumerate(areas)}
    by_name: dict[str, list[int]] = defaultdict(list)
    for at, (_, name) in enumerate(areas):
        by_name[name].append(at)
    lost = []
    for row in table:
        found = [by_code[row.code]] if row.code in by_code else []
        if not found and not row.code:
            found = by_name.get(row.name, [])
        if len(found) == 1:
            _add(names[found[0]], [row.alias], areas[found[0]][1])
        else:
            lost.append(f"{row.code or row.name} = {row.alias}")
    if not lost:
        return []
    shown = ", ".join(lost[:5]) + (f" and {len(lost) - 5} more" if len(lost) > 5 else "")
    text = f"{len(lost)} aliases of the table are of no area of this level, or not of one: {shown}."
    return [ImportNote("alias_unmatched", "info", text)]


def _note_shared(names: list[list[str]], areas: Sequence[tuple[str, str]]) -> list[ImportNote]:
    """Say which aliases name more than one area, its own name included."""
    holders: dict[str, set[int]] = defaultdict(set)
    for at, aliases in enumerate(names):
        for name in (*aliases, areas[at][1]):
            holders[name].add(at)
    named = {alias for aliases in names for alias in aliases}
    shared = sorted(alias for alias in named if len(holders[alias]) > 1)
    if not shared:
        return []
    rows = sorted({at for alias in shared for at in holders[alias]})
    text = f"{len(shared)} aliases name more than one area ({', '.join(shared[:5])})."
    return [_note("alias_shared", "warning", text, rows, areas)]


def _note(
    kind: str, severity: str, text: str, rows: list[int], areas: Sequence[tuple[str, str]]
) -> ImportNote:
    return ImportNote(
        kind,
        "info" if severity == "info" else "warning",
        text,
        rows=tuple(r + 1 for r in rows),
        codes=tuple(areas[r][0] for r in rows),
    )
