"""On foot: what is within reach of a place, and how well places serve the homes."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from api.dependencies import PUBLIC, ActorDep, WorkspaceDep
from api.models import NO_CONTROLS, CoordSys, When
from api.openapi import cached, problems
from api.rendering import answer_unchanging
from api.walking_models import ReachFeature, ServiceCoverageOut

__all__ = ["router"]

router = APIRouter(tags=["walking"], dependencies=[PUBLIC])

_FEATURE: dict[int | str, dict[str, Any]] = {
    200: {"model": ReachFeature, "content": {"application/geo+json": {}}},
    **cached(),
    **problems(403, 404, 422, 500, 503),
}

Minutes = Annotated[float, Query(ge=1, le=60, description="How long one walks at most.")]


@router.get(
    "/api/reach",
    summary="What is within some minutes on foot",
    response_class=Response,
    responses=_FEATURE,
)
def reach(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    lon: Annotated[
        float,
        Query(allow_inf_nan=False, description="Longitude in degrees, or easting in metres."),
    ],
    lat: Annotated[
        float,
        Query(allow_inf_nan=False, description="Latitude in degrees, or northing in metres."),
    ],
    minutes: Minutes = 15,
    coord_sys: Annotated[CoordSys, Query()] = "wgs84",
) -> Response:
    """Return the area within reach of a place as a GeoJSON feature.

    Along the streets where one is near: then the area is no circle, and of all crossings it
    holds exactly those that are within the time. Else a circle, of the straight line over the
    detour factor; `method` says which.
    """
    found = workspace.reach(lon, lat, minutes=minutes, coord_sys=coord_sys, actor=actor)
    return answer_unchanging(request, workspace, found, media_type="application/geo+json")


@router.get(
    "/api/reach/estates/{code:path}",
    summary="What is within some minutes of an estate's gates",
    response_class=Response,
    responses=_FEATURE,
)
def estate_reach(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    code: Annotated[
        str, Path(min_length=1, max_length=200, pattern=NO_CONTROLS, description="Of the estate.")
    ],
    minutes: Minutes = 15,
) -> Response:
    """Return the same from an estate: from its gates, or where streets meet its red line."""
    found = workspace.reach(minutes=minutes, estate=code, actor=actor)
    return answer_unchanging(request, workspace, found, media_type="application/geo+json")


@router.get(
    "/api/reach/coverage",
    summary="Share of households with each kind of place near by",
    response_model=ServiceCoverageOut,
    response_model_exclude_unset=True,
    responses={**cached(), **problems(403, 404, 422, 500, 503)},
)
def service_coverage(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    level: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=40,
            pattern=NO_CONTROLS,
            description="Whose areas are counted; the communities when left out.",
        ),
    ] = None,
    category: Annotated[
        str | None, Query(max_length=200, pattern=NO_CONTROLS, description="All when left out.")
    ] = None,
    at: Annotated[When | None, Query()] = None,
) -> Response:
    """Return the share of households within 5, 10 and 15 minutes of each category.

    By area, and for the whole district (empty code). Staff also see numbers of households,
    and the gaps: small areas without such a place within a quarter of an hour. Others see a
    share only where neither those within nor those without are too few to tell.
    """
    found = workspace.service_coverage(
        level=level, categories=() if category is None else (category,), at=at, actor=actor
    )
    content = {
        "edition": found.edition,
        "level": found.level,
        "walking": found.walking,
        "rows": found.rows,
    }
    if actor.is_staff:
        content["gaps"] = found.gaps
    return answer_unchanging(request, workspace, content)
