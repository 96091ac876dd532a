"""The inbox on a page: what one was told, and what could not be delivered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.identity import form_fields
from api.pages.order_words import at_site
from api.templates import language, localised, page
from gridmap.access import Action, Actor, may
from gridmap.cases.notices import NoticeKind
from gridmap.errors import BadValue
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_ON_A_PAGE = 50
_MOST_ID = 2**53
_NOT_KEPT = {"Cache-Control": "no-store"}

# How urgent a notice looks; what is not named here is news.
_K = NoticeKind
_LOOKS: Mapping[str, str] = {
    **dict.fromkeys((_K.OVERDUE, _K.WRITTEN, _K.NAMED, _K.ABSENT, _K.SUPERVISION_LATE), "late"),
    **dict.fromkeys((_K.SOON_DUE, _K.UNSIGNED, _K.UNCONFIRMED, _K.UNCALLED), "soon"),
    **dict.fromkeys((_K.RETURNED, _K.REWORK, _K.DISSATISFIED, _K.FAILED), "returned"),
}


@router.get("/inbox", dependencies=needs(Action.NOTICE_READ))
def inbox(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Show one's notices, newest first."""
    lang, query = language(request.scope), request.query_params
    unread = query.get("unread", "") == "1"
    before = _id(query["before"]) if query.get("before") else None
    # One more than a page holds tells whether there is another.
    found = workspace.inbox(
        unread=unread, limit=_ON_A_PAGE + 1, before=before, lang=lang, actor=actor
    )
    notices = [one | {"look": _LOOKS.get(one["kind"], "new")} for one in found["notices"]]
    watching = may(actor, Action.NOTICE_WATCH)
    body = page(
        "inbox.html",
        request.scope,
        notices=notices[:_ON_A_PAGE],
        newest=notices[0]["id"] if notices else None,
        older=notices[_ON_A_PAGE - 1]["id"] if len(notices) > _ON_A_PAGE else None,
        unread_only=unread,
        first=before is None,
        waiting=found["unread"],
        failures=workspace.failed_deliveries(actor=actor) if watching else [],
        watching=watching,
        at_site=at_site,
    )
    return HTMLResponse(body, headers=_NOT_KEPT)


@router.post("/inbox", dependencies=needs(Action.NOTICE_READ))
async def read(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Note that one notice was read, or all up to the newest that the page showed."""
    sent = await form_fields(request)
    ids = _ids(sent)
    # What came since the page was shown was seen by nobody.
    up_to = _id(sent.get("up_to", "")) if ids is None else None
    await run_in_threadpool(workspace.read_notices, ids, up_to=up_to, actor=actor)
    return _back(request, sent)


@router.post("/inbox/redeliver", dependencies=needs(Action.NOTICE_WATCH))
async def redeliver(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Try again what could not be delivered: one, or all."""
    sent = await form_fields(request)
    await run_in_threadpool(_redelivered, workspace, _ids(sent), actor)
    return _back(request, sent)


def _redelivered(workspace: Workspace, ids: list[int] | None, actor: Actor) -> int:
    return workspace.redeliver(ids, actor=actor)


def _ids(sent: Mapping[str, str]) -> list[int] | None:
    """Return the one that a form names; None for all of them."""
    return [_id(sent["id"])] if sent.get("id") else None


def _id(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and 0 < int(text) < _MOST_ID):
        raise BadValue("This is no number of a notice.", got=text[:40], allowed="1, 2, 3 ...")
    return int(text)


def _back(request: Request, sent: Mapping[str, Any]) -> Response:
    where = "/inbox?unread=1" if sent.get("unread") == "1" else "/inbox"
    return RedirectResponse(localised(where, request.scope), 303, _NOT_KEPT)
