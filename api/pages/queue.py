"""Orders that wait for a person to say who owns them, each with who may, at one press."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.error_words import plain_refusal
from api.errors import heading_of, kind_of
from api.identity import form_fields
from api.pages.order import Number
from api.pages.order_given import given_to
from api.pages.order_words import due_words
from api.pages.orders import offset_of
from api.templates import language, localised, page, switch_at
from gridmap.access import Action, Actor
from gridmap.errors import Conflict, GridmapError, InputError, NotFound
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_ON_A_PAGE = 15
_NOT_KEPT = {"Cache-Control": "no-store"}


@router.get("/queue", dependencies=needs(Action.ORDER_DISPATCH))
def queue(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Show what waits, what is due first at the top."""
    return _shown(request, workspace, actor)


@router.post("/queue/{number}", dependencies=needs(Action.ORDER_DISPATCH))
async def assign(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, number: Number
) -> Response:
    """Send an order to the body that was pressed."""
    sent = await form_fields(request)
    return await run_in_threadpool(_assigned, request, workspace, actor, number, sent)


def _assigned(
    request: Request, workspace: Workspace, actor: Actor, number: int, sent: dict[str, str]
) -> Response:
    workspace.order(number, actor=actor)
    try:
        given = given_to("order.dispatch", sent)
        lead = given["lead"] or ""
        workspace.assign_order(number, lead, version=given["version"], actor=actor)
    except (Conflict, InputError, NotFound) as error:
        return _shown(request, workspace, actor, error=error, about=number)
    offset = offset_of(request.query_params.get("offset", "0"))
    page_of = f"&offset={offset}" if offset else ""
    where = localised(f"/queue?done={number}{page_of}", request.scope)
    return RedirectResponse(where, 303, _NOT_KEPT)


def _shown(
    request: Request,
    workspace: Workspace,
    actor: Actor,
    *,
    error: GridmapError | None = None,
    about: int | None = None,
) -> Response:
    lang, now = language(request.scope), workspace.clock()
    offset = offset_of(request.query_params.get("offset", "0"))
    total, rows = workspace.unowned_orders(limit=_ON_A_PAGE, offset=offset, lang=lang, actor=actor)
    if offset and not rows:
        # What stood on this page was sent; the others have moved up.
        offset = 0
        total, rows = workspace.unowned_orders(limit=_ON_A_PAGE, lang=lang, actor=actor)
    orders: list[dict[str, Any]] = [row | {"due": due_words(row, now, lang)} for row in rows]
    done = request.query_params.get("done", "")
    said = None
    if error is not None:
        said = plain_refusal(error, lang, f"{heading_of(error, lang)} · #{about}")
    body = page(
        "queue.html",
        request.scope,
        total=total,
        orders=orders,
        offset=offset,
        on_a_page=_ON_A_PAGE,
        done=done if done.isdigit() else "",
        # The address of a form takes nothing but the form.
        switch=switch_at("/queue", request.scope),
        error=said,
    )
    return HTMLResponse(body, 200 if error is None else kind_of(error).status, _NOT_KEPT)
