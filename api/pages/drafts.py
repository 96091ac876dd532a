"""Pages of drafts of grid plans: the list with a form to begin one, and the editor's frame."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.draft_models import DraftIn
from api.draft_parts import DraftNumber
from api.error_words import plain_refusal
from api.errors import heading_of, kind_of
from api.identity import FORM_FIELD, form_fields
from api.pages.order_given import read_as
from api.pages.order_words import at_site
from api.pages.service_views import map_frame
from api.pages.tiles import base_for, policy_for
from api.templates import language, localised, page
from gridmap.access import Action, Actor, may
from gridmap.areas import Levels
from gridmap.coverage.editions import EditionState
from gridmap.errors import GridmapError, StoreError
from gridmap.i18n import texts
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_NOT_KEPT = {"Cache-Control": "no-store"}
_BEGIN = TypeAdapter(DraftIn)
_FIELDS = ("name", "edition", "why")
# What the editor's scripts say.
_ROOMS = ("editor.", "problem.", "page.no_answer")


@dataclass(frozen=True, slots=True)
class _Sent:
    """A form that was refused: what was typed, and why."""

    typed: Mapping[str, str] = field(default_factory=dict)
    error: GridmapError | None = None

    def words(self, lang: str) -> dict[str, Any] | None:
        """Return the refusal for the page."""
        if self.error is None:
            return None
        return plain_refusal(self.error, lang, heading_of(self.error, lang))


@router.get("/drafts", dependencies=needs(Action.EDITION_CHECK))
def listed(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """List all drafts, the newest first, with a form for who may begin one."""
    return _listed(request, workspace, actor, _Sent())


@router.post("/drafts", dependencies=needs(Action.EDITION_DRAFT))
async def begin(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Begin a draft, and lead to its editor; what is refused is shown with what was typed."""
    sent = await form_fields(request)
    return await run_in_threadpool(_begun, request, workspace, actor, sent)


@router.get("/drafts/{number}", dependencies=needs(Action.EDITION_CHECK))
def editor(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, number: DraftNumber
) -> Response:
    """Show the editor of a draft; its map and figures are fetched by its scripts."""
    lang = language(request.scope)
    draft = workspace.plan_draft(number, actor=actor)
    base = base_for(request, actor)
    levels = _labels(workspace.levels(), lang)
    frame = map_frame(workspace, None, base) | {
        "number": number,
        "lang": lang,
        "me": actor.name,
        "levels": levels,
        "order": list(levels),
        "may": {
            "draft": may(actor, Action.EDITION_DRAFT),
            "publish": may(actor, Action.EDITION_PUBLISH),
        },
    }
    told = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in draft.items()
        if name not in {"log", "in_effect", "redo"}
    }
    body = page(
        "draft.html",
        request.scope,
        draft=told,
        level=levels.get(draft["level"], draft["level"]),
        frame=frame,
        texts=texts(lang, *_ROOMS),
        base=base,
        review_no=workspace.settings.map_review_no,
        demo=workspace.store.is_demo(),
        now=at_site(workspace.clock().astimezone(workspace.zone)).replace(" ", "T"),
        at_site=at_site,
    )
    return HTMLResponse(body, headers={**_NOT_KEPT, **policy_for(base)})


def _begun(request: Request, workspace: Workspace, actor: Actor, sent: dict[str, str]) -> Response:
    sent.pop(FORM_FIELD, None)
    typed = {name: sent[name].strip() for name in _FIELDS if sent.get(name, "").strip()}
    try:
        number = workspace.start_draft(**read_as(_BEGIN, typed), actor=actor)
    except StoreError:
        raise
    except GridmapError as error:
        return _listed(request, workspace, actor, _Sent(typed, error))
    return RedirectResponse(localised(f"/drafts/{number}", request.scope), 303, _NOT_KEPT)


def _listed(request: Request, workspace: Workspace, actor: Actor, sent: _Sent) -> Response:
    lang = language(request.scope)
    drafts = workspace.plan_drafts(actor=actor)
    now = workspace.edition_at()
    names = [
        one["name"]
        for one in workspace.editions(actor=actor)
        if one["retired_at"] is None and one["state"] in _PLANNED
    ]
    body = page(
        "drafts.html",
        request.scope,
        drafts=drafts,
        names={one["id"]: one["name"] for one in drafts},
        levels=_labels(workspace.levels(), lang),
        editions=names,
        typed={"edition": now.name if now else "", **sent.typed},
        error=sent.words(lang),
        at_site=at_site,
    )
    status = 200 if sent.error is None else kind_of(sent.error).status
    return HTMLResponse(body, status, _NOT_KEPT)


_PLANNED = frozenset({EditionState.PUBLISHED.value, EditionState.DRAFT.value})


def _labels(levels: Levels, lang: str) -> dict[str, str]:
    return {one.name: one.label_en if lang == "en" else one.label for one in levels}
