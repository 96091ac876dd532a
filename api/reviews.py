"""Ownership reviews: the board, its rulings, and clocks that stand still; all for staff."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
import shapely
from fastapi import APIRouter, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.openapi import problems, request_body
from api.rendering import answer_json, documented
from api.report_models import ReportOut
from api.reports import LangQuery, Word, plain_report
from api.review_models import (
    MOST_BOARD,
    OpenReviewIn,
    PauseIn,
    ReviewOut,
    ReviewRow,
    ReviewsOut,
    RulingIn,
    RulingMade,
    RulingsOut,
)
from gridmap.access import Action
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(tags=["reviews"])

_OPEN = TypeAdapter(OpenReviewIn)
_RULING = TypeAdapter(RulingIn)
_PAUSE = TypeAdapter(PauseIn)

ReviewNumber = Annotated[int, Path(ge=1, lt=2**53, description="Number of the review.")]
ReportNumber = Annotated[int, Path(ge=1, lt=2**53, description="Number of the report.")]


@router.get(
    "/api/reviews",
    summary="List ownership reviews, for staff",
    dependencies=needs(Action.REVIEW_SEE),
    response_model=ReviewsOut,
    responses=problems(403, 422, 500, 503),
)
def list_reviews(
    workspace: WorkspaceDep,
    actor: ActorDep,
    state: Annotated[Literal["open", "ruled"] | None, Query()] = None,
    item: Word = None,
    reason: Annotated[Literal["no_owner", "returned", "asked"] | None, Query()] = None,
    lang: LangQuery = None,
    limit: Annotated[int, Query(ge=1, le=MOST_BOARD, description="Reviews on a page.")] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9, description="Reviews before the page.")] = 0,
) -> Response:
    """Return what nobody is known to own, or was returned too often, the fullest first."""
    total, found = workspace.reviews(
        limit=limit,
        offset=offset,
        lang=_language(workspace, lang),
        actor=actor,
        state=state,
        item=item,
        reason=reason,
    )
    rows = [documented(row, ReviewRow) for row in found]
    return answer_json({"total": total, "offset": offset, "limit": limit, "reviews": rows})


@router.post(
    "/api/reviews",
    summary="Put a report before the board, for staff",
    dependencies=needs(Action.REVIEW_ASK),
    response_model=ReviewOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(OpenReviewIn),
)
def open_review(
    workspace: WorkspaceDep, actor: ActorDep, body: JsonBody, lang: LangQuery = None
) -> Response:
    """Return the open review of the report's item and place; it is opened if there is none."""
    asked = parsed(_OPEN, body)
    record = workspace.open_review(asked.report, asked.why, actor, lang=_language(workspace, lang))
    return answer_json(documented(record, ReviewOut))


@router.get(
    "/api/reviews/{number}",
    summary="One ownership review, for staff",
    dependencies=needs(Action.REVIEW_SEE),
    response_model=ReviewOut,
    responses=problems(403, 404, 422, 500, 503),
)
def one_review(
    workspace: WorkspaceDep, actor: ActorDep, number: ReviewNumber, lang: LangQuery = None
) -> Response:
    """Return the review with its reports, and how it was settled."""
    record = workspace.review(number, lang=_language(workspace, lang), actor=actor)
    return answer_json(documented(record, ReviewOut))


@router.post(
    "/api/reviews/{number}/ruling",
    summary="Settle an ownership review",
    dependencies=needs(Action.REVIEW_RULE),
    response_model=RulingMade,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(RulingIn),
)
def rule(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: ReviewNumber,
    body: JsonBody,
    dry_run: Annotated[bool, Query(description="Only look whether it would hold.")] = False,
) -> Response:
    """Record who owns the items on some ground from a day on.

    The ruling becomes an overlay that wins over all others, and the open reports of the
    review are routed anew; their former routes are kept. For dispatchers and leaders.
    """
    asked = parsed(_RULING, body)
    sent = {k: v for k, v in asked.model_dump(mode="json").items() if v is not None}
    done = workspace.rule(number, sent, commit=not dry_run, actor=actor)
    return answer_json(
        {
            "review": done.review,
            "overlay": done.overlay.code,
            "committed": done.committed,
            "rerouted": done.rerouted,
            "settled": done.settled,
            "ground": orjson.loads(shapely.to_geojson(done.ground)),
        }
    )


@router.get(
    "/api/rulings",
    summary="All rulings as a layer, for staff",
    dependencies=needs(Action.REVIEW_SEE),
    response_model=RulingsOut,
    responses=problems(403, 422, 500, 503),
)
def list_rulings(workspace: WorkspaceDep, actor: ActorDep, lang: LangQuery = None) -> Response:
    """Return the ground of every ruling with its owner, items, source and dates, as GeoJSON."""
    found = workspace.rulings(lang=_language(workspace, lang), actor=actor)
    return answer_json({"type": "FeatureCollection", "features": found})


@router.post(
    "/api/reports/{number}/pause",
    summary="Stop the clock of a report, for staff",
    dependencies=needs(Action.REPORT_PAUSE),
    response_model=ReportOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(PauseIn),
)
def pause_report(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: ReportNumber,
    body: JsonBody,
    lang: LangQuery = None,
) -> Response:
    """Let the clock stand still from now on: nothing is due until it runs on."""
    asked = parsed(_PAUSE, body)
    workspace.pause_report(number, asked.reason, asked.note, actor=actor)
    return _report(workspace, actor, number, lang)


@router.post(
    "/api/reports/{number}/resume",
    summary="Let the clock of a report run on, for staff",
    dependencies=needs(Action.REPORT_PAUSE),
    response_model=ReportOut,
    responses=problems(403, 404, 409, 422, 500, 503, 507),
)
def resume_report(
    workspace: WorkspaceDep, actor: ActorDep, number: ReportNumber, lang: LangQuery = None
) -> Response:
    """Let the clock run on: the deadline moves by the time for which it stood still."""
    workspace.resume_report(number, actor=actor)
    return _report(workspace, actor, number, lang)


def _report(workspace: Workspace, actor: Any, number: int, lang: str | None) -> Response:
    record = workspace.report(number, lang=_language(workspace, lang), actor=actor)
    return answer_json(plain_report(record))


def _language(workspace: Workspace, asked: str | None) -> str:
    return asked or workspace.settings.language
