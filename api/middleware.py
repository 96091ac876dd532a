"""What every request passes through: host check, body limit, HEAD, security headers.

Plain ASGI: no task groups and no copies of the body, so streams stay streams. Every request
pays for all of these, so each looks only at what it needs of the headers, as they came.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import HTTP_PROBLEMS
from api.problems import problem

__all__ = [
    "BodyLimit",
    "Compressed",
    "HeadAsGet",
    "KnownHosts",
    "SecurityHeaders",
    "header",
    "is_loopback",
    "page_policy",
]


# Pages draw inline: folium writes its scripts and styles into the document. Nothing may be
# fetched from, sent to or framed by another site.
def page_policy(images: str = "") -> str:
    """Return the policy of a page; `images` is one more host that it may show images of."""
    more = f" {images}" if images else ""
    return (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        f"img-src 'self' data: blob:{more}; font-src 'self' data:; connect-src 'self'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


_PAGE_POLICY = page_policy()
_DATA_POLICY = "default-src 'none'; frame-ancestors 'none'"

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
}


def _raw(policy: str) -> list[tuple[bytes, bytes]]:
    named = {"Content-Security-Policy": policy, **_HEADERS}
    return [(name.lower().encode(), value.encode()) for name, value in named.items()]


_OF_PAGES, _OF_DATA = _raw(_PAGE_POLICY), _raw(_DATA_POLICY)
_OURS = frozenset(name for name, _ in _OF_DATA)


def header(scope: Scope, name: bytes) -> bytes:
    """Return the first header of a lower-case name, as it came; empty without one."""
    for known, value in scope["headers"]:
        if known == name:
            return bytes(value)
    return b""


@lru_cache(maxsize=1024)
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
                there = [*message.get("headers", ())]
                page = any(n == b"content-type" and v.startswith(b"text/html") for n, v in there)
                ours = _OF_PAGES if page else _OF_DATA
                if not _OURS.isdisjoint([name for name, _ in there]):
                    named = {name for name, _ in there}
                    ours = [one for one in ours if one[0] not in named]
                message["headers"] = there + ours
            await send(message)

        await self.app(scope, receive, complete)


class KnownHosts:
    """Refuses requests addressed to a name that is not this service's.

    A web page on another site must not reach it through a name that it points here (DNS
    rebinding). Without accounts, being on this machine is the only sign of belonging, and only
    the machine's own names are answered. With accounts, any address in numbers is too, and
    the host of the setting `public_url`.
    """

    def __init__(self, app: ASGIApp, *, also: Sequence[str] = (), public_url: str = "") -> None:
        self.app = app
        self.names = frozenset({"localhost", *also})
        self.public = (urlsplit(public_url).hostname or "") if public_url else ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on when its Host header names this service."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        name = _host_name(hosts[0]) if len(hosts) == 1 else ""
        if self._is_own(name) or (self._is_public(name) and await _has_accounts(scope)):
            await self.app(scope, receive, send)
            return
        refusal = problem(
            scope,
            HTTP_PROBLEMS[403],
            "The service does not answer to this host name.",
            got=", ".join(host.decode("latin-1") for host in hosts) or "no Host header",
            allowed=["localhost", "127.0.0.1", "[::1]", *filter(None, [self.public])],
            repair="Open http://127.0.0.1 with the service's port on the machine itself. For other "
            "machines make accounts and set GRIDMAP_PUBLIC_URL.",
        )
        await refusal(scope, receive, send)

    def _is_own(self, name: str) -> bool:
        return name in self.names or is_loopback(name)

    def _is_public(self, name: str) -> bool:
        return bool(name) and (name == self.public or _is_address(name))


@lru_cache(maxsize=256)
def _host_name(said: bytes) -> str:
    host = said.decode("latin-1").strip().lower()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


@lru_cache(maxsize=256)
def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _has_accounts(scope: Scope) -> bool:
    workspace = scope["app"].state.workspace
    if workspace is None:
        return False
    known: bool | None = workspace.accounts_at_hand()
    return await run_in_threadpool(workspace.has_accounts) if known is None else known


class Compressed(GZipMiddleware):
    """Compresses answers for who takes that; for others costs next to nothing."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; let the long way see to large and streamed answers."""
        if scope["type"] != "http" or b"gzip" in header(scope, b"accept-encoding"):
            await super().__call__(scope, receive, send)
            return
        held: Message | None = None

        async def plain(message: Message) -> None:
            nonlocal held
            kind = message["type"]
            if kind == "http.response.start":
                held = message
                return
            if held is not None and kind in ("http.response.body", "http.response.pathsend"):
                start, held = held, None
                if kind == "http.response.body" and not self._is_small(message):
                    self._say_it_varies(start)
                await send(start)
            await send(message)

        await self.app(scope, receive, plain)

    def _is_small(self, message: Message) -> bool:
        return not message.get("more_body", False) and (
            len(message.get("body", b"")) < self.minimum_size
        )

    def _say_it_varies(self, start: Message) -> None:
        """Say of an answer that could have been compressed that others get it so."""
        headers = MutableHeaders(raw=start.setdefault("headers", []))
        kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        family = kind.partition("/")[0] + "/*"
        left_alone = {kind, family}.intersection(self.exclude_content_types)
        if start["status"] != 206 and "content-encoding" not in headers and not left_alone:
            headers.add_vary_header("Accept-Encoding")


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
        declared = header(scope, b"content-length")
        if declared.isdigit() and int(declared) > self.most:
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
