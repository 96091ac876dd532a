"""Reports: sent in, and listed for staff."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Request
from pydantic import TypeAdapter
from starlette.exceptions import HTTPException
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.coordsys import known_system
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.duetimes import DueTimes
from api.locate import near_area
from api.models import NO_CONTROLS, When
from api.openapi import problems, request_body
from api.rendering import answer_json, documented, page_of
from api.report_models import (
    MadeByOut,
    ReplayOut,
    ReportIn,
    ReportOut,
    ReportRow,
    ReportsOut,
    RouteOut,
)
from gridmap.access import Action
from gridmap.locate.model import LocationStatus
from gridmap.workspace import Workspace
from gridmap.workspace.reporting import MAX_PAGE

__all__ = ["LangQuery", "Word", "plain_report", "router"]

router = APIRouter(tags=["reports"])

_BODY = TypeAdapter(ReportIn)

LangQuery = Annotated[
    Literal["zh", "en"] | None,
    Query(description="Language of names and explanation; the site's when left out."),
]
Word = Annotated[str | None, Query(max_length=100, pattern=NO_CONTROLS)]


async def idempotency_key(
    request: Request,
    key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            min_length=8,
            max_length=128,
            pattern="^[!-~]+$",
            description="Chosen by the client, new for every report, and the same when it "
            "repeats one because it got no answer. 8 to 128 visible ASCII characters.",
        ),
    ],
) -> str:
    """Return the one key of a request."""
    if len(request.headers.getlist("idempotency-key")) > 1:
        raise HTTPException(422, "Send one Idempotency-Key.")
    return key


@router.post(
    "/api/reports",
    summary="Send a report",
    dependencies=needs(Action.REPORT_SUBMIT),
    status_code=201,
    response_model=ReportOut,
    responses={
        200: {"model": ReportOut, "description": "The key and the body were sent before."},
        201: {
            "description": "Located, routed and stored.",
            "headers": {"Location": {"schema": {"type": "string"}, "required": True}},
        },
        **problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    },
    openapi_extra=request_body(ReportIn),
)
def send_report(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    key: Annotated[str, Depends(idempotency_key)],
    body: JsonBody,
    lang: LangQuery = None,
) -> Response:
    """Return where the report belongs, who takes it, until when, and why.

    A place that cannot be located, or that nobody is known to answer for, is no error: the
    report is stored and `needs_person` says so.
    """
    asked = parsed(_BODY, body)
    sent = asked.model_dump(mode="json") | {"coord_sys": known_system(asked.coord_sys)}
    record, created = workspace.submit_report(
        sent, key=key, lang=_language(workspace, lang), actor=actor
    )
    answer = answer_json(plain_report(record), status=201 if created else 200)
    if created:
        answer.headers["Location"] = f"/api/reports/{record['id']}"
    due_times: DueTimes = request.app.state.due_times
    answer.background = due_times.task(workspace)
    return answer


@router.get(
    "/api/reports",
    summary="List reports, for staff",
    dependencies=needs(Action.REPORT_LIST),
    response_model=ReportsOut,
    responses=problems(403, 422, 500, 503),
)
def list_reports(
    workspace: WorkspaceDep,
    actor: ActorDep,
    department: Word = None,
    item: Word = None,
    location_status: Annotated[LocationStatus | None, Query()] = None,
    source: Word = None,
    needs_person: Annotated[bool | None, Query()] = None,
    due_reason: Annotated[
        Literal["calendar_missing", "managed", "paused", "not_routed"] | None, Query()
    ] = None,
    closed: Annotated[bool | None, Query(description="Closed ones, or open ones.")] = None,
    since: Annotated[When | None, Query(description="Received then or later.")] = None,
    until: Annotated[When | None, Query(description="Received before.")] = None,
    lang: LangQuery = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Reports on a page.")] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9, description="Reports before the page.")] = 0,
) -> Response:
    """Return the reports that match, newest first by receipt, a page at a time."""
    wanted = {
        "department": department,
        "item": item,
        "location_status": location_status,
        "source": source,
        "needs_person": needs_person,
        "due_reason": due_reason,
        "closed": closed,
    }
    total, found = workspace.reports(
        limit=limit,
        offset=offset,
        since=since,
        until=until,
        lang=_language(workspace, lang),
        actor=actor,
        **wanted,
    )
    further = {"since": since, "until": until, "lang": lang}
    rows = [documented(record, ReportRow) for record in found]
    return answer_json(
        page_of(
            "/api/reports",
            wanted | further,
            "reports",
            rows,
            total=total,
            offset=offset,
            limit=limit,
        )
    )


@router.get(
    "/api/reports/{number}",
    summary="One report, for staff",
    dependencies=needs(Action.REPORT_READ),
    response_model=ReportOut,
    responses=problems(403, 404, 422, 500, 503),
)
def one_report(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: Annotated[int, Path(ge=1, lt=2**53, description="Number of the report.")],
    lang: LangQuery = None,
) -> Response:
    """Return the report with its place, route and explanation."""
    record = workspace.report(number, lang=_language(workspace, lang), actor=actor)
    return answer_json(plain_report(record))


@router.get(
    "/api/reports/{number}/replay",
    summary="Decide a report again as it was decided, for staff",
    dependencies=needs(Action.REPORT_READ),
    response_model=ReplayOut,
    responses=problems(403, 404, 422, 500, 503),
)
def replay_report(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: Annotated[int, Path(ge=1, lt=2**53, description="Number of the report.")],
    edition: Annotated[
        str | None,
        Query(max_length=200, description="The decision by which it moved to this edition."),
    ] = None,
    lang: LangQuery = None,
) -> Response:
    """Return the stored decision, the same made again by the versions of then, and today's."""
    found = workspace.replay(number, edition=edition, lang=_language(workspace, lang), actor=actor)
    routes = {name: documented(found[name], RouteOut) for name in ("stored", "replayed", "today")}
    made_by = documented(found["made_by"], MadeByOut)
    return answer_json(documented({**found, **routes, "made_by": made_by}, ReplayOut))


def _language(workspace: Workspace, asked: str | None) -> str:
    return asked or workspace.settings.language


def plain_report(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return a report's record with its areas nearby as answers have them."""
    nearest = record["nearest"]
    near = {
        "candidates": [near_area(area) for area in record["candidates"]],
        "nearest": None if nearest is None else near_area(nearest),
    }
    return documented({**record, **near}, ReportOut)
