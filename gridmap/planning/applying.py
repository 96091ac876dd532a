"""An edit applied to a draft: the state that comes of it and what changed, or a located refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from gridmap.areas import KINDS
from gridmap.errors import BadValue
from gridmap.planning.carving import exclusive
from gridmap.planning.changing import Applied, regrided, with_atoms, with_grid
from gridmap.planning.coding import need_free, renumbered
from gridmap.planning.edits import (
    Describe,
    Edit,
    Exclusive,
    MergeAtoms,
    MergeGrids,
    MovePoints,
    Reassign,
    Recode,
    Regroup,
    Renumber,
    ReplaceBorder,
    SplitAtom,
    SplitGrid,
)
from gridmap.planning.grouping import merge_grids, reassign, regroup, split_grid
from gridmap.planning.refusing import refuse
from gridmap.planning.reshaping import (
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


# -- names and codes --------------------------------------------------------------------


def _describe(state: PlanState, edit: Describe, fresh: bool) -> Applied:
    if edit.kind is not None and edit.kind not in KINDS[:2]:
        raise BadValue("There is no such kind of area.", got=edit.kind, allowed=KINDS[:2])
    said: dict[str, Any] = {"attributes": dict(edit.attributes)} if edit.attributes else {}
    names = ("name", "name_en", "kind")
    said |= {n: getattr(edit, n) for n in names if getattr(edit, n) is not None}
    touched: tuple[int, ...] = ()
    # In logs of before, an edit that only took names away says nothing.
    if fresh and not said:
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


def _atom_of_level(state: PlanState, level: str, code: str) -> int:
    i = state.atom(code)
    if state.atoms[i].level != level:
        raise BadValue(
            "An edit describes grids and the areas they are made of.",
            got=level,
            allowed=(state.graph.level, state.atoms[i].level),
        )
    return i


_APPLY: Mapping[type, Callable[[PlanState, Any, bool], Applied]] = {
    Reassign: reassign,
    MergeGrids: merge_grids,
    SplitGrid: split_grid,
    Regroup: regroup,
    Describe: _describe,
    Recode: _recode,
    Renumber: _renumber,
    SplitAtom: split_atom,
    MergeAtoms: merge_atoms,
    ReplaceBorder: replace_border,
    MovePoints: move_points,
    Exclusive: exclusive,
}
