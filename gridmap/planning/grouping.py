"""Edits that give atoms to other grids: which grid keeps its code, and that none falls apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gridmap.errors import BadValue
from gridmap.planning.carving import Carved, sides_of
from gridmap.planning.changing import (
    Applied,
    at_finest,
    done,
    grids_of,
    lassoed,
    need_loose,
)
from gridmap.planning.coding import heir_codes, need_free, new_grids
from gridmap.planning.edits import CUT_RULE, MergeGrids, Reassign, Regroup, SplitGrid
from gridmap.planning.refusing import need_inside, need_whole, pieces_of, refuse
from gridmap.planning.state import DraftGrid, PlanState

__all__ = ["merge_grids", "reassign", "regroup", "split_grid"]


def reassign(state: PlanState, edit: Reassign, fresh: bool) -> Applied:
    """Give atoms to another grid."""
    grid = state.grid(edit.to)
    atoms = lassoed(state, edit.lasso) if edit.lasso is not None else _atoms(state, edit.atoms)
    atoms = [i for i in atoms if state.grid_of[i] != grid]
    if not atoms:
        raise refuse("nothing", {"grid": edit.to}, codes=[edit.to])
    need_loose(state, [*atoms, int(state.members(grid)[0])])
    need_inside(state, atoms, grid)
    left = grids_of(state, atoms)
    after = at_finest(state.reassigned(dict.fromkeys(atoms, grid)), atoms)
    need_whole(state, after, [g for g in [*left, grid] if after.live[g]])
    codes = tuple(state.atoms[i].code for i in atoms)
    return done(state, after, Reassign(edit.to, codes), [*left, grid])


def merge_grids(state: PlanState, edit: MergeGrids, fresh: bool) -> Applied:
    """Make one grid of several."""
    grids = list(dict.fromkeys(state.grid(code) for code in edit.grids))
    if len(grids) < 2:
        raise refuse("nothing", {"grid": edit.grids[0] if edit.grids else ""}, codes=edit.grids)
    need_loose(state, [int(state.members(g)[0]) for g in grids])
    target, *rest = grids
    atoms = [int(i) for g in rest for i in state.members(g)]
    need_inside(state, atoms, target)
    after = state.reassigned(dict.fromkeys(atoms, target))
    keeper = [g for g in grids if state.grids[g].code == heir_codes(after)[target]]
    container = state.grids[target].container
    listed = list(state.grids)
    if edit.code and edit.code not in edit.grids:
        need_free(state, state.graph.level, edit.code, fresh=fresh)
        listed[target] = new_grids(after, [target], container, [edit.code])[0]
    elif edit.code or keeper:
        kept = state.grid(edit.code) if edit.code else keeper[0]
        listed[target] = state.grids[kept]
        if kept != target:
            listed[kept] = state.grids[target]
    else:
        listed[target] = new_grids(after, [target], container)[0]
    after = state.reassigned(dict.fromkeys(atoms, target), tuple(listed))
    if len(pieces := _pieces_to_tell(after, target)) > 1:
        raise refuse(
            "not_neighbours",
            {"grids": tuple(edit.grids)},
            at=after.place_of(pieces[-1]),
            codes=edit.grids,
        )
    settled = MergeGrids(edit.grids, after.grids[target].code)
    return done(state, after, settled, [*grids])


def split_grid(state: PlanState, edit: SplitGrid, fresh: bool) -> Applied:
    """Divide a grid by lists of its atoms, or along lines."""
    if edit.lines and edit.parts:
        raise BadValue("A grid is divided by its parts or along lines, not both.", got=edit.grid)
    carved = None
    if edit.lines:
        edit = replace(edit, rule=CUT_RULE) if fresh else edit
        carved, parts = sides_of(state, edit, fresh)
        state = carved.state
    else:
        parts = [_atoms(state, part) for part in edit.parts]
    grid = state.grid(edit.grid)
    _need_own(state, grid, parts)
    if sum(len(part) for part in parts) == len(state.members(grid)):
        parts = parts[1:]
        if not parts:
            raise refuse("nothing", {"grid": edit.grid}, codes=[edit.grid])
    made = [len(state.grids) + k for k in range(len(parts))]
    moves = {i: g for g, part in zip(made, parts, strict=True) for i in part}
    blank = replace(state.grids[grid], code="", origin="")
    draft = state.reassigned(moves, (*state.grids, *[blank] * len(parts)))
    after = _succeeded(state, draft, grid, made, edit.codes, moves, fresh)
    need_whole(state, after, [grid, *made])
    settled = replace(edit, codes=tuple(after.grids[g].code for g in (grid, *made)))
    return _split_told(state, after, settled, parts, [grid, *made], carved)


def _split_told(
    before: PlanState,
    after: PlanState,
    settled: SplitGrid,
    parts: Sequence[Sequence[int]],
    grids: Sequence[int],
    carved: Carved | None,
) -> Applied:
    """Return what a split came to: its lines stand in the log, or the atoms of its parts."""
    if carved is None:
        codes = tuple(tuple(after.atoms[i].code for i in part) for part in parts)
        return done(before, after, replace(settled, parts=codes), grids)
    found = done(before, after, replace(settled, cuts=carved.made), grids)
    return replace(found, changed=(*found.changed, *carved.changes(after)))


def _need_own(state: PlanState, grid: int, parts: Sequence[Sequence[int]]) -> None:
    """Refuse parts of a grid that are empty, of another one, or named twice."""
    code, listed = state.grids[grid].code, [i for part in parts for i in part]
    if not listed or any(not part for part in parts):
        raise refuse("nothing", {"grid": code}, codes=[code])
    away = [i for i in listed if state.grid_of[i] != grid]
    if away or len(set(listed)) != len(listed):
        at = away[0] if away else listed[0]
        raise refuse("other_grid", {"atom": state.atoms[at].code, "grid": code},
                     at=state.place_of([at]), codes=[state.atoms[at].code])  # fmt: skip


def regroup(state: PlanState, edit: Regroup, fresh: bool) -> Applied:
    """Give many atoms to grids at once, new ones among them; judged when all have moved."""
    listed = {code: _atoms(state, atoms) for code, atoms in edit.grids.items()}
    every = [i for atoms in listed.values() for i in atoms]
    if len(set(every)) != len(every):
        twice = next(i for i in every if every.count(i) > 1)
        raise BadValue("An area is in one grid only.", got=state.atoms[twice].code)
    new = [code for code, atoms in listed.items() if code not in state.grid_at and atoms]
    place = {**state.grid_at, **{code: len(state.grids) + k for k, code in enumerate(new)}}
    moves = {
        i: place[code] for code, atoms in listed.items() for i in atoms
        if state.grid_of[i] != place[code]
    }  # fmt: skip
    if not moves:
        raise refuse("nothing", {"grid": ", ".join([*edit.grids][:5])}, codes=[*edit.grids][:20])
    need_loose(state, moves)
    if fresh:
        # Nor is anything given to a grid without finer areas; logs of before that are replayed.
        targets = sorted({g for g in moves.values() if g < len(state.grids) and state.live[g]})
        need_loose(state, [int(state.members(g)[0]) for g in targets])
    left = grids_of(state, moves)
    blanks = [_new_grid(state, edit, code, listed[code], fresh) for code in new]
    moved = state.reassigned(moves, (*state.grids, *blanks))
    for grid in sorted(set(moves.values())):
        need_inside(moved, [i for i, g in moves.items() if g == grid], grid)
    after = at_finest(_titled(moved, edit, new, place), moves)
    touched = [g for g in dict.fromkeys([*left, *moves.values()]) if after.live[g]]
    need_whole(state, after, touched)
    return done(state, after, edit, touched)


def _new_grid(
    state: PlanState, edit: Regroup, code: str, atoms: Sequence[int], fresh: bool
) -> DraftGrid:
    need_free(state, state.graph.level, code, fresh=fresh)
    title, title_en = (edit.titles or {}).get(code, ("", ""))
    return DraftGrid(code, title, title_en, "basic", int(state.graph.container[atoms[0]]))


def _titled(
    state: PlanState, edit: Regroup, new: Sequence[str], place: Mapping[str, int]
) -> PlanState:
    """Name the new grids that the edit does not name by the pattern of their area."""
    unnamed = [place[code] for code in new if code not in (edit.titles or {})]
    if not unnamed:
        return state
    listed = list(state.grids)
    for grid in unnamed:
        one = state.grids[grid]
        listed[grid] = new_grids(state, [grid], one.container, [one.code])[0]
    return state.reassigned({}, tuple(listed))


def _succeeded(
    before: PlanState,
    draft: PlanState,
    grid: int,
    made: Sequence[int],
    codes: Sequence[str],
    moves: Mapping[int, int],
    fresh: bool,
) -> PlanState:
    """Name the parts of a divided grid: its heir keeps the code, the others get new ones.

    `codes`, one a part with the rest first, were chosen before or are asked for.
    """
    old, parts = before.grids[grid], [grid, *made]
    if codes and len(codes) != len(parts):
        raise BadValue("Each part needs a code, the rest of the grid first.",
                       got=len(codes), allowed=len(parts))  # fmt: skip
    if codes:
        heir = [g for g, code in zip(parts, codes, strict=True) if code == old.code]
    elif old.origin and old.origin == old.code:
        now = heir_codes(draft)
        heir = [g for g in parts if now[g] == old.code]
    else:
        heir = [grid]
    fresh_ones = [g for g in parts if g not in heir]
    wanted = [codes[parts.index(g)] for g in fresh_ones] if codes else []
    for code in wanted:
        need_free(before, before.graph.level, code, fresh=fresh)
    named = new_grids(draft, fresh_ones, old.container, wanted)
    listed = list(draft.grids)
    for g, one in zip(fresh_ones, named, strict=True):
        listed[g] = replace(one, kind=old.kind)
    for g in heir:
        listed[g] = old
    return before.reassigned(moves, tuple(listed))


def _pieces_to_tell(state: PlanState, grid: int) -> list[list[int]]:
    if state.tally.pieces(grid) <= 1:
        return []
    return sorted(pieces_of(state, state.members(grid)), key=lambda p: (-len(p), p))


def _atoms(state: PlanState, codes: Iterable[str]) -> list[int]:
    return [state.atom(code) for code in dict.fromkeys(codes)]
