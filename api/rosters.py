"""Which of two rosters holds in an area: ordinary times, or an emergency."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.district_models import RosterSwitchIn, RosterSwitchOut
from api.openapi import problems, request_body
from api.rendering import answer_json, documented
from gridmap.access import Action

__all__ = ["router"]

router = APIRouter(tags=["district"])

_SWITCH = TypeAdapter(RosterSwitchIn)


@router.post(
    "/api/rosters/switch",
    summary="Switch an area to its other roster",
    dependencies=needs(Action.ROSTER_EDIT),
    response_model=RosterSwitchOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(RosterSwitchIn),
)
def switch_rosters(workspace: WorkspaceDep, actor: ActorDep, body: JsonBody) -> Response:
    """Let the roster of ordinary times or of emergencies hold in it from now on.

    Posts that belong to neither are held in both. When, by whom and why stands with each post
    that changed.
    """
    asked = parsed(_SWITCH, body)
    done = asdict(workspace.switch_rosters(**asked.model_dump(), actor=actor))
    return answer_json(documented(done, RosterSwitchOut))
