"""The page of one work order: what it is about, what happened, and a form for each action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.error_words import plain_refusal
from api.errors import heading_of, kind_of
from api.identity import FORM_FIELD, form_fields
from api.pages.order_forms import Choices, HasForms, forms_of
from api.pages.order_given import given_to, ticked
from api.pages.order_words import at_site, due_words, event_words, line_words, listed
from api.pages.orders import item_options
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
from gridmap.cases.fields import Field, Kind
from gridmap.cases.model import SYSTEM
from gridmap.cases.photos import PhotoKind
from gridmap.cases.table import TRANSITIONS
from gridmap.errors import BadValue, GridmapError, InputError, NotAllowed, Stale, StoreError
from gridmap.i18n import translate
from gridmap.workspace import ReportSource, Workspace
from gridmap.workspace.order_pages import OrderPage
from gridmap.workspace.personal import MAX_WHY, MIN_WHY

__all__ = [
    "SUBMITTED",
    "Number",
    "Pictures",
    "Sent",
    "done_words",
    "left_over",
    "router",
    "shown_order",
]

router = APIRouter(include_in_schema=False)

Number = Annotated[int, Path(ge=1, lt=2**53)]

# How an order begins: nobody asks for it by name, but who records a report is told.
SUBMITTED = "order.submit"

_NOT_KEPT = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of a form that was just sent, to be said on the page.

    Attributes
    ----------
    action : str
        Its action; ``reporter`` for the form that reads whom the report names.
    typed : mapping
        As it was sent.
    reporter : dict or None
        Whom the report names, in the clear.
    """

    action: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    error: GridmapError | None = None
    reporter: dict[str, Any] | None = None


@router.get("/orders/{number}", dependencies=needs(Action.ORDER_READ))
def one_order(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, number: Number
) -> Response:
    """Show the order as it stands."""
    return shown_order(request, workspace, actor, number)


# The action's own permission is asked where it is done, as for every other door.
@router.post("/orders/{number}", dependencies=needs(Action.ORDER_READ))
async def act(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, number: Number
) -> Response:
    """Take the form of one action; what is refused is shown with what was typed."""
    sent = await form_fields(request)
    return await run_in_threadpool(_acted, request, workspace, actor, number, sent)


@router.post("/orders/{number}/reporter", dependencies=needs(Action.PERSONAL_READ))
async def reporter(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, number: Number
) -> Response:
    """Show whom the report names, in the clear, to its current handler; the log keeps it."""
    sent = await form_fields(request)
    return await run_in_threadpool(_read, request, workspace, actor, number, sent)


@router.post("/orders/{number}/photos", dependencies=needs(Action.ORDER_COMMENT))
async def photos(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, number: Number
) -> Response:
    """Take photos of the place as reported, before or after the work."""
    sent = await sent_photos(request)
    return await run_in_threadpool(_photographed, request, workspace, actor, number, sent)


def _photographed(
    request: Request, workspace: Workspace, actor: Actor, number: int, sent: SentPhotos
) -> Response:
    lang = language(request.scope)
    workspace.order(number, lang=lang, actor=actor)
    kept, refused, status = keep_photos(
        sent, lambda raw: workspace.add_photo(number, raw, kind=sent.kind, actor=actor), lang
    )
    if refused:
        pictures = Pictures(kept, refused, sent.kind)
        return shown_order(request, workspace, actor, number, pictures=pictures, status=status)
    where = localised(f"/orders/{number}?photos={kept}", request.scope) + "#photos"
    return RedirectResponse(where, 303, _NOT_KEPT)


@dataclass(frozen=True, slots=True)
class Pictures:
    """What came of photos that were just sent."""

    kept: int = 0
    refused: list[dict[str, Any]] = field(default_factory=list)
    kind: str = ""


def _acted(
    request: Request, workspace: Workspace, actor: Actor, number: int, sent: dict[str, str]
) -> Response:
    sent.pop(FORM_FIELD, None)
    action = sent.pop("action", "")
    lang = language(request.scope)
    # Whether they may see it at all comes before what they want of it.
    workspace.order(number, lang=lang, actor=actor)
    try:
        given = given_to(action, sent)
        done = workspace.act(number, action, lang=lang, actor=actor, **given)
    except StoreError:
        raise
    except GridmapError as error:
        said = Sent(action, sent, error)
        return shown_order(request, workspace, actor, number, said, status=kind_of(error).status)
    # Given back or sent on, it may be theirs no more.
    where = f"/orders/{number}?done={action}" if "history" in done else f"/orders?done={number}"
    return RedirectResponse(localised(where, request.scope), 303, _NOT_KEPT)


def _read(
    request: Request, workspace: Workspace, actor: Actor, number: int, sent: Mapping[str, str]
) -> Response:
    why = sent.get("why", "").strip()
    try:
        if not MIN_WHY <= len(why) <= MAX_WHY:
            workspace.order(number, actor=actor)
            raise BadValue(
                "A reason is needed: the log keeps it.",
                got=f"{len(why)} characters",
                allowed=f"{MIN_WHY} to {MAX_WHY}",
            )
        found = workspace.read_reporter(number, why=why, actor=actor)
    except (InputError, NotAllowed) as error:
        said = Sent("reporter", sent, error)
        return shown_order(request, workspace, actor, number, said, status=kind_of(error).status)
    return shown_order(request, workspace, actor, number, Sent("reporter", reporter=found))


def shown_order(
    request: Request,
    workspace: Workspace,
    actor: Actor,
    number: int,
    said: Sent | None = None,
    *,
    pictures: Pictures | None = None,
    status: int = 200,
) -> Response:
    """Return the page of an order, with what came of a form or photos that were just sent."""
    lang = language(request.scope)
    one = workspace.order_page(number, lang=lang, actor=actor)
    said = said or Sent()
    typed = (said.action, said.typed) if said.error is not None else None
    choices = Choices(lang, item_options(workspace, lang, one.order["catalogue"]), typed)
    forms = forms_of(one, choices)
    history = [_event(one, event, lang) for event in one.order["history"]]
    query = request.query_params
    if pictures is None:
        pictures = Pictures(count_of(query.get("photos", "")))
    stale = said.error if isinstance(said.error, Stale) else None
    body = page(
        "order.html",
        request.scope,
        switch=switch_at(f"/orders/{number}", request.scope),
        one=one,
        order=one.order,
        report=one.order["report"],
        line=line_words(one.order["report"], lang),
        source=_source(one.order["report"]["source"], lang),
        due=due_words(one.order, workspace.clock(), lang),
        times=_times(one.order, lang),
        forms=forms,
        history=history[::-1],
        changes=[] if stale is None else [h for h in history if h["seq"] > _seen(stale)],
        said=said,
        error=_refused(said, lang),
        # What was typed for an action that is closed by now is not thrown away.
        left_over=left_over(said, forms, one, lang),
        done=done_words(_done(query.get("done", ""), said), lang),
        photos=None if one.photos is None else _gallery(one.photos, number, lang),
        photos_kept=pictures.kept,
        refused_photos=pictures.refused,
        photo_kinds=[kind.value for kind in (PhotoKind.AFTER, PhotoKind.BEFORE, PhotoKind.REPORT)],
        photo_kind=pictures.kind,
        limits=photo_limits(workspace.settings, lang),
        at_site=at_site,
        system=SYSTEM,
        why_most=MAX_WHY,
        why_least=MIN_WHY,
    )
    return HTMLResponse(body, status, _NOT_KEPT)


def _gallery(photos: list[dict[str, Any]], number: int, lang: str) -> list[dict[str, Any]]:
    return gallery(photos, lambda key, more: f"/api/reports/{number}/photos/{key}{more}", lang)


def _source(source: str | None, lang: str) -> str:
    """Return which way a report came in; files of reports may name ways of their own."""
    if source in {one.value for one in ReportSource}:
        return translate(f"page.order.source.{source}", lang)
    return source or translate("sheet.none", lang)


def _event(one: OrderPage, event: Mapping[str, Any], lang: str) -> dict[str, Any]:
    return event_words(
        event, lang=lang, names=one.names, people=one.people, item_name=one.item_name
    )


def _seen(stale: Stale) -> int:
    """Return the version that the form was filled in for."""
    return stale.got if isinstance(stale.got, int) else 0


def _refused(said: Sent, lang: str) -> dict[str, Any] | None:
    if said.error is None:
        return None
    return plain_refusal(said.error, lang, heading_of(said.error, lang))


def left_over(said: Sent, forms: list[Any], one: HasForms, lang: str) -> list[tuple[str, str]]:
    """Return what was typed for an action that is closed by now, as label and text."""
    row = TRANSITIONS.get(said.action)
    if said.error is None or row is None or any(form.typed for form in forms):
        return []
    names = {**one.names, **dict(one.bodies)}
    found = ((field.name, _typed(field, said.typed, names, lang)) for field in row.fields)
    return [(translate(f"page.order.field.{name}", lang), text) for name, text in found if text]


def _typed(field: Field, typed: Mapping[str, str], names: Mapping[str, str], lang: str) -> str:
    """Return what was typed into a field, bodies by their names."""
    if field.kind is Kind.BODIES:
        return listed(sorted(ticked(field.name, typed)), lang, names)
    text = typed.get(field.name, "").strip()
    return names.get(text, text) if field.kind is Kind.BODY else text


def _done(asked: str, said: Sent) -> str:
    """Return the action that was done just now, by the address or the form that was sent."""
    return asked or ("" if said.error is not None else said.action)


def done_words(action: str, lang: str) -> str:
    """Return that an action was done, in words; empty for what is none."""
    row = TRANSITIONS.get(action)
    if row is None or (row.by_time and action != SUBMITTED):
        return ""
    return translate("page.order.done", lang, action=translate(f"action.{action}", lang))


# Times of an order that are shown when it has them.
_TIMES = (
    "received_at", "dispatched_at", "accept_by", "contact_by", "contacted_at", "due_original",
    "stage_due_at", "backlog_review_at", "resolved_at", "closed_at", "named_at",
)  # fmt: skip


def _times(order: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    """Return label and local time of what an order has of times."""
    found = {name: order[name] for name in _TIMES if order[name] is not None}
    if found.get("due_original") == order["due_at"]:
        found.pop("due_original", None)
    return [(translate(f"page.order.time.{name}", lang), at_site(v)) for name, v in found.items()]
