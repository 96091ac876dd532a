"""Editions for tests of lineage: random regroupings of atoms, and what they must give.

The oracle knows which atom belongs to which area and how large the atoms are, and no geometry.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

import numpy as np
import shapely
from hypothesis import strategies as st

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.crs import metres_per_degree
from tests.partitions import lattice

LEVELS = Levels(["grid", "microgrid"])


@dataclass(frozen=True)
class Redraw:
    """Cells with the code of the grid they are in before and after; None: in no edition."""

    cells: np.ndarray
    before: tuple[str | None, ...]
    after: tuple[str | None, ...]
    names: tuple[dict[str, str], dict[str, str]]

    def old(self) -> Coverage:
        return nested("old", self.cells, self.before, self.names[0])

    def new(self) -> Coverage:
        return nested("new", self.cells, self.after, self.names[1])


def nested(edition, cells, groups, names=None) -> Coverage:
    """Grids over cells; the micro-grids' codes are m0, m1, ... in the order of the cells."""
    names = names or {}
    grids = sorted({g for g in groups if g is not None})
    areas = [Area(-1, "grid", g, names.get(g, "")) for g in grids]
    shapes = [None] * len(grids)
    for at, (cell, group) in enumerate(zip(cells, groups, strict=True)):
        if group is not None:
            areas.append(
                Area(-1, "microgrid", f"m{at}", "", parent_level="grid", parent_code=group)
            )
            shapes.append(cell)
    return Coverage.build(edition, LEVELS, areas, shapes)


def flat(edition, shapes, names=None, level="grid") -> Coverage:
    """One level of areas by code."""
    names = names or {}
    areas = [Area(-1, level, code, names.get(code, "")) for code in shapes]
    return Coverage.build(edition, Levels([level]), areas, list(shapes.values()))


def square_metres(cells) -> np.ndarray:
    kx, ky = metres_per_degree(shapely.get_y(shapely.centroid(cells)))
    return shapely.area(cells) * kx * ky


@st.composite
def redraws(draw: st.DrawFn) -> Redraw:
    """Up to 30 cells whose grids are drawn anew: at random, or by a few changes of the former."""
    columns, rows = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    count = columns * rows
    cells = lattice(columns, rows, draw(st.integers(0, 10_000)))
    codes = st.sampled_from(["g1", "g2", "g3", "g4", "g5", "g6"]) | st.none()
    before = draw(st.lists(codes, min_size=count, max_size=count))
    if draw(st.booleans()):
        after = draw(st.lists(codes, min_size=count, max_size=count))
    else:
        renamed = {code: draw(codes) for code in set(before) if draw(st.booleans())}
        after = [renamed.get(code, code) for code in before]
        for at in draw(st.lists(st.integers(0, count - 1), max_size=4)):
            after[at] = draw(codes)
    names = [
        {code: draw(st.sampled_from(["甲", "乙"])) for code in ("g1", "g2", "g3", "g4", "g5", "g6")}
        for _ in range(2)
    ]
    return Redraw(cells, tuple(before), tuple(after), (names[0], names[1]))


def expected_relations(redraw: Redraw) -> Counter:
    """Kind, old codes and new codes of every relation at level grid, from sets of atoms."""
    size = square_metres(redraw.cells)
    olds = {g for g in redraw.before if g is not None}
    news = {g for g in redraw.after if g is not None}
    shared: dict = defaultdict(float)
    for at, pair in enumerate(zip(redraw.before, redraw.after, strict=True)):
        shared[pair] += size[at]
    shared.pop((None, None), None)
    whole_old = {o: sum(v for (a, _), v in shared.items() if a == o) for o in olds}
    whole_new = {n: sum(v for (_, b), v in shared.items() if b == n) for n in news}
    pairs = {k: v for k, v in shared.items() if None not in k}

    def out_of(o, n):
        return shared.get((o, n), 0.0) / whole_old[o]

    def into(o, n):
        return shared.get((o, n), 0.0) / whole_new[n]

    heir = {c: c for c in olds & news if out_of(c, c) > 0.5001 or into(c, c) > 0.5001}
    for o, n in pairs:
        free = o not in heir and n not in set(heir.values())
        if free and out_of(o, n) > 0.5001 and into(o, n) > 0.5001:
            heir[o] = n
    forebear = {n: o for o, n in heir.items()}

    def holds(o, n):
        if heir.get(o) == n:
            return True
        if o in heir and n in forebear:
            return False
        if n in forebear:
            return out_of(o, n) > 0.9
        if o in heir:
            return into(o, n) > 0.9
        return out_of(o, n) > 0.1 or into(o, n) > 0.1

    groups = [{("old", o)} for o in olds] + [{("new", n)} for n in news]
    for o, n in pairs:
        if holds(o, n):
            touched = [g for g in groups if ("old", o) in g or ("new", n) in g]
            groups = [g for g in groups if g not in touched] + [set().union(*touched)]

    def kind_of_pair(o, n):
        if heir.get(o) != n:
            return "redrawn"
        if any(o in k[:1] or n in k[1:] for k in shared if k != (o, n)):
            return "moved_border"
        if o != n:
            return "recoded"
        return "kept" if redraw.names[0][o] == redraw.names[1][n] else "renamed"

    def kind(old, new):
        if len(old) == len(new) == 1:
            return kind_of_pair(old[0], new[0])
        if not old or not new:
            return "abolished" if old else "created"
        if len(old) == 1 or len(new) == 1:
            return "split" if len(old) == 1 else "merged"
        return "redrawn"

    out: Counter = Counter()
    for group in groups:
        old = tuple(sorted(c for side, c in group if side == "old"))
        new = tuple(sorted(c for side, c in group if side == "new"))
        out[kind(old, new), old, new] += 1
    return out


def found_relations(level) -> Counter:
    return Counter((str(r.kind), r.old, r.new) for r in level.relations)
