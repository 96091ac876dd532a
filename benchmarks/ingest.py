"""Reports stored in batches of 1,000: with areas assigned on the way, and without."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import psycopg2

from benchmarks.measure import Way, process_clock, rates
from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.rivals import Missing
from benchmarks.site import geopackage, postgis
from benchmarks.town import Town, town
from gridmap.locate.model import Points
from gridmap.workspace import Workspace, open_workspace

__all__ = ["BATCH", "run"]

BATCH = 1_000
_MARK = Mark(0.9, 0.97)


def run(plan: Plan, results: Results) -> None:
    results.begin(
        "ingest",
        f"Rows a CPU second of client and server, batches of {BATCH:,} rows, one transaction"
        " each, the store's own schema, indexes, foreign keys and geometry, and the order that"
        " each report begins; PostGIS without fsync. `without assignment` writes the same points,"
        " all said to be in one and the same area of the edition: nobody looks where they lie,"
        " but every column, index and key is filled. `without an answer` leaves edition, area"
        " and codes NULL, so that its rows are shorter, too, and no key is checked. `answered"
        " before` writes the very same rows: what is left is finding them.",
    )
    place = town(plan.atoms[0])
    with geopackage(place) as where, open_workspace(where) as workspace:
        _compare(plan, results, place, workspace, "GeoPackage", time.process_time)
    try:
        if not plan.postgis:
            raise Missing("Left out of this run.")
        with postgis(place) as (where, dsn), open_workspace(where) as workspace:
            # Writes once, so that the connection is there whose backend is timed.
            _write(workspace, [_points(place, 1)])
            backends = process_clock(*_backends(dsn))
            clock = lambda: time.process_time() + backends()  # noqa: E731
            _compare(plan, results, place, workspace, "PostGIS", clock)
    except Missing as error:
        results.skip("reports into PostGIS", str(error))


def _compare(
    plan: Plan,
    results: Results,
    place: Town,
    workspace: Workspace,
    store: str,
    clock: Callable[[], float],
) -> None:
    batches = [_points(place, BATCH, seed) for seed in range(plan.batches)]
    answered = [_rows(workspace, points) for points in batches]
    bare = [{**rows, "codes": {}, "edition": None} for rows in answered]
    unassigned = [{**rows, "codes": _first(rows["codes"])} for rows in answered]
    work = BATCH * plan.batches
    own = Way(partial(_write, workspace, batches), work, clock)
    rivals = {
        "without assignment": Way(partial(_add, workspace, unassigned), work, clock),
        "without an answer": Way(partial(_add, workspace, bare), work, clock),
        "answered before": Way(partial(_add, workspace, answered), work, clock),
        "locating alone": Way(partial(_locate, workspace, batches), work, clock),
    }
    mine, theirs = rates(own, rivals, plan.rounds)
    began = time.perf_counter()
    own.run()
    results.add("rows with assignment, by the clock", store, work / (time.perf_counter() - began))
    for name in ("without assignment", "without an answer", "answered before"):
        mark = _MARK if name == "without assignment" else None
        shown = f"with assignment over {name} ({theirs[name]:,.0f}/s)"
        results.add(shown, store, mine / theirs[name], "", mark)
    results.add("assigning the rows alone", store, theirs["locating alone"], "/s")


def _points(place: Town, number: int, seed: int = 0) -> Points:
    lon, lat = place.points("clustered", max(number * (seed + 1), number))
    return Points(x=lon[-number:], y=lat[-number:])


def _rows(workspace: Workspace, points: Points) -> dict[str, Any]:
    """Return located points as columns of reports, as the workspace stores them."""
    found = workspace.locate_many(points)
    return {
        "x": points.x,
        "y": points.y,
        "coord_sys": points.coord_sys,
        "source": "web",
        "item": "bench",
        "text": "路灯不亮",
        "lon": found.lon,
        "lat": found.lat,
        "location_status": found.status,
        "warning": found.warning,
        "edition": found.edition,
        "codes": found.codes,
    }


def _first(codes: Any) -> dict[str, list[str]]:
    """Return the codes of the first report as those of all."""
    return {level: [column[0]] * len(column) for level, column in codes.items()}


def _locate(workspace: Workspace, batches: list[Points]) -> None:
    for points in batches:
        workspace.locate_many(points)


def _write(workspace: Workspace, batches: list[Points]) -> None:
    for points in batches:
        workspace.store.add_reports(_rows(workspace, points))


def _add(workspace: Workspace, batches: list[dict[str, Any]]) -> None:
    for rows in batches:
        workspace.store.add_reports(rows)


def _backends(dsn: str) -> list[int]:
    """Return the processes of the server that serve this database, but for our question."""
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid()"
        )
        found = [int(row[0]) for row in cursor.fetchall()]
    connection.close()
    return found
