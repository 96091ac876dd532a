"""What the map on the first page of staff is drawn from, and the maps as staff see them.

The form of these parts is the page's own and changes with it; programs use `/api/`.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from api.areas import Code, LevelName
from api.dependencies import ActorDep, WorkspaceDep, needs
from api.made_once import MadeOnce
from api.pages.tiles import base_for, policy_for
from api.rendering import Shelf, answer_json, answer_unchanging
from gridmap.access import Action
from gridmap.workspace import MAPS

__all__ = ["StaffShelf", "router"]

router = APIRouter(include_in_schema=False, dependencies=needs(Action.MAP_SEE))

_KEPT_S = 60.0
_MOST_KEPT = 6


class StaffShelf(MadeOnce[str]):
    """Maps drawn for staff: one for all whose roles hold in the same places, kept for a minute."""

    def __init__(self, *, clock: Callable[[], float] = monotonic) -> None:
        super().__init__(_MOST_KEPT, kept_s=_KEPT_S, clock=clock)


@router.get("/map/district.json")
def district(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Return areas and ground."""
    shelf: Shelf = request.app.state.shelf
    return shelf.answer("district", workspace.onemap_district(actor=actor), request, workspace)


@router.get("/map/figures.json")
def figures(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    shares: Annotated[bool, Query()] = False,
) -> Response:
    """Return what the areas may be coloured by: counts, or with `shares` the figures."""
    return answer_json(workspace.onemap_figures(shares=shares, actor=actor))


@router.get("/map/points.json")
def points(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Return places, bodies, estates, and who is on duty."""
    return answer_unchanging(request, workspace, workspace.onemap_points(actor=actor), max_age_s=0)


@router.get("/map/orders.json")
def open_orders(workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Return the open orders within reach."""
    return answer_json(workspace.onemap_orders(actor=actor))


@router.get("/map/buildings.json")
def buildings(request: Request, workspace: WorkspaceDep, actor: ActorDep) -> Response:
    """Return the houses."""
    shelf: Shelf = request.app.state.shelf
    return shelf.answer("buildings", workspace.onemap_buildings(actor=actor), request, workspace)


@router.get("/map/areas/{level}/{code:path}")
def area(workspace: WorkspaceDep, actor: ActorDep, level: LevelName, code: Code) -> Response:
    """Return what the panel of an area counts."""
    return answer_json(workspace.onemap_area(level, code, actor=actor))


@router.get("/map/buildings/{code:path}")
def building(workspace: WorkspaceDep, actor: ActorDep, code: Code) -> Response:
    """Return what the panel of a building says."""
    return answer_json(workspace.onemap_building(code, actor=actor))


@router.get("/maps/{kind}/staff")
def staff_map(request: Request, workspace: WorkspaceDep, actor: ActorDep, kind: str) -> Response:
    """Show a map of the edition in force as its reader may see it."""
    if kind not in MAPS:
        raise HTTPException(404)
    shelf: StaffShelf = request.app.state.staff_maps
    grants = tuple(sorted((grant.role.value, str(grant.scope)) for grant in actor.grants))
    edition = workspace.coverage_at().edition
    html = shelf.get(
        (kind, edition, grants),
        lambda: workspace.map_document(kind, mode="served", actor=actor).html(),
    )
    policy = policy_for(base_for(request, actor))
    return HTMLResponse(html, headers={"Cache-Control": "no-store", **policy})
