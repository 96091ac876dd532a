"""The ground on which planning is measured, and figures of divisions by plain sums."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.demo import AREA_LAYERS, build
from gridmap.planning.barriers import Barriers
from gridmap.planning.graph import PlanGraph, planning_graph
from gridmap.planning.region import Region

__all__ = [
    "CEILING",
    "FLOOR",
    "TOTAL",
    "Line",
    "Part",
    "coverage_of",
    "cpu",
    "graph_of",
    "measured",
]

# What is asked for: so many grids, each between the floor and the ceiling in households.
TOTAL = 539
FLOOR, CEILING = 300.0, 500.0

Part = np.ndarray


def cpu() -> float:
    """Seconds of the processor so far, of this process and of those it has waited for."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, both))


def graph_of(scale: str = "redraw") -> PlanGraph:
    """Return the planning graph of a synthetic district."""
    layers = build(scale).layers
    micro = layers["microgrid"].set_index("code")
    street = layers["street"]
    arterial = street[street["class"].isin(["arterial", "highway"])]
    return planning_graph(
        coverage_of(layers),
        amounts={"households": micro["households"].to_dict()},
        barriers=Barriers.of(
            river=layers["water"].geometry if "water" in layers else (),
            rail=layers["railway"].geometry if "railway" in layers else (),
            arterial=arterial.geometry,
        ),
        estates=dict(zip(layers["estate"]["code"], layers["estate"].geometry, strict=True)),
    )


def coverage_of(layers: dict) -> Coverage:
    """Return the areas of a synthetic district as an edition."""
    areas, shapes = [], []
    for rank, level in enumerate(AREA_LAYERS):
        above = AREA_LAYERS[rank - 1] if rank else None
        for row in layers[level].to_dict("records"):
            areas.append(
                Area(
                    len(areas), level, row["code"], row["name"], row["name_en"], above,
                    row["parent_code"] if above else None, row["kind"], provisional=False,
                )
            )  # fmt: skip
            shapes.append(row["geometry"])
    return Coverage.build("today", Levels(AREA_LAYERS), areas, shapes)


@dataclass
class Line:
    """Figures of a division of all communities; `held` is of each grid."""

    name: str
    grids: int
    inside: float
    cv: float
    compactness: float
    whole: float
    barriers: int
    seconds: float
    note: str = ""


def measured(
    name: str, regions: Sequence[Region], parts: Sequence[Part], seconds: float, note: str = ""
) -> Line:
    """Describe divisions by plain sums over nodes."""
    held, compact, whole, over = [], [], [], 0
    for region, part in zip(regions, parts, strict=True):
        inside = part[region.links[:, 0]] == part[region.links[:, 1]]
        for g in np.unique(part):
            mine = part == g
            held.append(region.weight[mine].sum())
            links = inside & mine[region.links[:, 0]]
            outline = region.edge[mine].sum() - 2 * region.shared[links].sum()
            compact.append(4 * np.pi * region.area[mine].sum() / outline**2)
            whole.append(_pieces(np.flatnonzero(mine), region.links[links]) == 1)
            over += bool(np.any(region.kind[links] & region.hard))
    sums = np.array(held)
    band = ((sums >= FLOOR) & (sums <= CEILING)).mean()
    spread = sums.std() / sums.mean()
    return Line(
        name, len(sums), band, spread, float(np.mean(compact)), float(np.mean(whole)), over,
        seconds, note,
    )  # fmt: skip


def _pieces(nodes: np.ndarray, links: np.ndarray) -> int:
    leader = {int(n): int(n) for n in nodes}

    def lead(n: int) -> int:
        while leader[n] != n:
            n = leader[n]
        return n

    for i, j in links.tolist():
        leader[lead(i)] = lead(j)
    return sum(n == leader[n] for n in leader)
