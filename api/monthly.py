"""Numbers, monthly reports, and appeals against what they take off."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from pydantic import TypeAdapter
from starlette.responses import HTMLResponse, Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.models import NO_CONTROLS, When
from api.monthly_models import (
    AnnualOut,
    AppealIn,
    AppealOut,
    AppealsOut,
    DecisionIn,
    IssueIn,
    MonthliesOut,
    MonthlyOut,
    NumbersOut,
)
from api.openapi import problems, request_body
from api.rendering import answer_json
from api.reports import LangQuery, Word
from api.templates import language, page
from gridmap.access import Action, may
from gridmap.workspace import Workspace

__all__ = ["router"]

router = APIRouter(tags=["numbers"])

_MONTH = r"^(19[5-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])$"
Month = Annotated[str, Path(pattern=_MONTH, description="YYYY-MM.", examples=["2026-03"])]
IssueQuery = Annotated[
    int | None, Query(ge=1, lt=2**31, description="Issue of the month; the last when left out.")
]

_ISSUE, _APPEAL = TypeAdapter(IssueIn), TypeAdapter(AppealIn)
_DECISION = TypeAdapter(DecisionIn)
_CHANGING = problems(403, 404, 409, 413, 415, 422, 500, 503, 507)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get(
    "/api/numbers",
    summary="Figures of any time, place, department and item",
    dependencies=needs(Action.NUMBERS_SEE),
    response_model=NumbersOut,
    responses=problems(403, 404, 422, 500, 503),
)
def numbers(
    workspace: WorkspaceDep,
    actor: ActorDep,
    month: Annotated[
        str | None,
        Query(pattern=_MONTH, description="YYYY-MM; this month without any period."),
    ] = None,
    since: Annotated[When | None, Query()] = None,
    until: Annotated[When | None, Query()] = None,
    by: Annotated[
        str | None,
        Query(
            max_length=40,
            pattern=NO_CONTROLS,
            description="`department`, `item`, or a level: these groups too.",
        ),
    ] = None,
    area: Annotated[
        str | None,
        Query(
            max_length=100, pattern=NO_CONTROLS, description="LEVEL:CODE: only the orders there."
        ),
    ] = None,
    department: Word = None,
    item: Word = None,
    edition: Annotated[
        str | None,
        Query(
            max_length=200,
            pattern=NO_CONTROLS,
            description="Counted on the areas of this published edition.",
        ),
    ] = None,
) -> Response:
    """Return each figure with numerator, denominator, and what is in neither, by reason."""
    found = workspace.numbers(
        month=month,
        since=since,
        until=until,
        by=by or "",
        area=area,
        department=department,
        item=item,
        edition=edition,
        actor=actor,
    )
    return answer_json(found)


@router.get(
    "/api/monthly",
    summary="Which monthly reports were issued",
    dependencies=needs(Action.NUMBERS_SEE),
    response_model=MonthliesOut,
    responses=problems(403, 422, 500, 503),
)
def monthlies(workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Return the issues, the newest month and the newest issue first."""
    return answer_json({"issues": workspace.monthlies(actor=actor)})


@router.get(
    "/api/annual/{year}",
    summary="The score of a year, by its monthly reports",
    dependencies=needs(Action.NUMBERS_SEE),
    response_model=AnnualOut,
    responses=problems(403, 404, 422, 500, 503),
)
def annual(
    workspace: WorkspaceDep,
    actor: ActorDep,
    year: Annotated[
        str, Path(pattern=r"^(19[5-9][0-9]|2[0-9]{3})$", description="YYYY.", examples=["2026"])
    ],
) -> Response:
    """Return what every unit lost and keeps, and its place among those of its volume."""
    return answer_json(workspace.annual(year, actor=actor))


@router.get(
    "/api/monthly/{month}",
    summary="A monthly report as it was issued",
    dependencies=needs(Action.NUMBERS_SEE),
    response_model=MonthlyOut,
    responses=problems(403, 404, 422, 500, 503),
)
def monthly(
    workspace: WorkspaceDep, actor: ActorDep, month: Month, issue: IssueQuery = None
) -> Response:
    """Return what was issued, which is never changed."""
    return answer_json(workspace.monthly(month, issue=issue, actor=actor))


@router.post(
    "/api/monthly/{month}",
    summary="Issue a monthly report",
    dependencies=needs(Action.NUMBERS_ISSUE),
    status_code=201,
    response_model=MonthlyOut,
    responses={
        200: {"model": MonthlyOut, "description": "It was issued before: this is what it says."},
        **_CHANGING,
    },
    openapi_extra=request_body(IssueIn),
)
def issue_monthly(
    workspace: WorkspaceDep, actor: ActorDep, month: Month, body: JsonBody
) -> Response:
    """Freeze a month that is over under the next number of the year.

    A correction needs a reason, and is an issue of its own.
    """
    asked = parsed(_ISSUE, body)
    found, made = workspace.issue_monthly(
        month, addressees=asked.addressees, correct=asked.correct, actor=actor
    )
    return answer_json(found, status=201 if made else 200)


@router.get(
    "/api/monthly/{month}/draft",
    summary="What the report of a month would say now",
    dependencies=needs(Action.NUMBERS_ISSUE),
    response_model=MonthlyOut,
    responses=problems(403, 404, 422, 500, 503),
)
def draft(workspace: WorkspaceDep, actor: ActorDep, month: Month) -> Response:
    """Return a draft; nothing is stored."""
    return answer_json(workspace.draft_monthly(month, actor=actor))


@router.get(
    "/api/monthly/{month}/workbook",
    summary="A monthly report as a workbook",
    dependencies=needs(Action.NUMBERS_SEE),
    response_class=Response,
    responses={
        200: {"content": {_XLSX: {"schema": {"type": "string", "format": "binary"}}}},
        **problems(403, 404, 422, 500, 503),
    },
)
def workbook(
    workspace: WorkspaceDep,
    actor: ActorDep,
    month: Month,
    issue: IssueQuery = None,
    lang: LangQuery = None,
) -> Response:
    """Return an issue as .xlsx, with the appeals as they stand."""
    found = workspace.monthly(month, issue=issue, actor=actor)
    made = workspace.monthly_workbook(found, lang=_language(workspace, lang))
    name = quote(f"monthly-{month}-{found['issue']['issue']}.xlsx")
    headers = {"Cache-Control": "no-store", "Content-Disposition": f"attachment; filename={name}"}
    return Response(made, 200, headers, _XLSX)


@router.get(
    "/api/monthly/{month}/appeals",
    summary="Appeals against deductions",
    dependencies=needs(Action.NUMBERS_SEE),
    response_model=AppealsOut,
    responses=problems(403, 422, 500, 503),
)
def appeals(workspace: WorkspaceDep, actor: ActorDep, month: Month) -> Response:
    """Return the appeals of a month with all that was said."""
    return answer_json({"appeals": workspace.appeals(month, actor=actor)})


@router.post(
    "/api/monthly/{month}/appeals",
    summary="Appeal against a deduction",
    dependencies=needs(Action.NUMBERS_APPEAL),
    status_code=201,
    response_model=AppealOut,
    responses=_CHANGING,
    openapi_extra=request_body(AppealIn),
)
def appeal(workspace: WorkspaceDep, actor: ActorDep, month: Month, body: JsonBody) -> Response:
    """Appeal against a deduction of the month's last issue, for one's own unit."""
    asked = parsed(_APPEAL, body)
    made = workspace.appeal(month, asked.deduction, asked.why, actor=actor)
    return answer_json(made, status=201)


@router.post(
    "/api/monthly/{month}/decisions",
    summary="Decide an appeal",
    dependencies=needs(Action.NUMBERS_JUDGE_APPEAL),
    response_model=AppealOut,
    responses=_CHANGING,
    openapi_extra=request_body(DecisionIn),
)
def decide(workspace: WorkspaceDep, actor: ActorDep, month: Month, body: JsonBody) -> Response:
    """Uphold or refuse it; what is upheld does not count in the next correction."""
    asked = parsed(_DECISION, body)
    made = workspace.judge_appeal(
        month, asked.deduction, upheld=asked.upheld, why=asked.why, actor=actor
    )
    return answer_json(made)


@router.get("/monthly", include_in_schema=False, dependencies=needs(Action.NUMBERS_SEE))
def monthlies_page(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> HTMLResponse:
    """Return the page that lists the reports, and the months that can be looked at as drafts."""
    found = workspace.monthlies(actor=actor)
    drafts = workspace.months_unissued() if may(actor, Action.NUMBERS_ISSUE) else []
    html = page("monthlies.html", request.scope, issues=found, drafts=drafts)
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


@router.get("/monthly/{month}", include_in_schema=False, dependencies=needs(Action.NUMBERS_SEE))
def monthly_page(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    month: Month,
    issue: IssueQuery = None,
    draft: Annotated[bool, Query(description="As it would be issued now.")] = False,
) -> HTMLResponse:
    """Return a report as a page for paper; a draft only to those who issue."""
    if draft:
        found = workspace.draft_monthly(month, actor=actor)
    else:
        found = workspace.monthly(month, issue=issue, actor=actor)
    html = workspace.monthly_html(found, lang=language(request.scope))
    return HTMLResponse(html, headers={"Cache-Control": "no-store"})


def _language(workspace: Workspace, lang: str | None) -> str:
    return lang or workspace.settings.language
