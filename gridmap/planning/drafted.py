"""A draft as the areas of an edition: what is stored when it is published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridmap.areas import Area
from gridmap.coverage.model import Coverage, union_of
from gridmap.planning.held import HELD_COLUMNS
from gridmap.planning.plan import CodePattern
from gridmap.planning.state import PlanState, first_atom

__all__ = ["Drafted", "DraftedLevel", "drafted", "drafted_coverage", "level_shapes"]

# Attribute of atoms whose homes were shared out by area.
ESTIMATED = "estimated"

# An area with its polygon and its attributes.
_Record = tuple[Area, Any, dict[str, Any]]


@dataclass(frozen=True, eq=False)
class DraftedLevel:
    """Areas of one level: row ``i`` of each is one area."""

    level: str
    areas: list[Area]
    geometry: NDArray[np.object_]
    attributes: list[dict[str, Any]]


@dataclass(frozen=True, eq=False)
class Drafted:
    """What a draft changes of its edition, and what it leaves.

    Attributes
    ----------
    levels : tuple of DraftedLevel
        The planned level and the finest; above them those in which an area has changed. Each
        has all areas that the draft has of it.
    kept : DraftedLevel
        Areas of the other levels, as they are in the edition.
    """

    levels: tuple[DraftedLevel, ...]
    kept: DraftedLevel


def drafted(state: PlanState) -> Drafted:
    """Return a draft as areas, atoms with the codes of the grids they are in."""
    ground, graph = state.ground, state.graph
    coverage = ground.graph.coverage
    codes = _final_codes(state)
    own_rows = set(ground.graph.row.tolist())
    # A level is stored as a whole or stays as it is: an area of it may be among the atoms, such
    # as a community without grids, while the others have grids.
    stored = (graph.level, ground.finest, *sorted(_changed_above(state)))
    listed: dict[str, list[_Record]] = {level: [] for level in stored}
    kept: list[_Record] = []
    for row in range(len(coverage)):
        level = coverage.levels[int(coverage.rank[row])].name
        if row in own_rows or level == graph.level:
            continue
        area = coverage.area(row)
        shape = None if (level, area.code) in state.redrawn else coverage.geometry[row]
        held = dict(ground.kept(level).get(area.code, {}))
        listed.get(level, kept).append((_unstored(area), shape, held))
    for g in state.grid_at.values():
        if not _is_area_itself(state, g):
            listed[graph.level].append(_grid_record(state, g))
    for i in range(len(state)):
        if ground.in_parts and state.atoms[i].level == ground.finest:
            continue
        record = _atom_record(state, i, codes[i])
        listed.get(record[0].level, kept).append(record)
    levels = tuple(_level(name, rows) for name, rows in listed.items() if rows)
    return Drafted(levels, _level("", kept))


def drafted_coverage(state: PlanState, edition: str) -> Coverage:
    """Return a draft as the edition that it would be."""
    found = drafted(state)
    areas = [area for level in (found.kept, *found.levels) for area in level.areas]
    shapes = [shape for level in (found.kept, *found.levels) for shape in level.geometry]
    levels = state.ground.levels or state.graph.coverage.levels
    return Coverage.build(edition, levels, areas, shapes)


def level_shapes(state: PlanState, among: NDArray[np.bool_] | None = None) -> list[tuple[int, Any]]:
    """Return the grids that have atoms with their outline, EPSG:4326, in code order.

    Parameters
    ----------
    among : bool (n,), optional
        Only grids with one of these atoms.
    """
    wanted = None if among is None else set(state.grid_of[among].tolist())
    out = []
    for _, g in sorted(state.grid_at.items(), key=lambda pair: pair[0].encode()):
        if wanted is None or g in wanted:
            out.append((g, _united(state, state.members(g))))
    return out


def _changed_above(state: PlanState) -> set[str]:
    """Return the levels above the grids in which an area is not as it is in the edition."""
    ground, first = state.ground, state.ground.graph
    found = {level for level, _ in state.redrawn}
    for i, one in enumerate(state.atoms):
        if one.level not in (state.graph.level, ground.finest):
            row = int(first.row[first.place[one.origin]])
            same = state.shapes[i] is first.coverage.geometry[row]
            if not same or one != first_atom(first.coverage, row):
                found.add(one.level)
    return found


def _level(name: str, rows: Sequence[_Record]) -> DraftedLevel:
    shapes = np.empty(len(rows), dtype=object)
    shapes[:] = [shape for _, shape, _ in rows]
    return DraftedLevel(name, [r[0] for r in rows], shapes, [r[2] for r in rows])


def _is_area_itself(state: PlanState, grid: int) -> bool:
    """True for a grid that has no finer areas: it is among the atoms."""
    return any(state.atoms[i].level == state.graph.level for i in state.members(grid).tolist())


def _grid_record(state: PlanState, grid: int) -> _Record:
    graph, one = state.graph, state.grids[grid]
    above = str(graph.container_code[one.container]) if one.container >= 0 else ""
    area = Area(
        id=-1,
        level=graph.level,
        code=one.code,
        name=one.title,
        name_en=one.title_en,
        parent_level=graph.above if above else None,
        parent_code=above or None,
        kind=one.kind,
        provisional=one.code in state.ground.made_up,
    )
    held = dict(state.ground.grid_kept.get(one.origin, {})) if one.origin else {}
    members = state.members(grid)
    sums = _sums(state, members.tolist(), held)
    # What is said of a grid itself stays, as long as it is the same ground.
    held = sums | held if _as_before(state, grid, members) else held | sums
    shape = _declared(state, grid, members)
    if state.ground.in_parts:
        shape = _united(state, members) if shape is None else shape
        if any(state.atoms[i].estimated for i in members.tolist()):
            held[ESTIMATED] = True
    return area, shape, held | dict(one.attributes)


def _united(state: PlanState, members: NDArray[np.int64]) -> Any:
    """Return the polygon of a grid from its parts, each vertex as its neighbours have it."""
    if len(members) == 1:
        return state.shapes[members[0]]
    return union_of(state.shapes[members])


def _declared(state: PlanState, grid: int, members: NDArray[np.int64]) -> Any:
    """Return a grid's own polygon where the draft left it as it was; else it is derived."""
    first, origin = state.ground.graph, state.grids[grid].origin
    before = first.coverage.geometry[first.row[_first_atoms(state, origin)]]
    shapes = state.shapes[members]
    if not len(before) or {id(s) for s in before} != {id(s) for s in shapes}:
        return None
    coverage = first.coverage
    return coverage.geometry[coverage.row(first.level, origin)]


def _as_before(state: PlanState, grid: int, members: NDArray[np.int64]) -> bool:
    """True for a grid of the same atoms as in the edition, none of them redrawn."""
    atoms = [state.atoms[i] for i in members.tolist()]
    before = state.ground.graph.code[_first_atoms(state, state.grids[grid].origin)]
    return {one.origin for one in atoms} == set(before.tolist()) and all(
        one.own and not one.estimated for one in atoms
    )


def _first_atoms(state: PlanState, origin: str) -> NDArray[np.int64]:
    """Return the atoms that a grid of the edition has there."""
    first = state.ground.graph
    known = np.flatnonzero(first.grid_code == origin)
    return np.flatnonzero(np.isin(first.today, known)) if origin else known[:0]


def _atom_record(state: PlanState, i: int, code: str) -> _Record:
    graph, one, grid = state.graph, state.atoms[i], int(state.grid_of[i])
    coverage = state.ground.graph.coverage
    parent = (graph.level, state.grids[grid].code) if grid >= 0 else None
    if parent is None or one.level != state.ground.finest:
        row = state.ground.graph.row[state.ground.graph.place[one.origin]]
        source = coverage.area(int(row))
        parent = (source.parent_level, source.parent_code)  # type: ignore[assignment]
    assert parent is not None
    if grid >= 0 and one.level == graph.level:
        # A grid without finer areas: it is the grid that edits name and describe.
        said = state.grids[grid]
        code, words = said.code, {**one.attributes, **said.attributes}
        one = replace(one, name=said.title, name_en=said.title_en, kind=said.kind, attributes=words)
    area = Area(
        id=-1,
        level=one.level,
        code=code,
        name=one.name,
        name_en=one.name_en,
        parent_level=parent[0],
        parent_code=parent[1],
        kind=one.kind,
        # A remainder's code is made up by nature.
        provisional=one.kind != "remainder" and code in state.ground.made_up,
    )
    kept = state.ground.kept(one.level)
    held = dict(kept.get(one.origin, {})) if one.own else {}
    if one.estimated:
        origin = kept.get(one.origin, {})
        held |= _sums(state, [i], origin) | {ESTIMATED: True}
    return area, state.shapes[i], held | dict(one.attributes)


def _sums(state: PlanState, atoms: Sequence[int], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what atoms hold together, under the names that the attributes have for it.

    Nothing of a measure that is not known of each of them: that would be a part of the sum.
    """
    out: dict[str, Any] = {}
    origins = {state.atoms[i].origin for i in atoms}
    for name, columns in HELD_COLUMNS.items():
        unknown = state.ground.graph.unknown.get(name, ())
        if name in state.graph.amount and origins.isdisjoint(unknown):
            total = float(state.graph.amount[name][list(atoms)].sum())
            column = next((c for c in columns if c in known), columns[0])
            out[column] = int(total) if total.is_integer() else total
    return out


def _final_codes(state: PlanState) -> list[str]:
    """Return the atoms' codes: where codes nest, an atom that changed grid is numbered anew."""
    codes = [one.code for one in state.atoms]
    if not _nested(state):
        return codes
    taken = {*codes, *state.ground.used_atoms}
    for grid in state.grid_at.values():
        prefix = state.grids[grid].code
        members = state.members(grid).tolist()
        loose = [i for i in members if _to_renumber(state, i, prefix)]
        if not loose:
            continue
        mine = [(codes[i], "", "") for i in members if codes[i].startswith(prefix)]
        pattern = CodePattern.of(prefix, "", mine) if mine else _like_others(state, prefix)
        for i in sorted(loose, key=lambda i: (state.graph.xy[i, 0], -state.graph.xy[i, 1])):
            codes[i], _ = pattern.next(taken)
            taken.add(codes[i])
    return codes


def _to_renumber(state: PlanState, i: int, prefix: str) -> bool:
    one, graph = state.atoms[i], state.graph
    if one.code.startswith(prefix) or one.level != state.ground.finest:
        return False
    today = int(graph.today[i])
    stayed = one.own and today >= 0 and str(graph.grid_code[today]) == prefix
    return not stayed


def _nested(state: PlanState) -> bool:
    """True when most atoms' codes of the edition begin with their grid's."""
    graph = state.ground.graph
    known = np.flatnonzero(graph.today >= 0)
    begins = [
        str(graph.code[i]).startswith(str(graph.grid_code[graph.today[i]]))
        and graph.code[i] != graph.grid_code[graph.today[i]]
        for i in known.tolist()
    ]
    return bool(2 * sum(begins) > len(begins))


def _like_others(state: PlanState, prefix: str) -> CodePattern:
    """Return the numbering of a grid that has no atoms of its own code yet."""
    graph = state.ground.graph
    known = np.flatnonzero(graph.today >= 0)
    lengths = [
        len(str(graph.code[i])) - len(str(graph.grid_code[graph.today[i]])) for i in known.tolist()
    ]
    digits = max(1, int(np.median([n for n in lengths if n > 0] or [2])))
    return CodePattern(prefix, digits, 0, (0, "", ""))


def _unstored(area: Area) -> Area:
    return replace(area, id=-1)
