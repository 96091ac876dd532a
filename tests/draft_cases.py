"""Grounds to draw drafts on: boards of cells whose inner corners were moved, and random edits."""

from __future__ import annotations

import numpy as np
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.errors import BadValue, EditRefused
from gridmap.planning.applying import Applied, apply_edit
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
from gridmap.planning.graph import planning_graph
from gridmap.planning.ground import Ground
from gridmap.planning.parts import with_parts
from gridmap.planning.state import PlanState, first_state
from tests.planning_cases import LAT, LEVELS, LON, SIZE

# Levels of a town without micro-grids.
PLAIN = Levels(["community", "grid"])
# Grids of a board of 4 by 6 cells in two communities, north first.
GRIDS = np.array([[1, 1, 2, 5, 5, 6], [1, 3, 2, 5, 6, 6], [3, 3, 4, 7, 7, 8], [3, 4, 4, 7, 8, 8]])


def ground(seed: int = 0, *, jitter: float = 0.15, homes: bool = True) -> Ground:
    """A board whose corners were moved at random: no border is straight."""
    rng = np.random.default_rng(seed)
    rows, columns = GRIDS.shape
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0))
    x[1:-1, 1:-1] += rng.uniform(-jitter, jitter, (rows - 1, columns - 1))
    y[1:-1, 1:-1] += rng.uniform(-jitter, jitter, (rows - 1, columns - 1))
    lon, lat = LON + SIZE * x, LAT + SIZE * (rows - y)
    areas, shapes = [], []

    def add(level, code, name, above=None, parent=None, shape=None):
        areas.append(
            Area(len(areas), level, code, name, "", above, parent, "basic", provisional=False)
        )
        shapes.append(shape)

    for one in ("C0", "C1"):
        add("community", one, f"{one}社区")
    for g in np.unique(GRIDS):
        add("grid", grid_code(g), f"第{g}网格", "community", grid_code(g)[:2])
    count: dict[str, int] = {}
    held = {}
    for r, c in np.ndindex(GRIDS.shape):
        parent = grid_code(GRIDS[r, c])
        count[parent] = count.get(parent, 0) + 1
        code = f"{parent}{count[parent]:02d}"
        corners = [(r + 1, c), (r + 1, c + 1), (r, c + 1), (r, c)]
        ring = [(float(lon[k]), float(lat[k])) for k in corners]
        add("microgrid", code, "", "grid", parent, shapely.Polygon(ring))
        held[code] = float(rng.integers(0, 200))
    coverage = Coverage.build("old", LEVELS, areas, shapes)
    graph = planning_graph(coverage, amounts={"households": held} if homes else None)
    kept = {code: {"households": int(n)} for code, n in held.items()} if homes else {}
    return Ground(graph, atom_kept=kept)


def ground_in_parts(seed: int = 0, *, levels: Levels = PLAIN) -> Ground:
    """The same board without micro-grids: its grids are drawn over parts of themselves."""
    fine = ground(seed)
    source = fine.graph.coverage
    grids = source.rows("grid").tolist()
    rows = [*source.rows("community").tolist(), *grids]
    shapes = [source.shapes[row] if row in grids else None for row in rows]
    coverage = Coverage.build("old", levels, [source.area(row) for row in rows], shapes)
    homes = dict.fromkeys(coverage.code[coverage.rows("grid")].tolist(), 0.0)
    for code, held in fine.atom_kept.items():
        homes[code[:5]] += held["households"]
    graph = planning_graph(with_parts(coverage, "grid"), amounts={"households": homes})
    kept = {code: {"households": int(n)} for code, n in homes.items()}
    return Ground(graph, grid_kept=kept, atom_kept=kept, levels=levels)


def grid_code(number: int) -> str:
    """Code of a grid of the board: 1 to 4 in the western community."""
    return f"C{0 if number < 5 else 1}{number:03d}"


def start(seed: int = 0, **more) -> PlanState:
    """The board as a draft begins."""
    return first_state(ground(seed, **more))


def tried(state: PlanState, edit: Edit) -> Applied | None:
    """What an edit comes to; None when it is refused, with reasons that have a place."""
    try:
        return apply_edit(state, edit)
    except EditRefused as refused:
        told = refused.reasons
    except BadValue:
        return None
    assert told
    assert all(reason["text"] and reason["text_en"] for reason in told)
    return None


def random_edit(rng: np.random.Generator, state: PlanState) -> Edit:
    """An edit such as a planner makes, or mistakes for one."""
    kinds = (_reassign, _merge, _split, _cut, _join, _border, _drag, _site, _words, _side, _group)
    chances = np.array([5, 1, 2, 4, 2, 5, 5, 1, 1, 2, 1])
    return kinds[rng.choice(len(kinds), p=chances / chances.sum())](rng, state)


def _pick(rng, things):
    return things[int(rng.integers(len(things)))]


def _atom(rng, state) -> int:
    return int(rng.integers(len(state)))


def _beside(rng, state, i) -> int:
    near = np.flatnonzero(shapely.touches(state.shapes, state.shapes[i]))
    return int(_pick(rng, near)) if len(near) else i


def _reassign(rng, state):
    i = _atom(rng, state)
    if rng.random() < 0.2:
        x, y = state.place_of([i])
        lasso = shapely.Point(x, y).buffer(SIZE * rng.uniform(0.3, 1.5))
        return Reassign(_pick(rng, [*state.grid_at]), lasso=shapely.geometry.mapping(lasso))
    to = int(state.grid_of[_beside(rng, state, i)])
    return Reassign(state.grids[to].code, (state.atoms[i].code,))


def _merge(rng, state):
    i = _atom(rng, state)
    pair = (int(state.grid_of[i]), int(state.grid_of[_beside(rng, state, i)]))
    return MergeGrids(tuple(state.grids[g].code for g in pair))


def _split(rng, state):
    g = _pick(rng, [*state.grid_at.values()])
    members = state.members(g)
    some = tuple(state.atoms[i].code for i in members if rng.random() < 0.5)
    return SplitGrid(state.grids[g].code, (some,))


def _side(rng, state):
    g = _pick(rng, [*state.grid_at.values()])
    return SplitGrid(state.grids[g].code, lines=(_across(rng, state, state.members(g)),))


def _group(rng, state):
    """Two grids of a neighbourhood shared anew, at random: rarely whole."""
    i = _atom(rng, state)
    pair = [int(state.grid_of[i]), int(state.grid_of[_beside(rng, state, i)])]
    atoms = [i for g in pair for i in state.members(g).tolist()]
    middle = np.median(state.graph.xy[atoms, int(rng.integers(2))])
    west = [i for i in atoms if state.graph.xy[i, 0] <= middle]
    code = state.grids[pair[0]].code
    if rng.random() < 0.3:
        code = f"{code[:2]}{int(rng.integers(500, 999))}"
    return Regroup({code: tuple(state.atoms[i].code for i in west)})


def _across(rng, state, members):
    """A line from beyond one side of some atoms to beyond the other."""
    west, south, east, north = shapely.total_bounds(state.shapes[members])
    margin = 0.2 * SIZE
    x, y, middle = (rng.uniform((west, south), (east, north)) for _ in range(3))
    if rng.random() < 0.5:
        ends = [(west - margin, x[1]), (east + margin, y[1])]
    else:
        ends = [(x[0], south - margin), (y[0], north + margin)]
    middle = tuple(middle.tolist())
    return tuple([ends[0], middle, ends[1]] if rng.random() < 0.5 else ends)


def _cut(rng, state):
    i = _atom(rng, state)
    west, south, east, north = shapely.bounds(state.shapes[i])
    ends = [(west, rng.uniform(south, north)), (east, rng.uniform(south, north))]
    if rng.random() < 0.5:
        ends = [(rng.uniform(west, east), south), (rng.uniform(west, east), north)]
    line = [ends[0], state.place_of([i]), ends[1]]
    if rng.random() < 0.5:
        coordinates = shapely.get_coordinates(state.shapes[i])
        line[0] = tuple(_pick(rng, coordinates).tolist())
    stretch = 1.3 if rng.random() < 0.7 else 0.5
    mid = np.array(line[1])
    line[0], line[2] = (
        tuple((mid + (np.array(p) - mid) * stretch).tolist()) for p in (line[0], line[2])
    )
    return SplitAtom(state.atoms[i].code, (tuple(line),))


def _join(rng, state):
    i = _atom(rng, state)
    return MergeAtoms((state.atoms[i].code, state.atoms[_beside(rng, state, i)].code))


def _border(rng, state):
    i = _atom(rng, state)
    j = _beside(rng, state, i)
    common = shapely.line_merge(shapely.intersection(state.shapes[i], state.shapes[j]))
    points = shapely.get_coordinates(common)
    if len(points) < 2:
        points = shapely.get_coordinates(state.shapes[i])[:2]
    middle = points.mean(axis=0) + rng.normal(0, 0.15 * SIZE, 2)
    line = (tuple(points[0].tolist()), tuple(middle.tolist()), tuple(points[-1].tolist()))
    return ReplaceBorder((state.atoms[i].code, state.atoms[j].code), line)


def _drag(rng, state):
    points = shapely.get_coordinates(state.shapes[_atom(rng, state)])
    source = _pick(rng, points)
    target = source + rng.normal(0, 0.12 * SIZE, 2)
    return MovePoints(((tuple(source.tolist()), tuple(target.tolist())),))


def _site(rng, state):
    x, y = state.place_of([_atom(rng, state)])
    w, h = rng.uniform(0.3, 1.2, 2) * SIZE
    outline = shapely.box(x - w, y - h, x + w, y + h)
    return Exclusive(shapely.geometry.mapping(outline), title=f"园区{int(rng.integers(10**9))}")


def _words(rng, state):
    g = _pick(rng, [*state.grid_at])
    what = int(rng.integers(3))
    if what == 0:
        return Renumber(_pick(rng, ["", "C0", "C1"]))
    if what == 1:
        return Recode("grid", g, f"{g[:2]}{int(rng.integers(500, 999)):03d}")
    return Describe(
        "grid", g, name=f"新名{int(rng.integers(10**9))}", attributes={"长": int(rng.integers(9))}
    )
