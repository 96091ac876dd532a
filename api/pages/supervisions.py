"""Pages of supervision orders: the list, a sheet to print with its next steps, a new one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.error_words import plain_refusal
from api.errors import heading_of, kind_of
from api.identity import FORM_FIELD, form_fields
from api.pages.order_given import read_as, ticked, whole
from api.pages.order_words import at_site, due_words
from api.pages.orders import offset_of, page_at
from api.supervision import (
    Key,
    SupervisionAnswerIn,
    SupervisionCloseIn,
    SupervisionIn,
    SupervisionRefuseIn,
)
from api.templates import language, localised, page
from gridmap.access import Action, Actor, may
from gridmap.cases.supervision import SupervisionState
from gridmap.errors import BadValue, GridmapError, NotAllowed, NotFound, StoreError
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_ON_A_PAGE = 40
_NOT_KEPT = {"Cache-Control": "no-store"}
_STATES = [state.value for state in SupervisionState]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a supervision order: its form's fields, and what takes it.

    Attributes
    ----------
    texts : tuple of str
        Fields of several lines.
    until : bool
        Also a new time for the reply.
    """

    adapter: TypeAdapter[Any]
    act: Callable[..., Any]
    texts: tuple[str, ...]
    until: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All fields, in order."""
        return (*self.texts, "reply_by") if self.until else self.texts


_STEPS: Mapping[str, Step] = {
    "answer": Step(TypeAdapter(SupervisionAnswerIn), Workspace.answer_supervision, ("reply",)),
    "refuse": Step(
        TypeAdapter(SupervisionRefuseIn), Workspace.refuse_supervision, ("why",), until=True
    ),
    "close": Step(TypeAdapter(SupervisionCloseIn), Workspace.close_supervision, ("outcome",)),
}
_ISSUE = TypeAdapter(SupervisionIn)


@dataclass(frozen=True, slots=True)
class Said:
    """What came of a form that was just sent."""

    step: str = ""
    typed: Mapping[str, str] = field(default_factory=dict)
    error: GridmapError | None = None

    def words(self, lang: str) -> dict[str, Any] | None:
        """Return the refusal for the page."""
        if self.error is None:
            return None
        return plain_refusal(self.error, lang, heading_of(self.error, lang))

    @property
    def status(self) -> int:
        """Return the status of the page."""
        return 200 if self.error is None else kind_of(self.error).status


@router.get("/supervision", dependencies=needs(Action.SUPERVISION_READ))
def listed(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """List supervision orders within reach, the newest first."""
    lang, query = language(request.scope), request.query_params
    state = query.get("state", SupervisionState.ISSUED.value)
    if state not in [*_STATES, "all"]:
        raise BadValue("There is no such state.", got=state[:40], allowed=[*_STATES, "all"])
    number = whole("number", query.get("number", ""))
    asked = offset_of(query.get("offset", "0"))
    found = workspace.supervisions(number=number, lang=lang, actor=actor)
    shown = [one for one in found if state in {"all", one["state"]}]
    total, offset, sheets = page_at(
        lambda at: (len(shown), shown[at:][:_ON_A_PAGE]), asked, _ON_A_PAGE
    )
    now = workspace.clock()
    body = page(
        "supervisions.html",
        request.scope,
        sheets=[one | {"due": _due(one, now, lang)} for one in sheets],
        totals={s: sum(s in {"all", one["state"]} for one in found) for s in [*_STATES, "all"]},
        total=total,
        state=state,
        number=number,
        offset=offset,
        on_a_page=_ON_A_PAGE,
        at_site=at_site,
    )
    return HTMLResponse(body, headers=_NOT_KEPT)


# Before the sheets, whose numbers would take its name for one of theirs.
@router.get("/supervision/new", dependencies=needs(Action.SUPERVISION_ISSUE))
def new_sheet(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Show the form for a new one, about an order when one is named."""
    number = whole("number", request.query_params.get("number", ""))
    return _form(request, workspace, actor, number, Said())


@router.post("/supervision/new", dependencies=needs(Action.SUPERVISION_ISSUE))
async def issue(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Issue it under the next number of the year."""
    sent = await form_fields(request)
    return await run_in_threadpool(_issued, request, workspace, actor, sent)


@router.get("/supervision/{key}", dependencies=needs(Action.SUPERVISION_READ))
def sheet(request: Request, workspace: WorkspaceDep, actor: ActorDep, key: Key) -> Response:
    """Show the sheet that is printed, signed and filed, and the forms of what comes next."""
    return _sheet(request, workspace, actor, key, Said())


# The step's own permission is asked where it is taken.
@router.post("/supervision/{key}", dependencies=needs(Action.SUPERVISION_READ))
async def take_step(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, key: Key
) -> Response:
    """Take the form of one step; what is refused is shown with what was typed."""
    sent = await form_fields(request)
    return await run_in_threadpool(_stepped, request, workspace, actor, key, sent)


def _stepped(
    request: Request, workspace: Workspace, actor: Actor, key: int, sent: dict[str, str]
) -> Response:
    sent.pop(FORM_FIELD, None)
    name = sent.pop("step", "")
    lang = language(request.scope)
    workspace.supervision(key, actor=actor)
    try:
        step = _STEPS.get(name)
        if step is None:
            raise NotFound("There is no such action.", got=name[:40], allowed=list(_STEPS))
        given = _typed(sent, step.names) | {"version": whole("version", sent.get("version", ""))}
        step.act(workspace, key, **read_as(step.adapter, given), lang=lang, actor=actor)
    except StoreError:
        raise
    except GridmapError as error:
        return _sheet(request, workspace, actor, key, Said(name, sent, error))
    where = localised(f"/supervision/{key}?done={name}", request.scope)
    return RedirectResponse(where, 303, _NOT_KEPT)


def _issued(request: Request, workspace: Workspace, actor: Actor, sent: dict[str, str]) -> Response:
    sent.pop(FORM_FIELD, None)
    lang = language(request.scope)
    number: int | None = None
    try:
        number = whole("number", sent.get("number", ""))
        names = ("department", "subject", "demands", "reply_by")
        given = _typed(sent, names) | {"number": number, "copies": sorted(ticked("copies", sent))}
        made = workspace.issue_supervision(**read_as(_ISSUE, given), lang=lang, actor=actor)
    except StoreError:
        raise
    except GridmapError as error:
        return _form(request, workspace, actor, number, Said("issue", sent, error))
    where = localised(f"/supervision/{made['id']}?done=issue", request.scope)
    return RedirectResponse(where, 303, _NOT_KEPT)


def _typed(sent: Mapping[str, str], names: tuple[str, ...]) -> dict[str, str]:
    """Return the fields that hold something, with lines as the record has them."""
    found = {name: sent.get(name, "").replace("\r\n", "\n").strip() for name in names}
    return {name: text for name, text in found.items() if text}


def _form(
    request: Request, workspace: Workspace, actor: Actor, number: int | None, said: Said
) -> Response:
    lang = language(request.scope)
    try:
        bodies = workspace.addressees(number, lang=lang, actor=actor)
    except (NotFound, NotAllowed) as error:
        # The order that was typed is not there or not theirs: the form stays, with all in it.
        said = Said(said.step, said.typed, said.error or error)
        bodies = workspace.addressees(lang=lang, actor=actor)
    first = bodies[0][0] if number is not None and bodies and not said.typed else ""
    body = page(
        "supervision_new.html",
        request.scope,
        bodies=bodies,
        number=said.typed.get("number", number or ""),
        typed={"department": first, **said.typed},
        copies=ticked("copies", said.typed),
        error=said.words(lang),
    )
    return HTMLResponse(body, said.status, _NOT_KEPT)


def _sheet(request: Request, workspace: Workspace, actor: Actor, key: int, said: Said) -> Response:
    lang = language(request.scope)
    one = workspace.supervision(key, lang=lang, actor=actor)
    steps = workspace.supervision_steps(key, actor=actor)
    done = request.query_params.get("done", "")
    left = [] if said.step in steps or said.step not in _STEPS else _STEPS[said.step].names
    body = page(
        "supervision.html",
        request.scope,
        one=one,
        steps=[(name, _STEPS[name]) for name in steps],
        due=_due(one, workspace.clock(), lang),
        said=said,
        left_over=[(name, said.typed[name]) for name in left if said.typed.get(name)],
        error=said.words(lang),
        done=done if done in {*_STEPS, "issue"} else "",
        sees_orders=may(actor, Action.ORDER_READ),
        at_site=at_site,
    )
    return HTMLResponse(body, said.status, _NOT_KEPT)


def _due(one: Mapping[str, Any], now: datetime, lang: str) -> dict[str, str]:
    """Return when a reply is due; nobody waits once there is one."""
    waits = one["state"] == SupervisionState.ISSUED.value
    order = {"due_at": one["reply_by"], "managed_by": "", "open": waits, "resolved_at": None}
    return due_words(order, now, lang)
