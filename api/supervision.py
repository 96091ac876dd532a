"""Supervision orders: issued, answered, closed."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field, TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.models import NO_CONTROLS, Exact
from api.openapi import problems, request_body
from api.order_models import Moment, SupervisionOut, Written
from api.rendering import answer_json
from api.reports import LangQuery
from gridmap.access import Action
from gridmap.workspace import Workspace

__all__ = [
    "SUPERVISION_BODIES",
    "Key",
    "SupervisionAnswerIn",
    "SupervisionCloseIn",
    "SupervisionIn",
    "SupervisionRefuseIn",
    "router",
]

router = APIRouter(tags=["supervision"])

Key = Annotated[int, Path(ge=1, lt=2**53, description="Id of the supervision order.")]
_Code = Annotated[str, Field(min_length=1, max_length=100, pattern=NO_CONTROLS)]
_Version = Annotated[int | None, Field(ge=1, lt=2**53)]


class SupervisionIn(Exact):
    """What is demanded, of whom, until when."""

    department: _Code
    subject: Written
    demands: Written
    reply_by: Moment
    number: Annotated[int | None, Field(ge=1, lt=2**53)] = Field(
        None, description="The order it is about; none when it is about a department's conduct."
    )
    copies: list[_Code] = Field([], max_length=30)


class SupervisionAnswerIn(Exact):
    """What was put right."""

    reply: Written
    version: _Version = None


class SupervisionRefuseIn(Exact):
    """Why the reply does not do, and until when another is due."""

    why: Written
    reply_by: Moment
    version: _Version = None


class SupervisionCloseIn(Exact):
    """What came of it."""

    outcome: Written
    version: _Version = None


class SupervisionsOut(Exact):
    """Supervision orders, the newest first."""

    supervisions: list[SupervisionOut]


SUPERVISION_BODIES = (
    SupervisionIn,
    SupervisionAnswerIn,
    SupervisionRefuseIn,
    SupervisionCloseIn,
)
_ISSUE, _ANSWER = TypeAdapter(SupervisionIn), TypeAdapter(SupervisionAnswerIn)
_REFUSE, _CLOSE = TypeAdapter(SupervisionRefuseIn), TypeAdapter(SupervisionCloseIn)
_CHANGING = problems(403, 404, 409, 413, 415, 422, 500, 503, 507)


def _language(workspace: Workspace, lang: str | None) -> str:
    return lang or workspace.settings.language


@router.get(
    "/api/supervision",
    summary="List supervision orders",
    dependencies=needs(Action.SUPERVISION_READ),
    response_model=SupervisionsOut,
    responses=problems(403, 422, 500, 503),
)
def list_supervision(
    workspace: WorkspaceDep,
    actor: ActorDep,
    state: Annotated[Literal["issued", "replied", "closed"] | None, Query()] = None,
    department: Annotated[str | None, Query(max_length=100, pattern=NO_CONTROLS)] = None,
    number: Annotated[int | None, Query(ge=1, lt=2**53, description="Of an order.")] = None,
    lang: LangQuery = None,
) -> Response:
    """Return the supervision orders within reach of the caller."""
    found = workspace.supervisions(
        state=state,
        department=department,
        number=number,
        lang=_language(workspace, lang),
        actor=actor,
    )
    return answer_json({"supervisions": found})


@router.post(
    "/api/supervision",
    summary="Issue a supervision order",
    dependencies=needs(Action.SUPERVISION_ISSUE),
    status_code=201,
    response_model=SupervisionOut,
    responses=_CHANGING,
    openapi_extra=request_body(SupervisionIn),
)
def issue(
    workspace: WorkspaceDep, actor: ActorDep, body: JsonBody, lang: LangQuery = None
) -> Response:
    """Issue it under the next number of the year."""
    asked = parsed(_ISSUE, body).model_dump()
    made = workspace.issue_supervision(**asked, lang=_language(workspace, lang), actor=actor)
    return answer_json(made, status=201)


@router.get(
    "/api/supervision/{key}",
    summary="One supervision order",
    dependencies=needs(Action.SUPERVISION_READ),
    response_model=SupervisionOut,
    responses=problems(403, 404, 422, 500, 503),
)
def one_supervision(
    workspace: WorkspaceDep, actor: ActorDep, key: Key, lang: LangQuery = None
) -> Response:
    """Return it as it stands."""
    return answer_json(workspace.supervision(key, lang=_language(workspace, lang), actor=actor))


@router.post(
    "/api/supervision/{key}/answer",
    summary="Answer a supervision order",
    dependencies=needs(Action.SUPERVISION_ANSWER),
    response_model=SupervisionOut,
    responses=_CHANGING,
    openapi_extra=request_body(SupervisionAnswerIn),
)
def answer(
    workspace: WorkspaceDep, actor: ActorDep, key: Key, body: JsonBody, lang: LangQuery = None
) -> Response:
    """Record what the addressee put right."""
    asked = parsed(_ANSWER, body).model_dump()
    language = _language(workspace, lang)
    return answer_json(workspace.answer_supervision(key, **asked, lang=language, actor=actor))


@router.post(
    "/api/supervision/{key}/refuse",
    summary="Send the answer to a supervision order back",
    dependencies=needs(Action.SUPERVISION_CLOSE),
    response_model=SupervisionOut,
    responses=_CHANGING,
    openapi_extra=request_body(SupervisionRefuseIn),
)
def refuse(
    workspace: WorkspaceDep, actor: ActorDep, key: Key, body: JsonBody, lang: LangQuery = None
) -> Response:
    """Say why the answer does not do, and until when another is due."""
    asked = parsed(_REFUSE, body).model_dump()
    language = _language(workspace, lang)
    return answer_json(workspace.refuse_supervision(key, **asked, lang=language, actor=actor))


@router.post(
    "/api/supervision/{key}/close",
    summary="Close a supervision order",
    dependencies=needs(Action.SUPERVISION_CLOSE),
    response_model=SupervisionOut,
    responses=_CHANGING,
    openapi_extra=request_body(SupervisionCloseIn),
)
def close(
    workspace: WorkspaceDep, actor: ActorDep, key: Key, body: JsonBody, lang: LangQuery = None
) -> Response:
    """Close it with what came of it."""
    asked = parsed(_CLOSE, body).model_dump()
    language = _language(workspace, lang)
    return answer_json(workspace.close_supervision(key, **asked, lang=language, actor=actor))
