"""Who asks: a key, a session, this very machine, or nobody.

Found out once a request, by the dependency that routes name for their actor. A session's
cookie counts for a request that changes something only with the token of its forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Scope

from api.bodies import kind_of_body
from api.middleware import is_loopback
from api.uploads import FORM, FORM_FIELD, form_parts
from gridmap.access import Actor
from gridmap.access.account import Account
from gridmap.errors import NotAllowed, NotSignedIn
from gridmap.settings import Settings
from gridmap.workspace import Workspace

__all__ = [
    "FORM_FIELD",
    "FORM_HEADER",
    "SESSION_COOKIE",
    "Identity",
    "actor_at_hand",
    "client_address",
    "form_fields",
    "identify",
    "is_secure",
    "still_asks",
]

SESSION_COOKIE = "gridmap_session"
FORM_HEADER = "x-csrf-token"
FORM_TYPE = "application/x-www-form-urlencoded"

# Two texts of the longest kind in Chinese, nine bytes a character; anything longer is not ours.
_MOST_FORM_BYTES = 65_536
_MOST_FIELDS = 100
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

# A proxy on this machine speaks for somebody elsewhere; it leaves one of these.
_FORWARDED = frozenset(
    {b"x-forwarded-for", b"forwarded", b"x-real-ip", b"x-forwarded-host", b"via"}
)


_COOKIE = SESSION_COOKIE.encode()
_RESIDENT = Actor.resident()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks, and how that is known.

    Attributes
    ----------
    via : str
        ``key``, ``session``, ``loopback``, or ``nobody``: a member of the public.
    form_token : str
        What forms of this session carry; empty for the others.
    had_session : bool
        A cookie was sent that is no session any more.
    can_sign_in : bool
        There are accounts, so that signing in could help.
    """

    actor: Actor
    via: Literal["key", "session", "loopback", "nobody"]
    account: Account | None = None
    form_token: str = ""
    had_session: bool = False
    can_sign_in: bool = False


async def identify(request: Request) -> Identity:
    """Return who asks, once a request.

    Raises
    ------
    NotSignedIn
        When a key is not good: who shows one is never taken for somebody else.
    NotAllowed
        When a session's request changes something without the token of its forms.
    """
    known: Identity | None = getattr(request.state, "identity", None)
    if known is None:
        known = await _identify(request)
        request.state.identity = known
    return known


async def still_asks(request: Request, identity: Identity) -> bool:
    """True while who began a request that goes on for long may still do what they might then.

    An account that is closed, a role that is given or taken away, a key that is revoked and a
    session that is over all end it: who asks again is asked anew.
    """
    try:
        return (await _identify(request)).actor == identity.actor
    except NotSignedIn:
        return False


async def _identify(request: Request) -> Identity:
    workspace: Workspace = request.app.state.workspace
    keys = request.headers.getlist("authorization")
    if keys:
        # So that a refusal says how to ask.
        request.state.identity_needed = True
        account = await run_in_threadpool(workspace.key_holder, _bearer(keys))
        request.state.identity_needed = False
        return Identity(account.actor, "key", account, can_sign_in=True)
    cookie = request.cookies.get(SESSION_COOKIE)
    if cookie is not None:
        holder = await run_in_threadpool(workspace.session_holder, cookie)
        if holder is not None:
            await _need_form_token(request, workspace, cookie)
            account = holder.account
            return Identity(account.actor, "session", account, holder.form_token, can_sign_in=True)
    accounts = workspace.accounts_at_hand()
    if accounts is None:
        accounts = await run_in_threadpool(workspace.has_accounts)
    if _is_local(request.scope) and (not accounts or workspace.settings.loopback_with_accounts):
        _need_own_form(request)
        return Identity(request.app.state.local_actor, "loopback", can_sign_in=accounts)
    return Identity(_RESIDENT, "nobody", had_session=cookie is not None, can_sign_in=accounts)


def _bearer(headers: Sequence[str]) -> str:
    scheme, _, token = headers[0].strip().partition(" ")
    if len(headers) > 1 or scheme.lower() != "bearer" or not token.strip().isascii():
        raise NotSignedIn(
            "The Authorization header cannot be used.",
            got=f"{len(headers)} headers, scheme '{scheme[:20]}'",
            allowed="Authorization: Bearer KEY",
        )
    return token.strip()


def actor_at_hand(scope: Scope) -> Actor | None:
    """Return who asks where that is known without waiting: who shows neither key nor session.

    None sends the request the usual way.
    """
    for name, value in scope["headers"]:
        if name == b"authorization" or (name == b"cookie" and _COOKIE in value):
            return None
    state = scope["app"].state
    workspace: Workspace = state.workspace
    accounts = workspace.accounts_at_hand()
    if accounts is None:
        return None
    if (not accounts or workspace.settings.loopback_with_accounts) and _is_local(scope):
        local: Actor = state.local_actor
        return local
    return _RESIDENT


def _is_local(scope: Scope) -> bool:
    """True for a request that began on this machine: no proxy has passed it on."""
    client = scope.get("client")
    if client is None or not is_loopback(client[0]):
        return False
    return _FORWARDED.isdisjoint([name for name, _ in scope["headers"]])


async def _need_form_token(request: Request, workspace: Workspace, cookie: str) -> None:
    """Refuse what changes something and does not come from a page of ours."""
    if request.method in _READING:
        return
    given = request.headers.get(FORM_HEADER) or await _token_sent(request)
    foreign = request.headers.get("sec-fetch-site") == "cross-site"
    if foreign or not await run_in_threadpool(workspace.form_token_good, cookie, given):
        raise NotAllowed(
            "The request does not carry the token of this session's forms.",
            got="a request from another site" if foreign else "none, or one of another session",
            allowed=f"the header X-CSRF-Token, or the form's field {FORM_FIELD}",
            repair="Load the page again; programs ask GET /api/me for the token, or use a key.",
        )


async def _token_sent(request: Request) -> str:
    """Return the token in a form, with files or without."""
    if kind_of_body(request) != FORM:
        return (await form_fields(request)).get(FORM_FIELD, "")
    return (await form_parts(request)).text(FORM_FIELD) or ""


def _need_own_form(request: Request) -> None:
    """Refuse a form that another site sends to this machine: there is no session to tell by."""
    foreign = request.headers.get("sec-fetch-site") in {"cross-site", "same-site"}
    if foreign and request.method not in _READING:
        raise NotAllowed(
            "The request comes from a page of another site.",
            got=request.headers.get("origin", "unknown"),
            allowed="pages of this service, and programs",
            repair="Open the page here and send the form again.",
        )


async def form_fields(request: Request) -> dict[str, str]:
    """Return the text fields of a form that was sent; empty for any other body."""
    kind = kind_of_body(request)
    if kind == FORM:
        return dict(reversed((await form_parts(request)).texts))
    if kind != FORM_TYPE:
        return {}
    body = await request.body()
    if len(body) > _MOST_FORM_BYTES:
        raise HTTPException(413, f"A form holds at most {_MOST_FORM_BYTES:,} bytes.")
    try:
        found = parse_qs(body.decode("utf-8"), keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except (UnicodeDecodeError, ValueError) as error:
        raise HTTPException(400, "The form cannot be read.") from error
    return {name: values[0] for name, values in found.items()}


def client_address(request: Request) -> str:
    """Return where a request comes from, past the proxies that are trusted."""
    settings: Settings = request.app.state.settings
    peer = request.client.host if request.client is not None else "unknown"
    trusted = {one.strip() for one in settings.trusted_proxies.split(",")} - {""}
    named = ",".join(request.headers.getlist("x-forwarded-for")).split(",")
    while peer in trusted and named and named[-1].strip():
        peer = named.pop().strip()
    return peer


def is_secure(request: Request) -> bool:
    """True when browsers reach the service over TLS."""
    settings: Settings = request.app.state.settings
    return request.url.scheme == "https" or settings.public_url.lower().startswith("https://")
