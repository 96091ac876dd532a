"""Problem bodies (RFC 9457): how an answer that is not a success looks.

Every such answer has this shape, as ``application/problem+json``; a browser that asks for a
page gets the same content as a page. Scripts of pages name the language of their page in a header:
what they show is told in it, beside the sentences for programs.
"""

from __future__ import annotations

import math
import reprlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from api.error_words import told
from api.templates import language, page
from gridmap.i18n import LANGUAGES, translate

__all__ = ["MEDIA_TYPE", "PAGE_LANGUAGE", "Kind", "problem", "script_language", "wants_page"]

MEDIA_TYPE = "application/problem+json"

# Sent by scripts of pages, which show what they are answered.
PAGE_LANGUAGE = "X-Page-Language"
_PAGE_LANGUAGE = PAGE_LANGUAGE.lower().encode()

# Echoed input is cut here: a problem body is to be read, and no request may make it large.
_LONGEST = 300
_MOST_ITEMS = 50

# Programs call these; everything else is a page as well.
_FOR_PROGRAMS = ("/api/", "/healthz", "/metrics", "/openapi.json")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of problem; what pages call it is in the catalogues as ``problem.NAME``."""

    name: str
    status: int
    title: str
    retry_after_s: int | None = None

    @property
    def uri(self) -> str:
        """The `type` member: a reference to its entry on this service's own page of problems."""
        return f"/problems#{self.name}"


def problem(
    scope: Scope,
    kind: Kind,
    detail: str,
    *,
    got: object = None,
    allowed: object = None,
    repair: str | None = None,
    headers: Mapping[str, str] | None = None,
    spoken: Callable[[str], str] | None = None,
    **more: Any,
) -> Response:
    """Return a problem answer, as JSON or, for a browser asking for a page, as HTML.

    Parameters
    ----------
    scope : Scope
        The ASGI scope of the request, for `instance` and for what the client accepts.
    kind : Kind
        What kind of problem it is.
    detail : str
        One sentence on this occurrence; never anything internal.
    got, allowed, repair
        As in :class:`gridmap.errors.GridmapError`; left out when None.
    headers : mapping, optional
        Further response headers.
    spoken : callable, optional
        Returns `detail` with what it quotes in a language, for a page.
    more : Any
        Further JSON-able members; left out when None.
    """
    members: dict[str, Any] = {
        "type": kind.uri,
        "title": kind.title,
        "status": kind.status,
        "detail": detail,
        "instance": quote(scope.get("path", "/"), safe="/~:@!$&'()*+,;="),
        "got": plain(got),
        "allowed": plain(allowed),
        "repair": repair,
        **more,
    }
    body = {name: value for name, value in members.items() if value is not None}
    extra = {"Cache-Control": "no-store", "Vary": "Accept", **(headers or {})}
    if kind.retry_after_s is not None:
        extra["Retry-After"] = str(kind.retry_after_s)
    if wants_page(scope):
        lang = language(scope)
        said = told(spoken(lang) if spoken else detail, repair, lang)
        heading = translate(f"problem.{kind.name}", lang)
        # The store may be what is wrong, and who answers here must not wait for it.
        shown = page(
            "problem.html", scope, problem=body, said=said, heading=heading, unread=_nothing
        )
        return HTMLResponse(shown, kind.status, extra)
    shown_in = script_language(scope)
    if shown_in is not None:
        sentence = spoken(shown_in) if spoken else detail
        body["told"] = _told(scope, sentence, repair, shown_in)
    return Response(orjson.dumps(body), kind.status, extra, MEDIA_TYPE)


def script_language(scope: Scope) -> str | None:
    """Return the language of the page whose script asks; None for programs."""
    sent = next((value for name, value in scope["headers"] if name == _PAGE_LANGUAGE), b"")
    return next((lang for lang in LANGUAGES if sent == lang.encode()), None)


def _told(scope: Scope, detail: str, repair: str | None, lang: str) -> dict[str, str | None]:
    """Return a problem in the language of a page, by the rules of the page of problems."""
    said = told(detail, repair, lang)
    if said.message is not None:
        return {"message": said.message, "repair": said.repair, "original": None}
    identity = scope.get("state", {}).get("identity")
    staff = identity is not None and identity.actor.is_staff
    # English, which staff can pass on; to others it says nothing.
    original = " ".join(text for text in (detail, repair) if text) if staff else None
    unsaid = translate("page.problem.unsaid", lang)
    return {"message": unsaid, "repair": said.repair, "original": original}


def plain(value: object) -> Any:
    """Return `value` as short JSON; anything unusual as text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        # Readers of JSON keep 53 bits of an integer; a longer one is only ever shown.
        return value if abs(value) < 2**53 else _short(hex(value))
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=str)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [plain(item) for item in value[:_MOST_ITEMS]]
    if isinstance(value, bytes):
        return _short(value[: _LONGEST + 1].decode("utf-8", "replace"))
    # reprlib never walks the whole of a large mapping, as str would.
    return _short(reprlib.repr(value) if isinstance(value, Mapping) else str(value))


def _nothing() -> int:
    return 0


def _short(text: str) -> str:
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


def wants_page(scope: Scope) -> bool:
    """True when a browser asks for a page, at an address that has one."""
    if scope.get("path", "").startswith(_FOR_PROGRAMS):
        return False
    accepted = b",".join(value for name, value in scope["headers"] if name == b"accept")
    return b"text/html" in accepted.lower()
