"""Vector tiles of published editions, and the TileJSON that says where they are."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.areas import LevelName
from api.dependencies import PUBLIC, ActorDep, WorkspaceDep
from api.export import EditionName
from api.openapi import cached, problems
from api.rendering import VARY, answer_unchanging, has_tag
from gridmap.vector_tiles.grid import MOST_ZOOM
from gridmap.vector_tiles.ladder import FINEST
from gridmap.vector_tiles.tileset import FIELDS

__all__ = ["router"]

router = APIRouter(tags=["editions"], dependencies=[PUBLIC])

_MVT = "application/vnd.mapbox-vector-tile"
# A published edition never changes; but it may be withdrawn before its date.
_KEPT = "private, max-age=600, must-revalidate"
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The tile: one layer named after the level, of polygons with code, name, "
        "name_en, kind and parent_code; without bytes where there is no area, and at zooms before "
        "the TileJSON's minzoom, where the areas would be too many and too small to see.",
        "content": {_MVT: {}},
    },
    **cached(),
    **problems(403, 404, 422, 500, 503),
}

Zoom = Annotated[int, Path(description=f"Zoom, 0 to {MOST_ZOOM}.", examples=[12])]
Column = Annotated[int, Path(description="Column, counted from the west.", examples=[3380])]
Row = Annotated[int, Path(description="Row, counted from the north.", examples=[1601])]


# The lower one comes first: the other would take its ending for a part of the row.
@router.get("/tiles/{name:path}/{level}/{z}/{x}/{y}", include_in_schema=False)
@router.get(
    "/tiles/{name:path}/{level}/{z}/{x}/{y}.mvt",
    summary="One level of an edition as vector tiles",
    response_class=Response,
    responses=_RESPONSES,
)
def vector_tile(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    name: EditionName,
    level: LevelName,
    z: Zoom,
    x: Column,
    y: Row,
) -> Response:
    """Return a tile in Web Mercator (Mapbox Vector Tile 2.1); neighbours share their borders."""
    tile = workspace.tile(name, level, z, x, y, actor=actor)
    headers = {"ETag": f'W/"{tile.tag}"', "Cache-Control": _KEPT, "Vary": VARY}
    if has_tag(request.headers.get("if-none-match", ""), tile.tag):
        return Response(status_code=304, headers=headers)
    return Response(tile.content(), 200, headers, _MVT)


@router.get(
    "/tiles/{name:path}/{level}.json",
    summary="Where the vector tiles of a level are",
    responses={**cached(), **problems(403, 404, 422, 500, 503)},
)
def tile_json(
    request: Request, workspace: WorkspaceDep, actor: ActorDep, name: EditionName, level: LevelName
) -> Response:
    """Return a TileJSON 3.0 document, which map libraries and QGIS read."""
    west, south, east, north = workspace.tile_bounds(name, level, actor=actor)
    base = workspace.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
    content = {
        "tilejson": "3.0.0",
        "name": f"{name} · {level}",
        "tiles": [f"{base}/tiles/{quote(name, safe='/')}/{quote(level)}/{{z}}/{{x}}/{{y}}.mvt"],
        "minzoom": workspace.tile_least_zoom(name, level, actor=actor),
        "maxzoom": FINEST + 1,
        "bounds": [west, south, east, north],
        "vector_layers": [{"id": level, "fields": dict.fromkeys(FIELDS, "String")}],
    }
    return answer_unchanging(request, workspace, content)
