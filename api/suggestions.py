"""Suggestions of plans: asked for, watched, stopped, and made a draft; all for staff."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.draft_models import DraftOut
from api.draft_parts import MADE
from api.openapi import problems, request_body
from api.plan_models import SuggestedDraftIn, SuggestIn, SuggestionOut, SuggestionsOut
from api.rendering import answer_json
from gridmap.access import Action
from gridmap.planning.rules import Limits, Rules
from gridmap.workspace import PlanQuestion

__all__ = ["router"]

router = APIRouter(tags=["plans"])

_SUGGEST = TypeAdapter(SuggestIn)
_DRAFT = TypeAdapter(SuggestedDraftIn)

SuggestionNumber = Annotated[int, Path(ge=1, lt=2**53, description="Number of the suggestion.")]
AtomsQuery = Annotated[bool, Query(description="With the grid of each area of the finest level.")]


@router.post(
    "/api/suggestions",
    summary="Ask for plans",
    dependencies=needs(Action.EDITION_CHECK),
    status_code=201,
    response_model=SuggestionOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(SuggestIn),
)
def ask(
    workspace: WorkspaceDep,
    actor: ActorDep,
    body: JsonBody,
    wait_s: Annotated[int, Query(ge=0, le=60, description="Wait so long for it to be done.")] = 0,
    atoms: AtomsQuery = False,
) -> Response:
    """Begin a suggestion: three plans, or one where the weight of change is given.

    It is worked on behind the scenes, and kept until newer ones take its place. The same
    question has the same plans.
    """
    asked = parsed(_SUGGEST, body)
    number = workspace.ask_for_plans(_question(asked), actor=actor)
    workspace.wait_for_plans(number, wait_s)
    told = workspace.suggestion(number, actor=actor)
    return answer_json(_shown(told, atoms), status=201, location=f"/api/suggestions/{number}")


@router.get(
    "/api/suggestions",
    summary="List suggestions, for staff that plans",
    dependencies=needs(Action.EDITION_CHECK),
    response_model=SuggestionsOut,
    responses=problems(403, 500, 503),
)
def listed(workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Return those under way and those kept, the newest first, without their plans."""
    return answer_json({"suggestions": workspace.suggestions(actor=actor)})


@router.get(
    "/api/suggestions/{number}",
    summary="One suggestion with its plans",
    dependencies=needs(Action.EDITION_CHECK),
    response_model=SuggestionOut,
    responses=problems(403, 404, 422, 500, 503),
)
def one(
    workspace: WorkspaceDep, actor: ActorDep, number: SuggestionNumber, atoms: AtomsQuery = False
) -> Response:
    """Return how far it is; once it is done, its plans with proofs, reasons and findings."""
    return answer_json(_shown(workspace.suggestion(number, actor=actor), atoms))


@router.delete(
    "/api/suggestions/{number}",
    summary="Stop a suggestion",
    dependencies=needs(Action.EDITION_CHECK),
    response_model=SuggestionOut,
    responses=problems(403, 404, 422, 500, 503),
)
def stop(workspace: WorkspaceDep, actor: ActorDep, number: SuggestionNumber) -> Response:
    """Stop it at its next step, whoever asked for it; one that is over stays as it is."""
    workspace.stop_suggestion(number, actor=actor)
    return answer_json(_shown(workspace.suggestion(number, actor=actor), False))


@router.post(
    "/api/suggestions/{number}/draft",
    summary="Begin a draft with a suggested plan",
    dependencies=needs(Action.EDITION_DRAFT),
    status_code=201,
    response_model=DraftOut,
    responses=MADE | problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(SuggestedDraftIn),
)
def to_draft(
    workspace: WorkspaceDep, actor: ActorDep, number: SuggestionNumber, body: JsonBody
) -> Response:
    """Begin a draft, or a scenario of the draft that was asked about.

    Taking the plan over is one edit of its log, which can be undone.
    """
    asked = parsed(_DRAFT, body)
    made = workspace.draft_of_suggestion(number, asked.plan, asked.name, why=asked.why, actor=actor)
    return answer_json(
        workspace.plan_draft(made, actor=actor), status=201, location=f"/api/drafts/{made}"
    )


def _question(asked: SuggestIn) -> PlanQuestion:
    rules = Rules(
        limits=Limits(asked.measure, asked.floor, asked.ceiling),
        second=asked.second,
        second_weight=asked.second_weight,
        barriers=tuple(asked.barriers),
        locked=frozenset(asked.locked),
        together=tuple(tuple(one) for one in asked.together),
        apart=tuple(asked.apart),
        estates_whole=asked.estates_whole,
        change=asked.change,
    )
    return PlanQuestion(
        rules,
        edition=asked.edition,
        draft=asked.draft,
        version=asked.version,
        level=asked.level,
        area=None if asked.area is None else (asked.area.level, asked.area.code),
        total=asked.grids,
        rebalance=tuple(asked.rebalance),
        seed=asked.seed,
        since=asked.since,
        until=asked.until,
        asked=asked.model_dump(mode="json", exclude_unset=True),
    )


def _shown(told: dict[str, Any], atoms: bool) -> dict[str, Any]:
    result = told["result"]
    if result is None or atoms:
        return told
    plans = [{**one, "atoms": None} for one in result["plans"]]
    return {**told, "result": {**result, "plans": plans}}
