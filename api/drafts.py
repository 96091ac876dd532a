"""Drafts of plans: begun, edited together, undone, branched, given up, published."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.draft_models import (
    BranchIn,
    DraftIn,
    DraftOut,
    DraftPublishedOut,
    DraftPublishIn,
    DraftsOut,
    EditIn,
    EditOut,
    TurnIn,
)
from api.draft_parts import MADE, DraftNumber, outcome
from api.openapi import problems, request_body
from api.rendering import answer_json
from api.reports import LangQuery
from gridmap.access import Action, Actor
from gridmap.times import to_site
from gridmap.workspace import PublishOutcome, Workspace

__all__ = ["router"]

router = APIRouter(tags=["drafts"])

_DRAFT = TypeAdapter(DraftIn)
_BRANCH = TypeAdapter(BranchIn)
_TURN = TypeAdapter(TurnIn)
_EDIT = TypeAdapter(EditIn)
_PUBLISH = TypeAdapter(DraftPublishIn)
_MOST_MOVES = 1_000


@router.get(
    "/api/drafts",
    summary="List drafts of plans, for staff that plans",
    dependencies=needs(Action.EDITION_CHECK),
    response_model=DraftsOut,
    responses=problems(403, 500, 503),
)
def list_drafts(workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Return all drafts without their logs, the newest first."""
    return answer_json({"drafts": workspace.plan_drafts(actor=actor)})


@router.post(
    "/api/drafts",
    summary="Begin a draft of a plan",
    dependencies=needs(Action.EDITION_DRAFT),
    status_code=201,
    response_model=DraftOut,
    responses=MADE | problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(DraftIn),
)
def start_draft(workspace: WorkspaceDep, actor: ActorDep, body: JsonBody) -> Response:
    """Begin a plan of an edition's grids."""
    asked = parsed(_DRAFT, body)
    number = workspace.start_draft(
        asked.name, edition=asked.edition, level=asked.level, why=asked.why, actor=actor
    )
    return _begun(workspace, number, actor)


@router.get(
    "/api/drafts/{number}",
    summary="One draft with its log",
    dependencies=needs(Action.EDITION_CHECK),
    response_model=DraftOut,
    responses=problems(403, 404, 422, 500, 503),
)
def one_draft(workspace: WorkspaceDep, actor: ActorDep, number: DraftNumber) -> Response:
    """Return who did what, when and why; and which edits are in effect."""
    return answer_json(workspace.plan_draft(number, actor=actor))


@router.post(
    "/api/drafts/{number}/edits",
    summary="Edit a draft",
    dependencies=needs(Action.EDITION_DRAFT),
    response_model=EditOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(EditIn),
)
def edit_draft(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    body: JsonBody,
) -> Response:
    """Apply an edit, or refuse it with every reason and its place.

    The version is the one that was looked at. Is the draft at another one by now, the answer
    is 409 with what others did since, and nothing is changed.
    """
    asked = parsed(_EDIT, body)
    edit = asked.edit.model_dump(mode="json", exclude_none=True)
    done = workspace.edit_draft(number, asked.version, edit, why=asked.why, actor=actor)
    return answer_json(outcome(workspace, done))


@router.post(
    "/api/drafts/{number}/undo",
    summary="Take back the last edit of a draft",
    dependencies=needs(Action.EDITION_DRAFT),
    response_model=EditOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(TurnIn),
)
def undo(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    body: JsonBody,
) -> Response:
    """Take back the last edit in effect, whoever made it; it stays in the log."""
    asked = parsed(_TURN, body)
    done = workspace.undo_draft(number, asked.version, why=asked.why, actor=actor)
    return answer_json(outcome(workspace, done))


@router.post(
    "/api/drafts/{number}/redo",
    summary="Do again what was undone last",
    dependencies=needs(Action.EDITION_DRAFT),
    response_model=EditOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(TurnIn),
)
def redo(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    body: JsonBody,
) -> Response:
    """Do again the edit that was undone last; an edit after an undo leaves nothing to redo."""
    asked = parsed(_TURN, body)
    done = workspace.redo_draft(number, asked.version, why=asked.why, actor=actor)
    return answer_json(outcome(workspace, done))


@router.post(
    "/api/drafts/{number}/branch",
    summary="Begin a scenario from a draft",
    dependencies=needs(Action.EDITION_DRAFT),
    status_code=201,
    response_model=DraftOut,
    responses=MADE | problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(BranchIn),
)
def branch(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    body: JsonBody,
) -> Response:
    """Begin a draft with the edits that this one has in effect, now or at a version."""
    asked = parsed(_BRANCH, body)
    begun = workspace.branch_draft(
        number, asked.name, version=asked.version, why=asked.why, actor=actor
    )
    return _begun(workspace, begun, actor)


@router.post(
    "/api/drafts/{number}/discard",
    summary="Give a draft up",
    dependencies=needs(Action.EDITION_DRAFT),
    response_model=DraftOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(TurnIn),
)
def discard(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    body: JsonBody,
) -> Response:
    """Close a draft; its log stays to be read and branched from, and its name stays taken."""
    asked = parsed(_TURN, body)
    return answer_json(
        workspace.discard_draft(number, asked.version, why=asked.why, commit=True, actor=actor)
    )


@router.post(
    "/api/drafts/{number}/publish",
    summary="Publish a draft as an edition",
    dependencies=needs(Action.EDITION_PUBLISH),
    response_model=DraftPublishedOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(DraftPublishIn),
)
def publish(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    body: JsonBody,
    dry_run: Annotated[bool, Query(description="Only look what it would come to.")] = False,
    lang: LangQuery = None,
) -> Response:
    """Audit the draft, prove its routes, list the open reports that move, and date it.

    It becomes an edition like any other, in force from its date, and is closed. Was it changed
    before that, nothing is in force, and the answer is 409 with what others did. So it is when
    the draft began with another edition than it would replace, unless a reason is given.

    Who may publish in some places only is answered 403 unless all edits in effect lie there and
    it replaces the edition that it began with.
    """
    asked = parsed(_PUBLISH, body)
    done = workspace.publish_draft(
        number,
        asked.version,
        edition=asked.edition,
        effective_from=asked.effective_from,
        why=asked.why,
        accept_faults=asked.accept_faults,
        accept_replaced=asked.accept_replaced,
        backdate=asked.backdate,
        reports=asked.reports,
        commit=not dry_run,
        actor=actor,
    )
    return answer_json(_published(workspace, done, lang or workspace.settings.language))


def _begun(workspace: Workspace, number: int, actor: Actor) -> Response:
    record = workspace.plan_draft(number, actor=actor)
    return answer_json(record, status=201, location=f"/api/drafts/{number}")


def _published(workspace: Workspace, done: PublishOutcome, lang: str) -> dict[str, Any]:
    plan = done.moves
    moves = [] if plan is None else plan.moves[:_MOST_MOVES]
    return {
        "edition": done.edition,
        "effective_from": to_site(done.effective_from, workspace.zone),
        "committed": done.committed,
        "replaces": done.replaces,
        "followed_by": done.followed_by,
        "effective_to": done.effective_to and to_site(done.effective_to, workspace.zone),
        "begun_with": done.begun_with,
        "areas": done.areas,
        "faults": [fault.as_dict(lang) for fault in done.faults],
        "routes": [fault.as_dict(lang) for fault in done.routes],
        "route_check": done.route_check,
        "retired": [{"level": level, "code": code} for level, code in sorted(done.retired)],
        "open_reports": None if plan is None else plan.counts(),
        "moves": [
            {
                "number": move.report.number,
                "item": move.report.item,
                "changed": {level: list(pair) for level, pair in move.changed_levels.items()},
                "department": move.report.department,
                "new_department": None if move.decision is None else move.decision.department,
                "reason": move.reason.value,
            }
            for move in moves
        ],
    }
