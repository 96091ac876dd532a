"""Orders: what happens to a report, one address an action, made from the table of transitions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.models import NO_CONTROLS
from api.openapi import problems, request_body
from api.order_models import BODIES, OrderOut, OrderRow, OrdersOut, OwnOrderOut, slug
from api.rendering import answer_json, documented, page_of
from api.report_models import ReportRow
from api.reports import LangQuery
from gridmap.access import Action
from gridmap.cases.states import State
from gridmap.cases.table import TRANSITIONS, Transition
from gridmap.i18n import translate
from gridmap.workspace.reporting import MAX_PAGE

__all__ = ["Number", "router"]

router = APIRouter(tags=["orders"])

Number = Annotated[int, Path(ge=1, lt=2**53, description="Number of the report and its order.")]
_Word = Annotated[str | None, Query(max_length=100, pattern=NO_CONTROLS)]


@router.get(
    "/api/orders",
    summary="List orders, for staff",
    dependencies=needs(Action.ORDER_LIST),
    response_model=OrdersOut,
    responses=problems(403, 422, 500, 503),
)
def list_orders(
    workspace: WorkspaceDep,
    actor: ActorDep,
    state: Annotated[State | None, Query()] = None,
    department: Annotated[
        _Word,
        Query(
            description="Orders that it has a share in: as their lead, as a co-department that "
            "did not give it back, or called by a whistle."
        ),
    ] = None,
    area_level: Annotated[
        _Word, Query(description="With `area_code`: orders in that area.")
    ] = None,
    area_code: _Word = None,
    item: _Word = None,
    overdue: Annotated[bool | None, Query(description="Past due and not resolved.")] = None,
    open: Annotated[bool | None, Query(description="Open ones, or closed ones.")] = None,
    due_within_h: Annotated[
        int | None, Query(ge=1, le=24 * 366, description="Due within so many hours from now.")
    ] = None,
    mine: Annotated[
        bool | None,
        Query(description="With the caller's departments or offices, or acted on by the caller."),
    ] = None,
    unowned: Annotated[
        bool | None, Query(description="Waiting for a person to say who owns them.")
    ] = None,
    sort: Annotated[
        Literal["newest", "due"],
        Query(description="By receipt, or by due time those that wait first."),
    ] = "newest",
    lang: LangQuery = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="Orders on a page.")] = 100,
    offset: Annotated[int, Query(ge=0, le=10**9, description="Orders before the page.")] = 0,
) -> Response:
    """Return the orders that match and that the caller may see."""
    wanted = {
        "state": state.value if state is not None else None,
        "department": department,
        "item": item,
        "overdue": overdue,
        "open": open,
        "due_within_h": due_within_h,
        "mine": mine,
        "unowned": unowned,
    }
    if area_level is not None:
        workspace.levels().rank(area_level)
    area = f"{area_level}:{area_code}" if area_level and area_code else None
    total, found = workspace.orders(
        limit=limit,
        offset=offset,
        sort=sort,
        lang=lang or workspace.settings.language,
        actor=actor,
        area=area,
        **wanted,
    )
    further = {"area_level": area_level, "area_code": area_code, "lang": lang}
    further["sort"] = None if sort == "newest" else sort
    rows = [documented(record, OrderRow) for record in found]
    return answer_json(
        page_of(
            "/api/orders", wanted | further, "orders", rows, total=total, offset=offset, limit=limit
        )
    )


@router.get(
    "/api/orders/{number}",
    summary="One order, for staff",
    dependencies=needs(Action.ORDER_READ),
    response_model=OrderOut,
    responses=problems(403, 404, 422, 500, 503),
)
def one_order(
    workspace: WorkspaceDep, actor: ActorDep, number: Number, lang: LangQuery = None
) -> Response:
    """Return the order with its report, its history, and what the caller may do with it."""
    record = workspace.order(number, lang=lang or workspace.settings.language, actor=actor)
    return answer_json(_shown(record))


def _shown(record: Mapping[str, Any]) -> dict[str, Any]:
    if "history" not in record:
        return documented(record, OwnOrderOut)
    report = documented(record["report"], ReportRow)
    return documented({**record, "report": report}, OrderOut)


def _route(row: Transition) -> Callable[..., Response]:
    """Return what answers one action."""
    adapter = TypeAdapter(BODIES[row.action])

    def act(
        workspace: WorkspaceDep,
        actor: ActorDep,
        number: Number,
        body: JsonBody,
        lang: LangQuery = None,
    ) -> Response:
        given = parsed(adapter, body).model_dump()
        language = lang or workspace.settings.language
        record = workspace.act(number, row.action, lang=language, actor=actor, **given)
        return answer_json(_shown(record))

    return act


def _add(row: Transition) -> None:
    model = BODIES[row.action]
    begins = ", ".join(sorted(state.value for state in row.sources))
    leads = row.target.value if row.target is not None else "the state it has"
    router.add_api_route(
        f"/api/reports/{{number}}/{slug(row.action)}",
        _route(row),
        methods=["POST"],
        name=row.action,
        operation_id=row.action.replace(".", "_"),
        summary=translate(f"action.{row.action}", "en"),
        description=f"From {begins}; leads to {leads}. Needs the permission `{row.permission}`. "
        "With `version` it is refused (409) when the order has changed since, with the changes.",
        dependencies=needs(Action(row.permission)),
        response_model=OrderOut | OwnOrderOut,
        responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
        openapi_extra=request_body(model),
    )


for _row in TRANSITIONS.values():
    if not _row.by_time:
        _add(_row)
