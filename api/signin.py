"""The pages to sign in, to sign out, and to change one's own password."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import PUBLIC, IdentityDep, WorkspaceDep
from api.identity import FORM_FIELD, SESSION_COOKIE, client_address, form_fields, is_secure
from api.templates import language, page
from gridmap.errors import BadValue, NotSignedIn, TooManyAttempts
from gridmap.secrets import new_token
from gridmap.workspace import Workspace

__all__ = ["DEVICE_COOKIE", "FORM_COOKIE", "local_path", "router"]

router = APIRouter(include_in_schema=False, dependencies=[PUBLIC])

DEVICE_COOKIE = "gridmap_device"
FORM_COOKIE = "gridmap_form"
_DEVICE_SECONDS = 365 * 24 * 3600
_FORM_SECONDS = 3600


@router.get("/login")
async def login_page(request: Request, workspace: WorkspaceDep, identity: IdentityDep) -> Response:
    """Show the form, or go on for somebody who is signed in."""
    query = request.query_params
    target = local_path(query.get("next"))
    if identity.via == "session":
        return RedirectResponse(target, 303)
    message = "expired" if "expired" in query or identity.had_session else ""
    return await _form(request, workspace, target, message=message)


@router.post("/login")
async def login(request: Request, workspace: WorkspaceDep) -> Response:
    """Begin a session and go on to where one wanted to."""
    given = await form_fields(request)
    target = local_path(given.get("next"))
    if not await run_in_threadpool(workspace.has_accounts):
        return await _form(request, workspace, target, status=403)
    name = given.get("name", "")
    if not await run_in_threadpool(_form_good, request, workspace, given.get(FORM_FIELD, "")):
        return await _form(request, workspace, target, name=name, message="stale", status=403)
    try:
        begun = await run_in_threadpool(
            workspace.sign_in,
            name,
            given.get("password", ""),
            address=client_address(request),
            device=request.cookies.get(DEVICE_COOKIE),
        )
    except TooManyAttempts as error:
        answer = await _form(
            request, workspace, target, name=name, message="wait", wait_s=error.wait_s, status=429
        )
        answer.headers["Retry-After"] = str(error.wait_s)
        return answer
    except NotSignedIn:
        return await _form(request, workspace, target, name=name, message="wrong", status=401)
    answer = RedirectResponse(target, 303, {"Cache-Control": "no-store"})
    secure = is_secure(request)
    answer.set_cookie(
        SESSION_COOKIE,
        begun.session,
        max_age=workspace.settings.session_hours * 3600,
        httponly=True,
        secure=secure,
        samesite="lax",
    )
    answer.set_cookie(
        DEVICE_COOKIE,
        begun.device,
        max_age=_DEVICE_SECONDS,
        path="/login",
        httponly=True,
        secure=secure,
        samesite="strict",
    )
    answer.delete_cookie(FORM_COOKIE, path="/login")
    return answer


@router.get("/logout")
async def logout_page(identity: IdentityDep) -> Response:
    """Show the account: an address alone signs nobody out."""
    return RedirectResponse("/account" if identity.via == "session" else "/login", 303)


@router.post("/logout")
async def logout(request: Request, workspace: WorkspaceDep, identity: IdentityDep) -> Response:
    """End the session."""
    if identity.via == "session":
        await run_in_threadpool(workspace.sign_out, request.cookies[SESSION_COOKIE])
    answer = RedirectResponse("/login", 303, {"Cache-Control": "no-store"})
    answer.delete_cookie(SESSION_COOKIE)
    # Nothing of the pages stays behind on a shared machine.
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@router.get("/account")
async def account_page(request: Request, identity: IdentityDep) -> Response:
    """Show one's own account, with the forms to change the password and to sign out."""
    if identity.account is None or identity.via != "session":
        return RedirectResponse("/login?" + urlencode({"next": "/account"}), 303)
    return await run_in_threadpool(_account, request, identity)


@router.post("/account")
async def change_password(
    request: Request, workspace: WorkspaceDep, identity: IdentityDep
) -> Response:
    """Change one's own password; all sessions end, this one too."""
    if identity.account is None or identity.via != "session":
        return RedirectResponse("/login?" + urlencode({"next": "/account"}), 303)
    given = await form_fields(request)
    if given.get("new") != given.get("again"):
        return await run_in_threadpool(_account, request, identity, message="differs", status=422)
    try:
        await run_in_threadpool(
            workspace.change_password,
            identity.account.name,
            given.get("old", ""),
            given.get("new", ""),
            address=client_address(request),
        )
    except NotSignedIn:
        return await run_in_threadpool(_account, request, identity, message="wrong", status=403)
    except TooManyAttempts as error:
        return await run_in_threadpool(
            _account, request, identity, message="wait", wait_s=error.wait_s, status=429
        )
    except BadValue:
        return await run_in_threadpool(_account, request, identity, message="weak", status=422)
    answer = RedirectResponse("/login?changed", 303, {"Cache-Control": "no-store"})
    answer.delete_cookie(SESSION_COOKIE)
    return answer


def local_path(text: str | None) -> str:
    """Return `text` when it is an address on this service, the first page otherwise."""
    if not text or not text.startswith("/") or text.startswith("//") or len(text) > 500:
        return "/"
    odd = any(c == "\\" or ord(c) < 33 or ord(c) == 127 for c in text)
    return "/" if odd or text.startswith(("/login", "/logout")) else text


async def _form(
    request: Request,
    workspace: Workspace,
    target: str,
    *,
    name: str = "",
    message: str = "",
    wait_s: int = 0,
    status: int = 200,
) -> Response:
    if not message and "changed" in request.query_params:
        message = "changed"
    if not await run_in_threadpool(workspace.has_accounts):
        # Nobody can sign in, so that no key is needed to say so.
        body = page("login.html", request.scope, accounts=False, message="")
        return HTMLResponse(body, status, {"Cache-Control": "no-store"})
    nonce = request.cookies.get(FORM_COOKIE) or ""
    signer = await run_in_threadpool(lambda: workspace.signer)
    if signer.read(nonce, use="form") is None:
        nonce = signer.sign(new_token(), use="form")
    body = page(
        "login.html",
        request.scope,
        accounts=True,
        form_token=signer.derived(nonce, use="login"),
        name=name[:64],
        message=message,
        target=target,
        wait_s=wait_s,
    )
    answer = HTMLResponse(body, status, {"Cache-Control": "no-store"})
    answer.set_cookie(
        FORM_COOKIE,
        nonce,
        max_age=_FORM_SECONDS,
        path="/login",
        httponly=True,
        secure=is_secure(request),
        samesite="strict",
    )
    return answer


def _form_good(request: Request, workspace: Workspace, given: str) -> bool:
    """True when the form was served to this very browser."""
    nonce = request.cookies.get(FORM_COOKIE) or ""
    signer = workspace.signer
    return signer.read(nonce, use="form") is not None and signer.matches(given, nonce, use="login")


def _account(
    request: Request, identity: Any, *, message: str = "", wait_s: int = 0, status: int = 200
) -> Response:
    lang = language(request.scope)
    body = page(
        "account.html",
        request.scope,
        account=identity.account,
        form_token=identity.form_token,
        message=message,
        wait_s=wait_s,
        separator="、" if lang == "zh" else ", ",
    )
    return HTMLResponse(body, status, {"Cache-Control": "no-store"})
