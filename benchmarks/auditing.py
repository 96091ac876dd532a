"""The audit, beside shapely's own check of a coverage, on clean and on faulty boundaries."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from benchmarks.locating import coverage_of_demo
from benchmarks.measure import in_turn
from gridmap.areas import Area, Levels
from gridmap.coverage.auditing.audit import audit
from gridmap.coverage.auditing.segments import quick_check
from gridmap.coverage.model import Coverage

ROUNDS = 3
# Shares of the atoms that are moved a little: two of their borders overlap, two gape.
SHARES = {"demo district": (0.0, 0.01, 0.33, 1.0), "squares": (0.0, 0.01, 0.33)}
COLUMNS, ROWS = 200, 150


def squares() -> Coverage:
    """Return 30,000 atoms of 20 vertices with exactly shared borders, in 1,200 parents."""
    step, points = 0.001, 5
    across, up = np.divmod(np.arange(COLUMNS * ROWS), ROWS)
    side = np.linspace(0, 1, points, endpoint=False)
    zero, one = np.zeros(points), np.ones(points)
    ring = np.column_stack([np.r_[side, one, 1 - side, zero], np.r_[zero, side, one, 1 - side]])
    # The same sum from either side gives the same number: corners and middles are shared.
    whole = np.rint((ring[None] + np.column_stack([across, up])[:, None]) * points)
    cells = shapely.polygons(whole * (step / points) + [117.0, 36.0])
    parent = (across // 5) * (ROWS // 5) + up // 5
    areas = [Area(-1, "grid", f"{100000 + p}", f"第{p}网格") for p in np.unique(parent)]
    declared = [shapely.coverage_union_all(cells[parent == p]) for p in np.unique(parent)]
    number = np.zeros(COLUMNS * ROWS, dtype=int)
    for p in np.unique(parent):
        number[parent == p] = np.arange(25)
    areas += [
        Area(-1, "microgrid", f"{100000 + p}{n:02d}", f"{n}号", "", "grid", f"{100000 + p}")
        for p, n in zip(parent.tolist(), number.tolist(), strict=True)
    ]
    return Coverage.build("squares", Levels(["grid", "microgrid"]), areas, [*declared, *cells])


def moved(coverage: Coverage, share: float) -> Coverage:
    """Return the coverage with a share of its atoms moved by up to a third of a metre."""
    random = np.random.default_rng(7)
    geometry = coverage.geometry.copy()
    atoms = coverage.atoms
    for row in atoms[random.random(len(atoms)) < share]:
        by = random.uniform(-3e-6, 3e-6, 2)
        geometry[row] = shapely.transform(geometry[row], lambda xy, by=by: xy + by)
    return replace(coverage, geometry=geometry)


def run() -> None:
    for name, coverage in (("demo district", coverage_of_demo()), ("squares", squares())):
        for share in SHARES[name]:
            _compare(name, moved(coverage, share), share)


def _compare(name: str, coverage: Coverage, share: float) -> None:
    atoms = coverage.geometry[coverage.atoms]

    def fresh() -> Coverage:
        # Parents and the like are remembered by a coverage: each round begins anew.
        return replace(coverage, edition=coverage.edition)

    found = len(audit(coverage))
    seconds = in_turn(
        {
            "gridmap quick_check": lambda: quick_check(atoms),
            "gridmap audit (places, owners, nesting, codes)": lambda: audit(fresh()),
            "shapely.coverage_invalid_edges": lambda: shapely.coverage_invalid_edges(atoms),
        },
        rounds=ROUNDS,
    )
    rival = seconds["shapely.coverage_invalid_edges"]
    print(f"\n{name}: {len(atoms):,} atoms, {share:.0%} of them moved, {found:,} findings")
    for way, taken in seconds.items():
        print(f"  {way:<48} {taken:8.3f} s   {taken / rival:6.2f} x shapely's time")
