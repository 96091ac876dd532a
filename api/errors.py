"""From what went wrong to a status: the one table, and the handlers that use it."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.bodies import WrongBody
from api.problems import Kind, plain, problem, script_language, wants_page
from api.templates import language
from gridmap import errors
from gridmap.i18n import translate

if TYPE_CHECKING:
    from api.identity import Identity

__all__ = [
    "CHALLENGE",
    "HTTP_PROBLEMS",
    "PROBLEMS",
    "ErrorNet",
    "heading_of",
    "install",
    "kind_of",
    "problem_of",
]

log = logging.getLogger("gridmap.api")

# The one table of classes and statuses. A class that is not listed has its parent's entry.
PROBLEMS: Mapping[type[errors.GridmapError], Kind] = {
    errors.InputError: Kind("bad-input", 422, "The input cannot be used"),
    errors.UnreadableFile: Kind("unreadable-file", 422, "Unreadable file"),
    errors.WrongEncoding: Kind("wrong-encoding", 422, "Wrong text encoding"),
    errors.MissingColumn: Kind("missing-column", 422, "Missing column"),
    errors.UnknownCoordSys: Kind("unknown-coordinate-system", 422, "Unknown coordinate system"),
    errors.UnknownLevel: Kind("unknown-level", 422, "Unknown level"),
    errors.BadCode: Kind("bad-code", 422, "Malformed code"),
    errors.BadValue: Kind("bad-value", 422, "Value not allowed"),
    errors.NotFound: Kind("not-found", 404, "Not found"),
    errors.Conflict: Kind("conflict", 409, "Conflict with what is stored"),
    errors.Immutable: Kind("immutable", 409, "A published edition never changes"),
    errors.EditRefused: Kind("edit-refused", 409, "The edit would break the plan"),
    errors.OverlappingValidity: Kind(
        "overlapping-validity", 409, "Two editions from the same moment"
    ),
    errors.Stale: Kind("stale", 409, "Changed by somebody else meanwhile"),
    errors.CoverageFaulty: Kind("coverage-faulty", 409, "The audit found faults"),
    errors.NotAllowed: Kind("not-allowed", 403, "Not allowed"),
    errors.NotSignedIn: Kind("not-signed-in", 401, "Not signed in"),
    errors.TooManyAttempts: Kind("too-many-attempts", 429, "Too many attempts"),
    errors.NotInstalled: Kind("not-installed", 501, "Needs software that is not installed"),
    errors.StoreError: Kind("store-error", 503, "The store cannot work now"),
    errors.StoreBusy: Kind("store-busy", 503, "The store is busy", retry_after_s=5),
    errors.StoreFull: Kind("store-full", 507, "No room left in the store"),
    errors.StoreUnusable: Kind("store-unusable", 503, "The store cannot be used"),
    errors.SecretsUnusable: Kind("secrets-unusable", 503, "The site's keys cannot be used"),
}

# Problems of HTTP itself, for which the domain has no class.
HTTP_PROBLEMS: Mapping[int, Kind] = {
    400: Kind("bad-request", 400, "The request cannot be parsed"),
    403: Kind("host-not-allowed", 403, "Host name not allowed"),
    404: Kind("no-such-path", 404, "There is nothing at this address"),
    405: Kind("method-not-allowed", 405, "Method not allowed"),
    413: Kind("body-too-large", 413, "The request body is too large"),
    415: Kind("wrong-body", 415, "The request body is of a kind that is not taken here"),
    422: Kind("invalid-request", 422, "The request is not as documented"),
    500: Kind("internal-error", 500, "Internal error"),
}

# What comes with a 401: how programs sign in.
CHALLENGE = 'Bearer realm="gridmap"'

# Whoever has a receipt may follow the report: it stands in no log.
_RECEIPT = re.compile(r"(/receipt/)[^/]+")

# A request can be wrong in a hundred thousand places; the first few say enough.
_MOST_ERRORS = 20
_MOST_FAULTS = 1_000


def kind_of(error: errors.GridmapError) -> Kind:
    """Return the entry of the nearest class in the table; an internal error without one."""
    found = (PROBLEMS[cls] for cls in type(error).__mro__ if cls in PROBLEMS)
    return next(found, HTTP_PROBLEMS[500])


def heading_of(error: errors.GridmapError, lang: str) -> str:
    """Return what pages call the kind of an error."""
    return translate(f"problem.{kind_of(error).name}", lang)


def problem_of(
    scope: Scope, error: errors.GridmapError, headers: Mapping[str, str] | None = None
) -> Response:
    """Return the answer to an error that gridmap raised on purpose."""
    kind = kind_of(error)
    if isinstance(error, errors.TooManyAttempts):
        headers = {**(headers or {}), "Retry-After": str(error.wait_s)}
    more: dict[str, Any] = {}
    if isinstance(error, errors.Stale):
        more = {"version": error.version, "changes": error.changes}
    elif isinstance(error, errors.EditRefused):
        more = {"reasons": error.reasons}
    elif isinstance(error, errors.CoverageFaulty):
        spoken = script_language(scope) or language(scope)
        more = {"faults": [fault.as_dict(spoken) for fault in error.faults[:_MOST_FAULTS]]}
    if kind.status >= 500:
        log.error("%s %s: %s", scope["method"], _logged(scope), error, exc_info=error)
    return problem(
        scope,
        kind,
        error.message,
        got=error.got,
        allowed=error.allowed,
        repair=error.repair,
        headers=headers,
        spoken=error.message_in,
        **more,
    )


def _logged(scope: Scope) -> str:
    """Return the address for the log: its route, without what opens a report of somebody."""
    route = getattr(scope.get("route"), "path", None)
    return str(route or _RECEIPT.sub(r"\1...", scope["path"]))


def install(app: FastAPI) -> None:
    """Make every error of `app` a problem body."""
    app.add_exception_handler(errors.GridmapError, _on_gridmap_error)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(HTTPException, _on_http_error)


async def _on_gridmap_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, errors.GridmapError)
    if isinstance(error, errors.NotAllowed):
        return _refused(request, error)
    return problem_of(request.scope, error)


def _refused(request: Request, error: errors.NotAllowed) -> Response:
    """Return 401 to those whom signing in could help, and to a key that is not good; else 403."""
    identity: Identity | None = getattr(request.state, "identity", None)
    stranger = identity is not None and identity.via == "nobody" and identity.can_sign_in
    if isinstance(error, errors.NotSignedIn):
        extra = {"WWW-Authenticate": f'{CHALLENGE}, error="invalid_token"'}
        return problem_of(request.scope, error, extra)
    if not stranger:
        return problem_of(request.scope, error)
    if wants_page(request.scope):
        where = _page_at(request) + (f"?{request.url.query}" if request.url.query else "")
        query = {"next": where} | ({"expired": "1"} if identity and identity.had_session else {})
        return RedirectResponse("/login?" + urlencode(query), 303)
    return problem_of(
        request.scope,
        errors.NotSignedIn(
            error.message,
            got="no key and no session",
            allowed=error.allowed,
            repair="Send a key as `Authorization: Bearer KEY`, or sign in at /login.",
        ),
        {"WWW-Authenticate": CHALLENGE},
    )


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status = error.status_code
    kind = HTTP_PROBLEMS.get(status) or Kind(
        "bad-request", status, "The request cannot be answered"
    )
    headers = dict(error.headers or {})
    if status == 405:
        allowed = _methods_at(request)
        headers["Allow"] = ", ".join(allowed)
        return problem(
            request.scope,
            kind,
            "This address does not take that method.",
            got=request.method,
            allowed=allowed,
            headers=headers,
        )
    if status == 404:
        return problem(
            request.scope,
            kind,
            "There is nothing at this address.",
            got=request.url.path,
            repair="See /docs for what there is.",
            headers=headers,
        )
    more: dict[str, Any] = {}
    if isinstance(error, WrongBody):
        more = {"got": error.got, "allowed": error.taken, "repair": error.repair}
    return problem(request.scope, kind, str(error.detail), headers=headers, **more)


def _page_at(request: Request) -> str:
    """Return where who has signed in goes on: the page whose form they sent."""
    path = request.url.path
    while path and request.method == "POST" and "GET" not in _methods_at(request, path):
        path = path.rpartition("/")[0]
    return path or "/"


def _methods_at(request: Request, path: str | None = None) -> list[str]:
    """Return every method of the address: two routes may share it, and each knows its own."""
    methods: set[str] = set()
    path = (path or request.scope["path"]).removeprefix(request.scope.get("root_path", ""))
    for route in iter_route_contexts(request.app.routes):
        pattern = getattr(route, "path_regex", None)
        if pattern is not None and pattern.match(path):
            methods |= route.methods or {"GET"}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


async def _on_invalid_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return invalid_request(request.scope, error.errors())


def invalid_request(scope: Scope, found: Sequence[Mapping[str, Any]]) -> Response:
    """Return the answer to a request that does not validate, naming the first places."""
    listed = [
        {
            "at": ".".join(str(part) for part in one["loc"]),
            "message": one["msg"],
            "got": None
            if one["type"] == "missing" or _personal(scope, one["loc"])
            else plain(one.get("input")),
        }
        for one in found[:_MOST_ERRORS]
    ]
    first = listed[0]
    return problem(
        scope,
        HTTP_PROBLEMS[422],
        f"{first['at']}: {first['message']}",
        got=first["got"],
        repair="See /docs for what this address takes.",
        errors=listed,
    )


def _personal(scope: Scope, where: Sequence[Any]) -> bool:
    """True for a place whose value may name a person: no answer repeats it.

    The whole body of a report is such a place, as is any field that is called after people.
    """
    if any(str(part).startswith("reporter") for part in where):
        return True
    return list(where) == ["body"] and scope["path"].startswith("/api/reports")


class ErrorNet:
    """Answers what nobody expected: logged in full under an id, told to the client by id only."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and catch what is raised."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            if scope["type"] != "http" or started:
                raise
            number = uuid.uuid4().hex
            log.exception("%s %s failed, error %s", scope["method"], _logged(scope), number)
            answer = problem(
                scope,
                HTTP_PROBLEMS[500],
                "Something went wrong that should not have; it has been written to the log.",
                repair=f"Tell the operator this id: {number}.",
                error_id=number,
            )
            await answer(scope, receive, send)
