"""Whom a report names: in the clear for its handler, with a reason; and who has read it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.models import Exact
from api.openapi import problems, request_body
from api.rendering import answer_json
from api.report_models import ReporterIn
from gridmap.access import Action

__all__ = ["ReporterOut", "router"]

router = APIRouter(tags=["reports"])


class ReporterOut(Exact):
    """Whom the report names."""

    reporter_name: str | None
    reporter_phone: str | None
    reporter_address: str | None
    read_at: datetime
    read_by: str


class PersonalReadOut(Exact):
    """One reading; nothing of what was read."""

    report_id: int
    read_by: str
    roles: str
    read_at: datetime
    why: str


class PersonalReadsOut(Exact):
    """A page of readings, newest first."""

    total: int
    reads: list[PersonalReadOut]


_BODY = TypeAdapter(ReporterIn)


@router.post(
    "/api/reports/{number}/reporter",
    summary="Read whom a report names, for its current handler",
    response_model=ReporterOut,
    responses=problems(403, 404, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(ReporterIn),
    dependencies=needs(Action.PERSONAL_READ),
)
def read_reporter(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: Annotated[int, Path(ge=1, lt=2**53, description="Number of the report.")],
    body: JsonBody,
) -> Response:
    """Return it in the clear and log who read it, when and why."""
    asked = parsed(_BODY, body)
    answer = answer_json(workspace.read_reporter(number, why=asked.why, actor=actor))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get(
    "/api/personal-reads",
    summary="Who read whom reports name, for supervisors",
    response_model=PersonalReadsOut,
    responses=problems(403, 422, 500, 503),
    dependencies=needs(Action.PERSONAL_LOG_READ),
)
def personal_reads(
    workspace: WorkspaceDep,
    actor: ActorDep,
    report: Annotated[int | None, Query(ge=1, lt=2**53, description="Of this report.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000, description="Readings on a page.")] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9, description="Readings before it.")] = 0,
) -> Response:
    """Return the readings, newest first."""
    total, reads = workspace.personal_reads(report, limit=limit, offset=offset, actor=actor)
    return answer_json({"total": total, "reads": reads})
