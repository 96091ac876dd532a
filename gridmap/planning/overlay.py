"""Two states of plans on common ground: the cells that are in one atom of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.areas import Area
from gridmap.coverage.model import Coverage
from gridmap.coverage.overlaps import polygonal
from gridmap.errors import BadValue
from gridmap.planning.compare import Comparison, compare_plans
from gridmap.planning.graph import PlanGraph, planning_graph
from gridmap.planning.patching import whole_parts
from gridmap.planning.plan import Plan, heirs_of
from gridmap.planning.state import PlanState

__all__ = ["Cells", "common_cells", "compare_states"]

Rows = NDArray[np.int64]
Geometries = NDArray[np.object_]

# Part of the smaller of two atoms that is only the rounding of a common border.
_ROUNDING = 1e-7


@dataclass(frozen=True, eq=False)
class Cells:
    """The ground of two coverages, divided by both.

    Attributes
    ----------
    shapes : object (n,)
        EPSG:4326.
    before, after : int64 (n,)
        Atom that each is in; -1 for ground that only the other has.
    """

    shapes: Geometries
    before: Rows
    after: Rows


def compare_states(before: PlanState, after: PlanState, names: tuple[str, str]) -> Comparison:
    """Compare two drafts, or a draft and an edition, where borders may have been moved too.

    Parameters
    ----------
    before, after : PlanState
        Of one level; of one edition, or of several over the same ground.
    names : (str, str)
        What they are called.
    """
    if before.graph.level != after.graph.level:
        raise BadValue(
            "Plans of one level are compared.", got=before.graph.level, allowed=after.graph.level
        )
    cells = common_cells(before.shapes, after.shapes)
    graph, at = _cell_graph(before, after, cells)
    plans = [
        _on_cells(graph, state, rows[at], name)
        for state, rows, name in zip(
            (before, after), (cells.before, cells.after), names, strict=True
        )
    ]
    return compare_plans(graph, *plans)


def common_cells(before: Geometries, after: Geometries) -> Cells:
    """Return the cells of two coverages; atoms that both have are one each."""
    known = {wkb: j for j, wkb in enumerate(shapely.to_wkb(after).tolist())}
    same = np.array([known.get(wkb, -1) for wkb in shapely.to_wkb(before).tolist()], dtype=np.int64)
    olds = np.flatnonzero(same < 0)
    news = np.setdiff1d(np.arange(len(after)), same[same >= 0])
    kept = np.flatnonzero(same >= 0)
    found = [(before[kept], kept, same[kept])]
    found.append(_overlay(before, after, olds, news))
    for shapes, mine, others, first in ((before, olds, after[news], True),
                                        (after, news, before[olds], False)):  # fmt: skip
        rest, rows = _uncovered(shapes, mine, others)
        nobody = np.full(len(rows), -1, dtype=np.int64)
        found.append((rest, rows, nobody) if first else (rest, nobody, rows))
    return Cells(*(np.concatenate(column) for column in zip(*found, strict=True)))


# -- inside -----------------------------------------------------------------------------


def _overlay(
    before: Geometries, after: Geometries, olds: Rows, news: Rows
) -> tuple[Geometries, Rows, Rows]:
    """Return what pairs of atoms that differ have in common."""
    if not len(olds) or not len(news):
        return np.empty(0, dtype=object), olds[:0], news[:0]
    at, which = shapely.STRtree(after[news]).query(before[olds], predicate="intersects")
    one, other = olds[at], news[which]
    common = polygonal(shapely.intersection(before[one], after[other]))
    least = _ROUNDING * np.minimum(shapely.area(before[one]), shapely.area(after[other]))
    real = shapely.area(common) > least
    return common[real], one[real], other[real]


def _uncovered(shapes: Geometries, mine: Rows, others: Geometries) -> tuple[Geometries, Rows]:
    """Return the ground of some atoms that no other one has."""
    if not len(mine):
        return np.empty(0, dtype=object), mine
    rest = polygonal(shapely.difference(shapes[mine], shapely.union_all(others)))
    real = shapely.area(rest) > _ROUNDING * shapely.area(shapes[mine])
    return rest[real], mine[real]


def _cell_graph(before: PlanState, after: PlanState, cells: Cells) -> tuple[PlanGraph, Rows]:
    """Return a graph of cells that lie in the grids before, and the cell of each of its atoms."""
    source, level = before.ground.graph.coverage, before.graph.level
    finest = source.levels.finest.name
    rank = source.levels.rank(level)
    above = np.flatnonzero(source.rank < rank)
    areas = [replace(source.area(int(row)), id=-1) for row in above]
    shapes = [source.geometry[row] for row in above]
    areas += [_grid(before, g) for g in before.grid_at.values()]
    shapes += [None] * len(before.grid_at)
    codes = _codes(before, after, cells)
    for k, code in enumerate(codes):
        areas.append(_cell(before, int(cells.before[k]), code, finest))
        shapes.append(cells.shapes[k])
    coverage = Coverage.build(before.graph.edition, source.levels, areas, shapes)
    place = {code: k for k, code in enumerate(codes)}
    held = _amounts(before, after, cells)
    amounts = {name: dict(zip(codes, values, strict=True)) for name, values in held.items()}
    graph = planning_graph(_without_childless(coverage), level=level, amounts=amounts)
    return graph, np.array([place[code] for code in graph.code.tolist()], dtype=np.int64)


def _without_childless(coverage: Coverage) -> Coverage:
    """Leave out areas above the cells that have none: they are no atoms here."""
    keep = np.ones(len(coverage), dtype=bool)
    keep[coverage.atoms] = coverage.rank[coverage.atoms] == len(coverage.levels) - 1
    return coverage if keep.all() else _without_childless(coverage.only(keep))


def _codes(before: PlanState, after: PlanState, cells: Cells) -> list[str]:
    """Return a code a cell: that of its atom, or both where the two differ or it is divided."""
    pairs = []
    for i, j in zip(cells.before.tolist(), cells.after.tolist(), strict=True):
        old = before.atoms[i].code if i >= 0 else ""
        new = after.atoms[j].code if j >= 0 else ""
        pairs.append(old if old == new else f"{old}/{new}")
    taken: dict[str, int] = {}
    for k, code in enumerate(pairs):
        taken[code] = taken.get(code, 0) + 1
        if taken[code] > 1:
            pairs[k] = f"{code}/{taken[code]}"
    return pairs


def _grid(state: PlanState, grid: int) -> Area:
    one = state.grids[grid]
    parent = _container(state, one.container)
    above = state.graph.above if parent else None
    return Area(-1, state.graph.level, one.code, one.title, one.title_en, above, parent or None,
                one.kind, provisional=False)  # fmt: skip


def _cell(state: PlanState, atom: int, code: str, finest: str) -> Area:
    """Return a cell in the grid of its atom, or in what lies above where it has none."""
    level: str | None = None
    parent: str | None = None
    if atom >= 0:
        grid = int(state.grid_of[atom])
        container = _container(state, int(state.graph.container[atom]))
        if grid >= 0:
            level, parent = state.graph.level, state.grids[grid].code
        elif container:
            level, parent = state.graph.above, container
    return Area(-1, finest, code, "", "", level, parent, "basic", provisional=False)


def _container(state: PlanState, at: int) -> str:
    return str(state.graph.container_code[at]) if at >= 0 else ""


def _amounts(before: PlanState, after: PlanState, cells: Cells) -> Mapping[str, Any]:
    """Return what the cells hold: what the atoms before held, shared out by area."""
    area = shapely.area(cells.shapes)
    out: dict[str, Any] = {}
    for name, held in before.graph.amount.items():
        values = np.zeros(len(area))
        sides = [(cells.before, held)]
        if name in after.graph.amount:
            only = np.where(cells.before < 0, cells.after, -1)
            sides.append((only, after.graph.amount[name]))
        for atom, holds in sides:
            mine = np.flatnonzero(atom >= 0)
            order = mine[np.argsort(atom[mine], kind="stable")]
            begins = np.flatnonzero(np.diff(atom[order], prepend=-1))
            integral = bool(np.all(holds == np.rint(holds)))
            for members in np.split(order, begins[1:]) if len(begins) else []:
                total = float(holds[atom[members[0]]])
                parts = total * area[members] / area[members].sum()
                values[members] = whole_parts(parts, total) if integral else parts
        out[name] = values
    return out


def _on_cells(graph: PlanGraph, state: PlanState, atoms: Rows, name: str) -> Plan:
    """Return the grids of a state as a plan of cells."""
    plan = state.plan
    grid_of = np.append(plan.grid_of, -1)[atoms]
    place = {str(code): k for k, code in enumerate(graph.container_code)}
    containers = [place.get(_container(state, int(c)), -1) for c in plan.container]
    return replace(
        plan,
        name=name,
        grid_of=grid_of,
        container=np.array(containers, dtype=np.int64),
        heir_of=heirs_of(graph, grid_of, len(plan)),
    )
