"""The planning graph after borders were moved: measured anew only where that was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from gridmap.coverage.overlaps import overlap_shares
from gridmap.planning.barriers import Barriers, crossing
from gridmap.planning.borders import shared_borders
from gridmap.planning.graph import ESTATE_PART, ISLAND, PlanGraph, islands
from gridmap.planning.ground import Ground

__all__ = ["NewRow", "patched_graph", "shared_out", "whole_parts"]

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
Geometries = NDArray[np.object_]

# Barriers this near may lie along a border, in metres.
_BESIDE_M = 50.0


@dataclass(frozen=True, slots=True)
class NewRow:
    """An atom of the graph to be: which former one it is or was cut from, and its code."""

    source: int
    code: str
    same: bool


def patched_graph(
    ground: Ground,
    graph: PlanGraph,
    rows: list[NewRow],
    shapes: Geometries,
    amount: Mapping[str, Floats],
) -> PlanGraph:
    """Return a graph over other atoms.

    Parameters
    ----------
    ground : Ground
        Barriers, estates and the plane.
    graph : PlanGraph
        Of the atoms before.
    rows : list of NewRow
        Of the atoms after; those that are the `same` have their border still.
    shapes : object (n,)
        Of the atoms after, EPSG:4326.
    amount : mapping of measure to float64 (n,)
        What the atoms after hold.
    """
    source = np.array([one.source for one in rows], dtype=np.int64)
    same = np.array([one.same for one in rows], dtype=bool)
    new = np.flatnonzero(~same)
    metres = ground.plane.metres(shapes[new])
    area, perimeter, xy = (
        column[source].copy() for column in (graph.area_m2, graph.perimeter_m, graph.xy)
    )
    area[new], perimeter[new] = shapely.area(metres), shapely.length(metres)
    xy[new] = shapely.get_coordinates(shapely.point_on_surface(metres))
    container = graph.container[source]
    a, b, shared, kind = _edges(ground, graph, source, same, shapes, container)
    estate_of, estate_atom = _estates(ground, graph, source, same, new, metres)
    return replace(
        graph,
        row=np.where(same, graph.row[source], -1),
        code=np.array([one.code for one in rows], dtype=object),
        loose=graph.loose[source],
        amount=amount,
        area_m2=area,
        perimeter_m=perimeter,
        xy=xy,
        container=container,
        today=graph.today[source],
        a=a,
        b=b,
        shared_m=shared,
        kind=kind,
        estate_of=estate_of,
        estate_atom=estate_atom,
    )


def shared_out(
    graph: PlanGraph, old: list[int], before: Geometries, after: Geometries
) -> dict[str, Floats]:
    """Return what redrawn atoms hold: what the former ones held, shared out by area.

    Whole numbers stay whole, and sums stay what they were.

    Parameters
    ----------
    graph : PlanGraph
    old : list of int
        The former atoms.
    before, after : object (k,), (m,)
        Shapes of the former atoms, and of the later ones on the same ground.

    Returns
    -------
    dict of measure to float64 (m,)
    """
    common = shapely.area(shapely.intersection(before[:, None], after[None, :]))
    total = common.sum(axis=1, keepdims=True)
    share = np.divide(common, total, out=np.full_like(common, 1 / max(len(after), 1)),
                      where=total > 0)  # fmt: skip
    # What is mere rounding of a common border holds nothing.
    share = np.where(share < 1e-9, 0.0, share)
    out = {}
    for name, held in graph.amount.items():
        parts = share * held[old][:, None]
        if np.all(held == np.rint(held)):
            parts = np.stack([whole_parts(row, held[i]) for row, i in zip(parts, old, strict=True)])
        out[name] = parts.sum(axis=0)
    return out


def whole_parts(parts: Floats, total: float) -> Floats:
    """Round parts to whole numbers of the same sum, the largest remainders up."""
    down = np.floor(parts + 1e-9)
    missing = round(total - float(down.sum()))
    order = np.argsort(down - parts, kind="stable")
    down[order[:missing]] += 1
    return down


def _edges(
    ground: Ground,
    graph: PlanGraph,
    source: Rows,
    same: NDArray[np.bool_],
    shapes: Geometries,
    container: Rows,
) -> tuple[Rows, Rows, Floats, Rows]:
    """Return the edges: those between unchanged atoms as they were, the others found anew."""
    place = np.full(len(graph), -1, dtype=np.int64)
    place[source[same]] = np.flatnonzero(same)
    a, b = place[graph.a], place[graph.b]
    kept = (a >= 0) & (b >= 0) & (graph.kind & ISLAND == 0)
    near = _near(shapes, np.flatnonzero(~same))
    metres = ground.plane.metres(shapes[near])
    found = shared_borders(metres)
    one, other = near[found.a], near[found.b]
    fresh = (~same[one] | ~same[other]) & (container[one] == container[other])
    fresh &= container[one] >= 0
    lines = found.line[fresh]
    barriers = _barriers_near(ground, shapes[near])
    edge_a = np.concatenate([a[kept], one[fresh]])
    edge_b = np.concatenate([b[kept], other[fresh]])
    shared = np.concatenate([graph.shared_m[kept], found.length[fresh]])
    kind = np.concatenate([graph.kind[kept], crossing(lines, barriers, ground.plane.metres)])
    links = _island_links(ground, graph, shapes, container, same, place, edge_a, edge_b)
    low, high = np.minimum(edge_a, edge_b), np.maximum(edge_a, edge_b)
    return (
        np.concatenate([low, links[:, 0]]),
        np.concatenate([high, links[:, 1]]),
        np.concatenate([shared, np.zeros(len(links))]),
        np.concatenate([kind, np.full(len(links), ISLAND, dtype=np.int64)]),
    )


def _island_links(
    ground: Ground,
    graph: PlanGraph,
    shapes: Geometries,
    container: Rows,
    same: NDArray[np.bool_],
    place: Rows,
    a: Rows,
    b: Rows,
) -> Rows:
    """Return links to islands: as they were, but in communities where something changed."""
    redone = np.unique(container[~same])
    redone = redone[redone >= 0]
    old = np.flatnonzero(graph.kind & ISLAND)
    old = old[~np.isin(graph.container[graph.a[old]], redone)]
    kept = np.sort(np.stack([place[graph.a[old]], place[graph.b[old]]], axis=1), axis=1)
    members = np.flatnonzero(np.isin(container, redone))
    local = np.full(len(shapes), -1, dtype=np.int64)
    local[members] = np.arange(len(members))
    inside = (local[a] >= 0) & (local[b] >= 0)
    metres = ground.plane.metres(shapes[members])
    more = islands(metres, container[members], local[a[inside]], local[b[inside]])
    return np.concatenate([kept, np.sort(members[more], axis=1)]).reshape(-1, 2)


def _near(shapes: Geometries, new: Rows) -> Rows:
    """Return atoms whose box meets the box around the new ones, those included."""
    west, south, east, north = shapely.bounds(shapes).T
    box = shapely.total_bounds(shapes[new])
    meet = (west <= box[2]) & (east >= box[0]) & (south <= box[3]) & (north >= box[1])
    return np.flatnonzero(meet)


def _barriers_near(ground: Ground, shapes: Geometries) -> Barriers:
    margin = _BESIDE_M / ground.plane.ky
    box = shapely.box(*shapely.total_bounds(shapes)).buffer(2 * margin)
    every = ground.barriers

    def some(lines: Geometries) -> Any:
        return lines[shapely.intersects(lines, box)] if len(lines) else lines

    return Barriers(some(every.river), some(every.rail), some(every.arterial))


def _estates(
    ground: Ground,
    graph: PlanGraph,
    source: Rows,
    same: NDArray[np.bool_],
    new: Rows,
    metres: Geometries,
) -> tuple[Rows, Rows]:
    """Return the pairs of an estate and an atom that it lies in."""
    if not len(graph.estate_code):
        return graph.estate_of, graph.estate_atom
    place = np.full(len(graph), -1, dtype=np.int64)
    place[source[same]] = np.flatnonzero(same)
    kept = place[graph.estate_atom] >= 0
    outlines = ground.estate_outlines
    box = shapely.box(*shapely.total_bounds(metres))
    near = np.flatnonzero(shapely.intersects(outlines, box))
    of, atom, share = overlap_shares(outlines[near], metres)
    real = share >= ESTATE_PART
    return (
        np.concatenate([graph.estate_of[kept], near[of[real]]]),
        np.concatenate([place[graph.estate_atom[kept]], new[atom[real]]]),
    )
