"""One atom given to another grid, with all measures of both grids: in process and over HTTP.

The rivals do what a notebook does: the atom's row gets another grid, both grids are dissolved
and measured anew, and whether the atoms still fit is asked of all of them, for an overlay does
not know which of them could have changed. Homes and areas of both grids must come out alike.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.serving import HOST, served
from benchmarks.site import geopackage
from benchmarks.town import Town, town
from gridmap.access import Grant, Role
from gridmap.errors import EditRefused
from gridmap.planning.applying import apply_edit
from gridmap.planning.edits import Reassign
from gridmap.planning.measures import GridNumbers
from gridmap.planning.state import PlanState
from gridmap.workspace import Workspace, open_workspace

__all__ = ["run"]

_INSIDE, _SERVED = Mark(5, 2, at_most=True), Mark(50, 20, at_most=True)
_MOST_EDITS, _ESTATES = 400, 120
# How many of the edits a rival makes, which takes it seconds.
_RIVAL_EDITS = 12
# Edits before the clock counts: what is made once is made.
_WARM = 5


@dataclass(frozen=True)
class _Move:
    """An edit that is accepted, and what it comes to."""

    edit: Reassign
    numbers: tuple[GridNumbers, ...]

    def record(self) -> dict[str, Any]:
        return {"op": "reassign", "to": self.edit.to, "atoms": list(self.edit.atoms)}


def run(plan: Plan, results: Results) -> None:
    results.begin(
        "drafting",
        "One atom given to a neighbouring grid: checked (contiguity, inside its community), and"
        " all measures of both grids, estates, river and railway among them. In process by CPU"
        " time of the one thread; over HTTP by the clock of a client that waits for each answer,"
        " with the log written to a GeoPackage and synced. Rivals: geopandas with shapely, CPU"
        " time; they know neither estates, barriers nor contiguity.",
    )
    place = town(plan.atoms[0])
    held = _homes(len(place.atoms))
    with geopackage(place, held) as where:
        _ground(where, place)
        with open_workspace(where) as workspace:
            number = workspace.start_draft("bench")
            moves = _accepted(workspace.draft_state(number), plan)
            _in_process(results, place, workspace.draft_state(number), moves)
            _stored(results, place, workspace, number, moves)
            _rivals(results, place, workspace.draft_state(number, version=0), moves)
            key = _planner(workspace)
        _over_http(results, place, where, moves, key)


def _in_process(results: Results, place: Town, state: PlanState, moves: list[_Move]) -> None:
    def one(move: _Move) -> None:
        nonlocal state
        done = apply_edit(state, move.edit)
        numbers = tuple(done.state.numbers(grid) for grid in done.touched)
        state = done.state
        if not all(map(_alike, numbers, move.numbers)):
            raise AssertionError(f"other measures: {numbers} for {move.numbers}")

    _told(results, place, "in process", _times(one, moves, time.process_time), _INSIDE)


def _alike(one: GridNumbers, other: GridNumbers) -> bool:
    """True for the same measures, but for the last digits of sums that were kept up."""
    exact = ("code", "atoms", "held", "pieces", "barriers", "estates_cut", "in_limits")
    about = ("area_m2", "perimeter_m", "compactness", "width_m")
    return all(getattr(one, n) == getattr(other, n) for n in exact) and all(
        np.isclose(getattr(one, n), getattr(other, n), rtol=1e-9) for n in about
    )


def _stored(
    results: Results, place: Town, workspace: Workspace, number: int, moves: list[_Move]
) -> None:
    version = 0

    def one(move: _Move) -> None:
        nonlocal version
        version = workspace.edit_draft(number, version, move.record()).version

    few = moves[: max(len(moves) // 4, _WARM + 1)]
    took = _times(one, few, time.process_time)
    _told(results, place, "in process, with the log written", took, None)


def _over_http(results: Results, place: Town, where: str, moves: list[_Move], key: str) -> None:
    with served(where) as (port, cpu):
        client = _Client(HTTPConnection(HOST, port, timeout=60), key)
        begun = client.ask("/api/drafts", {"name": "bench over HTTP"}, 201)
        version = 0

        def one(move: _Move) -> None:
            nonlocal version
            asked = {"version": version, "edit": move.record()}
            told = client.ask(f"/api/drafts/{begun['id']}/edits", asked, 200)
            version = told["version"]
            codes = [(grid["code"], grid["held"]["households"]) for grid in told["grids"]]
            if codes != [(one.code, one.held["households"]) for one in move.numbers]:
                raise AssertionError(f"other measures over HTTP: {codes}")

        before = cpu()
        took = _times(one, moves, time.perf_counter)
        worker = (cpu() - before) / len(moves)
        client.connection.close()
    _told(results, place, "POST /api/drafts/N/edits, by the clock", took, _SERVED)
    results.add("the same, CPU of the worker, mean", place.name, 1e3 * worker, "ms")


def _rivals(results: Results, place: Town, first: PlanState, moves: list[_Move]) -> None:
    grids = [first.grids[g].code for g in first.grid_of.tolist()]
    plane = gpd.GeoDataFrame(
        {"grid": grids, "households": first.graph.amount["households"]},
        index=[one.code for one in first.atoms],
        geometry=first.ground.plane.metres(first.shapes),
    )
    ways: dict[str, Callable[[_Move], Any]] = {
        "geopandas: both grids dissolved and measured": lambda move: _dissolved(plane, move),
        "the same, with coverage_is_valid of all atoms": lambda move: (
            shapely.coverage_is_valid(plane.geometry.to_numpy()),
            _dissolved(plane, move),
        ),
    }
    for name, way in ways.items():
        plane["grid"] = grids
        some = moves[: _RIVAL_EDITS + _WARM]
        _told(results, place, name, _times(way, some, time.process_time), None)


def _dissolved(plane: gpd.GeoDataFrame, move: _Move) -> None:
    plane.loc[list(move.edit.atoms), "grid"] = move.edit.to
    codes = [one.code for one in move.numbers]
    both = plane[plane["grid"].isin(codes)].dissolve("grid", aggfunc="sum")
    area, outline = both.geometry.area, both.geometry.length
    compact = 4 * np.pi * area / outline**2
    for one in move.numbers:
        alike = np.isclose(area[one.code], one.area_m2, rtol=1e-6)
        alike &= both["households"][one.code] == one.held["households"]
        if not alike or not np.isclose(compact[one.code], one.compactness, rtol=1e-3):
            raise AssertionError(f"other measures of {one.code}: {area[one.code]}, {one.area_m2}")


# -- the ground and the edits --------------------------------------------------------------


def _homes(count: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(1)
    homes = np.minimum(rng.lognormal(4.2, 0.7, count), 330).astype(int)
    return [{"households": int(one)} for one in homes]


def _ground(where: str, place: Town) -> None:
    """Put a river, a railway and estates over the town."""
    west, south, east, north = shapely.total_bounds(place.atoms)
    middle = (west + east) / 2, (south + north) / 2
    river = shapely.LineString([(west, middle[1]), middle, (east, south)])
    rail = shapely.LineString([(middle[0], south), (middle[0], north)])
    rng = np.random.default_rng(2)
    chosen = rng.permutation(len(place.atoms))[:_ESTATES]
    estates = shapely.buffer(shapely.centroid(place.atoms[chosen]), (north - south) / 200)
    layers: dict[str, Iterator[Any] | list[Any]] = {
        "rivers": [river], "railways": [rail], "estate": list(estates),
    }  # fmt: skip
    with TemporaryDirectory() as folder, open_workspace(where) as workspace:
        for kind, shapes in layers.items():
            rows = list(shapes)
            path = Path(folder) / f"{kind}.geojson"
            names = [f"{kind} {k}" for k in range(len(rows))]
            columns: dict[str, Any] = {"code": names, "name": names}
            columns |= {"managed": "true"} if kind == "estate" else {}
            frame = gpd.GeoDataFrame(columns, geometry=rows, crs=4326)
            path.write_text(frame.to_json(drop_id=True), encoding="utf-8")
            workspace.import_records(kind, path, commit=True)


def _planner(workspace: Workspace) -> str:
    workspace.add_user("bench", [Grant(Role.PLANNER)])
    return workspace.add_key("bench").token


def _accepted(state: PlanState, plan: Plan) -> list[_Move]:
    """Return edits that are accepted one after the other, at random."""
    rng = np.random.default_rng(0)
    graph, moves = state.graph, []
    wanted = min(_MOST_EDITS, plan.atoms[0] // 3)
    for k in rng.permutation(len(graph.a)).tolist():
        one, other = int(graph.a[k]), int(graph.b[k])
        if state.grid_of[one] == state.grid_of[other] or len(moves) == wanted:
            continue
        to = state.grids[int(state.grid_of[other])].code
        edit = Reassign(to, (state.atoms[one].code,))
        try:
            done = apply_edit(state, edit)
        except EditRefused:
            continue
        state = done.state
        moves.append(_Move(edit, tuple(state.numbers(grid) for grid in done.touched)))
    return moves


# -- what was measured ----------------------------------------------------------------------


def _times(
    work: Callable[[_Move], Any], moves: list[_Move], clock: Callable[[], float]
) -> NDArray[np.float64]:
    took = []
    for move in moves:
        began = clock()
        work(move)
        took.append(clock() - began)
    return np.array(took[_WARM:])


def _told(
    results: Results, place: Town, what: str, took: NDArray[np.float64], mark: Mark | None
) -> None:
    for name, share in (("p50", 0.5), ("p99", 0.99)):
        results.add(f"{what}, {name}", place.name, 1e3 * float(np.quantile(took, share)), "ms",
                    mark)  # fmt: skip


@dataclass(frozen=True)
class _Client:
    """A planner's connection that is kept, one request after the other."""

    connection: HTTPConnection
    key: str

    def ask(self, path: str, body: dict[str, Any], status: int) -> dict[str, Any]:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        self.connection.request("POST", path, json.dumps(body), headers)
        answer = self.connection.getresponse()
        said = answer.read()
        if answer.status != status:
            raise AssertionError(f"{path} was answered with {answer.status}: {said!r}")
        told: dict[str, Any] = json.loads(said)
        return told
