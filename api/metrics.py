"""Counts and durations of requests, as Prometheus reads them.

Each worker process counts its own requests and says so in the label `worker`: a scrape
reaches any one of them, and every series still only grows.
"""

from __future__ import annotations

import os
import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator

from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.dependencies import PUBLIC
from api.openapi import problems
from gridmap import __version__

__all__ = ["Measure", "Metrics", "router"]

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIA_TYPE = "text/plain; version=0.0.4"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"})

router = APIRouter(tags=["service"], dependencies=[PUBLIC])


class Metrics:
    """Counters and histograms of one process, safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        self._buckets: dict[str, list[int]] = {}
        self.in_flight = 0

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one finished request."""
        with self._lock:
            self._requests[method, route, status] += 1
            self._seconds[route] += seconds
            buckets = self._buckets.setdefault(route, [0] * (len(BUCKETS_S) + 1))
            buckets[bisect_left(BUCKETS_S, seconds)] += 1

    def text(self) -> str:
        """Return everything in the Prometheus text format 0.0.4."""
        with self._lock:
            return "\n".join(self._lines()) + "\n"

    def _lines(self) -> Iterator[str]:
        worker = f'worker="{os.getpid()}"'
        yield "# HELP gridmap_info The running version."
        yield "# TYPE gridmap_info gauge"
        yield f'gridmap_info{{version="{_escaped(__version__)}"}} 1'
        yield "# HELP gridmap_http_requests_in_flight Requests being answered now."
        yield "# TYPE gridmap_http_requests_in_flight gauge"
        yield f"gridmap_http_requests_in_flight{{{worker}}} {self.in_flight}"
        yield "# HELP gridmap_http_requests_total Requests answered."
        yield "# TYPE gridmap_http_requests_total counter"
        for (method, route, status), count in sorted(self._requests.items()):
            labels = f'method="{method}",route="{_escaped(route)}",status="{status}",{worker}'
            yield f"gridmap_http_requests_total{{{labels}}} {count}"
        yield "# HELP gridmap_http_request_duration_seconds Time to the end of the answer."
        yield "# TYPE gridmap_http_request_duration_seconds histogram"
        for route, buckets in sorted(self._buckets.items()):
            yield from self._histogram(f'route="{_escaped(route)}",{worker}', route, buckets)

    def _histogram(self, labels: str, route: str, buckets: list[int]) -> Iterator[str]:
        name = "gridmap_http_request_duration_seconds"
        total = 0
        for bound, count in zip((*BUCKETS_S, "+Inf"), buckets, strict=True):
            total += count
            yield f'{name}_bucket{{{labels},le="{bound}"}} {total}'
        yield f"{name}_sum{{{labels}}} {self._seconds[route]:.6f}"
        yield f"{name}_count{{{labels}}} {total}"


class Measure:
    """Counts every request by the route it took, never by its address."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and count it when it is answered."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 500
        start = time.perf_counter()

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self.metrics.in_flight += 1
        try:
            await self.app(scope, receive, watch)
        finally:
            self.metrics.in_flight -= 1
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            seconds = time.perf_counter() - start
            self.metrics.observe(method, _route(scope), status, seconds)


def _route(scope: Scope) -> str:
    # Addresses are endless, routes are few: what matched none is counted as one.
    route = scope.get("route")
    return str(getattr(route, "path", None) or "none")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


@router.get(
    "/metrics",
    summary="Counts and durations for Prometheus",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus text format 0.0.4.",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
        **problems(403, 500),
    },
)
async def metrics(request: Request) -> Response:
    """Return what this worker process has counted since it started."""
    text: str = request.app.state.metrics.text()
    return Response(text, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store"})
