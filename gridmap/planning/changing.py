"""What the edits of a draft have in common: states with other parts, and what they come to."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from gridmap.errors import BadValue
from gridmap.planning.edits import Edit
from gridmap.planning.refusing import refuse
from gridmap.planning.state import DraftAtom, DraftGrid, PlanState

__all__ = [
    "Applied",
    "at_finest",
    "done",
    "grids_of",
    "lasso_shape",
    "lassoed",
    "need_loose",
    "need_undivided",
    "regrided",
    "with_atoms",
    "with_grid",
]


@dataclass(frozen=True, eq=False)
class Applied:
    """What an accepted edit came to.

    Attributes
    ----------
    state : PlanState
    edit : Edit
        As settled: with the codes and atoms that were chosen.
    changed : tuple of dict
        What changed, one record a grid or atom: ``level``, ``code``, ``what`` (``moved``,
        ``redrawn``, ``new``, ``gone``, ``described``, ``recoded``), and from where to where.
    touched : tuple of int
        Grids whose numbers changed, those that are gone left out.
    """

    state: PlanState
    edit: Edit
    changed: tuple[dict[str, Any], ...]
    touched: tuple[int, ...] = ()


def lassoed(state: PlanState, lasso: Mapping[str, Any]) -> list[int]:
    """Return the atoms whose inner point lies in a polygon."""
    area = lasso_shape(lasso)
    near = np.flatnonzero(shapely.intersects(state.shapes, area))
    points = shapely.point_on_surface(state.shapes[near])
    inside = [int(i) for i in near[shapely.intersects(area, points)]]
    return [i for i in inside if state.graph.container[i] >= 0]


def lasso_shape(record: Mapping[str, Any]) -> Any:
    """Return a GeoJSON polygon (EPSG:4326) as a geometry; `BadValue` when it is none."""
    try:
        shape = shapely.from_geojson(json.dumps(dict(record)))
    except (shapely.errors.GEOSException, TypeError, ValueError) as error:
        raise BadValue("This is no GeoJSON polygon.", got=str(record)[:80]) from error
    valid = shape is not None and bool(shapely.is_valid(shape)) and shape.area > 0
    if not valid or shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise BadValue(
            "This is no valid polygon.",
            got=str(record)[:80],
            allowed="a Polygon or MultiPolygon in longitude, latitude that does not cross itself",
        )
    return shapely.force_2d(shape)


def need_loose(state: PlanState, atoms: Iterable[int]) -> None:
    """Refuse to move what is a grid or a community itself: it has no finer areas."""
    for i in atoms:
        one = state.atoms[i]
        if not state.graph.loose[i]:
            raise refuse("whole_grid", {"grid": one.code}, at=state.place_of([i]), codes=[one.code])


def need_undivided(state: PlanState) -> None:
    """Refuse a draft in which a grid without finer areas holds others beside itself.

    Stored, it would be made of those alone, and its own ground in no grid. No edit comes to
    that any more; logs that were written before may.
    """
    for i in np.flatnonzero(~state.graph.loose & (state.grid_of >= 0)).tolist():
        away = [m for m in state.members(int(state.grid_of[i])).tolist() if m != i]
        if away:
            grid = state.grids[int(state.grid_of[i])].code
            codes = [grid, *(state.atoms[m].code for m in away[:20])]
            raise refuse("whole_grid", {"grid": grid}, at=state.place_of(away), codes=codes)


def at_finest(state: PlanState, atoms: Iterable[int]) -> PlanState:
    """Make areas of the finest level of what was the rest of a community, now in a grid."""
    finest = state.ground.finest
    changed = {
        i: replace(state.atoms[i], level=finest, kind="basic")
        for i in atoms
        if state.atoms[i].level != finest or state.atoms[i].kind == "remainder"
    }
    return with_atoms(state, changed) if changed else state


def grids_of(state: PlanState, atoms: Iterable[int]) -> list[int]:
    """Return the grids of some atoms."""
    return sorted({int(state.grid_of[i]) for i in atoms} - {-1})


def with_atoms(state: PlanState, changed: Mapping[int, DraftAtom]) -> PlanState:
    """Return the state with other records of some atoms."""
    atoms = tuple(changed.get(i, one) for i, one in enumerate(state.atoms))
    graph = state.graph
    if any(state.atoms[i].code != one.code for i, one in changed.items()):
        graph = replace(graph, code=np.array([one.code for one in atoms], dtype=object))
    return _keeping_sums(state, replace(state, atoms=atoms, graph=graph))


def with_grid(state: PlanState, grid: int, one: DraftGrid) -> PlanState:
    """Return the state with another record of a grid."""
    return regrided(state, (*state.grids[:grid], one, *state.grids[grid + 1 :]))


def regrided(state: PlanState, grids: tuple[DraftGrid, ...]) -> PlanState:
    """Return the state with other records of its grids."""
    return state.reassigned({}, grids)


def _keeping_sums(before: PlanState, after: PlanState) -> PlanState:
    if "tally" in before.__dict__:
        after.__dict__["tally"] = before.tally
    return after


def done(before: PlanState, after: PlanState, edit: Edit, grids: Iterable[int]) -> Applied:
    """Return what an edit of the assignment came to, by the codes of grids before and after."""
    level = before.graph.level
    touched = [g for g in dict.fromkeys(grids) if after.live[g]]
    former, now = set(before.grid_at), set(after.grid_at)
    changed: list[dict[str, Any]] = []
    changed += [{"level": level, "code": code, "what": "new"} for code in sorted(now - former)]
    changed += [{"level": level, "code": code, "what": "gone"} for code in sorted(former - now)]
    for i in np.flatnonzero(np.isin(after.grid_of, touched)).tolist():
        old, new = int(before.grid_of[i]), int(after.grid_of[i])
        source = before.grids[old].code if old >= 0 else None
        if source != after.grids[new].code:
            one = after.atoms[i]
            place = {"from": source, "to": after.grids[new].code}
            changed.append({"level": one.level, "code": one.code, "what": "moved", **place})
    return Applied(after, edit, tuple(changed), tuple(touched))
