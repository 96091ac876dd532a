"""Drafts looked at: layers, measures, beside another plan, audited; and what is suggested."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from pydantic import TypeAdapter
from starlette.responses import Response

from api.bodies import JsonBody, parsed
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.draft_models import (
    DraftCheckedOut,
    DraftComparedOut,
    DraftLayerOut,
    DraftSuggestedOut,
    DraftSuggestIn,
    MeasuresOut,
)
from api.draft_parts import DraftNumber, VersionQuery, outcome, plain
from api.openapi import problems, request_body
from api.rendering import answer_bytes, answer_json
from api.reports import LangQuery
from gridmap.access import Action, Actor
from gridmap.planning.rules import Limits, Rules
from gridmap.planning.suggestion import Suggested
from gridmap.workspace import DraftSuggestion, Workspace

__all__ = ["router"]

router = APIRouter(tags=["drafts"])

_SUGGEST = TypeAdapter(DraftSuggestIn)


@router.get(
    "/api/drafts/{number}/geojson",
    summary="A layer of a draft",
    dependencies=needs(Action.EDITION_CHECK),
    response_class=Response,
    responses={
        200: {"model": DraftLayerOut, "content": {"application/geo+json": {}}},
        **problems(403, 404, 422, 500, 503),
    },
)
def layer(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    layer: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=40,
            description="A level; the planned one when left out. `borders`: the lines from "
            "junction to junction, with the areas on both sides.",
        ),
    ] = None,
    within: Annotated[
        str | None,
        Query(
            max_length=142,
            pattern=r"^[^:\x00-\x1f\x7f]+:[^\x00-\x1f\x7f]+$",
            description="LEVEL:CODE of an area above the grids, or of a grid: only grids, areas "
            "of the finest level and borders in it. Levels above come as a whole.",
        ),
    ] = None,
    version: VersionQuery = None,
) -> Response:
    """Return the areas of a level as they stand, with what they hold."""
    record, at = _looked_at(workspace, number, version, actor)
    frame = workspace.draft_shapes(number, layer, version=at, within=_area(within), actor=actor)
    content = orjson.loads(frame.to_json(na="null", drop_id=True))
    content = {
        "type": "FeatureCollection",
        "version": at,
        "layer": layer or record["level"],
        "features": content["features"],
    }
    return answer_bytes(orjson.dumps(content), media_type="application/geo+json")


@router.get(
    "/api/drafts/{number}/measures",
    summary="The measures of a draft",
    dependencies=needs(Action.EDITION_CHECK),
    response_model=MeasuresOut,
    responses=problems(403, 404, 422, 500, 503),
)
def measures(
    workspace: WorkspaceDep, actor: ActorDep, number: DraftNumber, version: VersionQuery = None
) -> Response:
    """Return what each grid is like, sums by area above, and the figures of the whole."""
    record, at = _looked_at(workspace, number, version, actor)
    found = workspace.draft_measures(number, version=at, actor=actor)
    return answer_json(
        {
            "id": number,
            "version": at,
            "level": record["level"],
            "above": found.graph.above,
            "finest": found.graph.finest,
            "limits": asdict(found.limits),
            "whole": plain(found.whole()),
            "by_area": [plain(row) for row in found.by_area().to_dict("records")],
            "grids": [plain(row) for row in found.frame.to_dict("records")],
        }
    )


@router.get(
    "/api/drafts/{number}/compare",
    summary="A draft beside its edition or another plan",
    dependencies=needs(Action.EDITION_CHECK),
    response_model=DraftComparedOut,
    responses=problems(403, 404, 422, 500, 503),
)
def compare(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    draft: Annotated[
        int | None, Query(ge=1, lt=2**53, description="Number of another draft, as it was before.")
    ] = None,
    edition: Annotated[
        str | None,
        Query(
            min_length=1,
            max_length=100,
            description="Another edition, as it was before; the draft's own when both are left "
            "out. A draft goes before an edition.",
        ),
    ] = None,
    version: VersionQuery = None,
) -> Response:
    """Return homes and reports that change grid, from which to which, and the figures."""
    record, at = _looked_at(workspace, number, version, actor)
    found = workspace.compare_draft(
        number, edition if draft is None else draft, version=at, actor=actor
    )
    return answer_json(
        {
            "id": number,
            "version": at,
            "before": found.before.name,
            "after": found.after.name,
            "level": record["level"],
            "whole": plain(found.whole()),
            "flows": [plain(row) for row in found.flows().to_dict("records")],
        }
    )


@router.get(
    "/api/drafts/{number}/check",
    summary="What is wrong with a draft",
    dependencies=needs(Action.EDITION_CHECK),
    response_model=DraftCheckedOut,
    responses=problems(403, 404, 422, 500, 503),
)
def check(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    version: VersionQuery = None,
    lang: LangQuery = None,
) -> Response:
    """Audit the draft as the edition that it would be."""
    _, at = _looked_at(workspace, number, version, actor)
    found = workspace.check_draft(number, version=at, actor=actor)
    spoken = lang or workspace.settings.language
    return answer_json(
        {
            "id": number,
            "version": at,
            "faulty": found.is_faulty,
            "faults": [fault.as_dict(spoken) for fault in found.faults],
        }
    )


@router.post(
    "/api/drafts/{number}/suggest",
    summary="Have grids suggested for a draft, and take a plan over",
    dependencies=needs(Action.EDITION_DRAFT),
    response_model=DraftSuggestedOut,
    responses=problems(403, 404, 409, 413, 415, 422, 500, 503, 507),
    openapi_extra=request_body(DraftSuggestIn),
)
def suggest(
    workspace: WorkspaceDep,
    actor: ActorDep,
    number: DraftNumber,
    body: JsonBody,
    dry_run: Annotated[bool, Query(description="Only tell the plans.")] = False,
) -> Response:
    """Divide the draft's atoms anew by rules, with proof where there is one.

    One of the plans becomes an edit of the draft, in its log like any other, and is undone in
    one step. The answer comes when the plans are there: a few grids take a blink, a district
    of thousands of atoms up to a minute. One suggestion is worked out at a time.
    """
    asked = parsed(_SUGGEST, body)
    done = workspace.suggest_draft(
        number,
        asked.version,
        _rules(asked),
        area=asked.area,
        total=asked.grids,
        only=asked.only,
        pick=asked.plan,
        seed=asked.seed,
        why=asked.why,
        commit=not dry_run,
        actor=actor,
    )
    return answer_json(_suggested(workspace, done))


def _looked_at(
    workspace: Workspace, number: int, version: int | None, actor: Actor
) -> tuple[dict[str, Any], int]:
    """Return a draft's record, and the version to look at.

    It is settled first: an edit meanwhile would give what was looked at another's number.
    """
    record = workspace.plan_draft(number, actor=actor)
    return record, int(record["version"]) if version is None else version


def _area(within: str | None) -> tuple[str, str] | None:
    if within is None:
        return None
    level, _, code = within.partition(":")
    return level, code


def _rules(asked: DraftSuggestIn) -> Rules:
    return Rules(
        limits=Limits(asked.measure, asked.floor, asked.ceiling),
        second=asked.second,
        second_weight=asked.second_weight,
        barriers=tuple(asked.barriers),
        locked=frozenset(asked.locked),
        together=tuple(tuple(group) for group in asked.together),
        apart=tuple(asked.apart),
        estates_whole=asked.estates_whole,
        change=asked.change,
    )


def _suggested(workspace: Workspace, done: DraftSuggestion) -> dict[str, Any]:
    taken = done.outcome
    return {
        "id": done.number,
        "version": done.version if taken is None else taken.version,
        "committed": taken is not None,
        "chosen": done.chosen.style,
        "sha256": done.graph.fingerprint(),
        "plans": [_plan(one) for one in done.found.plans],
        "curve": {str(count): cost for count, cost in done.found.curve.items()},
        "outcome": None if taken is None else outcome(workspace, taken),
    }


def _plan(one: Suggested) -> dict[str, Any]:
    return {
        "style": one.style,
        "grids": len(one.plan),
        "planned": one.grids,
        "cv": one.cv,
        "ideal_cv": one.ideal_cv,
        "kept": one.kept,
        "gap": one.gap,
        "proved": one.proved,
        "regions": len(one.outcomes),
        "findings": [asdict(finding) for finding in one.findings],
        "reasons": [asdict(reason) for reason in one.reasons],
    }
