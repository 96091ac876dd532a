"""The editions of the boundaries, and which is in force."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dependencies import PUBLIC, ActorDep, WorkspaceDep
from api.models import EditionsOut
from api.openapi import cached, problems
from api.rendering import answer_unchanging, site_times

__all__ = ["router"]

router = APIRouter(tags=["editions"], dependencies=[PUBLIC])


@router.get(
    "/api/editions",
    summary="The editions of the boundaries",
    response_model=EditionsOut,
    responses={**cached(), **problems(403, 500, 503)},
)
def list_editions(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Return the editions of all families of grids, newest validity first.

    Drafts and withdrawn ones are shown to staff only.
    """
    current = workspace.edition_at()
    content: dict[str, Any] = {
        "in_force": current.name if current else None,
        "levels": list(workspace.levels().names),
        "families": workspace.families(actor=actor),
        "editions": [
            site_times(record, workspace.zone) for record in workspace.editions(actor=actor)
        ],
    }
    # A publication has to be seen at once, so this answer is asked for anew each time.
    return answer_unchanging(request, workspace, content, max_age_s=0)
