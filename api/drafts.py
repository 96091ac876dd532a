"""Drafts of plans: edited together, undone, branched, measured, published; all for staff."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.draft_models import (
    BranchIn,
    DraftIn,
    DraftLayerOut,
    DraftOut,
    DraftPublishedOut,
    DraftPublishIn,
    DraftsOut,
    EditIn,
    EditOut,
    MeasuresOut,
    TurnIn,
)
from api.openapi import problems, request_body
from api.rendering import answer_bytes, answer_json
from api.reports import LangQuery
from gridmap.access import Action
from gridmap.times import to_site
from gridmap.workspace import EditOutcome, PublishOutcome, Workspace

__all__ = ["router"]

router = APIRouter(tags=["drafts"])

_DRAFT = TypeAdapter(DraftIn)
_BRANCH = TypeAdapter(BranchIn)
_TURN = TypeAdapter(TurnIn)
_EDIT = TypeAdapter(EditIn)
_PUBLISH = TypeAdapter(DraftPublishIn)
_MOST_MOVES = 1_000

DraftNumber = Annotated[int, Path(ge=1, lt=2**53, description="Number of the draft.")]
VersionQuery = Annotated[
    int | None, Query(ge=0, lt=2**31, description="As it was at that version; now if left out.")
]


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
    response_model=DraftOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(DraftIn),
)
def start_draft(workspace: WorkspaceDep, actor: ActorDep, body: JsonBody) -> Response:
    """Begin a plan of an edition's grids; its level right above the finest one is planned."""
    asked = parsed(_DRAFT, body)
    number = workspace.start_draft(asked.name, edition=asked.edition, why=asked.why, actor=actor)
    return answer_json(workspace.plan_draft(number, actor=actor))


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
    workspace: WorkspaceDep, actor: ActorDep, number: DraftNumber, body: JsonBody
) -> Response:
    """Apply an edit, or refuse it with every reason and its place.

    The version is the one that was looked at. Is the draft at another one by now, the answer
    is 409 with what others did since, and nothing is changed.
    """
    asked = parsed(_EDIT, body)
    edit = asked.edit.model_dump(mode="json", exclude_none=True)
    done = workspace.edit_draft(number, asked.version, edit, why=asked.why, actor=actor)
    return _outcome(workspace, done)


@router.post(
    "/api/drafts/{number}/undo",
    summary="Take back the last edit of a draft",
    dependencies=needs(Action.EDITION_DRAFT),
    response_model=EditOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(TurnIn),
)
def undo(workspace: WorkspaceDep, actor: ActorDep, number: DraftNumber, body: JsonBody) -> Response:
    """Take back the last edit in effect, whoever made it; it stays in the log."""
    asked = parsed(_TURN, body)
    return _outcome(
        workspace, workspace.undo_draft(number, asked.version, why=asked.why, actor=actor)
    )


@router.post(
    "/api/drafts/{number}/redo",
    summary="Do again what was undone last",
    dependencies=needs(Action.EDITION_DRAFT),
    response_model=EditOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(TurnIn),
)
def redo(workspace: WorkspaceDep, actor: ActorDep, number: DraftNumber, body: JsonBody) -> Response:
    """Do again the edit that was undone last; an edit after an undo leaves nothing to redo."""
    asked = parsed(_TURN, body)
    return _outcome(
        workspace, workspace.redo_draft(number, asked.version, why=asked.why, actor=actor)
    )


@router.post(
    "/api/drafts/{number}/branch",
    summary="Begin a scenario from a draft",
    dependencies=needs(Action.EDITION_DRAFT),
    response_model=DraftOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(BranchIn),
)
def branch(
    workspace: WorkspaceDep, actor: ActorDep, number: DraftNumber, body: JsonBody
) -> Response:
    """Begin a draft with the edits that this one has in effect, now or at a version."""
    asked = parsed(_BRANCH, body)
    made = workspace.branch_draft(
        number, asked.name, version=asked.version, why=asked.why, actor=actor
    )
    return answer_json(workspace.plan_draft(made, actor=actor))


@router.get(
    "/api/drafts/{number}/geojson",
    summary="A layer of a draft",
    dependencies=needs(Action.EDITION_CHECK),
    response_class=Response,
    responses={
        200: {"model": DraftLayerOut, "content": {"application/geo+json": {}}},
        **problems(403, 404, 422, 500, 503),
    },
)
def layer(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    layer: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=40,
            description="A level; the planned one when left out. `borders`: the lines from "
            "junction to junction, with the areas on both sides.",
        ),
    ] = None,
    version: VersionQuery = None,
) -> Response:
    """Return the areas of a level as they stand, with what they hold."""
    record = workspace.plan_draft(number, actor=actor)
    frame = workspace.draft_shapes(number, layer, version=version, actor=actor)
    content = orjson.loads(frame.to_json(na="null", drop_id=True))
    content = {
        "type": "FeatureCollection",
        "version": record["version"] if version is None else version,
        "layer": layer or record["level"],
        "features": content["features"],
    }
    return answer_bytes(orjson.dumps(content), media_type="application/geo+json")


@router.get(
    "/api/drafts/{number}/measures",
    summary="The measures of a draft",
    dependencies=needs(Action.EDITION_CHECK),
    response_model=MeasuresOut,
    responses=problems(403, 404, 422, 500, 503),
)
def measures(
    workspace: WorkspaceDep, actor: ActorDep, number: DraftNumber, version: VersionQuery = None
) -> Response:
    """Return what each grid is like, sums by area above, and the figures of the whole."""
    record = workspace.plan_draft(number, actor=actor)
    found = workspace.draft_measures(number, version=version, actor=actor)
    return answer_json(
        {
            "id": number,
            "version": record["version"] if version is None else version,
            "level": record["level"],
            "above": found.graph.above,
            "whole": _plain(found.whole()),
            "by_area": [_plain(row) for row in found.by_area().to_dict("records")],
            "grids": [_plain(row) for row in found.frame.to_dict("records")],
        }
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

    It becomes an edition like any other, in force from its date, and is closed.
    """
    asked = parsed(_PUBLISH, body)
    done = workspace.publish_draft(
        number,
        asked.version,
        edition=asked.edition,
        effective_from=asked.effective_from,
        why=asked.why,
        accept_faults=asked.accept_faults,
        backdate=asked.backdate,
        reports=asked.reports,
        commit=not dry_run,
        actor=actor,
    )
    return answer_json(_published(workspace, done, lang or workspace.settings.language))


def _outcome(workspace: Workspace, done: EditOutcome) -> Response:
    entry = done.entry.as_dict() | {"at": to_site(done.entry.at, workspace.zone)}
    return answer_json(
        {
            "id": done.number,
            "version": done.version,
            "redo": done.redo,
            "entry": entry,
            "grids": [_plain(asdict(one)) for one in done.grids],
        }
    )


def _published(workspace: Workspace, done: PublishOutcome, lang: str) -> dict[str, Any]:
    plan = done.moves
    moves = [] if plan is None else plan.moves[:_MOST_MOVES]
    return {
        "edition": done.edition,
        "effective_from": to_site(done.effective_from, workspace.zone),
        "committed": done.committed,
        "replaces": done.replaces,
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


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return numbers that are none as null."""
    return {
        str(name): None
        if (isinstance(value, float) and not math.isfinite(value))
        else value.item()
        if hasattr(value, "item")
        else value
        for name, value in row.items()
    }
