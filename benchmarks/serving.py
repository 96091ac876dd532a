"""The service in a process of its own, one worker: one point beside a hello, and in bulk.

``python -m benchmarks.serving STORE`` is that process: the application with one more route.
"""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.load import Answer, Load, ask, drive
from benchmarks.measure import process_clock
from benchmarks.plan import Plan
from benchmarks.results import Mark, Results
from benchmarks.site import geopackage
from benchmarks.town import Town, town

__all__ = ["ARROW", "HOST", "POINTS", "check", "run", "served"]

HOST = "127.0.0.1"
CONNECTIONS = 16
POINTS = 1_000
ARROW = "application/vnd.apache.arrow.stream"
# What a service without the columnar route says to its requests.
_NO_ROUTE = (404, 405, 415, 422)
_HELLO, _JSON, _BINARY = Mark(0.8, 0.95), Mark(1.0, 2.0), Mark(1.0, 8.0)


def run(plan: Plan, results: Results) -> None:
    results.begin(
        "http",
        f"One uvicorn worker, {CONNECTIONS} keep-alive connections over loopback from another"
        " process. Ratios and rates are by CPU seconds of the worker, all its threads; requests"
        " a second by the clock beside them. Hello is a FastAPI `async def` route that returns a"
        " dict, the first of the same application, behind the same middleware.",
    )
    place = town(plan.atoms[0])
    with geopackage(place) as where, served(where) as (port, clock):
        _one(plan, results, place, port, clock)
        _bulk(plan, results, place, port, clock)


def _one(plan: Plan, results: Results, place: Town, port: int, clock: Callable[[], float]) -> None:
    lon, lat = place.points("clustered", 1_000)
    asked = {
        "hello": [_get("/hello")],
        "GET /api/locate": [
            _get(f"/api/locate?lon={x!r}&lat={y!r}")
            for x, y in zip(lon.tolist(), lat.tolist(), strict=True)
        ],
    }
    loads = _in_turn(plan, port, clock, asked)
    for name in asked:
        results.add(f"{name}, by the clock", place.name, _clocked(loads[name]), "/s")
        results.add(f"{name}, CPU of the worker", place.name, 1e6 / _rate(loads[name]), "us")
    ratio = _rate(loads["GET /api/locate"]) / _rate(loads["hello"])
    results.add("GET /api/locate over hello", place.name, ratio, "", _HELLO)


def _bulk(plan: Plan, results: Results, place: Town, port: int, clock: Callable[[], float]) -> None:
    lon, lat = place.points("clustered", POINTS)
    won, _ = place.index.first(lon, lat)
    requests = {
        "JSON": (_post(_as_json(lon, lat), "application/json", "application/json"), _JSON),
        "Arrow": (_post(_as_arrow(lon, lat), ARROW, ARROW), _BINARY),
    }
    for name, (request, mark) in requests.items():
        what = f"POST /api/locate, columnar, {POINTS:,} points, {name}"
        answer = ask(HOST, port, request)
        if answer.status in _NO_ROUTE:
            results.skip(what, f"The service has no such route: it answers {answer.status}.")
            continue
        if answer.status != 200:
            raise AssertionError(f"{what} was answered with {answer.status}: {answer.body!r}")
        check(answer, int(np.count_nonzero(won >= 0)))
        loads = _in_turn(plan, port, clock, {name: [request]})[name]
        results.add(f"{what}, by the clock", place.name, _clocked(loads) * POINTS / 1e6, "M/s")
        results.add(what, place.name, _rate(loads) * POINTS / 1e6, "M/s", mark)


def _in_turn(
    plan: Plan, port: int, clock: Callable[[], float], asked: dict[str, list[bytes]]
) -> dict[str, list[Load]]:
    loads: dict[str, list[Load]] = {name: [] for name in asked}
    for turn in range(plan.rounds + 1):
        for name, requests in asked.items():
            load = drive(
                HOST, port, requests, seconds=plan.seconds, connections=CONNECTIONS, clock=clock
            )
            if load.wrong:
                raise AssertionError(f"{name} was answered with {sorted(set(load.wrong))}")
            if turn:
                loads[name].append(load)
    return loads


def _rate(loads: list[Load]) -> float:
    return median(load.requests / max(load.cpu, 1e-9) for load in loads)


def _clocked(loads: list[Load]) -> float:
    return median(load.requests / load.seconds for load in loads)


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAccept: */*\r\n\r\n".encode()


def _post(body: bytes, kind: str, accept: str) -> bytes:
    head = (
        f"POST /api/locate HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {kind}\r\n"
        f"Accept: {accept}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _as_json(lon: Any, lat: Any) -> bytes:
    return json.dumps({"lon": lon.tolist(), "lat": lat.tolist()}).encode()


def _as_arrow(lon: Any, lat: Any) -> bytes:
    table = pa.table({"lon": lon, "lat": lat})
    with io.BytesIO() as out:
        with pa.ipc.new_stream(out, table.schema) as writer:
            writer.write_table(table)
        return out.getvalue()


def check(answer: Answer, inside: int) -> None:
    """Raise unless some column of the answer has an area for as many points as lie in one."""
    found = [sum(_is_area(value) for value in column) for column in _columns(answer)]
    if inside not in found:
        raise AssertionError(f"{inside} points lie in an area; the columns answer {found}")


def _is_area(value: Any) -> bool:
    return value is not None and not (isinstance(value, int) and value < 0)


def _columns(answer: Answer) -> Iterator[list[Any]]:
    """Yield the columns of an answer that have a value a point, wherever they stand in it."""
    if answer.content_type.startswith(ARROW):
        for column in pa.ipc.open_stream(answer.body).read_all().columns:
            yield column.to_pylist()
        return
    waiting = [json.loads(answer.body)]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list) and len(value) == POINTS:
            yield value
        elif isinstance(value, dict):
            waiting.extend(value.values())


# -- the server ------------------------------------------------------------------------


@contextmanager
def served(store: str) -> Iterator[tuple[int, Callable[[], float]]]:
    """Port of a worker that serves a store, and the clock of its CPU seconds."""
    with socket.socket() as sock:
        sock.bind((HOST, 0))
        sock.listen(256)
        worker = subprocess.Popen(
            [sys.executable, "-m", __name__, store, str(sock.fileno())],
            pass_fds=[sock.fileno()],
        )
        try:
            port = sock.getsockname()[1]
            # The socket listens already: the answer comes when the application is ready.
            ready = ask(HOST, port, _get("/hello"))
            if ready.status != 200:
                raise AssertionError(f"the service answers {ready.status}: {ready.body!r}")
            yield port, process_clock(worker.pid)
        finally:
            worker.terminate()
            worker.wait(timeout=30)


def serve(store: str, descriptor: int) -> None:
    """Serve a store on a socket that listens already, until terminated."""
    import uvicorn

    from api.app import create_app
    from gridmap.settings import Settings

    app = create_app(Settings(store=store))
    app.add_api_route("/hello", _hello)
    # Asked first: what it takes to pass all other routes by is not the price of a hello.
    app.router.routes.insert(0, app.router.routes.pop())
    # As `gridmap serve` does it.
    config = uvicorn.Config(app, log_level="warning", proxy_headers=False, server_header=False)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


async def _hello() -> dict[str, str]:
    return {"hello": "world"}


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
