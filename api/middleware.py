"""What every request passes through: host check, body limit, HEAD, security headers.

Plain ASGI: no task groups and no copies of the body, so streams stay streams.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import HTTP_PROBLEMS
from api.problems import problem

__all__ = ["BodyLimit", "HeadAsGet", "LocalHosts", "SecurityHeaders", "is_loopback"]

# Pages draw inline: folium writes its scripts and styles into the document. Nothing may be
# fetched from, sent to or framed by another site.
_PAGE_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}


def is_loopback(address: str) -> bool:
    """True for an IP address of this very machine; False for any other and for names."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


class SecurityHeaders:
    """Adds the headers that keep a browser from doing more than it should with an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, completing the headers of its answer."""

        async def complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                page = headers.get("content-type", "").startswith("text/html")
                headers.setdefault(
                    "Content-Security-Policy", _PAGE_POLICY if page else _DATA_POLICY
                )
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, complete)


class LocalHosts:
    """Refuses requests addressed to any name but this machine's own.

    While the service knows callers by their being on this machine only, a web page on
    another site must not reach it through a name that it points here (DNS rebinding).
    """

    def __init__(self, app: ASGIApp, *, also: Sequence[str] = ()) -> None:
        self.app = app
        self.names = frozenset({"localhost", *also})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when its Host header names this machine."""
        if scope["type"] != "http" or self._allowed(Headers(scope=scope).getlist("host")):
            await self.app(scope, receive, send)
            return
        refusal = problem(
            scope,
            HTTP_PROBLEMS[403],
            "The service answers to the names of its own machine only, until keys exist.",
            got=", ".join(Headers(scope=scope).getlist("host")) or "no Host header",
            allowed=["localhost", "127.0.0.1", "[::1]"],
            repair="Open http://127.0.0.1 with the service's port on the machine itself.",
        )
        await refusal(scope, receive, send)

    def _allowed(self, hosts: list[str]) -> bool:
        if len(hosts) != 1:
            return False
        host = hosts[0].strip().lower()
        if host.startswith("["):
            name = host[1:].partition("]")[0]
        else:
            name = host.partition(":")[0].removesuffix(".")
        return name in self.names or is_loopback(name)


class HeadAsGet:
    """Answers HEAD as GET without the body, for every route alike."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass HEAD on as GET; leave other methods alone."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return

        async def headers_only(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self.app({**scope, "method": "GET"}, receive, headers_only)


class BodyLimit:
    """Stops reading a request body beyond `most` bytes, whether or not it declares a length."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with a counting reader."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        if declared.isdecimal() and int(declared) > self.most:
            refusal = problem(
                scope,
                HTTP_PROBLEMS[413],
                self._detail,
                got=f"{int(declared):,} bytes",
                headers={"Connection": "close"},
            )
            await refusal(scope, receive, send)
            return
        read = 0

        async def count() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > self.most:
                raise HTTPException(413, self._detail, headers={"Connection": "close"})
            return message

        await self.app(scope, count, send)

    @property
    def _detail(self) -> str:
        return f"A request body holds at most {self.most:,} bytes; send several requests."
