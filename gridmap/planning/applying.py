"""An edit applied to a draft: the state that comes of it and what changed, or a located refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gridmap.areas import KINDS
from gridmap.errors import BadValue
from gridmap.planning.changing import (
    Applied,
    at_finest,
    done,
    grids_of,
    lassoed,
    need_loose,
    regrided,
    with_atoms,
    with_grid,
)
from gridmap.planning.coding import heir_codes, need_free, new_grids, renumbered
from gridmap.planning.edits import (
    Describe,
    Edit,
    Exclusive,
    MergeAtoms,
    MergeGrids,
    MovePoints,
    Reassign,
    Recode,
    Renumber,
    ReplaceBorder,
    SplitAtom,
    SplitGrid,
)
from gridmap.planning.refusing import need_inside, need_whole, pieces_of, refuse
from gridmap.planning.reshaping import (
    exclusive,
    merge_atoms,
    move_points,
    replace_border,
    split_atom,
)
from gridmap.planning.state import PlanState

__all__ = ["Applied", "apply_edit", "replayed"]


def apply_edit(state: PlanState, edit: Edit, *, fresh: bool = True) -> Applied:
    """Apply an edit.

    Parameters
    ----------
    state : PlanState
        Not changed.
    edit : Edit
    fresh : bool
        False for an edit out of a log: its codes were free when it was made.

    Raises
    ------
    EditRefused
        With every reason, its place and the areas concerned.
    NotFound, BadValue
        When an area is not in the draft, or a field cannot be used.
    """
    return _APPLY[type(edit)](state, edit, fresh)


def replayed(state: PlanState, edits: Iterable[Edit]) -> PlanState:
    """Return the state after some settled edits."""
    for edit in edits:
        state = apply_edit(state, edit, fresh=False).state
    return state


# -- atoms to grids ---------------------------------------------------------------------


def _reassign(state: PlanState, edit: Reassign, fresh: bool) -> Applied:
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


def _merge_grids(state: PlanState, edit: MergeGrids, fresh: bool) -> Applied:
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


def _split_grid(state: PlanState, edit: SplitGrid, fresh: bool) -> Applied:
    grid = state.grid(edit.grid)
    parts = [_atoms(state, part) for part in edit.parts]
    listed = [i for part in parts for i in part]
    if not listed or any(not part for part in parts):
        raise refuse("nothing", {"grid": edit.grid}, codes=[edit.grid])
    away = [i for i in listed if state.grid_of[i] != grid]
    if away or len(set(listed)) != len(listed):
        at = away[0] if away else listed[0]
        raise refuse("other_grid", {"atom": state.atoms[at].code, "grid": edit.grid},
                     at=state.place_of([at]), codes=[state.atoms[at].code])  # fmt: skip
    if len(listed) == len(state.members(grid)):
        parts = parts[1:]
        if not parts:
            raise refuse("nothing", {"grid": edit.grid}, codes=[edit.grid])
    made = [len(state.grids) + k for k in range(len(parts))]
    moves = {i: g for g, part in zip(made, parts, strict=True) for i in part}
    blank = replace(state.grids[grid], code="", origin="")
    draft = state.reassigned(moves, (*state.grids, *[blank] * len(parts)))
    after = _succeeded(state, draft, grid, made, edit.codes, moves, fresh)
    need_whole(state, after, [grid, *made])
    settled = replace(edit, parts=tuple(tuple(after.atoms[i].code for i in p) for p in parts),
                      codes=tuple(after.grids[g].code for g in (grid, *made)))  # fmt: skip
    return done(state, after, settled, [grid, *made])


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


# -- names and codes --------------------------------------------------------------------


def _describe(state: PlanState, edit: Describe, fresh: bool) -> Applied:
    if edit.kind is not None and edit.kind not in KINDS[:2]:
        raise BadValue("There is no such kind of area.", got=edit.kind, allowed=KINDS[:2])
    said: dict[str, Any] = {"attributes": dict(edit.attributes)} if edit.attributes else {}
    names = ("name", "name_en", "kind")
    said |= {n: getattr(edit, n) for n in names if getattr(edit, n) is not None}
    touched: tuple[int, ...] = ()
    if not said:
        raise BadValue(
            "Nothing is said of the area.", got=edit.code, allowed=(*names, "attributes")
        )
    if edit.level == state.graph.level:
        grid = state.grid(edit.code)
        one = state.grids[grid]
        new = replace(
            one,
            title=one.title if edit.name is None else edit.name,
            title_en=one.title_en if edit.name_en is None else edit.name_en,
            kind=edit.kind or one.kind,
            attributes={**one.attributes, **edit.attributes},
            titled=one.titled or edit.name is not None,
        )
        after = with_grid(state, grid, new)
        touched = (grid,)
    else:
        i = _atom_of_level(state, edit.level, edit.code)
        old = state.atoms[i]
        atom = replace(
            old,
            name=old.name if edit.name is None else edit.name,
            name_en=old.name_en if edit.name_en is None else edit.name_en,
            kind=edit.kind or old.kind,
            attributes={**old.attributes, **edit.attributes},
        )
        after = with_atoms(state, {i: atom})
    record = {"level": edit.level, "code": edit.code, "what": "described", **said}
    return Applied(after, edit, (record,), touched)


def _recode(state: PlanState, edit: Recode, fresh: bool) -> Applied:
    touched: tuple[int, ...] = ()
    if edit.level == state.graph.level:
        grid = state.grid(edit.code)
        need_free(state, edit.level, edit.to, fresh=fresh)
        after = with_grid(state, grid, replace(state.grids[grid], code=edit.to))
        touched = (grid,)
    else:
        i = _atom_of_level(state, edit.level, edit.code)
        need_free(state, edit.level, edit.to, fresh=fresh)
        after = with_atoms(state, {i: replace(state.atoms[i], code=edit.to)})
    record = {"level": edit.level, "code": edit.to, "what": "recoded", "from": edit.code}
    return Applied(after, edit, (record,), touched)


def _renumber(state: PlanState, edit: Renumber, fresh: bool) -> Applied:
    codes, titles = edit.codes, edit.titles or {}
    if codes is None or fresh:
        codes, titles = renumbered(state, edit.within)
    if not codes:
        raise refuse("in_order", {"area": edit.within}, codes=[edit.within] if edit.within else [])
    listed, touched = list(state.grids), []
    base = {str(c): k for k, c in enumerate(state.graph.grid_code)}
    for code, to in codes.items():
        grid = state.grid(code)
        one = listed[grid]
        title, title_en = (one.title, one.title_en) if one.titled else titles[code]
        origin = to if to in base else ""
        listed[grid] = replace(one, code=to, title=title, title_en=title_en, origin=origin)
        touched.append(grid)
    after = regrided(state, tuple(listed))
    level = state.graph.level
    changed = tuple(
        {"level": level, "code": to, "what": "recoded", "from": code} for code, to in codes.items()
    )
    return Applied(after, Renumber(edit.within, codes, titles), changed, tuple(touched))


# -- inside -----------------------------------------------------------------------------


def _atoms(state: PlanState, codes: Iterable[str]) -> list[int]:
    return [state.atom(code) for code in dict.fromkeys(codes)]


def _atom_of_level(state: PlanState, level: str, code: str) -> int:
    i = state.atom(code)
    if state.atoms[i].level != level:
        raise BadValue(
            "An edit describes grids and the areas they are made of.",
            got=level,
            allowed=(state.graph.level, state.atoms[i].level),
        )
    return i


def _pieces_to_tell(state: PlanState, grid: int) -> list[list[int]]:
    if state.tally.pieces(grid) <= 1:
        return []
    return sorted(pieces_of(state, state.members(grid)), key=lambda p: (-len(p), p))


_APPLY: Mapping[type, Callable[[PlanState, Any, bool], Applied]] = {
    Reassign: _reassign,
    MergeGrids: _merge_grids,
    SplitGrid: _split_grid,
    Describe: _describe,
    Recode: _recode,
    Renumber: _renumber,
    SplitAtom: split_atom,
    MergeAtoms: merge_atoms,
    ReplaceBorder: replace_border,
    MovePoints: move_points,
    Exclusive: exclusive,
}
