"""Plans by name, editions and drafts alike: measured, compared, replayed; all for staff."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from starlette.responses import HTMLResponse, Response

from api.dependencies import ActorDep, WorkspaceDep, needs
from api.models import NO_CONTROLS, When
from api.openapi import problems
from api.plan_models import ComparedOut, PlanMeasuresOut, ReplayedOut
from api.rendering import answer_json
from gridmap.access import Action
from gridmap.bulk.comparison_file import write_comparison
from gridmap.planning.compare import Comparison
from gridmap.planning.rules import Limits

__all__ = ["router"]

router = APIRouter(tags=["plans"], dependencies=needs(Action.EDITION_CHECK))

_WORD = "An edition, `draft:NUMBER` or `draft:NUMBER@VERSION`; the edition in force if left out."
PlanName = Annotated[
    str, Query(min_length=1, max_length=100, pattern=NO_CONTROLS, description=_WORD)
]
PlanLevel = Annotated[
    str, Query(min_length=1, max_length=40, description="Whose areas are planned.")
]
Since = Annotated[When | None, Query(description="Reports from then; a year when left out.")]
Until = Annotated[When | None, Query(description="Reports before then; now when left out.")]
Amount = Annotated[float, Query(gt=0, le=1e9)]
Axis = Literal["month", "hour", "item", "department"]


@router.get(
    "/api/plans/measures",
    summary="The measures of a plan",
    response_model=PlanMeasuresOut,
    responses=problems(403, 404, 422, 500, 503),
)
def measures(
    workspace: WorkspaceDep,
    actor: ActorDep,
    plan: PlanName | None = None,
    level: PlanLevel = "grid",
    measure: Annotated[str, Query(min_length=1, max_length=40)] = "households",
    floor: Amount = 300.0,
    ceiling: Amount = 500.0,
    since: Since = None,
    until: Until = None,
) -> Response:
    """Return what each grid is like, sums by area above, and the figures of the whole."""
    found = workspace.plan_measures(
        plan, Limits(measure, floor, ceiling), level=level, since=since, until=until, actor=actor
    )
    return answer_json(
        {
            "plan": plan or found.graph.edition,
            "level": level,
            "above": found.graph.above,
            "whole": found.whole(),
            "by_area": _rows(found.by_area()),
            "grids": _rows(found.frame),
        }
    )


@router.get(
    "/api/plans/compare",
    summary="Two plans compared",
    response_model=ComparedOut,
    responses=problems(403, 404, 422, 500, 503),
)
def compare(
    workspace: WorkspaceDep,
    actor: ActorDep,
    before: PlanName,
    after: PlanName,
    level: PlanLevel = "grid",
    since: Since = None,
    until: Until = None,
) -> Response:
    """Return homes and reports that change grid, from whom to whom, and what each became."""
    found = workspace.plans_compared(
        before, after, level=level, since=since, until=until, actor=actor
    )
    return answer_json(
        {
            "before": before,
            "after": after,
            "whole": found.whole(),
            "flows": _rows(found.flows()),
            "cells": _rows(found.cells().drop(columns="geometry")),
            "grids": [
                {"kind": str(one.kind), "before": list(one.old), "after": list(one.new)}
                for one in found.lineage.relations
            ],
        }
    )


@router.get(
    "/api/plans/compare.gpkg",
    summary="Two plans compared, as a GeoPackage",
    response_class=Response,
    responses={
        200: {
            "description": "Layers before, after and cells, and the table flows.",
            "content": {"application/geopackage+sqlite3": {}},
        },
        **problems(403, 404, 422, 500, 503, 507),
    },
)
def compare_file(
    workspace: WorkspaceDep,
    actor: ActorDep,
    before: PlanName,
    after: PlanName,
    level: PlanLevel = "grid",
) -> Response:
    """Return the grids before and after, the areas they are made of, and the from-to table."""
    found = workspace.plans_compared(before, after, level=level, actor=actor)
    headers = {
        "Content-Disposition": 'attachment; filename="comparison.gpkg"',
        "Cache-Control": "no-store",
    }
    return Response(_file(found), 200, headers, "application/geopackage+sqlite3")


@router.get(
    "/api/plans/compare.html",
    summary="Two plans compared, as a map to print",
    response_class=HTMLResponse,
    responses=problems(403, 404, 422, 500, 503),
)
def compare_map(
    workspace: WorkspaceDep,
    actor: ActorDep,
    before: PlanName,
    after: PlanName,
    level: PlanLevel = "grid",
) -> Response:
    """Return a document of its own with both plans under a slider, and the from-to table."""
    found = workspace.plans_compared(before, after, level=level, actor=actor)
    page = workspace.comparison_map(found, actor=actor).html()
    headers = {
        "Content-Disposition": 'attachment; filename="comparison.html"',
        "Cache-Control": "no-store",
    }
    return HTMLResponse(page, 200, headers)


@router.get(
    "/api/plans/replay",
    summary="Past reports on a plan",
    response_model=ReplayedOut,
    responses=problems(403, 404, 422, 500, 503),
)
def replay(
    workspace: WorkspaceDep,
    actor: ActorDep,
    plan: PlanName,
    before: PlanName | None = None,
    by: Axis = "month",
    level: PlanLevel = "grid",
    since: Since = None,
    until: Until = None,
) -> Response:
    """Return who would have had which reports, and how many deadlines would have been missed."""
    today, there = workspace.plan_replayed(
        plan, before=before, level=level, since=since, until=until, actor=actor
    )
    moved = today.moved(there)
    cells = there.table(by)
    names = [str(name) for name in cells.columns]
    return answer_json(
        {
            "plan": plan,
            "before": before or today.plan.name,
            "reports": len(there.reports),
            "by": by,
            "load": {
                code: dict(zip(names, row, strict=True))
                for code, row in zip(cells.index, cells.to_numpy().tolist(), strict=True)
            },
            "hours": dict(zip(there.plan.code.tolist(), there.hours.tolist(), strict=True)),
            "moved": _rows(moved[moved["from"] != moved["to"]]),
            "missed": _rows(there.missed(today, workspace.grid_staff(level))),
        }
    )


def _file(found: Comparison) -> bytes:
    with TemporaryDirectory(prefix="gridmap-") as folder:
        path = Path(folder) / "comparison.gpkg"
        write_comparison(found, path)
        return path.read_bytes()


def _rows(frame: Any) -> list[dict[str, Any]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]
