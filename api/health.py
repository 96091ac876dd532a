"""Whether the service can answer, for supervisors and load balancers."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from api.dependencies import WorkspaceDep
from api.models import HealthOut
from api.openapi import problems
from api.rendering import answer_json
from gridmap import __version__
from gridmap.errors import GridmapError
from gridmap.workspace import Workspace

__all__ = ["router"]

log = logging.getLogger("gridmap.api")

router = APIRouter(tags=["service"])


@router.get(
    "/healthz",
    summary="Is the service able to answer?",
    response_model=HealthOut,
    responses={
        503: {"model": HealthOut, "description": "The store does not answer."},
        **problems(403, 500),
    },
)
def health(workspace: WorkspaceDep) -> Response:
    """Ask the store and the edition in force; 200 when both answer, also with warnings."""
    report: dict[str, Any] = {
        "status": "ok",
        "version": __version__,
        "store": workspace.store.kind,
        "edition": None,
        "warnings": _warnings_of_settings(workspace),
    }
    try:
        # The atlas may be a second old; the token is asked of the store itself.
        workspace.store.change_token()
        current = workspace.edition_at()
    except GridmapError as error:
        # The reason names servers and paths: for the log, not for whoever asks.
        log.exception("the store does not answer")
        report["status"] = "unavailable"
        report["warnings"].append(_warning("store_unavailable", type(error).__name__))
        return answer_json(report, status=503)
    if current is None:
        report["warnings"].append(_warning("no_edition", "No edition is in force now."))
    else:
        report["edition"] = current.name
    return answer_json(report)


def _warnings_of_settings(workspace: Workspace) -> list[dict[str, str]]:
    if workspace.settings.frozen_now is None:
        return []
    return [_warning("clock_frozen", f"The clock stands at {workspace.clock().isoformat()}.")]


def _warning(code: str, text: str) -> dict[str, str]:
    return {"code": code, "text": text}
