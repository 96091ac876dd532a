"""Grids planned by gridmap and by its rivals: the same communities, the same numbers of grids.

``pip install .[rivals]`` brings spopt and GerryChain; without them only METIS is compared.
Every method divides each community by itself into as many grids as gridmap's plan of best
balance has there, max-p into as many as it finds above the floor. Seconds are those of the
processor, of all processes.
"""

from __future__ import annotations

import random
import resource
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gridmap.areas import Area, Levels
from gridmap.coverage.model import Coverage
from gridmap.demo import AREA_LAYERS, build
from gridmap.planning.anneal import first_draft
from gridmap.planning.barriers import Barriers
from gridmap.planning.engine import settle_one
from gridmap.planning.graph import PlanGraph, planning_graph
from gridmap.planning.measures import Tally, measure_plan
from gridmap.planning.plan import today_plan
from gridmap.planning.region import Region, Weights
from gridmap.planning.regions import divide
from gridmap.planning.replay import PastReports, replay
from gridmap.planning.rules import Rules
from gridmap.planning.suggest import rebalance, suggest

TOTAL = 539
FLOOR, CEILING = 300.0, 500.0
REPORTS = 1_000_000

Part = np.ndarray
Method = Callable[[Region, int], Part]


@dataclass
class Line:
    name: str
    grids: int
    inside: float
    cv: float
    compactness: float
    whole: float
    seconds: float

    def __str__(self) -> str:
        return (
            f"  {self.name:34}{self.grids:6,}{self.inside:9.1%}{self.cv:8.3f}"
            f"{self.compactness:8.3f}{self.whole:9.1%}{self.seconds:9.1f}"
        )


def cpu() -> float:
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(r.ru_utime + r.ru_stime for r in map(resource.getrusage, both))


def coverage_of(layers: dict) -> Coverage:
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


def graph_of(scale: str = "redraw") -> PlanGraph:
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


def measured(name: str, regions: list[Region], parts: list[Part], seconds: float) -> Line:
    """Describe divisions by plain sums over nodes."""
    held, compact, whole = [], [], []
    for region, part in zip(regions, parts, strict=True):
        inside = part[region.links[:, 0]] == part[region.links[:, 1]]
        for g in np.unique(part):
            mine = part == g
            held.append(region.weight[mine].sum())
            links = inside & mine[region.links[:, 0]]
            outline = region.edge[mine].sum() - 2 * region.shared[links].sum()
            compact.append(4 * np.pi * region.area[mine].sum() / outline**2)
            whole.append(_pieces(np.flatnonzero(mine), region.links[links]) == 1)
    sums = np.array(held)
    band = ((sums >= FLOOR) & (sums <= CEILING)).mean()
    spread = sums.std() / sums.mean()
    return Line(name, len(sums), band, spread, np.mean(compact), np.mean(whole), seconds)


def _pieces(nodes: np.ndarray, links: np.ndarray) -> int:
    leader = {int(n): int(n) for n in nodes}

    def lead(n: int) -> int:
        while leader[n] != n:
            n = leader[n]
        return n

    for i, j in links.tolist():
        leader[lead(i)] = lead(j)
    return sum(n == leader[n] for n in leader)


def by_pool(region: Region, count: int) -> Part:
    found = settle_one(region, FLOOR, CEILING, Weights(TARGET[0], shape=0.1), count)
    return first_draft(region, count) if found is None else found.part


TARGET = [400.0]


def metis(region: Region, count: int) -> Part:
    return first_draft(region, count)


def skater(region: Region, count: int) -> Part:
    import geopandas as gpd
    from libpysal.weights import W
    from spopt.region import Skater

    frame = gpd.GeoDataFrame(
        {"homes": region.weight, "x": region.xy[:, 0], "y": region.xy[:, 1]},
        geometry=gpd.points_from_xy(*region.xy.T),
    )
    model = Skater(frame, W(_neighbours(region), silence_warnings=True), ["x", "y"], count)
    model.solve()
    return np.asarray(model.labels_)


def max_p(region: Region, count: int) -> Part:
    import geopandas as gpd
    from libpysal.weights import W
    from spopt.region import MaxPHeuristic

    frame = gpd.GeoDataFrame(
        {"homes": region.weight, "x": region.xy[:, 0], "y": region.xy[:, 1]},
        geometry=gpd.points_from_xy(*region.xy.T),
    )
    weights = W(_neighbours(region), silence_warnings=True)
    model = MaxPHeuristic(frame, weights, ["x", "y"], "homes", FLOOR)
    model.solve()
    return np.asarray(model.labels_) - 1


def gerrychain(region: Region, count: int) -> Part:
    import networkx as nx
    from gerrychain import Graph, Partition, updaters
    from gerrychain.constraints import contiguous
    from gerrychain.optimization import SingleMetricOptimizer
    from gerrychain.proposals import recom
    from gerrychain.tree import recursive_tree_part

    plain = nx.Graph()
    for node, homes in enumerate(region.weight.tolist()):
        plain.add_node(node, homes=homes)
    plain.add_edges_from(region.links.tolist())
    target = region.total / count
    random.seed(1)
    graph = Graph.from_networkx(plain)
    start = None
    for wide in (0.25, 0.4, 0.7):
        try:
            start = recursive_tree_part(graph, range(count), target, "homes", wide)
            break
        except Exception:  # noqa: BLE001, S112 - the library gives up by several kinds of errors
            continue
    if start is None:
        return first_draft(region, count)
    first = Partition(graph, dict(start), {"homes": updaters.Tally("homes", alias="homes")})

    def propose(partition: Partition, **further: object) -> Partition:
        return recom(partition, "homes", target, wide, node_repeats=1, **further)

    def even(partition: Partition) -> float:
        return sum((h - target) ** 2 for h in partition["homes"].values())

    better = SingleMetricOptimizer(propose, [contiguous], first, even, maximize=False)
    for _ in better.short_bursts(10, 15):
        pass
    chosen = better.best_part
    return np.array([chosen.assignment[n] for n in range(len(region))])


def _neighbours(region: Region) -> dict[int, list[int]]:
    start, others, _ = region.near
    return {n: others[start[n] : start[n + 1]].tolist() for n in range(len(region))}


METHODS: dict[str, Method] = {
    "METIS alone": metis,
    "spopt SKATER": skater,
    "spopt max-p": max_p,
    "GerryChain tree + short bursts": gerrychain,
    "gridmap, pool with proof": by_pool,
}


def run() -> None:
    graph = graph_of()
    print(f"  redraw: {len(graph):,} micro-grids, sha256 {graph.fingerprint()}")
    began = cpu()
    found = suggest(graph, total=TOTAL, workers=2)
    print(f"  three plans by two processes, with the curve: {cpu() - began:.1f} CPU seconds")
    for one in found.plans:
        print(
            f"    {one.style:14} CV {one.cv:.4f} (F {one.ideal_cv:.4f}), kept {one.kept:.1%}, "
            f"gap {one.gap if one.gap is not None else float('nan'):.2%}, "
            f"{one.proved}/{len(one.outcomes)} proved"
        )
    _edits(graph)
    _rivals(graph, found.plan("best_balance").outcomes)
    _latency(graph, found.plan("default").plan)


def _rivals(graph: PlanGraph, outcomes: tuple) -> None:
    division = divide(graph, Rules(), np.ones(len(graph), dtype=bool),
                      opened=frozenset(_joined(outcomes, graph)))  # fmt: skip
    regions, counts = list(division.regions), [one.count for _, one in outcomes]
    TARGET[0] = sum(r.total for r in regions) / sum(counts)
    print(f"  {'':34}{'grids':>6}{'in band':>9}{'CV':>8}{'PP':>8}{'whole':>9}{'CPU s':>9}")
    for name, method in METHODS.items():
        began = cpu()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                parts = [method(r, k) for r, k in zip(regions, counts, strict=True)]
        except ImportError as error:
            print(f"  {name:34}not installed: {error.name}")
            continue
        print(measured(name, regions, parts, cpu() - began))


def _joined(outcomes: tuple, graph: PlanGraph) -> set[str]:
    """Communities that are one region in the plan although a barrier parts them."""
    before = divide(graph, Rules(), np.ones(len(graph), dtype=bool)).regions
    names = [region.name for region in before]
    planned = [name for name, _ in outcomes]
    return {n for n in names if names.count(n) > planned.count(n)}


def _latency(graph: PlanGraph, plan: object) -> None:
    rng = np.random.default_rng(0)
    tally = Tally(graph, plan)
    start, others, _ = graph.near
    times = []
    for atom in rng.integers(0, len(graph), 400).tolist():
        near = [
            g
            for g in tally.grid_of[others[start[atom] : start[atom + 1]]].tolist()
            if g != tally.grid_of[atom]
        ]
        if near:
            began = cpu()
            tally.move(atom, near[0])
            times.append(cpu() - began)
    print(f"  a moved atom with all numbers of both grids: {1e3 * np.mean(times):.2f} ms")
    began = cpu()
    measure_plan(graph, plan)
    print(f"  a whole plan measured: {1e3 * (cpu() - began):.0f} ms")
    place = rng.integers(0, len(graph), REPORTS)
    none, hours = np.full(REPORTS, np.nan), np.full(REPORTS, 0.5)
    month, hour = rng.integers(0, 12, REPORTS), rng.integers(0, 24, REPORTS)
    names = np.array([f"2025-{m:02d}" for m in range(1, 13)], dtype=object)
    reports = PastReports(
        place, month, hour, month, month, np.sort(rng.random(REPORTS)), none, none, hours,
        names, names, names,
    )  # fmt: skip
    replay(graph, today_plan(graph), reports)
    began = cpu()
    for _ in range(5):
        replay(graph, plan, reports)
    print(f"  {REPORTS:,} reports on a second plan: {200 * (cpu() - began):.0f} ms")
    _rebalanced(graph, rng)


def _edits(graph: PlanGraph) -> None:
    """Edits of a draft, each with its checks and with all numbers of the grids it touches."""
    from dataclasses import replace

    from gridmap.errors import EditRefused
    from gridmap.planning.applying import apply_edit
    from gridmap.planning.arcs import arcs_between
    from gridmap.planning.edits import MovePoints, Reassign
    from gridmap.planning.ground import Ground
    from gridmap.planning.state import first_state

    none = np.empty(0, dtype=np.int64)
    graph = replace(graph, estate_code=none.astype(object), estate_of=none, estate_atom=none)
    first = state = first_state(Ground(graph))
    rng = np.random.default_rng(0)
    times: dict[str, list[float]] = {"an atom given to another grid": [], "a vertex dragged": []}
    for k in rng.permutation(len(graph.a)).tolist():
        one, other = int(graph.a[k]), int(graph.b[k])
        arcs = arcs_between(first.shapes[one], first.shapes[other])
        if state.grid_of[one] == state.grid_of[other] or not arcs:
            continue
        to = state.grids[int(state.grid_of[other])].code
        x, y = arcs[0].points[0]
        for name, edit in zip(
            times,
            (
                Reassign(to, (state.atoms[one].code,)),
                MovePoints((((x, y), (x + 1e-6, y + 1e-6)),)),
            ),
            strict=True,
        ):
            began = cpu()
            try:
                done = apply_edit(state if name.startswith("an") else first, edit)
            except EditRefused:
                continue
            for grid in done.touched:
                done.state.numbers(grid)
            times[name].append(cpu() - began)
            state = done.state if name.startswith("an") else state
        if min(map(len, times.values())) >= 200:
            break
    for name, spent in times.items():
        print(
            f"  {name}, checked, with all numbers: {1e3 * np.mean(spent):.2f} ms, "
            f"95 % below {1e3 * np.quantile(spent, 0.95):.2f} ms"
        )


def _rebalanced(graph: PlanGraph, rng: np.random.Generator) -> None:
    from gridmap.errors import BadValue

    for size in (2, 3, 4, 6):
        times, refused = [], 0
        for _ in range(12):
            chosen = [int(rng.choice(np.flatnonzero(~graph.exclusive)))]
            while len(chosen) < size:
                at = np.isin(graph.today, chosen)
                edge = np.concatenate([graph.b[at[graph.a]], graph.a[at[graph.b]]])
                beside = np.setdiff1d(graph.today[edge], chosen)
                beside = beside[~graph.exclusive[beside]]
                if not len(beside):
                    break
                chosen.append(int(rng.choice(beside)))
            began = cpu()
            try:
                rebalance(graph, graph.grid_code[chosen].tolist())
            except BadValue:
                refused += 1
            else:
                times.append(cpu() - began)
        print(
            f"  {size} grids share anew: median {1e3 * np.median(times):.0f} ms, "
            f"{refused} of 12 refused as impossible"
        )


if __name__ == "__main__":
    run()
