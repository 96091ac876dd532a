"""Codes of a draft: who keeps one, and which is the next that was never used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from gridmap.errors import BadValue
from gridmap.planning.plan import CodePattern, heirs_of, named_plan
from gridmap.planning.refusing import refuse
from gridmap.planning.state import DraftGrid, PlanState

__all__ = [
    "codes_in_use",
    "heir_codes",
    "need_free",
    "new_atom_codes",
    "new_grids",
    "renumbered",
]

MAX_CODE = 100


def codes_in_use(state: PlanState) -> frozenset[str]:
    """Return every grid's code that was ever in use, and those that the draft gave out itself.

    Among them are those of grids that are no more: its log names them.
    """
    return frozenset(state.ground.used_grids) | {one.code for one in state.grids}


def heir_codes(state: PlanState) -> list[str]:
    """Return for each grid the code of the edition's grid that it goes on as; empty for none."""
    heirs = heirs_of(state.graph, state.grid_of, len(state.grids))
    codes = np.append(state.graph.grid_code, "")
    return [str(codes[h]) for h in heirs]


def new_grids(
    state: PlanState, places: Sequence[int], container: int, codes: Sequence[str] = ()
) -> list[DraftGrid]:
    """Return new grids, in the order of `places`, with the next codes and names of the pattern.

    Parameters
    ----------
    state : PlanState
        With the new grids' atoms in them already: the next numbers go from west to east, and
        north to south.
    places : sequence of int
        Places of the new grids.
    container : int
    codes : sequence of str
        Codes that are given, one a place; the pattern's if empty.
    """
    if codes and len(codes) != len(places):
        raise BadValue("Each new grid needs a code.", got=len(codes), allowed=len(places))
    graph = state.graph
    pattern = CodePattern.of(
        _text(graph.container_code, container),
        _text(graph.container_name, container),
        [
            (one.code, one.title, one.title_en)
            for g, one in enumerate(state.grids)
            if one.container == container and one.kind != "exclusive" and g not in set(places)
        ],
    )
    taken = {*codes_in_use(state)}
    given = dict(zip(places, codes, strict=False))
    made = {}
    for grid in sorted(places, key=lambda g: _west_north(state, state.members(g).tolist())):
        if grid in given:
            title, title_en = f"{_text(graph.container_name, container)}{given[grid]}", ""
            made[grid] = DraftGrid(given[grid], title, title_en, "basic", container)
            known = _number(given[grid], pattern)
            if known is not None:
                title, title_en = pattern.names(known)
                made[grid] = replace(made[grid], title=title, title_en=title_en)
        else:
            code, number = pattern.next(taken)
            title, title_en = pattern.names(number)
            made[grid] = DraftGrid(code, title, title_en, "basic", container)
        taken.add(made[grid].code)
    return [made[grid] for grid in places]


def new_atom_codes(
    state: PlanState, grid: int, middles: Sequence[tuple[float, float]]
) -> list[str]:
    """Return the next codes for new atoms of a grid, numbered west to east, north to south."""
    mine = [state.atoms[i] for i in state.members(grid).tolist()] if grid >= 0 else []
    area = state.grids[grid].code if grid >= 0 else ""
    pattern = CodePattern.of(area, "", [(one.code, "", "") for one in mine])
    if state.ground.in_parts:
        # Parts have the codes of grids: what is cut off is told by its number behind.
        pattern = CodePattern(f"{area}-", 2, 0, (0, "", ""))
    taken = set(state.atom_at) | set(state.ground.used_atoms)
    order = sorted(range(len(middles)), key=lambda k: (middles[k][0], -middles[k][1]))
    found = {k: _next(pattern, taken) for k in order}
    return [found[k] for k in range(len(middles))]


def need_free(state: PlanState, level: str, code: str, *, fresh: bool) -> None:
    """Refuse a code that is in use, or was; codes of a log were asked when they were new."""
    grids = level == state.graph.level
    here = {one.code for one in state.grids} if grids else set(state.atom_at)
    used = state.ground.used_grids if grids else state.ground.used_atoms
    if code in here or (fresh and code in used):
        raise refuse("taken_code", {"code": code}, codes=[code])
    if not 0 < len(code) <= MAX_CODE or code != code.strip():
        raise BadValue("This cannot be a code.", got=repr(code), allowed=f"1 to {MAX_CODE} letters")


def renumbered(state: PlanState, within: str) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """Return new codes and names by present code, of the grids whose code the rule changes."""
    graph, ground = state.graph, state.ground
    names = [str(code) for code in graph.container_code]
    if within and within not in names:
        raise BadValue(f"There is no such {graph.above}.", got=within, allowed=names[:20])
    # The codes of exclusive grids that the draft made are chosen, not counted.
    chosen = {
        g
        for g in state.grid_at.values()
        if (state.grids[g].origin or state.grids[g].kind != "exclusive")
        and (not within or _text(graph.container_code, state.grids[g].container) == within)
    }
    others = {one.code for g, one in enumerate(state.grids) if state.live[g] and g not in chosen}
    inside = np.isin(state.grid_of, sorted(chosen))
    # Codes that this draft itself gave out are free again.
    plan = named_plan(
        graph,
        "",
        np.where(inside, state.grid_of, -1),
        used=(set(ground.used_grids) | others) - {c for c in state.grid_at if c not in others},
        retired=ground.gone,
    )
    codes, titles = {}, {}
    for g in sorted(chosen):
        at = int(plan.grid_of[state.members(g)[0]])
        one, code = state.grids[g], str(plan.code[at])
        if code != one.code:
            codes[one.code] = code
            titles[one.code] = (str(plan.title[at]), str(plan.title_en[at]))
    return codes, titles


def _west_north(state: PlanState, atoms: Sequence[int]) -> tuple[float, float]:
    area = np.maximum(state.graph.area_m2[atoms], 1e-9)
    x, y = (state.graph.xy[atoms] * area[:, None]).sum(axis=0) / area.sum()
    return round(float(x)), -round(float(y))


def _next(pattern: CodePattern, taken: set[str]) -> str:
    code, _ = pattern.next(taken)
    taken.add(code)
    return code


def _number(code: str, pattern: CodePattern) -> int | None:
    rest = code.removeprefix(pattern.prefix)
    return int(rest) if rest != code and rest.isdecimal() and len(rest) <= 6 else None


def _text(names: Iterable[str] | Mapping[int, str], at: int) -> str:
    return str(names[at]) if at >= 0 else ""  # type: ignore[index]
