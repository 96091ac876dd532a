"""Edits that move borders. Who shares an arc shares its change, so nothing can tear.

Vertices that neighbours have in common are the same numbers in both. A border is drawn anew in
both at once, a vertex is dragged in all that have it, and where a cut ends on a border the new
vertex is put into the neighbour too. That a group of atoms holds the same ground as before is
proved by its chain (:mod:`gridmap.planning.chains`), not measured.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import shapely

from gridmap.coverage.model import union_of
from gridmap.errors import BadValue
from gridmap.planning.arcs import arcs_between, spliced
from gridmap.planning.chains import (
    Inserted,
    Point,
    chain_of,
    lacking,
    off_chain,
    polygon_of,
    rings_of,
    with_points,
)
from gridmap.planning.changing import (
    Applied,
    need_loose,
)
from gridmap.planning.coding import need_free, new_atom_codes
from gridmap.planning.cutting import Cut, cut_area, cut_polygon
from gridmap.planning.edits import (
    CUT_RULE,
    Exclusive,
    MergeAtoms,
    MovePoints,
    ReplaceBorder,
    SplitAtom,
    SplitGrid,
)
from gridmap.planning.patching import NewRow, patched_graph, shared_out
from gridmap.planning.refusing import MIN_WIDTH_M, need_whole, need_wide, pieces_of, refuse
from gridmap.planning.state import DraftAtom, PlanState

__all__ = [
    "SAME_PLACE",
    "as_line",
    "cut_atom",
    "cutter",
    "merge_atoms",
    "move_points",
    "redraw",
    "replace_border",
    "split_atom",
]

# A vertex is meant that lies this near to the place that is named, in degrees: 0.1 m.
SAME_PLACE = 1e-6
# The end of a border is meant that lies this near, in degrees: about 20 m.
_NEAR_END = 2e-4


@dataclass
class Redrawn:
    """What an edit does to shapes.

    Attributes
    ----------
    shapes : dict of atom to shape
        Atoms whose border moves.
    pinned : dict of atom to shape
        Atoms whose border only gets vertices.
    gone : set of int
    added : list of (atom it is cut from, its record, shape)
    inserted : mapping
        Vertices put on segments.
    """

    shapes: dict[int, Any] = field(default_factory=dict)
    pinned: dict[int, Any] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    added: list[tuple[int, DraftAtom, Any]] = field(default_factory=list)
    inserted: Inserted = field(default_factory=dict)


# -- the edits --------------------------------------------------------------------------


def replace_border(state: PlanState, edit: ReplaceBorder, fresh: bool) -> Applied:
    """Draw the border between two atoms anew."""
    if len(edit.between) != 2 or edit.between[0] == edit.between[1]:
        raise BadValue("A border lies between two areas.", got=", ".join(edit.between))
    one, other = (state.atom(code) for code in edit.between)
    line = as_line(edit.line)
    arcs = arcs_between(state.shapes[one], state.shapes[other])
    if not arcs:
        raise refuse("not_neighbours", {"grids": edit.between}, at=line[0], codes=edit.between)
    arc, way = min(
        ((arc, way) for arc in arcs for way in (line, line[::-1])), key=lambda p: _apart(*p)
    )
    for end, node in ((way[0], arc.points[0]), (way[-1], arc.points[-1])):
        if not arc.closed and _distance(end, node) > _NEAR_END:
            values = {"lon": f"{node[0]:.6f}", "lat": f"{node[1]:.6f}"}
            raise refuse("off_border", values, at=end, codes=edit.between)
    path = way if arc.closed else [arc.points[0], *way[1:-1], arc.points[-1]]
    shapes = spliced(state.shapes[one], state.shapes[other], arc, path)
    drawn = Redrawn(shapes={one: shapes[0], other: shapes[1]})
    return redraw(state, drawn, edit)


def move_points(state: PlanState, edit: MovePoints, fresh: bool) -> Applied:
    """Drag vertices; every atom that has one follows."""
    if not edit.moves:
        raise BadValue("No vertex is named.", got="no moves")
    to: dict[Point, Point] = {}
    atoms: set[int] = set()
    for source, target in edit.moves:
        at = _point(source)
        near = np.flatnonzero(shapely.dwithin(state.shapes, shapely.Point(at), SAME_PLACE))
        vertex = _vertex(state, near.tolist(), at)
        if vertex is None:
            raise refuse("no_vertex", at=at, codes=[state.atoms[i].code for i in near])
        to[vertex] = _point(target)
        atoms |= {int(i) for i in near if vertex in _vertices(state.shapes[i])}
    shapes = {
        i: polygon_of(
            [
                [[to.get(point, point) for point in ring] for ring in rings]
                for rings in rings_of(state.shapes[i])
            ]
        )
        for i in sorted(atoms)
    }
    settled = MovePoints(tuple(to.items()))
    return redraw(state, Redrawn(shapes=shapes), settled)


def merge_atoms(state: PlanState, edit: MergeAtoms, fresh: bool) -> Applied:
    """Make one atom of neighbours in one grid; it has the code of the one that holds most."""
    atoms = [state.atom(code) for code in dict.fromkeys(edit.atoms)]
    if len(atoms) < 2:
        raise refuse("nothing", {"grid": ", ".join(edit.atoms)}, codes=edit.atoms)
    for i in atoms[1:]:
        if (state.grid_of[i], state.graph.container[i]) != (
            state.grid_of[atoms[0]],
            state.graph.container[atoms[0]],
        ) or state.atoms[i].level != state.atoms[atoms[0]].level:
            grid = int(state.grid_of[atoms[0]])
            code = state.grids[grid].code if grid >= 0 else ""
            values = {"atom": state.atoms[i].code, "grid": code}
            raise refuse("other_grid", values, at=state.place_of([i]), codes=[state.atoms[i].code])
    need_loose(state, atoms)
    whole, inserted = _joined(state.shapes[atoms])
    if shapely.get_num_geometries(whole) > max(
        1, *(shapely.get_num_geometries(state.shapes[i]) for i in atoms)
    ):
        pieces = sorted(pieces_of(state, atoms), key=lambda p: (len(p), p))
        raise refuse("not_neighbours", {"grids": edit.atoms}, at=state.place_of(pieces[0]),
                     codes=edit.atoms)  # fmt: skip
    keep = _keeper(state, atoms, edit.code)
    drawn = Redrawn(shapes={keep: whole}, gone=set(atoms) - {keep}, inserted=inserted)
    return redraw(state, drawn, MergeAtoms(edit.atoms, state.atoms[keep].code))


def split_atom(state: PlanState, edit: SplitAtom, fresh: bool) -> Applied:
    """Cut an atom along lines; the part that holds most of it keeps the code."""
    atom = state.atom(edit.atom)
    need_loose(state, [atom])
    lines = [as_line(line) for line in edit.lines]
    if not lines:
        raise BadValue("An area is cut along a line.", got="no line")
    edit = replace(edit, rule=CUT_RULE) if fresh else edit
    cut = cutter(edit, lines)(state.shapes[atom])
    if len(cut.parts) < 2:
        at = cut.loose[0] if cut.loose else lines[0][0]
        raise refuse("not_across", {"atom": edit.atom}, at=at, codes=[edit.atom])
    drawn, codes = cut_atom(state, atom, cut, edit.codes, fresh)
    return redraw(state, drawn, replace(edit, codes=tuple(codes)))


# -- what they have in common -----------------------------------------------------------


def redraw(state: PlanState, drawn: Redrawn, edit: Any, *, whole: bool = True) -> Applied:
    """Return the state with other shapes, once it is proved that nothing tears.

    Not `whole`: a step of an edit that goes on, and asks at its end whether grids hang together.
    """
    _need_sound(state, drawn)
    after, rows = _rebuilt(state, drawn)
    redone = [k for k, row in enumerate(rows) if not row.same and row.source not in drawn.pinned]
    need_wide(state, after, redone)
    touched = sorted({int(after.grid_of[k]) for k in redone} - {-1})
    if whole:
        need_whole(state, after, touched)
    return Applied(after, edit, tuple(_changes(state, after, drawn)), tuple(touched))


def _need_sound(state: PlanState, drawn: Redrawn) -> None:
    """Refuse shapes that are not valid, or do not hold the ground of those they replace."""
    listed = [*drawn.shapes.items(), *((i, shape) for i, _, shape in drawn.added)]
    for i, shape in listed:
        code = state.atoms[i].code
        if shape is None:
            raise refuse("crosses", {"atom": code}, at=state.place_of([i]), codes=[code])
        if not shapely.is_valid(shape):
            raise refuse("crosses", {"atom": code}, at=_fault_place(shape), codes=[code])
    old = [*drawn.shapes, *drawn.pinned, *drawn.gone]
    before = chain_of(state.shapes[i] for i in dict.fromkeys(old))
    after = chain_of([*(shape for _, shape in listed), *drawn.pinned.values()])
    off = off_chain(before, after, drawn.inserted)
    if off:
        (x0, y0), (x1, y1) = off[0]
        codes = [state.atoms[i].code for i in dict.fromkeys(old)]
        raise refuse("outer_border", at=((x0 + x1) / 2, (y0 + y1) / 2), codes=codes[:20])


def _rebuilt(state: PlanState, drawn: Redrawn) -> tuple[PlanState, list[NewRow]]:
    changed = {**drawn.shapes, **drawn.pinned}
    kept = [i for i in range(len(state)) if i not in drawn.gone]
    rows = [NewRow(i, state.atoms[i].code, i not in changed) for i in kept]
    rows += [NewRow(i, one.code, False) for i, one, _ in drawn.added]
    shapes = np.empty(len(rows), dtype=object)
    shapes[:] = [changed.get(i, state.shapes[i]) for i in kept] + [s for *_, s in drawn.added]
    old = sorted({*drawn.shapes, *drawn.gone})
    new = [k for k, row in enumerate(rows) if row.source in drawn.shapes and not row.same]
    held = shared_out(state.graph, old, state.shapes[old], shapes[new])
    source = np.array([row.source for row in rows], dtype=np.int64)
    amount = {}
    for name, values in state.graph.amount.items():
        amount[name] = values[source].copy()
        amount[name][new] = held[name]
    graph = patched_graph(state.ground, state.graph, rows, shapes, amount)
    atoms = [
        replace(state.atoms[i], estimated=True) if i in drawn.shapes else state.atoms[i]
        for i in kept
    ]
    atoms += [one for _, one, _ in drawn.added]
    after = PlanState(
        state.ground,
        graph,
        shapes,
        tuple(atoms),
        state.grid_of[source],
        state.grids,
        state.redrawn | _parents_moved(state, drawn),
    )
    return after, rows


def _parents_moved(state: PlanState, drawn: Redrawn) -> frozenset[tuple[str, str]]:
    """Return the areas above the grids between which a border has moved."""
    coverage = state.graph.coverage
    rank = coverage.levels.rank(state.graph.level)
    origins = {row: str(coverage.code[row]) for row in state.ground.graph.row.tolist()}
    row_of = {code: row for row, code in origins.items()}
    rows = [row_of[state.atoms[i].origin] for i in [*drawn.shapes, *drawn.gone]]
    moved = set()
    for above in range(rank):
        # The ground beside may be in no area of the level.
        parents = {int(p) for p in coverage.ancestors[rows, above]}
        if len(parents) > 1:
            level = coverage.levels[above].name
            moved |= {(level, str(coverage.code[p])) for p in parents - {-1}}
    return frozenset(moved)


def _changes(state: PlanState, after: PlanState, drawn: Redrawn) -> Iterable[dict[str, Any]]:
    for i in drawn.shapes:
        one = state.atoms[i]
        yield {"level": one.level, "code": one.code, "what": "redrawn"}
    for _, one, _ in drawn.added:
        yield {"level": one.level, "code": one.code, "what": "new"}
    for i in sorted(drawn.gone):
        yield {"level": state.atoms[i].level, "code": state.atoms[i].code, "what": "gone"}
    grids = sorted({int(state.grid_of[i]) for i in drawn.shapes} - {-1})
    if len(grids) > 1:
        for g in grids:
            code = state.grids[g].code
            yield {"level": state.graph.level, "code": code, "what": "redrawn"}
    for level, code in sorted(_parents_moved(state, drawn)):
        yield {"level": level, "code": code, "what": "redrawn"}


def cutter(
    edit: SplitAtom | SplitGrid | Exclusive,
    lines: Sequence[Sequence[Point]],
    side: Callable[[Any], Any] | None = None,
) -> Callable[[Any], Cut]:
    """Return what cuts an area along the lines of an edit, as it was when the edit was made."""
    if edit.rule == 0:
        return lambda shape: cut_polygon(shape, lines, SAME_PLACE)
    return lambda shape: cut_area(shape, lines, SAME_PLACE, side)


def cut_atom(
    state: PlanState, atom: int, cut: Cut, asked: Sequence[str], fresh: bool
) -> tuple[Redrawn, list[str]]:
    """Return an atom in parts: the largest by homes keeps the code, the others get new ones."""
    parts = np.empty(len(cut.parts), dtype=object)
    parts[:] = cut.parts
    _need_parts_wide(state, atom, np.array(cut.pieces, dtype=object))
    held = shared_out(state.graph, [atom], state.shapes[[atom]], parts)
    weight = [*zip(held.get("households", np.zeros(len(parts))), shapely.area(parts), strict=True)]
    keep = max(range(len(parts)), key=lambda k: (weight[k], -k))
    others = [k for k in range(len(parts)) if k != keep]
    centres = shapely.get_coordinates(shapely.centroid(parts))
    others.sort(key=lambda k: (centres[k][0], -centres[k][1]))
    if asked and len(asked) != len(others):
        raise BadValue("Each new part needs a code.", got=len(asked), allowed=len(others))
    codes = [*asked] or new_atom_codes(
        state, int(state.grid_of[atom]), [tuple(centres[k]) for k in others]
    )
    for code in codes:
        need_free(state, state.atoms[atom].level, code, fresh=fresh)
    one = state.atoms[atom]
    drawn = Redrawn(shapes={atom: parts[keep]}, inserted=cut.inserted)
    for k, code in zip(others, codes, strict=True):
        part = replace(one, code=code, name="", name_en="", own=False, estimated=True,
                       attributes={})  # fmt: skip
        drawn.added.append((atom, part, parts[k]))
    ends = {point for segment in cut.inserted for point in segment}
    box = shapely.bounds(state.shapes[atom])
    for i in np.flatnonzero(shapely.intersects(state.shapes, shapely.box(*box))).tolist():
        if i != atom and ends & _vertices(state.shapes[i]):
            pinned = with_points(state.shapes[i], cut.inserted)
            if not pinned.equals_exact(state.shapes[i], normalize=True):
                drawn.pinned[i] = pinned
    return drawn, list(codes)


def _need_parts_wide(state: PlanState, atom: int, parts: Any) -> None:
    metres = state.ground.plane.metres(parts)
    width = 2 * shapely.area(metres) / shapely.length(metres)
    thin = np.flatnonzero(width < MIN_WIDTH_M)
    if len(thin):
        point = shapely.point_on_surface(parts[thin[0]])
        code = state.atoms[atom].code
        values = {"atom": code, "width": f"{width[thin[0]]:.1f}", "least": f"{MIN_WIDTH_M:g}"}
        at = (float(shapely.get_x(point)), float(shapely.get_y(point)))
        raise refuse("too_narrow", values, at=at, codes=[code])


def _joined(shapes: Any) -> tuple[Any, Inserted]:
    """Return neighbours as one polygon, and the vertices that one lacked of their border."""
    whole = union_of(shapes)
    if not off_chain(chain_of(shapes), chain_of([whole]), {}):
        return whole, {}
    inserted = lacking(shapes, SAME_PLACE / 100)
    grown = np.array([with_points(shape, inserted) for shape in shapes], dtype=object)
    return union_of(grown), inserted


def _keeper(state: PlanState, atoms: Sequence[int], code: str) -> int:
    if code:
        if code not in {state.atoms[i].code for i in atoms}:
            raise BadValue("The merged area keeps the code of one of its parts.", got=code,
                           allowed=[state.atoms[i].code for i in atoms])  # fmt: skip
        return state.atom(code)
    homes = state.graph.amount.get("households", np.zeros(len(state)))
    return max(atoms, key=lambda i: (homes[i], state.graph.area_m2[i], -i))


def _vertices(shape: Any) -> set[Point]:
    return {(x, y) for x, y in shapely.get_coordinates(shape).tolist()}


def _vertex(state: PlanState, near: Iterable[int], at: Point) -> Point | None:
    """Return the vertex that is meant by a place, None where there is none."""
    known = [point for i in near for point in _vertices(state.shapes[i])]
    best = min(known, key=lambda point: (_distance(point, at), point), default=None)
    return best if best is not None and _distance(best, at) <= SAME_PLACE else None


def _apart(arc: Any, way: Sequence[Point]) -> float:
    return _distance(arc.points[0], way[0]) + _distance(arc.points[-1], way[-1])


def _distance(one: Point, other: Point) -> float:
    return float(np.hypot(one[0] - other[0], one[1] - other[1]))


def _fault_place(shape: Any) -> tuple[float, float] | None:
    """Return where a polygon is not valid, as GEOS says it."""
    said = str(shapely.is_valid_reason(shape))
    _, found, place = said.rpartition("[")
    if not found:
        return None
    x, y = (float(number) for number in place.rstrip("]").split()[:2])
    return x, y


def _point(value: Sequence[float]) -> Point:
    if len(value) != 2 or not all(np.isfinite(value)):
        raise BadValue("A place is longitude and latitude.", got=value)
    return float(value[0]), float(value[1])


def as_line(values: Sequence[Sequence[float]]) -> list[Point]:
    """Return a line without repeated points; `BadValue` when it has fewer than two."""
    points = [_point(value) for value in values]
    line = [p for k, p in enumerate(points) if k == 0 or p != points[k - 1]]
    if len(line) < 2:
        raise BadValue("A line has at least two different points.", got=len(line))
    return line
