"""Grids carved out along lines: atoms that the lines cross are cut, the others go as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely

from gridmap.coverage.model import union_of
from gridmap.errors import BadValue
from gridmap.planning.chains import Point, rings_of
from gridmap.planning.changing import (
    Applied,
    at_finest,
    done,
    grids_of,
    lasso_shape,
    need_loose,
)
from gridmap.planning.coding import MAX_CODE, need_free, new_grids
from gridmap.planning.cutting import Cut, cut_polygon
from gridmap.planning.edits import CUT_RULE, Edit, Exclusive, SplitGrid
from gridmap.planning.refusing import MIN_WIDTH_M, need_whole, refuse
from gridmap.planning.reshaping import SAME_PLACE, as_line, cut_atom, cutter, redraw
from gridmap.planning.state import DraftGrid, PlanState

__all__ = ["Carved", "exclusive", "sides_of"]


@dataclass(frozen=True, eq=False)
class Carved:
    """A draft with some atoms cut along lines.

    Attributes
    ----------
    state : PlanState
    cut : tuple of str
        Codes of the atoms that were cut.
    made : tuple of str
        Codes of the parts that came of it, in the order in which they were cut off.
    """

    state: PlanState
    cut: tuple[str, ...]
    made: tuple[str, ...]

    def changes(self, after: PlanState) -> Iterable[dict[str, Any]]:
        """Yield what became of the atoms, as an edit tells it."""
        for codes, what in ((self.cut, "redrawn"), (self.made, "new")):
            for code in codes:
                level = after.atoms[after.atom_at[code]].level
                yield {"level": level, "code": code, "what": what}


def exclusive(state: PlanState, edit: Exclusive, fresh: bool) -> Applied:
    """Make an exclusive grid of an outline, cutting what it crosses."""
    outline = lasso_shape(edit.outline)
    lines = [as_line(ring) for rings in rings_of(outline) for ring in ([*r, r[0]] for r in rings)]
    edit = replace(edit, rule=CUT_RULE) if fresh else edit
    cut = _cut_out(state, edit, lines, outline)
    carved = _carved(state, _crossed(state, outline), cut, edit, edit.codes, fresh)
    state = carved.state
    points = shapely.point_on_surface(state.shapes)
    near = np.flatnonzero(shapely.intersects(state.shapes, outline))
    atoms = [int(i) for i in near[shapely.intersects(outline, points[near])]]
    found = _made_exclusive(state, edit, atoms, carved.made, fresh)
    return replace(found, changed=(*found.changed, *carved.changes(found.state)))


def sides_of(state: PlanState, edit: SplitGrid, fresh: bool) -> tuple[Carved, list[list[int]]]:
    """Cut a grid along lines, and return its atoms by the side that they are on, the west first.

    An atom is cut where all its parts are wide enough, and else goes where its inner point lies.

    Raises
    ------
    EditRefused
        When the lines do not cross the grid, or leave a side that no atom is on.
    """
    grid = state.grid(edit.grid)
    lines = [as_line(line) for line in edit.lines]
    whole = state.members(grid).tolist()
    need_loose(state, whole[:1])
    parts, side_of = _sides(state, edit, whole, lines)

    def on_side(shape: Any) -> int:
        inner = shapely.point_on_surface(shape)
        return side_of[int(np.argmax(shapely.intersects(parts, inner)))]

    cut = cutter(edit, lines, on_side)
    crossed = [state.atoms[i].code for i in whole if _parted(state, i, cut)]
    carved = _carved(state, crossed, cut, edit, edit.cuts, fresh)
    now = carved.state
    members = now.members(grid).tolist()
    divided = parts[: len({*side_of})] if edit.rule else []
    side = [on_side(_main(now.shapes[i], divided)) for i in members]
    found = [[i for i, s in zip(members, side, strict=True) if s == k] for k in sorted({*side_of})]
    if not all(found):
        empty = side_of.index(next(k for k, atoms in enumerate(found) if not atoms))
        _refuse_thin(state, edit.grid, _narrowest(state, parts[empty], whole, cut))
    return carved, found


# -- inside -----------------------------------------------------------------------------


def _sides(
    state: PlanState, edit: SplitGrid, members: Sequence[int], lines: Sequence[Sequence[Point]]
) -> tuple[list[Any], list[int]]:
    """Return the parts that lines divide a grid into, the west first, and the side of each.

    A piece of the grid that no line divides, an island, is on the side that lies nearest.
    """
    parts, islands, loose = [], [], []
    united = union_of if edit.rule else shapely.coverage_union_all
    for piece in shapely.get_parts(united(state.shapes[list(members)])):
        cut = cut_polygon(piece, lines, SAME_PLACE)
        loose += cut.loose
        if len(cut.parts) > 1:
            parts += cut.parts
        else:
            islands.append(piece)
    if not parts:
        at = loose[0] if loose else lines[0][0]
        raise refuse("not_across", {"atom": edit.grid}, at=at, codes=[edit.grid])
    parts.sort(key=_west_first)
    nearest = [int(np.argmin(shapely.distance(parts, island))) for island in islands]
    return [*parts, *islands], [*range(len(parts)), *nearest]


def _carved(
    state: PlanState,
    crossed: Sequence[str],
    cut: Callable[[Any], Cut],
    edit: Edit,
    asked: Sequence[str],
    fresh: bool,
) -> Carved:
    """Cut atoms, one after the other; `asked` are codes of the parts, if chosen."""
    left, cut_through, made = list(asked), [], []
    for code in crossed:
        atom = state.atom(code)
        found = cut(state.shapes[atom])
        if len(found.parts) < 2:
            continue
        need_loose(state, [atom])
        drawn, codes = cut_atom(state, atom, found, left[: len(found.parts) - 1], fresh)
        left = left[len(codes) :]
        cut_through.append(code)
        made += codes
        state = redraw(state, drawn, edit, whole=False).state
    return Carved(state, tuple(cut_through), tuple(made))


def _made_exclusive(
    state: PlanState,
    edit: Exclusive,
    atoms: list[int],
    codes: Sequence[str],
    fresh: bool,
) -> Applied:
    if not atoms:
        centre = shapely.point_on_surface(lasso_shape(edit.outline))
        at = (float(shapely.get_x(centre)), float(shapely.get_y(centre)))
        raise refuse("nothing", {"grid": edit.code}, at=at, codes=[edit.code] if edit.code else [])
    need_loose(state, atoms)
    container = int(state.graph.container[atoms[0]])
    _need_together(state, edit, atoms, container)
    made = len(state.grids)
    left = grids_of(state, atoms)
    blank = DraftGrid("", "", "", "exclusive", container)
    moves = dict.fromkeys(atoms, made)
    draft = state.reassigned(moves, (*state.grids, blank))
    if edit.code:
        need_free(state, state.graph.level, edit.code, fresh=fresh)
        if len(edit.code) > MAX_CODE:
            raise BadValue("This cannot be a code.", got=edit.code)
    one = new_grids(draft, [made], container, [edit.code] if edit.code else [])[0]
    one = replace(one, kind="exclusive", title=edit.title or one.title,
                  title_en=edit.title_en or one.title_en, titled=bool(edit.title))  # fmt: skip
    after = at_finest(state.reassigned(moves, (*state.grids, one)), atoms)
    need_whole(state, after, [g for g in [*left, made] if after.live[g]])
    settled = replace(edit, code=one.code, codes=tuple(codes))
    return done(state, after, settled, [*left, made])


def _need_together(state: PlanState, edit: Exclusive, atoms: Sequence[int], container: int) -> None:
    """Refuse an outline that reaches into another area of the level above."""
    away = [i for i in atoms if state.graph.container[i] != container or container < 0]
    if away:
        names = np.append(state.graph.container_code, "")
        values = {
            "atom": state.atoms[away[0]].code,
            "there": names[state.graph.container[away[0]]],
            "grid": edit.code or edit.title,
            "here": names[container],
        }
        raise refuse("other_parent", values, at=state.place_of(away),
                     codes=[state.atoms[i].code for i in away[:20]])  # fmt: skip


def _crossed(state: PlanState, outline: Any) -> list[str]:
    """Return the atoms that an outline divides into parts that are both wide enough."""
    near = np.flatnonzero(shapely.intersects(state.shapes, outline)).tolist()
    return sorted(state.atoms[i].code for i in near if _divides(state, outline, state.shapes[i]))


def _divides(state: PlanState, outline: Any, shape: Any) -> bool:
    sides = np.array([shapely.intersection(shape, outline), shapely.difference(shape, outline)])
    return bool(np.all(_widths(state, sides) >= MIN_WIDTH_M))


def _cut_out(
    state: PlanState, edit: Exclusive, lines: Sequence[Sequence[Point]], outline: Any
) -> Callable[[Any], Cut]:
    """Return what cuts an area along an outline; polygons of it that lie inside come out whole."""

    def inside(shape: Any) -> bool:
        return bool(shapely.intersects(outline, shapely.point_on_surface(shape)))

    along = cutter(edit, lines, inside)

    def cut(shape: Any) -> Cut:
        found, polygons = along(shape), shapely.get_parts(shape).tolist()
        if len(found.parts) > 1 or any(_divides(state, outline, one) for one in polygons):
            return found
        sides: dict[bool, list[Any]] = {}
        for polygon in polygons:
            sides.setdefault(inside(polygon), []).append(polygon)
        if len(sides) < 2:
            return found
        parts = [one[0] if len(one) == 1 else shapely.multipolygons(one) for one in sides.values()]
        return Cut(parts, {}, found.loose, parts)

    return cut


def _main(shape: Any, divided: Sequence[Any]) -> Any:
    """Return the polygon of an atom that tells its side: the largest, of those in divided parts."""
    if not divided or shape.geom_type == "Polygon":
        return shape
    polygons = sorted(shapely.get_parts(shape).tolist(), key=shapely.area, reverse=True)
    inner = shapely.point_on_surface(polygons)
    among = shapely.intersects(np.array(divided, dtype=object)[:, None], inner[None, :])
    return polygons[int(np.argmax(among.any(axis=0)))]


def _parted(state: PlanState, atom: int, cut: Callable[[Any], Cut]) -> bool:
    """True for an atom that lines divide into parts that are all wide enough."""
    found = cut(state.shapes[atom])
    wide = _widths(state, np.array(found.pieces, dtype=object)) >= MIN_WIDTH_M
    return len(found.parts) > 1 and bool(np.all(wide))


def _narrowest(state: PlanState, side: Any, atoms: Sequence[int], cut: Callable[[Any], Cut]) -> Any:
    """Return the narrowest part that would be cut where no atom is on a side: why none is."""
    found = [side]
    for i in atoms:
        if shapely.intersects(state.shapes[i], side):
            found += cut(state.shapes[i]).pieces
    return found[int(np.argmin(_widths(state, np.array(found, dtype=object))))]


def _widths(state: PlanState, shapes: Any) -> Any:
    """Return twice the area over the perimeter, in metres; 0 for nothing."""
    metres = state.ground.plane.metres(shapes)
    length = shapely.length(metres)
    return np.divide(2 * shapely.area(metres), length, out=np.zeros(len(shapes)), where=length > 0)


def _refuse_thin(state: PlanState, grid: str, part: Any) -> None:
    width = float(_widths(state, np.array([part], dtype=object))[0])
    point = shapely.point_on_surface(part)
    values = {"atom": grid, "width": f"{width:.1f}", "least": f"{MIN_WIDTH_M:g}"}
    at = (float(shapely.get_x(point)), float(shapely.get_y(point)))
    raise refuse("too_narrow", values, at=at, codes=[grid])


def _west_first(part: Any) -> tuple[float, float]:
    point = shapely.centroid(part)
    return float(shapely.get_x(point)), -float(shapely.get_y(point))
