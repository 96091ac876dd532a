"""One sub-district of the district scale: redrawn to 84 grids, these split into 335 micro-grids."""

from __future__ import annotations

import time

import numpy as np
import shapely

from benchmarks.planning_ground import cpu, graph_of
from gridmap.coverage.model import Coverage
from gridmap.demo import build
from gridmap.planning.barriers import Barriers
from gridmap.planning.compare import plan_coverage
from gridmap.planning.measures import measure_plan
from gridmap.planning.microgrids import CellGround, cell_ground, micro_coverage, micro_frame
from gridmap.planning.rules import Limits, Rules
from gridmap.planning.suggest import suggest
from gridmap.planning.suggestion import Suggestion

__all__ = ["split_subdistrict"]

SUBDISTRICT, GRIDS, MICRO = "990101003", 84, 335
FLOOR, CEILING = 40.0, 200.0
WORKERS = 2


def split_subdistrict() -> list[str]:
    """Do it, and return what is told of it."""
    graph = graph_of("district")
    coverage = graph.coverage
    rank = coverage.levels.rank("subdistrict")
    row = coverage.row("subdistrict", SUBDISTRICT)
    atoms = coverage.ancestors[graph.row, rank] == row
    exclusive = np.unique(graph.today[atoms])
    exclusive = exclusive[graph.exclusive[exclusive]]
    total = GRIDS + len(exclusive)
    first = suggest(graph, Rules(change=0.3), atoms=atoms, total=total, workers=WORKERS)
    redrawn = plan_coverage(graph, first.plans[0].plan)
    began, wall = cpu(), time.perf_counter()
    ground, found = split(redrawn)
    spent, wall = cpu() - began, time.perf_counter() - wall
    plan = found.plans[0]
    numbers = measure_plan(ground.graph, plan.plan, Limits("households", FLOOR, CEILING))
    held = np.array([one.held["households"] for one in numbers.grids])
    inside = (held >= FLOOR) & (held <= CEILING)
    whole = micro_coverage(ground, micro_frame(ground, plan.plan), "split")
    matched = bool(shapely.coverage_is_valid(list(whole.geometry[whole.atoms])))
    cells = ground.cells
    lines = [
        f"District scale, sub-district {SUBDISTRICT}: redrawn to {len(ground.parents)} basic grids "
        f"({len(exclusive)} exclusive ones untouched), then split by the {cells.buildings.sum():,} "
        f"buildings in them ({cells.households.sum():,.0f} households, {len(ground.graph):,} "
        f"cells) into {len(plan.plan)} micro-grids of {FLOOR:g}-{CEILING:g} households: "
        f"{inside.sum()} inside, mean {held.mean():.1f}, CV {held.std() / held.mean():.3f} (F "
        f"{plan.ideal_cv:.3f}), {sum(one.pieces != 1 for one in numbers.grids)} in pieces, "
        f"{plan.proved} of {len(plan.outcomes)} grids proved best; borders of the whole district "
        f"match afterwards: {'yes' if matched else 'NO'}; {wall:.1f} s of the clock, {spent:.1f} "
        f"of the processor. sha256 of the input: `{ground.graph.fingerprint()}`.",
        "",
    ]
    return lines + [f"- {f.text} {f.relax}" for f in plan.findings]


def split(redrawn: Coverage) -> tuple[CellGround, Suggestion]:
    """Split the grids of the sub-district."""
    layers = build("district").layers
    buildings = layers["building"][layers["building"]["households"] > 0]
    inner = shapely.point_on_surface(buildings.geometry.to_numpy())
    homes = (shapely.get_coordinates(inner), buildings["households"].to_numpy(float))
    row = redrawn.row("subdistrict", SUBDISTRICT)
    inside = redrawn.ancestors[:, redrawn.levels.rank("subdistrict")] == row
    ground = cell_ground(
        redrawn,
        "microgrid",
        inside,
        homes,
        barriers=Barriers.of(river=layers["water"].geometry, rail=layers["railway"].geometry),
    )
    rules = Rules(Limits("households", FLOOR, CEILING), change=0.0)
    return ground, suggest(ground.graph, rules, total=MICRO, workers=WORKERS)
