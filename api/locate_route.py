"""Short ways in front of the locate routes: one plain point, and points in columns.

Finding the route, FastAPI's checks of parameters and the hop into a thread cost many times
what a lookup does. A request of the plainest kind, for which everything is in memory, is
answered at once on the event loop; any other goes the usual way, which gives the same answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

import orjson
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies import JSON, WrongBody, kind_of_body, media_type
from api.columns import ARROW, Columns, arrow_columns, at_hand, json_columns, located, plain_json
from api.identity import actor_at_hand, identify
from api.middleware import header
from api.rendering import VARY, has_tag, unchanging
from gridmap.access import Actor, visible_fields
from gridmap.coverage.families import BASE
from gridmap.errors import GridmapError
from gridmap.locate.model import Location, NearArea
from gridmap.workspace import Workspace

__all__ = ["ANSWER_FIELDS", "LOCATION_FIELDS", "LocateRoute", "ShortWays", "near_area"]

# What each family of grids answers for itself, and what is said of the point.
ANSWER_FIELDS = (
    "areas",
    "location_status",
    "certain_level",
    "margin_m",
    "margins_m",
    "candidates",
    "nearest",
    "edition",
)
LOCATION_FIELDS = ("lon", "lat", *ANSWER_FIELDS, "warning")

# Larger bodies are read, and answered, in a thread.
_SMALL_BYTES = 256 * 1024

_PATH = "/api/locate"
_COUNTED = SimpleNamespace(path=_PATH)

# Status, headers and body of an answer.
Sent = tuple[int, list[tuple[bytes, bytes]], bytes]

_NUMBER = rb"(-?[0-9]{1,3}(?:\.[0-9]{1,20})?)"
_PLAIN_POINT = re.compile(rb"lon=" + _NUMBER + rb"&lat=" + _NUMBER + rb"(?:&coord_sys=wgs84)?")

# A member of this name makes the body one of row objects, whatever else it holds.
_ROWS = re.compile(rb'"points"\s*:')


class ShortWays:
    """Answers the plainest requests to the locate routes before any route is looked for.

    Nothing that could fail or wait is answered here: such a request is passed on, with what
    has been read of its body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass the request on."""
        if scope["type"] != "http" or scope["path"] != _PATH:
            await self.app(scope, receive, send)
            return
        answer: Sent | None = None
        if scope["method"] == "GET":
            answer = _at_once(scope)
        elif scope["method"] == "POST" and _is_short(scope):
            read = [await _whole(receive)]
            answer = _columns_at_once(scope, read[0].get("body", b""))
            receive = _again(read, receive)
        if answer is None:
            await self.app(scope, receive, send)
            return
        # What the counts of requests are named by.
        scope["route"] = _COUNTED
        status, headers, body = answer
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _whole(receive: Receive) -> Message:
    """Return a body as one message, or what came instead of its end."""
    message = await receive()
    if not message.get("more_body", False):
        return message
    parts = [message.get("body", b"")]
    while message.get("more_body", False):
        message = await receive()
        parts.append(message.get("body", b""))
    return {**message, "body": b"".join(parts)}


def _again(read: list[Message], receive: Receive) -> Receive:
    async def again() -> Message:
        return read.pop() if read else await receive()

    return again


def _at_once(scope: Scope) -> Sent | None:
    """Answer for one plain point in the editions now in force."""
    said = _PLAIN_POINT.fullmatch(scope["query_string"])
    if said is None:
        return None
    workspace: Workspace = scope["app"].state.workspace
    actor = actor_at_hand(scope)
    if actor is None:
        return None
    try:
        found = workspace.locate_at_hand(float(said[1]), float(said[2]), actor=actor)
        if found is None:
            return None
        record = _record(found.pop(BASE), _fields(actor, LOCATION_FIELDS))
        fields = _fields(actor, ANSWER_FIELDS)
        record["families"] = {name: _record(one, fields) for name, one in found.items()}
        body, tag, control = unchanging(workspace, record, at_hand=True)
    except GridmapError:
        return None  # The usual way says so.
    headers = [
        (b"etag", f'W/"{tag}"'.encode()),
        (b"cache-control", control.encode()),
        (b"vary", VARY.encode()),
    ]
    sent = header(scope, b"if-none-match")
    if sent and has_tag(sent.decode("latin-1"), tag):
        return 304, headers, b""
    return 200, _described(headers, body, b"application/json"), body


def _described(
    headers: list[tuple[bytes, bytes]], body: bytes, kind: bytes
) -> list[tuple[bytes, bytes]]:
    size = b"%d" % len(body)
    return [*headers, (b"content-length", size), (b"content-type", kind)]


def _is_short(scope: Scope) -> bool:
    """True for a body in a known form, of a length declared and small."""
    declared = header(scope, b"content-length")
    return declared.isdigit() and int(declared) <= _SMALL_BYTES and _kind(scope) in (JSON, ARROW)


def _kind(scope: Scope) -> str:
    return media_type(header(scope, b"content-type").decode("latin-1"))


def _columns_at_once(scope: Scope, body: bytes) -> Sent | None:
    """Answer for plain points in columns, in the edition now in force."""
    workspace: Workspace = scope["app"].state.workspace
    kind, actor = _kind(scope), actor_at_hand(scope)
    if actor is None:
        return None
    try:
        asked = plain_json(body) if kind == JSON else None
        if asked is None and not (kind == JSON and b'"points"' in body):
            asked = _asked(kind, body)
        if asked is None or not asked.is_plain:
            return None
        accepted = header(scope, b"accept").decode("latin-1")
        found = at_hand(workspace, actor, asked, arrow=_wants_arrow(accepted, kind))
    except (GridmapError, RequestValidationError):
        return None  # The usual way says so.
    if found is None:
        return None
    answered, media = found
    return 200, _described([(b"cache-control", b"no-store")], answered, media.encode()), answered


class LocateRoute(APIRoute):
    """A route that looks for points in columns first."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the usual handler, with the one for columns in front where bodies come."""
        usual = super().get_route_handler()
        if "POST" not in (self.methods or ()):
            return usual

        async def handle(request: Request) -> Response:
            answer = await _in_columns(request)
            return await usual(request) if answer is None else answer

        return handle


@lru_cache(maxsize=64)
def _fields(actor: Actor, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(visible_fields(actor, "locations", names))


def _record(found: Location, fields: tuple[str, ...]) -> dict[str, Any]:
    record = {
        "lon": found.lon,
        "lat": found.lat,
        "areas": found.areas,
        "location_status": found.location_status.value,
        "certain_level": found.certain_level,
        "margin_m": found.margin_m,
        "margins_m": found.margins_m,
        "candidates": [near_area(area) for area in found.candidates],
        "nearest": None if found.nearest is None else near_area(found.nearest),
        "edition": found.edition,
        "warning": found.warning,
    }
    return {name: record[name] for name in fields}


def near_area(area: NearArea) -> dict[str, Any]:
    """Return a near area as answers have it."""
    return {"level": area.level, "code": area.code, "distance_m": area.distance_m}


async def _in_columns(request: Request) -> Response | None:
    """Answer a body in columns; one of rows, or that is neither, goes the usual way."""
    kind = kind_of_body(request)
    if kind not in (JSON, ARROW):
        raise WrongBody(kind, JSON, ARROW)
    body = await request.body()
    if kind == JSON and _ROWS.search(body):
        return None
    small = len(body) <= _SMALL_BYTES
    asked = _asked(kind, body) if small else await run_in_threadpool(_asked, kind, body)
    if asked is None:
        return None
    arrow = _wants_arrow(request.headers.get("accept", ""), kind)
    workspace: Workspace = request.app.state.workspace
    actor = (await identify(request)).actor
    return await run_in_threadpool(located, workspace, actor, asked, arrow=arrow)


def _asked(kind: str, body: bytes) -> Columns | None:
    if kind == ARROW:
        return arrow_columns(body)
    plain = plain_json(body)
    if plain is not None:
        return plain
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        # The model of what it most resembles tells where it is wrong.
        return json_columns(body, {}) if b'"lon"' in body or b'"lat"' in body else None
    if not isinstance(said, dict) or said.keys().isdisjoint({"lon", "lat"}) or "points" in said:
        return None
    return json_columns(body, said)


def _wants_arrow(accept: str, kind: str) -> bool:
    accepted = accept.lower()
    return ARROW in accepted or (kind == ARROW and JSON not in accepted)
