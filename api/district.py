"""What stands in the district, and what can be reported: lists for everybody."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import Response

from api.dependencies import PUBLIC, ActorDep, WorkspaceDep
from api.district_models import (
    CatalogueOut,
    OrganisationOut,
    OrganisationsOut,
    PostOut,
    RostersOut,
)
from api.models import NO_CONTROLS, When
from api.openapi import cached, problems
from api.rendering import answer_unchanging, documented
from gridmap.access import Actor
from gridmap.times import parse_when, to_site
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(tags=["district"], dependencies=[PUBLIC])

_DOCUMENTED: dict[int | str, dict[str, Any]] = {**cached(), **problems(403, 422, 500, 503)}

Word = Annotated[str | None, Query(max_length=200, pattern=NO_CONTROLS)]


@router.get(
    "/api/organisations",
    summary="Party organisations and other bodies",
    response_model=OrganisationsOut,
    responses=_DOCUMENTED,
)
def list_organisations(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, kind: Word = None
) -> Response:
    """Return the organisations in code order, all or those of a kind."""
    found = _listed(workspace, "organisations", OrganisationOut, actor, kind=kind)
    return answer_unchanging(request, workspace, {"organisations": found})


@router.get(
    "/api/rosters",
    summary="Who serves which area",
    response_model=RostersOut,
    responses=_DOCUMENTED,
)
def list_rosters(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    level: Word = None,
    area_code: Word = None,
    at: Annotated[When | None, Query()] = None,
) -> Response:
    """Return the posts held on a day, all or those of a level or an area."""
    if level is not None:
        workspace.levels().rank(level)
    moment = workspace.clock() if at is None else parse_when(at, workspace.zone)
    day = to_site(moment, workspace.zone).date()
    posts = workspace.rosters(day, actor=actor)
    found = _cut(posts, PostOut, level=level, area_code=area_code)
    return answer_unchanging(request, workspace, {"date": day, "posts": found})


@router.get(
    "/api/catalogue",
    summary="What can be reported, and who answers for it",
    response_model=CatalogueOut,
    responses={**cached(), **problems(403, 404, 422, 500, 503)},
)
def catalogue(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    name: Annotated[
        str | None,
        Query(max_length=32, pattern=NO_CONTROLS, description="The site's own when left out."),
    ] = None,
) -> Response:
    """Return the items, their classes and the departments, in the order of their tables."""
    return answer_unchanging(request, workspace, workspace.catalogue(name, actor=actor))


def _listed(
    workspace: Workspace, kind: str, model: type[BaseModel], actor: Actor, /, **wanted: str | None
) -> list[dict[str, Any]]:
    return _cut(workspace.records(kind, actor=actor), model, **wanted)


def _cut(
    records: list[dict[str, Any]], model: type[BaseModel], **wanted: str | None
) -> list[dict[str, Any]]:
    """Return the records that match, each with the fields that are documented."""
    matching = [
        record
        for record in records
        if all(value is None or record[name] == value for name, value in wanted.items())
    ]
    return [documented(record, model) for record in matching]
