"""Whether the service can answer, for supervisors and load balancers."""

from __future__ import annotations

import logging
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dependencies import PUBLIC, WorkspaceDep
from api.duetimes import DueTimes
from api.models import HealthOut
from api.openapi import problems
from api.rendering import answer_json
from gridmap import __version__
from gridmap.errors import GridmapError
from gridmap.workspace import Workspace

__all__ = ["router"]

log = logging.getLogger("gridmap.api")

router = APIRouter(tags=["service"], dependencies=[PUBLIC])

# A limit of 15 working days across a Spring Festival takes some 25 days.
CALENDAR_DAYS = 60

_EXTEND = (
    "When the next year's holidays are announced, list them and the make-up workdays in "
    "calendar.csv in the folder GRIDMAP_RULES, with a row YEAR,complete."
)


@router.get(
    "/healthz",
    summary="Is the service able to answer?",
    response_model=HealthOut,
    responses={
        503: {"model": HealthOut, "description": "The store does not answer."},
        **problems(403, 500),
    },
)
def health(request: Request, workspace: WorkspaceDep) -> Response:
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
        report["warnings"] += _warnings_of_calendar(workspace)
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
    answer = answer_json(report)
    due_times: DueTimes = request.app.state.due_times
    answer.background = due_times.task(workspace)
    return answer


def _warnings_of_settings(workspace: Workspace) -> list[dict[str, str]]:
    if workspace.settings.frozen_now is None:
        return []
    return [_warning("clock_frozen", f"The clock stands at {workspace.clock().isoformat()}.")]


def _warnings_of_calendar(workspace: Workspace) -> list[dict[str, str]]:
    found = []
    left, ends = workspace.calendar_days_left(), workspace.calendar_ends()
    if left < CALENDAR_DAYS:
        known = f"ends in {left} days, on {ends}" if left >= 0 else f"has ended, on {ends}"
        text = f"The calendar of working days {known}. {_EXTEND}"
        found.append(_warning("calendar_ends", text))
    waiting = workspace.reports_waiting()
    if waiting:
        text = f"{waiting} reports have no due time: the calendar does not reach it. {_EXTEND}"
        found.append(_warning("calendar_missing", text))
    if workspace.book_fault:
        # What is wrong, with file and row, is in the log: this answer is for everybody.
        text = "A table in the rules folder cannot be used; those read before it stay in use."
        found.append(_warning("rules_unusable", text))
    return found


def _warning(code: str, text: str) -> dict[str, str]:
    return {"code": code, "text": text}
