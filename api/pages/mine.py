"""My reports: what I sent, where it stands, and what I may do; signed in, or by a receipt.

A page works without a script, and shows what its sender may see alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import ActorDep, IdentityDep, WorkspaceDep, needs
from api.error_words import plain_refusal
from api.errors import heading_of, kind_of
from api.identity import FORM_FIELD, form_fields
from api.pages.order import Number, Sent, done_words, left_over
from api.pages.order_forms import Choices, forms_of
from api.pages.order_given import given_to
from api.pages.order_words import at_site, due_words, line_words
from api.pages.orders import offset_of, page_at
from api.pages.photo_forms import (
    SentPhotos,
    count_of,
    gallery,
    keep_photos,
    photo_limits,
    sent_photos,
)
from api.templates import language, localised, page, switch_at
from gridmap.access import Action, Actor
from gridmap.errors import GridmapError, NotAllowed, NotFound, StoreError
from gridmap.i18n import translate
from gridmap.pictures import MEDIA_TYPE
from gridmap.workspace import Workspace
from gridmap.workspace.own_reports import OWN_ACTIONS, OwnReport
from gridmap.workspace.senders import receipt_read, receipt_shown

__all__ = ["Follow", "followed", "router", "shown_own"]

router = APIRouter(include_in_schema=False, dependencies=needs(Action.REPORT_SUBMIT))

_ON_A_PAGE = 20
_NOT_KEPT = {"Cache-Control": "no-store"}
# Steps that are told with their times.
_TIMES = ("dispatched_at", "resolved_at", "closed_at")
_RESIDENT = Actor.resident()

_Receipt = Annotated[str, Path(max_length=60)]


@dataclass(frozen=True, slots=True)
class Follow:
    """A report that somebody follows.

    Attributes
    ----------
    number : int
    actor : Actor
        Who acts: the account that sent it, or a resident who has its receipt.
    proof : str or None
        The receipt.
    path : str
        Of its page.
    """

    number: int
    actor: Actor
    proof: str | None
    path: str


async def _by_account(request: Request, actor: ActorDep, number: Number) -> Follow:
    if request.method == "POST" and actor.account is None:
        # Their session ended while they wrote: they sign in and go on, and are not told "no such".
        raise NotAllowed(
            "Only who sent the report may do this.",
            got=actor.name,
            repair="Sign in as who sent it, or give its receipt or the key it was sent with.",
        )
    return Follow(number, actor, None, f"/my/{number}")


async def _by_receipt(workspace: WorkspaceDep, actor: ActorDep, receipt: _Receipt) -> Follow:
    # Who has the receipt acts as a resident, whoever else they are.
    number = await run_in_threadpool(workspace.report_of_receipt, receipt, actor=_RESIDENT)
    return followed(number, _RESIDENT, receipt)


def followed(number: int, actor: Actor, receipt: str) -> Follow:
    """Return how somebody follows what they just sent: by their account, or else its receipt."""
    if actor.account is not None:
        return Follow(number, actor, None, f"/my/{number}")
    known = receipt_read(receipt)
    return Follow(number, _RESIDENT, known, f"/receipt/{receipt_shown(known)}")


MineDep = Annotated[Follow, Depends(_by_account)]
ReceiptDep = Annotated[Follow, Depends(_by_receipt)]
Size = Annotated[Literal["full", "thumb"], Query()]


# -- what I sent --------------------------------------------------------------------------


@router.get("/my")
def mine(request: Request, workspace: WorkspaceDep, identity: IdentityDep) -> Response:
    """List what the account sent; who is not signed in is asked for a receipt."""
    if identity.actor.account is None:
        return _start(request, can_sign_in=identity.can_sign_in)
    lang, now = language(request.scope), workspace.clock()

    def find(offset: int) -> tuple[int, list[dict[str, Any]]]:
        return workspace.own_reports(
            limit=_ON_A_PAGE, offset=offset, lang=lang, actor=identity.actor
        )

    asked = offset_of(request.query_params.get("offset", "0"))
    total, offset, rows = page_at(find, asked, _ON_A_PAGE)
    body = page(
        "mine.html",
        request.scope,
        total=total,
        reports=[row | {"due": _due(row, now, lang)} for row in rows],
        offset=offset,
        on_a_page=_ON_A_PAGE,
        at_site=at_site,
    )
    return HTMLResponse(body, headers=_NOT_KEPT)


@router.get("/my/{number}")
def my_report(
    request: Request, workspace: WorkspaceDep, identity: IdentityDep, follow: MineDep
) -> Response:
    """Show one report that the account sent."""
    if identity.actor.account is None:
        return _start(request, can_sign_in=identity.can_sign_in, target=follow.path, status=404)
    return shown_own(request, workspace, follow)


@router.post("/my/{number}")
async def my_action(request: Request, workspace: WorkspaceDep, follow: MineDep) -> Response:
    """Take the form of one action."""
    sent = await form_fields(request)
    return await run_in_threadpool(_acted, request, workspace, follow, sent)


@router.post("/my/{number}/photos")
async def my_photos(request: Request, workspace: WorkspaceDep, follow: MineDep) -> Response:
    """Take photos of what was reported."""
    sent = await _own_photos_sent(request, workspace, follow)
    return await run_in_threadpool(_photographed, request, workspace, follow, sent)


@router.get("/my/{number}/photos/{photo}")
def my_photo(
    workspace: WorkspaceDep, follow: MineDep, photo: Number, size: Size = "full"
) -> Response:
    """Return a photo that the account sent."""
    return _picture(workspace, follow, photo, size)


# -- with a receipt -----------------------------------------------------------------------


@router.get("/receipt")
def ask_receipt(request: Request, identity: IdentityDep) -> Response:
    """Ask for a receipt."""
    return _start(request, can_sign_in=identity.can_sign_in)


@router.post("/receipt")
async def find_receipt(
    request: Request, workspace: WorkspaceDep, identity: IdentityDep
) -> Response:
    """Go to the report that a receipt was given for."""
    typed = (await form_fields(request)).get("receipt", "").strip()
    return await run_in_threadpool(_found, request, workspace, typed, identity.can_sign_in)


@router.get("/receipt/{receipt}")
def one_receipt(
    request: Request, workspace: WorkspaceDep, identity: IdentityDep, receipt: _Receipt
) -> Response:
    """Show the report that a receipt was given for."""
    try:
        number = workspace.report_of_receipt(receipt, actor=_RESIDENT)
    except NotFound as error:
        return _start(request, can_sign_in=identity.can_sign_in, typed=receipt, error=error)
    return shown_own(request, workspace, followed(number, _RESIDENT, receipt))


@router.post("/receipt/{receipt}")
async def receipt_action(request: Request, workspace: WorkspaceDep, follow: ReceiptDep) -> Response:
    """Take the form of one action."""
    sent = await form_fields(request)
    return await run_in_threadpool(_acted, request, workspace, follow, sent)


@router.post("/receipt/{receipt}/photos")
async def receipt_photos(request: Request, workspace: WorkspaceDep, follow: ReceiptDep) -> Response:
    """Take photos of what was reported."""
    sent = await _own_photos_sent(request, workspace, follow)
    return await run_in_threadpool(_photographed, request, workspace, follow, sent)


@router.get("/receipt/{receipt}/photos/{photo}")
def receipt_photo(
    workspace: WorkspaceDep, follow: ReceiptDep, photo: Number, size: Size = "full"
) -> Response:
    """Return a photo that was sent with the report."""
    return _picture(workspace, follow, photo, size)


# -- inside -------------------------------------------------------------------------------


def _start(
    request: Request,
    *,
    can_sign_in: bool,
    target: str = "/my",
    typed: str = "",
    error: GridmapError | None = None,
    status: int = 200,
) -> Response:
    """Show the two ways in: the account, and the receipt."""
    lang = language(request.scope)
    said = None if error is None else plain_refusal(error, lang, heading_of(error, lang))
    body = page(
        "receipt.html",
        request.scope,
        can_sign_in=can_sign_in,
        sign_in="/login?" + urlencode({"next": localised(target, request.scope)}),
        typed=typed[:60],
        error=said,
    )
    return HTMLResponse(body, status if error is None else kind_of(error).status, _NOT_KEPT)


def _found(request: Request, workspace: Workspace, typed: str, can_sign_in: bool) -> Response:
    try:
        workspace.report_of_receipt(typed, actor=_RESIDENT)
    except NotFound as error:
        return _start(request, can_sign_in=can_sign_in, typed=typed, error=error)
    where = f"/receipt/{receipt_shown(receipt_read(typed))}"
    return RedirectResponse(localised(where, request.scope), 303, _NOT_KEPT)


def _acted(
    request: Request, workspace: Workspace, follow: Follow, sent: dict[str, str]
) -> Response:
    sent.pop(FORM_FIELD, None)
    action = sent.pop("action", "")
    lang = language(request.scope)
    # Whether it is theirs comes before what they want of it.
    workspace.own_report(follow.number, key=follow.proof, actor=follow.actor)
    try:
        if action not in OWN_ACTIONS:
            raise NotFound("There is no such action.", got=action, allowed=list(OWN_ACTIONS))
        given = given_to(action, sent) | {"key": follow.proof}
        workspace.act(follow.number, action, lang=lang, actor=follow.actor, **given)
    except StoreError:
        raise
    except GridmapError as error:
        said = Sent(action, sent, error)
        return shown_own(request, workspace, follow, said, status=kind_of(error).status)
    where = f"{follow.path}?done={action}"
    return RedirectResponse(localised(where, request.scope), 303, _NOT_KEPT)


async def _own_photos_sent(request: Request, workspace: Workspace, follow: Follow) -> SentPhotos:
    """Return the photos of a form; whose report it is comes before reading what may be large."""
    try:
        await run_in_threadpool(
            workspace.own_report, follow.number, key=follow.proof, actor=follow.actor
        )
    except GridmapError:
        await request.close()
        raise
    return await sent_photos(request)


def _photographed(
    request: Request, workspace: Workspace, follow: Follow, sent: SentPhotos
) -> Response:
    lang = language(request.scope)
    kept, refused, status = keep_photos(
        sent,
        lambda raw: workspace.add_photo(follow.number, raw, key=follow.proof, actor=follow.actor),
        lang,
    )
    if refused:
        return shown_own(request, workspace, follow, kept=kept, refused=refused, status=status)
    where = localised(f"{follow.path}?photos={kept}", request.scope) + "#photos"
    return RedirectResponse(where, 303, _NOT_KEPT)


def _picture(workspace: Workspace, follow: Follow, photo: int, size: str) -> Response:
    data = workspace.own_photo(
        follow.number, photo, thumb=size == "thumb", key=follow.proof, actor=follow.actor
    )
    return Response(data, media_type=MEDIA_TYPE, headers={"Cache-Control": "private, no-store"})


def shown_own(
    request: Request,
    workspace: Workspace,
    follow: Follow,
    said: Sent | None = None,
    *,
    taken: bool = False,
    kept: int = 0,
    refused: list[dict[str, Any]] | None = None,
    status: int = 200,
) -> Response:
    """Return the page of a report that somebody sent.

    Parameters
    ----------
    said : Sent, optional
        What came of a form of the page.
    taken : bool
        The report came in just now: the page begins with that, and with its receipt.
    kept, refused : int, list of dict
        What came of photos that were just sent.
    """
    lang = language(request.scope)
    one = workspace.own_report(follow.number, key=follow.proof, lang=lang, actor=follow.actor)
    said = said or Sent()
    typed = (said.action, said.typed) if said.error is not None else None
    forms = forms_of(one, Choices(lang, sent=typed, unsaid="page.mine.no_answer"))
    query = request.query_params
    body = page(
        "my_report.html",
        request.scope,
        one=one,
        order=one.order,
        report=one.report,
        line=line_words(one.report, lang),
        path=follow.path,
        switch=switch_at(follow.path, request.scope),
        by_receipt=follow.proof is not None,
        taken=taken or query.get("taken") == "1",
        due=_due(one.order, workspace.clock(), lang),
        times=_times(one, lang),
        forms=forms,
        said=said,
        error=None
        if said.error is None
        else plain_refusal(said.error, lang, heading_of(said.error, lang)),
        left_over=left_over(said, forms, one, lang),
        done=done_words(query.get("done", ""), lang),
        photos=gallery(
            one.photos, lambda key, more: f"{quote(follow.path)}/photos/{key}{more}", lang
        ),
        kept=kept or count_of(query.get("photos", "")),
        refused_photos=refused or [],
        limits=photo_limits(workspace.settings, lang),
        at_site=at_site,
    )
    return HTMLResponse(body, status, _NOT_KEPT)


def _due(order: Mapping[str, Any], now: Any, lang: str) -> dict[str, str]:
    return due_words({**order, "managed_by": ""}, now, lang)


def _times(one: OwnReport, lang: str) -> list[tuple[str, str]]:
    """Return label and local time of what has happened so far."""
    found = [("received_at", one.report["received_at"])]
    found += [(name, one.order[name]) for name in _TIMES if one.order[name] is not None]
    return [(translate(f"page.mine.time.{name}", lang), at_site(value)) for name, value in found]
