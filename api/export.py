"""Editions as files: one level in the format asked for."""

from __future__ import annotations

from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from api.areas import LevelName
from api.dependencies import PUBLIC, ActorDep, WorkspaceDep
from api.models import NO_CONTROLS
from api.openapi import cached, problems
from api.rendering import answer_file
from gridmap.bulk.export import ExportTarget, write_export
from gridmap.bulk.export_formats import MEDIA_TYPES, ExportFormat
from gridmap.bulk.export_table import ExportLayer

__all__ = ["router"]

router = APIRouter(tags=["editions"], dependencies=[PUBLIC])

EditionName = Annotated[
    str, Path(min_length=1, max_length=100, pattern=NO_CONTROLS, description="Name of the edition.")
]


@router.get(
    "/api/editions/{name:path}/export/{level}.{format}",
    summary="One level of an edition as a file",
    response_class=Response,
    responses={
        200: {
            "description": "The file; a shapefile comes as a zip archive of its parts.",
            "content": {media: {} for media in MEDIA_TYPES.values()},
        },
        **cached(),
        **problems(403, 404, 422, 500, 503, 507),
    },
)
def export_level(
    request: Request,
    workspace: WorkspaceDep,
    actor: ActorDep,
    name: EditionName,
    level: LevelName,
    format: Annotated[ExportFormat, Path(description="Format of the file.")],
) -> Response:
    """Return the areas in WGS-84, with the columns that an import reads.

    Drafts, and what was kept besides the names and codes, are for staff.
    """
    layer, fingerprint = workspace.export_level(name, level, actor=actor)
    ending = "zip" if format is ExportFormat.SHP else format.value
    return answer_file(
        request,
        f"{fingerprint}-{format.value}",
        lambda: _written(layer, format, ending),
        media_type=MEDIA_TYPES[format],
        name=f"{name}-{level}.{ending}",
    )


def _written(layer: ExportLayer, kind: ExportFormat, ending: str) -> bytes:
    with TemporaryDirectory(prefix="gridmap-") as folder:
        path = FilePath(folder) / f"{layer.level}.{ending}"
        write_export(ExportTarget(path, kind, ending == "zip"), [layer])
        return path.read_bytes()
