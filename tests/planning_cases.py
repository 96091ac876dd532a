"""Small grounds to plan: checkerboards of cells with homes, in one or more communities."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import shapely

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.planning.graph import planning_graph
from gridmap.planning.region import Region

LEVELS = Levels(["community", "grid", "microgrid"])
# A cell of about 110 m by 92 m.
SIZE = 0.001
LON, LAT = 114.0, 34.0


def board(homes, grid, community=None, kinds=None, **further):
    """A planning graph of a board: `homes`, `grid`, `community` are matrices, north first."""
    homes, grid = np.asarray(homes), np.asarray(grid)
    community = np.zeros_like(grid) if community is None else np.asarray(community)
    coverage = board_coverage(grid, community, kinds)
    amounts = {"households": board_amounts(homes, grid, community)}
    return planning_graph(coverage, amounts=amounts, **further)


def code_of(r, c, grid, community):
    return f"C{community[r, c]}{grid[r, c]:03d}{r}{c}"


def board_amounts(held, grid, community=None):
    community = np.zeros_like(grid) if community is None else community
    return {code_of(r, c, grid, community): float(held[r, c]) for r, c in np.ndindex(grid.shape)}


def cell(r, c, rows):
    south, north = LAT + SIZE * (rows - r - 1), LAT + SIZE * (rows - r)
    return shapely.box(LON + SIZE * c, south, LON + SIZE * (c + 1), north)


def board_coverage(grid, community, kinds=None, edition="old"):
    areas, shapes = [], []

    def add(level, code, name, parent_level=None, parent=None, kind="basic", shape=None):
        areas.append(
            Area(len(areas), level, code, name, "", parent_level, parent, kind, provisional=False)
        )
        shapes.append(shape)

    for one in sorted(set(community.ravel().tolist())):
        add("community", f"C{one}", f"{one}社区")
    pairs = sorted(set(zip(community.ravel().tolist(), grid.ravel().tolist(), strict=True)))
    for one, g in pairs:
        kind = (kinds or {}).get(g, "basic")
        add("grid", f"C{one}{g:03d}", f"{one}社区第{g}网格", "community", f"C{one}", kind)
    for r, c in np.ndindex(grid.shape):
        add(
            "microgrid", code_of(r, c, grid, community), "", "grid",
            f"C{community[r, c]}{grid[r, c]:03d}", shape=cell(r, c, len(grid)),
        )  # fmt: skip
    return Coverage.build(edition, LEVELS, areas, shapes)


def at(graph, matrix):
    """Values of a board's matrix in the order of the graph's atoms."""
    rows = [(int(code[-2]), int(code[-1])) for code in graph.code]
    return np.array([matrix[r][c] for r, c in rows])


def random_region(rng, n, *, estates=0, olds=3):
    """A region of cells that hang together, with homes, estates and grids of today."""
    taken = {(0, 0)}
    while len(taken) < n:
        r, c = sorted(taken)[rng.integers(len(taken))]
        dr, dc = [(0, 1), (1, 0), (0, -1), (-1, 0)][rng.integers(4)]
        taken.add((r + dr, c + dc))
    cells = sorted(taken)
    links = [
        (i, j)
        for i, j in combinations(range(n), 2)
        if abs(cells[i][0] - cells[j][0]) + abs(cells[i][1] - cells[j][1]) == 1
    ]
    homes = rng.integers(0, 200, n).astype(float)
    today = np.zeros((n, olds))
    today[np.arange(n), rng.integers(0, olds, n)] = homes
    return Region(
        name="C0",
        atoms=tuple(np.array([i]) for i in range(n)),
        weight=homes,
        homes=homes,
        second=rng.integers(0, 50, n).astype(float),
        area=np.full(n, 10_000.0),
        edge=np.full(n, 400.0),
        xy=np.array(cells, dtype=float) * 100.0,
        links=np.array(links, dtype=np.int64).reshape(-1, 2),
        shared=np.full(len(links), 100.0),
        kind=rng.choice([0, 0, 0, 1, 4], len(links)).astype(np.int64),
        today=today,
        today_homes=today.sum(axis=0) + rng.integers(0, 60, olds),
        estates=rng.random((estates, n)) < 0.3,
    )


def connected(members, links):
    """Whether nodes hang together: the plain way."""
    members = set(members)
    if not members:
        return False
    reached = {min(members)}
    while True:
        more = {j for i, j in links if i in reached} | {i for i, j in links if j in reached}
        more = (more & members) - reached
        if not more:
            return reached == members
        reached |= more
