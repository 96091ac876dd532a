"""Areas of the edition in force: listed by level, one by one, and as GeoJSON."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.dependencies import PUBLIC, ActorDep, WorkspaceDep
from api.models import NO_CONTROLS, AreaFeature, AreaOut, AreasOut, When
from api.openapi import cached, problems
from api.rendering import answer_unchanging, page_of
from gridmap.times import parse_when

__all__ = ["router"]

router = APIRouter(tags=["areas"], dependencies=[PUBLIC])

_MOST = 10_000

LevelName = Annotated[str, Path(min_length=1, max_length=40, description="Name of the level.")]
Code = Annotated[
    str,
    Path(
        min_length=1,
        max_length=200,
        pattern=NO_CONTROLS,
        description="Code of the area, URL-encoded; it may be Chinese and hold dots or slashes.",
    ),
]
AtQuery = Annotated[When | None, Query()]


@router.get(
    "/api/areas",
    summary="List areas of a level",
    response_model=AreasOut,
    responses={**cached(), **problems(403, 404, 422, 500, 503)},
)
def list_areas(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    level: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=40,
            description="Name of the level; the coarsest when left out.",
        ),
    ] = None,
    parent: Annotated[
        str | None,
        Query(
            max_length=200,
            pattern=r"^[^\x00-\x1f\x7f]*$",
            description="Only the areas whose parent has this code.",
        ),
    ] = None,
    at: AtQuery = None,
    limit: Annotated[int, Query(ge=1, le=_MOST, description="Areas on a page.")] = 1000,
    offset: Annotated[int, Query(ge=0, le=10**9, description="Areas before the page.")] = 0,
) -> Response:
    """Return the areas of a level in code order, a page at a time, without geometry."""
    moment = parse_when(at, workspace.zone) if at is not None else workspace.clock()
    coverage = workspace.coverage_at(moment)
    name = level or coverage.levels.names[0]
    total, found = workspace.areas(
        name, parent=parent, at=moment, limit=limit, offset=offset, actor=actor
    )
    asked = {"level": name, "parent": parent, "at": at}
    content = page_of("/api/areas", asked, "areas", found, total=total, offset=offset, limit=limit)
    content |= {"level": name, "edition": coverage.edition}
    return answer_unchanging(request, workspace, content)


# Before the route without an ending, which would take the ending for part of the code.
@router.get(
    "/api/areas/{level}/{code:path}.geojson",
    summary="One area with its boundary",
    response_class=Response,
    responses={
        200: {"model": AreaFeature, "content": {"application/geo+json": {}}},
        **cached(),
        **problems(403, 404, 422, 500, 503),
    },
)
def area_feature(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    level: LevelName,
    code: Code,
    at: AtQuery = None,
) -> Response:
    """Return the area in force at a moment as a GeoJSON feature, longitude before latitude."""
    record = workspace.area(level, code, at=at, geometry=True, actor=actor)
    feature: dict[str, Any] = {
        "type": "Feature",
        "id": f"{level}/{code}",
        "geometry": record.pop("geometry", None),
        "properties": record,
    }
    return answer_unchanging(request, workspace, feature, media_type="application/geo+json")


@router.get(
    "/api/areas/{level}/{code:path}",
    summary="One area",
    response_model=AreaOut,
    responses={**cached(), **problems(403, 404, 422, 500, 503)},
)
def one_area(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    level: LevelName,
    code: Code,
    at: AtQuery = None,
) -> Response:
    """Return the area in force at a moment."""
    record = workspace.area(level, code, at=at, actor=actor)
    return answer_unchanging(request, workspace, record)
